"""A term's list: the same is added, whole or piece by piece, in whatever order it is asked."""

import numpy as np

from ragflow_local.stores.catalog.postings_columns import Columns
from ragflow_local.stores.catalog.postings_list import K1, B, Piece, TermList
from ragflow_local.stores.catalog.postings_segments import CAPACITY, FORMATS
from ragflow_local.stores.catalog.postings_statistics import Statistics

SIZE = 60_000
STATISTICS = Statistics(200_000, 9_000_000)


def pieces(format_: int = 0) -> list[Piece]:
    chance = np.random.default_rng(3)
    rows = np.zeros(SIZE, FORMATS[format_])
    rows["place"] = np.sort(chance.choice(CAPACITY, SIZE, replace=False))
    rows["count"], rows["length"] = chance.integers(1, 9, SIZE), chance.integers(1, 255, SIZE)
    columns = Columns.of(rows)
    return [Piece(at * CAPACITY, (at + 1) * CAPACITY, columns) for at in range(2)]


def unpacked(some: list[Piece]) -> TermList:
    whole = TermList(some, STATISTICS)
    whole.all()
    return whole


def test_a_long_list_adds_what_it_adds_unpacked() -> None:
    for some in (pieces(0), pieces(1)):
        long, whole = TermList(some, STATISTICS), unpacked(some)
        assert (long.is_long, whole.is_long) == (True, False)
        scored = []
        for one in (long, whole):
            sums = np.zeros(2 * CAPACITY)
            one.add_to(sums, 1.0)
            one.add_to(sums, 0.3)
            scored.append((sums.tolist(), one.values_at(sums).tolist()))
        assert scored[0] == scored[1]


def test_what_is_looked_up_is_what_the_formula_says() -> None:
    some = pieces()
    places = np.arange(0, 2 * CAPACITY, 97)
    long, whole = TermList(some, STATISTICS), unpacked(some)
    assert [part.tolist() for part in long.at(places)] == [
        part.tolist() for part in whole.at(places)
    ]
    here, parts, lengths = long.at(places)
    columns = some[0].columns
    count = dict(zip(columns.places.tolist(), columns.counts.tolist(), strict=True))
    for at, part, length in zip(here[:50].tolist(), parts.tolist(), lengths.tolist(), strict=False):
        said = count[int(places[at]) % CAPACITY]
        weighed = said + K1 * (1 - B + B * length / STATISTICS.average)
        assert np.isclose(part, long.idf * said * (K1 + 1) / weighed)
