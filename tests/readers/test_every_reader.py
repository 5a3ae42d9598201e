"""What every reader keeps to, whatever the format."""

import re
from functools import cache

import pytest

from ragflow_local.errors import ReadError, UnsupportedFileError
from ragflow_local.readers import ENDINGS, kind_of, ocr, open_reader, read, type_of
from ragflow_local.records import Block, Notice
from tests.samples import WORDS, file_of

every_reader = pytest.mark.parametrize("kind", sorted(ENDINGS))


@cache
def blocks_of(kind: str) -> list[Block]:
    if kind == "image" and not ocr.is_installed():
        pytest.skip("rapidocr is not installed")
    return [block for block in read(*file_of(kind)) if isinstance(block, Block)]


@every_reader
def test_a_sample_gives_blocks_with_text(kind: str) -> None:
    blocks = blocks_of(kind)
    assert blocks
    assert all(block.text.strip() for block in blocks)


@every_reader
def test_every_word_of_a_sample_is_in_its_blocks(kind: str) -> None:
    text = " ".join(block.text for block in blocks_of(kind))
    assert set(WORDS) <= set(re.findall(r"\w+", text))


@every_reader
def test_the_same_file_gives_the_same_blocks(kind: str) -> None:
    if kind == "image":
        pytest.skip("the tests of pictures cover it; reading each takes a model")
    again = [block for block in read(*file_of(kind)) if isinstance(block, Block)]
    assert blocks_of(kind) == again


@every_reader
def test_a_table_says_in_text_what_its_rows_say(kind: str) -> None:
    for block in blocks_of(kind):
        assert (block.kind == "table") == bool(block.rows)
        if block.rows:
            assert block.text == "\n".join("\t".join(row) for row in block.rows)


@every_reader
def test_only_headings_have_a_level(kind: str) -> None:
    for block in blocks_of(kind):
        assert (block.kind == "heading") == (block.level > 0)


@every_reader
def test_an_empty_file_gives_no_blocks(kind: str) -> None:
    name, _ = file_of(kind)
    assert list(read(name, b"")) == []


@every_reader
@pytest.mark.parametrize("share", [0.05, 0.5, 0.98], ids=["a start", "half", "all but the end"])
def test_a_file_that_ends_early_gives_blocks_or_says_so(kind: str, share: float) -> None:
    if kind == "image":
        pytest.skip("the tests of pictures cover it; reading each takes a model")
    name, data = file_of(kind)
    try:
        items = list(read(name, data[: int(len(data) * share)]))
    except ReadError as error:
        assert name in str(error)
    else:
        assert all(isinstance(item, Block | Notice) for item in items)


@every_reader
def test_garbage_under_any_name_gives_blocks_or_says_so(kind: str) -> None:
    garbage = bytes((number * 89 + 13) % 256 for number in range(3000))
    name, _ = file_of(kind)
    for data in (garbage, b"\0" * 2000, b"Just a line of text.\n"):
        try:
            list(open_reader(kind).read(data, name))
        except ReadError as error:
            assert name in str(error)


@every_reader
def test_a_file_is_known_by_its_content_whatever_its_name(kind: str) -> None:
    name, data = file_of(kind)
    assert kind_of(name) == kind
    assert kind_of(name, data) == kind
    if kind not in ("csv", "markdown", "text"):  # whose content is proof of nothing
        assert kind_of("unnamed", data) == kind


def test_an_unknown_ending_names_the_known_ones() -> None:
    with pytest.raises(UnsupportedFileError, match=r"\.csv"):
        read_all = list(read("kraken.bmp2", b""))
        assert not read_all


def test_the_api_knows_four_types() -> None:
    assert {type_of(kind) for kind in ENDINGS} == {"pdf", "visual", "table", "doc"}
