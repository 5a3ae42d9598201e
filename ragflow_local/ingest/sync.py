"""Mirrors a folder into a dataset: adds, updates, renames and removes documents by content.

The catalog notes beside each document which file it is a copy of, and that file's size and times;
a file whose size and times are as noted is not read. Row and note are written in one transaction,
and a document with other bytes waits to be parsed in the same: whenever a run ends, by whatever,
the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ragflow_local.errors import DiskError, InvalidValueError, NotFoundError, RagflowError
from ragflow_local.ingest.adding import Intake
from ragflow_local.ingest.folder import FolderSnapshot, Patterns, digest_of, is_as_it_was, scan
from ragflow_local.readers import ENDINGS, kind_of
from ragflow_local.records import DocumentRow
from ragflow_local.settings import check_name
from ragflow_local.stores.catalog import Connection, IntegrityError, documents, folder_files, now_ms
from ragflow_local.stores.catalog.folder_files import FolderFile
from ragflow_local.text.plurals import count_of

# Documents are queued in groups: workers begin with the first while the last are being added.
_GROUP = 16


@dataclass(slots=True)
class Changes:
    """The result of a run, or of a dry run; see ``DataSet.sync`` for the attributes."""

    folder: Path
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def is_quiet(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.added or self.changed or self.renamed or self.removed)


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How a folder is mirrored; see ``DataSet.sync``."""

    patterns: Patterns = field(default_factory=Patterns)
    parse: bool = True
    retry: bool = False
    allow_empty: bool = False
    dry_run: bool = False
    follow_links: bool = False
    progress: Callable[[str], None] = lambda path: None


@dataclass(frozen=True, slots=True)
class Home:
    """The dataset, tenant and project that a folder is mirrored into."""

    dataset_id: str
    tenant_id: str


def sync(
    intake: Intake, home: Home, folder: Path, options: SyncOptions
) -> tuple[Changes, list[DocumentRow]]:
    """Mirror a folder into a dataset; return what changed, and the documents being parsed now.

    Args:
        intake: Where files go.
        home: The dataset, and who adds.
        folder: The folder, absolute and without links.
        options: How it is mirrored.

    Raises:
        InvalidValueError: There is no such folder, or it has no file any more.
        DiskError: It cannot be read.
    """
    snapshot = files_in(folder, options.patterns, follow_links=options.follow_links)
    with intake.catalog.read() as reading:
        noted = folder_files.list_of(reading, home.dataset_id)
    mine = {file.path: file for file in noted if file.folder == str(folder)}
    if mine and not snapshot.files and not options.allow_empty:
        raise InvalidValueError(
            "folder",
            str(folder),
            "a folder with files: this one has none, and"
            f" {count_of(len(mine), 'document')} would be removed (allow_empty=True removes them)",
        )
    run = _Run(intake, home, snapshot, options)
    run.pair_up(mine)
    run.adopt(noted)
    if not options.dry_run:
        run.apply()
    return run.done, run.parsing


def files_in(folder: Path, patterns: Patterns, *, follow_links: bool = False) -> FolderSnapshot:
    """Return the files of a folder that are meant; of all known kinds where no pattern says which.

    Raises:
        InvalidValueError: There is no such folder.
        DiskError: It cannot be read.
    """
    endings = [ending for group in ENDINGS.values() for ending in group]
    try:
        return scan(folder, patterns, endings, follow_links=follow_links)
    except (FileNotFoundError, NotADirectoryError):
        raise InvalidValueError("folder", str(folder), "a folder that is there") from None
    except OSError as error:
        raise DiskError(folder, error.errno, error.strerror or str(error)) from None


