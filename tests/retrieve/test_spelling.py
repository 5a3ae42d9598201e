"""Words as people type them find the text that says them, and it comes first."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.ingest.term_bags import add_terms
from ragflow_local.records import ChunkRow
from ragflow_local.retrieve.candidates import terms_of_all
from ragflow_local.retrieve.spelling import Vocabularies, Vocabulary, is_compounding
from ragflow_local.stores.catalog import schema
from tests.retrieve.asking import asked_of

DATASET = 1


@pytest.fixture(scope="module")
def empty() -> bytes:
    """An empty catalog."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(made, Path("catalog.sqlite3"))
    data = made.serialize()
    made.close()
    return data


@pytest.fixture
def connection(empty: bytes) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.deserialize(empty)
    yield made
    made.close()


def fill(connection: sqlite3.Connection, texts: Sequence[str]) -> None:
    rows = [
        ChunkRow(
            number,
            f"{number}",
            "d",
            "k",
            "a.txt",
            ordinal=number,
            content=text,
            token_count=1,
            generation=1,
        )
        for number, text in enumerate(texts, 1)
    ]
    add_terms(connection, DATASET, rows)


def best(connection: sqlite3.Connection, texts: Sequence[str], question: str) -> str | None:
    """Return the text that words alone put first; None where none has one of them."""
    fill(connection, texts)
    query, lists, _ = asked_of(connection, Vocabularies(), [DATASET], question)
    assert lists is not None
    scores = terms_of_all(lists, query, np.arange(1, len(texts) + 1))
    return texts[int(np.argmax(scores))] if scores.max() > 0 else None


NUMBERS = [
    ("1,234,567", ["1 234 567", "1.234.567", "1234567", "1'234'567", "1\u202f234\u202f567"]),
    ("2.345.678,90", ["2345678", "2,345,678.90", "2 345 678,90", "2345678.90"]),
    ("3 456 789", ["3456789", "3,456,789", "3.456.789"]),
    ("12,34,56,789", ["123456789", "123,456,789"]),
    ("4\u00a0567\u00a0890", ["4567890", "4,567,890"]),
    ("5’678’901", ["5678901", "5,678,901"]),
    ("1,500", ["1.500", "1500"]),
    ("١٬٢٣٤٬٥٦٨", ["1,234,568", "1234568"]),
    ("12,5", ["12.5"]),
]


@pytest.mark.parametrize(
    ("written", "asked"), [(written, one) for written, forms in NUMBERS for one in forms]
)
def test_a_number_is_found_however_its_digits_are_grouped(
    connection: sqlite3.Connection, written: str, asked: str
) -> None:
    right = f"The sum was {written} in that year."
    others = [
        "The sum was 9,876,543 in that year.",
        "Phone +49 (0)89 123-456.",
        "Of 234 and of 567.",
    ]
    assert best(connection, [*others, right], asked) == right


CODES = [
    ("1.2.1", "v1.2.1 fixes the alarm", "v1.1.2 fixes the display"),
    ("version 2.10", "V2.10 fixes the alarm", "V2.1 fixes the display"),
    ("1.10.2", "release-1.10.2 is out", "release-1.1.2 is out"),
    ("v3.4", "Version 3.4 is out", "Version 4.3 is out"),
    ("IT", "IT department rules", "It is what it is"),
    ("WHO", "The WHO was founded in 1948", "Who was there, and who founded it"),
    ("NO in summer", "Levels of NO rise in summer", "There is no rise in summer"),
    ("US", "Sales in the US grew", "They told us of sales"),
    ("Who is in IT?", "IT: Bob and Carl", "It was founded by them"),
    ("N.A.S.A.", "The NASA budget grew", "The n a s a budget"),
    ("NASA", "The N.A.S.A. budget grew", "The other budget grew"),
    ("U.S.", "Sales in the US grew", "They told us of sales"),
    ("Q2 2024", "BESTBUY_2024Q2_10Q", "BESTBUY_2024Q3_10Q"),
    ("2024", "BESTBUY_2024Q2_10Q", "BESTBUY_2023Q2_10Q"),
    ("fiscal 2023", "Report FY23", "Report FY22"),
    ("Q2 2023", "Q2'2023 results", "Q1'2023 results"),
    ("Q3 2023", "3Q23 results", "2Q23 results"),
    ("Best Buy", "BESTBUY_10Q", "the best of all"),
    ("bestbuy", "Best Buy sells more", "They sell the best"),
    ("parse json", "parseJSON reads it", "parse the file"),
]


@pytest.mark.parametrize(("asked", "right", "other"), CODES, ids=[one[0] for one in CODES])
def test_a_code_is_found_as_people_type_it(
    connection: sqlite3.Connection, asked: str, right: str, other: str
) -> None:
    assert best(connection, [other, right, "Something else."], asked) == right


