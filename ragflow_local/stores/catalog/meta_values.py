"""The table of ``meta_fields``, one row for each value, so that filters use an index.

A value is kept as what it is compared as: a text with texts, a number with numbers, True and False
with themselves. What SQLite cannot compare as Python does (whole numbers beyond 64 bits, NaN) is
kept by name alone, and asked in Python.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ragflow_local.stores.catalog import Connection

TABLES = (
    """CREATE TABLE meta_values (
      document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
      name TEXT NOT NULL,
      ordinal INTEGER NOT NULL,
      dataset_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      value,
      PRIMARY KEY (document, name, ordinal)
    ) WITHOUT ROWID""",
    "CREATE INDEX meta_values_by_value ON meta_values (dataset_id, name, kind, value)",
)

_AMONG = "dataset_id IN (SELECT value FROM json_each(?)) AND name = ?"
_LARGEST_WHOLE = 2**63
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def note_anew(connection: Connection) -> None:
    """Note the free data of all documents."""
    noted = connection.execute("SELECT id, meta_fields FROM documents WHERE meta_fields <> '{}'")
    for id, fields in noted.fetchall():
        note(connection, str(id), json.loads(fields))


def note(connection: Connection, document_id: str, fields: Mapping[str, object]) -> None:
    """Keep what is noted about a document in place of what was."""
    number, dataset_id = connection.execute(
        "SELECT number, dataset_id FROM documents WHERE id = ?", [document_id]
    ).fetchone()
    connection.execute("DELETE FROM meta_values WHERE document = ?", [number])
    connection.executemany(
        "INSERT INTO meta_values (document, name, ordinal, dataset_id, kind, value)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, name, ordinal, dataset_id, *_kept(value))
            for name, noted in fields.items()
            for ordinal, value in enumerate(_values(noted))
        ],
    )


def _values(noted: object) -> Sequence[object]:
    # An empty list meets nothing, not even None: it is kept as what cannot be compared.
    return (noted or [{}]) if isinstance(noted, list) else [noted]


def _kept(value: object) -> tuple[str, object]:
    """Return the kind and the form that a value is compared in."""
    match value:
        case None:
            return "none", None
        case bool():
            return "truth", int(value)
        case str():
            return "text", value
        case int() if abs(value) < _LARGEST_WHOLE:
            return "number", value
        case float() if not math.isnan(value):
            return "number", value
    return "other", None


def meeting(
    connection: Connection, dataset_ids: Collection[str], name: str, wanted: object, most: int = -1
) -> set[int]:
    """Return the numbers of documents that meet one condition, as far as SQLite can say.

    Args:
        connection: Of the catalog.
        dataset_ids: Whose documents.
        name: Of the field.
        wanted: A value, several in a list, or the ends of a range; see ``retrieve.filters``.
        most: So many at least, where there are more; -1 for all.
    """
    among = [json.dumps(list(dataset_ids)), name]
    numbers: set[int] = set()
    for where, parameters in _asked(wanted):
        rows = connection.execute(
            f"SELECT document FROM meta_values WHERE {_AMONG} AND {where} LIMIT ?",
            [*among, *parameters, most],
        )
        numbers.update(_number(row[0]) for row in rows)
        if 0 <= most <= len(numbers):
            return numbers
    if not isinstance(wanted, Mapping) and None in _choices(wanted):
        rows = connection.execute(
            "SELECT number FROM documents WHERE dataset_id IN (SELECT value FROM json_each(?))"
            " AND NOT EXISTS (SELECT 1 FROM meta_values WHERE document = documents.number"
            " AND name = ?) LIMIT ?",
            [*among, most],
        )
        numbers.update(_number(row[0]) for row in rows)
    return numbers


def uncertain(connection: Connection, dataset_ids: Collection[str], name: str) -> set[int]:
    """Return the numbers of documents with a value that SQLite cannot compare."""
    rows = connection.execute(
        f"SELECT document FROM meta_values WHERE {_AMONG} AND kind = 'other'",
        [json.dumps(list(dataset_ids)), name],
    )
    return {_number(row[0]) for row in rows}


def _number(value: object) -> int:
    if type(value) is not int:  # REAL, say: the column holds whatever was put in
        raise TypeError("the number of a document is none")
    return value


def _asked(wanted: object) -> Iterator[tuple[str, list[Any]]]:
    """Yield conditions in SQL of which a value has to meet one."""
    if isinstance(wanted, Mapping):
        ends = [(sign, _end(wanted[name])) for name, sign in _SIGNS.items() if name in wanted]
        kinds = {kind for _, (kind, _) in ends}
        if len(kinds) == 1 and kinds <= {"text", "number"}:
            where = "".join(f" AND value {sign} ?" for sign, _ in ends)
            yield f"kind = ?{where}", [*kinds, *(value for _, (_, value) in ends)]
        return
    for choice in _choices(wanted):
        kind, value = _kept(choice)
        if kind == "none":
            yield "kind = 'none'", []
        elif kind != "other":
            yield "kind = ? AND value = ?", [kind, value]


def _end(end: object) -> tuple[str, object]:
    """Return an end of a range; one beyond 64 bits is as far as any number."""
    kind, value = _kept(end)
    if kind == "other" and isinstance(end, int):
        return "number", math.inf if end > 0 else -math.inf
    return kind, value


def _choices(wanted: object) -> list[object]:
    return list(wanted) if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
