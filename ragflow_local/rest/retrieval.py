"""Finds the chunks most similar to a question."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ragflow_local.errors import MissingModelError
from ragflow_local.records import DatasetRow, Hit
from ragflow_local.rest import conditions
from ragflow_local.rest.call import Call, counted
from ragflow_local.rest.chunks import shown
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.refusals import DATA, UNEXPECTED, Refusal
from ragflow_local.rest.routes import route
from ragflow_local.retrieve.filters import DocumentFilter
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.stores.catalog import datasets, documents
from ragflow_local.text.terms import asked_terms, spans_of

_log = logging.getLogger("ragflow_local.rest")
_PAGE_SIZE = 30
_IDLE = ("keyword", "cross_languages", "use_kg", "toc_enhance")
_MOST_WORDED = 1 << 20  # candidates by words: all that say one


@route("POST /retrieval")
def retrieve(call: Call) -> Answer:
    """Return a page of the chunks that answer a question, the most similar first."""
    fields = call.request.fields()
    rows = _datasets(call, fields)
    within = _within(call, rows, fields)
    number = counted(fields.get("page") or fields.get("offset"), 1)
    size = counted(fields.get("page_size") or fields.get("limit"), _PAGE_SIZE)
    hits = search(call, rows, within, fields, (number, size))
    counts = Counter((hit.chunk.document_name, hit.chunk.document_id) for hit in hits)
    highlights = _highlighter(fields)
    return done(
        {
            "chunks": [{**shown_hit(hit), **highlights(hit)} for hit in hits],
            "doc_aggs": doc_aggs(counts),
            "total": (number - 1) * size + len(hits),
        },
        message=without_effect(fields),
    )


def without_effect(fields: Mapping[str, Any]) -> str:
    """Return a line that names the given settings without effect, or ""."""
    names = [name for name in _IDLE if fields.get(name)]
    if not names:
        return ""
    line = f"Without effect in this engine: {', '.join(names)}."
    _log.warning("%s", line)
    return line


def doc_aggs(counts: Mapping[tuple[str, str], int]) -> list[dict[str, object]]:
    """Return the number of chunks of each document among the hits."""
    return [
        {"doc_name": name, "doc_id": id, "count": count} for (name, id), count in counts.items()
    ]


def shown_hit(hit: Hit) -> dict[str, Any]:
    """Return a hit in the form of an answer, under its names of all versions."""
    values = shown(hit.chunk)
    return {
        **values,
        "similarity": hit.similarity,
        "vector_similarity": hit.vector_similarity,
        "term_similarity": hit.term_similarity,
        "chunk_id": values["id"],
        "content_with_weight": values["content"],
        "doc_id": values["document_id"],
        "kb_id": values["dataset_id"],
        "img_id": values["image_id"],
        "url": None,
    }


def _highlighter(fields: Mapping[str, Any]) -> Callable[[Hit], dict[str, str]]:
    """Return what gives ``highlight`` of a hit: its text, the question's words within ``<em>``.

    Where the body does not ask for ``highlight``, no hit has it.
    """
    if fields.get("highlight") not in (True, 1, "true", "True"):
        return lambda hit: {}
    wanted = asked_terms(str(fields.get("question") or ""))

    def highlight(hit: Hit) -> dict[str, str]:
        text, parts, end = hit.chunk.content, [], 0
        for start, stop in spans_of(text, wanted):
            parts += [text[end:start], "<em>", text[start:stop], "</em>"]
            end = stop
        return {"highlight": "".join([*parts, text[end:]])}

    return highlight


def _datasets(call: Call, fields: Mapping[str, Any]) -> list[DatasetRow]:
    """Return the datasets that a question is put to."""
    ids = fields.get("dataset_ids", fields.get("datasets"))
    if not ids:
        raise Refusal(DATA, "`dataset_ids` is required.")
    if not isinstance(ids, list):
        raise Refusal(DATA, "`dataset_ids` should be a list")
    ids = [str(id) for id in ids]
    with call.reading() as reading:
        rows = datasets.visible(reading, call.tenant_id, ids)
    for id in ids:
        if id not in rows:
            raise Refusal(DATA, f"You don't own the dataset {id}.")
    if len({row.embedding_model for row in rows.values()}) > 1:
        raise Refusal(DATA, "Datasets use different embedding models.")
    return list(rows.values())


def _within(call: Call, rows: Sequence[DatasetRow], fields: Mapping[str, Any]) -> DocumentFilter:
    """Return the documents that a question is put to."""
    ids = fields.get("document_ids", fields.get("documents")) or []
    if not isinstance(ids, list):
        raise Refusal(DATA, "`documents` should be a list")
    dataset_ids = [row.id for row in rows]
    with call.reading() as reading:
        for id in ids:
            row = documents.get(reading, str(id))
            if row is None or row.dataset_id not in dataset_ids:
                raise Refusal(DATA, f"The datasets don't own the document {id}")
        meeting = conditions.chosen(reading, dataset_ids, fields.get("metadata_condition"))
    if meeting is not None:
        return DocumentFilter(tuple(meeting.intersection(ids) if ids else meeting))
    return DocumentFilter(tuple(str(id) for id in ids) if ids else None)


def search(
    call: Call,
    rows: Sequence[DatasetRow],
    within: DocumentFilter,
    fields: Mapping[str, Any],
    page: tuple[int, int],
) -> list[Hit]:
    """Return the hits of one page.

    Args:
        call: Who asks.
        rows: The datasets.
        within: Which of their documents.
        fields: The question, and how it is compared.
        page: Its number, from 1, and its size.
    """
    number, size = page
    top_k = _whole(fields, "top_k", 1024)
    if top_k <= 0:
        raise Refusal(DATA, "`top_k` must be greater than 0")
    wanted = SearchOptions(
        top_k=min(top_k, _MOST_WORDED),
        threshold=_share(fields, "similarity_threshold", 0.2),
        vector_weight=_share(fields, "vector_similarity_weight", 0.3),
        offset=(number - 1) * size,
        limit=size,
        words_top_k=max(1024, number * size),
    )
    question = fields.get("question")
    if not isinstance(question, str) or not question.strip() or within.ids == ():
        return []
    rerank_id = fields.get("rerank_id") or None
    try:
        return call.project.search(question, rows, within, wanted, rerank_id)
    except MissingModelError:
        if rerank_id is None:
            raise
        raise Refusal(DATA, f"`rerank_id` {rerank_id} doesn't exist") from None


def _whole(fields: Mapping[str, Any], name: str, otherwise: int) -> int:
    given = fields.get(name)
    try:
        return otherwise if given is None else int(given)
    except (TypeError, ValueError) as error:
        raise Refusal(UNEXPECTED, repr(error)) from None


def _share(fields: Mapping[str, Any], name: str, otherwise: float) -> float:
    """Return a number clipped to [0, 1]."""
    given = fields.get(name)
    try:
        number = otherwise if given is None else float(given)
    except (TypeError, ValueError) as error:
        raise Refusal(UNEXPECTED, repr(error)) from None
    return min(max(number, 0.0), 1.0) if number == number else otherwise


@route("POST /dify/retrieval")
def retrieve_for_dify(call: Call) -> Answer:
    """Return the hits of a question in the form of Dify's external knowledge."""
    fields = call.request.fields()
    setting = fields.get("retrieval_setting") or {}
    rows = _datasets(call, {"dataset_ids": [fields.get("knowledge_id") or ""]})
    within = _within(call, rows, fields)
    options = {
        "question": fields.get("query"),
        "similarity_threshold": setting.get("score_threshold", 0.0),
    }
    hits = search(call, rows, within, options, (1, counted(setting.get("top_k"), _PAGE_SIZE)))
    records = [
        {
            "content": hit.chunk.content,
            "score": hit.similarity,
            "title": hit.chunk.document_name,
            "metadata": {"doc_id": hit.chunk.document_id},
        }
        for hit in hits
    ]
    return Answer({"records": records})
