"""Serves the page at ``/``: its files, and its calls for lists, passages and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

from ragflow_local.api.chunk import Chunk
from ragflow_local.api.document import Document
from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.errors import InvalidValueError, NotFoundError
from ragflow_local.rest import Answer, Request
from ragflow_local.rest.openai import failed
from ragflow_local.text.terms import asked_terms, spans_of

_FILES: Mapping[str, tuple[str, str]] = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
# Nothing but what is served here, whatever a document smuggles in; and in no other page's frame.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "no-cache"),
)
_BELOW = "/page/"
_MOST_DOCUMENTS = 200
_MOST_PASSAGES = 20
_DPI = 100.0


class PageCalls:
    """The files and calls of the page.

    Args:
        engine: An open engine.
    """

    def __init__(self, engine: RAGFlow) -> None:
        self._engine = engine
        folder = resources.files("ragflow_local.serve") / "page"
        self._files = {
            path: Answer(
                content=(folder / name).read_bytes(), headers=(("Content-Type", kind), *_HEADERS)
            )
            for path, (name, kind) in _FILES.items()
        }
        self._calls: dict[tuple[str, str], Callable[[Request], object]] = {
            ("GET", "datasets"): self._datasets,
            ("POST", "datasets"): self._add_dataset,
            ("GET", "documents"): self._documents,
            ("POST", "documents"): self._add_documents,
            ("POST", "search"): self._search,
        }

    def file(self, method: str, path: str) -> Answer | None:
        """Return a file of the page, or None for any other path."""
        return self._files.get(path) if method in ("GET", "HEAD") else None

    def answer(self, request: Request) -> Answer | None:
        """Return the answer to a call of the page, or None for any other path.

        Raises:
            RagflowError: The engine cannot do it.
        """
        if not request.path.startswith(_BELOW):
            return None
        name = request.path.removeprefix(_BELOW)
        try:
            if (request.method, name) == ("GET", "picture"):
                return self._picture(request)
            call = self._calls.get((request.method, name))
            if call is None:
                return failed(404, f"There is no {request.path}.")
            return Answer({"data": call(request)})
        except NotFoundError as error:
            return failed(404, str(error))
        except InvalidValueError as error:
            return failed(400, str(error))

    def _datasets(self, request: Request) -> object:
        return [
            {
                "id": dataset.id,
                "name": dataset.name,
                "documents": dataset.document_count,
                "chunks": dataset.chunk_count,
            }
            for dataset in self._engine.list_datasets(desc=False)
        ]

    def _add_dataset(self, request: Request) -> object:
        dataset = self._engine.create_dataset(request.fields().get("name"))  # type: ignore[arg-type]  # it checks what it is given
        return {"id": dataset.id, "name": dataset.name}

    def _documents(self, request: Request) -> object:
        dataset = self._engine.find_dataset(request.value("dataset") or "")
        return [_entry_of(document) for document in dataset.list_docs(limit=_MOST_DOCUMENTS)]

    def _add_documents(self, request: Request) -> object:
        dataset = self._engine.find_dataset(request.value("dataset") or "")
        added = dataset.add_documents((file.name, file.data) for file in request.files or ())
        for document in added:
            document.async_parse()
        return [_entry_of(document) for document in added]

    def _search(self, request: Request) -> object:
        fields = request.fields()
        question, ids = fields.get("question"), fields.get("datasets")
        if not isinstance(question, str) or not isinstance(ids, list):
            raise InvalidValueError("question", question, "a text, with datasets as a list")
        where = [self._engine.find_dataset(id) for id in ids]
        names = {dataset.id: dataset.name for dataset in where}
        terms = asked_terms(question)
        chunks = self._engine.retrieval(question, where, limit=_MOST_PASSAGES) if where else []
        return [
            {
                "id": chunk.id,
                "document": chunk.document_name,
                "dataset": names.get(chunk.dataset_id, ""),
                "pages": sorted({int(place[0]) for place in chunk.position}),
                "headings": chunk.headings,
                "similarity": chunk.similarity,
                "parts": _parts(chunk, terms),
            }
            for chunk in chunks
        ]

    def _picture(self, request: Request) -> Answer:
        page = request.value("page") or ""
        if not page.isascii() or not page.isdigit() or len(page) > 9:
            raise InvalidValueError("page", page, "a whole number from 1")
        png = self._engine.get_chunk(request.value("chunk") or "").page_image(_DPI, int(page))
        if not png:
            return failed(404, "Pages of this document cannot be drawn.")
        return Answer(content=png, headers=(("Content-Type", "image/png"),))


def _entry_of(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "name": document.name,
        "run": document.run,
        "progress": document.progress,
        "message": document.progress_msg,
        "chunks": document.chunk_count,
    }


def _parts(chunk: Chunk, terms: frozenset[str]) -> list[tuple[str, bool]]:
    """Return the text of a passage in parts, each with whether it matches the question."""
    text, parts, end = chunk.content, [], 0
    for start, stop in spans_of(text, terms):
        parts += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [part for part in [*parts, (text[end:], False)] if part[0]]
