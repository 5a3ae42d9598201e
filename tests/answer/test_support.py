from __future__ import annotations

from collections.abc import Sequence

import pytest

from ragflow_local.answer.citation_stream import CitationStream
from ragflow_local.answer.structured import checked_values
from ragflow_local.answer.support import Support
from ragflow_local.records import Hit
from tests.answer.made import hit, hits

GARDEN = hit(
    "The hedge is cut every March. The lawn is mowed every two weeks. In July 2019 Northwind sold"
    " its ferry line to Baltic Lines. The pump is in the cellar and the boiler in the attic."
    " The boiler must not be switched off."
    " Revenue was 274 million in 2020 and 294 million in 2021.",
    headings=("Garden",),
)
HAUS = hit(
    "Die Pumpe steht im Keller, der Kessel im Turm. Frau Berger vermietet die Wohnung an Herrn"
    " Sommer. Die Garantie gilt fünf Jahre; sie deckt den Motor, aber nicht die Batterie.",
    1,
)
SHEBEI = hit(
    "水泵在地下室，锅炉在阁楼。锅炉每两年检查一次。华星公司收购了东海公司。员工不得吸烟。", 2
)
PRICES = hit(
    "Service\tVW Golf\tTesla Model 3\nTyre change\t60 EUR\t75 EUR\nGlass\t240 EUR\t390 EUR",
    3,
)
HOST = hit("Host: beta\nIP address: 10.0.3.14\nOwner: Tom Reyes", 4, headings=("beta",))
ALL = [GARDEN, HAUS, SHEBEI, PRICES, HOST]


@pytest.mark.parametrize(
    ("claim", "number"),
    [
        ("The hedge is cut every March.", 0),
        ("In March the hedge is cut.", 0),
        ("The ferry line was sold by Northwind to Baltic Lines.", 0),
        ("The boiler is in the attic.", 0),
        ("The lawn is mowed every 2 weeks.", 0),
        ("Revenue was 294 million in 2021.", 0),
        ("Im Keller steht die Pumpe.", 1),
        ("Die Garantie gilt 5 Jahre.", 1),
        ("Die Garantie deckt den Motor.", 1),
        ("锅炉在阁楼。", 2),
        ("锅炉每2年检查一次。", 2),
        ("A tyre change costs 75 EUR for the Tesla Model 3.", 3),
        ("The IP address of beta is 10.0.3.14.", 4),
    ],
)
def test_a_claim_is_cited_where_a_sentence_or_row_says_it(claim: str, number: int) -> None:
    assert Support(ALL).of(claim) == [number]


@pytest.mark.parametrize(
    "claim",
    [
        "The hedge is cut every second March.",
        "The hedge is cut every May.",
        "The hedge is not cut every March.",
        "The boiler must be switched off.",
        "Baltic Lines sold its ferry line to Northwind in July 2019.",
        "Northwind sold its ferry line to Baltic Lines in July 2020.",
        "The pump is in the attic.",
        "The lawn is mowed every week.",
        "The lawn is mowed every three weeks.",
        "Revenue was 294 million in 2020.",
        "Revenue was 294 billion in 2021.",
        "All hedges are cut.",
        "Die Pumpe steht im Turm.",
        "Herr Sommer vermietet die Wohnung an Frau Berger.",
        "Die Garantie deckt die Batterie.",
        "Die Garantie gilt zwei Jahre.",
        "水泵在阁楼。",
        "锅炉每三年检查一次。",
        "锅炉每年检查一次。",
        "东海公司收购了华星公司。",
        "员工可以吸烟。",
        "A tyre change costs 60 EUR for the Tesla Model 3.",
        "The IP address of beta is 10.0.3.41.",
    ],
)
def test_a_claim_that_is_bound_otherwise_is_not_cited(claim: str) -> None:
    assert Support(ALL).of(claim) == []


@pytest.mark.parametrize(
    ("claim", "is_said"),
    [
        ("La pompe est dans la cave.", True),
        ("La pompe est dans le grenier.", False),
        ("La pompe n'est pas dans la cave.", False),
        ("Ана продала дом Ивану в 2019 году.", True),
        ("Ана продала дом Ивану в 2018 году.", False),
        ("Ана не продала дом Ивану.", False),
        ("ポンプは地下室にある。", True),
        ("ポンプは屋上にある。", False),
        ("펌프는 지하실에 있다.", True),
        ("펌프는 옥상에 있다.", False),
        ("المضخة في القبو.", True),
        ("المضخة ليست في القبو.", False),
    ],
)
def test_the_same_holds_in_other_languages(claim: str, is_said: bool) -> None:
    texts = hits(
        "La pompe est dans la cave, la chaudière dans le grenier.",
        "Ана продала дом Ивану в 2019 году.",
        "ポンプは地下室にある。",
        "펌프는 지하실에 있다.",
        "المضخة في القبو.",
    )
    assert bool(Support(texts).of(claim)) is is_said


