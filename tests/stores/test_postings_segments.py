"""Segments: packed as narrowly as they can be, read back as they were written."""

import sqlite3
from collections.abc import Sequence

import numpy as np
import pytest

from ragflow_local.stores.catalog import postings_segments as segments
from ragflow_local.stores.catalog.checksums import TornRowError
from ragflow_local.stores.catalog.postings_segments import Content, Segment

SPACE = 5


@pytest.fixture
def connection() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:", isolation_level=None)
    for statement in segments.TABLES:
        made.execute(statement)
    segments.seal(made)
    segments.give_birth(made)
    return made


def content(
    numbers: Sequence[int],
    postings: Sequence[tuple[int, int, int]],
    lengths: Sequence[int] | None = None,
) -> Content:
    """Return content with postings of (term, place, count)."""
    terms, places, counts = (np.array(column, np.int64) for column in zip(*postings, strict=True))
    size = len(numbers)
    all_lengths = np.array([4] * size if lengths is None else lengths, np.int64)
    return Content(np.array(numbers, np.int64), all_lengths, terms, places, counts)


THREE = content([3, 4, 9], [(0, 0, 1), (0, 2, 2), (7, 1, 5)], [6, 5, 4])


def only(connection: sqlite3.Connection, space: int = SPACE) -> Segment:
    (segment,) = segments.segments_of(connection, space)
    return segment


def assert_same(first: Content, second: Content) -> None:
    for name in ("numbers", "lengths", "terms", "places", "counts"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), name)


def test_a_segment_is_read_as_it_was_written(connection: sqlite3.Connection) -> None:
    segments.write(connection, SPACE, THREE)
    segment = only(connection)
    assert_same(segments.read(connection, segment), THREE)
    assert segment.numbers().tolist() == [3, 4, 9]
    assert segment.runs.tolist() == [[0, 3], [2, 9]]
    assert segments.lengths_of(connection, segment.key).tolist() == [6, 5, 4]


def test_a_chunk_is_found_by_its_number_and_its_place(connection: sqlite3.Connection) -> None:
    segments.write(connection, SPACE, THREE)
    segment = only(connection)
    numbers = np.array([9, 2, 3, 5, 4, 10])
    assert segment.places_of(numbers).tolist() == [2, -1, 0, -1, 1, -1]
    assert segment.numbers_at(np.array([2, 0])).tolist() == [9, 3]


@pytest.mark.parametrize(
    ("count", "length", "expected"),
    [(255, 255, 0), (1, 256, 1), (255, 65_535, 1), (256, 256, 2), (1, 65_536, 2)],
)
def test_a_segment_takes_the_narrowest_format_that_holds_it(
    connection: sqlite3.Connection, count: int, length: int, expected: int
) -> None:
    made = content([1, 2], [(0, 0, count), (0, 1, 1)], [length, 1])
    segments.write(connection, SPACE, made)
    segment = only(connection)
    assert segment.format == expected
    assert_same(segments.read(connection, segment), made)


def test_what_is_removed_is_left_out_and_the_rest_moves_up(connection: sqlite3.Connection) -> None:
    segments.write(connection, SPACE, THREE)
    assert segments.mark_removed(connection, only(connection), np.array([1])) == 5
    segment = only(connection)
    assert segment.places_of(np.array([3, 4, 9])).tolist() == [0, -1, 2]
    left = content([3, 9], [(0, 0, 1), (0, 1, 2)], [6, 4])
    assert_same(segments.read(connection, segment), left)


def test_a_segment_of_which_nothing_is_left_goes_with_its_lists(
    connection: sqlite3.Connection,
) -> None:
    segments.write(connection, SPACE, THREE)
    segments.write(connection, SPACE, content([20], [(1, 0, 1)]))
    first, _ = segments.segments_of(connection, SPACE)
    segments.mark_removed(connection, first, np.array([0]))
    first, _ = segments.segments_of(connection, SPACE)
    assert segments.mark_removed(connection, first, np.array([2, 1])) == 9
    assert only(connection).numbers().tolist() == [20]
    assert connection.execute("SELECT count(*) FROM postings_lists").fetchone() == (1,)


def test_the_first_free_key_is_taken_again(connection: sqlite3.Connection) -> None:
    for number in (1, 2, 3):
        segments.write(connection, SPACE, content([number], [(0, 0, 1)]))
    keys = [segment.key for segment in segments.segments_of(connection, SPACE)]
    segments.delete(connection, keys[1])
    segments.write(connection, SPACE, content([9], [(0, 0, 1)]))
    assert [segment.key for segment in segments.segments_of(connection, SPACE)] == keys


def test_datasets_keep_their_segments_apart(connection: sqlite3.Connection) -> None:
    for space in (SPACE, SPACE + 1, SPACE + 2):
        segments.write(connection, space, content([space], [(0, 0, 1)]))
    assert only(connection, SPACE + 1).numbers().tolist() == [SPACE + 1]
    both = segments.segments_of(connection, SPACE + 2, SPACE)
    assert [segment.numbers().tolist() for segment in both] == [[SPACE + 2], [SPACE]]


def test_segments_are_joined_in_the_order_of_their_chunks() -> None:
    other = content([5, 12], [(0, 1, 3), (2, 0, 1)], [2, 3])
    expected = content(
        [3, 4, 5, 9, 12],
        [(0, 0, 1), (0, 3, 2), (0, 4, 3), (2, 2, 1), (7, 1, 5)],
        [6, 5, 2, 4, 3],
    )
    assert_same(segments.joined([THREE, other]), expected)
    assert_same(segments.joined([other, THREE]), expected)


@pytest.mark.parametrize(
    "damage",
    ["size = 2", "format = 1", "removed = x'0000'", "runs = zeroblob(length(runs))"],
)
def test_a_torn_segment_is_not_read(connection: sqlite3.Connection, damage: str) -> None:
    segments.write(connection, SPACE, THREE)
    connection.execute(f"UPDATE postings_segments SET {damage}")
    with pytest.raises(TornRowError):
        segments.segments_of(connection, SPACE)


@pytest.mark.parametrize(
    ("table", "column"), [("postings_lists", "data"), ("postings_segments", "lengths")]
)
def test_torn_lists_and_lengths_are_not_read(
    connection: sqlite3.Connection, table: str, column: str
) -> None:
    segments.write(connection, SPACE, THREE)
    connection.execute(f"UPDATE {table} SET {column} = zeroblob(length({column}))")
    with pytest.raises(TornRowError):
        segments.read(connection, only(connection))


def test_segments_of_a_catalog_without_checksums_are_sealed_as_they_are() -> None:
    made = sqlite3.connect(":memory:", isolation_level=None)
    for statement in segments.TABLES:
        made.execute(statement)
    packed = np.array([(0, 2, 4)], segments.FORMATS[0]).tobytes()
    key, _ = segments.span(SPACE, segments.SEGMENT_BITS)
    list_key, _ = segments.span(key, segments.TERM_BITS)
    made.execute(
        "INSERT INTO postings_segments VALUES (?, 0, 1, 0, 8, 8, ?, ?, x'')",
        (key, np.array([0, 8], "<i8").tobytes(), np.array([4], "<u4").tobytes()),
    )
    made.execute("INSERT INTO postings_lists VALUES (?, ?)", (list_key, packed))
    segments.seal(made)
    segments.give_birth(made)
    assert_same(segments.read(made, only(made)), content([8], [(0, 0, 2)]))
