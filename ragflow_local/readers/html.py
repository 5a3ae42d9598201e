"""HTML: headings, paragraphs, lists and tables; text outside any of them too."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from lxml import etree

from ragflow_local.readers.grid import Cell, spread, table
from ragflow_local.readers.text import paragraphs
from ragflow_local.records import Block, BlockKind
from ragflow_local.text.encoding import decode, tidy

# Never text: what only a browser reads.
_SILENT = frozenset({"script", "style", "template", "head", "base", "link", "meta"})
# Elements that run within a line; every other one begins a block of its own.
_INLINE_NAMES = (
    "a abbr acronym audio b bdi bdo big br button cite code data del dfn em font i img input ins"
    " kbd label map mark math mi mn mo mrow msub msup msubsup mfrac msqrt mtext meter nobr noscript"
    " object optgroup output picture progress q rp rt ruby s samp select slot small source span"
    " strike strong sub sup svg text tspan time track tt u var video wbr"
)
_INLINE = frozenset(_INLINE_NAMES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPACES = re.compile(r"[ \t\n\r\f]+")
_LINE_SPACES = re.compile(r" *\n *")
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.I)
_ANY_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.S | re.I)
_MAX_DEPTH = 100  # elements; a table nested deeper is layout, of a generated mail


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield the blocks of a page in the order of its source."""
    declared = _CHARSET.search(data[:4096].replace(b"\0", b""))
    yield from blocks_of(decode(data, declared.group(1).decode("ascii") if declared else ""))


def blocks_of(markup: str) -> Iterator[Block]:
    """Yield the blocks of HTML ``markup``, a page or a part of one."""
    # The parser wants bytes for markup that declares an encoding; ours is always UTF-8.
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(tidy(markup).encode(), parser)
    except etree.XMLSyntaxError:
        return  # nothing but comments and white space
    if any("depth" in entry.message for entry in parser.error_log):
        # Beyond a depth that no page has on purpose, the parser drops what is inside.
        yield from paragraphs(unescape(_ANY_TAG.sub("\n\n", tidy(markup))))
    elif root is not None:
        yield from _Walk(root).blocks()


class _Walk:
    """One pass over a page; keeps the line that is being gathered, and where it stands."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._parts: list[str] = []
        self._has_text = False  # besides the alternative texts of pictures
        self._context: list[Any] = []  # open block elements, the innermost last
        self._numbers: list[int] = []  # of open lists: the next number, 0 for bullets
        self._marker = ""  # of a list item whose first text is still to come
        self._term = ""  # of a definition list, waiting for its definition

    def blocks(self) -> Iterator[Block]:
        """Yield all blocks of the page."""
        yield from self._title()
        events = etree.iterwalk(self._root, events=("start", "end"))
        for event, element in events:
            tag = _tag(element)
            if event == "end":
                yield from self._end(element, tag)
                self._add(element.tail, element.getparent())
                continue
            if tag in _SILENT:
                events.skip_subtree()
            elif tag == "table" and not _is_layout(element, len(self._context)):
                yield from self._flush()
                yield from _table(element)
                events.skip_subtree()
            else:
                yield from self._start(element, tag)
        yield from self._flush()

    def _title(self) -> Iterator[Block]:
        """Yield the page's title, unless its first heading says the same."""
        title = _SPACES.sub(" ", self._root.findtext("head/title") or "").strip()
        first = next((e for e in self._root.iter("h1", "h2")), None)
        if title and (first is None or _text(first) != title):
            yield Block("heading", title, level=1)

    def _start(self, element: Any, tag: str) -> Iterator[Block]:
        if tag == "br":
            self._parts.append("\n")
        elif tag == "img":
            self._add_picture(element)
        elif tag == "input":
            self._add_input(element)
        elif tag not in _INLINE:
            yield from self._flush()
            self._context.append(element)
            self._open(element, tag)
        self._add(element.text, element)

    def _open(self, element: Any, tag: str) -> None:
        if tag in ("ul", "ol", "menu", "dir"):
            start = element.get("start", "1")
            is_count = start.isdecimal() and len(start) < 7
            self._numbers.append((int(start) if is_count else 1) if tag == "ol" else 0)
        elif tag == "li":
            number = self._numbers[-1] if self._numbers else 0
            indent = "  " * max(len(self._numbers) - 1, 0)
            self._marker = f"{indent}{number}. " if number else f"{indent}- "
            if number:
                self._numbers[-1] += 1
        elif caption := element.get("caption"):
            self._parts.append(f"{caption}\n")  # some generators' own elements say it only there
            self._has_text = True

    def _end(self, element: Any, tag: str) -> Iterator[Block]:
        if not self._context or self._context[-1] is not element:
            return  # runs within a line, or was taken as a whole when it began
        if tag == "dt":
            self._keep_term()
        else:
            yield from self._flush()
        self._context.pop()
        if tag in ("ul", "ol", "menu", "dir") and self._numbers:
            self._numbers.pop()
        elif tag == "li":
            self._marker = ""
        elif tag == "dl" and self._term:
            yield Block("list_item", self._term)
            self._term = ""

    def _add(self, text: str | None, within: Any) -> None:
        """Gather ``text``; white space counts only where it is preformatted."""
        if not text:
            return
        if not self._is_preformatted(within):
            text = _SPACES.sub(" ", text)
        self._parts.append(text)
        self._has_text = self._has_text or bool(text.strip())

    def _add_picture(self, element: Any) -> None:
        if text := (element.get("alt") or "").strip():
            self._parts.append(f" {_SPACES.sub(' ', text)} ")

    def _add_input(self, element: Any) -> None:
        if element.get("type") in ("submit", "button", "reset", "text", None):
            self._add(element.get("value") or element.get("placeholder"), element)

    def _is_preformatted(self, within: Any) -> bool:
        return any(_tag(element) in ("pre", "textarea", "xmp") for element in self._context[-3:])

    def _keep_term(self) -> None:
        """Put a definition's term aside: it goes with its definition."""
        text = _lines("".join(self._parts))
        self._parts.clear()
        self._has_text = False
        self._term = f"{self._term}, {text}" if self._term and text else self._term or text

    def _flush(self) -> Iterator[Block]:
        """Yield what was gathered as one block, of the kind its surroundings say."""
        if not self._parts:
            return
        raw = "".join(self._parts)
        innermost = self._context[-1] if self._context else None
        text = raw.strip("\n").rstrip() if self._is_preformatted(innermost) else _lines(raw)
        has_text, self._has_text = self._has_text, False
        self._parts.clear()
        if not text.strip():
            return
        tags = [_tag(element) for element in reversed(self._context[-20:])]
        level = next((_HEADINGS[tag] for tag in tags[:4] if tag in _HEADINGS), 0)
        kind: BlockKind = "heading" if level else "paragraph"
        if level:
            text = text.replace("\n", " ")
        elif not has_text or "figcaption" in tags[:2]:
            kind = "figure"
        elif "dl" in tags or "li" in tags:
            kind = "list_item"
        if self._term and "dd" in tags[:3]:
            text, self._term = f"{self._term}: {text}", ""
        text, self._marker = f"{self._marker}{text}", ""
        yield Block(kind, text, level=level)


