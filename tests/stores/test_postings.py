import itertools
import math
import random
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from rank_bm25 import BM25Okapi

from ragflow_local.stores.catalog import (
    postings,
    postings_check,
    postings_list,
    postings_scores,
    postings_segments,
    postings_words,
)

DATASET = 3
VOCABULARY = [f"t{number}" for number in range(12)]

Bag = Mapping[str, int]


class Oracle(BM25Okapi):  # type: ignore[misc]  # rank_bm25 has no types
    """rank_bm25 with Lucene's idf, which is never negative."""

    def _calc_idf(self, nd: Mapping[str, int]) -> None:
        for term, count in nd.items():
            self.idf[term] = math.log(1 + (self.corpus_size - count + 0.5) / (count + 0.5))


def oracle_scores(
    bags: Iterable[Bag], terms: list[str]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    corpus = [[term for term, count in bag.items() for _ in range(count)] for bag in bags]
    oracle = Oracle(corpus, k1=postings_list.K1, b=postings_list.B)
    return np.asarray(oracle.get_scores(terms))


def connect(path: Path | str = ":memory:") -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


@pytest.fixture
def connection() -> sqlite3.Connection:
    made = connect()
    postings.create(made)
    postings_words.create(made)
    postings_segments.seal(made)
    postings_segments.give_birth(made)
    return made


def assert_scores_are_bm25(connection: sqlite3.Connection, live: Mapping[int, Bag]) -> None:
    lists = postings_scores.read(connection, [DATASET], VOCABULARY)
    assert (lists is None) == (not live)
    if lists is None:
        return
    numbers = np.array(sorted(live), np.int64)
    bags = [live[number] for number in numbers.tolist()]
    parts, lengths = lists.parts(numbers)
    if any(map(len, bags)):  # rank_bm25 divides by the average length
        expected = oracle_scores(bags, VOCABULARY)
        np.testing.assert_allclose(parts.sum(axis=0), expected, atol=1e-6)
    said = [sum(bag.values()) for bag in bags]
    np.testing.assert_array_equal(lengths, said)
    best = lists.best(np.ones(len(VOCABULARY)), len(live))
    assert sorted(best.tolist()) == [number for number in numbers.tolist() if live[number]]
    np.testing.assert_array_equal(postings.numbers(connection, DATASET), numbers)
    assert postings_check.verify(connection, DATASET) == []


bags = st.dictionaries(st.sampled_from(VOCABULARY), st.sampled_from([1, 2, 3, 300]), max_size=6)


class PostingsAreBm25(RuleBasedStateMachine):
    """Whatever is added, removed, merged and reopened: the scores are those of rank_bm25."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = connect()
        postings.create(self.connection)
        postings_words.create(self.connection)
        postings_segments.seal(self.connection)
        postings_segments.give_birth(self.connection)
        self.live: dict[int, Bag] = {}
        self.next = 1

    @rule(added=st.lists(bags, min_size=1, max_size=5), gap=st.integers(0, 3))
    def add(self, added: list[Bag], gap: int) -> None:
        self.next += gap
        chunks = list(enumerate(added, self.next))
        self.next += len(added)
        postings.add(self.connection, DATASET, chunks)
        self.live.update(chunks)

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        numbers = data.draw(st.lists(st.integers(1, self.next + 2), max_size=8))
        postings.remove(self.connection, DATASET, numbers)
        for number in numbers:
            self.live.pop(number, None)

    @rule(data=st.data(), bag=bags)
    def edit_or_switch_on(self, data: st.DataObject, bag: Bag) -> None:
        number = data.draw(st.integers(1, self.next))
        postings.add(self.connection, DATASET, [(number, bag)])
        self.live[number] = bag
        self.next = max(self.next, number + 1)

    @rule()
    def merge_what_is_crowded(self) -> None:
        postings.merge_crowded(self.connection, DATASET)

    @rule()
    def merge(self) -> None:
        postings.merge(self.connection, DATASET)

    @rule()
    def reopen(self) -> None:
        data = self.connection.serialize()
        self.connection.close()
        self.connection = connect()
        self.connection.deserialize(data)

    @invariant()
    def scores_are_bm25(self) -> None:
        assert_scores_are_bm25(self.connection, self.live)

    def teardown(self) -> None:
        self.connection.close()


TestPostings = PostingsAreBm25.TestCase
TestPostings.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.slow
def test_a_thousand_changes_leave_the_scores_right(connection: sqlite3.Connection) -> None:
    chance = random.Random(4)
    live: dict[int, Bag] = {}
    for step in range(1000):
        if chance.random() < 0.6:
            first = max(live, default=0) + 1
            chunks = [
                (first + index, dict.fromkeys(chance.sample(VOCABULARY, 5), 1))
                for index in range(chance.randint(1, 40))
            ]
            postings.add(connection, DATASET, chunks)
            live.update(chunks)
        elif live:
            numbers = chance.sample(sorted(live), min(len(live), 20))
            postings.remove(connection, DATASET, numbers)
            for number in numbers:
                del live[number]
        if step % 100 == 0:
            assert_scores_are_bm25(connection, live)
    assert_scores_are_bm25(connection, live)


def test_segments_are_merged_when_it_suits(connection: sqlite3.Connection) -> None:
    live = {number: {"t1": 1, f"t{number % 5 + 2}": 2} for number in range(1, 201)}
    for number, bag in live.items():
        postings.add(connection, DATASET, [(number, bag)])
        while postings.merge_crowded(connection, DATASET):
            pass
        assert number_of_segments(connection) < 3 * postings.FAN
    assert_scores_are_bm25(connection, live)


def test_segments_stay_few_though_nobody_merges(connection: sqlite3.Connection) -> None:
    for number in range(1, 501):
        postings.add(connection, DATASET, [(number, {"a": 1, f"b{number}": 2})])
        assert number_of_segments(connection) < 6 * postings.FAN


def number_of_segments(connection: sqlite3.Connection) -> int:
    space = postings.space_of(connection, DATASET)
    assert space is not None
    return len(postings_segments.segments_of(connection, space))


def test_merging_ends_with_nothing_left_to_do(connection: sqlite3.Connection) -> None:
    live = {number: {"t1": 1, "t2": number % 3 + 1} for number in range(1, 60)}
    for number, bag in live.items():
        postings.add(connection, DATASET, [(number, bag)])
    postings.remove(connection, DATASET, list(range(10, 40)))
    steps = 0
    while postings.merge(connection, DATASET):
        steps += 1
        assert steps < 20
    assert_scores_are_bm25(
        connection, {number: bag for number, bag in live.items() if not 10 <= number < 40}
    )


def test_a_dropped_dataset_leaves_nothing_and_no_other_suffers(
    connection: sqlite3.Connection,
) -> None:
    postings.add(connection, 1, [(1, {"a": 1})])
    postings.add(connection, DATASET, [(2, {"t1": 1})])
    postings.drop(connection, 1)
    assert_scores_are_bm25(connection, {2: {"t1": 1}})
    postings.drop(connection, DATASET)
    for table in ("datasets", "terms", "segments", "lists"):
        assert connection.execute(f"SELECT count(*) FROM postings_{table}").fetchone() == (0,)


def test_each_dataset_has_statistics_of_its_own(connection: sqlite3.Connection) -> None:
    postings.add(connection, 1, [(number, {"t1": 1}) for number in range(1, 50)])
    postings.add(connection, DATASET, [(60, {"t1": 1}), (61, {"t2": 4})])
    assert_scores_are_bm25(connection, {60: {"t1": 1}, 61: {"t2": 4}})


def test_datasets_that_are_searched_together_are_scored_as_one(
    connection: sqlite3.Connection,
) -> None:
    chance = random.Random(4)
    live: dict[int, Bag] = {}
    given = itertools.count(1)
    for dataset in (5, 3, 9) * 4:  # segments of their own, chunks of the datasets in turn
        chunks = [
            (next(given), {f"t{chance.randint(1, 6)}": chance.randint(1, 3)})
            for _ in range(chance.randint(1, 8))
        ]
        live.update(chunks)
        postings.add(connection, dataset, chunks)
        gone = chunks[0][0]
        postings.remove(connection, dataset, [gone])
        del live[gone]
    lists = postings_scores.read(connection, [3, 5, 7, 9], VOCABULARY)
    assert lists is not None
    numbers = np.array(sorted(live), np.int64)
    parts, _ = lists.parts(numbers)
    expected = oracle_scores([live[number] for number in numbers.tolist()], VOCABULARY)
    np.testing.assert_allclose(parts.sum(axis=0), expected, atol=1e-6)
    weights = np.ones(len(VOCABULARY))
    best = lists.best(weights, 5)
    of_best = np.sort(expected[np.searchsorted(numbers, best)])
    np.testing.assert_allclose(of_best, np.sort(expected)[-5:], atol=1e-6)


def test_the_best_are_chosen_among_the_allowed(connection: sqlite3.Connection) -> None:
    bags = [(number, {"t1": number, "t2": 1}) for number in range(1, 9)]
    postings.add(connection, DATASET, bags)
    lists = postings_scores.read(connection, [DATASET], ["t1"])
    assert lists is not None
    weights = np.ones(1)
    assert set(lists.best(weights, 2).tolist()) == {7, 8}
    assert set(lists.best(weights, 2, np.array([1, 2, 3, 99])).tolist()) == {2, 3}


def test_a_chunk_as_long_as_a_book_is_scored_like_any_other(
    connection: sqlite3.Connection,
) -> None:
    live = {1: {"t1": 70_000, "t2": 1}, 2: {"t1": 1}, 3: {"t3": 2}}
    for number, bag in live.items():
        postings.add(connection, DATASET, [(number, bag)])
    assert_scores_are_bm25(connection, live)
    postings.merge(connection, DATASET)
    assert_scores_are_bm25(connection, live)


def test_damaged_lists_are_told(connection: sqlite3.Connection) -> None:
    postings.add(connection, DATASET, [(1, {"t1": 1}), (2, {"t2": 2})])
    connection.execute("UPDATE postings_datasets SET chunks = 7")
    assert len(postings_check.verify(connection, DATASET)) == 1
    connection.execute(
        "DELETE FROM postings_lists WHERE key = (SELECT min(key) FROM postings_lists)"
    )
    assert len(postings_check.verify(connection, DATASET)) == 2


def test_a_removed_chunk_is_gone_though_never_merged(connection: sqlite3.Connection) -> None:
    postings.add(connection, DATASET, [(1, {"t1": 1}), (2, {"t1": 1})])
    postings.remove(connection, DATASET, [1, 1, 99])
    assert_scores_are_bm25(connection, {2: {"t1": 1}})


@pytest.mark.parametrize("top_k", [5, 40, 400])
def test_long_lists_that_are_passed_over_leave_the_best_the_same(
    connection: sqlite3.Connection, top_k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings_list, "_SHORT", 0)
    monkeypatch.setattr(postings_list, "_SHORT_PIECE", 0)
    chance = random.Random(top_k)
    shares = {"t1": 0.7, "t2": 0.5, "t3": 0.15, "t4": 0.03, "t5": 0.01}
    chunks = [
        (
            number,
            {
                term: chance.randint(1, 4)
                for term, share in shares.items()
                if chance.random() < share
            }
            | {f"t{6 + number % 7}": chance.randint(1, 30)},
        )
        for number in range(1, 4001)
    ]
    for start in (0, 1500, 1900):  # segments of their own, one of them with removed chunks
        postings.add(connection, DATASET, chunks[start : start + 2100])
    gone = list(range(1, 4001, 17))
    postings.remove(connection, DATASET, gone)
    lists = postings_scores.read(connection, [DATASET], list(shares))
    assert lists is not None
    for weights in (
        [1.0, 1.0, 1.0, 1.0, 1.0],
        [0.5, 0.1, 1.0, 2.0, 1.0],
        [1.0, 0.0, 1.0, 0.0, 1.0],
    ):
        best = lists.best(np.array(weights), top_k)
        assert top_k == 400 or lists._lists[0]._all is None  # it was passed over
        scores = lists.scores(np.array(weights))
        parts, lengths = lists.parts(best)
        for one in lists._lists:
            one._all = None
        assert len(set(best.tolist())) == top_k
        assert not set(best.tolist()) & set(gone)
        of_best = np.sort(np.array(weights) @ parts)
        np.testing.assert_allclose(of_best, np.sort(scores)[-top_k:], rtol=1e-12)
        for number, length in zip(best.tolist(), lengths.tolist(), strict=True):
            assert length == sum(chunks[number - 1][1].values())


@pytest.mark.parametrize("batch", [1, 4, 50])
def test_forms_of_one_word_score_as_if_they_were_spelled_alike(
    connection: sqlite3.Connection, batch: int
) -> None:
    chance = random.Random(6)
    spelled = [
        dict(Counter(chance.choices(["boiler", "boilers", "pump", "of"], k=chance.randint(1, 9))))
        for _ in range(50)
    ]
    spelled[7]["boilers"] = 250  # more than a byte holds, together
    for first in range(0, len(spelled), batch):
        part = list(enumerate(spelled[first : first + batch], first + 1))
        postings.add(connection, DATASET, part)
    alike: list[Bag] = [
        {
            "boiler": bag.get("boiler", 0) + bag.get("boilers", 0),
            **{term: bag[term] for term in ("pump", "of") if term in bag},
        }
        for bag in spelled
    ]
    alike = [{term: count for term, count in bag.items() if count} for bag in alike]
    lists = postings_scores.read(connection, [DATASET], [("boiler", "boilers", "boilr"), "pump"])
    assert lists is not None
    parts, _ = lists.parts(np.arange(1, len(spelled) + 1))
    np.testing.assert_allclose(parts.sum(axis=0), oracle_scores(alike, ["boiler", "pump"]))
