"""Errors of files that cannot be read or parsed."""

from __future__ import annotations

from collections.abc import Iterable

from ragflow_local.errors.base import RagflowError, in_a_line, seconds_of


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
        problem = in_a_line(problem)
        anew = "save it without a password" if "encrypted" in problem else "save it again"
        super().__init__(
            f"{name!r} cannot be read: {problem} ({where})."
            f" Open it in the program it is from, {anew}, and upload that."
        )


class RecognitionError(ReadError):
    """Text in a picture cannot be recognised, since the library for it fails."""

    def __init__(self, library: str, problem: str) -> None:
        self.library = library
        super().__init__(
            f"Recognising text failed inside {library}: {in_a_line(problem)}. Its installation may"
            f" be broken; reinstall it: pip install --force-reinstall {library}"
        )


class ParseError(RagflowError):
    """A parse ended without chunks."""


class LimitError(ParseError):
    """A document exceeds a limit of time, memory or size."""

    def __init__(self, name: str, what: str, setting: str, way_out: str = "Split the file") -> None:
        self.name = name
        super().__init__(f"{name!r} exceeds a limit: {what}. {way_out}, or raise {setting}.")


class PageTimeError(LimitError):
    """One page of a document takes more time than a page may."""

    def __init__(self, name: str, page: int, seconds: float) -> None:
        self.page = page
        super().__init__(
            name,
            f"reading page {page} took longer than {seconds_of(seconds)} of processor time",
            "page_seconds in RAGFlow(limits=…)",
            "Remove the page",
        )


class WorkerDiedError(ParseError):
    """The process that read a file was ended by it."""

    def __init__(self, name: str, how: str) -> None:
        self.name = name
        super().__init__(
            f"Parsing {name!r} crashed its worker process ({how}). The file is likely damaged:"
            " open it in the program it is from, save it again, and upload that."
        )


class WorkerNotStartedError(ParseError):
    """No process that reads files can be started; no file is at fault."""

    def __init__(self, program: str, problem: str) -> None:
        super().__init__(
            f"{program!r} cannot start a worker process: {problem}. Name an interpreter with"
            " RAGFlow(worker_python=…) or RAGFLOW_LOCAL_PYTHON; or call worker_main() first."
        )


class PlaceError(RagflowError):
    """A place that parses for a project does not do it."""


class PlaceLostError(PlaceError):
    """A place cannot be reached, or not any more; what it has not parsed waits."""

    def __init__(self, place: str, how: str) -> None:
        self.place = place
        super().__init__(
            f"{place} does not answer: {in_a_line(how)}. What it has not parsed waits:"
            " parse(on=…) goes on there or elsewhere, parse() here."
        )


class PlaceRefusedError(PlaceError):
    """A computer of a place has another version or another model."""

    def __init__(self, place: str, why: str) -> None:
        self.place = place
        super().__init__(
            f"A computer of {place} cannot parse for this project: {why.rstrip('.')}. Install the"
            " same version there, and the same model; what is not parsed waits."
        )


class PlaceDiedError(ParseError):
    """A document ended the process that parsed it elsewhere, at each try."""

    def __init__(self, name: str, place: str, how: str) -> None:
        self.name = name
        super().__init__(
            f"Parsing {name!r} ended each process at {place} that tried ({in_a_line(how)}). The"
            " file is likely damaged: open it in the program it is from, save it again, and upload"
            " that; or parse it here, with parse()."
        )


class ParseCancelledError(ParseError):
    """Somebody cancelled the parse."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Parsing {name!r} was cancelled. async_parse() starts it again.")
