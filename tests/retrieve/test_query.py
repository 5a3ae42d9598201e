import pytest

from ragflow_local.retrieve.query import query_of


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        pytest.param("Where does the kraken sleep?", ("kraken", "sleep"), id="no function words"),
        pytest.param("To be or not to be", ("to", "be", "or", "not"), id="nothing else"),
        pytest.param("中文检索", ("中文", "文检", "检索"), id="pairs without their characters"),
        pytest.param("猫", ("猫",), id="a character alone"),
        pytest.param("天空为什么蓝色", ("天空", "蓝色"), id="no pair of a question word"),
        pytest.param("為什麼下雪？", ("下雪",), id="nor of one in traditional characters"),
        pytest.param("几何学", ("几何", "何学"), id="a sign that asks is part of a word"),
        pytest.param("为什么", ("为", "什", "么", "为什", "什么"), id="a question and no more"),
        pytest.param("東京はどこ", ("东京", "京は"), id="Japanese"),
        pytest.param("猫 PPR-9087", ("猫", "ppr9087", "ppr", "9087"), id="a code, in parts too"),
        pytest.param("?!", (), id="no word at all"),
    ],
)
def test_a_question_is_searched_by_what_says_something(
    question: str, terms: tuple[str, ...]
) -> None:
    assert tuple(forms[0] for forms in query_of(question).terms) == terms


def test_what_is_said_twice_counts_twice() -> None:
    query = query_of("sleeping krakens, sleeping squid")
    said = [forms[0] for forms in query.terms]
    assert dict(zip(said, query.weights, strict=True)) == {
        "sleep": 2.0,
        "kraken": 1.0,
        "squid": 1.0,
    }
    assert query.length == 4
