"""Answers one question of a session: searches, prompts, streams and cites."""

from __future__ import annotations

import time
from collections.abc import Generator as Yields
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

from ragflow_local.answer.citations import format_marks, strip_marks
from ragflow_local.answer.context import without_duplicates
from ragflow_local.answer.focus import Focus
from ragflow_local.answer.followup import Completed, completed, rewriting, rewritten
from ragflow_local.answer.found import QUOTED_BELOW, joined, readable, relevant
from ragflow_local.answer.overview import Described, described
from ragflow_local.answer.quoting import NAME, Quote, extract
from ragflow_local.answer.reading import NAME as WITH_READER
from ragflow_local.answer.sayings import missing, saying_of, sentence_about, without_greeting
from ragflow_local.answer.scorer import Nearness
from ragflow_local.answer.subjects import Subjects
from ragflow_local.answer.think_tags import ThinkTagSplitter
from ragflow_local.answer.turn import Running, Turn, close
from ragflow_local.answer.which import named_documents
from ragflow_local.answer.writing import Writing, write_json, write_text
from ragflow_local.errors import InvalidValueError, ModelClosedError
from ragflow_local.records import Answer, Hit
from ragflow_local.retrieve.similarity import nearness
from ragflow_local.text.languages import language_of

__all__ = ["AnswerStream", "Turn", "answer"]

_NEAREST, _NEAREST_LETTERS = 3, 240  # passages shown where none is certain
_REWRITE_TOKENS = 96  # of a question; a thinking model that needs more leaves it to the rules


def answer(turn: Turn) -> AnswerStream:
    """Return a stream of answers; the last one is complete and has the hits.

    Raises, while it is read:
        ModelError: The chat model is not there, or cannot answer.
        InvalidValueError: There is a schema and no chat model, or no grammar of it.
    """
    return AnswerStream(turn)


class AnswerStream(Iterator[Answer]):
    """A stream of answers whose content only grows; any thread may close it."""

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
    saying = saying_of(turn.question, turn.standing) if turn.schema is None else None
    if saying is not None:
        yield Answer(saying, usage=_timed(turn), is_last=True)
        return
    # One question is searched for two reasons.
    turn = replace(turn, question=without_greeting(turn.question), search=cache(turn.search))
    if (found := described(turn)) is not None:
        asked = Completed(turn.question, turn.question)
        yield from _answered(turn, asked, found.hits, running, found)
        return
    question = _completed(turn, running)
    if running.is_closed.is_set():
        return
    with running.spending("search_seconds"):
        nearest = _searched(turn, question)
    if _looked_in(turn, nearest):
        yield from _answered(turn, question, nearest, running)
    else:
        yield _not_found(turn, nearest)


def _answered(
    turn: Turn,
    question: Completed,
    nearest: Sequence[Hit],
    running: Running,
    found: Described | None = None,
) -> Iterator[Answer]:
    """Yield the answer of the chat's model, loading it again where another chat's replaced it.

    Args:
        turn: The turn.
        question: As it was searched for.
        nearest: What was found for it, those below the threshold among them.
        running: Stops it.
        found: The documents that it is about as such: their openings are its hits.
    """
    threshold = turn.prompt.similarity_threshold
    for is_last_try in (False, True):
        with running.spending("loading_seconds"):
            generator = turn.open_generator()
        if generator is None:
            if found is None:
                yield from _quoted(turn, question, nearest)
            else:
                yield from _written(turn, found.quotes, (), NAME, found.ending)
            return
        hits = relevant(nearest, threshold) if found is None else list(nearest)
        if not hits:
            yield _not_found(turn, nearest)
            return
        writing = Writing(turn, question.whole, hits, generator, running)
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


def _nearness(turn: Turn) -> Nearness | None:
    return None if turn.embedder is None else partial(nearness, turn.embedder)


def _searched(turn: Turn, question: Completed) -> list[Hit]:
    """Return the hits of the question as asked, and of the completed one where it is another."""
    hits = turn.search(question.asked)
    if question.whole == question.asked:
        return without_duplicates(hits)
    whole = turn.search(question.whole)
    return without_duplicates(joined(whole, hits, question.share, turn.prompt.top_n))


def _completed(turn: Turn, running: Running) -> Completed:
    """Return the question completed from the conversation, by the model where the chat asks so."""
    is_follow_up = any(message.role == "user" for message in turn.history)
    generator = None
    if turn.prompt.refine_multiturn and is_follow_up:
        with running.spending("loading_seconds"):
            generator = turn.open_generator()
    if generator is None:
        asked = [message.content for message in turn.history if message.role == "user"]
        subjects = Subjects(
            [*turn.search(turn.question), *turn.earlier],
            language_of(" ".join((*asked[-1:], turn.question))),
        )
        return completed(turn.question, turn.history, _nearness(turn), subjects.have)
    short = replace(
        turn.llm,
        temperature=0,
        max_token=_REWRITE_TOKENS,
        presence_penalty=0,
        frequency_penalty=0,
    )
    thinking, answered = ThinkTagSplitter(), ""
    messages = rewriting(turn.question, turn.history)
    with running.spending("rewriting_seconds"):
        running.writing = generator.generate(messages, short, is_side=True)
        try:
            for piece in running.writing:
                answered += thinking.feed(piece)
            answered += thinking.feed("", is_last=True)
        finally:
            close(running.writing)
    for name, count in getattr(running.writing, "usage", {}).items():
        if name.endswith("_tokens"):
            running.spent[f"rewriting_{name}"] = count
    return Completed(turn.question, rewritten(answered, turn.question, turn.history))


