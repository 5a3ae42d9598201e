"""Structured answers: the instruction for a JSON schema, and the hits behind each value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ragflow_local.answer.support import Support
from ragflow_local.errors import CutOffAnswerError, InvalidValueError

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
        for reference in value:
            yield from _references(reference, depth + 1)


def schema_instruction(schema: Mapping[str, object]) -> str:
    """Return the instruction for a schema at the end of the system message."""
    return _TOLD + json.dumps(schema, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """A JSON answer and the hits that support its values.

    Attributes:
        content: The JSON; where that is wanted, with null for what nothing supports.
        cited: Indices of the hits that hold a value.
        unsupported: Values that no hit holds.
    """

    content: str
    cited: tuple[int, ...]
    unsupported: tuple[str, ...]


def checked_values(
    content: str, model: str, support: Support, schema: Mapping[str, object], *, is_strict: bool
) -> Checked:
    """Return an answer of JSON, checked value by value.

    A value is supported by a sentence or row that holds it whole. What the schema names as the
    only values (``enum``, ``const``) and what is true or false is a choice, and not checked.

    Args:
        content: What the model wrote.
        model: Its name.
        support: Says which hit holds a value.
        schema: What the JSON fits.
        is_strict: Whether a value without support becomes null, where the schema allows it.

    Raises:
        CutOffAnswerError: The answer ended before its JSON did.
    """
    try:
        value = json.loads(content)
    except ValueError:
        raise CutOffAnswerError(model) from None
    cited: dict[int, None] = {}
    missing: dict[str, None] = {}

    def check(value: object, part: object) -> object:
        if isinstance(value, dict):
            return {key: check(inner, _part_of(part, key, schema)) for key, inner in value.items()}
        if isinstance(value, list):
            return [check(inner, _part_of(part, None, schema)) for inner in value]
        text = _text_of(value)
        if not text or _is_choice(part):
            return value
        hits = support.holding(text)
        if hits:
            cited.update(dict.fromkeys(hits[:1]))
            return value
        if is_strict and _allows_null(part):
            return None
        missing[text] = None
        return value

    made = check(value, schema)
    written = content if made == value else json.dumps(made, ensure_ascii=False)
    return Checked(written, tuple(sorted(cited)), tuple(missing))


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else ""


def _part_of(part: object, key: str | None, schema: Mapping[str, object]) -> object:
    """Return the schema of a property or of an item; None where it does not say."""
    part = _resolved(part, schema)
    if not isinstance(part, Mapping):
        return None
    if key is None:
        return _resolved(part.get("items"), schema)
    properties = part.get("properties")
    inner = properties.get(key) if isinstance(properties, Mapping) else None
    return _resolved(inner, schema)


def _resolved(part: object, schema: Mapping[str, object]) -> object:
    for _ in range(_DEEPEST):
        if not isinstance(part, Mapping) or not isinstance(part.get("$ref"), str):
            return part
        at: object = schema
        for name in part["$ref"].lstrip("#/").split("/"):
            at = at.get(name) if isinstance(at, Mapping) else None
        part = at
    return None


def _is_choice(part: object) -> bool:
    return isinstance(part, Mapping) and ("enum" in part or "const" in part)


def _allows_null(part: object) -> bool:
    if not isinstance(part, Mapping):
        return False
    kinds = part.get("type")
    if kinds == "null" or (isinstance(kinds, list) and "null" in kinds):
        return True
    either = [*(part.get("anyOf") or ()), *(part.get("oneOf") or ())]
    return any(_allows_null(alternative) for alternative in either)
