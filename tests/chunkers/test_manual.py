from ragflow_local.chunkers.manual import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def test_no_chunk_holds_parts_of_two_sections() -> None:
    blocks = [
        Block("heading", "Guide", level=1),
        Block("heading", "Feeding", level=2),
        Block("paragraph", "Krill."),
        Block("heading", "Cleaning", level=2),
        Block("paragraph", "Never."),
    ]
    found = list(chunk(blocks, ParserSettings(), TOOLS))
    assert [d.content for d in found] == ["Guide\nFeeding\nKrill.", "Cleaning\nNever."]
    assert [d.headings for d in found] == [("Guide", "Feeding"), ("Guide", "Cleaning")]


def test_numbered_lines_are_headings_where_there_are_none() -> None:
    found = list(
        chunk([Block("paragraph", "1.1 Food\nKrill.\n1.2 Soap\nNo.")], ParserSettings(), TOOLS)
    )
    assert [d.content for d in found] == ["1.1 Food\nKrill.", "1.2 Soap\nNo."]


def test_bold_lines_are_headings_where_there_are_no_others() -> None:
    blocks = [
        Block("paragraph", "Reset", is_bold=True),
        Block("paragraph", "Hold it."),
        Block("paragraph", "Filter", is_bold=True),
        Block("paragraph", "It is there."),
        Block("paragraph", "Never open it!", is_bold=True),
    ]
    found = [d.content for d in chunk(blocks, ParserSettings(), TOOLS)]
    assert found == ["Reset\nHold it.", "Filter\nIt is there.\nNever open it!"]
    titled = [Block("heading", "A", level=1), Block("heading", "B", level=1), *blocks]
    assert len(list(chunk(titled, ParserSettings(), TOOLS))) < 3
