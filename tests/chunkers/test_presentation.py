from ragflow_local.chunkers.presentation import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Region
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def at(page: int) -> Region:
    return Region(page, 0, 0, 100, 20)


def test_a_page_is_a_chunk_with_its_notes_and_picture() -> None:
    blocks = [
        Block("heading", "One", level=1, place=at(1)),
        Block("figure", "An arm", place=at(1), image=b"PNG"),
        Block("paragraph", "Notes: say hello", place=at(1)),
        Block("heading", "Two", level=1, place=at(2)),
    ]
    found = list(chunk(blocks, ParserSettings(chunk_token_count=2), TOOLS))
    assert [d.content for d in found] == ["One\nAn arm\nNotes: say hello", "Two"]
    assert [(d.headings, d.image) for d in found] == [(("One",), b"PNG"), (("Two",), b"")]


def test_a_page_beyond_the_window_is_cut_into_few_parts() -> None:
    rows = (("a", "b"), ("1", "2"))
    line = Block("paragraph", "One two three.", place=at(1))
    table = Block("table", "a\tb\n1\t2", place=at(1), rows=rows)
    found = list(chunk([line, table, line, line, line], ParserSettings(), Tools(count_tokens, 14)))
    assert [d.content for d in found] == [
        "One two three.\na\tb\n1\t2",
        "One two three.\nOne two three.\nOne two three.",
    ]
