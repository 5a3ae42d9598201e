"""Questions for yes or no are told from those for a name, a time, a number or a sentence."""

import pytest

from ragflow_local.text.yes_or_no import asks_for_yes_or_no


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Is the pump in the cellar?"),
        ("en", "does the boiler need a yearly service"),
        ("en", "Don't tenants pay for the water?"),
        ("en", "Is the man who signed the lease a notary?"),
        ("en", "Robotic pumps in small cellars: are they worth their price?"),
        ("en", "Annual service of oil boilers, a neglected duty of the landlord?"),
        ("de", "Darf der Mieter im Keller eine Werkstatt einrichten?"),
        ("fr", "Est-ce que le locataire paie l'eau ?"),
        ("fr", "Y a-t-il une pompe dans la cave ?"),
        ("es", "¿Es obligatorio el casco?"),
        ("it", "È vietato fumare in cantina?"),
        ("nl", "Mag de huurder honden houden?"),
        ("pl", "Czy najemca płaci za wodę?"),
        ("ru", "Должен ли арендатор платить за воду?"),
        ("ru", "Можно ли держать собаку?"),
        ("ar", "هل يدفع المستأجر ثمن الماء؟"),
        ("fa", "آیا مستأجر پول آب را می‌پردازد؟"),
        ("tr", "Kiracı suyu öder mi?"),
        ("zh", "租客要付水费吗？"),
        ("zh", "租客是否可以养狗？"),
        ("ja", "借主は水道代を払いますか？"),
        ("ko", "세입자가 수도 요금을 냅니까?"),
    ],
)
def test_what_yes_or_no_would_answer_is_known(language: str, question: str) -> None:
    assert asks_for_yes_or_no(question, language)


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Where is the pump?"),
        ("en", "Can you tell me who signed the lease?"),
        ("en", "The pump was made in which town of the northern lake district?"),
        ("en", "The lease was signed in May. Where does the tenant live?"),
        ("en", "The pump broke in May. Has the landlord said when it will be mended?"),
        ("en", "price of the pump?"),
        ("en", "Do list every pump that is older than ten years and say where each stands."),
        ("de", "Wann ist die Pumpe eingebaut worden?"),
        ("de", "Können Sie mir sagen, wer den Vertrag unterschrieben hat?"),
        ("fr", "Où est la pompe ?"),
        ("fr", "Quand le locataire a-t-il signé ?"),
        ("es", "¿Cuándo es obligatorio el casco?"),
        ("sv", "Var kan hyresgästen parkera?"),
        ("ru", "Кто платит за воду?"),
        ("ar", "من يدفع ثمن الماء؟"),
        ("tr", "Suyu kimler ödüyor?"),
        ("zh", "谁付水费？"),
        ("zh", "请问水泵是哪一年安装的吗？"),
        ("ja", "ポンプを作ったのは誰ですか？"),
        ("ko", "펌프는 어디에 있나요?"),
        ("id", "Apakah nama pompa itu?"),
        ("xx", "Which is it?"),
    ],
)
def test_what_asks_for_more_than_yes_or_no_is_not_taken_for_it(
    language: str, question: str
) -> None:
    assert not asks_for_yes_or_no(question, language)
