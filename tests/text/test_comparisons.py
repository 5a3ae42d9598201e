from __future__ import annotations

import pytest

from ragflow_local.answer.evidence import supports
from ragflow_local.text.comparisons import converses
from ragflow_local.text.statement_parser import parse

SENTENCES = {
    "en": "The bridge is longer than the tunnel.",
    "de": "Die Brücke ist länger als der Tunnel.",
    "fr": "Le pont est plus long que le tunnel.",
    "ru": "Мост длиннее тоннеля.",
    "zh": "大桥比隧道长。",
}


@pytest.mark.parametrize(
    ("language", "claim", "is_so"),
    [
        ("en", "The tunnel is shorter than the bridge.", True),
        ("en", "The tunnel is longer than the bridge.", False),
        ("en", "The bridge is shorter than the tunnel.", False),
        ("de", "Der Tunnel ist kürzer als die Brücke.", True),
        ("de", "Der Tunnel ist länger als die Brücke.", False),
        ("fr", "Le tunnel est moins long que le pont.", True),
        ("fr", "Le tunnel est plus court que le pont.", True),
        ("fr", "Le tunnel est plus long que le pont.", False),
        ("ru", "Тоннель короче моста.", True),
        ("ru", "Тоннель длиннее моста.", False),
        ("zh", "隧道比大桥短。", True),
        ("zh", "隧道比大桥长。", False),
    ],
)
def test_a_comparison_may_be_turned_round_with_its_opposite(
    language: str, claim: str, *, is_so: bool
) -> None:
    sentence = parse(SENTENCES[language], language)
    assert supports(parse(claim, language), sentence) is is_so


def test_what_compares_nothing_has_no_other_way_round() -> None:
    assert not list(converses(parse("The bridge is long.", "en")))