WORDS = [
    ("en", "acommodation", "The accommodation must be paid in advance.", "The tyres are new."),
    ("en", "maintainance", "The maintenance schedule is yearly.", "Schedules are yearly."),
    ("en", "recieve", "You will receive the parcel.", "You will send the parcel."),
    ("en", "goverment", "The government decides.", "The parliament decides."),
    ("en", "aintenance", "The maintenance takes an hour.", "The station is near."),
    ("en", "child", "The children went home.", "The parents went home."),
    ("en", "mouse", "Three mice ran.", "Three cats ran."),
    ("en", "criteria", "The criterion is price.", "The price is high."),
    ("en", "analysis", "Both analyses agree.", "Both parties agree."),
    ("en", "buy", "She bought a car.", "She sold a car."),
    ("en", "What does the warranty not cover?", "The warranty does not cover the tyres.",
     "The warranty covers the engine."),
    ("en", "What isn't covered?", "Tyres are not covered.", "Engines are covered."),
    ("de", "Was deckt die Garantie nicht ab?", "Die Garantie deckt Reifen nicht ab.",
     "Die Garantie deckt den Motor ab."),
    ("de", "Dampfschiff", "Das Donaudampfschiff fährt nach Wien.", "Der Zug fährt nach Wien."),
    ("de", "Kuendigungsfrist", "Die Kündigungsfrist beträgt drei Monate.",
     "Der Vertrag wird gekündigt."),
    ("de", "Frist der Kündigung", "Die Kündigungsfrist beträgt drei Monate.",
     "Der Vertrag wird gekündigt."),
    ("de", "Groesse", "Die Größe wird in Metern gemessen.", "Der Preis wird gemessen."),
    ("de", "Größe", "Die Groesse wird in Metern gemessen.", "Der Preis wird gemessen."),
    ("de", "Vertrag", "Der Arbeitsvertrag ist befristet.", "Die Arbeit ist schwer."),
    ("de", "Strasse", "Die Straße ist gesperrt.", "Der Weg ist gesperrt."),
    ("de", "Haus", "Die Häuser sind alt.", "Die Wege sind alt."),
    ("de", "Mueller Koeln", "Herr Müller wohnt in Köln.", "Herr Meier wohnt in Bonn."),
    ("de", "Kündigung Frist", "Die Kündigungsfrist endet im Mai.", "Die Miete endet im Mai."),
    ("de", "Fristenregelung", "Die Regelung der Fristen gilt.", "Der Weg ist gesperrt."),
    ("sv", "pumparna", "Pumpen står i källaren och är ny.", "Det står en bil i garaget."),
    ("sv", "böcker", "En bok ligger på bordet.", "En bil står på gatan."),
    ("da", "børn", "Et barn leger i haven.", "En hund leger i haven."),
    ("no", "bøker", "Det er en bok på bordet.", "Det er en bil på veien."),
    ("nl", "kind", "De kinderen spelen in de tuin.", "De honden spelen in de tuin."),
    ("nl", "verzekering", "De autoverzekering is duur en de premie ook.", "De auto is duur."),
    ("fr", "cheval", "Les chevaux sont dans le pré.", "Les vaches sont dans le pré."),
    ("fr", "oeil", "Les yeux sont bleus et le ciel aussi.", "Les murs sont bleus."),
    ("fr", "verifiee", "La chaudière est vérifiée en mars.", "La voiture est vendue en mars."),
    ("fr", "coeur", "Le cœur de la ville est là.", "Le bord de la ville est là."),
    ("es", "informacion", "La información está en la página.", "La cocina está en la casa."),
    ("es", "luz", "Las luces de la calle están rotas.", "Las puertas de la calle están rotas."),
    ("it", "uovo", "Le uova sono nel frigo.", "Le mele sono nel frigo."),
    ("it", "citta", "La città è grande.", "La casa è grande."),
    ("pt", "informacao", "A informação não está na página.", "A cozinha não está na casa."),
    ("pt", "animal", "Os animais estão no campo.", "Os carros estão no campo."),
    ("pl", "pompa", "Pompy są w piwnicy i nie działają.", "Okna są w piwnicy i nie działają."),
    ("tr", "kitap", "Kitaplar masanın üzerinde ve yeni.", "Arabalar yolun üzerinde ve yeni."),
    ("fi", "talo", "Taloissa on uusi katto, joka on hyvä.", "Auto on uusi ja kuitenkin hyvä."),
    ("ru", "насосы", "Насос стоит в подвале.", "Шкаф стоит в подвале."),
    ("ru", "ребенок", "Дети играют в саду.", "Собаки играют в саду."),
    ("ru", "елка", "Ёлка стоит в углу.", "Шкаф стоит в углу."),
    ("uk", "вікно", "У кімнаті є велике вікно.", "У кімнаті є великий стіл."),
    ("el", "αντλια", "Η αντλία είναι στο υπόγειο.", "Το αυτοκίνητο είναι στο γκαράζ."),
    ("ar", "خادم", "طريقة إعادة تشغيل الخادم", "طريقة إعادة طباعة الصفحة"),
    ("ar", "المضخة", "توجد مضخة في القبو", "توجد سيارة في القبو"),
    ("ar", "مضخة", "السيارة والمضخة في القبو", "السيارة في القبو"),
    ("ar", "مدرسه", "هذه مدرسة جديدة", "هذه سيارة جديدة"),
    ("ar", "احمد", "كتب أحمد رسالة", "كتب علي رسالة"),
    ("ar", "كتاب", "الكتب على الطاولة", "السيارة على الطريق"),
    ("fa", "كتاب", "کتاب‌ها روی میز است", "ماشین در خیابان است"),
    ("fa", "کتاب", "کتابهای او روی میز است", "ماشین او در خیابان است"),
    ("fa", "میکند", "او کار می‌کند", "او در خانه است"),
    ("he", "משאבה", "המשאבה נמצאת במרתף", "המכונית נמצאת בחניה"),
    ("he", "המשאבה", "יש משאבה במרתף", "יש מכונית בחניה"),
    ("he", "בית", "הוא גר בבית גדול", "הוא גר ליד הים"),
    ("hi", "किताबें", "किताब मेज पर है", "गाड़ी सड़क पर है"),
    ("th", "ปั๊มน้ำ", "เครื่องปั๊มน้ำอยู่ในห้องใต้ดิน", "รถอยู่ในโรงรถ"),
    ("th", "๒๕๖๗", "รายงานปี 2567", "รายงานปี 2566"),
    ("vi", "bảo hiểm", "Hợp đồng bảo hiểm có hiệu lực.", "Báo cáo có hiệu lực."),
    ("vi", "bao hiem", "Hợp đồng bảo hiểm có hiệu lực.", "Hợp đồng thuê nhà có hiệu lực."),
    ("vi", "má", "Má tôi ở nhà và không đi đâu.", "Mạ non ở ruộng và không có ma hay mả nào."),
    ("zh", "鍋爐", "锅炉每年检查一次。", "水泵每年检查一次。"),
    ("zh", "锅炉", "鍋爐每年檢查一次。", "水泵每年檢查一次。"),
    ("zh", "臺灣", "台湾的人口", "日本的人口"),
    ("zh", "ＡＰＩ 端口", "API 端口是 8080", "API 地址是本机"),
    ("ja", "東京の人口", "東京都の人口は多い。", "大阪府の面積は狭い。"),
    ("ja", "ﾊﾝｶｸ", "ハンカクの文字", "全ての文字"),
    ("ko", "매출", "회사의 매출은 증가했다.", "회사의 직원은 감소했다."),
    ("ko", "회사에서", "회사는 서울에 있다.", "학교는 부산에 있다."),
    ("", "🎉", "Party 🎉 at the office.", "Lunch is at noon."),
    ("", "❤️", "We ❤ this pump.", "We like this pump."),
    ("", "👍🏽", "He said 👍 to it.", "He said nothing to it."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "right", "other"),
    [one[1:] for one in WORDS],
    ids=[f"{one[0]} {one[1]}" for one in WORDS],
)
def test_a_word_is_found_as_people_type_it(
    connection: sqlite3.Connection, asked: str, right: str, other: str
) -> None:
    assert best(connection, [other, right, other.replace(" ", "  ")], asked) == right


