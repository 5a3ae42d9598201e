"""Reads what segments have of a question's terms."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from ragflow_local.stores.catalog import checksums
from ragflow_local.stores.catalog.postings_columns import Columns, Packed
from ragflow_local.stores.catalog.postings_kept import ListsKept
from ragflow_local.stores.catalog.postings_list import Piece
from ragflow_local.stores.catalog.postings_runs import Run
from ragflow_local.stores.catalog.postings_segments import SEGMENT_BITS, TERM_BITS

Forms = tuple[str, ...]


def pieces_of(
    connection: sqlite3.Connection, runs: Sequence[Run], terms: Sequence[Forms], held: ListsKept
) -> list[list[Piece]]:
    """Return what the runs have of each term, removed chunks left out.

    Args:
        connection: Inside the snapshot that the runs are of.
        runs: In the order of their places.
        terms: Each with its forms.
        held: What was read before.
    """
    pieces: list[list[Piece]] = [[] for _ in terms]
    for run in runs:
        known = {forms: held.get(run, forms) for forms in terms}
        missing = [forms for forms, columns in known.items() if columns is None]
        if missing:
            for forms, read in zip(missing, _read(connection, run, missing), strict=True):
                known[forms] = read
                held.keep(run, forms, read)
        for forms, some in zip(terms, pieces, strict=True):
            columns = known[forms]
            if columns is not None and run.alive is not None:
                columns = columns.without(run.alive)
            if columns is not None and columns.size:
                some.append(Piece(run.offset, run.offset + run.size, columns))
    return pieces


def _read(connection: sqlite3.Connection, run: Run, terms: Sequence[Forms]) -> list[Columns]:
    """Return a run's list of each term, the lists of its forms united."""
    forms = dict.fromkeys(form for some in terms for form in some)
    numbers = _term_numbers(connection, run.spaces(), forms)
    bases = [
        (segment.key >> SEGMENT_BITS, segment.key << TERM_BITS, first, segment.format)
        for segment, first in zip(run.segments, run.firsts, strict=True)
    ]
    wanted = {
        form: [
            (base + known[space], first, format_)
            for space, base, first, format_ in bases
            if space in known
        ]
        for form, known in numbers.items()
    }
    read = _read_lists(connection, (key for some in wanted.values() for key, _, _ in some))
    lists = {
        form: Columns.joined(
            [Packed(first, format_, read[key]) for key, first, format_ in some if key in read],
            run.size,
        )
        for form, some in wanted.items()
    }
    return [Columns.united([lists[form] for form in some]) for some in terms]


def _term_numbers(
    connection: sqlite3.Connection, spaces: Iterable[int], forms: Iterable[str]
) -> dict[str, dict[int, int]]:
    """Return the number of each form in each space that has it."""
    asked = list(forms)
    numbers: dict[str, dict[int, int]] = {form: {} for form in asked}
    rows = connection.execute(
        "SELECT forms.key, spaces.value, number FROM json_each(?) AS forms"
        " CROSS JOIN json_each(?) AS spaces CROSS JOIN postings_terms"
        " ON space = spaces.value AND term = forms.value",
        (json.dumps(asked), json.dumps(sorted(spaces))),
    )
    for at, space, number in rows:
        numbers[asked[at]][space] = number
    return numbers


def _read_lists(connection: sqlite3.Connection, keys: Iterable[int]) -> dict[int, memoryview]:
    """Return the packed lists that there are, by their keys."""
    rows = connection.execute(
        "SELECT postings_lists.key, data FROM json_each(?)"
        " CROSS JOIN postings_lists ON postings_lists.key = json_each.value",
        (json.dumps(sorted(keys)),),
    )
    return {key: checksums.opened(data, key, "postings_lists") for key, data in rows}
