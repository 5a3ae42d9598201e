"""A project: one directory and one of everything that works on it.

project.json       format version
catalog.sqlite3    rows, embeddings, BM25 postings: the truth
files/<sha256>     the bytes that were added
images/            pictures that belong to chunks
vectors/           a copy of the vectors, for search
lock, open.json    who has it open for writing
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import socket
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ragflow_local.embedders import Backend, Embedder, describe, open_embedder
from ragflow_local.errors import (
    ChangedModelError,
    DamagedProjectError,
    InvalidValueError,
    ProjectLockedError,
    ProjectVersionError,
    UnusableDirectoryError,
)
from ragflow_local.generators import Generator, open_generator, resolve_generator
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.jobs import Jobs
from ragflow_local.ingest.vector_table import VectorTable
from ragflow_local.records import DatasetRow, Hit
from ragflow_local.retrieve.search import Scope, Sources, Wanted, search
from ragflow_local.settings import Limits, LLMSettings
from ragflow_local.stores.catalog import Catalog, chunks, datasets, documents
from ragflow_local.stores.files import Files
from ragflow_local.stores.vectors import Vectors

if TYPE_CHECKING:
    import filelock

FORMAT = 1

_log = logging.getLogger("ragflow_local.project")


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
    """

    models_dir: Path
    cache_dir: Path
    workers: int = 2
    read_only: bool = False
    resume: bool = True
    embedding_backend: Backend = "auto"
    limits: Limits = field(default_factory=Limits)


