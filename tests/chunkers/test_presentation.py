from ragflow_local.chunkers.presentation import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Place
from ragflow_local.settings import ParserConfig
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def at(page: int) -> Place:
    return Place(page, 0, 0, 100, 20)


def test_a_page_is_a_chunk_with_its_notes_and_picture() -> None:
    blocks = [
        Block("heading", "One", level=1, place=at(1)),
        Block("figure", "An arm", place=at(1), image=b"PNG"),
        Block("paragraph", "Notes: say hello", place=at(1)),
        Block("heading", "Two", level=1, place=at(2)),
    ]
    found = list(chunk(blocks, ParserConfig(chunk_token_count=2), TOOLS))
    assert [d.content for d in found] == ["One\nAn arm\nNotes: say hello", "Two"]
    assert [(d.headings, d.image) for d in found] == [(("One",), b"PNG"), (("Two",), b"")]