def test_a_short_answer_is_cited_where_the_question_is_about_the_sentence() -> None:
    texts = hits("In 1936 Paul Winter gave the portrait to the museum.", "Paul Winter was a baker.")
    assert Support(texts, question="Who gave the portrait to the museum?").of("Paul Winter.") == [0]
    assert Support(texts, question="Who built the bridge?").of("Paul Winter.") == []
    assert Support(texts).of("Paul Winter.") == []


def test_a_pronoun_takes_its_subject_from_the_sentence_before() -> None:
    texts = hits("The pump is in the cellar, behind the boiler. It was installed in May 2014.")
    assert Support(texts).of("The pump was installed in May 2014.") == [0]
    assert Support(texts).of("The boiler was installed in May 2014.") == []


def test_wrong_marks_are_moved_or_dropped() -> None:
    support = Support(ALL)
    assert support.checked("The hedge is cut every March.", [1]) == [0]
    assert support.checked("The hedge is cut every March.", [0, 3]) == [0]
    assert support.checked("The hedge is cut every May.", [0]) == []


def guarded(text: str, *, size: int = 4) -> CitationStream:
    quotes = [("The hedge is cut every March.", 0)]
    made = CitationStream(
        len(ALL),
        Support(ALL).checked,
        replace=lambda: quotes.pop(0) if quotes else None,
        refusals=["The answer is not found!"],
    )
    seen = ""
    for start in range(0, len(text), size):
        made.feed(text[start : start + size])
        assert made.text.startswith(seen), "a stream only grows"
        seen = made.text
    made.finish()
    assert made.text.startswith(seen)
    return made


def test_a_guarded_text_has_quotes_in_place_of_what_no_chunk_says() -> None:
    made = guarded("The boiler is in the attic. The hedge is cut in May. Bees like it.")
    assert made.text == "The boiler is in the attic. [ID:0] The hedge is cut every March. [ID:0]"
    assert made.unsupported == []


@pytest.mark.parametrize("size", [1, 1000])
def test_a_guarded_list_stays_a_list(size: int) -> None:
    made = guarded("- The boiler is in the attic.\n- Bees fly.\n- Bees sing.", size=size)
    assert made.text == (
        "- The boiler is in the attic. [ID:0]\n- The hedge is cut every March. [ID:0]"
    )


def test_a_refusal_claims_nothing() -> None:
    assert guarded("The answer is not found!").text == "The answer is not found!"
    made = CitationStream(5, Support(ALL).checked, refusals=["The answer is not found!"])
    made.feed("The answer is not found!")
    made.finish()
    assert made.unsupported == []


SCHEMA = {
    "properties": {
        "host": {"type": "string"},
        "owner": {"type": ["string", "null"]},
        "kind": {"enum": ["server", "printer"]},
    }
}


@pytest.mark.parametrize(
    ("content", "is_strict", "expected", "missing"),
    [
        ('{"host": "beta", "owner": "Tom Reyes", "kind": "printer"}', False, None, ()),
        ('{"host": "beta", "owner": "Ada Novak"}', False, None, ("Ada Novak",)),
        ('{"host": "beta", "owner": "Ada"}', True, '{"host": "beta", "owner": null}', ()),
        ('{"host": "gamma"}', True, None, ("gamma",)),
    ],
)
def test_values_are_checked_one_by_one(
    content: str, is_strict: bool, expected: str | None, missing: Sequence[str]
) -> None:
    found = checked_values(content, "m", Support(ALL), SCHEMA, is_strict=is_strict)
    assert found.content == (expected or content)
    assert found.unsupported == missing


def test_a_sentence_that_stands_there_as_it_is_is_supported_whatever_it_is_made_of() -> None:
    mill = hit("Anna bought it. Most of the machines still work. Paul Winter. Oak and elm.")
    assert Support([mill]).of("Most of the machines still work.") == [0]
    assert Support([mill]).of("Paul Winter.") == []


def test_the_decimals_of_a_cell_stay_one_number() -> None:
    rows = "Tarif\tGrundpreis\tArbeitspreis\nBasis\t8,90 €\t31,2 ct\nKomfort\t12,40 €\t28,7 ct"
    support = Support([hit(rows, headings=("Tarife",))], question="Was kostet der Tarif Komfort?")
    assert support.of("Der Grundpreis im Tarif Komfort beträgt 12,40 €.") == [0]
    assert support.of("Der Grundpreis im Tarif Komfort beträgt 8,90 €.") == []


