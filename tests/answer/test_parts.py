"""A question of several steps is answered step by step, over passages that hardly share a word."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ragflow_local.answer.parts import found_besides, named_share
from ragflow_local.answer.quoting import extract
from ragflow_local.records import Hit
from tests.answer.made import hit

FILM = hit(
    "Tessa Moran is an Irish actress. She made her screen debut in The Salt Road in 1998, beside"
    " the singer Aled Pugh.",
    0,
    name="Tessa Moran.txt",
)
OTHER = hit("The actress Una Byrne made her stage debut in Cork in 1998.", 1, name="Una Byrne.txt")
BRIDGE = hit(
    "The Salt Road is a drama of 1998. It was directed by Ilse Brandt and shot in Bergen.",
    2,
    name="The Salt Road.txt",
)
QUESTION = (
    "Who directed the drama in which the Irish actress Tessa Moran made her screen debut beside"
    " the singer Aled Pugh?"
)


class Found:
    """A search that notes what it is asked for."""

    def __init__(self, *hits: Hit) -> None:
        self.hits = hits
        self.asked: list[str] = []

    def __call__(self, text: str) -> Sequence[Hit]:
        self.asked.append(text)
        return self.hits


def test_what_the_first_quote_names_is_searched_for_and_answers() -> None:
    search = Found(BRIDGE)
    quotes = extract(QUESTION, [FILM, OTHER], search=search)
    debut = next(quote.text for quote in quotes if "screen debut in The Salt Road" in quote.text)
    assert debut in search.asked
    assert any("directed by Ilse Brandt" in quote.text for quote in quotes)
    assert next(q for q in quotes if "Brandt" in q.text).source == BRIDGE


def test_without_a_search_the_steps_are_looked_for_among_the_hits() -> None:
    quotes = extract(QUESTION, [FILM, OTHER, BRIDGE])
    assert any("directed by Ilse Brandt" in quote.text for quote in quotes)


def test_no_more_is_quoted_than_of_any_question_and_nothing_twice() -> None:
    again = hit(FILM.chunk.content, 3, name="Copy.txt")
    quotes = extract(QUESTION, [FILM, OTHER], search=Found(BRIDGE, again))
    texts = [quote.text for quote in quotes]
    assert len(texts) <= 3
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    "question",
    ["When did Tessa Moran make her screen debut?", "Is Tessa Moran an actress?"],
    ids=["a short one", "one that is all said"],
)
def test_a_question_of_one_step_is_searched_once(question: str) -> None:
    search = Found(BRIDGE)
    assert extract(question, [FILM, OTHER], search=search)
    assert search.asked == []


def test_of_what_is_not_found_nothing_is_searched_for() -> None:
    search = Found(BRIDGE)
    question = (
        "Which bakery of Oldenburg delivers sourdough bread, rolls and cake on Sunday mornings?"
    )
    assert extract(question, [FILM], search=search) == []
    assert search.asked == []


def test_what_is_known_is_not_found_again() -> None:
    assert found_besides([FILM], Found(FILM, BRIDGE), "The Salt Road") == [BRIDGE]


def test_of_the_documents_at_hand_no_name_leads_on() -> None:
    title = frozenset({"salt", "road"})
    assert named_share(title, [], ["road", "film"]) == 0.5
    assert named_share(title, [title], ["road", "film"]) == 0
    assert named_share(frozenset(), [], ["road"]) == 0
