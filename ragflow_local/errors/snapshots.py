"""Errors of published snapshots, and of the directories they are fetched to."""

from __future__ import annotations

from pathlib import Path

from ragflow_local.errors.base import in_a_line
from ragflow_local.errors.stores import StoreError


class SnapshotError(StoreError):
    """A published snapshot cannot be written, or cannot be read whole.

    Attributes:
        where: The address, without what is secret in it.
    """

    def __init__(self, where: str, problem: str, way_out: str) -> None:
        self.where = where
        self.problem = in_a_line(problem)
        super().__init__(f"{where}: {self.problem}. {way_out}.")


class DamagedSnapshotError(SnapshotError):
    """A part of a published snapshot is missing, torn, or says what cannot be."""

    def __init__(self, where: str, part: str, problem: str) -> None:
        self.part = part
        super().__init__(
            where,
            f"{part} {problem}",
            "What was fetched before is as it was. Fetch again; if it stays so, delete that object"
            " if it is there, and have the publisher publish once more, which writes it anew",
        )


class SnapshotVersionError(SnapshotError):
    """A snapshot was published by a newer version."""

    def __init__(self, where: str, version: int, known: int) -> None:
        self.version = version
        super().__init__(
            where,
            f"what is published there has format {version}, this version reads {known}",
            "What was fetched before is as it was. Update with: pip install -U ragflow-local",
        )


class OtherPublisherError(SnapshotError):
    """Another publisher publishes to the same address."""

    def __init__(self, where: str) -> None:
        super().__init__(
            where,
            "another publisher has published there meanwhile",
            "This snapshot does not count, and does no harm. Let one process publish to an address,"
            " then publish again",
        )


class FetchedProjectError(StoreError):
    """A directory of fetched snapshots is not written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} holds what was fetched of a published project, and the next fetch replaces it:"
            " it is for reading. Open it with read_only=True; for a project of your own, write a"
            f" copy: ragflow-local backup DEST --project {path}."
        )
