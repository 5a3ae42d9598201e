from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ragflow_local.embedders import open_reader, open_reranker, reader
from ragflow_local.embedders.carried import WINDOW
from ragflow_local.embedders.graph import Graph
from ragflow_local.embedders.reader import (
    CLAIMS,
    LOWER,
    MOST_PAIR,
    MOST_SENTENCES,
    OF_CLAIM,
    OF_PASSAGE,
    QUESTIONS,
    STATES,
    Reader,
)
from ragflow_local.embedders.sections import Section
from ragflow_local.errors import DamagedModelError, MissingModelError
from ragflow_local.records import Matrix, Vector


class Letters:
    """Each letter a token."""

    begin, end = 1, 2

    def encode(self, text: str, window: int) -> list[int]:
        return [self.begin, *map(ord, text[: window - 2]), self.end]


class Codes:
    """A token's row is its own number, eight times."""

    def rows(self, numbers: NDArray[np.int64]) -> Matrix:
        return np.repeat(numbers[:, None], 8, axis=1).astype(np.float32)


def write_layers(folder: Path) -> None:
    """Write layers by which a sentence scores its tokens' mean, and none scores 70.

    A passage states a claim as far as its tokens' mean is above that of the claim's.
    """
    given = {"words": 8}
    graph = Graph()
    graph.write(folder / LOWER, ("attention_mask",), graph.add("Identity", "words"), given)
    graph = Graph()
    numbers = graph.constant(np.arange(1, MOST_SENTENCES + 1)[None, :, None], np.int64)
    means = _means(graph, "segment", numbers)
    scores = graph.add("Concat", graph.constant([[70.0]]), means, axis=1)
    graph.write(folder / QUESTIONS, ("attention_mask", "segment"), scores, {STATES: 8})
    graph = Graph()
    parts = graph.constant(np.array([OF_CLAIM, OF_PASSAGE])[None, :, None], np.int64)
    both = _means(graph, "part", parts)
    apart = graph.add("MatMul", both, graph.constant([-1.0, 1.0]))
    graph.write(folder / CLAIMS, ("attention_mask", "part"), apart, {STATES: 8})


def _means(graph: Graph, of: str, numbers: str) -> str:
    """Return (texts, numbers): the mean of the tokens of each number."""
    first = graph.add("ReduceMean", STATES, axes=[2], keepdims=0)
    row = graph.add("Unsqueeze", of, graph.whole(1))
    member = graph.add("Cast", graph.add("Equal", row, numbers), to=1)
    masked = graph.add("Mul", member, graph.add("Unsqueeze", first, graph.whole(1)))
    total = graph.add("ReduceSum", masked, graph.whole(2), keepdims=0)
    count = graph.add("ReduceSum", member, graph.whole(2), keepdims=0)
    return graph.add("Div", total, graph.add("Max", count, graph.constant(1.0)))


@pytest.fixture
def small(tmp_path: Path) -> Reader:
    write_layers(tmp_path)
    return Reader(tmp_path, Letters(), Codes())


def test_every_sentence_has_its_own_score_and_none_has_one(small: Reader) -> None:
    reading = small.read("who?", [Section(("aa", "zz")), Section(("mm",), "A heading")])
    # The mark before a sentence belongs to it.
    np.testing.assert_allclose(reading.scores, [196 / 3, 246 / 3, 220 / 3])
    assert reading.none == 70
    assert reading.lead == pytest.approx(246 / 3 - 70)


def test_nothing_to_read_leads_nowhere(small: Reader) -> None:
    assert small.read("who?", []).lead == -np.inf


def test_of_more_than_have_room_those_of_most_worth_are_read(small: Reader) -> None:
    texts = tuple(letter * 100 for letter in "abcdefgh")
    reading = small.read("who?", [Section(texts)], [1, 2, 3, 4, 5, 6, 7, 8])
    assert np.isfinite(reading.scores).tolist() == [False] * 4 + [True] * 4


