"""What a worker answers to each request, asked here without a process of its own."""

import io
from typing import Any

import pytest

from ragflow_local.errors import DamagedFileError, LimitError
from ragflow_local.ingest import wire, worker
from ragflow_local.ingest.counted import received
from ragflow_local.records import Block
from ragflow_local.settings import ParserSettings
from tests.samples import file_of

TABLE = b"arm,length\nleft,9\nright,8\n"


def answer(request: wire.Request, data: bytes = b"", told: io.BytesIO | None = None) -> wire.Reply:
    """Return the reply of a worker that is given a file's bytes behind the request."""
    pipe = io.BytesIO(len(data).to_bytes(8, "big") + data)
    return worker._answer(request, wire.FileReceiver(pipe), told or io.BytesIO())


def reading(kind: str = "text", **others: Any) -> wire.Read:
    values: dict[str, Any] = {"path": "", "kind": kind, "name": f"a.{kind}", "first": 0, "last": 0}
    return wire.Read(**{**values, "layout": True, **others})


def cutting(blocks: list[Block], read: wire.Read | None = None, **settings: Any) -> wire.Chunk:
    return wire.Chunk(blocks, "text", "a.txt", "naive", ParserSettings(**settings), "", 254, read)


def blocks_of(reply: wire.Reply) -> list[Block]:
    assert isinstance(reply, wire.ReadDone)
    return reply.blocks


def test_a_file_is_read_into_blocks() -> None:
    blocks = blocks_of(answer(reading(), b"The kraken sleeps.\n\nThe squid swims."))
    assert [block.text for block in blocks] == ["The kraken sleeps.", "The squid swims."]


def test_pages_are_counted_and_only_those_asked_for_are_read() -> None:
    pymupdf = pytest.importorskip("pymupdf")
    document = pymupdf.open()
    for text in ("The kraken sleeps.", "The squid swims.", "The whale sings."):
        document.new_page().insert_text((72, 72), text)
    data: bytes = document.tobytes()
    assert answer(wire.Plan("", "pdf", "a.pdf"), data) == wire.Planned(3)
    told = io.BytesIO()
    blocks = blocks_of(answer(reading("pdf", first=2, last=3), data, told))
    assert [block.text for block in blocks] == ["The squid swims.", "The whale sings."]
    told.seek(0)
    pages = []
    while (reply := wire.receive_reply(told)) is not None:
        assert isinstance(reply, wire.PageDone)
        pages.append(reply.page)
    assert pages[0] == 2, "what page it is at is told before it is read"
    assert set(pages) <= {2, 3}


def test_a_table_with_more_rows_or_columns_than_may_be_is_refused() -> None:
    assert blocks_of(answer(reading("csv", most_rows=3, most_columns=2), TABLE))
    with pytest.raises(LimitError, match="more than 2 rows"):
        answer(reading("csv", most_rows=2), TABLE)
    with pytest.raises(LimitError, match="more than 1 column"):
        answer(reading("csv", most_columns=1), TABLE)


def test_of_a_web_page_the_main_text_alone_is_read_where_that_is_asked() -> None:
    page = (
        b"<html><body><nav><a href='/'>Home</a> <a href='/a'>About</a></nav>"
        b"<article><h1>Kraken</h1>" + b"<p>The kraken sleeps in the deep, deep sea.</p>" * 8
        + b"</article><aside>Subscribe to the newsletter</aside></body></html>"
    )  # fmt: skip
    everything = " ".join(block.text for block in blocks_of(answer(reading("html"), page)))
    main = blocks_of(answer(reading("html", main_content=True), page))
    assert "newsletter" in everything
    assert "newsletter" not in " ".join(block.text for block in main)
    assert "The kraken sleeps" in main[-1].text


def test_blocks_are_cut_and_what_is_counted_comes_with_them() -> None:
    blocks = [Block("paragraph", "The kraken sleeps."), Block("paragraph", "The squid swims.")]
    reply = answer(cutting(blocks, chunk_token_count=4))
    assert isinstance(reply, wire.Chunked)
    assert [draft.content for draft in reply.drafts] == [block.text for block in blocks]
    counted = received(reply.counted, reply.drafts, "a.txt")
    assert len(counted.tokens) == 2
    assert {"kraken", "squid"} <= set(counted.bags.vocabulary)


def test_a_file_is_read_and_cut_at_one_go() -> None:
    reply = answer(cutting([], reading()), b"The kraken sleeps.")
    assert isinstance(reply, wire.Chunked)
    assert [draft.content for draft in reply.drafts] == ["The kraken sleeps."]


def test_several_short_files_are_each_answered_as_if_alone() -> None:
    texts = {"kraken.txt": b"The kraken sleeps.", "torn.eml": b"", "squid.txt": b"The squid swims."}
    chunks = [
        wire.Chunk([], kind, name, "naive", ParserSettings(), "", 254, reading(kind, name=name))
        for name, kind in zip(texts, ("text", "no such kind", "text"), strict=True)
    ]
    shorts = [wire.Short(one, data) for one, data in zip(chunks, texts.values(), strict=True)]
    reply = answer(wire.Several(shorts))
    assert isinstance(reply, wire.SeveralDone)
    assert [type(one) for one in reply.replies] == [wire.Chunked, wire.Failed, wire.Chunked]
    for one, chunk, data in zip(reply.replies, chunks, texts.values(), strict=True):
        if isinstance(one, wire.Chunked):
            assert one == answer(chunk, data)


def test_what_a_reader_tells_arrives_with_what_it_read() -> None:
    data = b'{"a": 1}\nnot json\n{"a": 2}\n'
    reply = answer(reading("json"), data)
    assert isinstance(reply, wire.ReadDone)
    assert reply.blocks
    assert any("line 2" in notice for notice in reply.notices)


def test_a_page_is_drawn_whole_and_small() -> None:
    _, data = file_of("pdf")
    drawn = answer(wire.Picture("", "pdf", "a.pdf", 1, 72), data)
    small = answer(wire.Picture("", "pdf", "a.pdf", 1, 72, is_small=True), data)
    assert isinstance(drawn, wire.Drawn)
    assert isinstance(small, wire.Drawn)
    assert drawn.picture.startswith(b"\x89PNG")
    assert small.picture[8:12] == b"WEBP"


def test_a_thumbnail_is_asked_for_as_page_0() -> None:
    _, data = file_of("pdf")
    drawn = answer(wire.Picture("", "pdf", "a.pdf", 0, 72), data)
    assert isinstance(drawn, wire.Drawn)
    assert drawn.picture.startswith(b"\x89PNG")


def test_a_file_that_is_torn_is_told_as_damage() -> None:
    with pytest.raises(DamagedFileError):
        answer(wire.Plan("", "pdf", "a.pdf"), b"%PDF-1.7 torn")
