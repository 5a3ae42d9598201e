"""Lists column by column: what the packed ones say, of one segment or of several."""

import numpy as np
import pytest

from ragflow_local.stores.catalog import postings_columns
from ragflow_local.stores.catalog.postings_columns import Columns, Packed
from ragflow_local.stores.catalog.postings_segments import CAPACITY, FORMATS


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


@pytest.mark.parametrize("many", [0, 10**6], ids=["by place", "in order"])
@pytest.mark.parametrize("format_", [0, 1, 2])
def test_united_lists_have_each_chunk_once_with_all_counts(
    format_: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings_columns, "_MANY", many)
    monkeypatch.setattr(postings_columns, "_SPARSE", CAPACITY + 1)
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
    assert Columns.united([one, Columns.joined([], CAPACITY)]) is one


@pytest.mark.parametrize("size", [65_536, 200_000])
@pytest.mark.parametrize("formats", [(0, 0, 0), (1, 1, 1), (0, 2, 0), (2, 0, 1)])
def test_lists_of_several_segments_are_one_with_the_places_of_all(
    formats: tuple[int, int, int], size: int
) -> None:
    last = size // 2 - 1
    rows = [[(0, 1, 9), (last % 65_536, 255, 255)], [(3, 2, 7)], [(0, 7, 1), (9, 1, 200)]]
    firsts = (0, last + 1, size - 10)
    lists = [
        Packed(first, format_, memoryview(packed(format_, some).tobytes()))
        for first, format_, some in zip(firsts, formats, rows, strict=True)
    ]
    columns = Columns.joined(lists, size)
    said = zip(columns.places, columns.counts, columns.lengths, strict=True)
    assert [tuple(map(int, row)) for row in said] == [
        (first + place, count, length)
        for first, some in zip(firsts, rows, strict=True)
        for place, count, length in some
    ]
    assert (columns.pairs is not None) == (set(formats) == {0})
    both = Columns.united([columns, Columns.joined(lists[1:], size)])
    assert both.counts.tolist() == [1, 255, 4, 14, 2]
    assert both.places.tolist() == columns.places.tolist()