class Project:
    """The open directory; the only place where rooms are put together."""

    # A process that opens a directory twice (two tenants, or a script's next example) shares one
    # project: the directory has one writer, whatever it is called through.
    _open: ClassVar[dict[tuple[Path, bool], Project]] = {}
    _open_lock: ClassVar[threading.RLock] = threading.RLock()

    @classmethod
    def open(cls, path: Path, options: Options) -> Project:
        """Return the project at ``path``, made anew where there is none.

        Raises:
            ProjectLockedError: Another process has it open for writing.
            ProjectVersionError: A newer version wrote it.
            DamagedProjectError: Its catalog cannot be read.
        """
        path = path.expanduser().resolve()
        with cls._open_lock:
            project = cls._open.get((path, options.read_only))
            if project is None:
                project = cls(path, options)
                cls._open[path, options.read_only] = project
            project._users += 1
            return project

    def __init__(self, path: Path, options: Options) -> None:
        self.path = path
        self.options = options
        self._users = 0
        self._models_lock = threading.RLock()
        self._embedders: dict[str, Embedder] = {}
        self._generators: dict[Path, Generator] = {}
        self._lock: filelock.BaseFileLock | None = None
        was_clean = True
        if options.read_only:
            if not (path / "catalog.sqlite3").is_file():
                raise InvalidValueError("project_dir", str(path), "a directory with a project")
        else:
            was_clean = self._lock_directory()
        try:
            self._open_stores()
            if not options.read_only:
                self._take_up(was_clean)
        except BaseException:
            self._release()
            raise
        atexit.register(self.close)

    def _lock_directory(self) -> bool:
        """Make the directory this process's own; return whether its last owner closed it."""
        import filelock

        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_hard_links(self.path)
        except OSError as error:
            raise UnusableDirectoryError(self.path, str(error)) from None

        lock = filelock.FileLock(self.path / "lock", mode=0o600, thread_local=False)
        owner_file = self.path / "open.json"
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            owner = _read_json(owner_file)
            raise ProjectLockedError(
                self.path, int(str(owner.get("pid", 0))), str(owner.get("host", "this computer"))
            ) from None
        self._lock = lock
        was_clean = not owner_file.exists()
        _write_json(owner_file, {"pid": os.getpid(), "host": socket.gethostname()})
        format_file = self.path / "project.json"
        found = _read_json(format_file).get("format", FORMAT)
        if isinstance(found, int) and found > FORMAT:
            self._release(is_clean=was_clean)
            raise ProjectVersionError(self.path, found, FORMAT)
        if not _read_json(format_file):
            _write_json(format_file, {"format": FORMAT})
        return was_clean

    def _open_stores(self) -> None:
        options = self.options
        catalog_path = self.path / "catalog.sqlite3"
        self.files = Files(self.path)
        if not options.read_only:
            self.files.create()
            if not catalog_path.exists():
                if any((self.path / "files").iterdir()):
                    raise DamagedProjectError(catalog_path, "it is missing")
                catalog_path.touch(mode=0o600)
        self.catalog = Catalog(catalog_path, read_only=options.read_only)
        if not options.read_only:
            # Imported here: sqlite-utils would be a sixth of the package's import time.
            from ragflow_local.stores.catalog import schema

            schema.migrate(self.catalog.writer(), self.path)
        self.vectors = Vectors(self.path / "vectors")
        self.vector_table = VectorTable(self.catalog, self.vectors)
        self.indexer = Indexer(
            self.catalog, self.vector_table, self.files, self.embedder_of, self.tokenizer_of
        )
        self.jobs = Jobs(
            self.indexer, self.files.path_of, workers=options.workers, limits=options.limits
        )

    def _take_up(self, was_clean: bool) -> None:
        """Mend what a crash left behind, and go on with the parses it interrupted."""
        if not was_clean:
            self._heal()
        with self.catalog.read() as reading:
            interrupted = documents.running(reading)
        if self.options.resume:
            self.jobs.submit(interrupted)
        else:
            for row in interrupted:
                reason = "The engine ended in the middle of this parse. async_parse() starts anew."
                self.indexer.fail(row.id, reason)

    def _heal(self) -> None:
        with self.catalog.read() as reading:
            ids = datasets.all_ids(reading)
            needed = documents.files_in_use(reading)
            pictured = chunks.with_images(reading)
        for name in [name for name in self.files.kept() if name not in needed]:
            self.files.remove(name)
        for chunk_id in [id for id in self.files.kept_images() if id not in pictured]:
            self.files.remove_image(chunk_id)
        for id in ids:
            if not self.vector_table.check(id):
                _log.warning("The vector table of dataset %s was written anew", id)

    @property
    def is_closed(self) -> bool:
        """Whether the last user closed it."""
        return Project._open.get((self.path, self.options.read_only)) is not self

    def release(self, *, wait: bool = False) -> None:
        """Say that one user is done; the last one closes the project.

        Args:
            wait: Whether to wait for the documents that are queued or being parsed.
        """
        with Project._open_lock:
            self._users -= 1
            is_last = self._users <= 0
        if wait:
            self.jobs.wait_for_all()
        if is_last:
            self.close()

    def close(self) -> None:
        """End the workers, close the stores, give the directory free; once is enough."""
        with Project._open_lock:
            if self.is_closed:
                return
            del Project._open[self.path, self.options.read_only]
        atexit.unregister(self.close)
        self.jobs.close()
        with self._models_lock:
            for generator in self._generators.values():
                generator.close()
            self._generators.clear()
        if not self.options.read_only:
            self.vectors.maintain()
        self.vectors.close()
        self.catalog.close()
        self._release(is_clean=True)

    def _release(self, *, is_clean: bool = False) -> None:
        if self._lock is not None:
            if is_clean:
                (self.path / "open.json").unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def embedder(self, name: str) -> Embedder:
        """Return the embedding model of that name, loaded once.

        Raises:
            MissingModelError: It is neither a folder nor found by name.
        """
        with self._models_lock:
            if name not in self._embedders:
                self._embedders[name] = open_embedder(
                    name,
                    self.options.models_dir,
                    cache_dir=self.options.cache_dir,
                    backend=self.options.embedding_backend,
                )
            return self._embedders[name]

    def search(
        self,
        question: str,
        rows: Sequence[DatasetRow],
        document_ids: Sequence[str] | None,
        wanted: Wanted,
    ) -> list[Hit]:
        """Return the hits for a question in datasets of one embedding model.

        Args:
            question: As it was asked.
            rows: The datasets.
            document_ids: Only in these documents; None for all.
            wanted: Which hits.
        """
        with self.catalog.read() as reading:
            found = None
            if document_ids is not None:
                found = tuple(documents.numbers_of(reading, document_ids).values())
            numbers = {row.id: datasets.number_of(reading, row.id) for row in rows}
        scopes = [
            Scope(number, row.id, row.embedding_dim, found)
            for row in rows
            if (number := numbers[row.id]) is not None and row.embedding_dim
        ]
        mend = None if self.options.read_only else self.vector_table.rebuild
        sources = Sources(self.catalog, self.vectors, mend)
        return search(question, scopes, sources, lambda: self.embedder_of(rows[0]), wanted)

    # ── models ──

    def check_embedder(self, name: str) -> None:
        """Raise ``MissingModelError`` unless there is an embedding model of that name."""
        describe(name, self.options.models_dir, self.options.cache_dir)

    def tokenizer_of(self, dataset: DatasetRow) -> tuple[Path | None, int]:
        """Return the tokenizer file of a dataset's model and its window, without loading it."""
        found = describe(dataset.embedding_model, self.options.models_dir, self.options.cache_dir)
        return found.tokenizer_file, found.max_tokens

    def embedder_of(self, dataset: DatasetRow) -> Embedder:
        """Return a dataset's model; the dataset remembers which it was, to the last weight.

        Raises:
            ChangedModelError: The model of that name is no longer the one its chunks are from.
        """
        embedder = self.embedder(dataset.embedding_model)
        with self.catalog.read() as reading:
            known = datasets.fingerprint_of(reading, dataset.id)
        if known == embedder.fingerprint:
            return embedder
        if known and dataset.chunk_count:
            raise ChangedModelError(dataset.embedding_model, dataset.name)
        if not self.options.read_only:
            with self.catalog.write() as connection:
                identity = {
                    "embedding_dim": embedder.dim,
                    "embedding_prompts": embedder.prompts,
                    "embedding_fingerprint": embedder.fingerprint,
                }
                datasets.update(connection, dataset.id, identity)
        return embedder

    def generator(self, llm: LLMSettings) -> Generator | None:
        """Return the chat model, loaded once; None means the extractive answerer.

        Raises:
            MissingModelError: There is no such file, or llama-cpp-python is not installed.
        """
        path = resolve_generator(llm.model_name, self.options.models_dir)
        if path is None:
            return None
        with self._models_lock:
            if path not in self._generators:
                # One model at a time: two would need the memory of both.
                for other in self._generators.values():
                    other.close()
                self._generators.clear()
                self._generators[path] = open_generator(path)
            return self._generators[path]


def check_hard_links(folder: Path) -> None:
    """Raise ``OSError`` where the file system has no hard links, which LanceDB commits with."""
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=folder)
    os.close(descriptor)
    linked = Path(f"{name}-link")
    try:
        linked.hardlink_to(name)
    finally:
        linked.unlink(missing_ok=True)
        Path(name).unlink()


def _read_json(path: Path) -> dict[str, object]:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def _write_json(path: Path, values: dict[str, object]) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
