"""Lists held in memory: never those of what has been since."""

import sqlite3

import numpy as np
import pytest

from ragflow_local.stores.catalog import postings, postings_columns, postings_scores
from ragflow_local.stores.catalog import postings_segments as segments
from ragflow_local.stores.catalog.postings_columns import Columns, Key, ListsKept
from ragflow_local.stores.catalog.postings_segments import FORMATS


@pytest.fixture(autouse=True)
def all_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of any length are held, and taken piece by piece."""
    from ragflow_local.stores.catalog import postings_list

    for module in (postings_columns, postings_scores, postings_list):
        monkeypatch.setattr(module, "LONG", 0)
    monkeypatch.setattr(postings_list, "_SHORT", 0)


@pytest.fixture
def connection() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", isolation_level=None)
    postings.create(made)
    segments.seal(made)
    segments.give_birth(made)
    from ragflow_local.stores.catalog import postings_words

    postings_words.create(made)
    return made


def packed(format_: int, rows: list[tuple[int, int, int]]) -> np.ndarray:
    return np.array(rows, FORMATS[format_])


@pytest.mark.parametrize("format_", [0, 1, 2])
def test_columns_say_what_the_packed_list_says(format_: int) -> None:
    rows = [(0, 1, 9), (3, 255, 255), (65_535, 2, 0)]
    columns = Columns.of(packed(format_, rows))
    said = zip(columns.places, columns.counts, columns.lengths, strict=True)
    assert [tuple(map(int, row)) for row in said] == rows
    if columns.pairs is None:
        assert format_ > 0
    else:
        assert columns.pairs.tolist() == [count + 256 * length for _, count, length in rows]
    alive = np.ones(65_536, np.bool_)
    alive[3] = False
    assert columns.without(alive).places.tolist() == [0, 65_535]


@pytest.mark.parametrize("many", [0, 4096], ids=["by place", "in order"])
@pytest.mark.parametrize("format_", [0, 1, 2])
def test_united_lists_have_each_chunk_once_with_all_counts(
    format_: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings_columns, "_MANY", many)
    one = Columns.of(packed(format_, [(0, 1, 9), (3, 200, 250), (9, 1, 7)]))
    other = Columns.of(packed(format_, [(3, 20, 250), (10, 4, 30), (65_535, 1, 1)]))
    both = Columns.united([one, other])
    assert both.places.tolist() == [0, 3, 9, 10, 65_535]
    assert both.counts.tolist() == [1, 220, 1, 4, 1]
    assert both.lengths.tolist() == [9, 250, 7, 30, 1]
    assert (both.pairs is not None) == (format_ == 0)
    more = Columns.united([both, one])
    assert more.counts.tolist() == [2, 420, 2, 4, 1]
    assert more.pairs is None


def test_the_lists_asked_for_longest_ago_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = Columns.of(packed(0, [(place, 1, 9) for place in range(100)]))
    monkeypatch.setattr(postings_columns, "_MOST_BYTES", 3 * columns.size_bytes)
    held = ListsKept()
    for term in range(3):
        held.keep(Key(1, (term,)), columns)
    assert held.get(Key(1, (0,))) is columns
    held.keep(Key(1, (3,)), columns)
    there = [held.get(Key(1, (term,))) is not None for term in range(4)]
    assert there == [True, False, True, True]
    held.keep(Key(0, (9,)), columns)
    assert held.get(Key(0, (9,))) is None, "a segment without a birth is not known again"


def scores(connection: sqlite3.Connection, held: ListsKept | None) -> dict[int, float]:
    terms: list[str | tuple[str, ...]] = [("a", "b"), "c", ("d",)]
    lists = postings_scores.read(connection, [1], terms, held)
    if lists is None:
        return {}
    numbers = lists.best(np.array([1.0, 2.0, 0.5]), 1000)
    parts, _ = lists.parts(np.sort(numbers))
    every = np.array([1.0, 2.0, 0.5]) @ parts
    return dict(zip(np.sort(numbers).tolist(), every.tolist(), strict=True))


def bag(number: int) -> dict[str, int]:
    return {term: 1 + number % 3 for at, term in enumerate("abcd") if number % (at + 2) == 0}


def test_what_is_held_is_as_good_as_what_is_read_whatever_happens(
    connection: sqlite3.Connection,
) -> None:
    held = ListsKept()

    def is_as_read() -> bool:
        return scores(connection, held) == scores(connection, held) == scores(connection, None)

    assert is_as_read()
    for first in range(1, 200, 20):
        postings.add(connection, 1, [(number, bag(number)) for number in range(first, first + 20)])
        assert is_as_read()
    postings.remove(connection, 1, list(range(1, 100, 7)))
    assert is_as_read()
    # The same numbers with other terms: other segments, under the keys of those that are gone.
    postings.add(connection, 1, [(number, bag(number + 1)) for number in range(30, 60)])
    assert is_as_read()
    while postings.merge(connection, 1):
        assert is_as_read()
    postings.drop(connection, 1)
    assert is_as_read()
    postings.add(connection, 1, [(number, bag(number + 2)) for number in range(1, 20)])
    assert is_as_read()


def test_a_key_that_is_used_again_is_another_segment(connection: sqlite3.Connection) -> None:
    held = ListsKept()
    postings.add(connection, 1, [(1, {"a": 1}), (2, {"c": 1})])
    [before] = segments.segments_of(connection, 1)
    first = scores(connection, held)
    postings.drop(connection, 1)
    postings.add(connection, 1, [(1, {"a": 3}), (2, {"c": 3})])
    [now] = segments.segments_of(connection, 1)
    assert before.key == now.key
    assert before.born != now.born > 0
    assert scores(connection, held) == scores(connection, None)
    assert first.keys() == {1, 2}
