"""The table of mirrored files: which file a document is a copy of, and that file's state.

A row goes with its document, in one transaction: what is noted as read has been kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from ragflow_local.records import Run
from ragflow_local.stores.catalog import Connection


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells, without reading it, that a file is as it was.

    Attributes:
        size: Bytes.
        mtime_ns: When its bytes were written; 0 where they may still have been changed in the
            same tick of the clock, so that it is read once more.
        ctime_ns: When anything about it was changed; catches bytes under an old ``mtime``.
    """

    size: int
    mtime_ns: int
    ctime_ns: int


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A document that mirrors a file.

    Attributes:
        folder: The folder, absolute.
        path: The file below it, parts split by ``/``.
        stamp: The file as it was read.
    """

    document_id: str
    folder: str
    path: str
    stamp: Stamp
    name: str
    sha256: str
    kind: str
    run: Run


def put(
    connection: Connection, document_id: str, dataset_id: str, where: tuple[str, str], stamp: Stamp
) -> None:
    """Note that a document is a copy of a file, in place of what was noted of the document.

    Args:
        connection: Of the catalog, inside a transaction.
        document_id: The document.
        dataset_id: Its dataset.
        where: Folder and path.
        stamp: The file as it was read.

    Raises:
        sqlite3.IntegrityError: Another document of the dataset is a copy of that file.
    """
    connection.execute("DELETE FROM folder_files WHERE document_id = ?", [document_id])
    connection.execute(
        "INSERT INTO folder_files VALUES (?, ?, ?, ?, ?, ?, ?)",
        [dataset_id, *where, document_id, stamp.size, stamp.mtime_ns, stamp.ctime_ns],
    )


def list_of(connection: Connection, dataset_id: str) -> list[FolderFile]:
    """Return what is noted of a dataset's documents, of all folders."""
    rows = connection.execute(
        "SELECT f.*, d.name, d.sha256, d.kind, d.run FROM folder_files f"
        " JOIN documents d ON d.id = f.document_id WHERE f.dataset_id = ? ORDER BY f.path",
        [dataset_id],
    )
    return [
        FolderFile(
            row["document_id"],
            row["folder"],
            row["path"],
            Stamp(row["size"], row["mtime_ns"], row["ctime_ns"]),
            row["name"],
            row["sha256"],
            row["kind"],
            row["run"],
        )
        for row in rows
    ]
