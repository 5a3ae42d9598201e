"""How often must who follows one call go to another room, or another file?

    python -m benchmarks.walks

A walk is the functions of the package that one call runs, each once, in the order in which they
first run. A stay is a run of them in one room; a return is a stay in a room that was left before:
stays less rooms. Likewise for files. ``records``, ``settings`` and ``errors`` are no rooms here:
they are what flows, not where. Workers run in this process, so that their functions are seen; the
embedder is ``hashing``; the chat model says what it was told to.

It reads no name of the package but public ones and a worker's, so an earlier version can be walked
too: ``PYTHONPATH=OTHER python PATH/benchmarks/walks.py``.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType, SimpleNamespace
from typing import Any

import pymupdf

import ragflow_local
from ragflow_local import RAGFlow
from ragflow_local.ingest import slots, worker

PACKAGE = str(Path(ragflow_local.__file__).parent) + "/"
TIDYING = ("ragflow-local", "worker-replies")  # threads of which no call waits
NO_ROOMS = {"records", "settings", "errors", "__init__"}
QUESTION = "Where does the kraken sleep?"
NAMES = (
    "question to hits",
    "question to streamed answer",
    "bytes to chunk rows",
    "a parser_config value",
    "an answer's page",
)
TEXT = "The kraken sleeps below the ice of the northern sea. " * 3


class Walk:
    """What one call runs, in this thread and in those that read, chunk, commit and draw."""

    _now: Walk | None = None  # the one that is being walked

    def __init__(self) -> None:
        self.files: list[str] = []
        self.conversions: list[str] = []
        self._seen: set[CodeType] = set()

    def __enter__(self) -> Walk:
        Walk._now = self
        return self

    def __exit__(self, *_: object) -> None:
        Walk._now = None

    @classmethod
    def watch(cls) -> None:
        """Note from now on what runs, in threads that begin later too."""

        def note(frame: FrameType, event: str, _: object) -> None:
            walk, code = cls._now, frame.f_code
            if walk is not None and event == "call" and code.co_filename.startswith(PACKAGE):
                walk._note(frame, code)

        threading.setprofile(note)
        sys.setprofile(note)

    def _note(self, frame: FrameType, code: CodeType) -> None:
        if threading.current_thread().name.startswith(TIDYING):
            return
        file = code.co_filename.removeprefix(PACKAGE).removesuffix(".py")
        if file == "settings" and code.co_name in ("from_dict", "to_dict"):
            owner = frame.f_locals.get("cls") or type(frame.f_locals.get("self"))
            if owner.__name__.startswith("Parser"):
                self.conversions.append(code.co_name)
        if code not in self._seen and not code.co_name.startswith("<"):
            self._seen.add(code)
            self.files.append(file)

    def stays(self, of: Callable[[str], str]) -> list[str]:
        """Return the rooms or files in their order, each as often as it is gone to."""
        places = [of(file) for file in self.files if file.split("/")[0] not in NO_ROOMS]
        return [
            place
            for number, place in enumerate(places)
            if not number or place != places[number - 1]
        ]

    def figures(self) -> str:
        """Return rooms and returns, files and returns."""
        shown = []
        for of in (lambda file: file.split("/")[0], str):
            stays = self.stays(of)
            shown.append(f"{len(set(stays))} | {len(stays) - len(set(stays))}")
        return " | ".join(shown)


class Told:
    """A chat model that says what it was told to."""

    name, context_tokens, parameters, is_closed = "told.gguf", 100_000, 8_000_000_000, False

    def count_tokens(self, messages: Any) -> int:
        """Return the letters."""
        return sum(len(message.content) for message in messages)

    def generate(self, messages: Any, settings: Any, **_: Any) -> Iterator[str]:
        """Yield what it was told."""
        yield from ("The kraken sleeps below the ice", " of the northern sea [ID:0].")

    def retire(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def in_process(slot: Any, request: Any, name: str, is_cancelled: Any, on_page: Any = None) -> Any:
    """Do what a worker is asked for here, where it can be watched."""
    asked = getattr(request, "read", None) or request
    data = Path(asked.path).read_bytes() if getattr(asked, "path", "") else b""
    answer: Any = worker._answer
    given = (request, SimpleNamespace(receive=lambda: data), io.BytesIO())
    return answer(*(given if answer.__code__.co_argcount == 3 else (given[0], given[2])))


def pdf() -> bytes:
    """Return a page with a passage."""
    library: Any = pymupdf
    with library.open() as document:
        document.new_page().insert_textbox((72, 72, 500, 300), TEXT)
        return bytes(document.tobytes())


def parsed(rag: RAGFlow, dataset: Any, name: str, data: bytes) -> Any:
    """Return a document that has been parsed."""
    document = rag.add_document(dataset, name, data)
    document.async_parse()
    rag.project.jobs.wait_for_all()
    assert document.run == "DONE", document.progress_msg
    return document


def main() -> None:
    """Walk, and write a line of a table for each call."""
    slots.Slot.run = in_process  # type: ignore[method-assign,assignment]
    walks = {name: Walk() for name in NAMES}
    Walk.watch()
    with RAGFlow.temporary(embedding_model="hashing", workers=1) as rag:
        type(rag.project).generator = lambda *_: Told()  # type: ignore[method-assign]
        dataset = rag.create_dataset("walks")
        parsed(rag, dataset, "first.txt", b"Squids have ten arms.")
        chat = rag.create_chat("c", knowledgebases=[dataset])
        session = chat.create_session()
        list(session.ask(QUESTION, stream=True))
        with walks["bytes to chunk rows"]:
            parsed(rag, dataset, "kraken.pdf", pdf())
        with walks["question to hits"]:
            rag.retrieval(QUESTION, datasets=[dataset])
        with walks["question to streamed answer"]:
            *_, message = session.ask(QUESTION, stream=True)
        with walks["an answer's page"]:
            message.to_html()
        with walks["a parser_config value"]:
            own = rag.create_dataset("own", parser_config={"chunk_token_count": 64})
            parsed(rag, own, "own.txt", b"Squids have ten arms.")
    sys.setprofile(None)
    threading.setprofile(None)
    sys.stdout.write("| call | rooms | returns | files | returns |\n|---|---|---|---|---|\n")
    for name, walk in walks.items():
        sys.stdout.write(f"| {name} | {walk.figures()} |\n")
        if "-v" in sys.argv:
            sys.stdout.write(f"{' '.join(walk.stays(str))}\n")
    made = walks["a parser_config value"].conversions
    sys.stdout.write(f"conversions of that value on its way: {len(made)} ({', '.join(made)})\n")


if __name__ == "__main__":
    main()
