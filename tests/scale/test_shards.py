"""Several projects find what one finds that has all their documents, to the last bit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scale.libraries import WORDS, Libraries, Pair, made, split

QUESTIONS = [
    "How is the pump bled?",
    "the kraken and the whale",
    "storm",
    "close the valve of the boiler, order a letter",
    "what does the diary say about the reef?",
    "kontract of the harbr",  # no chunk has these words
    "xyzzy",
    "pump pump pump valve",
    " ".join(WORDS),
]


@pytest.fixture(scope="module", params=[2, 4, pytest.param(16, marks=pytest.mark.slow)])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """An uneven split: the first shard has a document, the last most of them."""
    count = request.param
    folder: Path = tmp_path_factory.mktemp("shards")
    parts = split(made(count, 60), [1, *[2] * (count - 2), 0])
    with Libraries.of(folder, *parts).open() as pair:
        yield pair


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_hits_are_those_of_one_project(pair: Pair, question: str) -> None:
    found = pair.check(question, limit=10)
    assert found or question == "xyzzy"


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_by_words_by_meaning_and_by_both(pair: Pair, weight: float) -> None:
    for question in QUESTIONS:
        pair.check(question, limit=50, similarity_threshold=0.0, vector_similarity_weight=weight)


def test_pages_and_thresholds(pair: Pair) -> None:
    question = "the pump in the cellar leaks"
    whole = pair.check(question, limit=200, similarity_threshold=0.0)
    assert len(whole) > 20
    for offset in range(0, 20, 3):
        page = pair.check(question, limit=3, offset=offset, similarity_threshold=0.0)
        assert page == whole[offset : offset + 3]
    for hit in whole[:10]:
        pair.check(question, limit=200, similarity_threshold=hit[1])


@pytest.mark.parametrize("top_k", [1, 2, 5, 17])
def test_fewer_candidates_than_there_are_hits(pair: Pair, top_k: int) -> None:
    for question in QUESTIONS:
        pair.check(question, limit=50, similarity_threshold=0.0, top_k=top_k)
