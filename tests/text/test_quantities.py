import pytest

from ragflow_local.text.quantities import in_plain_quantities


@pytest.mark.parametrize(
    ("language", "said", "other"),
    [
        ("de", "am 03.05.2008", "am 3. Mai 2008"),
        ("en", "on 2008-05-03", "on 3 May 2008"),
        ("en", "on 25/12/2019", "on 12/25/2019"),
        ("fr", "le 15/06/2024", "le 15 juin 2024"),
        ("es", "el 4-4-2023", "el 4 de abril de 2023"),
        ("zh", "2012-11-05通车", "2012年11月5日通车"),
        ("en", "for €31 million", "for 31 million euro"),
        ("en", "a rent of £1,250", "a rent of 1,250 pound"),
        ("es", "74 m de altura", "74 meter de altura"),
        ("zh", "全长3km", "全长3 公里"),
        ("en", "no more than 4", "at most 4"),
        ("de", "nicht weniger als drei", "mindestens drei"),
        ("ru", "не более десяти", "максимум десяти"),
        ("zh", "不得超过三天", "最多三天"),
        ("en", "a fee has to be paid", "a fee must be paid"),
        ("zh", "两天之内", "两天以内"),
        ("de", "Kinder fahren kostenlos", "Kinder fahren gratis"),
        ("en", "at 02:30", "at 2:30"),
    ],
)
def test_a_quantity_said_in_two_ways_becomes_one(language: str, said: str, other: str) -> None:
    first, second = (
        " ".join(in_plain_quantities(text, language).casefold().split()) for text in (said, other)
    )
    assert first == second


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "on 3/5/2008"),
        ("en", "version 12.13.2008"),
        ("de", "Nummer 03.05.2008.7"),
        ("en", "3.5 m³/h"),
        ("en", "30 m/s"),
        ("en", "You do not have to pay."),
        ("ja", "1時間"),
    ],
)
def test_what_is_no_date_unit_or_duty_or_may_be_two_is_left(language: str, text: str) -> None:
    assert in_plain_quantities(text, language).replace("do not must", "") == text
