from __future__ import annotations

import pytest

from ragflow_local.text.turns import turns_in

WHATSAPP = "03.05.24, 18:22 - Anna: Ich bringe den Grill mit"


@pytest.mark.parametrize(
    ("line", "speaker"),
    [
        (WHATSAPP, "Anna"),
        ("[9/3/24, 6:40:13 PM] Luis (Ines's dad): I drive", "Luis (Ines's dad)"),
        ("[00:12:31] Tom Reyes: So it is", "Tom Reyes"),
        ("2024-05-03 10:03 Bob: At nine", "Bob"),
        ("[sob., 08.06.2024 10:44] Wujek Zbyszek: ok", "Wujek Zbyszek"),
        ("[민서] [오후 6:01] 여러분 안녕하세요", "민서"),
        ("<v Prof. Nwosu>So, last week", "Prof. Nwosu"),
        ("10:31 <anna> hi all", "anna"),
    ],
)
def test_a_time_and_a_name_begin_a_turn(line: str, speaker: str) -> None:
    (turn,) = turns_in([line])
    assert turn is not None
    assert turn.speaker == speaker
    assert not turn.is_above


@pytest.mark.parametrize(
    ("line", "speaker"),
    [
        ("Nadia El-Amin  [9:15 AM]", "Nadia El-Amin [9:15 AM]"),
        ("Priya Nair  9:02 AM", "Priya Nair 9:02 AM"),
        (
            "--- Comment 3 · Oriana Blish · 2024-08-19 19:12 ---",
            "Comment 3 · Oriana Blish · 2024-08-19 19:12",
        ),
    ],
)
def test_a_line_of_a_name_and_a_time_stands_over_what_is_said(line: str, speaker: str) -> None:
    turn, _ = turns_in([line, "So it is."])
    assert turn is not None
    assert turn.speaker == speaker
    assert turn.is_above
    assert turns_in([line]) == [None]  # nothing is said


TALKS = [
    "Anna: I will call the printer.\nTom: When?\nAnna: On Friday.\nTom: Good, then I bring them.",
    "ANNA. I will call.\nTOM. When will you call?\nANNA. On Friday.\nTOM. Good.",
    "AB – I liked her best.\nCD – She is late.\nAB – Not always, to be fair.\nCD – Often enough.",
    "馬：我反对。\n林：为什么？\n馬：太近了。\n林：可以换地方。",
    "- **Anna**: I will call.\n- **Tom**: When?\n- **Anna**: On Friday.\n- **Tom**: Good.",
]


@pytest.mark.parametrize("text", TALKS)
def test_names_that_come_again_before_sentences_begin_turns(text: str) -> None:
    turns = turns_in(text.split("\n"))
    assert [turn.speaker if turn else "" for turn in turns] == [
        turns[0].speaker if turns[0] else "?",
        turns[1].speaker if turns[1] else "?",
    ] * 2


@pytest.mark.parametrize(
    "text",
    [
        "Name: Ann\nPhone: 12\nName: Bob\nPhone: 13",  # records
        "Q: Do you deliver?\nA: Yes.\nQ: On Sundays?\nA: No, never.",  # nobody asks there
        "Note: It is hot.\nNote: It is sharp.\nNote: It is wet.\nNote: It is old.",  # one label
        "Ebb: The water falls.\nFetch: The way of the wind.\nSlack: It stands still.\nNeap: Low.",
        "Anna: I will call.\nTom: When?",  # too few to tell
        "10:00 Opening\n10:30 Coffee\n11:00 Talk by Ann",  # a programme
        "10:00 Opening: welcome\n11:00 Talk by Ann: the roof\n12:00 Lunch: soup\n13:00 End: bus",
        "Hamburg 14:05\nBerlin 14:35\nLeipzig 15:10\nThe train stops at all stations.",
        "Espresso 2.40\nCappuccino 3.20\nCakes",
        "Python 3.11\nUbuntu 22.04\nIt does not run on Windows.",
        "Version 2.10\nThe fan is quieter.",
        "2024-01-02 10:00:01 INFO server: it is up\n2024-01-02 10:00:02 WARN disk: it is full",
        "Meeting 10:30\nWe talk about the roof.",
        "Important: It is hot.\nCaution: It is sharp.\nImportant: It is wet.\nCaution: Mind it.",
        "3:16 For God so loved: the world.\n3:17 For God sent: him not.",
        "the key: it is lost.\nthe door: it is shut.\nthe key: it is here.\nthe door: open.",
    ],
)
def test_other_lines_with_a_colon_are_no_turns(text: str) -> None:
    assert not any(turns_in(text.split("\n")))
