"""Which lines of a chunk are headings or code is known to whoever reads it later."""

from __future__ import annotations

import pytest

from ragflow_local.chunkers.email import chunk as mails
from ragflow_local.chunkers.manual import chunk as sections
from ragflow_local.chunkers.naive import chunk
from ragflow_local.chunkers.one import chunk as one
from ragflow_local.chunkers.paper import chunk as paper
from ragflow_local.chunkers.tools import Tools
from ragflow_local.readers import markdown
from ragflow_local.records import Block, Draft, Marked
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens=count_tokens)
GUIDE = [
    Block("heading", "Gauge", level=1),
    Block("paragraph", "It measures."),
    Block("heading", "Installing", level=2),
    Block("paragraph", "pip install gauge\ngauge --check", is_code=True),
    Block("heading", "License", level=2),
    Block("paragraph", "MIT"),
]


def told(draft: Draft) -> list[tuple[str, int]]:
    """Return the marked lines with their depth."""
    lines = draft.content.split("\n")
    return [
        ("\n".join(lines[mark.first : mark.first + mark.count]), mark.depth)
        for mark in draft.marked
    ]


def drafts_of(blocks: list[Block], **settings: object) -> list[Draft]:
    return list(chunk(blocks, ParserSettings(**settings), TOOLS))  # type: ignore[arg-type]


def test_headings_are_marked_with_their_depth_and_code_with_none() -> None:
    assert told(drafts_of(GUIDE)[0]) == [
        ("Gauge", 1),
        ("Installing", 2),
        ("pip install gauge\ngauge --check", 0),
        ("License", 2),
    ]


def test_the_depth_counts_headings_and_not_levels() -> None:
    blocks = [
        Block("heading", "Gauge", level=2),
        Block("heading", "Deep", level=5),
        Block("paragraph", "Text."),
    ]
    assert told(drafts_of(blocks)[0]) == [("Gauge", 1), ("Deep", 2)]


@pytest.mark.parametrize("overlap", [0.0, 0.3])
def test_each_chunk_marks_its_own_lines(overlap: float) -> None:
    drafts = drafts_of(GUIDE, chunk_token_count=8, overlap=overlap)
    assert len(drafts) > 1
    marked = [one for draft in drafts for one in told(draft)]
    assert {text for text, depth in marked if depth} == {"Gauge", "Installing", "License"}
    assert all("gauge" in text for text, depth in marked if not depth)


def test_a_heading_over_a_table_is_marked() -> None:
    table = Block("table", "a\tb\n1\t2", rows=(("a", "b"), ("1", "2")))
    draft = drafts_of([Block("heading", "Arms", level=1), table])[0]
    assert told(draft) == [("Arms", 1)]


def test_the_whole_document_as_one_chunk_marks_all() -> None:
    (draft,) = one(GUIDE, ParserSettings(), TOOLS)
    assert isinstance(draft, Draft)
    assert [depth for _, depth in told(draft)] == [1, 2, 0, 2]


def test_sections_of_a_manual_keep_their_place() -> None:
    drafts = list(sections(GUIDE, ParserSettings(), TOOLS))
    assert [told(draft)[-1] for draft in drafts][1:] == [
        ("pip install gauge\ngauge --check", 0),
        ("License", 2),
    ]


def test_an_abstract_is_marked_under_its_title() -> None:
    blocks = [
        Block("heading", "On gauges", level=1),
        Block("heading", "Abstract", level=2),
        Block("paragraph", "We measure."),
        Block("heading", "1 Introduction", level=2),
        Block("paragraph", "Water rises."),
    ]
    drafts = list(paper(blocks, ParserSettings(), TOOLS))
    assert ("Abstract", 2) in [mark for draft in drafts for mark in told(draft)]


def test_what_is_put_above_a_mail_moves_the_marks_down() -> None:
    blocks = [
        Block("field", "From: Ann"),
        Block("field", "Subject: Gauge"),
        Block("paragraph", "Run this:"),
        Block("paragraph", "gauge --check", is_code=True),
    ]
    drafts = list(mails(blocks, ParserSettings(), TOOLS))
    assert told(drafts[0]) == [("gauge --check", 0)]


def test_a_fragment_that_is_joined_keeps_its_mark() -> None:
    text = "One two three four five six seven eight nine ten. " * 4
    table = Block("table", "a\tb", rows=(("a", "b"),))
    blocks = [Block("paragraph", text), table, Block("paragraph", "gauge up", is_code=True)]
    drafts = drafts_of(blocks)
    assert [text for draft in drafts for text, _ in told(draft)] == ["gauge up"]


def test_a_text_above_nothing_moves_no_mark() -> None:
    draft = Draft("a\nb", marked=(Marked(1, 1, 0),))
    assert draft.below("") == draft
    assert draft.below("x\ny").marked == (Marked(3, 1, 0),)


@pytest.mark.parametrize(
    "markdown_text", ["Run:\n\n```sh\ngauge up\n```\n", "Run:\n\n    gauge up\n"]
)
def test_code_of_markdown_is_marked(markdown_text: str) -> None:
    drafts = drafts_of(list(markdown.read(markdown_text.encode())))
    assert [mark for draft in drafts for mark in told(draft)] == [("gauge up", 0)]


@pytest.mark.parametrize(
    ("last", "following"),
    [
        ("Nuc", "    A small colony of bees on three frames."),
        ("It has these parts:", "- the frame, the box and the lid of it"),
        ("What is a nuc?", "A small colony of bees on three frames."),
    ],
)
def test_a_chunk_does_not_end_with_what_announces_the_next_line(last: str, following: str) -> None:
    text = f"Bees live in the hive all the year.\n{last}\n{following}"
    drafts = drafts_of([Block("paragraph", text)], chunk_token_count=15)
    assert len(drafts) > 1
    assert [draft.content.split("\n")[0] for draft in drafts][1] == last


def test_a_chunk_does_not_end_with_a_comment_on_the_code_below_it() -> None:
    text = "gauge one two three four\n# all of it\ngauge five six seven eight nine"
    drafts = drafts_of([Block("paragraph", text, is_code=True)], chunk_token_count=12)
    assert [draft.content.split("\n")[0] for draft in drafts][1] == "# all of it"
