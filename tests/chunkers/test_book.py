from ragflow_local.chunkers.book import chunk
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

TOOLS = Tools(count_tokens)


def drafts(blocks: list[Block]) -> list[Draft]:
    return list(chunk(blocks, ParserSettings(), TOOLS))


def test_no_chunk_holds_parts_of_two_chapters() -> None:
    found = drafts([Block("paragraph", "Chapter 1\nIt sleeps.\nChapter 2\nIt wakes.")])
    assert [d.content for d in found] == ["Chapter 1\nIt sleeps.", "Chapter 2\nIt wakes."]
    assert [d.headings for d in found] == [("Chapter 1",), ("Chapter 2",)]


def test_contents_pages_are_left_out() -> None:
    blocks = [
        Block("heading", "The Kraken", level=1),
        Block("heading", "Contents", level=2),
        Block("paragraph", "Sleep ........ 3"),
        Block("paragraph", "Waking ....... 9"),
        Block("heading", "Sleep", level=2),
        Block("paragraph", "It sleeps."),
        Block("heading", "Waking", level=2),
        Block("paragraph", "It wakes."),
    ]
    found = drafts(blocks)
    assert [d.content for d in found] == ["The Kraken\nSleep\nIt sleeps.", "Waking\nIt wakes."]


def test_chapters_stand_under_their_parts() -> None:
    lines = ["第一部 海", "第一章 睡", "它在睡。", "第二章 醒", "它醒了。"]
    found = drafts([Block("paragraph", line) for line in lines])
    assert [d.headings for d in found] == [("第一部 海", "第一章 睡"), ("第一部 海", "第二章 醒")]


def test_contents_at_the_end_of_an_e_book_are_left_out_too() -> None:
    titles = ["Chapter 1. Loomings.", "Chapter 2. The Inn."]
    chapters = [
        block
        for title in titles
        for block in (Block("heading", title, 1), Block("paragraph", "Call me Ishmael."))
    ]
    listed = [
        Block("heading", "Contents", 1),
        *(Block("list_item", f"{number}. {title}") for number, title in enumerate(titles, 1)),
    ]
    blocks = [*listed, *chapters, *listed]
    drafts = list(chunk(blocks, ParserSettings(), TOOLS))
    assert [draft.headings for draft in drafts] == [(title,) for title in titles]


def test_contents_may_say_the_titles_otherwise() -> None:
    blocks = [
        Block("paragraph", "CONTENTS"),
        Block("paragraph", "CHAPTER I. Sleep\nCHAPTER II. Waking"),
        Block("paragraph", "CHAPTER I.\nOn Sleep"),
        Block("paragraph", "It sleeps."),
        Block("paragraph", "CHAPTER II.\nOn Waking"),
        Block("paragraph", "It wakes."),
    ]
    found = drafts(blocks)
    assert [d.content for d in found] == [
        "CHAPTER I.\nOn Sleep\nIt sleeps.",
        "CHAPTER II.\nOn Waking\nIt wakes.",
    ]
    assert [d.headings for d in found] == [("CHAPTER I. On Sleep",), ("CHAPTER II. On Waking",)]
