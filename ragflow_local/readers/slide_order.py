"""The order in which what lies on a slide is read: rows from the top, columns from the left."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ragflow_local.records import Region

T = TypeVar("T")

# Share of the smaller of two boxes that may lie within the other before they are no more apart.
_OVERLAP = 0.25
_MOST_PARTS = 400  # shapes; a drawing of more is read as it was made


def in_reading_order(items: Sequence[T], place_of: Callable[[T], Region]) -> list[T]:
    """Return ``items`` as people read them, however they were made.

    What no line from side to side crosses is cut there, then what no line from top to bottom
    crosses; where there is neither, the upper comes first, then the left.
    """
    if len(items) < 2 or len(items) > _MOST_PARTS:
        return list(items)
    for start, end in (("top", "bottom"), ("x0", "x1")):
        parts = _apart(items, place_of, start, end)
        if len(parts) > 1:
            return [item for part in parts for item in in_reading_order(part, place_of)]
    return sorted(items, key=lambda item: (round(place_of(item).top), place_of(item).x0))


def _apart(
    items: Sequence[T], place_of: Callable[[T], Region], start: str, end: str
) -> list[list[T]]:
    """Return ``items`` in groups that lie one behind another along one side of the slide."""

    def low(item: T) -> float:
        return float(getattr(place_of(item), start))

    def high(item: T) -> float:
        return float(getattr(place_of(item), end))

    groups: list[list[T]] = []
    reach = 0.0
    for item in sorted(items, key=low):
        smallest = (
            min(high(item) - low(item), *(high(o) - low(o) for o in groups[-1])) if groups else 0
        )
        if groups and reach - low(item) > _OVERLAP * smallest:
            groups[-1].append(item)
            reach = max(reach, high(item))
        else:
            groups.append([item])
            reach = high(item)
    return groups
