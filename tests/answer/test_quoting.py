from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ragflow_local.answer.quoting import extract
from ragflow_local.records import ChunkRow, Hit, Vector


def hits(*contents: str, name: str = "report.pdf") -> list[Hit]:
    rows = [
        ChunkRow(number, f"c{number}", "d", "s", name, number, content, 1, 1)
        for number, content in enumerate(contents)
    ]
    return [Hit(row, 0.9 - row.number / 100, 0.9, 0.9) for row in rows]


SEA = hits(
    "The colossal squid was described in 1925 by Guy Robson. It swims in the Southern Ocean."
    " It has the largest eyes of all animals, because it hunts in the dark.",
    "Name\tLength\tWeight\nColossal squid\t14 m\t495 kg\nGiant squid\t12 m\t275 kg",
    "大王酸浆鱿是最重的无脊椎动物，由罗布森于1925年命名。它生活在南冰洋。",
)


@pytest.mark.parametrize(
    ("question", "expected", "hit"),
    [
        ("When was the colossal squid described?", "described in 1925", 0),
        ("Who described the colossal squid?", "Guy Robson", 0),
        ("Where does the colossal squid swim?", "Southern Ocean", 0),
        ("Why does it have the largest eyes?", "because it hunts in the dark", 0),
        ("What is the weight of the giant squid?", "Weight: 275 kg", 1),
        ("大王酸浆鱿是谁命名的？", "由罗布森于1925年命名", 2),
        ("大王酸浆鱿生活在哪里？", "它生活在南冰洋。", 2),
    ],
)
def test_the_sentence_that_answers_is_quoted(question: str, expected: str, hit: int) -> None:
    quotes = extract(question, SEA)
    assert any(expected in quote.text and quote.source == SEA[hit] for quote in quotes)
    assert len(quotes) <= 3


@pytest.mark.parametrize(
    "question",
    ["Which bakery sells pumpernickel in Oldenburg?", "苹果公司的总部在哪里？", "???", ""],
)
def test_what_nothing_supports_is_not_found(question: str) -> None:
    assert extract(question, SEA) == []


def test_quotes_keep_the_order_of_the_source() -> None:
    quotes = extract("Where does the colossal squid live and when was it described?", SEA[:1])
    texts = [quote.text for quote in quotes]
    assert texts == sorted(texts, key=SEA[0].chunk.content.index)


def test_nothing_is_said_twice() -> None:
    twice = hits("The kraken is 14 metres long.", "The kraken is 14 metres long!")
    assert len(extract("How long is the kraken?", twice)) == 1


def test_the_name_of_the_document_says_what_it_is_about() -> None:
    found = hits("He was born in 1950 in Paris.", name="Jean Dupont.txt")
    assert extract("When was Jean Dupont born?", found)


PETRELS = (
    "7.1 Storm petrels\nThe colony of storm petrels was discovered by Marit Solheim in 1986."
    " The boulder beach is closed from May to October."
)


@pytest.mark.parametrize("question", ["Who discovered the storm petrels?", "Storm petrels?"])
def test_a_heading_is_never_quoted(question: str) -> None:
    for near in (None, ones):
        quotes = extract(question, hits(PETRELS), near)
        assert quotes[0].text.startswith("The colony of storm petrels")
        assert not any("7.1" in quote.text for quote in quotes)


def ones(question: str, texts: Sequence[str]) -> Vector:
    """Find all texts as near."""
    return np.ones(len(texts), dtype=np.float32)


def test_what_says_nothing_more_is_not_quoted_beside_the_answer() -> None:
    boat = hits(
        "2.1 When she does not sail\nThe supply boat turns back at a wave height of 1.8 metres."
        " Fog alone does not stop the boat.",
        "date\tboat\twave height (m)\tremark\n2031-11-04\tHalcyon\t2.3\tturned back\n"
        "2031-11-05\tHalcyon\t1.6\t",
    )
    quotes = extract("At what wave height does the supply boat turn back?", boat)
    assert [quote.text for quote in quotes] == [
        "The supply boat turns back at a wave height of 1.8 metres."
    ]


def test_each_half_of_a_question_gets_its_sentence() -> None:
    text = "The kraken is 14 metres long. Whales weigh 90 tons."
    quotes = extract("How long is the kraken and how much do whales weigh?", hits(text))
    assert {"The kraken is 14 metres long.", "Whales weigh 90 tons."} <= {
        quote.text for quote in quotes
    }


def test_no_hits_no_quotes() -> None:
    assert extract("When?", []) == []
    assert extract("When?", hits("", " \n")) == []
