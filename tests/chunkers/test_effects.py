from ragflow_local.chunkers import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Notice
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens


def told(config: ParserSettings, method: str = "naive", window: int = 254, text: str = "a") -> str:
    tools = Tools(count_tokens, max_tokens=window)
    blocks = [Block("paragraph", text), Block("heading", "One", level=1, source="## One")]
    found = chunk(blocks, method, config, tools)
    return " ".join(item.text for item in found if isinstance(item, Notice))


def test_a_limit_beyond_the_window_is_told() -> None:
    assert "at most 254 tokens" in told(ParserSettings(chunk_token_count=512))
    assert not told(ParserSettings(chunk_token_count=254))


def test_a_delimiter_that_does_not_occur_is_told() -> None:
    assert "`***`" in told(ParserSettings(delimiter="`***`\n"))
    assert not told(ParserSettings(delimiter="`##`"))
    assert not told(ParserSettings(delimiter="`|`"), text="a|b")
    assert not told(ParserSettings(delimiter="`\\n\\n`"))


def test_methods_that_cut_by_other_things_say_nothing() -> None:
    assert not told(ParserSettings(delimiter="`***`"), method="one")
