import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragflow_local.text.sentences import sentence_spans, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("It sleeps. It wakes!", ["It sleeps.", "It wakes!"], id="plain"),
        pytest.param("Dr. No met Mr. Bond.", ["Dr. No met Mr. Bond."], id="titles"),
        pytest.param("J. K. Rowling wrote it.", ["J. K. Rowling wrote it."], id="initials"),
        pytest.param("It is 3.14 m. Long.", ["It is 3.14 m.", "Long."], id="decimals"),
        pytest.param(
            "He said “No.” She left.", ["He said “No.”", "She left."], id="quotes after the stop"
        ),
        pytest.param('"Why?" he asked.', ['"Why?" he asked.'], id="a question inside"),
        pytest.param(
            "Apple Inc. sold it. It ended in the U.S. The rest stayed.",
            ["Apple Inc. sold it.", "It ended in the U.S.", "The rest stayed."],
            id="abbreviations at the end",
        ),
        pytest.param("Use e.g. Python. Now.", ["Use e.g. Python.", "Now."], id="e.g."),
        pytest.param("它在睡觉。它醒来了！", ["它在睡觉。", "它醒来了！"], id="chinese"),
        pytest.param("他说：“走。”她走了。", ["他说：“走。”", "她走了。"], id="chinese quotes"),
        pytest.param("**Why?** So.", ["**Why?**", "So."], id="bold"),
        pytest.param("Πότε ανοίγετε; Αύριο.", ["Πότε ανοίγετε;", "Αύριο."], id="greek question"),
        pytest.param(
            "Rome (Ῥώμη; a city) is old.", ["Rome (Ῥώμη; a city) is old."], id="greek inside"
        ),
        pytest.param("It is red; it is new.", ["It is red; it is new."], id="semicolon"),
        pytest.param("A6. On Mondays.", ["A6. On Mondays."], id="a numbered answer"),
        pytest.param("1. Open it.\n2. Close it.", ["1. Open it.", "2. Close it."], id="list"),
        pytest.param("A title\n\nA text.", ["A title", "A text."], id="an empty line"),
        pytest.param("Wait... what? Yes.", ["Wait... what?", "Yes."], id="dots"),
        pytest.param(
            "Das Bad ist vom 10. Mai bis 14. September offen. Im 19. Jahrhundert war es ein See.",
            [
                "Das Bad ist vom 10. Mai bis 14. September offen.",
                "Im 19. Jahrhundert war es ein See.",
            ],
            id="german ordinals",
        ),
        pytest.param("Es waren 10. Danach 12.", ["Es waren 10.", "Danach 12."], id="numbers"),
        pytest.param("I am 10. She is 12.", ["I am 10.", "She is 12."], id="no ordinal"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_a_text_is_parted_where_its_sentences_end(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="aB. !?\n“”。，克\"')3", max_size=80))
def test_the_spans_are_the_whole_text(text: str) -> None:
    spans = sentence_spans(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)


@pytest.mark.parametrize(
    "sentence",
    [
        "La mairie se situe 14, av. Jean Jaurès, face à la poste.",
        "La farmacia está en la Avda. Castilla, junto al banco.",
        "Il direttore è il Dott. Rossi di Parma.",
        "Склад расположен на ул. Ленина, во дворе.",
        "Автор книги И. Петров из Омска.",
        "De voorzitter is dhr. Bakker uit Delft.",
        "In the case Tran v. Lakeside Pools the court sat twice.",
        "Der Laden ist in der Gartenstr. 5 in Ulm.",
        "Rufen Sie Tel. 030 1234 an.",
        "Es gibt Obst, z. B. Äpfel.",
        "Gen. Smith and Maj. Miller came late.",
    ],
)
def test_an_abbreviation_before_a_name_ends_no_sentence(sentence: str) -> None:
    assert sentences(sentence) == [sentence]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Årsmötet hålls måndagen i maj.", "Kassör är Ingrid Holm."),
        ("Le village est à l'est.", "La mairie est fermée."),
        ("Le refuge est sous le col.", "Le sentier est raide."),
    ],
)
def test_a_word_of_another_language_that_looks_like_an_abbreviation_ends_one(
    first: str, second: str
) -> None:
    assert sentences(f"{first} {second}") == [first, second]


@pytest.mark.parametrize(
    "text",
    [
        "Artikel 6. Huisdieren zijn niet toegestaan.",
        "4.1. The rent is due on the first.",
        "§ 4. The rent is due.",
        "Chapter 12. The caravan crosses the lake.",
    ],
)
def test_the_number_of_a_clause_is_part_of_its_sentence(text: str) -> None:
    assert sentences(f"{text} {text}") == [text, text]


def test_a_short_sentence_that_ends_in_a_number_is_one() -> None:
    assert sentences("He is 12. She is 13.") == ["He is 12.", "She is 13."]


def test_a_full_stop_in_a_quoted_name_ends_no_chinese_sentence() -> None:
    assert sentences("较早的版本会改名为“文件名.冲突.日期”，不会丢失。") == [
        "较早的版本会改名为“文件名.冲突.日期”，不会丢失。"
    ]
    assert sentences("他来了.我走了.") == ["他来了.", "我走了."]