def _not_found(turn: Turn, nearest: Sequence[Hit], model: str = "") -> Answer:
    """Return the refusal, its likely reason, and the nearest passages if asked for."""
    content = turn.prompt.empty_response
    lacking = missing(turn.question, turn.standing())
    if lacking:
        content = f"{content} {lacking}".strip()
    hits = tuple(nearest[:_NEAREST]) if turn.prompt.show_nearest else ()
    if hits:
        content = f"{content}\n{sentence_about('nearest', turn.question)}"
    for index, hit in enumerate(hits):
        text = " ".join(strip_marks(hit.chunk.content).split())
        mark = format_marks([index]) if turn.prompt.show_quote else ""
        content += f"\n{hit.chunk.document_name}: {text[:_NEAREST_LETTERS]}{mark}"
    shown = hits if turn.prompt.show_quote else ()
    return Answer(content, shown, model=model, usage=_timed(turn), is_last=True)


def _looked_in(turn: Turn, nearest: Sequence[Hit]) -> list[Hit]:
    """Return the hits to look for quotes in; a reader is given more of them."""
    threshold = turn.prompt.similarity_threshold * QUOTED_BELOW
    near = readable(nearest, threshold)
    right = relevant(nearest, threshold)
    return near if len(near) > len(right) and turn.open_reader() is not None else right


def _quoted(turn: Turn, question: Completed, nearest: Sequence[Hit]) -> Iterator[Answer]:
    """Yield the quotes one after the other."""
    focus = _focus(turn)
    threshold = turn.prompt.similarity_threshold * QUOTED_BELOW
    relevant_hits = _with_quoted(focus, relevant(nearest, threshold), nearest)
    hits = _with_quoted(focus, _looked_in(turn, nearest), nearest)
    others = [hit for hit in nearest if hit not in hits]
    near = _nearness(turn)
    reader = turn.open_reader()
    read, name = (None, NAME) if reader is None else (reader.read, WITH_READER)
    helps = (near, others, turn.search, read, focus, turn.beside)
    quotes = named_documents(question.whole, turn.search, near, read)
    quotes = quotes or extract(question.whole, hits, *helps)
    if not quotes and question.whole != question.asked:
        quotes = extract(question.asked, hits, *helps)
    if not quotes:
        yield _not_found(turn, nearest, name)
        return
    yield from _written(turn, quotes, relevant_hits, name)


def _written(
    turn: Turn, quotes: Sequence[Quote], hits: Sequence[Hit], name: str, ending: str = ""
) -> Iterator[Answer]:
    """Yield the quotes one after the other, and what is said after them."""
    content = ""
    sources = {hit.chunk.id: hit for hit in (*hits, *(quote.source for quote in quotes))}
    numbers = {id: number for number, id in enumerate(sources)}
    for quote in quotes:
        content += _joint(content, quote)
        if quote.is_disputed:
            content += f"{quote.source.chunk.document_name}: "
        content += strip_marks(quote.text)
        if turn.prompt.show_quote:
            content += format_marks([numbers[quote.source.chunk.id]])
        yield Answer(content, model=name)
    content += f"\n{ending}" if ending else ""
    shown = tuple(sources.values()) if turn.prompt.show_quote else ()
    yield Answer(content, hits=shown, model=name, usage=_timed(turn), is_last=True)


def _focus(turn: Turn) -> Focus:
    """Return what the last answer of the conversation quoted."""
    answers = [message.content for message in turn.history if message.role == "assistant"]
    return Focus.of(answers[-1], turn.earlier) if answers else Focus()


def _with_quoted(focus: Focus, hits: Sequence[Hit], nearest: Sequence[Hit]) -> list[Hit]:
    """Return the hits, and behind them what the last answer quoted, if it is not among them."""
    found = {hit.chunk.id for hit in hits}
    known = {hit.chunk.id: hit for hit in nearest}
    more = (hit.chunk for hit in focus.hits if hit.chunk.id not in found)
    # What was found for an earlier question is as similar to this one as the last hit.
    return [*hits, *(known.get(one.id) or replace(nearest[-1], chunk=one) for one in more)]


def _joint(content: str, quote: Quote) -> str:
    """Return the separator between two quotes."""
    if not content:
        return ""
    return "\n" if quote.is_line or content.endswith("\n") else " "


def _timed(turn: Turn) -> dict[str, float]:
    return {"total_seconds": time.monotonic() - turn.began}
