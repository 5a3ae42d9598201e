from ragflow_local.chunkers.paper import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block
from ragflow_local.settings import ParserConfig
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
    found = list(chunk(blocks, ParserConfig(chunk_token_count=20), TOOLS))
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
    found = list(chunk(blocks, ParserConfig(), TOOLS))
    assert [d.content for d in found] == ["On Krakens", "Abstract—They sleep.", "Keywords: kraken"]
