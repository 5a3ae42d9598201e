import pytest

from ragflow_local.answer.evidence import supports
from ragflow_local.text.statement_parser import parse


def is_supported(language: str, claim: str, sentence: str) -> bool:
    return supports(parse(claim, language), parse(sentence, language))


@pytest.mark.parametrize(
    ("language", "sentence", "may", "must"),
    [
        ("en", "Guests may park here.", "Guests can park here.", "Guests must park here."),
        ("en", "Guests can pay in cash.", "Guests can pay in cash.", "Guests have to pay in cash."),
        (
            "de",
            "Die Akten kann man löschen.",
            "Man kann die Akten löschen.",
            "Die Akten muss man löschen.",
        ),
        (
            "fr",
            "Le locataire peut peindre la porte.",
            "Le locataire peut peindre la porte.",
            "Le locataire doit peindre la porte.",
        ),
        ("ru", "Жильцы могут платить картой.", "Жильцы могут платить.", "Жильцы должны платить."),
        ("zh", "员工可以提前申请休假。", "员工可以提前申请休假。", "员工必须提前申请休假。"),
    ],
)
def test_what_may_be_done_need_not_be_done(
    language: str, sentence: str, may: str, must: str
) -> None:
    assert is_supported(language, may, sentence)
    assert not is_supported(language, must, sentence)


def test_what_must_be_done_is_not_only_allowed() -> None:
    assert is_supported("en", "Guests have to leave by ten.", "Guests must leave by ten.")
    assert not is_supported("en", "Guests can leave by ten.", "Guests must leave by ten.")


def test_what_must_not_be_done_may_not_be_done() -> None:
    assert is_supported("en", "The boiler may not be moved.", "The boiler may not be moved.")
    assert is_supported("en", "Guests must not smoke.", "Guests must not smoke.")
    assert is_supported("de", "Man darf hier nicht rauchen.", "Hier darf man nicht rauchen.")


@pytest.mark.parametrize(
    ("language", "sentence", "true", "false"),
    [
        (
            "de",
            "Führungen finden außer montags täglich statt.",
            "Außer montags finden täglich Führungen statt.",
            "Montags finden Führungen statt.",
        ),
        (
            "en",
            "The shop is open every day except Sunday.",
            "Except Sunday the shop is open every day.",
            "The shop is open on Sunday.",
        ),
        (
            "fr",
            "Le musée ouvre tous les jours sauf le mardi, de 10 h à 18 h.",
            "Le musée ouvre de 10 h à 18 h.",
            "Le musée ouvre le mardi.",
        ),
        (
            "es",
            "El tren circula todos los días excepto el lunes.",
            "El tren circula todos los días excepto el lunes.",
            "El tren circula el lunes.",
        ),
        (
            "en",
            "Dogs may enter without a leash.",
            "Dogs may enter without a leash.",
            "Dogs may enter with a leash.",
        ),
    ],
)
def test_what_is_left_out_is_not_claimed(
    language: str, sentence: str, true: str, false: str
) -> None:
    assert is_supported(language, true, sentence)
    assert not is_supported(language, false, sentence)


def test_a_claim_of_all_keeps_what_the_sentence_leaves_out() -> None:
    sentence = "All rooms except the cellar are heated."
    assert is_supported("en", "All rooms except the cellar are heated.", sentence)
    assert not is_supported("en", "All rooms are heated.", sentence)


@pytest.mark.parametrize(
    ("language", "sentence", "true", "false"),
    [
        (
            "de",
            "Weil der Fluss wenig Wasser führte, wurde die Turbine stillgelegt.",
            "Die Turbine wurde stillgelegt, weil der Fluss wenig Wasser führte.",
            "Der Fluss führte wenig Wasser, weil die Turbine stillgelegt wurde.",
        ),
        (
            "en",
            "The bridge was closed because the river flooded.",
            "Because the river flooded, the bridge was closed.",
            "The river flooded because the bridge was closed.",
        ),
        (
            "en",
            "The river flooded, therefore the bridge was closed.",
            "The bridge was closed because the river flooded.",
            "The river flooded because the bridge was closed.",
        ),
        (
            "es",
            "La fábrica cerró porque el río subió.",
            "La fábrica cerró porque el río subió.",
            "El río subió porque la fábrica cerró.",
        ),
        (
            "zh",
            "因为河水上涨，大桥关闭了。",
            "大桥关闭了，因为河水上涨。",
            "因为大桥关闭了，河水上涨。",
        ),
    ],
)
def test_a_reason_and_what_follows_from_it_do_not_change_places(
    language: str, sentence: str, true: str, false: str
) -> None:
    assert is_supported(language, true, sentence)
    assert not is_supported(language, false, sentence)