def test_short_sentences_are_read_up_to_the_most(small: Reader) -> None:
    reading = small.read("who?", [Section(("a",) * (MOST_SENTENCES + 3))])
    assert np.isfinite(reading.scores).sum() == MOST_SENTENCES


def test_a_heading_stands_before_the_first_sentence_read_of_its_section(
    small: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, list[int]]] = []

    def run(ids: Sequence[int], segment: Sequence[int]) -> Vector:
        given.append(("".join(map(chr, ids)), list(segment)))
        return np.zeros(1 + MOST_SENTENCES, np.float32)

    monkeypatch.setattr(small, "_run", run)
    sections = [Section(("no", "ab"), "Head"), Section(("c",))]
    long = "x" * (WINDOW - 90)
    small.read("q", [*sections, Section((long[:160],))], [0, 2, 3, 1])
    text, segment = given[0]
    assert text.startswith("\1query: q\2\2Head\2no\2ab\2c\2x")
    numbers = [segment[text.index(part)] for part in ("Head", "no", "ab", "c\2")]
    assert numbers == [0, 1, 2, 3]


def test_passages_are_scored_by_the_lead_of_their_best_sentence(small: Reader) -> None:
    scores = small.scores("who?", ["zz. aa.", "aa.", ""])
    assert scores[0] > 0.5 > scores[1] > scores[2] == 0


def test_a_claim_is_stated_as_far_as_its_passage_says_it(small: Reader) -> None:
    passages = [Section(("z" * 40,)), Section(("a" * 40,))]
    chances = small.stated("m" * 40, passages)
    assert chances.dtype == np.float32
    assert chances[0] > 0.5 > chances[1]
    assert small.stated("m", []).shape == (0,)


def test_passages_have_their_own_chance_in_whatever_company(small: Reader) -> None:
    passages = [Section((letter * size,)) for letter in "jklm" for size in (1, 30, 90)]
    alone = [small.stated("k" * 20, [passage])[0] for passage in passages]
    np.testing.assert_allclose(small.stated("k" * 20, passages), alone, rtol=1e-5)


def test_a_pair_is_a_claim_a_heading_and_the_sentences_of_a_passage(
    small: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, list[int]]] = []

    def run(pairs: Sequence[tuple[list[int], list[int]]]) -> Vector:
        given.extend(("".join(map(chr, ids)), part) for ids, part in pairs)
        return np.zeros(len(pairs), np.float32)

    monkeypatch.setattr(small, "_run_pairs", run)
    small.stated("no", [Section(("ab", "c"), "Head"), Section(("x" * 400, "y" * 400, "z" * 400))])
    text, part = given[1] if given[0][0].count("x") else given[0]
    assert text == "\1passage: no\2\2Head\2ab\2c"
    assert "".join(map(str, part)) == "0" + "1" * 11 + "0" + "00000" + "222" + "22"
    assert max(len(part) for _, part in given) == MOST_PAIR


@pytest.mark.parametrize("name", [LOWER, QUESTIONS])
def test_damaged_layers_are_told(tmp_path: Path, name: str) -> None:
    write_layers(tmp_path)
    (tmp_path / name).write_bytes(b"no model")
    with pytest.raises(DamagedModelError, match="reader"):
        Reader(tmp_path, Letters(), Codes())


def test_damaged_layers_of_claims_are_told_when_a_claim_is_read(tmp_path: Path) -> None:
    write_layers(tmp_path)
    (tmp_path / CLAIMS).write_bytes(b"no model")
    broken = Reader(tmp_path, Letters(), Codes())
    assert np.isfinite(broken.read("who?", [Section(("aa",))]).lead)
    with pytest.raises(DamagedModelError, match="reader"):
        broken.stated("no", [Section(("aa",))])


def test_without_the_multilingual_weights_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragflow_local.embedders.carried.package_folder", lambda: None)
    assert open_reader(tmp_path) is None
    with pytest.raises(MissingModelError, match="multilingual"):
        open_reranker("reader", tmp_path, cache_dir=tmp_path)


def test_without_its_layers_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_PLACES", (tmp_path,))
    assert reader.open_reader(tmp_path) is None
