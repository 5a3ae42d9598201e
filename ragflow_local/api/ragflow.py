"""RAGFlow: the client of one tenant on one project directory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ragflow_local.api import checks, exchange, finding
from ragflow_local.api.chat import Chat, delete_chats
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.document import Document, ParserConfig
from ragflow_local.api.parsing import On, OnProgress, parse_in_background
from ragflow_local.api.retrieval import retrieve_chunks
from ragflow_local.api.snapshots import Snapshots
from ragflow_local.api.streams import awaited
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.settings import check_name
from ragflow_local.stores.catalog import chats, datasets
from ragflow_local.stores.parts import unwritable


class RAGFlow(Snapshots):
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
        embedding_model: Of new datasets; None for the multilingual one where it is installed.
        limits: How much one document may ask of the machine.
        durable: Whether what was kept outlives a power cut; without that all changes are faster.

    Raises:
        InvalidValueError: ``base_url`` is a web address, and nothing else names a directory.
        ProjectLockedError: Another process has the project open for writing.
    """

    # ── datasets ──

    def create_dataset(
        self,
        name: str,
        avatar: str = "",
        description: str = "",
        language: str = "English",
        permission: str = "me",
        document_count: int = 0,
        chunk_count: int = 0,
        parse_method: str = "naive",
        parser_config: ParserConfig | dict[str, Any] | None = None,
    ) -> DataSet:
        """Make a dataset.

        Args:
            name: English letters, digits and ``_``, the first not a digit; unique among this
                tenant's without regard to case.
            avatar: An image as Base64.
            description: Free text.
            language: Free text.
            permission: ``me``, or ``team`` for all who open the project.
            document_count: 0.
            chunk_count: 0.
            parse_method: One of the twelve.
            parser_config: What its documents take a copy of; None for the defaults.

        Raises:
            InvalidValueError: An argument is not allowed.
            NameTakenError: This tenant has a dataset of that name.
        """
        checks.zero(document_count=document_count, chunk_count=chunk_count)
        texts = {"avatar": avatar, "description": description, "language": language}
        return DataSet.create(
            self, name, texts, permission, parse_method, parser_config, self.embedding_model
        )

    def delete_datasets(self, ids: list[str] | None = None) -> None:
        """Delete datasets, by id or name, with all that is in them: all of them, or none.

        Raises:
            InvalidValueError: ``ids`` is None or empty; nothing is deleted unless it was named.
            NotFoundError: An entry names no dataset; nothing is deleted.
        """
        dataset_ids = [finding.find_dataset(self, entry).id for entry in checks.named(ids)]
        self.project.intake.remove_datasets(list(dict.fromkeys(dataset_ids)))

    def list_datasets(
        self,
        page: int = 1,
        page_size: int = 1024,
        orderby: str = "create_time",
        desc: bool = True,
        id: str | None = None,
        name: str | None = None,
        *,
        order_by: str | None = None,
    ) -> list[DataSet]:
        """Return one page of the datasets this tenant sees; no match is an empty list.

        Args:
            page: From 1.
            page_size: Most on a page.
            orderby: An attribute to sort by; also ``order_by``.
            desc: Largest, or latest, first.
            id: Only the dataset of this id.
            name: Only the dataset of this name; case does not count.
            order_by: Second spelling of ``orderby``.

        Raises:
            InvalidValueError: ``page``, ``page_size`` or ``orderby`` is not allowed.
        """
        paging = checks.paging(page, page_size, order_by or orderby, desc)
        with self.project.catalog.read() as reading:
            rows = datasets.list_visible(reading, self.tenant_id, id=id, name=name, paging=paging)
        return [DataSet(self, row) for row in rows]

    def get_dataset(self, name: str) -> DataSet:
        """Return the dataset of that name.

        Raises:
            NotFoundError: There is none.
        """
        return DataSet(self, finding.dataset_named(self, name))

    def find_dataset(self, given: DataSet | str) -> DataSet:
        """Return the dataset given as an object, an id or a name.

        Raises:
            NotFoundError: There is none that this tenant sees.
        """
        return DataSet(self, finding.find_dataset(self, given))

    # ── documents and chunks ──

    def create_document(self, ds: DataSet | str, name: str, blob: bytes) -> bool:
        """Add a document; its bytes are on the disk when this returns.

        A second document of the same name becomes ``name(1).ext``.

        Args:
            ds: The dataset, or its id or name.
            name: 1 to 255 characters without control characters.
            blob: The file's bytes.

        Returns:
            True.

        Raises:
            InvalidValueError: The name is not allowed, or ``blob`` is not bytes.
            LimitError: There are more bytes than ``limits`` allows.
        """
        self.add_document(ds, name, blob)
        return True

    upload_document = create_document

    def add_document(self, ds: DataSet | str, name: str, blob: bytes) -> Document:
        """Add a document like ``create_document``, and return it."""
        check_name(name)
        data = checks.blob(blob)
        home = finding.find_dataset(self, ds).id
        return Document(self, self.project.intake.add(home, name, data, self.tenant_id))

    def get_document(self, id: str | None = None, name: str | None = None) -> Document:
        """Return a document by its id, its name, or both.

        Raises:
            InvalidValueError: Neither is given, or documents of several datasets have that name.
            NotFoundError: There is none.
        """
        return Document(self, finding.find_document(self, id=id, name=name))

    def get_chunk(self, id: str) -> Chunk:
        """Return a chunk by its id, or by the beginning of its id that no other chunk has.

        Raises:
            InvalidValueError: Several chunks have an id that begins so.
            NotFoundError: There is none in a dataset that this tenant sees.
        """
        return Chunk(self, finding.find_chunk(self, id))

    def async_parse_documents(
        self, ids: list[str], *, on_progress: OnProgress | None = None, on: On = None
    ) -> None:
        """Start parsing documents, given by id or name, in the background: all, or none.

        Args:
            ids: Which.
            on: Where, as for ``dataset.parse``.
            on_progress: Called with a ``ParseProgress`` at each change, from a thread of the
                engine's; ``dataset.parse`` waits, and calls from the thread that waits.

        Raises:
            InvalidValueError: ``ids`` is None or empty.
            NotFoundError: An entry names no document; none is started.
            PlaceError: ``on`` cannot do it; none is started.
        """
        parse_in_background(self, finding.document_ids(self, ids), on, on_progress)

    def async_cancel_parse_documents(self, ids: list[str]) -> None:
        """End the parses of documents, given by id or name; finished ones stay DONE.

        Raises:
            InvalidValueError: ``ids`` is None or empty.
            NotFoundError: An entry names no document; none is cancelled.
        """
        self.project.intake.stop_parsing(finding.document_ids(self, ids))

    # ── search and chats ──

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
        options = SearchOptions(
            top_k, similarity_threshold, vector_similarity_weight, offset, limit
        )
        within = checks.one_of(documents, document, "documents and document")
        return retrieve_chunks(
            self, question, datasets, within, options, meta_fields, rerank_id, neighbours
        )

    aretrieval = awaited(retrieval)

    def create_chat(
        self,
        name: str = "assistant",
        avatar: str = "",
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
        delete_chats(self, checks.named(ids))

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

    # ── maintenance ──

    def backup(self, path: str | os.PathLike[str]) -> int:
        """Write a whole copy of the project, as it is at one moment; others go on meanwhile.

        The copy is a project: open it, or move it. Its vector tables are made at the first search.

        Args:
            path: A directory that is not there yet, or empty.

        Returns:
            The bytes of the copy.

        Raises:
            UnusableDirectoryError: There is something at ``path`` already.
            DamagedProjectError: A file of the project is missing or torn.
        """
        return self.project.backup(checks.path(path))

    def vacuum(self) -> int:
        """Reclaim the disk space of what was deleted; return the bytes reclaimed.

        Raises:
            ReadOnlyProjectError: The engine was opened with ``read_only=True``.
        """
        if self.project.options.read_only:
            raise unwritable(self.project.path)
        return self.project.vacuum()

    def export_dataset(self, ds: DataSet | str, path: str | os.PathLike[str]) -> None:
        """Write a dataset to one file, with bytes, chunks and embeddings.

        Args:
            ds: The dataset, or its id or name.
            path: The file to write; one that is there is replaced.

        Raises:
            NotFoundError: There is no such dataset.
            DamagedProjectError: The bytes of a document are missing or torn.
        """
        home = finding.find_dataset(self, ds).id
        exchange.export_dataset(self.project.stores, home, checks.path(path))

    def import_dataset(
        self,
        path: str | os.PathLike[str],
        name: str | None = None,
        *,
        into: DataSet | str | None = None,
    ) -> DataSet:
        """Add the dataset of a file that ``export_dataset`` wrote; no text is embedded again.

        All of it is added, or nothing. With ``into`` its documents come into a dataset that is
        there: several people can parse on several computers, and bring together what they have. A
        document that is there already, by name and bytes, gets its chunks if it has none.

        Args:
            path: The file.
            name: What to call the dataset; None for the name it had.
            into: A dataset, or its id or name, that takes the documents.

        Raises:
            NameTakenError: This tenant has a dataset of that name.
            DamagedFileError: The file is torn, no exported dataset, or has a value that no export
                has.
            InvalidValueError: There is no file, a document is beyond ``limits``, or the vectors
                are of another model than those of ``into``.
            LimitError: Together with what there is, it is more than ``limits`` allows.
            NotFoundError: There is no dataset ``into``.
        """
        if self.project.options.read_only:
            raise unwritable(self.project.path)
        return DataSet(self, exchange.import_dataset(self, path, name, into))
