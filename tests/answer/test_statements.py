import pytest

from ragflow_local.answer.candidates import Asked, Candidate, candidates_of, weights_of
from ragflow_local.answer.statements import (
    alike,
    best_of_each_kind,
    contradict,
    of_the_subject,
    of_the_time,
    repeats,
)
from tests.answer.made import hit


def unit(
    text: str, *, number: int = 0, name: str = "a.md", headings: tuple[str, ...] = ()
) -> Candidate:
    (made,) = candidates_of([hit(text, number, name=name, headings=headings)], "en")
    return made


def texts(candidates: list[Candidate]) -> list[str]:
    return [candidate.unit.text for candidate in candidates]


@pytest.mark.parametrize(
    ("one", "other", "is_repeated"),
    [
        ("The pump is bled each autumn.", "Each autumn the pump is bled.", True),
        ("The pump is bled each autumn.", "The pump is not bled each autumn.", False),
        ("The pump has 42 valves.", "The pump has 43 valves.", False),
        ("The pump is bled each autumn.", "The roof is white.", False),
    ],
)
def test_a_repetition_says_the_same_with_its_figures_and_negations(
    one: str, other: str, is_repeated: bool
) -> None:
    assert repeats(unit(one), unit(other, number=1, name="b.md")) is is_repeated


@pytest.mark.parametrize(
    ("one", "other", "is_contradiction"),
    [
        ("The tank holds 300 litres.", "The tank holds 400 litres.", True),
        ("The tank is rusty inside.", "The tank is not rusty inside.", True),
        ("The tank holds 300 litres.", "The tank holds 300 litres of oil.", False),
        ("The tank holds 300 litres.", "The roof was painted by 4 men.", False),
    ],
)
@pytest.mark.parametrize("name", ["a.md", "b.md"])
def test_a_contradiction_is_of_the_same_thing(
    one: str, other: str, is_contradiction: bool, name: str
) -> None:
    asked = Asked.of("How much does the tank hold?")
    assert contradict(unit(one), unit(other, number=1, name=name), asked) is is_contradiction


def test_within_a_document_each_statement_is_true_of_its_own_time() -> None:
    one = unit("The tank held 300 litres in 2020.")
    other = unit("The tank held 400 litres in 2021.", number=1)
    assert not contradict(one, other, Asked.of("How much does the tank hold?"))


@pytest.mark.parametrize(
    ("question", "is_contradiction"),
    [
        ("How full is the lake?", True),
        ("How full was the lake in June 2021?", False),
    ],
)
def test_documents_that_date_their_statements_contradict_unless_a_time_is_asked_for(
    question: str, is_contradiction: bool
) -> None:
    one = unit("In June 2021 the lake was 62 percent full.", name="june-2021.md")
    other = unit("In June 2023 the lake was 48 percent full.", number=1, name="june-2023.md")
    assert contradict(one, other, Asked.of(question)) is is_contradiction


def test_two_times_of_one_event_contradict_where_the_time_is_asked_for() -> None:
    one = unit("The boiler was replaced in 2011.")
    other = unit("The boiler was replaced in 2020.", number=1)
    assert contradict(one, other, Asked.of("When was the boiler replaced?"))
    assert not contradict(one, other, Asked.of("Who replaced the boiler?"))


def test_the_dates_of_headings_do_not_part_what_contradicts() -> None:
    one = unit("Visitors may stay for 30 minutes.", headings=("Rules, January 2020",))
    other = unit("Visitors may stay for 60 minutes.", number=1, headings=("Rules, June 2023",))
    assert contradict(one, other, Asked.of("How long may visitors stay?"))


def test_sentences_of_paragraphs_about_different_things_do_not_contradict() -> None:
    content = (
        "Io circles Jupiter. Its diameter is 3,643 km.\n"
        "Rhea circles Saturn. Its diameter is 1,527 km."
    )
    _, one, _, other = candidates_of([hit(content)], "en")
    assert not contradict(one, other, Asked.of("What is its diameter?"))


def best(question: str, content: str) -> list[str]:
    asked = Asked.of(question)
    candidates = candidates_of([hit(content)], asked.language)
    weights = weights_of(asked.terms, candidates)
    return texts(best_of_each_kind(asked, of_the_subject(asked, candidates), weights))


@pytest.mark.parametrize(
    ("question", "wanted", "unwanted"),
    [
        (
            "How much is a cabin without a stove?",
            "Cabins without a stove cost 60 euros.",
            "Cabins with a stove cost 85 euros.",
        ),
        (
            "Wie viel kostet eine Hütte ohne Ofen?",
            "Hütten ohne Ofen kosten 60 Euro.",
            "Hütten mit Ofen kosten 85 Euro.",
        ),
        (
            "How much do adults over 65 pay?",
            "Adults over 65 pay 4 euros.",
            "Adults under 65 pay 9 euros.",
        ),
        (
            "Which plants may not be watered in winter?",
            "Cacti may not be watered in winter.",
            "Ferns may be watered in winter.",
        ),
    ],
)
def test_small_words_decide_between_sentences_that_are_alike(
    question: str, wanted: str, unwanted: str
) -> None:
    for content in (f"{wanted} {unwanted}", f"{unwanted} {wanted}"):
        assert best(question, content) == [wanted]


