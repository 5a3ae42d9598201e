"""Markdown as CommonMark with tables: headings, paragraphs, list items, code, front matter."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ragflow_local.readers import html
from ragflow_local.readers.grid import table
from ragflow_local.records import Block, BlockKind
from ragflow_local.text.encoding import decode

# Of a numbered list: the next number, and the one written before the last item.
_Count: TypeAlias = tuple[int, int]
_BULLETS: _Count = (0, 0)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
# Quotes and lists within one another; the parser drops what lies deeper than its limit of 100.
_DEEP = re.compile(r"^((?:[ \t]*(?:>|[-*+][ \t])){40})(?:[ \t]*(?:>|[-*+][ \t]))+", re.M)
_FAR_IN = re.compile(r"^ {80,}(?=(?:[-*+]|\d{1,9}[.)])\s)", re.M)
_FIELD = re.compile(r"[\w][\w .-]*:")
_TAG = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"<br\s*/?>", re.I)
_CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield the blocks of a Markdown file; inline HTML gives its text."""
    text = decode(data)
    if front := _FRONT_MATTER.match(text):
        yield from _fields(front.group(1))
        text = text[front.end() :]
    environment: dict[str, dict[str, dict[str, str]]] = {}
    text = _FAR_IN.sub(" " * 80, _DEEP.sub(r"\1", text))
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    yield from _blocks(parser.parse(text, environment))
    for label, target in environment.get("references", {}).items():
        if label.startswith("^"):  # a footnote of one word looks like a link's target
            yield Block("paragraph", f"[{label}] {target['href']} {target['title']}".strip())


def _fields(front_matter: str) -> Iterator[Block]:
    """Yield a field for each entry of the front matter, its following lines included."""
    entry: list[str] = []
    for line in [*front_matter.split("\n"), "end:"]:
        if _FIELD.match(line):
            if text := "\n".join(entry).strip():
                yield Block("field", text)
            entry = []
        entry.append(line)


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    """Yield blocks of a flat list of tokens, where containers open and close."""
    lists: list[_Count] = []  # of open lists
    marker = ""
    heading = 0
    rows: list[list[str]] | None = None
    for token in tokens:
        if token.type.endswith(("_list_open", "_list_close", "_item_open", "_item_close")):
            yield from _unsaid(token, marker)
            marker = _after(token, marker, _list_step(token, lists))
        elif token.type == "heading_open":
            heading = int(token.tag[1])
        elif token.type == "table_open":
            rows = []
        elif token.type == "table_close" and rows is not None:
            yield from table(rows)
            rows = None
        elif rows is not None:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(_inline(token))
        else:
            for block in _leaf(token, heading, bool(lists)):
                is_marked = bool(marker) and block.kind in ("list_item", "paragraph")
                yield replace(block, text=f"{marker}{block.text}") if is_marked else block
                marker = "" if is_marked else marker
                heading = 0


def _unsaid(token: Token, marker: str) -> Iterator[Block]:
    """Yield the number of an item that ends without a text."""
    if token.type.endswith("_close") and any(map(str.isdecimal, marker)):
        yield Block("list_item", marker.strip())


def _after(token: Token, marker: str, step: str) -> str:
    """Return what stands before an item: the number of the one it begins, too, if it has one."""
    if token.type.endswith("_close") or not any(map(str.isdecimal, marker)):
        return step
    return f"{marker.strip()} {step.lstrip()}" if step else marker


def _list_step(token: Token, lists: list[_Count]) -> str:
    """Keep count of lists and their items; return what stands before an item that begins."""
    if token.type.endswith("_list_open"):
        start = int(token.attrGet("start") or 1)
        lists.append((start, -1) if token.tag == "ol" else _BULLETS)
        return ""
    if token.type.endswith("_close"):
        if token.type.endswith("_list_close"):
            lists.pop()
        return ""
    indent = "  " * (len(lists) - 1)
    if lists[-1] == _BULLETS:
        return f"{indent}- "
    count, before = lists[-1]
    written = int(token.info) if token.info.isdecimal() else count
    # The same number before every item is a habit of writers; another one is meant.
    number = count if written == before else written
    lists[-1] = (number + 1, written)
    return f"{indent}{number}. "


def _leaf(token: Token, heading: int, is_in_list: bool) -> Iterator[Block]:
    """Yield the blocks of a token that has text itself."""
    if token.type in ("fence", "code_block"):
        if token.content.strip():
            yield Block("paragraph", token.content.strip("\n").rstrip())
    elif token.type == "html_block":
        yield from html.blocks_of(token.content)
    elif token.type == "inline":
        text = _inline(token).strip()
        kind: BlockKind = "list_item" if is_in_list else "paragraph"
        if heading:
            kind, text = "heading", text.replace("\n", " ")
        elif all(child.type in ("image", "softbreak") for child in token.children or ()):
            kind = "figure"
        if text:
            yield Block(kind, text, level=heading)


def _inline(token: Token) -> str:
    """Return a line's text: links by their text, pictures by their alternative text."""
    parts: list[str] = []
    for child in token.children or ():
        if child.type == "softbreak":
            parts.append("\n")
        elif child.type == "hardbreak" or (
            child.type == "html_inline" and _BREAK.match(child.content)
        ):
            parts.append("\v")
        elif child.type == "html_inline":
            parts.append(_TAG.sub("", child.content))
        elif child.type == "image":
            parts.append(_inline(child))
        else:
            parts.append(child.content)
    return _unwrap("".join(parts)).replace("\v", "\n")


def _unwrap(text: str) -> str:
    """Return ``text`` with its source lines joined: by nothing within Chinese, else a space."""
    lines = text.split("\n")
    joined = lines[0]
    for line in lines[1:]:
        is_cjk = bool(_CJK.match(joined[-1:])) and bool(_CJK.match(line[:1]))
        joined = f"{joined}{line}" if is_cjk else f"{joined} {line}"
    return joined
