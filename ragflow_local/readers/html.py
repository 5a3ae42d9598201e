"""HTML: headings, paragraphs, lists and tables; text outside any of them too."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from html import unescape
from typing import Any, TypeAlias

from lxml import etree

from ragflow_local.readers.data_address import of_address
from ragflow_local.readers.grid import Cell, spread, table
from ragflow_local.readers.html_line import SPACES, Line, is_code
from ragflow_local.readers.html_seen import Unseen
from ragflow_local.readers.text import paragraphs
from ragflow_local.records import Block, BlockKind, Notice
from ragflow_local.text.encoding import decode, tidy

# Never text: what only a browser reads.
_SILENT = frozenset({"script", "style", "template", "head", "base", "link", "meta"})
# Every name that means something to a browser; what else stands in < and > is an author's word.
_OTHER_NAMES = """
    address applet area article aside base basefont blink blockquote body canvas caption center col
    colgroup command datalist dd details dialog dir div dl dt embed fieldset figcaption figure
    footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe ins isindex
    keygen legend li link main marquee menu meta nav noframes ol option p param pre script search
    section slot style summary table tbody td template textarea tfoot th thead title tr ul xmp"""
# Elements that run within a line; every other one begins a block of its own.
_INLINE_NAMES = (
    "a abbr acronym audio b bdi bdo big br button cite code data del dfn em font i img input ins"
    " kbd label map mark math mi mn mo mrow msub msup msubsup mfrac msqrt mtext meter nobr noscript"
    " object optgroup output picture progress q rb rp rt rtc ruby s samp select slot small source"
    " span strike strong sub sup svg text tspan time track tt u var video wbr"
)
_INLINE = frozenset(_INLINE_NAMES.split())
NAMES = _INLINE | frozenset(_OTHER_NAMES.split())
PictureOf: TypeAlias = Callable[[str], bytes]
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.I)
_ANY_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.S | re.I)
_LONGEST_MARK = 200  # characters of a comment that may be a mark; others are notes of programs
_NO_LETTER = re.compile(r"[\W_]+")
_WORD = re.compile(r"\w+")
_SAID_ADDRESS = re.compile(r"\((?:https?|ftps?)://[^)\s]*\)")
# Of a block's words that the main text must have, where the library writes it otherwise.
_MAIN_SHARE, _FEW_WORDS = 0.8, 5
_NO_MAIN = (
    "The main text of web pages is told by the extra web: all of it was read."
    ' Install it with pip install "ragflow-local[web]" and parse again.'
)
_MAX_DEPTH = 100  # elements; a table nested deeper is layout, of a generated mail


def read(
    data: bytes,
    name: str = "",
    *,
    picture_of: PictureOf = of_address,
    titles: Mapping[str, Block] | None = None,
) -> Iterator[Block]:
    """Yield the blocks of a page in the order of its source.

    Args:
        data: The page's bytes.
        name: Its name, for messages only.
        picture_of: Returns the bytes of the picture at an address; none where it has none.
        titles: Headings that begin at elements of these ids, as a book's contents name them.
    """
    yield from blocks_of(_markup_of(data), picture_of, titles)


def _markup_of(data: bytes) -> str:
    declared = _CHARSET.search(data[:4096].replace(b"\0", b""))
    return decode(data, declared.group(1).decode("ascii") if declared else "")


def read_main(data: bytes, name: str = "") -> Iterator[Block | Notice]:
    """Yield the blocks of a page's main text, without what stands around it; else all."""
    markup = _markup_of(data)
    try:
        import trafilatura  # takes a second to import, and is wanted by a setting only
    except ImportError:
        yield from blocks_of(markup)
        yield Notice(_NO_MAIN)
        return
    main = trafilatura.extract(markup, output_format="txt", include_tables=True)
    blocks = list(blocks_of(markup))
    main_blocks = list(_within(blocks, main or ""))
    yield from main_blocks or blocks
    if blocks and not main_blocks:
        yield Notice("The page's main text could not be told from the rest: all of it was read.")


def _within(blocks: Sequence[Block], main: str) -> Iterator[Block]:
    """Yield the blocks that the text ``main`` has, and headings between them.

    The library says which; how formulas, tables and links are written is ours.
    """
    letters = _letters_of(main)
    words = frozenset(_WORD.findall(main))
    headings: list[Block] = []
    for block in blocks:
        own = _WORD.findall(_SAID_ADDRESS.sub("", block.text))
        is_said = _letters_of(_SAID_ADDRESS.sub("", block.text)) in letters and bool(own)
        is_much = len(own) > _FEW_WORDS and sum(w in words for w in own) >= _MAIN_SHARE * len(own)
        if block.kind == "heading":
            headings = [*(h for h in headings if h.level < block.level), block]
        elif is_said or is_much:
            yield from headings
            headings = []
            yield block


