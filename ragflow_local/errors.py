"""Every error the engine raises on purpose.

    RagflowError                      anything else that escapes is a bug
    ├── NotFoundError                 no such dataset, document, chunk, chat or session
    ├── InvalidValueError             (also ValueError) an argument or setting is not allowed
    │   └── NameTakenError            another dataset or chat has that name
    ├── ReadError                     a file cannot be read
    │   ├── UnsupportedFileError      no reader for its kind
    │   └── DamagedFileError          broken, encrypted or empty
    ├── ParseError                    a parse ended without chunks
    │   ├── LimitError                beyond a limit of time, memory or size
    │   ├── WorkerDiedError           the file ended the process that read it
    │   └── ParseCancelledError
    ├── ModelError
    │   ├── MissingModelError         weights or library are not there
    │   ├── DamagedModelError         they are there, but cannot be used
    │   ├── ChangedModelError         they are not those a dataset was embedded with
    │   ├── ModelTooLargeError        they need more memory than there is
    │   ├── ModelClosedError          it was closed while it answered
    │   ├── AnswerTimeoutError        the time ended before the first word
    │   ├── CutOffAnswerError         an answer in JSON ended before its JSON did
    │   ├── NoAnswerLeftError         a test scripted fewer answers than were asked for
    │   └── ContextTooSmallError      the question alone does not fit
    └── StoreError
        ├── UnusableDirectoryError    no place for a project
        ├── ProjectLockedError        another process has it open
        ├── ProjectClosedError        close() was called
        ├── ProjectReplacedError      its directory was deleted or replaced
        ├── ReadOnlyProjectError      opened with read_only=True
        ├── DamagedProjectError       a file of it is missing or torn
        ├── DiskError                 the disk is full, failing, or must not be written
        └── ProjectVersionError       written by a newer or an earlier version

A message says what happened, with which thing, and the way out. The class writes it from
its fields, so callers raise facts, and tests check fields.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

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


def _in_a_line(said: str) -> str:
    """Return what a library says of a file, fit for a sentence: some quote half the file."""
    said = " ".join(said.split()).rstrip(".")
    return said if len(said) <= 200 else f"{said[:200]}…"


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


class NameTakenError(InvalidValueError):
    """Another dataset or chat has that name; case does not count."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__("name", name, f"a name no other {kind} has, or delete that {kind} first")


class ReadError(RagflowError):
    """A file cannot be read."""


class UnsupportedFileError(ReadError):
    """No reader for this kind of file."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(
            f"No reader for {name!r}. Convert it to one of: {', '.join(sorted(known))}."
        )


class DamagedFileError(ReadError):
    """A file is broken, encrypted or empty."""

    def __init__(self, name: str, where: str, problem: str) -> None:
        self.name = name
        problem = _in_a_line(problem)
        anew = "save it without a password" if "encrypted" in problem else "save it anew"
        super().__init__(
            f"{name!r} cannot be read: {problem} ({where})."
            f" Open it in the program it is from, {anew}, and upload that."
        )


class RecognitionError(ReadError):
    """Text in a picture cannot be recognised, since the library for it fails."""

    def __init__(self, library: str, problem: str) -> None:
        self.library = library
        super().__init__(
            f"Recognising text failed inside {library}: {_in_a_line(problem)}. Its installation may"
            f" be broken; install it anew: pip install --force-reinstall {library}"
        )


class ParseError(RagflowError):
    """A parse ended without chunks."""


class LimitError(ParseError):
    """A document is beyond a limit of time, memory or size."""

    def __init__(self, name: str, what: str, setting: str, way_out: str = "Split the file") -> None:
        self.name = name
        super().__init__(f"{name!r} is beyond a limit: {what}. {way_out}, or raise {setting}.")


class PageTimeError(LimitError):
    """One page of a document takes more time than a page may."""

    def __init__(self, name: str, page: int, seconds: float) -> None:
        self.page = page
        super().__init__(
            name,
            f"reading page {page} took longer than {seconds:g} seconds of processor time",
            "page_seconds in RAGFlow(limits=…)",
            "Take the page out",
        )


class WorkerDiedError(ParseError):
    """The process that read a file was ended by it."""

    def __init__(self, name: str, how: str) -> None:
        self.name = name
        super().__init__(
            f"Parsing {name!r} ended its worker process ({how}). The file is likely damaged:"
            " open it in the program it is from, save it anew, and upload that."
        )


class WorkerNotStartedError(ParseError):
    """No process that reads files can be started; no file is at fault."""

    def __init__(self, program: str, problem: str) -> None:
        super().__init__(
            f"{program!r} starts no process that reads files: {problem}. Name an interpreter with"
            " RAGFlow(worker_python=…) or RAGFLOW_LOCAL_PYTHON; or call worker_main() first."
        )


class ParseCancelledError(ParseError):
    """Somebody cancelled the parse."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Parsing {name!r} was cancelled. async_parse() starts it again.")


