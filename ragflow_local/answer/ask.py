"""One turn: a question to its answer, as it grows. Search, prompt, stream, cite."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Generator as Yields
from dataclasses import dataclass, replace
from functools import partial

from ragflow_local.answer.citations import Support, format_marks, strip_marks
from ragflow_local.answer.cited_text import CitedText
from ragflow_local.answer.followup import rewriting, rewritten, standalone
from ragflow_local.answer.knowledge import without_duplicates
from ragflow_local.answer.prompt import Window, build
from ragflow_local.answer.structured import rest_of, told, values_of
from ragflow_local.answer.thinking import Thinking
from ragflow_local.embedders import Embedder
from ragflow_local.errors import InvalidValueError
from ragflow_local.generators import Generator
from ragflow_local.generators.extractive import NAME, Quote, extract
from ragflow_local.records import Answer, ChatMessage, Hit
from ragflow_local.retrieve.similarity import nearness
from ragflow_local.settings import LLMSettings, PromptSettings

_REWRITE_TOKENS = 96  # of a question; a thinking model that needs more leaves it to the rules


@dataclass(frozen=True, slots=True)
class Turn:
    """All that one answer needs.

    Attributes:
        question: As the user asked it.
        history: Earlier messages, oldest first.
        prompt: What the model is told.
        llm: How it writes.
        search: Returns the hits of a question that stands alone, best first.
        open_generator: Returns the chat model, or None for the extractive answerer; called only
            where something was found.
        embedder: The model that sentences are compared by; None: by words.
        schema: A JSON schema that the answer must fit; None: text.
    """

    question: str
    history: Sequence[ChatMessage]
    prompt: PromptSettings
    llm: LLMSettings
    search: Callable[[str], Sequence[Hit]]
    open_generator: Callable[[], Generator | None] = lambda: None
    embedder: Embedder | None = None
    schema: Mapping[str, object] | None = None


def answer(turn: Turn) -> AnswerStream:
    """Return the answer as it grows; the last is whole and has the hits.

    Raises, while it is read:
        ModelError: The chat model is not there, or cannot answer.
        InvalidValueError: There is a schema and no chat model, or no grammar of it.
    """
    return AnswerStream(turn)


class AnswerStream(Iterator[Answer]):
    """Answers whose content only ever grows; may be closed from any thread."""

    def __init__(self, turn: Turn) -> None:
        # Nothing that is kept here points back, so that a stream nobody holds ends at once.
        self._running = _Running()
        self._answers = _answers(turn, self._running)

    def __next__(self) -> Answer:
        if self._running.is_closed.is_set():
            self._answers.close()
            raise StopIteration
        return next(self._answers)

    def close(self) -> None:
        """Stop the model within one token; nothing more comes."""
        self._running.is_closed.set()
        _close(self._running.writing)
        _close(self._answers)


class _Running:
    """What another thread needs to stop an answer."""

    def __init__(self) -> None:
        self.is_closed = threading.Event()
        self.writing: Iterator[str] | None = None


def _answers(turn: Turn, running: _Running) -> Yields[Answer]:
    began = time.monotonic()
    if turn.schema is not None and turn.open_generator() is None:
        allowed = "none: the extractive answerer writes no JSON; set the chat's llm.model_name"
        raise InvalidValueError("schema", turn.schema, allowed)
    question = _standalone(turn, running)
    if running.is_closed.is_set():
        return
    hits = without_duplicates(turn.search(question))
    if not hits:
        yield _not_found(turn, began)
        return
    generator = turn.open_generator()
    if generator is None:
        yield from _quoted(turn, question, hits, began)
    elif turn.schema is not None:
        yield from _structured(turn, turn.schema, hits, generator, running)
    else:
        yield from _generated(turn, hits, generator, running)


def _standalone(turn: Turn, running: _Running) -> str:
    """Return what to search for: rewritten by the model where the chat asks for that."""
    is_follow_up = any(message.role == "user" for message in turn.history)
    generator = None
    if turn.prompt.refine_multiturn and is_follow_up:
        generator = turn.open_generator()
    if generator is None:
        return standalone(turn.question, turn.history)
    short = replace(turn.llm, temperature=0, max_token=_REWRITE_TOKENS)
    thinking, said = Thinking(), ""
    running.writing = generator.generate(rewriting(turn.question, turn.history), short)
    try:
        for piece in running.writing:
            said += thinking.feed(piece)
        said += thinking.feed("", is_last=True)
    finally:
        _close(running.writing)
    return rewritten(said, turn.question, turn.history)


def _generated(
    turn: Turn, hits: Sequence[Hit], generator: Generator, running: _Running
) -> Iterator[Answer]:
    began = time.monotonic()
    window = Window(generator.context_tokens, turn.llm.max_token, generator.count_tokens)
    prompt = build(turn.question, hits, turn.history, turn.prompt, window)
    support = Support(prompt.hits, turn.embedder)
    text = CitedText(len(prompt.hits), support.of, has_marks=turn.prompt.show_quote)
    thinking = Thinking()
    now = Answer("", model=generator.name)
    running.writing = generator.generate(prompt.messages, turn.llm)
    if running.is_closed.is_set():  # while it searched: there was nothing yet to stop
        return
    try:
        for piece in running.writing:
            text.feed(thinking.feed(piece))
            if text.text != now.content or thinking.thought != now.thinking:
                now = replace(now, content=text.text, thinking=thinking.thought)
                yield now
        text.feed(thinking.feed("", is_last=True))
        text.finish()
        usage = {"prompt_tokens": prompt.tokens, **getattr(running.writing, "usage", {})}
    finally:
        _close(running.writing)
    if running.is_closed.is_set():
        return
    yield Answer(
        text.text,
        hits=prompt.hits if turn.prompt.show_quote else (),
        model=generator.name,
        thinking=thinking.thought.strip(),
        usage=_timed(usage, began),
        is_last=True,
        unsupported=tuple(text.unsupported),
    )


def _structured(
    turn: Turn,
    schema: Mapping[str, object],
    hits: Sequence[Hit],
    generator: Generator,
    running: _Running,
) -> Iterator[Answer]:
    """Yield JSON that fits the schema; the hits of the last are those its values are from."""
    began = time.monotonic()
    window = Window(generator.context_tokens, turn.llm.max_token, generator.count_tokens)
    prompt = build(turn.question, hits, turn.history, turn.prompt, window, told(schema))
    running.writing = generator.generate(prompt.messages, turn.llm, schema=schema)
    if running.is_closed.is_set():
        return
    content = ""
    try:
        for piece in running.writing:
            content += piece
            yield Answer(content, model=generator.name)
        usage = {"prompt_tokens": prompt.tokens, **getattr(running.writing, "usage", {})}
    finally:
        _close(running.writing)
    if running.is_closed.is_set():
        return
    cited, missing = rest_of(values_of(content, generator.name), prompt.hits)
    yield Answer(
        content,
        hits=cited if turn.prompt.show_quote else (),
        model=generator.name,
        usage=_timed(usage, began),
        is_last=True,
        unsupported=missing,
    )


def _not_found(turn: Turn, began: float, model: str = "") -> Answer:
    return Answer(turn.prompt.empty_response, model=model, usage=_timed({}, began), is_last=True)


def _quoted(turn: Turn, question: str, hits: Sequence[Hit], began: float) -> Iterator[Answer]:
    """Yield the quotes one after the other."""
    near = None if turn.embedder is None else partial(nearness, turn.embedder)
    quotes = extract(question, hits, near)
    if not quotes:
        yield _not_found(turn, began, NAME)
        return
    content = ""
    for quote in quotes:
        content += _joint(content, quote) + strip_marks(quote.text)
        if turn.prompt.show_quote:
            content += format_marks([quote.hit])
        yield Answer(content, model=NAME)
    shown = tuple(hits) if turn.prompt.show_quote else ()
    yield Answer(content, hits=shown, model=NAME, usage=_timed({}, began), is_last=True)


def _joint(content: str, quote: Quote) -> str:
    """Return what stands between two quotes."""
    if not content:
        return ""
    return "\n" if quote.is_line or content.endswith("\n") else " "


def _timed(usage: dict[str, float], began: float) -> dict[str, float]:
    return {**usage, "total_seconds": time.monotonic() - began}


def _close(iterator: object) -> None:
    close = getattr(iterator, "close", None)
    if close is not None:
        with contextlib.suppress(ValueError):  # a plain generator that another thread runs
            close()
