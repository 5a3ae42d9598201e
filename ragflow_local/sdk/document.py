"""Documents of the released client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from ragflow_local.errors import RefusedError
from ragflow_local.rest.spellings import modern_document
from ragflow_local.sdk.base import Base, one_of
from ragflow_local.sdk.chunk import Chunk


class Document(Base):
    """A file of a dataset, as it was when it was fetched.

    Attributes:
        run: ``UNSTART``, ``RUNNING``, ``CANCEL``, ``DONE`` or ``FAIL``.
        progress: Share of its parse, 0 to 1; -1 after FAIL.
        progress_msg: What happens; after FAIL the reason and the way out.
        status: ``1``; ``0`` where it was switched off.
    """

    class ParserConfig(Base):
        """The parser settings of a document."""

    id: str
    name: str
    thumbnail: str | None
    dataset_id: str
    chunk_method: str
    parser_config: Base
    source_type: str
    type: str
    created_by: str
    size: int
    token_count: int
    chunk_count: int
    progress: float
    progress_msg: str
    process_begin_at: str | None
    process_duration: float
    run: str
    status: str
    meta_fields: Base

    _KEEPS_ALL: ClassVar = False
    _DEFAULTS: ClassVar = {
        "id": "",
        "name": "",
        "thumbnail": None,
        "dataset_id": None,
        "chunk_method": "naive",
        "parser_config": {"pages": [[1, 1000000]]},
        "source_type": "local",
        "type": "",
        "created_by": "",
        "size": 0,
        "token_count": 0,
        "chunk_count": 0,
        "progress": 0.0,
        "progress_msg": "",
        "process_begin_at": None,
        "process_duration": 0.0,
        "run": "0",
        "status": "1",
        "meta_fields": {},
    }

    @property
    def _path(self) -> str:
        return f"/datasets/{self.dataset_id}/documents/{self.id}"

    def update(self, update_message: Mapping[str, Any]) -> Self:
        """Change ``name``, ``chunk_method``, ``parser_config``, ``meta_fields`` or ``enabled``.

        Raises:
            RefusedError: It is refused; the message says why.
        """
        meta_fields = update_message.get("meta_fields", {})
        if not isinstance(meta_fields, Mapping):
            raise RefusedError(101, "meta_fields must be a dictionary")
        data = self.rag.data("PATCH", self._path, modern_document(update_message))
        known = {name: value for name, value in data.items() if name in self._DEFAULTS}
        self._update_from_dict(self.rag, known)
        return self

    def download(self) -> bytes:
        """Return the bytes that were uploaded.

        Raises:
            RefusedError: It was deleted, or is empty.
        """
        answer = self.rag.answer("GET", self._path)
        if answer.content is None:
            raise RefusedError(answer.envelope["code"], answer.envelope["message"])
        return answer.content

    def list_chunks(
        self,
        page: int = 1,
        page_size: int = 30,
        keywords: str = "",
        id: str | None = "",
        *,
        offset: int | None = None,
        limit: int | None = None,
    ) -> list[Chunk]:
        """Return a page of the chunks; clients of 0.13 say ``offset`` (a page) and ``limit``."""
        data = self.rag.data(
            "GET",
            f"{self._path}/chunks",
            page=one_of(offset, page),
            page_size=one_of(limit, page_size),
            keywords=keywords,
            id=id,
        )
        return [Chunk(self.rag, chunk) for chunk in data["chunks"]]

    def add_chunk(
        self,
        content: str,
        important_keywords: Sequence[str] = (),
        questions: Sequence[str] = (),
        image_base64: str | None = None,
        *,
        tag_kwd: Sequence[str] = (),
    ) -> Chunk:
        """Add a chunk, which is found at once; the same content again updates that chunk."""
        body = {
            "content": content,
            "important_keywords": _listed(important_keywords),
            "questions": _listed(questions),
            "tag_kwd": _listed(tag_kwd),
        }
        if image_base64 is not None:
            body["image_base64"] = image_base64
        return Chunk(self.rag, self.rag.data("POST", f"{self._path}/chunks", body)["chunk"])

    def delete_chunks(self, ids: Sequence[str] | None = None, delete_all: bool = False) -> None:
        """Delete chunks by their ids, or all; without either, none."""
        body = {"chunk_ids": _listed(ids), "delete_all": delete_all}
        self.rag.data("DELETE", f"{self._path}/chunks", body)


def _listed(given: Any) -> Any:
    return list(given) if isinstance(given, tuple) else given
