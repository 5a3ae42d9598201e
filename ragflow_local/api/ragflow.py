"""RAGFlow: the engine on one project directory, as one tenant sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ragflow_local.api import checks
from ragflow_local.api.chat import Chat
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.document import Document
from ragflow_local.api.maintenance import CareCalls
from ragflow_local.api.retrieval import retrieve
from ragflow_local.api.streams import awaited
from ragflow_local.errors import InvalidValueError, NotFoundError
from ragflow_local.retrieve.filters import DocumentFilter, check_conditions
from ragflow_local.retrieve.neighbours import around
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.settings import check_neighbours, check_text
from ragflow_local.stores.catalog import chats


class RAGFlow(CareCalls):
    """An engine on a project directory: no server, no account, no network.

    Args:
        api_key: Names the tenant. This is order, not protection: the directory's file
            permissions protect.
        base_url: A path or ``file:`` URL of the project, where ``project_dir`` is not given.
        version: Accepted for scripts written for the server.
        project_dir: The directory; else ``base_url``; else the environment variable
            ``RAGFLOW_LOCAL_PROJECT``; else ``./ragflow_project``.
        models_dir: Where models are looked for by name; else the environment variable
            ``RAGFLOW_LOCAL_MODELS``; else ``./models``.
        workers: Processes that read documents; None for one a core, at most 4.
        read_only: Whether nothing may be changed; any number of processes may read.
        resume: Whether documents whose parse was interrupted are queued again; else they end
            FAIL with that reason.
        embedding_backend: ``auto``, ``onnx-int8``, ``onnx`` or ``torch``.
        embedding_model: What new datasets are embedded by.
        limits: How much one document may ask of the machine.
        durable: Whether what was kept outlives a power cut; without that all changes are faster.

    Raises:
        InvalidValueError: ``base_url`` is a web address, and nothing else names a directory.
        ProjectLockedError: Another process has the project open for writing.
    """

    def retrieval(
        self,
        question: str,
        datasets: Sequence[DataSet | str],
        documents: Sequence[Document | str] | None = None,
        offset: int = 0,
        limit: int = 6,
        similarity_threshold: float = 0.1,
        vector_similarity_weight: float = 0.3,
        top_k: int = 1024,
        *,
        document: Sequence[Document | str] | None = None,
        meta_fields: Mapping[str, object] | None = None,
        rerank_id: str | None = None,
        neighbours: int | str = 0,
    ) -> list[Chunk]:
        """Return the chunks most similar to a question, the most similar first.

            similarity = (1 - w) * term_similarity + w * vector_similarity

        Args:
            question: Words or a sentence; empty finds nothing.
            datasets: Where to look: DataSet objects or ids.
            documents: Only in these documents: objects or ids; None for all. Also ``document``.
            offset: How many of the best to pass over.
            limit: Most to return.
            similarity_threshold: Least similarity, in [0, 1].
            vector_similarity_weight: w, in [0, 1].
            top_k: Candidates taken from each of the two indexes, of all datasets together.
            document: Second spelling of ``documents``.
            meta_fields: Only in documents whose ``meta_fields`` are so: ``{"year": 2023}``,
                ``{"kind": ["report", "letter"]}`` for any of them, ``{"date": {"gte":
                "2023-01-01", "lt": "2024-01-01"}}`` for a range; several names must all be met.
            rerank_id: A cross-encoder, by its folder or its name in ``models_dir``, that reads
                the best 64 together with the question; ``vector_similarity`` is then its score.
            neighbours: How many chunks before and after each come along as its ``neighbours``,
                or ``"section"`` for all under the same headings.

        Raises:
            InvalidValueError: An argument is outside what is allowed, or the datasets have
                different embedding models.
            NotFoundError: A dataset or document does not exist.
        """
        check_text("question", question)
        wanted = SearchOptions(top_k, similarity_threshold, vector_similarity_weight, offset, limit)
        where = [datasets] if isinstance(datasets, DataSet | str) else list(datasets or ())
        if not where:
            raise InvalidValueError("datasets", datasets, "a list of at least one DataSet")
        within = checks.one_of(documents, document, "documents and document")
        if isinstance(within, Document | str):
            within = [within]
        if rerank_id is not None:
            check_text("rerank_id", rerank_id)
        check_neighbours("neighbours", neighbours)
        if meta_fields is not None:
            check_conditions(meta_fields)
        hits = retrieve(
            self.project,
            question,
            self._found(where),
            DocumentFilter(
                None if within is None else tuple(self._document(given) for given in within),
                {} if meta_fields is None else meta_fields,
            ),
            wanted,
            rerank_id,
        )
        with self.project.catalog.read() as reading:
            beside = [around(reading, hit, neighbours) for hit in hits]
        return [
            Chunk(self, hit.chunk, hit, question, rows)
            for hit, rows in zip(hits, beside, strict=True)
        ]

    aretrieval = awaited(retrieval)

    def _document(self, given: Document | str) -> str:
        if not isinstance(given, Document | str):
            raise InvalidValueError("documents", given, "Document objects or ids")
        return self.get_document(id=given.id if isinstance(given, Document) else given).id

    def create_chat(
        self,
        name: str = "assistant",
        avatar: str = "path",
        knowledgebases: Sequence[DataSet | str] = ("kb1",),
        llm: Chat.LLM | dict[str, Any] | None = None,
        prompt: Chat.Prompt | dict[str, Any] | str | None = None,
    ) -> Chat:
        """Make a chat assistant.

        Args:
            name: 1 to 255 characters, unique among this tenant's chats without regard to case.
            avatar: An image as Base64.
            knowledgebases: The datasets it knows: DataSet objects, ids or names.
            llm: How its model writes; None for the defaults.
            prompt: What it is told and what is searched for it; a text sets the prompt alone.

        Raises:
            InvalidValueError: An argument is not allowed.
            NameTakenError: This tenant has a chat of that name.
            NotFoundError: A dataset does not exist.
        """
        return Chat.create(self, name, avatar, knowledgebases, llm, prompt)

    def delete_chats(self, ids: list[str] | None = None) -> None:
        """Delete chats, by id or name, with their sessions: all of them, or none.

        Raises:
            InvalidValueError: ``ids`` is None or empty.
            NotFoundError: An entry names no chat; nothing is deleted.
        """
        chat_ids = []
        for entry in checks.named(ids):
            chats_found = self.list_chats(id=entry) or self.list_chats(name=entry)
            if not chats_found:
                raise NotFoundError("chat", entry)
            chat_ids.append(chats_found[0].id)
        with self.project.catalog.write() as connection:
            for id in chat_ids:
                chats.delete(connection, id)

    def list_chats(
        self,
        page: int = 1,
        page_size: int = 1024,
        orderby: str = "create_time",
        desc: bool = True,
        id: str | None = None,
        name: str | None = None,
        *,
        order_by: str | None = None,
    ) -> list[Chat]:
        """Return one page of this tenant's chats; see ``list_datasets`` for the arguments."""
        paging = checks.paging(page, page_size, order_by or orderby, desc)
        with self.project.catalog.read() as reading:
            rows = chats.list_of(reading, self.tenant_id, id=id, name=name, paging=paging)
        return [Chat(self, row) for row in rows]
