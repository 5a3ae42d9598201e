from ragflow_local.chunkers.naive import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block
from ragflow_local.settings import ParserConfig
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens=count_tokens)


def test_sentences_are_packed_up_to_the_budget() -> None:
    blocks = [Block("paragraph", "One two. Three four. Five six.")]
    drafts = chunk(blocks, ParserConfig(chunk_token_count=6, delimiter="."), TOOLS)
    assert [draft.content for draft in drafts] == ["One two. Three four.", "Five six."]


def test_a_table_stands_alone() -> None:
    table = Block("table", "a\tb", rows=(("a", "b"),))
    blocks = [Block("paragraph", "Text."), table, Block("paragraph", "More.")]
    drafts = list(chunk(blocks, ParserConfig(), TOOLS))
    assert [draft.content for draft in drafts] == ["Text.", "a\tb", "More."]


def test_a_heading_goes_with_the_table_under_it() -> None:
    table = Block("table", "a\tb", rows=(("a", "b"),))
    blocks = [Block("paragraph", "Text."), Block("heading", "Arms", level=1), table]
    drafts = list(chunk(blocks, ParserConfig(), TOOLS))
    assert [draft.content for draft in drafts] == ["Text.", "Arms\na\tb"]
    assert drafts[1].headings == ("Arms",)


def test_a_heading_goes_with_what_follows_it() -> None:
    blocks = [
        Block("paragraph", "One two three four."),
        Block("heading", "Deep", level=1),
        Block("paragraph", "Five six seven eight."),
    ]
    drafts = list(chunk(blocks, ParserConfig(chunk_token_count=7), TOOLS))
    assert [d.content for d in drafts] == ["One two three four.", "Deep\nFive six seven eight."]
    assert [d.headings for d in drafts] == [(), ("Deep",)]


def test_running_heads_are_left_out() -> None:
    blocks = [Block("running", "Page 1"), Block("paragraph", "Text.")]
    assert [d.content for d in chunk(blocks, ParserConfig(), TOOLS)] == ["Text."]
