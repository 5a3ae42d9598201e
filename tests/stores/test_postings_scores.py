"""BM25 by the formula, whichever way the lists are read."""

import math
import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from ragflow_local.stores.catalog import (
    Catalog,
    postings,
    postings_list,
    postings_scores,
)
from ragflow_local.stores.catalog.postings_list import K1, B
from ragflow_local.stores.catalog.postings_scores import Lists, numbers_in
from tests.stores.empty_postings import empty_postings
from tests.stores.tables import add_chunks, add_dataset, add_document

DATASET = 2
BAGS: Mapping[int, Mapping[str, int]] = {
    1: {"pump": 1, "cellar": 1},
    2: {"pump": 3, "hums": 1},
    4: {"roof": 1, "leaks": 2, "rain": 1},
    7: {"pump": 1, "roof": 1, "rain": 1, "wind": 1, "snow": 1},
}


@pytest.fixture
def connection() -> sqlite3.Connection:
    return empty_postings()


def filled(connection: sqlite3.Connection, bags: Mapping[int, Mapping[str, int]]) -> None:
    for number, bag in bags.items():  # a segment each
        postings.add(connection, DATASET, [(number, bag)])


def lists_of(connection: sqlite3.Connection, *terms: str | tuple[str, ...]) -> Lists:
    lists = postings_scores.read(connection, [DATASET], terms)
    assert lists is not None
    return lists


def by_the_formula(
    bags: Mapping[int, Mapping[str, int]], terms: Sequence[str]
) -> list[list[float]]:
    average = sum(sum(bag.values()) for bag in bags.values()) / len(bags)
    rows = []
    for term in terms:
        having = sum(term in bag for bag in bags.values())
        idf = math.log(1 + (len(bags) - having + 0.5) / (having + 0.5))
        rows.append(
            [
                idf
                * bag.get(term, 0)
                * (K1 + 1)
                / (bag.get(term, 0) + K1 * (1 - B + B * sum(bag.values()) / average))
                for bag in bags.values()
            ]
        )
    return rows


@pytest.mark.parametrize("short", [0, 8192], ids=["piece by piece", "unpacked"])
def test_each_term_adds_to_a_chunk_what_the_formula_says(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, short: int
) -> None:
    monkeypatch.setattr(postings_list, "_SHORT", short)
    monkeypatch.setattr(postings_list, "_SHORT_PIECE", short)
    filled(connection, BAGS)
    terms = ("pump", "rain", "roof")
    parts, lengths = lists_of(connection, *terms).parts(np.array(list(BAGS)))
    np.testing.assert_allclose(parts, by_the_formula(BAGS, terms))
    assert lengths.tolist() == [2, 4, 4, 5]


def test_parts_come_in_the_order_asked_and_a_stranger_has_none(
    connection: sqlite3.Connection,
) -> None:
    filled(connection, BAGS)
    lists = lists_of(connection, "pump", "rain")
    parts, lengths = lists.parts(np.array([7, 99, 1]))
    expected, _ = lists.parts(np.array([1, 7]))
    np.testing.assert_array_equal(parts[:, [2, 0]], expected)
    assert parts[:, 1].tolist() == [0, 0]
    assert lengths.tolist() == [5, 0, 2]


def test_forms_of_a_word_count_together(connection: sqlite3.Connection) -> None:
    forms = {1: {"valve": 1, "valves": 2, "old": 1}, 2: {"valves": 1}, 3: {"old": 1}}
    united = {1: {"valve": 3, "old": 1}, 2: {"valve": 1}, 3: {"old": 1}}
    filled(connection, forms)
    parts, _ = lists_of(connection, ("valve", "valves", "valving")).parts(np.array([1, 2, 3]))
    np.testing.assert_allclose(parts, by_the_formula(united, ["valve"]))


def test_terms_that_no_chunk_has_are_told(connection: sqlite3.Connection) -> None:
    filled(connection, BAGS)
    lists = lists_of(connection, "pump", "kraken", ("squid", "squids"), ("squid", "roof"))
    assert lists.missing() == [1, 2]


