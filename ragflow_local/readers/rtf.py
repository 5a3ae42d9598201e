"""RTF: headings, paragraphs, tables, page heads and feet, notes, comments, addresses of links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.inline import linked
from ragflow_local.readers.rtf_flow import Flow, Look, noted
from ragflow_local.readers.rtf_letters import SIGNS, Letters, codec_of, codec_of_page
from ragflow_local.readers.symbols import in_font, is_symbol_font
from ragflow_local.records import Block

# Pictures, as the digits of their bytes: nothing to read, and much to search through.
_PICTURE = re.compile(r"(?<=[\s}])[0-9a-fA-F\s]{200,}")
_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)"
)
_LINK = re.compile(r'\s*HYPERLINK\s+(?:\\[a-z]\s+)*"?([^"\s]+)', re.I)
_HEADING = re.compile(r"(?:heading|überschrift|titre|标题|título|titolo)\s*([1-9])", re.I)
# Groups whose text is no text of the document.
_SKIPPED_SAID = """
    fonttbl colortbl stylesheet info pict objdata nonshppict shppict themedata colorschememapping
    datastore latentstyles listtable listoverridetable rsidtbl generator xmlnstbl pgptbl revtbl
    bkmkstart bkmkend atrfstart atrfend atnid atnref atndate atnparent atnicn annotationid
    fldtype datafield mmathPr filetbl template operator company category keywords comment
    listname leveltext levelnumbers pnseclvl pntxtb pntxta aftnsep aftnsepc ftnsep ftnsepc
    ftncn aftncn xe tc tcn htmltag mhtmltag userprops background falt panose wgrffmtfilter"""
_SKIPPED = frozenset(_SKIPPED_SAID.split())
# Groups marked as new to old readers that have a text all the same.
_KNOWN = frozenset(
    {
        "shpinst",
        "shptxt",
        "annotation",
        "atnauthor",
        "fldinst",
        "footnote",
        "ud",
        "formfield",
        "ffl",
    }
)
_HEADS = frozenset({"header", "headerl", "headerr", "headerf"})
_FEET = frozenset({"footer", "footerl", "footerr", "footerf"})
_APART = _HEADS | _FEET | {"footnote", "annotation", "shptxt"}
_MOST_GROUPS = 10_000  # within one another; more is no document


@dataclass(slots=True)
class _Group:
    """A pair of braces: what it is for, how its letters are set, where its text goes."""

    look: Look
    flow: Flow
    kind: str = ""
    is_star: bool = False
    is_skipped: bool = False
    text: list[str] = field(default_factory=list)  # of a code, a font's or a style's name
    mark: int = 0
    number: int = 0


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield page heads, the text with its notes, page feet; what is hidden or deleted is left out.

    Raises:
        DamagedFileError: The file is no RTF.
    """
    if not data.lstrip().startswith(b"{\\rtf"):
        raise DamagedFileError(name, "beginning", "it is no RTF")
    yield from _Document().blocks(data.decode("latin-1"))


