import json

import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.json import read
from ragflow_local.records import Notice
from tests.samples import only_blocks


def texts(data: str) -> list[str]:
    return [block.text for block in read(data.encode())]


def test_each_record_is_a_paragraph_with_a_line_a_value() -> None:
    assert texts('[{"a": 1.50, "b": {"c": true}}, {"a": null, "d": ["x", "y"]}]') == [
        "a: 1.50\nb.c: true",
        "d: x, y",
    ]


def test_json_lines_are_records() -> None:
    assert texts('{"a": 1}\n{"a": 2}\n') == ["a: 1", "a: 2"]


def test_a_record_may_hold_the_separators_of_other_scripts() -> None:
    assert texts('{"a": "one\u2029two"}\n{"a": 2}\n') == ["a: one\ntwo", "a: 2"]


def test_a_large_record_is_a_paragraph_for_each_part() -> None:
    data = json.dumps({"one": {"x": "a" * 1000}, "two": {"y": "b" * 1000}})
    assert texts(data) == ["one.x: " + "a" * 1000, "two.y: " + "b" * 1000]


def test_pictures_packed_into_letters_are_left_out() -> None:
    assert texts('{"a": "data:image/png;base64,%s"}' % ("A" * 500)) == ["a: data:image/png;base64"]


def test_what_is_no_json_says_where() -> None:
    with pytest.raises(DamagedFileError, match="line 2"):
        texts('{"a": 1,\n"b" 2}')


def test_endless_nesting_is_damage() -> None:
    with pytest.raises(DamagedFileError, match="deep"):
        texts("[" * 100_000)


def test_a_notebook_gives_its_cells() -> None:
    book = (
        '{"nbformat": 4, "cells": [{"cell_type": "markdown", "source": ["# Deep\\n", "text"]},'
        '{"cell_type": "code", "source": "1 + 1", "outputs": [{"data": {"text/plain": ["2"]}}]}]}'
    )
    assert texts(book) == ["Deep", "text", "1 + 1", "2"]


def test_good_lines_are_read_and_a_bad_one_is_named() -> None:
    items = list(read(b'{"a": "one"}\n{"a": broken\n{"a": "three"}\n', "a.jsonl"))
    assert [b.text for b in only_blocks(items)] == ["a: one", "a: three"]
    (notice,) = [item for item in items if isinstance(item, Notice)]
    assert "line 2" in notice.text


def test_a_file_of_bad_lines_is_damage() -> None:
    with pytest.raises(DamagedFileError):
        list(read(b'{"a": broken\n{"b": broken\n{"a": 1}', "a.jsonl"))


def test_outputs_of_a_notebook_are_read_in_their_richest_form() -> None:
    outputs = [
        {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "by \x1b[31mzero"},
        {"data": {"text/html": ["<table><tr><td>a<td>b</table>"], "text/plain": ["a b"]}},
        {"data": {"text/markdown": "**bold** 99"}},
        {"data": {"text/html": "<script>x</script>", "text/plain": "plain"}},
        {"output_type": "stream", "text": ["printed"]},
    ]
    book = {"nbformat": 4, "cells": [{"cell_type": "code", "source": "1/0", "outputs": outputs}]}
    found = only_blocks(read(json.dumps(book).encode(), "a.ipynb"))
    assert [block.text for block in found] == [
        "1/0", "ZeroDivisionError: by zero", "a\tb", "bold 99", "plain", "printed",
    ]  # fmt: skip
