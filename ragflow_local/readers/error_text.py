"""The text of an error that a library raised over a damaged file."""

_PYTHON_ERRORS = ("builtins", "struct")


def error_text(error: Exception) -> str:
    """Return a library's message about a file it cannot read, to stand inside a sentence.

    An exception of Python itself describes the program, not the file, and is replaced.
    """
    message = str(error).strip()
    is_pythons = type(error).__module__ in _PYTHON_ERRORS or not message
    return "its parts do not fit together" if is_pythons else message
