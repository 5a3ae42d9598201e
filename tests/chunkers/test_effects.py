from ragflow_local.chunkers import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Notice
from ragflow_local.settings import ParserConfig
from ragflow_local.text.tokens import count_tokens


def told(config: ParserConfig, method: str = "naive", window: int = 254, text: str = "a") -> str:
    tools = Tools(count_tokens, max_tokens=window)
    blocks = [Block("paragraph", text), Block("heading", "One", level=1, source="## One")]
    found = chunk(blocks, method, config, tools)
    return " ".join(item.text for item in found if isinstance(item, Notice))


def test_a_limit_beyond_the_window_is_told() -> None:
    assert "at most 254 tokens" in told(ParserConfig(chunk_token_count=512))
    assert not told(ParserConfig(chunk_token_count=254))


def test_a_delimiter_that_does_not_occur_is_told() -> None:
    assert "`***`" in told(ParserConfig(delimiter="`***`\n"))
    assert not told(ParserConfig(delimiter="`##`"))
    assert not told(ParserConfig(delimiter="`|`"), text="a|b")
    assert not told(ParserConfig(delimiter="`\\n\\n`"))


def test_methods_that_cut_by_other_things_say_nothing() -> None:
    assert not told(ParserConfig(delimiter="`***`"), method="one")
