"""The vocabulary of a dataset, its languages, and the analyzer that made it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

_counts = msgspec.json.Decoder(dict[str, int]).decode

COLUMNS = (
    "ALTER TABLE postings_datasets ADD COLUMN analyzer INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE postings_datasets ADD COLUMN languages TEXT NOT NULL DEFAULT '{}'",
)


def create(connection: sqlite3.Connection) -> None:
    """Make the columns of this module, in the tables of ``postings``."""
    for column in COLUMNS:
        connection.execute(column)


def languages_of(connection: sqlite3.Connection, datasets: Sequence[int]) -> Counter[str]:
    """Return how many chunks were added to datasets in which language, removed ones too."""
    counts: Counter[str] = Counter()
    for (kept,) in connection.execute(
        "SELECT languages FROM json_each(?)"
        " CROSS JOIN postings_datasets ON dataset = json_each.value",
        (json.dumps(list(datasets)),),
    ):
        counts.update(_counts(kept))
    return counts


def count_languages(
    connection: sqlite3.Connection, space: int, languages: Mapping[str, int]
) -> None:
    """Add to how many chunks are in which language.

    Args:
        connection: Inside a transaction.
        space: Under which a dataset's lists are kept.
        languages: What to add.
    """
    (kept,) = connection.execute(
        "SELECT languages FROM postings_datasets WHERE space = ?", (space,)
    ).fetchone()
    counts = Counter(_counts(kept))
    counts.update(languages)
    connection.execute(
        "UPDATE postings_datasets SET languages = ? WHERE space = ?", (json.dumps(counts), space)
    )


def sizes_of_vocabularies(
    connection: sqlite3.Connection, datasets: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Return the space of each dataset's terms and their number: others, other vocabularies."""
    rows = connection.execute(
        "SELECT space, terms FROM json_each(?)"
        " CROSS JOIN postings_datasets ON dataset = json_each.value",
        (json.dumps(list(datasets)),),
    )
    return tuple((int(space), int(terms)) for space, terms in rows)


def vocabulary(connection: sqlite3.Connection, spaces: Sequence[int]) -> list[str]:
    """Return every term that is in one of the spaces, or was there, each once, in order."""
    rows = connection.execute(
        "SELECT DISTINCT term FROM json_each(?) CROSS JOIN postings_terms"
        " ON space = json_each.value ORDER BY term",
        (json.dumps(list(spaces)),),
    )
    return [str(term) for (term,) in rows]