def test_languages_of_one_dataset_do_not_hinder_one_another(
    connection: sqlite3.Connection,
) -> None:
    texts = [
        "The children went to the house.",
        "Die Verträge sind gekündigt und nicht mehr gültig.",
        "Les chevaux sont dans le pré.",
        "Насосы стоят в подвале и не работают.",
        "水泵每年检查一次。",
    ]
    fill(connection, texts)
    asked = {"child": 0, "Vertrag": 1, "cheval": 2, "насос": 3, "水泵": 4}
    for question, right in asked.items():
        query, lists, _ = asked_of(connection, Vocabularies(), [DATASET], question)
        assert lists is not None
        scores = terms_of_all(lists, query, np.arange(1, len(texts) + 1))
        assert int(np.argmax(scores)) == right, question


def test_a_guess_is_told(connection: sqlite3.Connection) -> None:
    fill(connection, ["The accommodation is paid.", "The pump runs."])
    asked = "When is the acommodation paid?"
    query, _, guesses = asked_of(connection, Vocabularies(), [DATASET], asked)
    assert guesses == (("acommodation", "accommod"),)
    assert [forms[0] for forms in query.terms] == ["accommod", "pay"]


@pytest.mark.parametrize(
    ("asked", "guessed"),
    [
        pytest.param("acommodation paid", {"accommod": 1.0, "pay": 0.0}, id="a slip"),
        pytest.param("pumpruns paid", {"pump": 1.0, "run": 1.0, "pay": 0.0}, id="two words"),
        pytest.param("accommodation paid", {}, id="nothing"),
    ],
)
def test_a_query_knows_what_of_it_is_a_guess(
    connection: sqlite3.Connection, asked: str, guessed: dict[str, float]
) -> None:
    fill(connection, ["The accommodation is paid.", "The pump runs."])
    query, _, _ = asked_of(connection, Vocabularies(), [DATASET], asked)
    first = [forms[0] for forms in query.terms]
    assert dict(zip(first, query.guessed, strict=bool(guessed))) == guessed


