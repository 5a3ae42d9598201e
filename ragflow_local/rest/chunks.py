"""Lists, adds, changes and deletes chunks of a document."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from PIL import Image, UnidentifiedImageError

from ragflow_local.records import ChunkRow, DocumentRow, Draft, Region
from ragflow_local.rest.call import Call, texts
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.refusals import ARGUMENT, DATA, UNEXPECTED, Refusal
from ragflow_local.rest.routes import route
from ragflow_local.stores.catalog import IntegrityError, chunks, pages

_LISTS = ("important_keywords", "questions", "tag_kwd")
_POSITION = 5  # page, left, right, top, bottom


def chunk_id(document_id: str, content: str) -> str:
    """Return the id of an added chunk, the same for the same content in the same document."""
    text = f"{document_id}\0{content}"
    digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    return f"{pages.BY_HAND}{digest}"


def shown(row: ChunkRow) -> dict[str, Any]:
    """Return a chunk in the form of an answer."""
    made = datetime.fromtimestamp(row.create_time / 1000, UTC)
    return {
        "id": row.id,
        "content": row.content,
        "document_id": row.document_id,
        "docnm_kwd": row.document_name,
        "document_name": row.document_name,
        "document_keyword": row.document_name,
        "dataset_id": row.dataset_id,
        "important_keywords": list(row.keywords),
        "questions": list(row.questions),
        "tag_kwd": list(row.tags),
        "image_id": row.id if row.image else "",
        "doc_type_kwd": "image" if row.image else "",
        "doc_type": "image" if row.image else "",
        "available": row.available,
        "positions": positions(row),
        "create_time": made.strftime("%Y-%m-%d %H:%M:%S"),
        "create_timestamp": row.create_time / 1000,
    }


def positions(row: ChunkRow) -> list[list[float]]:
    """Return page, left, right, top and bottom of each region of a chunk."""
    return [[part.page, part.x0, part.x1, part.top, part.bottom] for part in row.places]


@route("GET /datasets/{dataset_id}/documents/{document_id}/chunks")
def list_all(call: Call, dataset_id: str, document_id: str) -> Answer:
    """Return a page of a document's chunks, or the chunk whose id is given."""
    document = _document(call, dataset_id, document_id)
    id = call.request.value("id")
    if id:
        row = call.chunk(document, id)
        if row is None:
            raise Refusal(DATA, f"Chunk not found: {dataset_id}/{id}")
        rows, total = [row], 1
    else:
        words = (call.request.value("keywords") or "").split()
        state = {"1": True, "true": True, "0": False, "false": False}.get(
            (call.request.value("available") or "").lower()
        )
        with call.reading() as reading:
            rows, total = pages.of_chunks(reading, document, words, call.page(), available=state)
    doc = {
        "id": document.id,
        "name": document.name,
        "dataset_id": document.dataset_id,
        "chunk_count": document.chunk_count,
        "token_count": document.token_count,
        "run": document.run,
    }
    return done({"chunks": [shown(row) for row in rows], "doc": doc, "total": total}, total=total)


def _document(call: Call, dataset_id: str, document_id: str) -> DocumentRow:
    call.own_dataset(dataset_id, "You don't own the dataset {}.")
    return call.document(dataset_id, document_id)


@route("GET /datasets/{dataset_id}/documents/{document_id}/chunks/{chunk_id}")
def get(call: Call, dataset_id: str, document_id: str, chunk_id: str) -> Answer:
    """Return one chunk."""
    row = call.chunk(_document(call, dataset_id, document_id), chunk_id)
    if row is None:
        raise Refusal(DATA, f"Chunk not found: {dataset_id}/{chunk_id}")
    return done(shown(row))


@route("POST /datasets/{dataset_id}/documents/{document_id}/chunks")
def add(call: Call, dataset_id: str, document_id: str) -> Answer:
    """Add a chunk, which is found at once; the same content again updates that chunk."""
    document = _document(call, dataset_id, document_id)
    fields = call.request.fields()
    content = fields.get("content")
    if content is None or not str(content).strip():
        raise Refusal(DATA, "`content` is required")
    if not isinstance(content, str):
        raise Refusal(DATA, "`content` should be a text")
    lists = _lists(fields)
    draft = Draft(
        content,
        keywords=lists.get("keywords", ()),
        questions=lists.get("questions", ()),
        tags=lists.get("tags", ()),
        image=_picture(fields.get("image_base64")),
    )
    row = _added(call, document, draft)
    return done({"chunk": shown(row)})


def _added(call: Call, document: DocumentRow, draft: Draft) -> ChunkRow:
    id = chunk_id(document.id, draft.content)
    with call.reading() as reading:
        there = chunks.get(reading, id)
    changes = {"keywords": draft.keywords, "questions": draft.questions, "tags": draft.tags}
    indexer = call.project.indexer
    if there is None:
        if draft.image:
            call.project.files.put_image(id, draft.image)
        try:
            [row] = indexer.add_chunks(document, [draft], [id])
        except IntegrityError:  # another call added it meanwhile
            there = None
        else:
            return row
    if there is not None and all(getattr(there, name) == changes[name] for name in changes):
        return there
    return indexer.replace_chunk(id, {**changes, "content": draft.content, "available": True})


