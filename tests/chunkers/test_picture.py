from ragflow_local.chunkers.picture import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Region
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def at(page: int) -> Region:
    return Region(page, 0, 0, 100, 20)


def test_what_is_read_in_a_picture_is_one_chunk_that_keeps_it() -> None:
    blocks = [
        Block("figure", "", place=at(1), image=b"PNG"),
        Block("paragraph", "It sleeps.", place=at(1)),
        Block("paragraph", "It wakes.", place=at(1)),
    ]
    (draft,) = chunk(blocks, ParserSettings(chunk_token_count=2), TOOLS)
    assert draft.content == "It sleeps.\nIt wakes."
    assert draft.image == b"PNG"
