import pytest

from ragflow_local.answer.candidates import Asked, candidates_of, share, weights_of
from tests.answer.made import hit, hits


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When is the boiler inspected?", "time"),
        ("How many valves has the pump?", "number"),
        ("Who bleeds the pump?", "person"),
    ],
)
def test_a_question_tells_what_it_asks_for(question: str, kind: str) -> None:
    assert kind in Asked.of(question).kinds


def test_a_question_names_its_figures_and_times() -> None:
    asked = Asked.of("What were the sales of 12 shops in 2021?")
    assert "12" in asked.figures
    assert [time.year for time in asked.times] == [2021]
    assert not asked.is_several
    assert Asked.of("When and where was it built?").is_several


def test_each_unit_of_each_hit_is_a_candidate_with_its_place() -> None:
    made = candidates_of(hits("One pump. Two roofs.", "Three tanks."), "en")
    assert [(unit.hit, unit.place) for unit in made] == [(0, 0), (0, 1), (1, 0)]
    assert [unit.unit.text for unit in made] == ["One pump.", "Two roofs.", "Three tanks."]


def test_a_unit_that_points_back_carries_what_it_points_to() -> None:
    first, second, third = candidates_of(
        hits("The boiler stands below. It is inspected in March. Roofs are white."), "en"
    )
    assert first.own <= second.carried
    assert second.subject >= first.own
    assert not third.carried


def test_headings_and_the_name_of_the_document_are_part_of_the_subject() -> None:
    (unit,) = candidates_of(
        [hit("It is inspected in March.", name="boiler_2021.pdf", headings=("Inspection",))], "en"
    )
    assert {"boiler"} <= unit.title
    assert unit.heads
    assert unit.subject >= unit.title | unit.heads | unit.own
    assert [time.year for time in unit.dated] == [2021]


def test_a_rare_term_weighs_more_and_no_weight_is_negative() -> None:
    made = candidates_of(hits("The pump hums.", "The pump leaks.", "The pump rusts."), "en")
    weights = weights_of(["pump", "leak", "attic"], made)
    assert weights["attic"] > weights["leak"] > weights["pump"] > 0


def test_a_share_is_of_the_weight_of_the_question() -> None:
    weights = {"pump": 1.0, "leak": 3.0}
    assert share(weights, frozenset({"leak", "other"})) == 0.75
    assert share(weights, frozenset()) == 0.0
    assert share(weights, frozenset(weights)) == 1.0
    assert share({}, frozenset({"pump"})) == 0.0


def test_a_chain_of_sentences_that_point_back_leads_to_its_first() -> None:
    _, _, third = candidates_of([hit("Io circles Jupiter. It is hot. Its core is small.")], "en")
    assert {"jupit", "hot"} <= third.carried


@pytest.mark.parametrize(
    ("sign", "text", "is_own"),
    [
        ("王", "国王住在城里。", True),
        ("왕", "세종은 조선의 왕이다.", True),
        ("王", "城里有一座桥。", False),
    ],
)
def test_a_unit_has_a_single_character_that_a_question_asks_for(
    sign: str, text: str, is_own: bool
) -> None:
    (unit,) = candidates_of([hit(text)], "zh", (sign,))
    assert (sign in unit.own) is is_own
    assert sign not in candidates_of([hit(text)], "zh")[0].own


def test_a_unit_has_the_terms_of_the_question_of_the_text_above_it() -> None:
    found = candidates_of(
        [hit("Do you deliver?\nWithin Cardiff we do. Newport costs nine pounds.")]
    )
    assert [("deliv" in one.own, "deliv" in one.carried) for one in found] == [
        (True, True),
        (False, True),
    ]
