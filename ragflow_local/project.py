"""An open project: its directory, stores, queue and models.

project.json       format version
catalog.sqlite3    rows, embeddings, BM25 postings: the truth
files/<sha256>     the bytes that were added
images/            pictures that belong to chunks
vectors/           a copy of the vectors, for search
trash/             what healing took for garbage, for 30 days
lock, open.json    who has it open for writing; closed.json: how it was closed
"""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ragflow_local.embedders import Backend, Embedder
from ragflow_local.errors import ChangedModelError, ForkedError, InvalidValueError
from ragflow_local.generators import Generator
from ragflow_local.ingest import interrupted
from ragflow_local.ingest.adding import Intake
from ragflow_local.ingest.exchange import Stores
from ragflow_local.ingest.heal import heal
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.jobs import Jobs
from ragflow_local.ingest.pictures import Pictures
from ragflow_local.ingest.remote import Setup, setup_of
from ragflow_local.ingest.slots import Slot
from ragflow_local.ingest.term_index import TermIndex
from ragflow_local.ingest.vector_table import VectorTable
from ragflow_local.models import ModelPlaces, Models
from ragflow_local.records import DatasetRow, Hit
from ragflow_local.retrieve.filters import DocumentFilter, documents_within
from ragflow_local.retrieve.search import Scope, SearchOptions, Sources, search
from ragflow_local.settings import Limits, LLMSettings
from ragflow_local.stores import forks
from ragflow_local.stores.backup import copy_project
from ragflow_local.stores.catalog import (
    Catalog,
    checksums,
    datasets,
    embeddings,
    now_ms,
)
from ragflow_local.stores.directory import Directory
from ragflow_local.stores.files import Files
from ragflow_local.stores.trash import KEPT_DAYS
from ragflow_local.stores.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Options:
    """How a project is opened.

    Attributes:
        models_dir: Where models are looked for by name.
        cache_dir: Where exported models are kept, for all projects.
        workers: Processes that read documents.
        read_only: Whether nothing may be changed: any number of processes may read.
        resume: Whether documents whose parse was interrupted are queued again.
        embedding_backend: ``auto``, or one of the embedders' backends by name.
        limits: How much one document may ask for.
        is_durable: Whether what is kept has to outlive a power cut.
        worker_python: The interpreter of the workers; empty: the one that runs this program.
    """

    models_dir: Path
    cache_dir: Path
    workers: int = 2
    read_only: bool = False
    resume: bool = True
    embedding_backend: Backend = "auto"
    limits: Limits = field(default_factory=Limits)
    is_durable: bool = True
    worker_python: str = ""


_turns = forks.Turns()


