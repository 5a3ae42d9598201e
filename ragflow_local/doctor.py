"""Examines a project directory for damage, and repairs what can be repaired.

It reads a project that is closed, that another process has open, or that lies on a disk which
must not be written. Only ``repair`` changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ragflow_local.errors import (
    DamagedProjectError,
    InvalidValueError,
    ProjectVersionError,
    StoreError,
)
from ragflow_local.ingest.heal import heal, index_anew, lost_sentence, orphans, wrong_postings
from ragflow_local.ingest.vector_table import VectorTable
from ragflow_local.processes import sandbox
from ragflow_local.stores.catalog import (
    Catalog,
    Connection,
    checksums,
    chunks,
    datasets,
    documents,
    embeddings,
    state,
)
from ragflow_local.stores.directory import Directory
from ragflow_local.stores.files import Files
from ragflow_local.stores.snapshots.fetched import current
from ragflow_local.stores.vectors import Vectors
from ragflow_local.text.plurals import count_of

# Chunks whose texts are cut into terms again: all of a small project, a sample of a large one.
_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        part: ``catalog``, ``version``, ``counts``, ``words``, ``vectors``, ``files``, ``pictures``
            or ``orphans``.
        what: A sentence.
        is_mendable: Whether ``repair`` puts it right without a loss.
    """

    part: str
    what: str
    is_mendable: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """The result of an examination.

    Attributes:
        project_dir: The directory.
        is_open: Whether a process has it open for writing, or ended without closing it.
        counts: Datasets, documents, chunks, files and pictures that were looked at.
        problems: What is wrong; empty when all is well.
        notes: What this computer cannot do, and a project would be the safer for.
    """

    project_dir: str
    is_open: bool
    counts: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = field(default_factory=lambda: tuple(_notes()))

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, fit for JSON."""
        return {"is_healthy": self.is_healthy, **asdict(self)}


def _notes() -> Iterator[str]:
    for wall in sandbox.lacking():
        yield f"Files are read by processes without {wall}: this system has none, or forbids it."


def examine(project_dir: Path, *, compared: int = _COMPARED) -> Report:
    """Return what is wrong with a project; nothing is changed.

    Args:
        project_dir: The directory.
        compared: Chunks of a dataset, spread over it, whose texts are compared with their terms.

    Raises:
        InvalidValueError: There is no project.
    """
    directory = Directory(current(project_dir.expanduser().resolve()))
    if not directory.catalog.exists() and not (directory.path / "project.json").exists():
        raise InvalidValueError("project_dir", str(project_dir), "a directory with a project")
    is_open = not directory.was_closed()
    counts: dict[str, int] = {}
    try:
        directory.check_readable()
        catalog = Catalog(directory.catalog, read_only=True)
    except StoreError as error:
        return Report(str(directory.path), is_open, {}, (Problem("catalog", str(error), False),))
    examination = _Examination(directory, catalog, compared, counts)
    problems: list[Problem] = []
    try:
        if lost := catalog.lost_commits():
            problems.append(Problem("catalog", lost_sentence(lost), False))
        with catalog.read() as reading:
            problems += examination.problems(reading)
    except StoreError as error:
        problems = [*problems, Problem("catalog", str(error), False)]
    finally:
        catalog.close()
    return Report(str(directory.path), is_open, counts, tuple(problems))


@dataclass(frozen=True, slots=True)
class _Examination:
    """Examines the parts of a project in one snapshot of the catalog."""

    directory: Directory
    catalog: Catalog
    compared: int
    counts: dict[str, int]

    def problems(self, reading: Connection) -> Iterator[Problem]:
        from ragflow_local.stores.catalog import schema

        try:
            schema.check(reading, self.directory.path)
        except ProjectVersionError as error:
            yield Problem("version", str(error))
            return
        torn = state.torn_pages(reading)
        if torn:
            yield from (Problem("catalog", line, False) for line in torn)
            return  # what hangs on it would only say the same in many ways
        rotten = list(checksums.scrub(reading))
        if rotten:
            yield from (Problem("catalog", line, False) for line in rotten)
            return
        if dangling := state.dangling_rows(reading):
            rows = count_of(dangling, "row")
            yield Problem("catalog", f"{rows} of what is not there any more.", False)
        if wrong := state.wrong_counts(reading):
            things = count_of(len(wrong), "document or dataset", "documents or datasets")
            yield Problem("counts", f"Wrong counts of {things}.")
        ids = datasets.all_ids(reading)
        self.counts.update(datasets=len(ids), chunks=0)
        vectors = VectorTable(self.catalog, Vectors(self.directory.vectors))
        for id in ids:
            for what in wrong_postings(reading, id, self.compared):
                yield Problem("words", f"Dataset {id}: {what}")
            yield from self._vectors(reading, vectors, id)
        files = Files(self.directory.path)
        yield from self._files(reading, files)
        for name, kind in orphans(reading, files, vectors):
            yield Problem("orphans", f"The {kind} {name} is not needed.")

    def _vectors(self, reading: Connection, vectors: VectorTable, id: str) -> Iterator[Problem]:
        expected = np.array(chunks.available_numbers(reading, id), np.int64)
        self.counts["chunks"] += len(expected)
        dataset = datasets.get(reading, id)
        if dataset and (torn := embeddings.torn(reading, id, dataset.embedding_dim)):
            what = f"Dataset {id}: {count_of(torn, 'chunk')} without a whole vector."
            yield Problem("catalog", what, False)
        try:
            missing = vectors.missing(id)
        except StoreError as error:
            yield Problem("vectors", str(error))
            return
        if missing:
            yield Problem("vectors", f"Dataset {id}: its table lacks {count_of(missing, 'chunk')}.")

    def _files(self, reading: Connection, files: Files) -> Iterator[Problem]:
        needed, pictured = documents.files_in_use(reading), chunks.with_images(reading)
        self.counts.update(files=len(needed), pictures=len(pictured))
        for sha256 in sorted(needed):
            try:
                files.check(sha256)
            except StoreError as error:
                yield Problem("files", str(error), False)
        for id in sorted(pictured):
            try:
                files.get_image(id)
            except StoreError as error:
                yield Problem("pictures", str(error), False)


def repair(project_dir: Path) -> list[str]:
    """Repair what can be repaired without loss; return one sentence for each repair.

    A catalog whose bytes have changed since it was closed is taken as it is where its structure is
    whole: word index, vectors and counts are made anew from its rows, and it is closed anew.

    Raises:
        ProjectLockedError: A process has the project open.
        DamagedProjectError: The catalog itself is torn.
        FetchedProjectError: It was fetched: fetching it anew is the way.
    """
    directory = Directory(current(project_dir.expanduser().resolve()))
    before = examine(directory.path)
    directory.lock(is_repair=True)
    is_done = False
    try:
        files = Files(directory.path)
        files.create()
        catalog = Catalog(directory.catalog)
        try:
            repairs = _repair(catalog, files, directory, before)
        finally:
            catalog.close()
        is_done = True
    finally:
        directory.release(is_clean=is_done, root=catalog.root if is_done else None)
    return repairs


def _repair(catalog: Catalog, files: Files, directory: Directory, before: Report) -> list[str]:
    from ragflow_local.stores.catalog import schema

    with catalog.telling():
        schema.migrate(catalog.writer(), directory.path)
    repairs: list[str] = []
    with catalog.read() as reading:
        is_torn = bool(state.torn_pages(reading))
    if is_torn:
        catalog.reindex()
        repairs.append("The indexes of the catalog were made anew.")
    elif any(problem.part == "catalog" for problem in before.problems):
        with catalog.write() as connection:
            checksums.accept(connection)
    vectors = Vectors(directory.vectors)
    table = VectorTable(catalog, vectors)
    repairs += heal(catalog, files, table)
    is_changed = any(problem.part == "catalog" for problem in before.problems)
    with catalog.read() as reading:
        ids = datasets.all_ids(reading)
    for id in ids:
        with catalog.write() as connection:
            if wrong_postings(connection, id, _COMPARED):
                index_anew(connection, id)
                repairs.append(f"The word index of dataset {id} was written anew.")
        try:
            is_whole = not table.missing(id)
        except DamagedProjectError:
            is_whole = False
        if not is_whole:
            table.rebuild(id)
            repairs.append(f"The vector table of dataset {id} was written anew.")
    table.move_all()
    table.close()
    vectors.close()
    if is_changed and not is_torn:
        repairs.append("The catalog was taken as it is; look at the texts you rely on.")
    directory.made()
    return repairs
