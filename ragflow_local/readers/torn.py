"""What is wrong with a torn file: a library's own words, or ours where it only stumbled."""

_STUMBLED = ("builtins", "struct")


def torn_by(error: Exception) -> str:
    """Return what a library says of a file it cannot read, fit for a sentence.

    An exception of the language itself says what happened to the program, not to the file.
    """
    said = str(error).strip()
    is_stumble = type(error).__module__ in _STUMBLED or not said
    return "its parts do not fit together" if is_stumble else said