class _Document:
    """An RTF file being read, token by token."""

    def __init__(self) -> None:
        self._body = Flow()
        self._groups = [_Group(Look(), self._body)]
        self._letters = Letters()
        self._codec = "cp1252"
        self._fonts: dict[int, tuple[str, str]] = {}  # number: name, codec
        self._styles: dict[int, int] = {}  # number: level of a heading
        self._left_to_skip = 0
        self._address = ""
        self._author = ""
        self._form: dict[str, int] = {}
        self._entries: list[str] = []
        self._heads: list[Block] = []
        self._feet: list[Block] = []

    def blocks(self, markup: str) -> Iterator[Block]:
        """Yield all blocks of ``markup``."""
        at = 0
        markup = _PICTURE.sub("", markup) if "\\bin" not in markup else markup
        while (match := _TOKEN.search(markup, at)) is not None:
            at = match.end()
            word, number, byte, sign, brace, text = match.groups()
            if word == "bin":
                at += int(number or 0) if len(number or "") < 10 else 0
            elif brace:
                self._brace(brace)
            elif word:
                self._word(word, None if number is None else int(number))
            elif byte:
                self._byte(int(byte, 16))
            elif sign:
                self._sign(sign)
            else:
                self._raw(text)
        while len(self._groups) > 1:
            self._close()
        self._flush()
        yield from _once(self._heads)
        yield from self._body.finish()
        yield from _once(self._feet)

    @property
    def _now(self) -> _Group:
        return self._groups[-1]

    def _brace(self, brace: str) -> None:
        self._flush()
        self._left_to_skip = 0
        if brace == "{":
            if len(self._groups) < _MOST_GROUPS:
                now = self._now
                self._groups.append(
                    _Group(replace(now.look), now.flow, now.kind, is_skipped=now.is_skipped)
                )
                self._groups[-1].mark = -1  # it did not begin a kind of its own yet
        elif len(self._groups) > 1:
            self._close()

    def _close(self) -> None:
        group = self._groups.pop()
        text = "".join(group.text)
        above = self._now
        if group.mark == -1:  # no kind of its own: what it gathered is its parent's
            above.text.extend(group.text)
        elif group.kind in _APART:
            self._keep(group, above)
        elif group.kind == "fldinst":
            link = _LINK.match(text)
            self._address = link[1] if link else self._address
        elif group.kind == "fldrslt":
            above.flow.add(linked(above.flow.since(group.mark), self._address), above.look)
            self._address = ""
        elif group.kind in ("field", "formfield"):
            self._form_said(group, above)
        elif group.kind == "atnauthor":
            self._author = text.strip()
        elif group.kind == "ffl":
            self._entries.append(text.strip())

    def _keep(self, group: _Group, above: _Group) -> None:
        """Put a text apart from the body where it belongs."""
        blocks = group.flow.finish()
        if group.kind in _HEADS:
            self._heads += blocks
        elif group.kind in _FEET:
            self._feet += blocks
        else:
            mark = ""
            if group.kind == "annotation":
                mark = f"Comment by {self._author}: " if self._author else "Comment: "
            above.flow.hang(list(noted(blocks, mark)))

    def _form_said(self, group: _Group, above: _Group) -> None:
        """Put what a form's field holds into the line."""
        if group.kind != "formfield":
            return
        chosen = self._form.get("ffres", 25)
        chosen = self._form.get("ffdefres", 0) if chosen == 25 else chosen
        kind = self._form.get("fftype", 0)
        if kind == 1:
            above.flow.add("☒ " if chosen == 1 else "☐ ", Look())
        elif kind == 2 and 0 <= chosen < len(self._entries):
            above.flow.add(self._entries[chosen], Look())
        self._form.clear()
        self._entries.clear()

    # ── letters ──

    def _add(self, text: str) -> None:
        group = self._now
        if not text or group.is_skipped:
            if group.kind in ("fonttbl", "stylesheet"):
                self._name(text)
            return
        if group.kind in ("fldinst", "atnauthor", "ffl"):
            group.text.append(text)
        elif group.kind not in ("formfield", "field", "upr"):
            font = self._fonts.get(int(group.look.font or -1), ("", ""))[0]
            group.flow.add(in_font(text, font), group.look)

    def _name(self, text: str) -> None:
        """Note a font's or a style's name, which a semicolon ends."""
        group = self._now
        group.text.append(text)
        name = "".join(group.text)
        if ";" not in name:
            return
        group.text.clear()
        if group.kind == "fonttbl":
            _, codec = self._fonts.get(group.number, ("", ""))
            self._fonts[group.number] = (name.partition(";")[0].strip(), codec)
        elif match := _HEADING.match(name.strip()):
            self._styles[group.number] = int(match[1])

    def _flush(self) -> None:
        self._add(self._letters.flush())

    def _byte(self, byte: int) -> None:
        if self._left_to_skip:
            self._left_to_skip -= 1
            return
        font, codec = self._fonts.get(int(self._now.look.font or -1), ("", ""))
        codec = "latin-1" if is_symbol_font(font) else codec or self._codec
        self._add(self._letters.add_byte(byte, codec))

    def _raw(self, text: str) -> None:
        skipped = min(self._left_to_skip, len(text))
        self._left_to_skip -= skipped
        for byte in text[skipped:].encode("latin-1"):
            self._byte(byte)

    def _sign(self, sign: str) -> None:
        self._flush()
        if sign == "*":
            self._now.is_star = True
        elif sign in "\r\n":
            self._end_paragraph()
        else:
            self._add(SIGNS.get(sign, ""))

    # ── words ──

    def _word(self, word: str, number: int | None) -> None:
        if word == "u":
            self._add(self._letters.add_unit(number or 0))
            self._left_to_skip = self._now.look.unicode_skip
            return
        self._flush()
        self._left_to_skip = 0
        if self._begins(word):
            return
        if word in SIGNS:
            self._add(SIGNS[word])
        elif word in _STEPS:
            if not self._now.is_skipped:
                _STEPS[word](self._now.flow)
        elif not self._set_look(word, number):
            self._set_rest(word, 0 if number is None else number)

    def _begins(self, word: str) -> bool:
        """Give a group its kind, where ``word`` says one."""
        group = self._now
        if (word in _APART and not group.is_skipped) or word in ("shptxt",):
            group.flow, group.kind, group.mark = Flow(), word, 0
            group.look, group.is_skipped = Look(font=group.look.font), False
            return True
        if (group.is_star and word not in _KNOWN) or word in _SKIPPED:
            group.kind, group.is_skipped, group.mark = word, True, 0
            group.is_star = False
            return True
        group.is_star = False
        if word in ("fldinst", "fldrslt", "field", "formfield", "ffl", "atnauthor", "upr", "ud"):
            group.kind = "" if word == "ud" else word
            group.mark = group.flow.mark()
            return True
        if word == "shpinst":  # of a drawing only the text is read
            group.kind, group.is_skipped, group.mark = word, True, 0
            return True
        if word in ("listtext", "pntext"):
            group.flow.is_item = True
            return True
        return False

    def _set_look(self, word: str, number: int | None) -> bool:
        look, is_on = self._now.look, number != 0
        if word == "v":
            look.is_hidden = is_on
        elif word == "deleted":
            look.is_deleted = is_on
        elif word == "b":
            look.is_bold = is_on
        elif word in ("super", "sub"):
            look.align = word if is_on else ""
        elif word == "nosupersub":
            look.align = ""
        elif word == "plain":
            self._now.look = Look(font=look.font, unicode_skip=look.unicode_skip)
        else:
            return False
        return True

    def _set_rest(self, word: str, number: int) -> None:
        group = self._now
        if word == "ansicpg":
            self._codec = codec_of_page(number)
        elif word == "uc":
            group.look.unicode_skip = max(0, min(number, 10))
        elif word == "f":
            group.look.font = str(number)
            group.number = number if group.kind == "fonttbl" else group.number
        elif word == "fcharset":
            self._fonts[group.number] = ("", codec_of(number, self._codec))
        elif word in ("s", "outlinelevel"):
            self._style(word, number)
        elif word in ("fftype", "ffres", "ffdefres"):
            self._form[word] = number

    def _style(self, word: str, number: int) -> None:
        group = self._now
        if group.kind == "stylesheet":
            group.number = number if word == "s" else group.number
        elif word == "outlinelevel":
            group.flow.level = number + 1 if 0 <= number < 9 else 0
        else:
            group.flow.level = self._styles.get(number, 0)

    def _end_paragraph(self) -> None:
        if not self._now.is_skipped:
            self._now.flow.end_paragraph()