def _picture(given: object) -> bytes:
    """Return the PNG or JPEG that a Base64 text holds, or b"" for none."""
    if not given:
        return b""
    try:
        data = base64.b64decode(str(given).rpartition(",")[2], validate=True)
        with Image.open(io.BytesIO(data)) as image:
            if image.format in ("PNG", "JPEG"):
                return data
            written = io.BytesIO()
            image.convert("RGB").save(written, "PNG")
            return written.getvalue()
    except (binascii.Error, ValueError, OSError, UnidentifiedImageError) as error:
        raise Refusal(DATA, f"`image_base64` is no picture: {error}") from None


def _lists(fields: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the lists of texts in a body by this engine's names.

    Raises:
        Refusal: One is no list of texts.
    """
    lists: dict[str, tuple[str, ...]] = {}
    own = {"important_keywords": "keywords", "questions": "questions", "tag_kwd": "tags"}
    for name in _LISTS:
        values = fields.get(name)
        if values is None:
            continue
        if not isinstance(values, list):
            raise Refusal(DATA, f"`{name}` should be a list")
        if not all(isinstance(value, str) for value in values):
            if name == "tag_kwd":
                raise Refusal(DATA, "`tag_kwd` must be a list of strings")
            at, value = next((i, v) for i, v in enumerate(values) if not isinstance(v, str))
            kind = type(value).__name__
            raise Refusal(
                UNEXPECTED,
                f"TypeError('sequence item {at}: expected str instance, {kind} found')",
            )
        if name == "questions":
            values = [value.strip() for value in values if value.strip()]
        lists[own[name]] = tuple(values)
    return lists


@route(
    "PATCH /datasets/{dataset_id}/documents/{document_id}/chunks/{chunk_id}",
    "PUT /datasets/{dataset_id}/documents/{document_id}/chunks/{chunk_id}",
)
def update(call: Call, dataset_id: str, document_id: str, chunk_id: str) -> Answer:
    """Change the fields of a chunk that the body names."""
    document = _document(call, dataset_id, document_id)
    row = call.chunk(document, chunk_id)
    if row is None:
        raise Refusal(DATA, f"Can't find this chunk {chunk_id}")
    fields = call.request.fields()
    changes: dict[str, object] = {**_lists(fields)}
    content = fields.get("content")
    if content is not None:
        if not isinstance(content, str) or not content.strip():
            raise Refusal(DATA, "`content` is required")
        changes["content"] = content
    if "available" in fields:
        if fields["available"] not in (0, 1):
            raise Refusal(DATA, "`available` should be a boolean")
        changes["available"] = bool(fields["available"])
    if "positions" in fields:
        changes["places"] = _regions(fields["positions"])
    if changes:
        call.project.indexer.replace_chunk(row.id, changes)
    return done()


def _regions(given: object) -> tuple[Region, ...]:
    if not isinstance(given, list):
        raise Refusal(DATA, "`positions` should be a list")
    regions = []
    for entry in given:
        is_place = isinstance(entry, list) and len(entry) == _POSITION
        if not is_place or not all(isinstance(number, int | float) for number in entry):
            raise Refusal(DATA, "`positions` should be a list of [page, left, right, top, bottom]")
        page, left, right, top, bottom = entry
        regions.append(Region(max(1, int(page)), left, top, right, bottom))
    return tuple(regions)


@route("DELETE /datasets/{dataset_id}/documents/{document_id}/chunks")
def delete(call: Call, dataset_id: str, document_id: str) -> Answer:
    """Delete chunks, and tell how many of those named exist."""
    document = _document(call, dataset_id, document_id)
    ids = call.ids("chunk_ids", "ids")
    with call.reading() as reading:
        if not ids and call.all_named():
            known = [row.id for row in chunks.list_of(reading, document.id)]
            wanted: Sequence[str] = known
        else:
            wanted = list(dict.fromkeys(ids or ()))
            rows = chunks.by_ids(reading, wanted)
            known = [id for id in wanted if id in rows and rows[id].document_id == document.id]
    if known:
        call.project.indexer.remove_chunks(known)
    if len(known) != len(wanted):
        raise Refusal(DATA, f"rm_chunk deleted chunks {len(known)}, expect {len(wanted)}")
    return done(message=f"deleted {len(known)} chunks")


@route("POST /datasets/{dataset_id}/documents/{document_id}/chunks/switch")
def switch(call: Call, dataset_id: str, document_id: str) -> Answer:
    """Switch chunks on or off for search."""
    document = _document(call, dataset_id, document_id)
    fields = call.request.fields()
    ids = texts("chunk_ids", fields.get("chunk_ids") or [])
    is_on = fields.get("available_int", fields.get("available"))
    if not ids or is_on not in (0, 1):
        raise Refusal(ARGUMENT, "`chunk_ids` and `available` are required")
    for id in ids:
        if call.chunk(document, id) is None:
            raise Refusal(DATA, f"Can't find this chunk {id}")
        call.project.indexer.replace_chunk(id, {"available": bool(is_on)})
    return done(True)
