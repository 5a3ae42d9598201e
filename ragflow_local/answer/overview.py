"""Answers questions about documents as such from their titles, first sentences and headings.

Of several documents each is told in a line; of one its opening and its sections are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ragflow_local.answer.naming import Meant, meant
from ragflow_local.answer.outline import Outline, Piece, outline_of
from ragflow_local.answer.quoting import Quote
from ragflow_local.answer.sayings import sentence_about
from ragflow_local.answer.turn import Turn
from ragflow_local.records import ChunkRow, Hit
from ragflow_local.text.sentences import between

_MOST_DOCUMENTS, _MOST_HEADINGS = 10, 30
_CHUNKS_OF_ONE, _CHUNKS_OF_SEVERAL = 120, 6
_SENTENCES_OF_ONE, _SENTENCES_OF_SEVERAL = 3, 2
_LETTERS_OF_ONE, _LETTERS_OF_SEVERAL = 600, 260
_REMARK = "It is of a document that the question asks about as a whole."


@dataclass(frozen=True, slots=True)
class Described:
    """The documents a question asks about as such.

    Attributes:
        quotes: What is told of them, a line each.
        hits: What a chat model reads of them.
        ending: How many there are besides, in words; empty: none.
    """

    quotes: tuple[Quote, ...]
    hits: tuple[Hit, ...]
    ending: str = ""


def described(turn: Turn) -> Described | None:
    """Return what is told of the documents the question is about; None of an ordinary question."""
    is_follow_up = any(message.role == "user" for message in turn.history)
    asked = meant(turn.question, turn.documents, turn.reading, is_follow_up=is_follow_up)
    if asked is None or not asked.ids:
        return None
    found = _told(turn, asked)
    more = len(asked.ids) - _MOST_DOCUMENTS
    if found is not None and more > 0:
        return replace(found, ending=sentence_about("more", turn.question, count=more))
    return found


def _told(turn: Turn, asked: Meant) -> Described | None:
    names = turn.documents()
    is_one = len(asked.ids) == 1
    most, letters = (
        (_SENTENCES_OF_ONE, _LETTERS_OF_ONE)
        if is_one
        else (_SENTENCES_OF_SEVERAL, _LETTERS_OF_SEVERAL)
    )
    is_whole = is_one or asked.overview.is_conclusion
    quotes: list[Quote] = []
    hits: list[Hit] = []
    for id in asked.ids[:_MOST_DOCUMENTS]:
        chunks = turn.reading(id, _CHUNKS_OF_ONE if is_whole else _CHUNKS_OF_SEVERAL)
        if not chunks:
            continue
        every = [_hit(chunk) for chunk in chunks]
        outline = outline_of(chunks, most, letters)
        if asked.overview.is_conclusion:
            ending = replace(outline, title="", opening=outline.conclusion)
            told = _opened(names[id], ending, every)
        elif is_one:
            told = [*_opened(names[id], outline, every), *_sections(outline, every)]
        else:
            told = _opened(names[id], outline, every)
        quotes += told
        first = [quote.source for quote in told[:1]]
        hits += every[: turn.prompt.top_n] if is_one else first
    return Described(tuple(quotes), tuple(hits[: turn.prompt.top_n])) if quotes else None


def _hit(chunk: ChunkRow) -> Hit:
    return Hit(chunk, 0.0, 0.0, 0.0, remarks=(_REMARK,))


def _opened(name: str, outline: Outline, hits: Sequence[Hit]) -> list[Quote]:
    """Return the line that a document is told in; the sentences of another chunk are a quote."""
    pieces = [*([Piece(outline.title, 0)] if outline.title else []), *outline.opening]
    texts: dict[int, str] = {}
    for place, piece in enumerate(pieces):
        before = texts.get(piece.chunk, "")
        if before and place == 1 and outline.title:
            before += _stop(before, piece.text)
        texts[piece.chunk] = f"{before}{between(before, piece.text) if before else ''}{piece.text}"
    quotes = [Quote(text, hits[at], 1.0, is_line=False) for at, text in texts.items()]
    if not quotes:
        return []
    first = quotes[0]
    return [Quote(f"{name}: {first.text}", first.source, 1.0, is_line=True), *quotes[1:]]


def _stop(title: str, following: str) -> str:
    """Return what a title ends with before a sentence."""
    if not title[-1].isalnum() and title[-1] not in "»”\"')）」":
        return ""
    return "." if between(title, following) else "。"


def _sections(outline: Outline, hits: Sequence[Hit]) -> list[Quote]:
    shown = outline.headings[:_MOST_HEADINGS]
    return [Quote(f"- {piece.text}", hits[piece.chunk], 1.0, is_line=True) for piece in shown]
