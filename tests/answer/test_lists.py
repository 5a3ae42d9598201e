from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ragflow_local.answer.candidates import Asked, Candidate, candidates_of
from ragflow_local.answer.lists import Beside, asked_whole, is_step_asked_for
from ragflow_local.answer.quoting import extract
from ragflow_local.records import ChunkRow, Hit, Marked
from tests.answer.made import hit, hits

RESET = (
    "To reset the router to its factory settings:\n1. Unplug the power cable.\n"
    "2. Press the red button and hold it.\n3. Plug the cable in again.\n4. Wait for a green light."
)
BOX = "The box contains:\n- the router\n- a power supply\n- four screws\nIt weighs two kilos."
BRING = "What applicants need\n- a valid passport\n- proof of income\n- two photographs"


def whole(
    question: str,
    found: Sequence[Hit],
    *begins: str,
    without: str = "",
    beside: Beside | None = None,
) -> list[str]:
    """Return what is quoted whole where the units that begin so are picked, the best first."""
    asked = Asked.of(question)
    candidates = candidates_of(found, asked.language, asked.terms)

    def unit(begin: str) -> Candidate:
        return next(one for one in candidates if one.unit.text.startswith(begin))

    ranked = [one for one in candidates if not without or not one.unit.text.startswith(without)]
    picked = [unit(begin) for begin in begins]
    items = asked_whole(asked, picked, ranked, candidates, found, beside)
    return [unit.unit.text for unit, _ in items]


STEPS = RESET.splitlines()


def test_a_list_is_quoted_whole_where_what_introduces_it_answers() -> None:
    assert whole("How do I reset the router?", hits(RESET), "To reset") == STEPS


def test_a_list_is_quoted_whole_where_several_of_its_items_would_be() -> None:
    assert whole("How do I reset the router?", hits(RESET), "1.", "2.") == STEPS
    assert whole("How do I reset the router?", hits(RESET), "2.", "To reset") == STEPS


def test_whoever_asks_how_gets_all_steps_though_the_question_says_a_word_of_one() -> None:
    assert whole("How do I reset it with the red button?", hits(RESET), "2.", "3.") == STEPS
    assert whole("Which router has the red button?", hits(RESET), "2.", "3.") == []


def test_a_list_under_a_heading_is_quoted_without_it() -> None:
    assert whole("What do applicants need?", hits(BRING), "- a valid", "- two") == [
        "- a valid passport",
        "- proof of income",
        "- two photographs",
    ]


@pytest.mark.parametrize(
    ("question", "picked"),
    [
        ("How many screws are in the box?", ("- four", "- a power")),
        ("Does the box contain a power supply?", ("- a power", "- four")),
    ],
)
def test_an_item_that_the_question_names_is_quoted_alone(
    question: str, picked: Sequence[str]
) -> None:
    assert whole(question, hits(BOX), *picked) == []


def test_an_item_that_is_sure_alone_is_quoted_alone() -> None:
    assert whole("What do I have to bring?", hits(BRING), "- a valid") == []
    assert (
        whole("What do I have to bring?", hits(f"{BRING}\n{BOX}"), "- a valid", "It weighs") == []
    )


def test_a_sentence_beside_a_list_is_quoted_alone() -> None:
    assert whole("How heavy is it?", hits(BOX), "It weighs", "- four") == []
    assert whole("How heavy is it?", hits("It is heavy.\nIt weighs two kilos."), "It weighs") == []


def test_the_answer_to_a_question_of_the_text_is_quoted_whole() -> None:
    content = "What do I bring?\n- a passport\n- two photographs\n\nIs it far?\nNo."
    assert whole("Things to bring?", hits(content), "- a passport") == [
        "- a passport",
        "- two photographs",
    ]


def test_two_lists_under_headings_of_their_own_are_two() -> None:
    content = f"{BRING}\n## Fees\n- ten pounds\n- five for children"
    found = whole("What do applicants need?", hits(content), "- a valid", "- two")
    assert "- ten pounds" not in found
    assert len(found) == 3


def test_a_list_goes_on_in_the_next_chunk() -> None:
    found = [
        hit("3. Plug the cable in again.\n4. Wait for a green light.", 0, ordinal=5),
        hit("\n".join(STEPS[:3]), 1, ordinal=4),
        hit("5. Of another list.", 2, ordinal=9),
        hit("5. Of another document.", 3, name="other.txt", ordinal=6),
    ]
    assert whole("How do I reset the router?", found, "To reset") == STEPS


def test_a_list_goes_on_in_a_chunk_that_was_not_found() -> None:
    asked: list[Hit] = []

    def beside(one: Hit) -> list[ChunkRow]:
        asked.append(one)
        return [
            hit("To reset the router to its factory settings:", 7, ordinal=3).chunk,
            hit("4. Wait for a green light.\nIt takes a minute.", 8, ordinal=5).chunk,
        ]

    middle = [hit("\n".join(STEPS[1:4]), 1, ordinal=4)]
    question = "How do I reset the router?"
    assert whole(question, middle, "1.", "2.", beside=beside) == STEPS
    assert asked == middle
    assert whole(question, hits(f"Read this.\n{RESET}\nIt is done."), "To reset", beside=beside)
    assert asked == middle  # a list with something before and after it is whole


def test_lines_of_code_go_with_what_introduces_them() -> None:
    content = (
        "Open a terminal and run:\npip install tools\nsetup --port 80\nIt takes a minute or so."
    )
    assert whole("How do I install it?", hits(content), "Open") == [
        "Open a terminal and run:",
        "pip install tools",
        "setup --port 80",
    ]