def _tag(element: Any) -> str:
    """Return an element's name; comments and the like have a function there."""
    tag = element.tag
    return tag if isinstance(tag, str) else ""


def _lines(text: str) -> str:
    """Return ``text`` with single spaces, and line ends where it has a line break."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _text(element: Any) -> str:
    """Return all text within ``element`` on one line, alternative texts of pictures too."""
    parts: list[str] = []
    events = etree.iterwalk(element, events=("start", "end"))
    for event, inner in events:
        tag = _tag(inner)
        if event == "start" and tag in _SILENT:
            events.skip_subtree()
        elif event == "start":
            parts.append("" if tag in _INLINE and tag != "br" else " ")
            parts.append(f" {inner.get('alt')} " if tag == "img" and inner.get("alt") else "")
            parts.append(inner.text or "")
        else:
            parts.append("" if tag in _INLINE else " ")
            parts.append((inner.tail or "") if inner is not element else "")
    return _SPACES.sub(" ", "".join(parts)).strip()


def _is_layout(element: Any, depth: int) -> bool:
    """Return whether a table only places things on the page: its cells are then mere blocks."""
    if depth > _MAX_DEPTH or all(len(row) <= 1 for row in _rows(element)):
        return True
    inner = [e for e in element.iter("table") if next(e.iterancestors("table"), None) is element]
    inside = sum(len(_text(table_within)) for table_within in inner)
    has_sections = bool(inner) and next(element.iter("h1", "h2", "h3"), None) is not None
    is_said = element.get("role") == "presentation"
    return is_said or has_sections or inside > len(_text(element)) / 2


def _rows(element: Any) -> Iterator[list[Any]]:
    """Yield the cells of each row of a table, without those of tables inside it."""
    for child in element.iterchildren():
        if _tag(child) == "tr":
            yield [cell for cell in child.iterchildren() if _tag(cell) in ("td", "th")]
        elif _tag(child) in ("thead", "tbody", "tfoot"):
            yield from _rows(child)


def _table(element: Any) -> Iterator[Block]:
    """Yield a table's caption and the table itself."""
    for caption in element.iterchildren("caption"):
        if text := _text(caption):
            yield Block("paragraph", text)
    rows = [[_cell(cell) for cell in row] for row in _rows(element)]
    yield from table(spread(rows))


def _cell(element: Any) -> Cell:
    def span(name: str) -> int:
        value = element.get(name, "1").strip()
        return int(value) if value.isdecimal() and len(value) < 7 else 1

    return Cell(_text(element), span("rowspan"), span("colspan"), _tag(element) == "th")
