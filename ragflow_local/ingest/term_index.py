"""The term index of a project; its segments are merged in the background.

Terms that no chunk has any more are dropped there too.

A commit writes one small segment and is done. A thread of its own joins crowded ones, a step and
a transaction at a time, so that others write between two steps. Ending it at any moment loses
nothing but work: each step is whole or was never there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence

from ragflow_local.errors import StoreError
from ragflow_local.ingest.term_bags import add_terms
from ragflow_local.ingest.term_renewal import TermRenewal
from ragflow_local.records import ChunkRow
from ragflow_local.stores.catalog import Catalog, Connection, datasets, postings, postings_unneeded
from ragflow_local.text.bags import Bags, Numbers

_log = logging.getLogger("ragflow_local.ingest")

# Between a commit and its merging, and between two steps: commits that come one after the other
# are merged together, and one that waits for the writing connection gets it.
_PAUSE_SECONDS = 0.05


class TermIndex:
    """Writes terms and merges their segments."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._crowded: set[int] = set()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self.renewal = TermRenewal(catalog, self._merge_soon)

    def add(self, connection: Connection, dataset: int, rows: Sequence[ChunkRow]) -> None:
        """Do what ``add_terms`` does, and have the dataset's segments merged after the commit."""
        add_terms(connection, dataset, rows)
        # Where the dataset's terms are being made anew, these chunks' are again.
        postings.remove(connection, -dataset, [row.number for row in rows])
        if any(row.available for row in rows):
            self._merge_soon(dataset)  # It waits for this transaction's end.

    def add_bags(
        self,
        connection: Connection,
        dataset: int,
        numbers: Numbers,
        bags: Bags,
        languages: Mapping[str, int],
    ) -> None:
        """Make available chunks findable by their terms, as ``add`` does."""
        postings.add_bags(connection, dataset, numbers, bags, languages)
        postings.remove(connection, -dataset, numbers.tolist())
        if len(numbers):
            self._merge_soon(dataset)

    def remove(self, connection: Connection, dataset: int, numbers: Sequence[int]) -> None:
        """Make chunks unfindable, and have terms dropped that nobody has, once they may be many."""
        postings.remove(connection, dataset, numbers)
        if postings_unneeded.count(connection, dataset, len(numbers)):
            self._merge_soon(dataset)

    def merge_all(self) -> None:
        """Merge all there is to merge, and drop every term that nobody has."""
        with self._catalog.read() as reading:
            numbers = list(datasets.numbers_of(reading, datasets.all_ids(reading)).values())
        for number in numbers:
            is_more = True
            while is_more:
                with self._catalog.write(is_counted=False) as connection:
                    is_more = postings.merge(connection, number)
            with self._catalog.write(is_counted=False) as connection:
                postings_unneeded.drop(connection, number)

    def close(self) -> None:
        """End the renewing and the merging after the step they are at."""
        self.renewal.close()
        self._ending.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _merge_soon(self, dataset: int) -> None:
        with self._lock:
            self._crowded.add(dataset)
            if not (self._ending.is_set() or (self._thread and self._thread.is_alive())):
                self._thread = threading.Thread(
                    target=self._merge, name="ragflow-local merging", daemon=True
                )
                self._thread.start()

    def _merge(self) -> None:
        """Merge until nothing is crowded; the thread ends then, and the next commit starts one."""
        while not self._ending.wait(_PAUSE_SECONDS):
            with self._lock:
                if not self._crowded:
                    self._thread = None
                    return
                dataset = next(iter(self._crowded))
            try:
                # What is being added is there when this has the writing connection.
                with self._catalog.write(is_counted=False) as connection:
                    is_done = not postings.merge_crowded(connection, dataset)
                    if is_done and postings_unneeded.count(connection, dataset, 0):
                        # Segments with many removed chunks still have lists of their terms.
                        is_done = not postings.merge(connection, dataset)
                        if is_done:
                            postings_unneeded.drop(connection, dataset)
                    with self._lock:
                        if is_done:
                            self._crowded.discard(dataset)
            except StoreError:
                # Nobody waits for it: the next commit or search tells of the disk or the damage.
                _log.warning("The terms of a dataset could not be merged", exc_info=True)
                with self._lock:
                    self._crowded.discard(dataset)
