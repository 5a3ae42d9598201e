import pytest

from ragflow_local.records import ChunkRow
from ragflow_local.text.terms import (
    STOP_WORDS,
    asked_terms,
    chunk_terms,
    iterate,
    spans_of,
    terms_of,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Sleeping", "sleeps", id="English stems"),
        pytest.param("CAFÉ", "cafe", id="case and accents"),
        pytest.param("ﬁne", "fine", id="ligatures"),
        pytest.param("ＰＰＲ", "ppr", id="full width"),
        pytest.param("ﾊﾝｶｸ", "ハンカク", id="half-width kana"),
        pytest.param("1,234.5", "1234.5", id="thousands commas"),
        pytest.param("Ahab's", "Ahab", id="possessive"),
        pytest.param("don’t", "don't", id="curly apostrophe"),
        pytest.param("l'homme", "homme", id="French elision"),
        pytest.param("Straße", "STRASSE", id="sharp s"),
        pytest.param("العَرَبِيَّة", "العربية", id="Arabic vowel signs"),
        pytest.param("cafe\u0301", "café", id="composed and decomposed"),
    ],
)
def test_two_spellings_are_one_term(one: str, other: str) -> None:
    assert terms_of(one) == terms_of(other)
    assert terms_of(one)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        pytest.param("order PPR-9087 today", "PPR-9087", id="a code as it stands"),
        pytest.param("order PPR-9087 today", "ppr9087", id="a code without its hyphen"),
        pytest.param("order PPR-9087 today", "9087", id="a part of a code"),
        pytest.param("order PPR9087 today", "PPR 9087", id="parts of a code in one word"),
        pytest.param("the e-mail came", "email", id="a hyphen more"),
        pytest.param("vector_similarity_weight", "similarity", id="a name in a program"),
        pytest.param("LiHua: hello", "Li Hua", id="a name written together"),
        pytest.param("parseJSON()", "json", id="camel case"),
        pytest.param("take 5mg", "5 mg", id="a unit"),
        pytest.param("in the 1990s", "1990", id="a decade"),
        pytest.param("in C++ only", "C++", id="a sign that is part of the name"),
        pytest.param("on 2021-03-04 at 12:00", "2021", id="a date"),
        pytest.param("猫が好き", "猫", id="one character of Japanese"),
        pytest.param("全文检索引擎", "检索", id="two characters of Chinese"),
        pytest.param("물을 마시다", "물", id="one syllable of Korean"),
        pytest.param("ภาษาไทย", "ไทย", id="a Thai word"),
    ],
)
def test_a_text_has_a_term_of_the_question(text: str, question: str) -> None:
    assert terms_of(text).keys() & terms_of(question).keys() - STOP_WORDS


def test_cpp_is_not_only_c() -> None:
    assert "c++" not in terms_of("vitamin C")


def test_function_words_are_kept_for_the_index() -> None:
    assert set(terms_of("To be, or not to be")) == {"to", "be", "or", "not"}
    assert terms_of("To be, or not to be")["be"] == 2


def test_chinese_is_characters_and_pairs() -> None:
    assert list(iterate("中文检")) == ["中", "文", "检", "中文", "文检"]


@pytest.mark.parametrize("text", ["", " \n", "!?…", "\ud800", "\x00", "——"])
def test_a_text_without_words_has_no_terms(text: str) -> None:
    assert terms_of(text) == {}


def test_data_in_a_text_does_not_make_endless_terms() -> None:
    assert max(map(len, terms_of("A" * 100_000 + " b1" * 3))) <= 64


def row(**values: object) -> ChunkRow:
    given: dict[str, object] = {"content": "It sleeps.", "document_name": "a.txt", **values}
    return ChunkRow(1, "c", "d", "k", ordinal=0, token_count=1, generation=1, **given)  # type: ignore[arg-type]  # a test's shorthand


def test_a_chunk_is_found_by_all_that_is_said_of_it() -> None:
    found = chunk_terms(
        row(
            document_name="Kraken facts.pdf",
            headings=("Habits",),
            keywords=("squid",),
            questions=("Where does it live?",),
        )
    )
    assert {"kraken", "habit", "squid", "live", "sleep"} <= found.keys()
    assert "pdf" not in found
    assert found["squid"] > found["kraken"]


def test_a_chunk_with_another_text_to_match_is_found_by_that() -> None:
    found = chunk_terms(row(match_text="Does it sing?"))
    assert "sing" in found
    assert "sleep" not in found


@pytest.mark.parametrize(
    ("question", "text", "marked"),
    [
        (
            "Where are the boilers?",
            "A boiler is where the Boiler-room is.",
            ["boiler", "Boiler-room"],
        ),
        ("figure 12", "12 of 120 figures", ["12", "figures"]),
        ("PPR-9087", "see PPR-9087, not 9088", ["PPR-9087"]),
        ("海妖在哪里睡觉", "海妖在深海中睡觉。", ["海妖在", "睡觉"]),
        ("海", "大海", ["海"]),
        ("café", "the CAFE\u0301 is shut", ["CAFE\u0301"]),
        ("what is it", "what is it", []),
        ("", "anything", []),
    ],
    ids=[
        "stems",
        "numbers",
        "codes",
        "chinese",
        "one character",
        "accents",
        "only small words",
        "nothing",
    ],
)
def test_words_that_were_asked_for_are_found_in_a_text(
    question: str, text: str, marked: list[str]
) -> None:
    spans = spans_of(text, asked_terms(question))
    assert [text[start:end] for start, end in spans] == marked
