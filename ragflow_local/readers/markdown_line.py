"""A line of Markdown as text: links with their addresses, formulas as written, no marks."""

import re
from collections.abc import Sequence

from markdown_it.token import Token

from ragflow_local.readers.html import NAMES
from ragflow_local.readers.inline import linked, lowered, raised

_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)([^<>]*)>")
_BREAK = re.compile(r"<br\s*/?>", re.I)
_CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
# Elements that need no end; every other one without it is no element, but a word: <title>.
_ENDLESS_NAMES = "br hr img input wbr p li td th tr dt dd option col source track"
_ENDLESS = frozenset(_ENDLESS_NAMES.split())
_SENTENCE_END = re.compile(r"[.!?:;。！？：；…][\"'”’)）»*_]*\Z")
# A line that begins so begins something of its own: Q: …, 第一条 …, § 5, 3. …, Name: ….
_BEGINS = re.compile(
    r"\s*(?:[-*•]\s|\W{0,3}\w[\w .-]{0,24}\s?[:：]"
    r"|第[零〇○一二三四五六七八九十百千0-9]+[条章节编部款]"
    r"|§|\(?[0-9a-zA-Z]{1,3}(?:\.[0-9]+)*[.)、]\s?|[(（]?[一二三四五六七八九十]+[、)）]"
    r"|(?:article|section|chapter|part)\s)",
    re.I,
)
_WRAPPED_LATIN, _WRAPPED_CJK = 50, 25  # characters of a line that may be full


def says_html(markup: str) -> bool:
    """Return whether a block in tags is HTML: the first has a name that browsers know."""
    first = _TAG.search(markup)
    return first is None or first[2].lower() in NAMES or "-" in first[2]


def line_of(token: Token) -> str:
    """Return the text of an inline token."""
    text = _text(list(token.children or ()))
    return _unwrap(text).replace("\v", "\n")


def _text(children: Sequence[Token]) -> str:
    parts: list[str] = []
    marks: list[tuple[str, str, int]] = []  # what is open: name, address, where it begins
    words = _words_in_tags(children)
    for at, child in enumerate(children):
        if child.type == "softbreak":
            parts.append("\n")
        elif child.type == "hardbreak" or (
            child.type == "html_inline" and _BREAK.match(child.content)
        ):
            parts.append("\v")
        elif child.type == "html_inline":
            if at in words:
                parts.append(child.content)
            else:
                _tag(child.content, parts, marks)
        elif child.type == "link_open":
            marks.append(("link", str(child.attrGet("href") or ""), len(parts)))
        elif child.type == "link_close":
            _close("link", parts, marks)
        elif child.type == "image":
            parts.append(_text(list(child.children or ())))
        elif child.type.startswith("math_inline"):
            parts.append(_formula(child))
        else:
            parts.append(child.content)
    return "".join(parts)


def _formula(token: Token) -> str:
    ends = {"\\(": "\\)", "\\[": "\\]"}
    begin = token.markup or "$"
    return f"{begin}{token.content}{ends.get(begin, begin)}"


def _words_in_tags(children: Sequence[Token]) -> set[int]:
    """Return which tags are an author's words: of names nobody knows, or never closed."""
    words: set[int] = set()
    tags = [
        (at, match)
        for at, child in enumerate(children)
        if child.type == "html_inline" and (match := _TAG.fullmatch(child.content))
    ]
    ended = {match[2].lower() for _, match in tags if match[1]}
    begun = {match[2].lower() for _, match in tags if not match[1]}
    for at, match in tags:
        name = match[2].lower()
        is_alone = name not in _ENDLESS and (
            name not in begun if match[1] else name not in ended and not match[3].strip()
        )
        if name not in NAMES or (is_alone and not match[1]):
            words.add(at)
    return words


def _tag(content: str, parts: list[str], marks: list[tuple[str, str, int]]) -> None:
    """Take in a tag: only links, and raised and lowered text, say something."""
    match = _TAG.fullmatch(content)
    name = match[2].lower() if match else ""
    if match is None or name not in ("a", "sup", "sub"):
        return
    if match[1]:
        _close(name, parts, marks)
    else:
        address = re.search(r"href\s*=\s*[\"']?([^\"'\s>]+)", match[3])
        marks.append((name, address[1] if address else "", len(parts)))


def _close(name: str, parts: list[str], marks: list[tuple[str, str, int]]) -> None:
    if not marks or marks[-1][0] != name:
        return
    _, address, at = marks.pop()
    text, before = "".join(parts[at:]), "".join(parts[:at][-20:])
    if name == "sup":
        text = raised(before, text)
    elif name == "sub":
        text = lowered(before, text)
    else:
        text = linked(text, address)
    parts[at:] = [text]


def _unwrap(text: str) -> str:
    """Return ``text`` with wrapped lines joined: by nothing within Chinese, else a space.

    A line that ends a sentence, that is short, or before one that begins something of its own,
    ends where its author ended it.
    """
    lines = text.split("\n")
    joined = lines[0]
    last = lines[0]
    is_wrapped = max(map(len, lines)) >= _WRAPPED_LATIN
    for line in lines[1:]:
        is_cjk = bool(_CJK.match(joined[-1:])) and bool(_CJK.match(line[:1]))
        # An address that was taken out of it leaves a line shorter than it was.
        least = _WRAPPED_CJK if is_cjk or (is_wrapped and line[:1].islower()) else _WRAPPED_LATIN
        is_full = len(last) >= least
        is_end = not is_full or _SENTENCE_END.search(last.rstrip()) or _BEGINS.match(line)
        between = "\n" if is_end else "" if is_cjk else " "
        joined = f"{joined}{between}{line}"
        last = line
    return joined
