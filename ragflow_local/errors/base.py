"""The base of all errors, and those of names and values."""

from __future__ import annotations

# Where a user sees what there is of each kind.
_LISTED_BY = {
    "dataset": "RAGFlow.list_datasets()",
    "document": "DataSet.list_docs()",
    "chunk": "RAGFlow.retrieval()",
    "chat": "RAGFlow.list_chats()",
    "session": "Chat.list_sessions()",
}


class RagflowError(Exception):
    """Base of every error raised on purpose; it survives the way from a worker process."""

    def __reduce__(self) -> tuple[object, ...]:
        # Unpickling calls the class with ``args``, which hold the message, not the fields.
        return _rebuild, (type(self), str(self), self.__dict__)


def _rebuild(kind: type[RagflowError], message: str, fields: dict[str, object]) -> RagflowError:
    error = kind.__new__(kind)
    error.args = (message,)
    error.__dict__.update(fields)
    return error


def in_a_line(text: str) -> str:
    """Return what a library says of a file, fit for a sentence: some quote half the file."""
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= 200 else f"{text[:200]}…"


def seconds_of(seconds: float) -> str:
    """Return ``1 second`` or ``0.5 seconds``."""
    return f"{seconds:g} second{'' if seconds == 1 else 's'}"


class NotFoundError(RagflowError):
    """No such thing in the catalog."""

    def __init__(self, kind: str, id: str, by: str = "id") -> None:
        self.kind = kind
        self.id = id
        super().__init__(
            f"There is no {kind} with {by} {id!r} in this project. It may have been deleted;"
            f" {_LISTED_BY[kind]} shows what is there."
        )


class InvalidValueError(RagflowError, ValueError):
    """An argument or setting is outside what is allowed."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        self.name = name
        self.value = value
        shown = repr(value) if len(repr(value)) <= 200 else f"{repr(value)[:200]}…"
        super().__init__(f"{name}={shown} is not allowed. Give {allowed}.")


class RefusedError(RagflowError):
    """A call by RAGFlow's released names is refused; the words are RAGFlow's.

    Attributes:
        code: Of RAGFlow's answer: 101 an argument, 102 data, 109 not authorised, ….
        message: What it says.
    """

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class ChunkUpdateError(RefusedError):
    """A chunk is not changed.

    Attributes:
        details: What the answer says besides; None for nothing.
    """

    details: object = None


class NameTakenError(InvalidValueError):
    """Another dataset or chat has that name; case does not count."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__("name", name, f"a name no other {kind} has, or delete that {kind} first")
