from __future__ import annotations

import pytest

from ragflow_local.answer.evidence import supports
from ragflow_local.text.statement_parser import parse


def is_supported(language: str, claim: str, sentence: str) -> bool:
    return supports(parse(claim, language), parse(sentence, language))


@pytest.mark.parametrize(
    ("language", "claim", "sentence"),
    [
        ("en", "Kim trained the guards.", "Lee hired Kim, who later trained the guards."),
        ("en", "Mara bought the mill.", "The mill was built in 1900 and bought by Mara."),
        ("fr", "Kim a formé les gardes.", "Lee a engagé Kim, qui a formé les gardes."),
        ("de", "Kim bildete die Wachen aus.", "Lee holte Kim, die später die Wachen ausbildete."),
    ],
)
def test_a_clause_is_about_the_noun_before_it(language: str, claim: str, sentence: str) -> None:
    assert is_supported(language, claim, sentence)


@pytest.mark.parametrize(
    ("language", "claim", "sentence"),
    [
        ("en", "Lee trained the guards.", "Lee hired Kim, who later trained the guards."),
        ("en", "The guards trained Kim.", "Lee hired Kim, who later trained the guards."),
        ("en", "The mill bought Mara.", "The mill was built in 1900 and bought by Mara."),
        ("en", "Cats cost 6 euros.", "Cats travel free, bikes cost 6 euros."),
        ("en", "Ann cut the hedge that Bob sowed.", "Bob cut the hedge that Ann sowed."),
        ("fr", "Luc vend du miel.", "Claire vend du miel, Luc des fromages."),
        ("fr", "Kim a coupé la haie que Lee a semée.", "Lee a coupé la haie que Kim a semée."),
        ("ru", "Осей обучил Прата.", "Осея обучил Прат."),
        ("zh", "何丽聘用了欧阳明。", "欧阳明聘用了何丽。"),
    ],
)
def test_nothing_else_is_lent_to_it(language: str, claim: str, sentence: str) -> None:
    assert not is_supported(language, claim, sentence)
