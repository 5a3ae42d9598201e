"""Markdown as CommonMark with tables: headings, paragraphs, list items, code, front matter."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.texmath import texmath_plugin

from ragflow_local.readers import html
from ragflow_local.readers.data_address import of_address
from ragflow_local.readers.grid import table
from ragflow_local.readers.inline import with_fractions
from ragflow_local.readers.markdown_line import line_of, says_html
from ragflow_local.readers.text import paragraphs
from ragflow_local.records import Block, BlockKind
from ragflow_local.text.code import has_sentences
from ragflow_local.text.encoding import decode

# Of a numbered list: the next number, and the one written before the last item.
_Count: TypeAlias = tuple[int, int]
_BULLETS: _Count = (0, 0)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
# Quotes and lists within one another; the parser drops what lies deeper than its limit of 100.
_DEEP = re.compile(r"^((?:[ \t]*(?:>|[-*+][ \t])){40})(?:[ \t]*(?:>|[-*+][ \t]))+", re.M)
_FAR_IN = re.compile(r"^ {80,}(?=(?:[-*+]|\d{1,9}[.)])\s)", re.M)
_FIELD = re.compile(r"[\w][\w .-]*:")
# What spans the blocks within it.
_CONTAINERS_SAID = """
    bullet_list_open ordered_list_open list_item_open blockquote_open tr_open td_open th_open
    thead_open tbody_open"""
_CONTAINERS = frozenset(_CONTAINERS_SAID.split())


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield the blocks of a Markdown file; inline HTML gives its text."""
    text = decode(data)
    front = _FRONT_MATTER.match(text)
    if front and _FIELD.match(front.group(1).lstrip()):  # else two rules with text between them
        yield from _fields(front.group(1))
        text = text[front.end() :]
    environment: dict[str, dict[str, dict[str, str]]] = {}
    text = _FAR_IN.sub(" " * 80, _DEEP.sub(r"\1", text))
    yield from _sourced(text.split("\n"), _blocks(_parser().parse(text, environment)))
    for label, target in environment.get("references", {}).items():
        if label.startswith("^"):  # a footnote of one word looks like a link's target
            yield Block("paragraph", f"[{label}] {target['href']} {target['title']}".strip())


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    # No space inside, no figure after: dollars of prices are no formulas.
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    parser.inline.ruler.before("math_inline", "dollar_of_code", _dollar_of_code)
    return parser.use(texmath_plugin, delimiters="brackets").use(amsmath_plugin)


def _dollar_of_code(state: StateInline, silent: bool) -> bool:
    """Take a dollar for itself where code begins or ends before the next: $HOME and `$PATH`."""
    if state.src[state.pos] != "$":
        return False
    end = state.src.find("$", state.pos + 1)
    if end < 0 or "`" not in state.src[state.pos : end]:
        return False
    if not silent:
        state.pending += "$"
    state.pos += 1
    return True


def _sourced(lines: Sequence[str], numbered: Iterable[tuple[Block, int]]) -> Iterator[Block]:
    """Yield the blocks, each with the lines it was written in where they are not its text.

    Args:
        lines: Of the whole text.
        numbered: Blocks, and the line that each ends before; 0 where that is not known.
    """
    done = 0
    for block, end in numbered:
        source = "\n".join(lines[done:end]) if end > done else ""
        done = max(done, end)
        is_same = "".join(source.split()) == "".join(block.text.split())
        yield replace(block, source=source) if source and not is_same else block


def _fields(front_matter: str) -> Iterator[Block]:
    """Yield a field for each entry of the front matter, its following lines included."""
    entry: list[str] = []
    for line in [*front_matter.split("\n"), "end:"]:
        if _FIELD.match(line):
            if text := "\n".join(entry).strip():
                yield Block("field", text)
            entry = []
        entry.append(line)


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[Block, int]]:
    """Yield blocks of a flat list of tokens, where containers open and close, and their ends."""
    lists: list[_Count] = []  # of open lists
    marker = ""
    heading = end = 0
    rows: list[list[str]] | None = None
    for token in tokens:
        end = max(end, _end_of(token))
        if token.type.endswith(("_list_open", "_list_close", "_item_open", "_item_close")):
            yield from ((block, end) for block in _unsaid(token, marker))
            marker = _after(token, marker, _list_step(token, lists))
        elif token.type == "heading_open":
            heading = int(token.tag[1])
        elif token.type == "table_open":
            rows = []
        elif token.type == "table_close" and rows is not None:
            yield from ((block, end) for block in table(rows))
            rows = None
        elif rows is not None:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(line_of(token))
        else:
            for block in _leaf(token, heading, bool(lists)):
                is_marked = bool(marker) and block.kind in ("list_item", "paragraph")
                yield replace(block, text=f"{marker}{block.text}") if is_marked else block, end
                marker = "" if is_marked else marker
                heading = 0


def _end_of(token: Token) -> int:
    """Return the line before which what a token says ends; 0 where it does not tell."""
    return token.map[1] if token.map and token.type not in _CONTAINERS else 0


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
            text = token.content.strip("\n").rstrip()
            is_code = token.type == "fence" or not has_sentences(text.split("\n"))
            yield Block("paragraph", text, is_code=is_code)
    elif token.type.startswith("math_block") or token.type == "amsmath":
        if text := token.content.strip():
            yield Block("paragraph", text if token.type == "amsmath" else f"$$\n{text}\n$$")
    elif token.type == "html_block":
        to_blocks = html.blocks_of if says_html(token.content) else paragraphs
        yield from (replace(block, source="") for block in to_blocks(token.content))
    elif token.type == "inline":
        yield from _inline(token, heading, is_in_list)


def _inline(token: Token, heading: int, is_in_list: bool) -> Iterator[Block]:
    """Yield a line of text, then the pictures that its addresses hold."""
    text = with_fractions(line_of(token)).strip()
    children = token.children or ()
    kind: BlockKind = "list_item" if is_in_list else "paragraph"
    if heading:
        kind, text = "heading", text.replace("\n", " ")
    elif all(child.type in ("image", "softbreak") for child in children):
        kind = "figure"
    if text:
        yield Block(kind, text, level=heading)
    for child in children:
        if child.type == "image" and (data := of_address(str(child.attrGet("src") or ""))):
            yield Block("figure", "", image=data)
