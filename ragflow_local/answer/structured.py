"""Answers as JSON that fits a schema: what the model is told, and what its values rest on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from ragflow_local.errors import CutOffAnswerError, InvalidValueError
from ragflow_local.records import Hit
from ragflow_local.text.terms import STOP_WORDS, iterate

_TOLD = "\nAnswer with nothing but JSON that fits this JSON schema:\n"
_DEEPEST = 32


def check_schema(schema: object) -> None:
    """Raise ``InvalidValueError`` unless ``schema`` can be a JSON schema without outside parts."""
    if not isinstance(schema, Mapping):
        raise InvalidValueError("schema", schema, "a JSON schema as a dict")
    try:
        json.dumps(schema)
    except (TypeError, ValueError, RecursionError):
        raise InvalidValueError("schema", schema, "a JSON schema of JSON's own values") from None
    for place in _references(schema):
        if not place.startswith("#"):
            raise InvalidValueError(
                "schema", place, "a $ref that begins with #: nothing is fetched"
            )


def _references(value: object, depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        raise InvalidValueError("schema", "…", f"a JSON schema at most {_DEEPEST} levels deep")
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _references(one, depth + 1)


def told(schema: Mapping[str, object]) -> str:
    """Return what is said of the schema at the end of the system message."""
    return _TOLD + json.dumps(schema, ensure_ascii=False)


def values_of(content: str, model: str) -> list[str]:
    """Return the texts and numbers in an answer of JSON, as they stand there.

    Raises:
        CutOffAnswerError: The answer ended before its JSON did.
    """
    try:
        return list(_leaves(json.loads(content)))
    except ValueError:
        raise CutOffAnswerError(model) from None


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def rest_of(values: Sequence[str], hits: Sequence[Hit]) -> tuple[tuple[Hit, ...], tuple[str, ...]]:
    """Return the hits that hold one of the values whole, and the values that none holds.

    A hit holds a value that has all its words. Each value counts for the first hit that does.
    """
    terms = [set(iterate(hit.chunk.content)) for hit in hits]
    cited: set[int] = set()
    missing: list[str] = []
    for value in values:
        wanted = set(iterate(value))
        wanted = {term for term in wanted if term not in STOP_WORDS} or wanted
        found = next((index for index, known in enumerate(terms) if wanted <= known), None)
        if found is None or not wanted:
            missing.append(value)
        else:
            cited.add(found)
    return tuple(hits[index] for index in sorted(cited)), tuple(dict.fromkeys(missing))
