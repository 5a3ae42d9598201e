"""Generates answers with a chat model and checks them, sentence by sentence or value by value."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ragflow_local.answer.citation_stream import CitationStream
from ragflow_local.answer.prompt import Prompt, Shape, Window, build
from ragflow_local.answer.quoting import extract
from ragflow_local.answer.structured import checked_values, schema_instruction
from ragflow_local.answer.support import Support
from ragflow_local.answer.think_tags import ThinkTagSplitter
from ragflow_local.answer.turn import Running, Turn, close
from ragflow_local.generators import Generator
from ragflow_local.records import Answer, Hit
from ragflow_local.retrieve.similarity import nearness
from ragflow_local.settings import EMPTY_RESPONSE

# A model below this writes what its knowledge does not say more often than not.
SMALL_PARAMETERS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Writing:
    """A turn, its hits, and the model that answers.

    Attributes:
        turn: The turn.
        question: As it was searched for.
        hits: What was found, best first.
        generator: The chat model.
        running: Stops it.
    """

    turn: Turn
    question: str
    hits: Sequence[Hit]
    generator: Generator
    running: Running

    def is_small(self) -> bool:
        """Return whether the model is too small to be trusted or to cite when told to."""
        return 0 < getattr(self.generator, "parameters", 0) < SMALL_PARAMETERS

    def is_strict(self) -> bool:
        """Return whether sentences without support are replaced."""
        wanted = self.turn.prompt.grounding
        return wanted == "strict" or (wanted is None and self.is_small())

    def prompt(self, ending: str = "") -> Prompt:
        """Return the messages for the model."""
        turn, generator = self.turn, self.generator
        window = Window(generator.context_tokens, turn.llm.max_token, generator.count_tokens)
        return build(
            turn.question,
            self.hits,
            turn.history,
            turn.prompt,
            window,
            Shape(ending, turn.earlier, calls_for_marks=not self.is_small()),
        )

    def support(self, prompt: Prompt) -> Support:
        """Return what checks the answer."""
        reader = self.turn.open_reader()
        stated = None if reader is None else reader.stated
        return Support(prompt.hits, self.turn.embedder, self.question, stated)

    def usage(self, prompt: Prompt, first: float) -> dict[str, float]:
        """Return counts and seconds of all the user waited for, since the question was asked."""
        written = dict(getattr(self.running.writing, "usage", {}))
        now = time.monotonic()
        return {
            "prompt_tokens": prompt.tokens,
            **written,
            **self.running.spent,
            "first_seconds": (first or now) - self.turn.began,
            "total_seconds": now - self.turn.began,
        }

    def finish_reason(self) -> str:
        """Return why the text ended where it does."""
        return str(getattr(self.running.writing, "finish_reason", ""))


def write_text(writing: Writing) -> Iterator[Answer]:
    """Yield the answer as it grows, each sentence with the marks of the chunks that say it."""
    turn, running, generator = writing.turn, writing.running, writing.generator
    with running.spending("prompt_seconds"):
        prompt = writing.prompt()
    has_marks = turn.prompt.show_quote
    text = CitationStream(
        len(prompt.hits),
        writing.support(prompt).checked,
        has_marks=has_marks,
        replace=_Quotes(writing, prompt).next if writing.is_strict() else None,
        refusals=(turn.prompt.empty_response, EMPTY_RESPONSE),
    )
    thinking = ThinkTagSplitter()
    now, first = Answer("", model=generator.name), 0.0
    running.writing = generator.generate(prompt.messages, turn.llm)
    if running.is_closed.is_set():  # while it searched: there was nothing yet to stop
        return
    try:
        for piece in running.writing:
            text.feed(thinking.feed(piece))
            if text.text != now.content or thinking.thought != now.thinking:
                first = first or time.monotonic()
                now = replace(now, content=text.text, thinking=thinking.thought)
                yield now
        text.feed(thinking.feed("", is_last=True))
        text.finish()
    finally:
        close(running.writing)
    if running.is_closed.is_set():
        return
    is_empty = writing.is_strict() and not text.text.strip()
    yield Answer(
        turn.prompt.empty_response if is_empty else text.text,
        hits=prompt.hits if has_marks and not is_empty else (),
        model=generator.name,
        thinking=thinking.thought.strip(),
        usage=writing.usage(prompt, first),
        is_last=True,
        unsupported=tuple(text.unsupported),
        finish_reason=writing.finish_reason(),
    )


def write_json(writing: Writing, schema: Mapping[str, object]) -> Iterator[Answer]:
    """Yield JSON that fits the schema; the hits of the last are those its values are from."""
    turn, running, generator = writing.turn, writing.running, writing.generator
    with running.spending("prompt_seconds"):
        prompt = writing.prompt(schema_instruction(schema))
    plain = replace(turn.llm, presence_penalty=0, frequency_penalty=0)  # JSON repeats itself
    running.writing = generator.generate(prompt.messages, plain, schema=schema)
    if running.is_closed.is_set():
        return
    content, first = "", 0.0
    try:
        for piece in running.writing:
            first = first or time.monotonic()
            content += piece
            if not writing.is_strict():
                yield Answer(content, model=generator.name)
    finally:
        close(running.writing)
    if running.is_closed.is_set():
        return
    checked = checked_values(
        content, generator.name, writing.support(prompt), schema, is_strict=writing.is_strict()
    )
    yield Answer(
        checked.content,
        hits=tuple(prompt.hits[index] for index in checked.cited) if turn.prompt.show_quote else (),
        model=generator.name,
        usage=writing.usage(prompt, first),
        is_last=True,
        unsupported=checked.unsupported,
        finish_reason=writing.finish_reason(),
    )


class _Quotes:
    """The best quotes, extracted when the first one is needed."""

    def __init__(self, writing: Writing, prompt: Prompt) -> None:
        self._writing = writing
        self._hits = prompt.hits
        self._left: list[tuple[str, int]] | None = None

    def next(self) -> tuple[str, int] | None:
        """Return the best quote that has not been given: text, and index of its hit."""
        if self._left is None:
            embedder = self._writing.turn.embedder
            near = None if embedder is None else partial(nearness, embedder)
            quotes = extract(self._writing.question, self._hits, near)
            numbers = {hit.chunk.id: number for number, hit in enumerate(self._hits)}
            self._left = [
                (quote.text, numbers[quote.source.chunk.id])
                for quote in sorted(quotes, key=lambda quote: quote.score, reverse=True)
            ]
        return self._left.pop(0) if self._left else None