class _Run:
    """One comparison of a folder with a dataset, and what follows from it."""

    def __init__(
        self, intake: Intake, home: Home, snapshot: FolderSnapshot, options: SyncOptions
    ) -> None:
        self.done = Changes(
            snapshot.folder, skipped={_shown(path): why for path, why in snapshot.unread.items()}
        )
        self.parsing: list[DocumentRow] = []
        self._intake = intake
        self._home = home
        self._snapshot = snapshot
        self._options = options
        self._changed: dict[str, FolderFile] = {}
        self._gone: dict[str, FolderFile] = {}
        self._renamed: dict[str, FolderFile] = {}
        self._kept: list[tuple[str, str]] = []  # documents and runs of files that are as they were
        self._touched: list[tuple[str, str]] = []  # the same bytes, another stamp
        self._queue: list[str] = []

    # ── what is to be done ──

    def pair_up(self, mine: dict[str, FolderFile]) -> None:
        """Compare the files with what was noted of this folder."""
        for path, stamp in self._snapshot.files.items():
            known = mine.get(path)
            if known is None:
                self.done.added.append(path)
            elif is_as_it_was(stamp, known.stamp):
                self._keep(known)
            else:
                self._compare(path, known)
        self._gone = {
            path: known
            for path, known in mine.items()
            if path not in self._snapshot.files and not self._snapshot.hides(path)
        }
        self._find_renamed()
        self.done.removed = list(self._gone)

    def _keep(self, known: FolderFile) -> None:
        self.done.unchanged += 1
        self._kept.append((known.document_id, known.run))
        if known.run == "FAIL" and not self._options.retry:
            self.done.failed.append(known.path)

    def _compare(self, path: str, known: FolderFile) -> None:
        digest = self._digest(path)
        if digest is None:
            return
        if digest == known.sha256:
            self._keep(known)
            self._touched.append((known.document_id, path))
        else:
            self.done.changed.append(path)
            self._changed[path] = known

    def _digest(self, path: str) -> str | None:
        """Return the hash of a file; None, and a note, where it cannot be read."""
        try:
            return digest_of(self._snapshot.folder / path)
        except OSError as error:
            self.done.skipped[_shown(path)] = error.strerror or str(error)
            return None

    def _find_renamed(self) -> None:
        """Take a new file with the bytes of one that is gone for the same, under another name."""
        by_size: dict[int, list[FolderFile]] = {}
        for gone in self._gone.values():
            by_size.setdefault(gone.stamp.size, []).append(gone)
        for path in list(self.done.added):
            alike = by_size.get(self._snapshot.files[path].size)
            if not alike:
                continue
            digest = self._digest(path)
            if digest is None:
                self.done.added.remove(path)
                continue
            same = next(
                (candidate for candidate in alike if _is_same(candidate, path, digest)), None
            )
            if same is not None:
                alike.remove(same)
                self.done.added.remove(path)
                self.done.renamed[path] = same.path
                self._renamed[path] = same
                del self._gone[same.path]

    def adopt(self, noted: Sequence[FolderFile]) -> None:
        """Take documents of the same name and bytes, added by hand, for copies of new files.

        Those of a folder that is not there any more, because it was moved, likewise.
        """
        others = {file.document_id for file in noted if Path(file.folder).is_dir()}
        with self._intake.catalog.read() as reading:
            rows = {row.name: row for row in documents.list_of(reading, self._home.dataset_id)}
        for path in list(self.done.added):
            row = rows.get(path)
            if row is None or row.id in others or row.size != self._snapshot.files[path].size:
                continue
            if self._digest(path) == row.sha256:
                self.done.added.remove(path)
                self.done.unchanged += 1
                self._kept.append((row.id, row.run))
                self._touched.append((row.id, path))

    # ── doing it ──

    def apply(self) -> None:
        """Bring the dataset to what the folder is: what is gone goes first."""
        for gone in self._gone.values():
            self._remove(gone)
        with self._intake.catalog.write() as connection:
            for id, path in self._touched:
                self._note(connection, id, path)
        for path, gone in self._renamed.items():
            self._rename(path, gone)
        for path in list(self.done.changed):
            self._take(path, self.done.changed, self._changed[path].document_id)
        for path in list(self.done.added):
            self._take(path, self.done.added, None)
        # One that an earlier run left RUNNING goes on by itself, and is only reported.
        waiting = {"UNSTART", "CANCEL", "RUNNING"} | ({"FAIL"} if self._options.retry else set())
        self._start([id for id, run in self._kept if run in waiting], at_once=True)

    def _remove(self, known: FolderFile) -> None:
        self._options.progress(known.path)
        try:
            self._intake.remove_document(known.document_id)
        except NotFoundError:  # by someone else, in the meantime
            return

    def _rename(self, path: str, known: FolderFile) -> None:
        with self._intake.catalog.write() as connection:
            name = documents.unique_name(connection, self._home.dataset_id, path)
            values = {"name": name, "update_time": now_ms()}
            self._intake.indexer.rename_document(known.document_id, values)
            self._note(connection, known.document_id, path)
        self._kept.append((known.document_id, known.run))

    def _take(self, path: str, done: list[str], id: str | None) -> None:
        """Read a file and keep its bytes; where that cannot be, note why."""
        self._options.progress(path)
        try:
            self._start([self._keep_bytes(path, id)])
        except DiskError:
            raise
        except (RagflowError, OSError, IntegrityError) as error:
            self.done.skipped[_shown(path)] = _reason(error)
            done.remove(path)

    def _keep_bytes(self, path: str, id: str | None) -> str:
        """Keep a file's bytes as those of a document, or of a new one; return its id."""
        data = (self._snapshot.folder / path).read_bytes()

        def note(connection: Connection, id: str) -> None:
            self._note(connection, id, path)

        if id is None:
            return self._intake.add(
                self._home.dataset_id, path, data, self._home.tenant_id, note
            ).id
        self._intake.replace(id, data, note)
        return id

    def _note(self, connection: Connection, id: str, path: str) -> None:
        # As the file was before it was read: one that is written to meanwhile is read again.
        where = (str(self._snapshot.folder), path)
        folder_files.put(connection, id, self._home.dataset_id, where, self._snapshot.noted(path))

    def _start(self, ids: Iterable[str], *, at_once: bool = False) -> None:
        """Have documents parsed, a group at a time."""
        if not self._options.parse:
            return
        self._queue += ids
        if not self._queue or not (at_once or len(self._queue) >= _GROUP):
            return
        ids, self._queue = self._queue, []
        with self._intake.catalog.read() as reading:
            rows = [row for id in ids if (row := documents.get(reading, id)) is not None]
        self.parsing += rows
        self._intake.start_parsing([row.id for row in rows])


def _is_same(known: FolderFile, path: str, digest: str) -> bool:
    """Return whether a new file is one that is gone, and is read in the same way as that was."""
    if known.sha256 != digest:
        return False
    try:
        check_name(path)
        return kind_of(path) == kind_of(known.path)
    except RagflowError:
        return False


def _shown(path: str) -> str:
    """Return a path as it can be printed: bytes that are no text, and line ends, as escapes."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in path
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, IntegrityError):
        return "another process or thread adds the same file"
    return str(error)