class ModelError(RagflowError):
    """A model cannot do its work."""


class MissingModelError(ModelError):
    """The weights or the library of a model are not there."""

    def __init__(self, name: str, looked_in: Iterable[Path], remedy: str) -> None:
        self.name = name
        places = ", ".join(str(path) for path in looked_in)
        super().__init__(f"There is no model {name!r} in {places}. {remedy}")


class DamagedModelError(ModelError):
    """A model's files are there, but cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"The model {name!r} cannot be used: {problem}. Copy its files again.")


class ChangedModelError(ModelError):
    """A dataset's embedding model is no longer the one its chunks were embedded with."""

    def __init__(self, name: str, dataset: str) -> None:
        self.name = name
        super().__init__(
            f"The embedding model {name!r} is not the one the chunks of dataset {dataset!r} were"
            " embedded with. Put the former files back, or delete the chunks and parse again."
        )


class ModelTooLargeError(ModelError):
    """A model needs more memory than the machine has."""

    def __init__(self, name: str, needed_bytes: int, available_bytes: int) -> None:
        self.name = name
        self.needed_bytes = needed_bytes
        self.available_bytes = available_bytes
        super().__init__(
            f"The model {name!r} needs {needed_bytes / 1e9:.1f} GB of memory,"
            f" {available_bytes / 1e9:.1f} GB are available. Choose a smaller model, or the same"
            " one in a smaller quantisation."
        )


class ModelClosedError(ModelError):
    """A chat model was closed while it answered."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"The model {name!r} was closed before the answer was whole. Ask again.")


class AnswerTimeoutError(ModelError):
    """The time for an answer ended before its first word."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        super().__init__(
            f"The model {name!r} said nothing within {seconds:g} seconds. Give the chat a smaller"
            " model, or fewer chunks to read: a smaller top_n."
        )


class CutOffAnswerError(ModelError):
    """An answer that had to fit a schema ended before it was whole."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"The answer of {name!r} ended before its JSON was whole. Give the chat a larger"
            " max_token, or ask for less: shorter texts (maxLength), fewer properties."
        )


class NoAnswerLeftError(ModelError):
    """A test scripted fewer answers than its chats were asked for."""

    def __init__(self, asked: int) -> None:
        self.asked = asked
        super().__init__(
            f"The test asks for answer {asked} and scripted fewer. Give ragflow.answers(…) one for"
            " each question."
        )


class ContextTooSmallError(ModelError):
    """The question alone does not fit the model's context window."""

    def __init__(self, needed_tokens: int, context_tokens: int) -> None:
        super().__init__(
            f"The question needs {needed_tokens} tokens, the model reads {context_tokens}."
            " Ask in fewer words, or give the chat a model with a larger context."
        )


class StoreError(RagflowError):
    """What is on disk cannot be used."""


