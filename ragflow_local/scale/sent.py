"""The batches that are at a place: each ends once, by a frame, its death, or the place's."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import InvalidStateError
from functools import partial

from ragflow_local.errors import PlaceLostError
from ragflow_local.ingest.places import Sent


class SentBatches:
    """Batches by their number, from any thread.

    Args:
        place: What the place is called in messages.
        give_up: Called with the number of a batch that nobody waits for any more.

    Attributes:
        lost: Why nothing can be sent any more; None while all goes well.
    """

    def __init__(self, place: str, give_up: Callable[[int], None]) -> None:
        self.lost: str | None = None
        self._place = place
        self._give_up = give_up
        self._batches: dict[int, Sent] = {}
        self._next = 0
        self._lock = threading.Lock()

    def begin(self) -> tuple[int, Sent]:
        """Return the number of the next batch, and what will be its frame.

        Raises:
            PlaceLostError: The place is lost.
        """
        with self._lock:
            if self.lost is not None:
                raise PlaceLostError(self._place, self.lost)
            number = self._next
            self._next += 1
            batch = self._batches[number] = Sent(partial(self._cancelled, number))
        return number, batch

    def _cancelled(self, number: int) -> None:
        self.forget(number)
        self._give_up(number)

    def forget(self, number: int) -> None:
        """Take a batch out, however it ends."""
        with self._lock:
            self._batches.pop(number, None)

    def numbers(self) -> set[int]:
        """Return those that are not back."""
        with self._lock:
            return set(self._batches)

    def end(self, number: int, became: bytes | Exception) -> None:
        """Give what became of a batch, where somebody still waits for it."""
        with self._lock:
            batch = self._batches.pop(number, None)
        if batch is not None:
            _end(batch, became)

    def lose(self, how: str) -> None:
        """End all batches: the place is lost, for the reason that was told first."""
        with self._lock:
            self.lost = self.lost or how
            batches, self._batches = list(self._batches.values()), {}
        for batch in batches:
            _end(batch, PlaceLostError(self._place, self.lost))


def _end(batch: Sent, became: bytes | Exception) -> None:
    with contextlib.suppress(InvalidStateError):  # given up a moment ago
        if isinstance(became, bytes):
            batch.set_result(became)
        else:
            batch.set_exception(became)
