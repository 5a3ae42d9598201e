"""Postings, checked: whether the lists and counts of a dataset fit one another and its texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ragflow_local.stores.catalog import postings_segments as segments
from ragflow_local.stores.catalog.postings import known_terms, space_of
from ragflow_local.stores.catalog.postings_segments import Content, Numbers
from ragflow_local.text.plurals import count_of


def verify(
    connection: sqlite3.Connection,
    dataset: int,
    expected: Mapping[int, Mapping[str, int]] = MappingProxyType({}),
) -> list[str]:
    """Return what is wrong with a dataset's postings, a sentence each; nothing when all is well.

    Args:
        connection: Of the catalog.
        dataset: Its number.
        expected: The terms that some chunks should have, by their number.
    """
    space = space_of(connection, dataset)
    if space is None:
        return []
    bags = _numbered(connection, space, expected)
    problems: list[str] = []
    seen: list[Numbers] = []
    length = right = 0
    for segment in segments.segments_of(connection, space):
        try:
            content = segments.read(connection, segment)
        except (ValueError, IndexError) as error:
            problems.append(f"Segment {segment.key} cannot be read: {error}.")
            continue
        seen.append(content.numbers)
        length += int(content.lengths.sum())
        counted = np.bincount(content.places, content.counts, len(content.numbers))
        if not np.array_equal(counted, content.lengths):
            problems.append(f"Segment {segment.key} has lists that do not fit its lengths.")
        right += _as_expected(content, bags)
    numbers = np.concatenate([np.empty(0, np.int64), *seen])
    if len(np.unique(numbers)) != len(numbers):
        problems.append("A chunk is indexed twice.")
    chunks_kept, length_kept = connection.execute(
        "SELECT chunks, length FROM postings_datasets WHERE space = ?", (space,)
    ).fetchone()
    if (chunks_kept, length_kept) != (len(numbers), length):
        problems.append("The counts of chunks and terms do not fit the segments.")
    if (wrong := len(bags) - right) > 0:
        problems.append(
            f"The terms of {wrong} of {count_of(len(bags), 'chunk')} are not those of the text."
        )
    return problems


def _numbered(
    connection: sqlite3.Connection, space: int, bags: Mapping[int, Mapping[str, int]]
) -> dict[int, dict[int, int]]:
    """Return bags of terms by the terms' numbers; -1 for one that the dataset never had."""
    known = known_terms(connection, space, {term for bag in bags.values() for term in bag})
    return {
        number: {known.get(term, -1): count for term, count in bag.items()}
        for number, bag in bags.items()
    }


def _as_expected(content: Content, bags: Mapping[int, Mapping[int, int]]) -> int:
    """Return how many chunks of a segment have the terms that ``bags`` has for them."""
    is_wanted = np.isin(content.numbers, np.fromiter(bags, np.int64, len(bags)))
    if not is_wanted.any():
        return 0
    kept = is_wanted[content.places]
    places = content.places[kept]
    order = np.argsort(places, kind="stable")
    terms, counts = content.terms[kept][order].tolist(), content.counts[kept][order].tolist()
    wanted = np.flatnonzero(is_wanted)
    starts = np.searchsorted(places[order], wanted).tolist()
    expected_rows = (
        dict(zip(terms[start:end], counts[start:end], strict=True))
        for start, end in zip(starts, [*starts[1:], len(terms)], strict=True)
    )
    return sum(
        bag == bags[number]
        for number, bag in zip(content.numbers[wanted].tolist(), expected_rows, strict=True)
    )
