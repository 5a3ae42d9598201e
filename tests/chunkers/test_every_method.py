"""What every chunk method keeps to, whatever the document."""

from collections.abc import Iterable, Sequence

import pytest

from ragflow_local.chunkers import KINDS, METHODS, chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.errors import InvalidValueError
from ragflow_local.records import Block, Draft, Region
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens=count_tokens)
WINDOW = 30
every_method = pytest.mark.parametrize("method", sorted(METHODS))


def place(page: int, line: int) -> Region:
    return Region(page, 72, 72 + 20 * line, 540, 90 + 20 * line)


LETTER = [
    Block("heading", "The Kraken", level=1, place=place(1, 0)),
    Block("paragraph", "It sleeps. It wakes! Does it sing? It does.", place=place(1, 1)),
    Block("running", "A Bestiary, page 1", place=place(1, 30)),
    Block("heading", "Arms", level=2, place=place(2, 0)),
    Block(
        "table",
        "arm\tlength\n1\t9 m\n2\t8 m",
        place=place(2, 1),
        rows=(("arm", "length"), ("1", "9 m"), ("2", "8 m")),
    ),
    Block("list_item", "- one", place=place(2, 5)),
    Block("figure", "Figure 1: an arm", place=place(2, 6)),
    Block(
        "paragraph", "克拉肯在睡觉。它醒来了！\n\nIt is " + "very " * 60 + "old.", place=place(3, 0)
    ),
    Block("heading", "Eyes", level=2, place=place(3, 8)),
    Block("paragraph", "Two. " * 40, place=place(3, 9)),
]
# Letters that a method's docstring says it leaves out.
LEFT_OUT = {"table": ["Arms"], "qa": []}


def drafts(
    blocks: Sequence[Block], method: str, tools: Tools = TOOLS, budget: int = 12
) -> list[Draft]:
    found = chunk(blocks, method, ParserSettings(chunk_token_count=budget), tools)
    return [item for item in found if isinstance(item, Draft)]


def letters(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in text.replace(":", " ").split()}


@every_method
def test_no_word_is_lost(method: str) -> None:
    left_out = letters(LEFT_OUT.get(method, ()))
    said = letters(block.text for block in LETTER if block.kind != "running") - left_out
    content = "".join("".join(draft.content for draft in drafts(LETTER, method)).split())
    assert [word for word in said if word not in content] == []


@pytest.mark.parametrize(
    "method", ["naive", "manual", "paper", "book", "presentation", "picture", "one"]
)
def test_no_letter_is_lost_nor_said_twice(method: str) -> None:
    blocks = [block for block in LETTER if block.kind != "table"]
    said = "".join("".join(b.text for b in blocks if b.kind != "running").split())
    assert "".join("".join(draft.content for draft in drafts(blocks, method)).split()) == said


@every_method
def test_running_heads_are_left_out(method: str) -> None:
    assert not any("Bestiary" in draft.content for draft in drafts(LETTER, method))


@every_method
def test_an_empty_document_has_no_chunks(method: str) -> None:
    assert list(chunk([], method, ParserSettings(), TOOLS)) == []
    blank = [Block("paragraph", " \n"), Block("figure", ""), Block("table", "\t", rows=(("", ""),))]
    assert drafts(blank, method) == []


@every_method
def test_the_same_document_gives_the_same_chunks(method: str) -> None:
    assert drafts(LETTER, method) == drafts(LETTER, method)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"one"}))
def test_no_chunk_is_larger_than_the_models_window(method: str) -> None:
    found = drafts(LETTER, method, Tools(count_tokens, max_tokens=WINDOW), budget=128)
    assert max(count_tokens(draft.content) for draft in found) <= WINDOW
    assert max(count_tokens(draft.match_text) for draft in found) <= WINDOW


@every_method
def test_places_are_those_of_the_blocks(method: str) -> None:
    given = {block.place for block in LETTER}
    found = drafts(LETTER, method)
    assert all(set(draft.places) <= given for draft in found)
    assert all(draft.places for draft in found)


@every_method
def test_no_chunk_is_blank(method: str) -> None:
    assert all(draft.content.strip() for draft in drafts(LETTER, method))


@every_method
def test_a_chunk_knows_its_headings(method: str) -> None:
    if method in ("picture", "email"):
        pytest.skip("no outline")
    assert any(draft.headings[:1] == ("The Kraken",) for draft in drafts(LETTER, method))


def test_an_unknown_method_names_the_known_ones() -> None:
    with pytest.raises(InvalidValueError, match="naive"):
        chunk(LETTER, "novel", ParserSettings(), TOOLS)


@pytest.mark.parametrize("method", sorted(KINDS))
def test_a_method_on_another_kind_names_those_it_is_for(method: str) -> None:
    tools = Tools(count_tokens, kind="pptx" if method != "presentation" else "csv", name="a.bin")
    with pytest.raises(InvalidValueError, match=sorted(KINDS[method])[0]) as caught:
        chunk(LETTER, method, ParserSettings(), tools)
    assert "naive" in str(caught.value)


@pytest.mark.parametrize("method", sorted(set(METHODS) - set(KINDS)))
def test_a_method_for_all_takes_all(method: str) -> None:
    tools = Tools(count_tokens, kind="msg")
    assert list(chunk(LETTER, method, ParserSettings(), tools))