def test_the_sentence_a_paragraph_begins_with_decides_between_those_that_are_alike() -> None:
    content = (
        "Line 4 runs every ten minutes between Harbour and Gate. The last tram leaves at 0:40.\n"
        "Line 14 runs every six minutes between Airport and Mill. The last tram leaves at 1:15."
    )
    kept = best("When does the last tram of Line 14 leave?", content)
    assert "The last tram leaves at 1:15." in kept
    assert "The last tram leaves at 0:40." not in kept


def test_small_words_do_not_hide_what_another_document_says() -> None:
    asked = Asked.of("How much is a cabin without a stove?")
    one = unit("A cabin without a stove costs 60 euros.", name="2019.md")
    other = unit("Cabins with no stove cost 75 euros.", number=1, name="2024.md")
    kept = best_of_each_kind(asked, [one, other], weights_of(asked.terms, [one, other]))
    assert len(kept) == 2


def test_short_sentences_of_other_months_are_alike() -> None:
    content = "In May the orchard is treated for scab. In July the orchard is treated for mildew."
    asked = Asked.of("What is the orchard treated for in May?")
    candidates = candidates_of([hit(content)], "en")
    assert texts(of_the_time(asked, candidates)) == ["In May the orchard is treated for scab."]


def test_what_the_last_answer_spoke_of_decides_where_nothing_else_does() -> None:
    asked = Asked.of("Who leads the tour?")
    candidates = candidates_of([hit("Ann leads the tour. Bo leads the tour.")], "en")
    weights = weights_of(asked.terms, candidates)
    assert len(best_of_each_kind(asked, candidates, weights)) == 2
    assert texts(best_of_each_kind(asked, candidates, weights, [0.0, 0.3])) == [
        "Bo leads the tour."
    ]


def test_statements_that_differ_in_names_are_alike() -> None:
    assert alike(unit("Anna leads the sales team."), unit("Peter leads the sales team.", number=1))
    assert not alike(unit("Anna leads the sales team."), unit("The roof is white.", number=1))


def test_units_under_another_heading_than_the_asked_one_are_left_out() -> None:
    units = [
        unit("It is inspected in March.", headings=("Boiler",)),
        unit("It is inspected in June.", number=1, headings=("Pump",)),
    ]
    assert texts(of_the_subject(Asked.of("When is the boiler inspected?"), units)) == [
        "It is inspected in March."
    ]
    assert len(of_the_subject(Asked.of("When is it inspected?"), units)) == 2


def test_units_of_another_year_are_left_out_where_one_of_the_asked_year_is_alike() -> None:
    units = [
        unit("Sales were 10 million in 2020."),
        unit("Sales were 12 million in 2021.", number=1),
        unit("The company sells pumps.", number=2),
    ]
    kept = texts(of_the_time(Asked.of("What were the sales of 2021?"), units))
    assert kept == ["Sales were 12 million in 2021.", "The company sells pumps."]
    assert len(of_the_time(Asked.of("What were the sales of 1999?"), units)) == 3
    assert len(of_the_time(Asked.of("What were the sales?"), units)) == 3


def test_of_rows_the_asked_cell_decides() -> None:
    units = candidates_of([hit("name\tplace\nAnna\tOslo\nPeter\tRome")], "en")
    asked = Asked.of("Where does Peter live?")
    kept = best_of_each_kind(asked, units, weights_of(asked.terms, units))
    assert any("Rome" in text for text in texts(kept))
    assert not any("Oslo" in text for text in texts(kept))


RECORDS = "Host: web-01\nOS: Debian\nCity: Oslo\n\nHost: web-02\nOS: Rocky"


def test_records_of_one_kind_are_alike_though_one_lacks_a_field() -> None:
    one, other = candidates_of([hit(RECORDS)], "en")
    assert one.unit.names != other.unit.names
    assert alike(one, other)


def of_the_asked(question: str, content: str) -> list[str]:
    asked = Asked.of(question)
    return texts(of_the_subject(asked, candidates_of([hit(content)], asked.language)))


def test_a_record_that_lacks_a_field_is_compared_with_the_others() -> None:
    assert of_the_asked("Which OS runs on web-01?", RECORDS) == [
        "Host: web-01; OS: Debian; City: Oslo"
    ]


def test_of_a_head_that_is_said_whole_no_part_will_do() -> None:
    content = (
        "Karl Lund\nTelefon 0171 555 44.\nThomas Maier\nTelefon 0171 555 21.\n"
        "Sabine Maier\nKassenwartin seit 2019."
    )
    found = of_the_asked("Wie ist die Telefonnummer von Sabine Maier?", content)
    assert found == ["Kassenwartin seit 2019."]


def test_what_a_sentence_points_back_to_counts_more_than_what_its_paragraph_begins_with() -> None:
    content = (
        "Io circles Jupiter. Its diameter is 3,643 km."
        " Rhea circles Saturn. Its diameter is 1,527 km."
    )
    kept = best("What is the diameter of Io?", content)
    assert "Its diameter is 3,643 km." in kept
    assert "Its diameter is 1,527 km." not in kept


def test_the_wording_decides_between_what_is_so_and_what_is_not() -> None:
    wanted = "Cacti in small clay pots may not be watered in winter."
    other = "Ferns from cold northern hills may be watered in winter."
    assert not alike(unit(wanted), unit(other, number=1))
    kept = best("Which plants may not be watered in winter?", f"{other} {wanted}")
    assert kept == [wanted]
