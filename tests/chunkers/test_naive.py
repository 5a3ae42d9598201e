from ragflow_local.chunkers.naive import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens=count_tokens)


def test_sentences_are_packed_up_to_the_budget() -> None:
    blocks = [Block("paragraph", "One two. Three four. Five six.")]
    drafts = chunk(blocks, ParserSettings(chunk_token_count=6, delimiter="."), TOOLS)
    assert [draft.content for draft in drafts] == ["One two. Three four.", "Five six."]


def test_a_table_stands_alone() -> None:
    table = Block("table", "a\tb", rows=(("a", "b"),))
    blocks = [Block("paragraph", "Text."), table, Block("paragraph", "More.")]
    drafts = list(chunk(blocks, ParserSettings(), TOOLS))
    assert [draft.content for draft in drafts] == ["Text.", "a\tb", "More."]


def test_a_heading_goes_with_the_table_under_it() -> None:
    table = Block("table", "a\tb", rows=(("a", "b"),))
    blocks = [Block("paragraph", "Text."), Block("heading", "Arms", level=1), table]
    drafts = list(chunk(blocks, ParserSettings(), TOOLS))
    assert [draft.content for draft in drafts] == ["Text.", "Arms\na\tb"]
    assert drafts[1].headings == ("Arms",)


def test_a_heading_goes_with_what_follows_it() -> None:
    blocks = [
        Block("paragraph", "One two three four."),
        Block("heading", "Deep", level=1),
        Block("paragraph", "Five six seven eight."),
    ]
    drafts = list(chunk(blocks, ParserSettings(chunk_token_count=7), TOOLS))
    assert [d.content for d in drafts] == ["One two three four.", "Deep\nFive six seven eight."]
    assert [d.headings for d in drafts] == [(), ("Deep",)]


def test_running_heads_are_left_out() -> None:
    blocks = [Block("running", "Page 1"), Block("paragraph", "Text.")]
    assert [d.content for d in chunk(blocks, ParserSettings(), TOOLS)] == ["Text."]


def words(number: int) -> str:
    return " ".join(f"word{n}" for n in range(number))


def table(rows: int) -> Block:
    cells = tuple((f"row {n}", str(n)) for n in range(rows))
    return Block("table", "\n".join("\t".join(row) for row in cells), rows=cells)


def test_a_line_that_is_no_sentence_goes_with_the_table_under_it() -> None:
    caption, unit = Block("paragraph", "Table 3: Valves"), Block("paragraph", "(in millions)")
    found = contents([Block("paragraph", f"{words(40)}."), caption, unit, table(3)])
    assert found[1].startswith("Table 3: Valves\n(in millions)\nrow 0")


def test_a_sentence_over_a_table_stays_with_the_text() -> None:
    found = contents([Block("paragraph", "The pump is old."), table(3)])
    assert found[1].startswith("row 0")


def test_a_fragment_is_joined_to_the_table_before_it() -> None:
    found = contents([table(12), Block("paragraph", "See accompanying notes.")])
    assert found[-1].endswith("row 11\t11\nSee accompanying notes.")


def test_a_fragment_stays_alone_where_a_cut_is_asked_for() -> None:
    note = Block("paragraph", "See accompanying notes.")
    told = contents([table(12), note], delimiter="`##`")
    assert told[-1] == "See accompanying notes."


def contents(blocks: list[Block], delimiter: str = "\n!?。；！？") -> list[str]:
    config = ParserSettings(delimiter=delimiter)
    return [item.content for item in chunk(blocks, config, TOOLS)]