def test_if_and_unless_are_not_the_same() -> None:
    sentence = "The deposit is paid back unless there is damage."
    assert is_supported("en", "Unless there is damage, the deposit is paid back.", sentence)
    assert not is_supported("en", "The deposit is paid back if there is damage.", sentence)


@pytest.mark.parametrize(
    ("claim", "is_so"),
    [
        ("Sund sold the Calypso to Merrow in 2016.", True),
        ("The Calypso was sold to Merrow by Sund.", True),
        ("Merrow sold the Calypso to Sund in 2016.", False),
        ("Sund bought the Calypso from Merrow in 2016.", False),
    ],
)
def test_who_buys_from_another_is_sold_to_by_him(claim: str, *, is_so: bool) -> None:
    sentence = "Merrow bought the Calypso from the Danish company Sund in 2016."
    assert is_supported("en", claim, sentence) is is_so


@pytest.mark.parametrize(
    ("claim", "sentence", "is_so"),
    [
        (
            "For two years the pump and the boiler are covered by the warranty.",
            "The warranty covers the pump and the boiler for two years.",
            True,
        ),
        (
            "In May the mill and the barn were sold by the council.",
            "The council sold the mill and the barn in May.",
            True,
        ),
        ("Anna came with the car.", "Anna came by train and Ben with the car.", False),
        ("The mill was sold in 2014.", "The mill was sold in 2012 and the barn in 2014.", False),
    ],
)
def test_a_list_of_things_is_one_and_a_clause_without_its_verb_is_another(
    claim: str, sentence: str, *, is_so: bool
) -> None:
    assert is_supported("en", claim, sentence) is is_so


@pytest.mark.parametrize(
    ("language", "claim", "sentence", "is_so"),
    [
        ("en", "Building commenced in 1990.", "Building began in 1990.", True),
        ("en", "The company was founded in 1990.", "The firm was founded in 1990.", True),
        ("de", "Die Firma stellte 40 Mitarbeiter ein.", "Die Firma entließ 40 Mitarbeiter.", False),
        ("en", "Sales fell in 1990.", "Sales increased in 1990.", False),
        ("es", "La presa tiene 74 m de altura.", "La presa tiene una altura de 74 metros.", True),
        ("es", "La presa tiene 74 km de altura.", "La presa tiene una altura de 74 metros.", False),
    ],
)
def test_words_and_units_that_say_the_same_are_the_same(
    language: str, claim: str, sentence: str, *, is_so: bool
) -> None:
    assert is_supported(language, claim, sentence) is is_so


@pytest.mark.parametrize(
    ("language", "claim", "sentence"),
    [
        (
            "es",
            "Navalia despidió a 120 personas.",
            "La empresa Lumar despidió a 120 personas tras perder un contrato con Navalia.",
        ),
        (
            "en",
            "Harris bought the mill in 1990.",
            "Anna bought the mill in 1990 after a quarrel with Harris.",
        ),
        (
            "de",
            "Ein Blitz löste den Brand aus.",
            "Vermutlich löste ein Blitz den Brand aus.",
        ),
        ("en", "The tower is lower than 30 metres.", "The tower is higher than 30 metres."),
        ("en", "Ring after you open the valve.", "Ring before you open the valve."),
        ("ar", "تعبر الشاحنات الجسر.", "يبلغ طوله 140 مترا ولا تعبر الشاحنات الجسر."),
    ],
)
def test_who_is_named_by_the_way_did_nothing_and_limits_and_doubts_stay(
    language: str, claim: str, sentence: str
) -> None:
    assert not is_supported(language, claim, sentence)
    assert is_supported(language, sentence, sentence)


@pytest.mark.parametrize(
    ("language", "claim", "sentence"),
    [
        ("en", "By 2014 the mill closed.", "The mill closed by 2014."),
        (
            "fr",
            "Le bailleur visite les lieux deux fois par an.",
            "Deux fois par an le bailleur visite les lieux.",
        ),
        ("en", "Sales shrank by 2 % in Italy.", "Sales grew in Spain and shrank by 2 % in Italy."),
        ("zh", "电池应在首次使用前充满。", "首次使用前，请将电池充满。"),
        ("zh", "如果电池发热，应当立即停止使用。", "若电池发热，应立即停止使用并联系售后。"),
    ],
)
def test_what_stands_after_by_need_not_have_done_it(
    language: str, claim: str, sentence: str
) -> None:
    assert is_supported(language, claim, sentence)
