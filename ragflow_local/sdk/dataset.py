"""Datasets of the released client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from ragflow_local.rest import File
from ragflow_local.rest.spellings import modern_dataset
from ragflow_local.sdk.base import Base, one_of
from ragflow_local.sdk.document import Document


class DataSet(Base):
    """Documents that share an embedding model, as it was when it was fetched."""

    class ParserConfig(Base):
        """The parser settings of a dataset."""

    id: str
    name: str
    avatar: str | None
    tenant_id: str
    description: str | None
    embedding_model: str
    permission: str
    document_count: int
    chunk_count: int
    chunk_method: str
    parser_config: Base
    pagerank: int
    language: str

    _KEEPS_ALL: ClassVar = False
    _DEFAULTS: ClassVar = {
        "id": "",
        "name": "",
        "avatar": "",
        "tenant_id": None,
        "description": "",
        "embedding_model": "",
        "permission": "me",
        "document_count": 0,
        "chunk_count": 0,
        "chunk_method": "naive",
        "parser_config": None,
        "pagerank": 0,
        "language": "English",
    }

    @property
    def _path(self) -> str:
        return f"/datasets/{self.id}"

    def update(self, update_message: Mapping[str, Any]) -> Self:
        """Change the named fields.

        Raises:
            RefusedError: It is refused; the message says why.
        """
        data = self.rag.data("PUT", self._path, modern_dataset(update_message))
        known = {name: value for name, value in data.items() if name in self._DEFAULTS}
        self._update_from_dict(self.rag, known)
        return self

    def upload_documents(self, document_list: Sequence[Mapping[str, Any]]) -> list[Document]:
        """Add files, each a dict with ``display_name`` and ``blob``.

        Raises:
            RefusedError: A name or a kind of file is not allowed.
        """
        files = tuple(
            File(
                str(one_of(entry.get("display_name"), entry.get("displayed_name"), "")),
                _bytes(entry.get("blob")),
            )
            for entry in document_list
        )
        data = self.rag.data("POST", f"{self._path}/documents", files=files or None)
        return [Document(self.rag, document) for document in data]

    def list_documents(
        self,
        id: str | None = None,
        name: str | None = None,
        keywords: str | None = None,
        page: int = 1,
        page_size: int = 30,
        orderby: str = "create_time",
        desc: bool = True,
        create_time_from: int = 0,
        create_time_to: int = 0,
        *,
        ids: Sequence[str] | None = None,
        offset: int | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        """Return a page of the documents; clients of 0.13 say ``offset`` (a page) and ``limit``.

        Raises:
            RefusedError: It has no document of that id or name.
            ValueError: Both ``id`` and ``ids`` are given.
        """
        if id and ids:
            raise ValueError("Cannot use both 'id' and 'ids' parameters at the same time.")
        data = self.rag.data(
            "GET",
            f"{self._path}/documents",
            id=id,
            ids=ids,
            name=name,
            keywords=keywords,
            page=one_of(offset, page),
            page_size=one_of(limit, page_size),
            orderby=orderby,
            desc=desc,
            create_time_from=create_time_from,
            create_time_to=create_time_to,
        )
        return [Document(self.rag, document) for document in data["docs"]]

    def delete_documents(self, ids: Sequence[str] | None = None, delete_all: bool = False) -> None:
        """Delete documents by their ids, or all.

        Raises:
            RefusedError: Nothing is named, or one of them is not there; none is deleted.
        """
        body = {"ids": None if ids is None else list(ids), "delete_all": delete_all}
        self.rag.data("DELETE", f"{self._path}/documents", body)

    def async_parse_documents(self, document_ids: Sequence[str]) -> None:
        """Start parsing, and return at once.

        Raises:
            RefusedError: One of them is not there, or is being parsed.
        """
        self.rag.data("POST", f"{self._path}/chunks", {"document_ids": list(document_ids or ())})

    def async_cancel_parse_documents(self, document_ids: Sequence[str]) -> None:
        """Cancel parses.

        Raises:
            RefusedError: One of them is not being parsed.
        """
        self.rag.data("DELETE", f"{self._path}/chunks", {"document_ids": list(document_ids or ())})

    def parse_documents(self, document_ids: Sequence[str]) -> list[tuple[str, str, int, int]]:
        """Parse documents, and wait until each has ended.

        Ctrl-C ends the parses.

        Returns:
            Of each its id, ``run``, count of chunks and count of tokens.
        """
        try:
            self.async_parse_documents(document_ids)
            return self._ends(document_ids)
        except KeyboardInterrupt:
            self.async_cancel_parse_documents(document_ids)
            return self._ends(document_ids)

    def _ends(self, document_ids: Sequence[str]) -> list[tuple[str, str, int, int]]:
        ends = []
        for id in dict.fromkeys(document_ids):
            self.rag.wait(id)
            [document] = self.list_documents(id=id)
            ends.append((document.id, document.run, document.chunk_count, document.token_count))
        return ends

    def get_auto_metadata(self) -> dict[str, Any]:
        """Return the stored settings of automatic metadata, which have no effect here."""
        return dict(self.rag.data("GET", f"{self._path}/metadata/config"))

    def update_auto_metadata(self, **config: Any) -> dict[str, Any]:
        """Store the settings of automatic metadata, which have no effect here."""
        return dict(self.rag.data("PUT", f"{self._path}/metadata/config", config))


def _bytes(blob: Any) -> bytes:
    if hasattr(blob, "read"):
        blob = blob.read()
    return blob.encode() if isinstance(blob, str) else bytes(blob or b"")