TABLE = "Light\tMeaning\ngreen\tonline\nred\tno power\nblue\tupdating"


def test_a_small_table_is_quoted_whole_where_no_row_is_named() -> None:
    rows = ["Light: green; Meaning: online", "Light: red; Meaning: no power"]
    every = [*rows, "Light: blue; Meaning: updating"]
    assert whole("What do the lights mean?", hits(TABLE), *rows) == every
    assert whole("What does the red light mean?", hits(TABLE), *reversed(rows)) == []
    assert whole("What do the lights mean?", hits(TABLE), *rows, without="Light: blue") == []


@pytest.mark.parametrize(
    "content",
    [
        "Bring:\n" + "\n".join(f"- the thing number {number}" for number in range(31)),
        "Bring:\n- " + "a long thing " * 200 + "\n- " + "another thing " * 200,
        "Thing\tPrice\n" + "\n".join(f"thing {number}\t{number}" for number in range(13)),
    ],
    ids=["items", "letters", "rows"],
)
def test_what_is_too_long_is_not_quoted_whole(content: str) -> None:
    found = hits(content)
    begins = [one.unit.text for one in candidates_of(found, "en")][:2]
    assert whole("What do I bring?", found, *begins) == []


def test_every_item_has_a_line_of_its_own() -> None:
    quotes = extract("How do I reset the router?", hits(RESET))
    assert [quote.text for quote in quotes] == STEPS
    assert [quote.is_line for quote in quotes] == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("question", "step"),
    [
        ("What is the third step of resetting the router?", "3. Plug the cable in again."),
        ("What is step 2 of resetting the router?", "2. Press the red button and hold it."),
        ("What is step 7 of resetting the router?", ""),
    ],
)
def test_a_step_is_known_by_its_number(question: str, step: str) -> None:
    assert [quote.text for quote in extract(question, hits(RESET))] == [step] * bool(step)


@pytest.mark.parametrize(
    ("question", "is_asked_for"),
    [
        ("What is step 2 of resetting the router?", True),
        ("What is the second step of the reset?", True),
        ("What is step 2 of cleaning the oven?", False),
        ("What is step 1 of resetting the router?", False),
        ("What are the two steps of resetting the router?", False),
    ],
)
def test_a_step_is_asked_for_by_its_number_and_its_list(question: str, is_asked_for: bool) -> None:
    asked, found = Asked.of(question), hits(RESET)
    candidates = candidates_of(found, asked.language, asked.terms)
    assert is_step_asked_for(asked, candidates[2], candidates, found) is is_asked_for


def test_a_word_that_what_introduces_the_list_has_too_names_no_item() -> None:
    box = hits("The box contains:\n- a box of screws\n- a network cable")
    found = whole("What is in the box?", box, "- a box", "- a network")
    assert found == ["The box contains:", "- a box of screws", "- a network cable"]
    cords = hits("## Power supply\nIt is new.\n- the power cord\n- a fuse")
    found = whole("What belongs to the power supply?", cords, "- the power", "- a fuse")
    assert found == ["- the power cord", "- a fuse"]


def test_tables_under_headings_of_their_own_are_two() -> None:
    content = f"## Front\n{TABLE}\n\n## Back\n{TABLE.replace('online', 'locked')}"
    rows = ("Light: green; Meaning: online", "Light: red; Meaning: no power")
    assert len(whole("What do the lights mean?", hits(content), *rows)) == 3


def test_lines_without_marks_are_a_list_of_their_own() -> None:
    content = "Teachers\nAnn Lee (yoga)\nBob Ray (judo)\nIda Sand (dance)"
    found = whole("Who teaches?", hits(content), "Ann", "Bob")
    assert found[-3:] == ["Ann Lee (yoga)", "Bob Ray (judo)", "Ida Sand (dance)"]
    found = whole(
        "What is there to bring?", hits(f"- a mat\n- a towel\n{content}"), "- a mat", "- a tow"
    )
    assert found == ["- a mat", "- a towel"]


def test_a_list_goes_on_in_a_chunk_that_does_not_know_its_heading() -> None:
    found = [
        hit("\n".join(STEPS[:3]), 0, ordinal=0, headings=("Router",)),
        hit("3. Plug the cable in again.\n4. Wait for a green light.", 1, ordinal=1),
    ]
    assert whole("How do I reset the router?", found, "To reset") == STEPS
    other = [found[0], hit("1. Of another list.", 1, ordinal=1, headings=("Printer",))]
    assert whole("How do I reset the router?", other, "To reset") == STEPS[:3]


def test_a_list_does_not_go_on_below_another_heading_of_the_same_name() -> None:
    log = "2.4\nFixed\n- The crash\n- The menu\n2.3\nFixed\n- The undo\n- The save"
    marks = [(0, 1), (1, 2), (4, 1), (5, 2)]
    found = hits(log)
    chunk = replace(found[0].chunk, marked=tuple(Marked(at, 1, depth) for at, depth in marks))
    found = [replace(found[0], chunk=chunk)]
    question = "What was fixed in 2.4?"
    assert whole(question, found, "- The crash", "- The menu") == ["- The crash", "- The menu"]


def test_a_section_that_is_asked_for_by_its_number_is_quoted_whole() -> None:
    found = hits("2.4 (2024)\n- Colours\n- Sounds\n2.3 (2023)\n- Menus")
    chunk = replace(found[0].chunk, marked=(Marked(0, 1, 1), Marked(3, 1, 1)))
    found = [replace(found[0], chunk=chunk)]
    assert whole("What changed in 2.4?", found, "- Colours") == ["- Colours", "- Sounds"]
    assert whole("What about colours in 2.4?", found, "- Colours") == []
