"""Keeps what a test opens for as long as the test or the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, cast


class Closable(Protocol):
    """What a span closes at its end."""

    def close(self) -> None:
        """Close it."""
        ...


Kept = TypeVar("Kept", bound=Closable)


class Span:
    """One test, or the whole session: what is opened in it is closed with it."""

    def __init__(self) -> None:
        self._kept: dict[object, Closable] = {}

    def keep(self, make: Callable[[], Kept]) -> Kept:
        """Return what ``make`` makes, made once in a span."""
        if make not in self._kept:
            self._kept[make] = make()
        return cast(Kept, self._kept[make])

    def close(self) -> None:
        """Close what is kept."""
        while self._kept:
            self._kept.popitem()[1].close()


class Spans:
    """The session's span, and the one that is open now."""

    def __init__(self) -> None:
        self.session = Span()
        self.now = self.session
        self.is_wide = False  # while a fixture is set up that outlives its first test


spans = Spans()