def _plain(flow: Flow) -> None:
    flow.level, flow.in_table = 0, False


def _begin_row(flow: Flow) -> None:
    flow.merged, flow.defined = [], 0


def _in_table(flow: Flow) -> None:
    flow.in_table = True


def _goes_on(flow: Flow) -> None:
    flow.merged += [False] * (flow.defined - len(flow.merged)) + [True]


def _cell_defined(flow: Flow) -> None:
    """Count a cell that does not say to go on from above."""
    flow.defined += 1
    while len(flow.merged) < flow.defined:
        flow.merged.append(False)


_STEPS = {
    "par": Flow.end_paragraph,
    "sect": Flow.end_paragraph,
    "page": Flow.end_paragraph,
    "cell": Flow.end_cell,
    "nestcell": Flow.end_cell,
    "row": Flow.end_row,
    "nestrow": Flow.end_row,
    "pard": _plain,
    "trowd": _begin_row,
    "intbl": _in_table,
    "clvmrg": _goes_on,
    "cellx": _cell_defined,
}


def _once(blocks: list[Block]) -> Iterator[Block]:
    """Yield page heads or feet, each said once; of pages' numbers nothing is left to say."""
    seen = set()
    for block in blocks:
        if block.text not in seen and any(map(str.isalpha, block.text)):
            seen.add(block.text)
            yield block
