from ragflow_local.chunkers.paper import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def test_title_abstract_sections_and_references_stand_apart() -> None:
    blocks = [
        Block("heading", "On Krakens", level=1),
        Block("paragraph", "A. Author, B. Author"),
        Block("heading", "Abstract", level=2),
        Block("paragraph", "They sleep. " * 60),
        Block("heading", "1 Introduction", level=2),
        Block("paragraph", "Long ago."),
        Block("heading", "References", level=2),
        Block("paragraph", "[1] Tennyson."),
    ]
    found = list(chunk(blocks, ParserSettings(chunk_token_count=20), TOOLS))
    assert [d.content[:20] for d in found] == [
        "On Krakens\nA. Author",
        "Abstract\nThey sleep.",
        "1 Introduction\nLong ",
        "References\n[1] Tenny",
    ]
    assert found[1].headings == ("On Krakens", "Abstract")
    assert count_tokens(found[1].content) > 100


def test_an_abstract_may_begin_in_its_line() -> None:
    blocks = [
        Block("paragraph", "On Krakens"),
        Block("paragraph", "Abstract—They sleep."),
        Block("paragraph", "Keywords: kraken"),
    ]
    found = list(chunk(blocks, ParserSettings(), TOOLS))
    assert [d.content for d in found] == ["On Krakens", "Abstract—They sleep.", "Keywords: kraken"]


def test_a_text_without_headings_has_its_sections_by_their_numbers_and_names() -> None:
    text = (
        "On Krakens\nJane Roe\nAbstract—Krakens sleep.\nThey do so deeply.\nIndex Terms—sleep\n"
        "1 Introduction\nKrakens are old.\n2 Methods\n2.1 Watching\nWe watched:\n1. one\n2. two\n"
        "3 Conclusion\nThey sleep.\nReferences\n[1] Tennyson 1830."
    )
    drafts = list(chunk([Block("paragraph", text)], ParserSettings(), TOOLS))
    assert [(draft.content, draft.headings) for draft in drafts] == [
        ("On Krakens\nJane Roe", ("On Krakens",)),
        ("Abstract—Krakens sleep.\nThey do so deeply.", ("On Krakens",)),
        ("Index Terms—sleep", ("On Krakens",)),
        ("1 Introduction\nKrakens are old.", ("On Krakens", "1 Introduction")),
        (
            "2 Methods\n2.1 Watching\nWe watched:\n1. one\n2. two",
            ("On Krakens", "2 Methods", "2.1 Watching"),
        ),
        ("3 Conclusion\nThey sleep.", ("On Krakens", "3 Conclusion")),
        ("References\n[1] Tennyson 1830.", ("On Krakens", "References")),
    ]


def test_chinese_sections_without_headings_are_found() -> None:
    text = (
        "论克拉肯\n张三\n摘 要：它在睡觉。\n关键词：睡觉\n"
        "1 引言\n它很老。\n2 结论\n它在睡。\n参考文献\n[1] 李四"
    )
    drafts = list(chunk([Block("paragraph", text)], ParserSettings(), TOOLS))
    assert [draft.content for draft in drafts] == [
        "论克拉肯\n张三",
        "摘 要：它在睡觉。",
        "关键词：睡觉",
        "1 引言\n它很老。",
        "2 结论\n它在睡。",
        "参考文献\n[1] 李四",
    ]
