"""Sources: what an answer reads of a chat's datasets besides the hits of a search."""

from __future__ import annotations

from collections.abc import Sequence

from ragflow_local.answer.sayings import DocumentStates
from ragflow_local.project import Project
from ragflow_local.records import ChunkRow, DatasetRow, Hit
from ragflow_local.retrieve.neighbours import LIST_REACH, around
from ragflow_local.stores.catalog import chunks, documents

_RUNS = ("UNSTART", "RUNNING", "CANCEL", "DONE", "FAIL")


class Sources:
    """The documents of a chat's datasets."""

    def __init__(self, project: Project, rows: Sequence[DatasetRow], count: int) -> None:
        """Know the datasets that are there.

        Args:
            project: The open project.
            rows: The datasets.
            count: How many the chat was given.
        """
        self._catalog = project.catalog
        self._rows = rows
        self._count = count

    def beside(self, hit: Hit) -> list[ChunkRow]:
        """Return the chunks around a hit in its document."""
        with self._catalog.read() as reading:
            return around(reading, hit, LIST_REACH)

    def documents(self) -> dict[str, str]:
        """Return the names of the documents that have chunks, by their ids, the oldest first."""
        ids = [row.id for row in self._rows]
        with self._catalog.read() as reading:
            return documents.names_to_read(reading, ids, documents.MOST_TOLD)

    def reading(self, document_id: str, most: int) -> list[ChunkRow]:
        """Return the first available chunks of a document in reading order, at most so many."""
        with self._catalog.read() as reading:
            return chunks.openings(reading, document_id, most)

    def standing(self) -> DocumentStates:
        """Return what there is to answer from."""
        with self._catalog.read() as reading:
            known = [
                row
                for dataset in self._rows
                for row in documents.list_of(reading, dataset.id, limit=documents.MOST_TOLD)
            ]
        names = {run: tuple(row.name for row in known if row.run == run) for run in _RUNS}
        waiting = names["UNSTART"] + names["RUNNING"] + names["CANCEL"]
        is_deleted = len(self._rows) < self._count
        return DocumentStates(names["DONE"], waiting, names["FAIL"], len(self._rows), is_deleted)