def test_a_sign_of_a_measure_does_not_tell_the_language_of_a_table() -> None:
    rows = "Model\tFlow\tWeight\nP-200\t3.5 m³/h\t11 kg\nP-300\t5.2 m³/h\t14.5 kg"
    support = Support([hit(rows)], question="What does the P-300 weigh?")
    assert support.of("The P-300 weighs 14.5 kg.") == [0]
    assert support.of("The P-200 weighs 14.5 kg.") == []


@pytest.mark.parametrize(
    ("content", "true", "swapped"),
    [
        (
            "The ferry Maren carries cars; the Tolla takes bicycles."
            " The Maren sails on weekdays, the Tolla at weekends.",
            "The Maren sails on weekdays, the Tolla at weekends.",
            "The Tolla sails on weekdays, the Maren at weekends.",
        ),
        (
            "Die Halle nutzen der Chor und der Turnverein."
            " Der Chor probt am Montag, der Turnverein am Freitag.",
            "Der Chor probt am Montag, der Turnverein am Freitag.",
            "Der Turnverein probt am Montag, der Chor am Freitag.",
        ),
        (
            "三号楼有两部电梯。委员贺志强建议更换两部，委员苗兰建议先换一部。",
            "委员苗兰建议先换一部。",
            "委员苗兰建议更换两部电梯，委员贺志强建议先换一部。",
        ),
    ],
)
def test_the_sentence_before_does_not_lend_the_words_that_one_sentence_gives_to_others(
    content: str, true: str, swapped: str
) -> None:
    support = Support([hit(content)])
    assert support.of(true) == [0]
    assert support.of(swapped) == []


@pytest.mark.parametrize(
    ("content", "true", "denied"),
    [
        (
            "年假当年未休完的，可顺延至次年3月底。",
            "年假当年未休完的，可顺延至次年。",
            "年假当年未休完的，不可顺延至次年。",
        ),
        (
            "Dogs are not admitted, but cats may stay in the cabins.",
            "Dogs are not admitted, but cats may stay in the cabins.",
            "Dogs are not admitted, and cats may not stay in the cabins.",
        ),
        (
            "Die Pumpe läuft nicht im Winter, der Brunnen läuft im Sommer.",
            "Der Brunnen läuft im Sommer.",
            "Die Pumpe läuft nicht im Winter, der Brunnen läuft nicht im Sommer.",
        ),
    ],
)
def test_each_clause_of_a_claim_denies_what_the_sentence_denies(
    content: str, true: str, denied: str
) -> None:
    support = Support([hit(content)])
    assert support.of(true) == [0]
    assert support.of(denied) == []


SHOP = hit(
    "Do you deliver?\nWithin Cardiff we do so by bike. Newport costs 9 pounds.\n"
    "Are dogs allowed?\nOnly on the terrace.\nDo you sell helmets?\nNo. We only rent bikes.\n"
    "Mr Lund asked whether the gate is locked at night.\nWho pays the bill?",
)
HAUSORDNUNG = hit("Bringt Anna den Beamer mit?\nWird der Aufzug repariert?\nDas ist noch offen.")
DIAN = hit("可以退货吗？\n七天内可以，需要小票。\n王经理负责装修吗？")


@pytest.mark.parametrize(
    ("claim", "said_by"),
    [
        ("Within Cardiff they deliver by bike.", SHOP),
        ("Delivery to Newport costs 9 pounds.", SHOP),
        ("Dogs are allowed only on the terrace.", SHOP),
        ("七天内可以退货，需要小票。", DIAN),
    ],
)
def test_a_question_of_the_text_tells_what_its_answer_is_about(claim: str, said_by: Hit) -> None:
    assert Support([said_by]).of(claim) == [0]


@pytest.mark.parametrize(
    ("claim", "asked_by"),
    [
        ("Dogs are allowed.", SHOP),
        ("They sell helmets.", SHOP),
        ("The gate is locked at night.", SHOP),
        ("Newport pays the bill.", SHOP),
        ("Anna bringt den Beamer mit.", HAUSORDNUNG),
        ("Der Aufzug wird repariert.", HAUSORDNUNG),
        ("王经理负责装修。", DIAN),
    ],
)
def test_a_question_of_the_text_supports_nothing(claim: str, asked_by: Hit) -> None:
    assert Support([asked_by]).of(claim) == []