def test_a_removed_chunk_counts_no_more(connection: sqlite3.Connection) -> None:
    filled(connection, BAGS)
    postings.remove(connection, DATASET, [2])
    left = {number: bag for number, bag in BAGS.items() if number != 2}
    lists = lists_of(connection, "pump", "hums")
    parts, _ = lists.parts(np.array([1, 4, 7]))
    np.testing.assert_allclose(parts, by_the_formula(left, ["pump", "hums"]))
    assert lists.missing() == [1]
    assert lists.parts(np.array([2]))[0].tolist() == [[0], [0]]


def test_the_best_are_those_with_the_largest_weighed_sums(connection: sqlite3.Connection) -> None:
    filled(connection, BAGS)
    lists = lists_of(connection, "pump", "rain")
    assert lists.best(np.array([1.0, 0.0]), 1).tolist() == [2]
    assert sorted(lists.best(np.array([0.0, 1.0]), 9).tolist()) == [4, 7]
    assert sorted(lists.best(np.ones(2), 9).tolist()) == [1, 2, 4, 7]
    assert lists.best(np.zeros(2), 9).tolist() == []


def test_only_chunks_that_are_allowed_are_among_the_best(connection: sqlite3.Connection) -> None:
    filled(connection, BAGS)
    lists = lists_of(connection, "pump")
    assert sorted(lists.best(np.ones(1), 9, np.array([1, 4, 7, 99])).tolist()) == [1, 7]
    assert lists.best(np.ones(1), 9, np.array([], np.int64)).tolist() == []


def test_of_equal_ones_those_added_first_are_the_best(connection: sqlite3.Connection) -> None:
    filled(connection, {number: {"pump": 1} for number in range(1, 12)})
    lists = lists_of(connection, "pump")
    assert sorted(lists.best(np.ones(1), 4).tolist()) == [1, 2, 3, 4]
    assert sorted(lists.best(np.ones(1), 2, np.array([9, 5, 7])).tolist()) == [5, 7]


@pytest.mark.parametrize("top_k", [1, 3, 10, 40])
def test_passing_over_a_long_list_leaves_no_better_chunk_out(
    connection: sqlite3.Connection, top_k: int
) -> None:
    chance = np.random.default_rng(7)
    bags: dict[int, dict[str, int]] = {}
    for number in range(1, 401):
        bag = {"all": int(chance.integers(1, 9)), "filler": int(chance.integers(1, 30))}
        bag |= {"some": 1} if number % 9 == 0 else {}
        bag |= {"few": int(chance.integers(1, 4))} if number % 40 == 0 else {}
        bags[number] = bag
    postings.add(connection, DATASET, list(bags.items()))
    terms = ("all", "few", "some")
    lists = lists_of(connection, *terms)
    sums = np.array(by_the_formula(bags, terms)).sum(axis=0)
    best = lists.best(np.ones(3), top_k) - 1
    np.testing.assert_allclose(np.sort(sums[best]), np.sort(sums)[-top_k:])


def test_a_dataset_without_chunks_has_no_lists(connection: sqlite3.Connection) -> None:
    assert postings_scores.read(connection, [DATASET], ["pump"]) is None
    filled(connection, {1: {"pump": 1}})
    postings.remove(connection, DATASET, [1])
    assert postings_scores.read(connection, [DATASET], ["pump"]) is None
    assert postings_scores.read(connection, [], ["pump"]) is None


def test_chunks_are_those_of_the_documents_given_by_number(catalog: Catalog) -> None:
    add_dataset(catalog, "d")
    for id, texts in (("a", ("one", "two")), ("b", ("three",)), ("c", ("four",))):
        add_document(catalog, id, "d")
        add_chunks(catalog, id, *texts)
    with catalog.read() as reading:
        assert sorted(numbers_in(reading, [1, 3]).tolist()) == [1, 2, 4]
        assert numbers_in(reading, [9]).tolist() == []
