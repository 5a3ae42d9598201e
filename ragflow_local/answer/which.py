"""Answers which document says something: each that does is named, with what it says.

A document says it where one of its units, with the headings and the name above it, has all words of
what is asked for; where none has, those are named that answer it in other words.
"""

from __future__ import annotations

from collections.abc import Sequence

from ragflow_local.answer.candidates import Candidate, candidates_of, share, weights_of
from ragflow_local.answer.parts import Search
from ragflow_local.answer.quoting import Quote, extract
from ragflow_local.answer.reading import Read
from ragflow_local.answer.scorer import Nearness
from ragflow_local.records import Hit
from ragflow_local.text.content import content_terms
from ragflow_local.text.languages import language_of
from ragflow_local.text.which import topic_of_which

_ALL = 0.99  # share of the weight of what is asked for
_LEAST = 0.2  # the same, of a document that answers in other words
_MOST = 10  # documents


def named_documents(
    question: str, search: Search, nearness: Nearness | None = None, read: Read | None = None
) -> list[Quote]:
    """Return a line for each document that says what is asked for, the nearest first.

    Empty of a question that asks for no document, or where none says it.

    Args:
        question: A question that stands alone.
        search: Finds passages.
        nearness: Compares meanings; None goes by words alone.
        read: A small reader; None leaves it to the scorer.
    """
    topic = topic_of_which(question)
    hits = list(search(topic)) if topic else []
    if not topic or not hits:
        return []
    language = language_of(question)
    terms = tuple(dict.fromkeys(content_terms(topic, language)))
    candidates = candidates_of(hits, language, terms)
    weights = weights_of(terms, candidates)
    best: dict[str, tuple[float, float, Candidate]] = {}
    for one in candidates:
        document = hits[one.hit].chunk.document_id
        said = share(weights, one.subject | one.opening)
        own = share(weights, one.own | one.heads)
        if document not in best or (said, own) > best[document][:2]:
            best[document] = (said, own, one)

    def told(document: str) -> Quote | None:
        mine = [hit for hit in hits if hit.chunk.document_id == document]
        others = [hit for hit in hits if hit.chunk.document_id != document]
        quotes = extract(topic, mine, nearness, others, None, read)
        return quotes[0] if quotes else None

    saying = [document for document, (said, *_) in best.items() if said >= _ALL]
    near = [document for document, (said, *_) in best.items() if said >= _LEAST]
    lines: list[Quote] = []
    for document in (saying or near)[:_MOST]:
        quote, unit = told(document), best[document][2]
        if quote is not None or document in saying:
            lines.append(_line(quote, unit, candidates, hits))
    return lines


def _line(
    quote: Quote | None, unit: Candidate, candidates: Sequence[Candidate], hits: Sequence[Hit]
) -> Quote:
    """Return what a document says after its name and the heading that stands above it."""
    if quote is not None:
        unit = next(
            (
                one
                for one in candidates
                if hits[one.hit].chunk.id == quote.source.chunk.id and one.unit.text in quote.text
            ),
            unit,
        )
    source = hits[unit.hit]
    text = unit.unit.quoted if quote is None else quote.text
    heading = unit.unit.heads[-1] if unit.unit.heads else ""
    where = ", ".join(filter(None, (source.chunk.document_name, heading)))
    return Quote(f"{where}: {text}", source, 1.0, is_line=True)
