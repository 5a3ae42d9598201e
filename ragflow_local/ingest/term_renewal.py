"""Rebuilds postings made by an older analyzer, in the background and without a model.

The new ones are written beside the old, a batch and a transaction at a time, under the dataset's
number turned negative; search goes on with the old. When every chunk is there they change places
in one transaction. Ended at any moment, it goes on at the next opening.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ragflow_local.errors import StoreError
from ragflow_local.ingest.term_bags import add_terms
from ragflow_local.stores.catalog import (
    Catalog,
    Connection,
    chunks,
    datasets,
    postings,
    postings_renewal,
)
from ragflow_local.text.terms import ANALYZER

_log = logging.getLogger("ragflow_local.ingest")

# Chunks whose terms are written at once: a tenth of a second, for which others wait.
_BATCH = 256


class TermRenewal:
    """Rebuilds outdated indexes in a thread of its own.

    Args:
        catalog: Whose.
        done: Told the number of a dataset whose index is new.
    """

    def __init__(self, catalog: Catalog, done: Callable[[int], None]) -> None:
        self._catalog = catalog
        self._done = done
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Make anew what is outdated, in the background."""
        with self._catalog.read() as reading:
            outdated = postings_renewal.outdated(reading, ANALYZER)
        if outdated:
            self._thread = threading.Thread(
                target=self._renew, args=(outdated,), name="ragflow-local renewing", daemon=True
            )
            self._thread.start()

    def wait(self) -> None:
        """Wait until all is new."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """End after the batch it is at."""
        self._ending.set()
        self.wait()

    def _renew(self, outdated: list[int]) -> None:
        for dataset in outdated:
            try:
                while not self._ending.is_set() and not renew_some(self._catalog, dataset):
                    self._ending.wait(0.01)  # for whoever else writes
            except StoreError:
                # The old index is as good as it was; the next opening tries again.
                _log.warning("The terms of a dataset could not be made anew", exc_info=True)
            if self._ending.is_set():
                return
            self._done(dataset)


def renew_some(catalog: Catalog, dataset: int) -> bool:
    """Write some more of a dataset's new postings, or put them in place; return whether it is done.

    Args:
        catalog: Whose.
        dataset: Its number.
    """
    with catalog.read() as reading:
        id = datasets.id_of(reading, dataset)
        lacking = [] if id is None else _differing(reading, dataset, id)[0][:_BATCH]
        rows = list(chunks.by_numbers(reading, lacking).values())
    with catalog.write(is_counted=False) as connection:
        if postings_renewal.analyzer_of(connection, -dataset) not in (None, ANALYZER):
            postings.drop(connection, -dataset)  # of an earlier renewal that was not ended
        if id is None or datasets.id_of(connection, dataset) is None:
            postings.drop(connection, -dataset)
            return True
        add_terms(connection, -dataset, rows)
        lacking, gone = _differing(connection, dataset, id)
        postings.remove(connection, -dataset, gone)
        if lacking:
            return False
        postings_renewal.replace(connection, dataset, -dataset)
        return True


def _differing(connection: Connection, dataset: int, id: str) -> tuple[list[int], list[int]]:
    """Return the numbers of chunks that the new postings lack, and of those that are gone."""
    wanted = chunks.available_numbers(connection, id)
    is_current = postings_renewal.analyzer_of(connection, -dataset) == ANALYZER
    indexed = postings.numbers(connection, -dataset).tolist() if is_current else []
    return sorted({*wanted} - {*indexed}), sorted({*indexed} - {*wanted})
