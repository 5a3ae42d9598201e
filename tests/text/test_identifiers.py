"""The numbers by which a text names things."""

from __future__ import annotations

import pytest

from ragflow_local.text.identifiers import identifiers_of, leading_number, places_in


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "the projector in room 214", "Room 214 is locked."),
        ("en", "step three", "Step 3: rinse it."),
        ("en", "the third step", "step 3"),
        ("en", "chapter IV", "Chapter 4"),
        ("en", "the 2nd edition", "second edition"),
        ("en", "part B-17", "B17"),
        ("en", "zone 4", "zones 3 to 5"),
        ("en", "room 215", "Rooms 214, 215 and 230 are closed."),
        ("de", "im dritten Stock", "3. Stock"),
        ("de", "§ 5", "§§ 4 und 5"),
        ("de", "Klasse 3b", "die Klasse 3b"),
        ("fr", "le deuxième étage", "2e étage"),
        ("es", "la cuarta edición", "4ª edición"),
        ("es", "siglo XVIII", "siglo 18"),
        ("ru", "вторая секция", "Секция 2"),
        ("nl", "ronde twee", "Ronde 2: 11.30 uur"),
        ("zh", "第七条", "第7条"),
        ("zh", "22路", "21路至25路"),
        ("zh", "6樓", "5樓至7樓"),
        ("ko", "열차 305는", "열차: 305"),
        ("ar", "الغرفة ٢١٤", "الغرفة 214"),
    ],
)
def test_one_thing_is_named_in_many_ways(language: str, one: str, other: str) -> None:
    assert identifiers_of(one, language) & identifiers_of(other, language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "room 214", "room 215"),
        ("en", "room 214", "zone 214"),
        ("en", "class 3b", "class 3a"),
        ("en", "version 2.4", "version 2.5"),
        ("en", "zone 6", "zones 3 to 5"),
        ("zh", "4号楼", "3号楼"),
        ("zh", "26路", "21路至25路"),
    ],
)
def test_another_number_or_label_is_another_thing(language: str, one: str, other: str) -> None:
    assert not identifiers_of(one, language) & identifiers_of(other, language)


@pytest.mark.parametrize(
    "text",
    ["It costs 12 euros.", "It holds 5 %.", "Sales were 3 million.", "in May 2020", "It has 4 km."],
)
def test_what_is_counted_measured_or_dated_is_named_by_no_number(text: str) -> None:
    assert not identifiers_of(text, "en")


def test_only_numbers_of_several_places_lead_a_heading() -> None:
    assert leading_number("2.5 (2023-11-14)") == "2.5"
    assert leading_number("## v2.5.1 – spring") == "2.5.1"
    assert leading_number("4. Rinse it") == ""


def test_places_are_read_in_words() -> None:
    assert places_in("the first being hers, the third mine", "en") == {"1", "3"}


@pytest.mark.parametrize(
    ("text", "count"),
    [("room 1" + ",1" * 9000, 1), ("room 1 to 5 to " * 4000, 5), ("9" * 20000, 0)],
)
def test_long_lists_and_numbers_are_read(text: str, count: int) -> None:
    assert len({number for _, number in identifiers_of(text, "en")}) == count
