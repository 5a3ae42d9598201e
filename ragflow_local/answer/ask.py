"""One turn: a question to its answer, as it grows. Search, prompt, stream, cite."""

from __future__ import annotations

import time
from collections.abc import Generator as Yields
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from ragflow_local.answer.citations import format_marks, strip_marks
from ragflow_local.answer.followup import rewriting, rewritten, standalone
from ragflow_local.answer.knowledge import without_duplicates
from ragflow_local.answer.thinking import Thinking
from ragflow_local.answer.turn import Running, Turn, close
from ragflow_local.answer.writing import Writing, write_json, write_text
from ragflow_local.errors import InvalidValueError, ModelClosedError
from ragflow_local.generators.extractive import NAME, Quote, extract
from ragflow_local.records import Answer, Hit
from ragflow_local.retrieve.similarity import nearness

__all__ = ["AnswerStream", "Turn", "answer"]

_REWRITE_TOKENS = 96  # of a question; a thinking model that needs more leaves it to the rules


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
        self._running = Running()
        self._answers = _answers(turn, self._running)

    def __next__(self) -> Answer:
        if self._running.is_closed.is_set():
            self._answers.close()
            raise StopIteration
        return next(self._answers)

    def close(self) -> None:
        """Stop the model within one token; nothing more comes."""
        self._running.is_closed.set()
        close(self._running.writing)
        close(self._answers)


def _answers(turn: Turn, running: Running) -> Yields[Answer]:
    if turn.schema is not None and turn.open_generator() is None:
        allowed = "none: the extractive answerer writes no JSON; set the chat's llm.model_name"
        raise InvalidValueError("schema", turn.schema, allowed)
    question = _standalone(turn, running)
    if running.is_closed.is_set():
        return
    with running.spending("search_seconds"):
        hits = without_duplicates(turn.search(question))
    if not hits:
        yield _not_found(turn)
        return
    yield from _answered(turn, question, hits, running)


def _answered(turn: Turn, question: str, hits: Sequence[Hit], running: Running) -> Iterator[Answer]:
    """Yield the answer of the chat's model, which another chat's may have put out just now."""
    for is_last_try in (False, True):
        with running.spending("loading_seconds"):
            generator = turn.open_generator()
        if generator is None:
            yield from _quoted(turn, question, hits)
            return
        writing = Writing(turn, question, hits, generator, running)
        has_begun = False
        try:
            for answer in (
                write_text(writing) if turn.schema is None else write_json(writing, turn.schema)
            ):
                has_begun = True
                yield answer
        except ModelClosedError:
            if has_begun or is_last_try:
                raise
        else:
            return


def _standalone(turn: Turn, running: Running) -> str:
    """Return what to search for: rewritten by the model where the chat asks for that."""
    is_follow_up = any(message.role == "user" for message in turn.history)
    generator = None
    if turn.prompt.refine_multiturn and is_follow_up:
        with running.spending("loading_seconds"):
            generator = turn.open_generator()
    if generator is None:
        return standalone(turn.question, turn.history)
    short = replace(
        turn.llm,
        temperature=0,
        max_token=_REWRITE_TOKENS,
        presence_penalty=0,
        frequency_penalty=0,
    )
    thinking, said = Thinking(), ""
    messages = rewriting(turn.question, turn.history)
    with running.spending("rewriting_seconds"):
        running.writing = generator.generate(messages, short, is_side=True)
        try:
            for piece in running.writing:
                said += thinking.feed(piece)
            said += thinking.feed("", is_last=True)
        finally:
            close(running.writing)
    for name, count in getattr(running.writing, "usage", {}).items():
        if name.endswith("_tokens"):
            running.spent[f"rewriting_{name}"] = count
    return rewritten(said, turn.question, turn.history)


def _not_found(turn: Turn, model: str = "") -> Answer:
    return Answer(turn.prompt.empty_response, model=model, usage=_timed(turn), is_last=True)


def _quoted(turn: Turn, question: str, hits: Sequence[Hit]) -> Iterator[Answer]:
    """Yield the quotes one after the other."""
    near = None if turn.embedder is None else partial(nearness, turn.embedder)
    quotes = extract(question, hits, near)
    if not quotes:
        yield _not_found(turn, NAME)
        return
    content = ""
    for quote in quotes:
        content += _joint(content, quote) + strip_marks(quote.text)
        if turn.prompt.show_quote:
            content += format_marks([quote.hit])
        yield Answer(content, model=NAME)
    shown = tuple(hits) if turn.prompt.show_quote else ()
    yield Answer(content, hits=shown, model=NAME, usage=_timed(turn), is_last=True)


def _joint(content: str, quote: Quote) -> str:
    """Return what stands between two quotes."""
    if not content:
        return ""
    return "\n" if quote.is_line or content.endswith("\n") else " "


def _timed(turn: Turn) -> dict[str, float]:
    return {"total_seconds": time.monotonic() - turn.began}
