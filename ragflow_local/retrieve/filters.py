"""Filters documents by conditions on their ``meta_fields``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ragflow_local.errors import InvalidValueError
from ragflow_local.records import DatasetRow
from ragflow_local.stores.catalog import Connection, documents, meta_values

_RANGES: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def check_conditions(conditions: object) -> None:
    """Raise ``InvalidValueError`` unless ``meets`` understands these conditions."""
    if not isinstance(conditions, Mapping):
        raise InvalidValueError("meta_fields", conditions, "a dict of names to conditions")
    for name, condition in conditions.items():
        if not isinstance(name, str) or not _is_condition(condition):
            raise InvalidValueError(
                f"meta_fields[{name!r}]",
                condition,
                "a text, a number, True, False, None, a list of them, or a range such as"
                ' {"gte": 2020, "lt": 2024}',
            )


def _is_condition(condition: object) -> bool:
    if isinstance(condition, Mapping):
        ends = condition.values()
        return bool(condition) and set(condition) <= set(_RANGES) and all(map(_is_ordered, ends))
    items = condition if isinstance(condition, list | tuple | set | frozenset) else [condition]
    return all(item is None or isinstance(item, str | int | float) for item in items)


def meets(fields: Mapping[str, object], conditions: Mapping[str, object]) -> bool:
    """Return whether what is noted about a document meets every condition.

    A value is equal, or one of a list, or within a range. Of a document that notes a list, one
    entry has to be. Numbers are compared with numbers and texts with texts; so dates such as
    2023-08-15 are in their order. None is what a document without that field has.
    """
    return all(_meets_one(fields.get(name), wanted) for name, wanted in conditions.items())


def _meets_one(noted: object, wanted: object) -> bool:
    values = noted if isinstance(noted, list) else [noted]
    if isinstance(wanted, Mapping):
        return any(_is_within(value, wanted) for value in values)
    choices = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
    return any(_is_equal(value, choice) for value in values for choice in choices)


def _is_within(value: object, ends: Mapping[str, object]) -> bool:
    return all(
        _is_ordered(value)
        and isinstance(value, str) == isinstance(end, str)
        and _RANGES[name](value, end)
        for name, end in ends.items()
    )


def _is_equal(value: object, choice: object) -> bool:
    # In Python, True is 1.
    return isinstance(value, bool) == isinstance(choice, bool) and value == choice


def _is_ordered(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


# Documents of which what is noted is read, to look whether the other conditions are met.
_MOST_READ = 2000


def chosen(
    connection: Connection, dataset_ids: Sequence[str], conditions: Mapping[str, object]
) -> set[int]:
    """Return the numbers of the documents of some datasets that meet the conditions.

    The condition that the fewest meet is looked up; what is noted about these is then read. Where
    many meet each, all are looked up.
    """
    count = {
        name: len(meta_values.meeting(connection, dataset_ids, name, wanted, _MOST_READ + 1))
        for name, wanted in conditions.items()
    }
    ids: set[int] | None = None
    for name in sorted(conditions, key=lambda name: count[name]):
        if ids is not None and len(ids) <= _MOST_READ:
            noted = documents.meta_fields_of(connection, ids)
            return {number for number, fields in noted if meets(fields, conditions)}
        met = _meeting(connection, dataset_ids, name, conditions[name])
        ids = met if ids is None else ids & met
    return ids or set()


def _meeting(
    connection: Connection, dataset_ids: Sequence[str], name: str, wanted: object
) -> set[int]:
    ids = meta_values.meeting(connection, dataset_ids, name, wanted)
    uncertain = documents.meta_fields_of(
        connection, meta_values.uncertain(connection, dataset_ids, name)
    )
    return ids | {number for number, fields in uncertain if _meets_one(fields.get(name), wanted)}


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents of its datasets a search is about.

    Attributes:
        ids: Of documents; None for all.
        meta_fields: Conditions on what is noted about them; see ``meets``.
    """

    ids: tuple[str, ...] | None = None
    meta_fields: Mapping[str, object] = field(default_factory=dict)


def documents_within(
    connection: Connection, rows: Sequence[DatasetRow], within: DocumentFilter
) -> tuple[int, ...] | None:
    """Return the numbers of the documents to search in; None for all."""
    ids = None
    if within.ids is not None:
        ids = set(documents.numbers_of(connection, within.ids).values())
    if within.meta_fields:
        meeting = chosen(connection, [row.id for row in rows], within.meta_fields)
        ids = meeting if ids is None else ids & meeting
    return None if ids is None else tuple(sorted(ids))