def _letters_of(text: str) -> str:
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text))


def blocks_of(
    markup: str,
    picture_of: PictureOf = of_address,
    titles: Mapping[str, Block] | None = None,
) -> Iterator[Block]:
    """Yield the blocks of HTML ``markup``, a page or a part of one.

    Args:
        markup: The page's source.
        picture_of: Returns the bytes of the picture at an address; none where it has none.
        titles: Headings that begin at elements of these ids, as a book's contents name them.
    """
    # The parser wants bytes for markup that declares an encoding; ours is always UTF-8.
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=False, remove_pis=True
    )
    try:
        root = etree.fromstring(tidy(markup).encode(), parser)
    except etree.XMLSyntaxError:
        return  # nothing but comments and white space
    if any("depth" in entry.message for entry in parser.error_log):
        # Beyond a depth that no page has on purpose, the parser drops what is inside.
        yield from paragraphs(unescape(_ANY_TAG.sub("\n\n", tidy(markup))))
    elif root is not None:
        yield from _Walk(root, picture_of, titles or {}).blocks()


class _Walk:
    """One pass over a page; keeps the line that is being gathered, and where it stands."""

    def __init__(self, root: Any, picture_of: PictureOf, titles: Mapping[str, Block]) -> None:
        self._root = root
        self._picture_of = picture_of
        self._titles = titles
        self._pictures: list[bytes] = []  # within the line that is being gathered
        self._unseen = Unseen(root)
        self._line = Line()
        self._written: list[str] = []  # rules and comments since the last block
        self._context: list[Any] = []  # open block elements, the innermost last
        self._numbers: list[int] = []  # of open lists: the next number, 0 for bullets
        self._marker = ""  # of a list item whose first text is still to come
        self._term = ""  # of a definition list, waiting for its definition

    def blocks(self) -> Iterator[Block]:
        """Yield all blocks of the page."""
        yield from self._title()
        events = etree.iterwalk(self._root, events=("start", "end", "comment"))
        for event, element in events:
            tag = _tag(element)
            if event != "start":
                if event == "end":
                    yield from self._end(element, tag)
                else:
                    self._keep_mark(element.text or "")
                self._add(element.tail)
                continue
            if (id := element.get("id")) and id in self._titles:
                yield from self._flush()
                yield self._titles[id]
            if tag in _SILENT or self._unseen.has(element, tag):
                events.skip_subtree()
            elif tag == "table" and not _is_layout(element, len(self._context)):
                yield from self._flush()
                yield from self._with_source(_table(element, self._unseen))
                self._keep_pictures(element)
                events.skip_subtree()
            elif not self._line.start(element, tag):
                self._keep_pictures(element)
                events.skip_subtree()
            else:
                yield from self._start(element, tag)
        yield from self._flush()

    def _with_source(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Yield blocks, the first with what its author wrote before it that is not shown."""
        for block in blocks:
            source = "\n".join([*self._written, block.text]) if self._written else ""
            self._written.clear()
            yield replace(block, source=source) if source else block

    def _title(self) -> Iterator[Block]:
        """Yield the page's title, unless its first heading says the same."""
        title = SPACES.sub(" ", self._root.findtext("head/title") or "").strip()
        first = next((e for e in self._root.iter("h1", "h2")), None)
        if title and (first is None or _text(first, self._unseen) != title):
            yield Block("heading", title, level=1)

    def _start(self, element: Any, tag: str) -> Iterator[Block]:
        if tag not in _INLINE:
            yield from self._flush()
            self._context.append(element)
            self._open(element, tag)
            if tag == "hr":
                self._written.append("<hr>")
        elif tag == "img":
            self._keep_pictures(element)
        self._add(element.text)

    def _keep_mark(self, mark: str) -> None:
        """Keep a comment between blocks; within a line it is none that parts them."""
        if mark.strip() and len(mark) <= _LONGEST_MARK and not self._line.has_text:
            self._written.append(f"<!--{mark}-->")

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
            self._line.add(f"{caption}\n", True)  # some generators' own elements say it only there

    def _end(self, element: Any, tag: str) -> Iterator[Block]:
        self._line.end(element)
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

    def _add(self, text: str | None) -> None:
        self._line.add(text, self._is_preformatted())

    def _is_preformatted(self) -> bool:
        return any(_tag(element) in ("pre", "textarea", "xmp") for element in self._context[-3:])

    def _is_code(self) -> bool:
        """Return whether the line is of preformatted text that is marked as code."""
        return any(_tag(element) == "pre" and is_code(element) for element in self._context[-3:])

    def _keep_term(self) -> None:
        """Put a definition's term aside: it goes with its definition."""
        text = _lines(self._line.take())
        self._term = f"{self._term}, {text}" if self._term and text else self._term or text

    def _keep_pictures(self, element: Any) -> None:
        for picture in element.iter("img"):
            if data := self._picture_of(picture.get("src") or ""):
                self._pictures.append(data)

    def _flush(self) -> Iterator[Block]:
        """Yield what was gathered as one block, then the pictures that stood in it."""
        yield from self._said()
        yield from (Block("figure", "", image=data) for data in self._pictures)
        self._pictures.clear()

    def _said(self) -> Iterator[Block]:
        """Yield the line that was gathered, of the kind its surroundings say."""
        if self._line.is_empty:
            return
        has_text = self._line.has_text
        raw = self._line.take()
        text = raw.strip("\n").rstrip() if self._is_preformatted() else _lines(raw)
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
        is_program = kind != "heading" and self._is_code()
        yield from self._with_source(iter([Block(kind, text, level=level, is_code=is_program)]))


def _tag(element: Any) -> str:
    """Return an element's name; comments and the like have a function there."""
    tag = element.tag
    return tag if isinstance(tag, str) else ""


def _lines(text: str) -> str:
    """Return ``text`` with single spaces, and line ends where it has a line break."""
    lines = (SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _text(element: Any, unseen: Unseen) -> str:
    """Return all that is seen within ``element`` on one line, as a block would say it."""
    line = Line()
    events = etree.iterwalk(element, events=("start", "end", "comment"))
    for event, inner in events:
        tag = _tag(inner)
        if event != "start":
            line.end(inner)
            line.put("" if tag in _INLINE or not tag else " ")
            line.add(inner.tail if inner is not element else "")
        elif (
            tag in _SILENT
            or (inner is not element and unseen.has(inner, tag))
            or not line.start(inner, tag)
        ):
            events.skip_subtree()
        else:
            line.put("" if tag in _INLINE and tag != "br" else " ")
            line.add(inner.text)
    return SPACES.sub(" ", line.take()).strip()


def _letters(element: Any) -> int:
    return sum(len(text.strip()) for text in element.itertext())


def _is_layout(element: Any, depth: int) -> bool:
    """Return whether a table only places things on the page: its cells are then mere blocks."""
    if depth > _MAX_DEPTH or all(len(row) <= 1 for row in _rows(element)):
        return True
    inner = [e for e in element.iter("table") if next(e.iterancestors("table"), None) is element]
    inside = sum(_letters(table_within) for table_within in inner)
    has_sections = bool(inner) and next(element.iter("h1", "h2", "h3"), None) is not None
    is_said = element.get("role") == "presentation"
    return is_said or has_sections or inside > _letters(element) / 2


def _rows(element: Any) -> Iterator[list[Any]]:
    """Yield the cells of each row of a table, without those of tables inside it."""
    for child in element.iterchildren():
        if _tag(child) == "tr":
            yield [cell for cell in child.iterchildren() if _tag(cell) in ("td", "th")]
        elif _tag(child) in ("thead", "tbody", "tfoot"):
            yield from _rows(child)


def _table(element: Any, unseen: Unseen) -> Iterator[Block]:
    """Yield a table's caption and the table itself, without what is not seen of it."""
    for caption in element.iterchildren("caption"):
        if text := _text(caption, unseen):
            yield Block("paragraph", text)
    rows = [
        [_cell(cell, unseen) for cell in row if not unseen.has(cell, _tag(cell))]
        for row in _rows(element)
        if not (row and unseen.has(row[0].getparent(), "tr"))
    ]
    yield from table(spread(rows))


def _cell(element: Any, unseen: Unseen) -> Cell:
    def span(name: str) -> int:
        value = element.get(name, "1").strip()
        return int(value) if value.isdecimal() and len(value) < 7 else 1

    text = _text(element, unseen)
    return Cell(text, span("rowspan"), span("colspan"), _tag(element) == "th")
