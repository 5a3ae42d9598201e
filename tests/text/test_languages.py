from concurrent.futures import ThreadPoolExecutor

import pytest

from ragflow_local.text.languages import (
    function_words,
    known_languages,
    language_of,
    negations,
    question_words,
)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Where is the pump?"),
        ("de", "Wie hoch ist die Kündigungsfrist?"),
        ("de", "Wer arbeitet hier"),
        ("fr", "Quand la chaudière est-elle vérifiée ?"),
        ("es", "¿Dónde está la bomba?"),
        ("it", "Quando viene controllata la caldaia?"),
        ("pt", "Onde fica a bomba de água?"),
        ("nl", "Waar staat de pomp?"),
        ("pl", "Gdzie jest pompa?"),
        ("sv", "Var är pumpen?"),
        ("fi", "Missä pumppu on?"),
        ("tr", "Pompa nerede?"),
        ("id", "Di mana pompa itu?"),
        ("vi", "Máy bơm ở đâu?"),
        ("ru", "Где находится насос?"),
        ("uk", "Де знаходиться насос і коли його перевіряли?"),
        ("el", "Πού είναι η αντλία;"),
        ("ar", "أين المضخة؟"),
        ("fa", "پمپ کجاست و چه کسی آن را بررسی می‌کند؟"),
        ("he", "איפה המשאבה?"),
        ("hi", "पंप कहाँ है?"),
        ("th", "ปั๊มอยู่ที่ไหน"),
        ("ja", "ポンプはどこにありますか"),
        ("ja", "東京都庁の所在地は"),
        ("ko", "펌프는 어디에 있습니까?"),
        ("zh", "水泵在哪里?"),
        ("zh", "鍋爐每年三月檢查一次"),
        ("zh", "API 的默认端口是多少"),
    ],
)
def test_a_short_question_is_in_its_language(language: str, text: str) -> None:
    assert language_of(text) == language


def test_most_of_a_mixed_text_decides() -> None:
    assert language_of("Die Anlage heißt „Big Pump“ und steht im Keller des Hauses.") == "de"


@pytest.mark.parametrize("text", ["", " \n", "1,234.5", "🎉", "!?"])
def test_a_text_without_letters_is_in_no_language(text: str) -> None:
    assert language_of(text) == ""


def test_a_language_is_chosen_among_those_given() -> None:
    assert language_of("Pumpe", among=("de", "fr")) in {"de", "fr"}
    assert language_of("αντλία", among=("de", "fr")) == "el"  # not in their script
    assert language_of("Gift", among=("de",)) == "de"


def test_languages_are_recognised_by_many_threads_at_once() -> None:
    texts = ["Szivattyú", "Bombas hidráulicas", "Насосная станция", "Pompe à chaleur"] * 20
    one = [language_of(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(language_of, texts)) == one


@pytest.mark.parametrize(
    "language", ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "ja", "ko", "ar", "zh"]
)
def test_question_words_and_negations_are_function_words(language: str) -> None:
    assert language in known_languages()
    assert question_words(language) and negations(language)
    assert question_words(language) | negations(language) < function_words(language)


@pytest.mark.parametrize(
    ("language", "content"),
    [("en", "system computer world page"), ("de", "teil jahr mensch"), ("fr", "monde travail")],
)
def test_words_that_texts_are_about_are_no_function_words(language: str, content: str) -> None:
    assert not function_words(language) & set(content.split())


def test_a_language_nobody_knows_has_no_function_words() -> None:
    assert function_words("xx") == question_words("xx") == negations("xx") == frozenset()
