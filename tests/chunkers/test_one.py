from ragflow_local.chunkers.one import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft, Notice
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def test_everything_is_one_chunk() -> None:
    blocks = [Block("heading", "Kraken", level=1), Block("paragraph", "It sleeps. " * 100)]
    (draft,) = chunk(blocks, ParserSettings(chunk_token_count=2), TOOLS)
    assert isinstance(draft, Draft)
    assert count_tokens(draft.content) == 301


def test_beyond_the_window_it_stays_one_and_says_so() -> None:
    found = list(
        chunk([Block("paragraph", "It sleeps. " * 9)], ParserSettings(), Tools(count_tokens, 5))
    )
    assert [type(item) for item in found] == [Draft, Notice]
