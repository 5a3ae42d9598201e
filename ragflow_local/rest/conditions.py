"""Finds the documents whose metadata meet the released API's conditions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from ragflow_local.rest.refusals import ARGUMENT, Refusal
from ragflow_local.stores.catalog import Connection, pages

_SIGNS = {"=": "is", "==": "is", "≠": "not is", "!=": "not is", "≥": ">=", "≤": "<="}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def _is(noted: str, wanted: object) -> bool:
    both = _number(noted), _number(wanted)
    if None not in both:
        return both[0] == both[1]
    return noted == _folded(wanted)


def _is_in(noted: str, wanted: object) -> bool:
    choices = wanted if isinstance(wanted, list) else str(wanted).split(",")
    return any(
        _is(noted, choice.strip() if isinstance(choice, str) else choice) for choice in choices
    )


_WORDS: dict[str, Callable[[str, object], bool]] = {
    "is": _is,
    "contains": lambda noted, wanted: _folded(wanted) in noted,
    "in": _is_in,
    "start with": lambda noted, wanted: noted.startswith(_folded(wanted)),
    "end with": lambda noted, wanted: noted.endswith(_folded(wanted)),
}


def chosen(connection: Connection, dataset_ids: list[str], given: object) -> set[str] | None:
    """Return the ids of the documents that meet conditions, or None without conditions.

    Raises:
        Refusal: They are not conditions.
    """
    if not given:
        return None
    if not isinstance(given, Mapping):
        raise Refusal(ARGUMENT, "`metadata_condition` should be an object")
    conditions = given.get("conditions") or []
    logic = str(given.get("logic") or "and").lower()
    if not isinstance(conditions, list) or not all(
        isinstance(condition, Mapping) for condition in conditions
    ):
        raise Refusal(ARGUMENT, "`conditions` should be a list of objects")
    if logic not in ("and", "or"):
        raise Refusal(ARGUMENT, "`logic` should be 'and' or 'or'")
    if not conditions:
        return None
    tests = [_test(condition) for condition in conditions]
    together = all if logic == "and" else any
    return {
        id
        for id, fields in pages.free_data(connection, dataset_ids)
        if together(test(fields) for test in tests)
    }


def _test(condition: Mapping[str, Any]) -> Callable[[Mapping[str, object]], bool]:
    """Return the test of one condition on the metadata of a document."""
    name = str(condition.get("name") or condition.get("key") or "")
    word = str(condition.get("comparison_operator") or condition.get("op") or "is").strip().lower()
    word, wanted = _SIGNS.get(word, word), condition.get("value")
    if word in ("empty", "not empty"):
        return lambda fields: bool(_values(fields.get(name))) == (word == "not empty")
    is_negative = word.startswith("not ")
    plain = word.removeprefix("not ")
    if plain in _WORDS:
        test = _WORDS[plain]
        return lambda fields: (
            any(test(_folded(value), wanted) for value in _values(fields.get(name))) != is_negative
        )
    if word in _ORDERS:
        order = _ORDERS[word]
        return lambda fields: any(_in_order(order, v, wanted) for v in _values(fields.get(name)))
    raise Refusal(ARGUMENT, f"`comparison_operator` {word} is not known")


def _values(noted: object) -> list[object]:
    values = noted if isinstance(noted, list) else [noted]
    return [value for value in values if value is not None and value != ""]


def _in_order(order: Callable[[Any, Any], bool], noted: object, wanted: object) -> bool:
    numbers = _number(noted), _number(wanted)
    if None not in numbers:
        return order(*numbers)
    return order(_folded(noted), _folded(wanted))  # dates such as 2023-08-15 are in their order


def _folded(value: object) -> str:
    return str(value).strip().casefold()


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]  # what is none is told by the error
    except (TypeError, ValueError):
        return None
