"""JSON, JSON lines and notebooks: a paragraph for each record, a line for each value in it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import html, markdown
from ragflow_local.records import Block, Notice
from ragflow_local.text.encoding import decode, tidy

# A record up to this size stays in one paragraph; a larger one gives a paragraph for each part.
_MAX_CHARACTERS = 1500
_MOST_NAMED = 10  # broken lines
_SPACE = re.compile(r"[ \t\r\n]*")
_DATA_URI = re.compile(r"data:[\w/+.;=-]{0,80};base64,")


def read(data: bytes, name: str = "") -> Iterator[Block | Notice]:
    """Yield paragraphs of lines ``path: value``; of JSON lines, a notice names the broken ones.

    Raises:
        DamagedFileError: The file is no JSON, or nested deeper than anything sensible.
    """
    text = decode(data).strip()
    if not text:
        return
    bad: list[int] = []
    try:
        try:
            value = _parse(text, name)
        except DamagedFileError:
            value, bad = _by_lines(text)
            if not value or len(bad) >= len(value):
                raise
        blocks = list(_notebook(value) if _is_notebook(value) else _blocks(value, ""))
    except RecursionError:
        raise DamagedFileError(name, "whole file", "it is nested too deeply") from None
    yield from blocks
    if bad:
        lines = ", ".join(map(str, bad[:_MOST_NAMED])) + (", …" if bad[_MOST_NAMED:] else "")
        named = f"line {lines} is" if len(bad) == 1 else f"lines {lines} are"
        yield Notice(f"Of {name!r} {named} no JSON and left out; mend them and add the file again.")


def _by_lines(text: str) -> tuple[list[Any], list[int]]:
    """Return the values of JSON lines that are whole, and the numbers of those that are not."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, strict=False)
    values: list[Any] = []
    bad: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            values.append(decoder.decode(line.strip().rstrip(",")))
        except ValueError:
            bad.append(number)
    return [value for value in values if isinstance(value, dict | list)], bad


def _parse(text: str, name: str) -> Any:
    """Return the value of a JSON text, or the list of values of JSON lines."""
    # Numbers stay as they are written: 1.50 is a price, and large ones keep all digits. Not strict:
    # a paragraph separator inside a string has become a line end by decoding.
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, strict=False)
    values: list[Any] = []
    end = 0
    while end < len(text):
        try:
            value, end = decoder.raw_decode(text, end)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise DamagedFileError(name, where, f"it is no JSON: {error.msg}") from error
        values.append(value)
        end = _SPACE.match(text, end).end()  # type: ignore[union-attr]  # matches nothing too
    return values[0] if len(values) == 1 else values


def _blocks(value: Any, path: str) -> Iterator[Block]:
    """Yield one paragraph for ``value``, or its parts' where it is too large for one."""
    if isinstance(value, list) and path == "":
        for item in value:  # the records of a file are kept apart, however small
            yield from _blocks(item, "[]") if item is not value else ()
        return
    prefix = path if path != "[]" else ""
    lines = list(_lines(value, prefix))
    is_small = sum(map(len, lines)) <= _MAX_CHARACTERS
    if is_small or len(lines) == 1:
        if text := tidy("\n".join(lines)).strip():
            yield Block("paragraph", text)
        return
    kept: list[str] = []  # of values that are next to one another and small
    for key, item in _items(value):
        inner = list(_lines(item, _join(prefix, key)))
        if sum(map(len, kept)) + sum(map(len, inner)) > _MAX_CHARACTERS and kept:
            yield Block("paragraph", tidy("\n".join(kept)))
            kept = []
        if sum(map(len, inner)) > _MAX_CHARACTERS and isinstance(item, dict | list):
            yield from _blocks(item, _join(prefix, key))
        else:
            kept += inner
    if kept:
        yield Block("paragraph", tidy("\n".join(kept)))


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    else:
        yield from (("", item) for item in value)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key


def _lines(value: Any, path: str) -> Iterator[str]:
    """Yield a line for each value that is no container; empty ones say nothing."""
    if isinstance(value, dict | list):
        if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
            text = ", ".join(_scalar(item) for item in value if item is not None)
            if text:
                yield f"{path}: {text}" if path else text
            return
        for key, item in _items(value):
            yield from _lines(item, _join(path, key))
    elif value is not None and (text := _scalar(value)):
        yield f"{path}: {text}" if path else text


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    # Pictures and the like, packed into letters: nothing anybody reads or searches.
    return text[: text.index(",")] if _DATA_URI.match(text) else text


def _is_notebook(value: Any) -> bool:
    return isinstance(value, dict) and "nbformat" in value and isinstance(value.get("cells"), list)


def _notebook(value: Any) -> Iterator[Block]:
    """Yield the cells of a Jupyter notebook and the texts they put out."""
    for cell in value["cells"]:
        if not isinstance(cell, dict):
            continue
        source = tidy(_source(cell.get("source")))
        if cell.get("cell_type") == "markdown":
            yield from markdown.read(source.encode())
        elif source.strip():
            yield Block("paragraph", source.strip("\n").rstrip())
        for output in cell.get("outputs") or ():
            if isinstance(output, dict):
                yield from _output(output)


def _output(output: dict[str, Any]) -> Iterator[Block]:
    """Yield what a cell put out: the richest form that has a text, an error by its name."""
    if output.get("output_type") == "error":
        yield Block("paragraph", tidy(f"{output.get('ename')}: {output.get('evalue')}").strip())
        return
    data = output.get("data")
    if not isinstance(data, dict):
        data = {"text/plain": output.get("text")}
    for kind in ("text/markdown", "text/html", "text/latex", "text/plain", "application/json"):
        value = data.get(kind)
        text = tidy(_source(value) if not isinstance(value, dict) else json.dumps(value)).strip()
        blocks: list[Block] = []
        if text and kind == "text/markdown":
            blocks = list(markdown.read(text.encode()))
        elif text and kind == "text/html":
            blocks = list(html.blocks_of(text))
        elif text:
            blocks = [Block("paragraph", text)]
        yield from blocks
        if blocks:
            return


def _source(value: Any) -> str:
    """Return a text that a notebook keeps whole or as a list of lines."""
    parts = value if isinstance(value, list) else [value]
    return "".join(part for part in parts if isinstance(part, str))