class ProjectLockedError(StoreError):
    """Another process has the project open."""

    def __init__(self, path: Path, process_id: int, host: str = "this computer") -> None:
        self.process_id = process_id
        super().__init__(
            f"{path} is open in process {process_id} on {host}. Close it there, open another"
            " directory, or open this one with read_only=True."
        )


class UnusableDirectoryError(StoreError):
    """A project cannot live in the directory."""

    def __init__(self, path: Path, problem: str, way_out: str = "") -> None:
        self.path = path
        way_out = way_out or (
            "Name a directory on a local disk that you may write and that has hard links (exFAT"
            " and many network drives have none), or open an existing project with read_only=True"
        )
        super().__init__(f"{path} cannot hold a project: {problem}. {way_out}.")


class ProjectClosedError(StoreError):
    """The engine was closed."""

    def __init__(self, path: Path | None) -> None:
        where = f"The engine on {path} is closed" if path else "A copied object has no engine"
        super().__init__(f"{where}. Open it again with RAGFlow(…), and fetch the object anew.")


class ForkedError(StoreError):
    """A child process uses what the process that forked it has opened."""

    def __init__(self, path: Path, *, is_too_late: bool = False) -> None:
        place = "a new process ('spawn')" if is_too_late else "this process, with read_only=True"
        super().__init__(f"{path} was opened before this process was forked. Open it in {place}.")


class ProjectReplacedError(StoreError):
    """The directory of an open project was deleted, moved or replaced."""

    def __init__(self, path: Path, part: str) -> None:
        self.path = path
        super().__init__(
            f"{path} is no longer the directory that was opened: its {part} was deleted, moved or"
            " replaced meanwhile. This change is not kept. Close the engine, put the directory in"
            " its place, and open it again."
        )


class ReadOnlyProjectError(StoreError):
    """The engine was opened for reading only."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is open for reading only. Open it with read_only=False to write.")


class DamagedProjectError(StoreError):
    """A file of the project is missing or torn."""

    def __init__(self, path: Path, problem: str, way_out: str = "") -> None:
        self.path = path
        way_out = way_out or (
            "ragflow-local doctor says what is amiss and what --repair can put right without a"
            " loss. Restore it from a copy (ragflow-local restore) only where that cannot; the"
            " files you added lie unchanged in the folder files/ beside it"
        )
        super().__init__(f"{path} is damaged: {problem}. {way_out}.")


# What the system's error numbers mean for who has to do something about them.
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_TOO_MANY_OPEN = frozenset({errno.EMFILE, errno.ENFILE})


class DiskError(StoreError):
    """The disk is full or failing, or the system does not let the project be written."""

    def __init__(self, path: Path, number: int | None, problem: str) -> None:
        self.path = path
        self.number = number
        self.is_full = number in _FULL
        if self.is_full:
            way_out = "Make room on that disk, then do it again"
        elif number in _FORBIDDEN:
            way_out = "Give this user the right to write there, or open it with read_only=True"
        elif number in _TOO_MANY_OPEN:
            way_out = "Let the process have more open files (ulimit -n), or close other projects"
        else:
            way_out = "Check the disk, then do it again"
        super().__init__(
            f"{path} cannot be read or written: {problem}. What was kept before is not lost."
            f" {way_out}."
        )

    @classmethod
    def of(cls, error: OSError, path: Path) -> DiskError:
        """Return what the system refused, told of the file that it named, else of ``path``."""
        named = Path(error.filename) if isinstance(error.filename, str) else path
        return cls(named, error.errno, error.strerror or str(error))


class ProjectVersionError(StoreError):
    """The project was written by a newer version, or by an earlier one, and may not be changed."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        way_out = (
            "Update with: pip install -U ragflow-local"
            if found > known
            else "Open it once without read_only=True, which brings it up to date"
        )
        super().__init__(f"{path} has format {found}, this version reads {known}. {way_out}.")
