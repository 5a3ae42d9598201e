import pytest

from ragflow_local.chunkers.laws import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft, Notice
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def contents(blocks: list[Block], window: int = 1 << 20) -> list[str]:
    found = chunk(blocks, ParserSettings(), Tools(count_tokens, window))
    return [item.content for item in found if isinstance(item, Draft)]


def test_a_chinese_article_is_a_chunk_under_its_chapter_path() -> None:
    text = (
        "第一编 总则\n第一章 任务\n第一条 为了惩罚犯罪。\n第十条之一 依照第二条的规定。\n"
        "第二章 犯罪\n第十一条 没有。"
    )
    drafts = list(chunk([Block("paragraph", text)], ParserSettings(), TOOLS))
    assert [d.content for d in drafts if isinstance(d, Draft)] == [
        "第一编 总则\n第一章 任务\n第一条 为了惩罚犯罪。",
        "第十条之一 依照第二条的规定。",
        "第二章 犯罪\n第十一条 没有。",
    ]
    assert [d.headings for d in drafts if isinstance(d, Draft)] == [
        ("第一编 总则", "第一章 任务"),
        ("第一编 总则", "第一章 任务"),
        ("第一编 总则", "第二章 犯罪"),
    ]


def test_an_article_keeps_its_further_paragraphs() -> None:
    blocks = [
        Block("paragraph", "第一条 有下列情形之一的："),
        Block("list_item", "（一）睡觉的；"),
        Block("paragraph", "第一条所称睡觉，是指不醒。"),
        Block("paragraph", "第二条 醒来。"),
    ]
    assert contents(blocks) == [
        "第一条 有下列情形之一的：\n（一）睡觉的；\n第一条所称睡觉，是指不醒。",
        "第二条 醒来。",
    ]


def test_english_articles_stand_under_parts() -> None:
    blocks = [
        Block("paragraph", "PART I\nArticle 1\nNo kraken.\nArticle 2. No krill.\nPART II"),
        Block("paragraph", "Article 3\nThe end."),
    ]
    assert contents(blocks) == [
        "PART I\nArticle 1\nNo kraken.",
        "Article 2. No krill.",
        "PART II\nArticle 3\nThe end.",
    ]


def test_sections_under_articles_are_the_unit() -> None:
    text = "Article I\nSection 1. One.\nSection 2. Two.\nArticle II\nSection 1. One again."
    found = list(chunk([Block("paragraph", text)], ParserSettings(), TOOLS))
    assert [d.headings for d in found if isinstance(d, Draft)] == [
        ("Article I",),
        ("Article I",),
        ("Article II",),
    ]


def test_signs_of_sections_are_numbers_too() -> None:
    assert contents([Block("paragraph", "§ 1 One.\n§ 2a Two.")]) == ["§ 1 One.", "§ 2a Two."]


def test_a_contents_list_is_no_chapter_of_the_first_article() -> None:
    lines = [
        "目录",
        "第一章 总则",
        "第二章 附则",
        "第一章 总则",
        "第一条 一。",
        "第二章 附则",
        "第二条 二。",
    ]
    assert contents([Block("paragraph", line) for line in lines]) == [
        "目录\n第一章 总则\n第二章 附则",
        "第一章 总则\n第一条 一。",
        "第二章 附则\n第二条 二。",
    ]


def test_parts_of_a_long_article_name_it_in_their_path() -> None:
    found = chunk(
        [Block("paragraph", "Article 7 " + "One two. " * 9)],
        ParserSettings(),
        Tools(count_tokens, 12),
    )
    drafts = [item for item in found if isinstance(item, Draft)]
    assert len(drafts) > 1
    assert drafts[0].headings == ()
    assert all(draft.headings == ("Article 7",) for draft in drafts[1:])


def test_a_text_without_articles_is_packed_and_says_so() -> None:
    found = list(chunk([Block("paragraph", "The kraken sleeps.")], ParserSettings(), TOOLS))
    assert [type(item) for item in found] == [Draft, Notice]


def test_a_preamble_is_not_above_the_chapter_beside_it() -> None:
    blocks = [
        Block("heading", "宪法", 1),
        Block("heading", "序言", 2),
        Block("paragraph", "中国是世界上历史最悠久的国家之一。"),
        Block("heading", "第一章 总纲", 2),
        Block("paragraph", "第一条 国家性质。"),
        Block("heading", "第二章 公民", 2),
        Block("paragraph", "第二条 权利。"),
    ]
    drafts = [d for d in chunk(blocks, ParserSettings(), TOOLS) if isinstance(d, Draft)]
    assert [draft.headings for draft in drafts][-2:] == [
        ("宪法", "第一章 总纲"),
        ("宪法", "第二章 公民"),
    ]


