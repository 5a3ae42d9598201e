"""The inputs of one turn of a conversation, and the signal that stops it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ragflow_local.answer.sayings import DocumentStates
from ragflow_local.embedders import Embedder, Reader
from ragflow_local.generators import Generator
from ragflow_local.records import ChatMessage, ChunkRow, Hit
from ragflow_local.settings import LLMSettings, PromptSettings


@dataclass(frozen=True, slots=True)
class Turn:
    """The inputs of one answer.

    Attributes:
        question: As the user asked it.
        history: Earlier messages, oldest first.
        prompt: What the model is told.
        llm: How it writes.
        search: Returns the hits of a question, best first, as many as are wanted, those below
            the threshold among them.
        open_generator: Returns the chat model, or None for the extractive answerer; called only
            where something is at least near.
        embedder: The model that sentences are compared by; None: by words.
        open_reader: Returns what reads the candidates of an answer without a chat model; None:
            they are scored by words and meaning.
        schema: A JSON schema that the answer must fit; None: text.
        earlier: The chunks that the answer before was given, as they are now: a model that has
            read them need not read them again.
        beside: Returns the chunks around a hit in its document, in reading order.
        documents: Returns the names of the documents that have chunks, by their ids, the oldest
            first; called only where the question may be about documents as such.
        reading: Returns the first chunks of a document in reading order, at most so many.
        standing: Says what there is to answer from; called only where that is the answer.
        began: When the question was asked, by ``time.monotonic``.
    """

    question: str
    history: Sequence[ChatMessage]
    prompt: PromptSettings
    llm: LLMSettings
    search: Callable[[str], Sequence[Hit]]
    open_generator: Callable[[], Generator | None] = lambda: None
    embedder: Embedder | None = None
    open_reader: Callable[[], Reader | None] = lambda: None
    schema: Mapping[str, object] | None = None
    earlier: Sequence[Hit] = ()
    beside: Callable[[Hit], Sequence[ChunkRow]] = lambda _: ()
    documents: Callable[[], Mapping[str, str]] = dict
    reading: Callable[[str, int], Sequence[ChunkRow]] = lambda *_: ()
    standing: Callable[[], DocumentStates] = lambda: DocumentStates(is_known=False)
    began: float = field(default_factory=time.monotonic)


class Running:
    """The state of a running answer: how another thread stops it, and its cost so far."""

    def __init__(self) -> None:
        self.is_closed = threading.Event()
        self.writing: Iterator[str] | None = None
        self.spent: dict[str, float] = {}

    @contextlib.contextmanager
    def spending(self, name: str) -> Iterator[None]:
        """Add the seconds that the block takes to ``spent[name]``."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + time.monotonic() - began


def close(iterator: object) -> None:
    """Close an iterator that can be closed, whichever thread reads it."""
    closing = getattr(iterator, "close", None)
    if closing is not None:
        with contextlib.suppress(ValueError):  # a plain generator that another thread runs
            closing()
