import json

import pytest

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.json import read


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
