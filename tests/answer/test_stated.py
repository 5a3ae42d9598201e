"""What the reader is asked of a claim that the rules on words do not find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ragflow_local.answer.support import STATED, STATED_BUT_ONE, Support
from ragflow_local.embedders import Section
from ragflow_local.records import Vector
from tests.answer.made import hit

GARDEN = hit(
    "The hedge is cut every March. The lawn is mowed every two weeks. Nobody may use the pond.",
    headings=("Estate", "Garden"),
)
HOUSE = hit("The boiler is serviced each autumn. The cellar was flooded in 2019.", 1)
TALL = hit("One hedge is taller than all others.", 2)


class Asked:
    """A reader that gives each passage the chance that its words have."""

    def __init__(self, chances: Mapping[str, float]) -> None:
        self.chances = chances
        self.calls: list[tuple[str, list[Section]]] = []

    def __call__(self, claim: str, passages: Sequence[Section]) -> Vector:
        self.calls.append((claim, list(passages)))
        return np.array(
            [
                max(
                    (c for text, c in self.chances.items() if text in " ".join(one.sentences)),
                    default=0,
                )
                for one in passages
            ],
            np.float32,
        )


def test_what_is_worded_otherwise_is_supported_where_the_reader_is_sure() -> None:
    asked = Asked({"hedge is cut": STATED + 0.01})
    support = Support([HOUSE, GARDEN], stated=asked)
    assert support.of("Trimming the hedge happens in spring.") == [1]
    assert Support([HOUSE, GARDEN]).of("Trimming the hedge happens in spring.") == []


def test_it_is_not_supported_where_the_reader_is_less_sure() -> None:
    asked = Asked({"hedge": STATED - 0.01})
    assert Support([GARDEN], stated=asked).of("Trimming the hedge happens in spring.") == []
    assert asked.calls


def test_of_several_the_surest_hit_comes_first() -> None:
    asked = Asked({"hedge is cut": STATED_BUT_ONE + 0.01, "hedge is taller": STATED_BUT_ONE + 0.02})
    support = Support([GARDEN, HOUSE, TALL], stated=asked)
    claim = "A hedge of more height than any other is there."
    assert support.among(claim, [0, 1, 2]) == [2, 0]
    assert support.among(claim, [0, 1]) == [0]


class Twice:
    """A reader that gives a passage alone one chance, and amid others another."""

    def __init__(self, alone: float, amid: float) -> None:
        self.alone, self.amid = alone, amid
        self.sections: list[Section] = []

    def __call__(self, claim: str, passages: Sequence[Section]) -> Vector:
        self.sections += passages
        chances = [self.amid if len(one.sentences) > 2 else self.alone for one in passages]
        return np.array(chances, np.float32)


def test_a_passage_is_read_again_amid_its_neighbours_and_the_mean_decides() -> None:
    claim = "Trimming the hedge happens in spring."
    for alone, amid, is_supported in (
        (STATED - 0.1, STATED + 0.11, True),
        (STATED - 0.1, STATED + 0.09, False),
        (STATED + 0.1, STATED - 0.11, False),
    ):
        asked = Twice(alone, amid)
        assert bool(Support([GARDEN], stated=asked).of(claim)) is is_supported
        assert asked.sections[-1] == Section(
            (
                "The hedge is cut every March.",
                "The lawn is mowed every two weeks.",
                "Nobody may use the pond.",
            ),
            "Garden",
        )


def test_what_could_not_be_sure_enough_with_its_neighbours_is_not_read_again() -> None:
    asked = Twice(2 * STATED - 1.01, 1.0)
    assert Support([GARDEN], stated=asked).of("Trimming the hedge happens in spring.") == []
    assert all(len(one.sentences) < 3 for one in asked.sections)


def test_of_a_long_text_two_neighbours_on_each_side_are_read_again() -> None:
    lines = [f"Shelf {number} holds paint." for number in range(9)]
    lines[4] = "The hedge is cut every March."
    asked = Twice(STATED, STATED)
    assert Support([hit(" ".join(lines))], stated=asked).of("Trimming the hedge is for spring.")
    assert asked.sections[-1].sentences in (tuple(lines[2:7]), tuple(lines[1:7]), tuple(lines[2:8]))


def test_what_the_words_show_is_not_asked() -> None:
    asked = Asked({})
    assert Support([GARDEN], stated=asked).of("The hedge is cut every March.") == [0]
    assert asked.calls == []


def test_a_figure_that_is_not_there_is_never_supported() -> None:
    asked = Asked({"": 1.0})
    support = Support([HOUSE], stated=asked)
    assert support.of("Water stood in the cellar in 2018.") == []
    assert support.of("Water stood in the cellar in 2019.") == [0]


def test_a_short_answer_is_not_asked_for_it_claims_nothing() -> None:
    asked = Asked({"": 1.0})
    assert Support([GARDEN], question="Who?", stated=asked).of("The gardener") == []
    assert asked.calls == []


def test_a_passage_comes_with_its_heading_and_neighbours_are_two_sentences() -> None:
    asked = Asked({})
    Support([GARDEN], stated=asked).of("Swimming in the pond is forbidden to everybody.")
    sections = asked.calls[0][1]
    assert {one.heading for one in sections} == {"Garden"}
    assert sections[0].sentences[-1] == "Nobody may use the pond."
    assert any(len(one.sentences) == 2 for one in sections)


def test_few_passages_are_read_those_with_most_of_the_claims_words() -> None:
    many = [hit(f"Room {n} is let to a club.", n) for n in range(20)]
    asked = Asked({"hedge": STATED})
    support = Support([*many, GARDEN], stated=asked)
    assert support.of("Shearing of the hedge happens in spring.") == [20]
    assert len(asked.calls[0][1]) <= 6


def test_a_name_that_is_not_there_or_the_contrary_of_a_word_is_never_supported() -> None:
    asked = Asked({"": 1.0})
    text = "The valve was opened by Ann Berg. The shop is open on feast days."
    support = Support([hit(text)], stated=asked)
    assert support.of("It was Tom Reyes who turned the valve on.") == []
    assert support.of("It was Ann Berg who turned the valve on.") == [0]
    assert support.of("Customers find the shop closed on feast days.") == []
    assert support.of("Customers find the shop accessible on feast days.") == [0]


def test_a_passage_with_all_words_but_one_needs_a_surer_reader() -> None:
    claim = "The hedge is shorn every March."
    less, sure = STATED_BUT_ONE - 0.01, STATED_BUT_ONE + 0.01
    assert Support([GARDEN], stated=Asked({"hedge": less})).of(claim) == []
    assert Support([GARDEN], stated=Asked({"hedge": sure})).of(claim) == [0]


def test_what_has_all_the_words_and_breaks_a_rule_is_not_asked() -> None:
    asked = Asked({"": 1.0})
    support = Support([hit("Northwind bought Baltic Lines. The pump hums.")], stated=asked)
    assert support.of("Baltic Lines bought Northwind.") == []