def test_the_sections_of_an_act_are_numbered_under_its_parts() -> None:
    text = (
        "ARRANGEMENT OF SECTIONS\nPART I PRELIMINARY\n1. Short title\nPART II RIGHTS\n2. Access\n"
        "PART I\nPRELIMINARY\n1. Short title\nThis Act is the Kraken Act.\n"
        "PART II\nRIGHTS\n2. Access\nA kraken may ask:\n1. for a copy;\n2A. Fees\nThere are none.\n"
        "SCHEDULE 1\n1. It applies at once."
    )
    found = list(chunk([Block("paragraph", text)], ParserSettings(), TOOLS))
    drafts = [draft for draft in found if isinstance(draft, Draft)]
    assert [draft.content for draft in drafts[1:]] == [
        "PART I\nPRELIMINARY\n1. Short title\nThis Act is the Kraken Act.",
        "PART II\nRIGHTS\n2. Access\nA kraken may ask:\n1. for a copy;",
        "2A. Fees\nThere are none.",
        "SCHEDULE 1\n1. It applies at once.",
    ]
    assert [draft.headings for draft in drafts[1:]] == [
        ("PART I PRELIMINARY",),
        ("PART II RIGHTS",),
        ("PART II RIGHTS",),
        ("SCHEDULE 1",),
    ]


def test_numbered_lines_without_parts_are_no_articles() -> None:
    found = list(chunk([Block("paragraph", "1. Wake up.\n2. Get up.")], ParserSettings(), TOOLS))
    assert isinstance(found[-1], Notice)


def test_a_japanese_article_has_the_caption_above_it() -> None:
    text = (
        "目次\n第一章　総則（第一条・第二条）\n附則\n第一章　総則\n（目的）\n第一条　目的である。\n"
        "（定義）\n第二条　定義である。\n第二条の二　前条の例による。\n附　則\n第一条　施行する。"
    )
    found = list(chunk([Block("paragraph", text)], ParserSettings(), TOOLS))
    drafts = [draft for draft in found if isinstance(draft, Draft)][1:]
    assert [draft.content for draft in drafts] == [
        "第一章　総則\n（目的）\n第一条　目的である。",
        "（定義）\n第二条　定義である。",
        "第二条の二　前条の例による。",
        "附　則\n第一条　施行する。",
    ]
    assert [draft.headings for draft in drafts] == [("第一章 総則",)] * 3 + [("附 則",)]


def test_the_clauses_of_a_contract_stand_together() -> None:
    text = "1. FEES\n1.1 B pays.\n1.2 A asks.\n2. TERM\n2.1 One year."
    assert contents([Block("paragraph", text)]) == [
        "1. FEES\n1.1 B pays.\n1.2 A asks.",
        "2. TERM\n2.1 One year.",
    ]


def test_a_sentence_that_begins_with_the_name_of_an_article_is_none() -> None:
    text = "Article 5\nPrinciples\nArticle 6 applies to krakens.\nArticle 6\nKrakens"
    assert contents([Block("paragraph", text)]) == [
        "Article 5\nPrinciples\nArticle 6 applies to krakens.",
        "Article 6\nKrakens",
    ]


def test_korean_articles_stand_under_their_chapters() -> None:
    text = "제1장 총칙\n제1조(목적) 목적이다.\n제1조의2(정의) 뜻이다.\n제2장 벌칙\n제2조 벌한다."
    drafts = list(chunk([Block("paragraph", text)], ParserSettings(), TOOLS))
    assert [d.headings for d in drafts if isinstance(d, Draft)] == [
        ("제1장 총칙",),
        ("제1장 총칙",),
        ("제2장 벌칙",),
    ]


def contents_of(text: str) -> list[tuple[str, tuple[str, ...]]]:
    found = chunk([Block("paragraph", text)], ParserSettings(), TOOLS)
    return [(item.content, item.headings) for item in found if isinstance(item, Draft)]


def test_decimal_clauses_are_articles_and_those_above_them_headings() -> None:
    text = "5.1 General\n5.1.1 Scope\nIt binds.\n5.1.2 Terms\nIt says.\n5.2 Tests\nIt holds."
    assert contents_of(text) == [
        ("5.1 General\n5.1.1 Scope\nIt binds.", ("5.1 General",)),
        ("5.1.2 Terms\nIt says.", ("5.1 General",)),
        ("5.2 Tests\nIt holds.", ()),
    ]


@pytest.mark.parametrize(
    "reference", ["5.1.2的要求适用。", "5.1.2 shall apply.", "5.1.2、5.1.3适用。", "9.9.9 Far"]
)
def test_a_line_that_refers_to_another_clause_begins_none(reference: str) -> None:
    found = contents_of(f"5.1.1 通则\n{reference}\n5.1.2 外护套\n厚度。\n5.1.3 检验\n每批。")
    assert found[0][0] == f"5.1.1 通则\n{reference}"
    assert len(found) == 3