def test_a_name_that_no_text_has_makes_the_others_say_less(connection: sqlite3.Connection) -> None:
    """Its nearest word is no reason to take a text about something else for the answer."""
    fill(connection, ["The soap.", "They preach.", *(f"A lather, {at}." for at in range(30))])
    found = {}
    for name in ("Lather", "Luther"):
        asked = f"Where did {name} preach?"
        query, lists, guesses = asked_of(connection, Vocabularies(), [DATASET], asked)
        assert lists is not None
        assert [word for word, _ in guesses] == [name] * (name == "Luther")
        found[name] = float(terms_of_all(lists, query, np.array([2]))[0])
    assert 0 < found["Luther"] < 0.85 * found["Lather"], found


@pytest.mark.parametrize("asked", ["2025", "PPR-9088", "cat", "xyzzyplugh", "検査"])
def test_numbers_codes_and_short_words_are_never_guessed(
    connection: sqlite3.Connection, asked: str
) -> None:
    fill(connection, ["In 2024 PPR-9087 sat on a car with a hat.", "检验"])
    _, _, guesses = asked_of(connection, Vocabularies(), [DATASET], asked)
    assert guesses == ()


def test_a_pair_that_joins_two_words_counts_half(connection: sqlite3.Connection) -> None:
    fill(connection, ["北京的天气今天很好", "明天有雨"])
    query, lists, guesses = asked_of(connection, Vocabularies(), [DATASET], "北京天气 snow")
    assert lists is not None
    weights = dict(zip((forms[0] for forms in query.terms), query.weights, strict=True))
    assert weights == {"北京": 1.0, "京天": 0.5, "天气": 1.0, "snow": 1.0}
    assert guesses == ()


def test_a_word_that_stands_there_is_not_guessed(connection: sqlite3.Connection) -> None:
    fill(connection, ["The accomodation, so written.", "The accommodation."])
    query, _, guesses = asked_of(connection, Vocabularies(), [DATASET], "accomodation")
    assert (query.terms, guesses) == ((("accomod",),), ())


def test_what_was_added_is_guessed_at_once(connection: sqlite3.Connection) -> None:
    kept = Vocabularies()
    fill(connection, ["The pump runs."])
    assert asked_of(connection, kept, [DATASET], "maintainance")[2] == ()
    fill(connection, ["The maintenance is yearly."])
    assert asked_of(connection, kept, [DATASET], "maintainance")[2]


def test_the_two_longest_words_make_a_compound() -> None:
    vocabulary = Vocabulary(["kundig", "kundigung", "frist", "ung", "gsfrist"])
    assert vocabulary.parts_of("kundigungsfrist") == ("kundigung", "frist")
    assert vocabulary.parts_of("kundigungen") == ()


def test_of_a_large_vocabulary_the_nearest_is_found() -> None:
    words = [f"w{number:06d}".translate(str.maketrans("0123456789", "abcdefghij"))
             for number in range(200_000)]  # fmt: skip
    vocabulary = Vocabulary(sorted([*words, "maintenance"]))
    assert vocabulary.nearest("maintanence") == ["maintenance"]
    assert vocabulary.compounds_of("maint") == ["maintenance"]
    assert vocabulary.compounds_of("tenance", heads_alone=True) == ["maintenance"]
    assert vocabulary.compounds_of("maint", heads_alone=True) == []


def test_a_few_chunks_taken_for_german_make_no_dataset_of_compounds() -> None:
    assert is_compounding({"de": 3, "en": 5})
    assert not is_compounding({"de": 3, "en": 500})
    assert not is_compounding({})