class Project:
    """An open project; the only class that wires the rooms together."""

    # A process that opens a directory twice (two tenants, or a script's next example) shares one
    # project: the directory has one writer, whatever it is called through.
    _open: ClassVar[dict[tuple[Path, bool], Project]] = {}
    _slot: ClassVar[type[Slot]] = Slot
    _models: ClassVar[type[Models]] = Models

    @classmethod
    def open(cls, path: Path, options: Options, given: Iterable[str] = ()) -> Project:
        """Return the project at ``path``, made anew where there is none.

        Args:
            path: Its directory.
            options: How it is opened.
            given: Names of those that the caller insists on, where it is open already.

        Raises:
            InvalidValueError: It is open in this process, and one of them is another there.
            ProjectLockedError: Another process has it open for writing.
            ProjectVersionError: A newer version wrote it.
            DamagedProjectError: Its catalog cannot be read.
        """
        path = path.expanduser().resolve()
        with _turns.of(path):
            while True:
                project = cls._open.get((path, options.read_only))
                if project is None or project.is_inherited:
                    project = cls(path, options)
                    cls._open[path, options.read_only] = project
                for name in given:
                    held, wanted = getattr(project.options, name), getattr(options, name)
                    if held != wanted:
                        allowed = f"{held!r}, as {path} is open in this process: close that first"
                        raise InvalidValueError(name, wanted, allowed)
                project._users += 1
                # Its last user may be dropped, and so close it, by a collection between the two.
                if not project.is_closed:
                    return project

    def __init__(self, path: Path, options: Options) -> None:
        self.path = path
        self._waiting: Mapping[str, int] = {}
        self.options = options
        self._users = 0
        self._process = os.getpid()
        self.models = self._models(
            ModelPlaces(options.models_dir, options.cache_dir, options.embedding_backend)
        )
        self.directory = Directory(path, is_durable=options.is_durable)
        was_clean = True
        if not options.read_only:
            was_clean = self.directory.lock()
        elif (path / "catalog.sqlite3").is_file() or (path / "project.json").exists():
            self.directory.check_readable()
        else:
            raise InvalidValueError("project_dir", str(path), "a directory with a project")
        try:
            self._open_stores()
            if not options.read_only:
                self._take_up(was_clean)
        except BaseException:
            if hasattr(self, "catalog"):
                self.catalog.close()
            self.directory.release(is_clean=False)
            raise
        atexit.register(self.close)
        forks.watch(self)

    def inherited(self) -> Sequence[object]:
        """Return nothing more: a project's parts live as long as it does."""
        return ()

    def forget(self) -> None:
        """Leave the project to the process that opened it; called in a child that it forks."""
        atexit.unregister(self.close)
        Project._open.pop((self.path, self.options.read_only), None)

    @property
    def is_inherited(self) -> bool:
        """Whether another process opened it, of which this one is a fork."""
        return os.getpid() != self._process

    def check_process(self) -> None:
        """Raise ``ForkedError`` in a forked child of the process that opened it."""
        if self.is_inherited:
            raise ForkedError(self.path)

    def _open_stores(self) -> None:
        options = self.options
        catalog_path = self.directory.catalog
        is_durable = options.is_durable
        self.files = Files(self.path, is_durable=is_durable)
        if not options.read_only:
            self.files.create()
            if not catalog_path.exists():
                catalog_path.touch(mode=0o600)
        self.catalog = Catalog(
            catalog_path,
            read_only=options.read_only,
            is_durable=is_durable,
            check=self.directory.check_current,
        )
        # Imported here: sqlite-utils would be a sixth of the package's import time.
        from ragflow_local.stores.catalog import schema

        check_root = self.directory.check_root
        if options.read_only:
            with self.catalog.read() as reading:
                schema.check(reading, self.path)
                check_root(checksums.root(reading))
        else:
            with self.catalog.telling():
                schema.migrate(self.catalog.writer(), self.path, check_root)
            self.directory.made()
        self.vectors = Vectors(self.directory.vectors, is_durable=is_durable)
        self.vector_table = VectorTable(self.catalog, self.vectors)
        self.term_index = TermIndex(self.catalog)
        mend = None if options.read_only else self.vector_table.rebuild
        self.sources = Sources(self.catalog, self.vectors, mend)
        self.indexer = Indexer(
            self.catalog,
            self.term_index,
            self.vector_table,
            self.files,
            self.embedder_of,
            lambda dataset: self.models.tokenizer_of(dataset.embedding_model),
        )
        self.pictures = Pictures(self.files, self._slot(options.limits, options.worker_python))
        self.jobs = Jobs(
            self.indexer,
            self.files,
            workers=options.workers,
            limits=options.limits,
            generator_of=lambda name: self.generator(LLMSettings(model_name=name)),
            slot=lambda limits: self._slot(limits, options.worker_python),
        )
        self.intake = Intake(self.catalog, self.files, self.indexer, self.jobs, options.limits)

    def _take_up(self, was_clean: bool) -> None:
        """Repair what a crash left behind, and go on with interrupted parses."""
        self.files.trash.empty(now_ms(), days=KEPT_DAYS)
        if not was_clean:
            heal(self.catalog, self.files, self.vector_table)
        else:
            self.vector_table.take_up()
        self.term_index.renewal.start()
        self._waiting = interrupted.take_up(
            self.catalog,
            self.files,
            self.indexer,
            self.jobs,
            was_clean=was_clean,
            resume=self.options.resume,
        )

    def take_waiting(self) -> Mapping[str, int]:
        """Return, once, how many documents wait since the opening, by the places they were at."""
        waiting, self._waiting = self._waiting, {}
        return waiting

    @property
    def is_closed(self) -> bool:
        """Whether the last user closed it."""
        return Project._open.get((self.path, self.options.read_only)) is not self

    def release(self, *, wait: bool = False) -> None:
        """Release one user's hold; the last one closes the project.

        Args:
            wait: Whether to wait for the documents that are queued or being parsed.
        """
        if self.is_inherited:
            return
        if wait:
            self.jobs.wait_for_all()
        with _turns.of(self.path):
            self._users -= 1
            if self._users <= 0:
                self.close()

    def close(self) -> None:
        """End the workers, close the stores and unlock the directory; may be called again."""
        if self.is_inherited:
            # Forked by a library, perhaps, that told Python nothing of it.
            forks.keep(self)
            return
        with _turns.of(self.path):
            if not self.is_closed:
                del Project._open[self.path, self.options.read_only]
                self._close()

    def _close(self) -> None:
        atexit.unregister(self.close)
        is_clean = False
        try:
            # The last first; each of them, whatever the one before raises: Ctrl-C, say.
            with contextlib.ExitStack() as steps:
                steps.callback(self.catalog.close)
                steps.callback(self.files.close)
                steps.callback(self.vectors.close)
                steps.callback(self.models.close)
                steps.callback(self.vector_table.close)
                steps.callback(self.term_index.close)
                steps.callback(self.pictures.close)
                steps.callback(self.jobs.close)
            is_clean = True
        finally:
            self.directory.release(is_clean=is_clean, root=self.catalog.root)

    # ── care ──

    def backup(self, target: Path) -> int:
        """Write a whole copy to an empty or new directory; return its bytes."""
        return copy_project(self.path, self.catalog, self.files, target.expanduser().resolve())

    def vacuum(self) -> int:
        """Reclaim the disk space of what was deleted; return the bytes reclaimed."""
        before = self._size()
        with self.catalog.write() as connection:
            embeddings.delete_unused(connection)
        self.term_index.merge_all()
        self.catalog.vacuum()
        self.vector_table.move_all()
        self.files.trash.empty(now_ms())
        return max(0, before - self._size())

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    @property
    def stores(self) -> Stores:
        """What datasets are exported from and imported to."""
        return Stores(self.catalog, self.files, self.vector_table)

    def search(
        self,
        question: str,
        rows: Sequence[DatasetRow],
        within: DocumentFilter,
        wanted: SearchOptions,
        rerank_id: str | None = None,
    ) -> list[Hit]:
        """Return the hits for a question in datasets of one embedding model.

        Args:
            question: As it was asked.
            rows: The datasets.
            within: Which of their documents to search.
            wanted: Which hits.
            rerank_id: A cross-encoder that reads the best of them again; None for none.

        Raises:
            MissingModelError: There is no such cross-encoder.
        """
        reranker = self.models.reranker(rerank_id) if rerank_id else None
        with self.catalog.read() as reading:
            document_numbers = documents_within(reading, rows, within)
            numbers = datasets.numbers_of(reading, [row.id for row in rows])
        scopes = [
            Scope(number, row.id, row.embedding_dim, document_numbers, row.embedding_floor)
            for row in rows
            if (number := numbers.get(row.id)) is not None and row.embedding_dim
        ]
        return search(
            question, scopes, self.sources, lambda: self.embedder_of(rows[0]), wanted, reranker
        )

    # ── models ──

    def embedder(self, name: str) -> Embedder:
        """Return the embedding model of that name; raises ``MissingModelError``."""
        return self.models.embedder(name)

    def generator(self, llm: LLMSettings) -> Generator | None:
        """Return the chat model, None for the extractive answerer; see ``Models.generator``."""
        return self.models.generator(llm)

    def setup_of(self, dataset: DatasetRow) -> Setup:
        """Return what a dataset asks of a place that parses its documents."""
        embedder, options = self.embedder_of(dataset), self.options
        return setup_of(embedder, dataset.embedding_model, options.models_dir, options.limits)

    def embedder_of(self, dataset: DatasetRow) -> Embedder:
        """Return a dataset's model; the dataset remembers which it was, to the last weight.

        Raises:
            ChangedModelError: The model of that name is no longer the one its chunks are from.
        """
        embedder = self.embedder(dataset.embedding_model)
        with self.catalog.read() as reading:
            known = datasets.fingerprint_of(reading, dataset.id)
        is_known = known == embedder.fingerprint and dataset.embedding_dim == embedder.dim
        if is_known and dataset.embedding_floor is not None:
            return embedder
        is_changed = dataset.embedding_dim not in (0, embedder.dim)
        if (is_changed or known not in ("", embedder.fingerprint)) and dataset.chunk_count:
            raise ChangedModelError(dataset.embedding_model, dataset.name)
        if not self.options.read_only:
            with self.catalog.write() as connection:
                identity = {
                    "embedding_dim": embedder.dim,
                    "embedding_prompts": embedder.prompts,
                    "embedding_fingerprint": embedder.fingerprint,
                    "embedding_floor": embedder.floor,
                }
                datasets.update(connection, dataset.id, identity)
        return embedder
