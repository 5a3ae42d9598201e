"""Checks arguments of API calls: names, lists of ids, and alternative spellings."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from ragflow_local.errors import InvalidValueError
from ragflow_local.settings import PARSE_METHODS

T = TypeVar("T")

_DATASET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DATASET_NAME_LENGTH = 65_535  # the reference's

METHOD_SPELLINGS = {"parser_method": "parse_method", "chunk_method": "parse_method"}


def dataset_name(name: object) -> str:
    """Return ``name`` where it may name a dataset."""
    if (
        not isinstance(name, str)
        or len(name) > _DATASET_NAME_LENGTH
        or not _DATASET_NAME.match(name)
    ):
        raise InvalidValueError(
            "name",
            name,
            "English letters, digits and '_', the first not a digit, at most 65,535 of them",
        )
    return name


def blob(data: object) -> bytes:
    """Return the content of a file as bytes."""
    if not isinstance(data, bytes | bytearray | memoryview):
        raise InvalidValueError("blob", type(data).__name__, "the file's content as bytes")
    return bytes(data)


def named_files(files: object) -> list[tuple[str, bytes]]:
    """Return files as pairs of a name, not checked yet, and content."""
    if isinstance(files, str | bytes | Mapping) or not isinstance(files, Iterable):
        raise InvalidValueError("files", files, "pairs of a name and the file's content as bytes")
    found = []
    for one in files:
        if not isinstance(one, tuple | list) or len(one) != 2:
            told = "pairs of a name and the file's content as bytes"
            raise InvalidValueError("files", type(one).__name__, told)
        found.append((one[0], blob(one[1])))
    return found


def parse_method(name: object) -> str:
    """Return ``name`` where it is one of the twelve."""
    if not isinstance(name, str) or name not in PARSE_METHODS:
        raise InvalidValueError("parse_method", name, f"one of {', '.join(PARSE_METHODS)}")
    return name


def permission(value: object) -> Literal["me", "team"]:
    """Return ``value`` where it is a permission."""
    if value == "me":
        return "me"
    if value == "team":
        return "team"
    raise InvalidValueError("permission", value, "'me' or 'team'")


def named(ids: Sequence[str] | None, what: str = "ids") -> list[str]:
    """Return the entries of a list that must name at least one thing.

    Raises:
        InvalidValueError: It is None, empty, or no list of texts.
    """
    if isinstance(ids, str):
        ids = [ids]
    if not ids or not all(isinstance(entry, str) for entry in ids):
        raise InvalidValueError(what, ids, "a list of at least one id; nothing was changed")
    return list(dict.fromkeys(ids))


def one_of(first: T | None, second: T | None, names: str) -> T | None:
    """Return whichever of two spellings of an argument was given.

    Raises:
        InvalidValueError: Both were.
    """
    if first is not None and second is not None:
        raise InvalidValueError(names, "both", "one of the two, they mean the same")
    return second if first is None else first


def changes(
    message: object,
    changeable: Iterable[str],
    spellings: Mapping[str, str],
    fixed: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what an update message changes, in first spellings.

    Args:
        message: What the user gave.
        changeable: Keys that may change.
        spellings: Second spellings of keys.
        fixed: Attributes that may be named only with the value they have.

    Raises:
        InvalidValueError: It is no dict, or a key is unknown or cannot be changed.
    """
    if not isinstance(message, Mapping):
        raise InvalidValueError("update_message", message, "a dict of what to change")
    allowed = set(changeable)
    changed: dict[str, Any] = {}
    for key, value in message.items():
        name = spellings.get(key, key)
        if name in allowed:
            changed[name] = value
        elif name not in fixed:
            raise InvalidValueError("key", key, f"one of {', '.join(sorted(allowed))}")
        elif value != fixed[name]:
            raise InvalidValueError(key, value, f"no other value: {key} cannot be changed")
    return changed


def paging(page: int, page_size: int, orderby: str, desc: bool) -> dict[str, Any]:
    """Return the arguments of a list call as the catalog takes them."""
    return {"page": page, "page_size": page_size, "orderby": orderby, "desc": desc}


def zero(**counts: object) -> None:
    """Raise ``InvalidValueError`` where a new dataset would not be empty."""
    for name, count in counts.items():
        if count != 0 or isinstance(count, bool):
            raise InvalidValueError(name, count, "0: a new dataset is empty")


def path(given: object) -> Path:
    """Return the path of a file that a user names."""
    if not isinstance(given, str | os.PathLike) or "\0" in os.fsdecode(given):
        raise InvalidValueError("path", given, "the path of a file")
    return Path(os.fsdecode(given)).expanduser()


def meta_fields(values: object) -> dict[str, Any]:
    """Return free data about a document where JSON holds it and every name is a text."""
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise InvalidValueError("meta_fields", values, "a dict of names to values")
    for name, value in values.items():
        items = value if isinstance(value, list) else [value]
        if not all(item is None or isinstance(item, str | int | float | bool) for item in items):
            raise InvalidValueError(
                f"meta_fields[{name!r}]", value, "a text, a number, True, False, or a list of them"
            )
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except ValueError as error:  # lone surrogates, whole numbers of thousands of digits
        raise InvalidValueError("meta_fields", "…", f"what JSON can hold ({error})") from None
    return dict(values)
