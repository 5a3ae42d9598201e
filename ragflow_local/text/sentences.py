"""Splits text into sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

_CLOSERS = "\"'”’»）)\\]】」』》〉}*_"
# A stop of a script that writes no space after it ends a sentence wherever it stands.
_END = re.compile(
    rf"(?P<cjk>[。！？｡]+|…{{2,}}|[।॥۔؟]+)[{_CLOSERS}。！？…]*"
    rf"|(?P<greek>[;\u037e])[{_CLOSERS}]*(?=\s|\Z)"
    rf"|(?P<stop>[.!?…]+)[{_CLOSERS}]*(?=\s|\Z|[\u3400-\u9fff])"
    r"|\n[ \t\r　]*\n"
)
_PAIRS = tuple(tuple(pair) for pair in ("“”", "「」", "『』", "《》", "（）", "()", "[]"))
_GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")
_NUMBERED = re.compile(r"(?:[^\W\d_]{2,12}\s+|[^\W\d_]|§+\s*)?\d{1,3}(?:\.\d{1,3})*[a-z]?")
_WORD_BEFORE = re.compile(r"[^\s(\[“\"'‘«「『]*\Z")
_NEXT = re.compile(r"\s*[\"'“‘«(\[「『*_]*(\S+)")

# Never at the end of a sentence: something is named or numbered after them.
_TITLES_SAID = """
    mr mrs ms mx dr prof rev hon st sr fr capt cmdr lt sgt gov mt ft
    messrs mmes v vs cf viz eg ie e.g i.e ed eds ca approx dept ext resp incl excl
    av avda bd ctra núm tél sra srta sras dott dott.ssa sig sig.ra sig.na ing arq lic dhr mevr hrn
    inż ул пл пер просп наб им проф акад"""
_TITLES = frozenset(_TITLES_SAID.split())
# Words of other languages in lower case: "i maj.", "le col."
_RANKS = frozenset(("gen", "col", "maj", "sen", "rep", "pres"))
_BEFORE_NUMBERS_SAID = """
    no nos fig figs eq eqs sec secs art arts ch chap vol vols pp p ref refs tab cap par para
    est tel"""
_BEFORE_NUMBERS = frozenset(_BEFORE_NUMBERS_SAID.split())
# At the end of a sentence or inside it: the next word tells.
_MAYBE_SAID = """
    inc ltd co corp llc plc bros etc jr esq ph.d m.d b.a m.a a.m p.m u.s u.k u.n e.u d.c u.s.a
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun ave blvd rd al
    min max avg gmbh s.a n.v"""
_MAYBE = frozenset(_MAYBE_SAID.split())
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_GERMAN_INITIALS = frozenset("zud")  # "z. B.", "u. a.", "d. h."
_STARTERS_SAID = """
    the a an this that these those it he she they we you i in on at by for from with when while
    if as but and however there here what who why how where his her its their our my after before
    since because although one some many most all no not"""
_STARTERS = frozenset(_STARTERS_SAID.split())
# German ordinals end in a full stop: "am 3. Oktober", "die 3. Auflage".
_GERMAN_MONTHS_SAID = """
    januar jänner februar märz april mai juni juli august september oktober november dezember
    jan feb apr aug sep sept okt nov dez"""
_GERMAN_MONTHS = frozenset(_GERMAN_MONTHS_SAID.split())
_BEFORE_ORDINALS_SAID = """
    der die das den dem des am im zum zur vom beim ins ans seit jeder jede jedes jeden jedem
    dieser diese dieses diesen diesem sein seine seinem seinen seiner ihr ihre ihrem ihren ihrer"""
_BEFORE_ORDINALS = frozenset(_BEFORE_ORDINALS_SAID.split())


def sentence_spans(text: str) -> list[Span]:
    """Return the spans of the sentences of ``text``: one after the other, the whole of it.

    White space after a sentence is part of its span.
    """
    spans: list[Span] = []
    start = 0
    for end in _ends(text):
        if end > start:
            spans.append((start, end))
            start = end
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def sentences(text: str) -> list[str]:
    """Return the sentences of ``text`` without the white space around them."""
    texts = (text[start:end].strip() for start, end in sentence_spans(text))
    return [sentence for sentence in texts if sentence]


def is_greek_text(text: str) -> bool:
    """Return whether most letters of a text are Greek: there a semicolon asks."""
    greek = len(_GREEK.findall(text))
    return bool(greek) and 2 * greek > sum(map(str.isalpha, text))


def _ends(text: str) -> Iterator[int]:
    start = 0
    for match in _END.finditer(text):
        if match["greek"] is not None:
            is_end = is_greek_text(text[start : match.start()])
        else:
            is_end = match["stop"] is None or _is_end(text, start, match)
        if is_end:
            end = match.end()
            while end < len(text) and text[end].isspace():
                end += 1
            yield end
            start = end


def _is_end(text: str, start: int, match: re.Match[str]) -> bool:
    """Return whether the stop that ``match`` found ends the sentence that begins at ``start``."""
    after = _NEXT.match(text, match.end())
    if after is None:
        return True
    is_number = match["stop"] == "." and _NUMBERED.fullmatch(text, start, match.start())
    # Of a clause: "Article 6. Pets are not allowed.", "4.1. The rent is due".
    if is_number or after[1][0].islower() or _is_in_name(text, start, match):
        return False
    if match["stop"] != ".":
        return True
    # 40: no abbreviation is longer, and the search stays short in a text without spaces.
    before = _WORD_BEFORE.search(text, max(0, match.start() - 40), match.start())
    word = before[0] if before else ""
    begin = match.start() - len(word)
    if word.isdigit() and len(word) <= 3 and (begin == 0 or text[begin - 1] == "\n"):
        return False  # the number of a list item: "1. Open it"
    if word.isdigit() and len(word) <= 2 and _is_ordinal(text, begin, after[1]):
        return False
    return _may_end(word, after[1])


def _is_in_name(text: str, start: int, match: re.Match[str]) -> bool:
    """Return whether a full stop is part of a quoted name amid Chinese: “报告.最终”."""
    if match["stop"] != "." or text[match.end() : match.end() + 1].isspace():
        return False
    before = text[start : match.start()]
    return any(before.count(first) > before.count(last) for first, last in _PAIRS)


def _is_ordinal(text: str, start: int, following: str) -> bool:
    """Return whether a number with a full stop is a German ordinal."""
    if following.rstrip(".,;:!?)").lower() in _GERMAN_MONTHS:
        return True
    if following.rstrip(".,;:!?)").lower() in _STARTERS:
        return False  # I am 10. She is 12.
    before = text[max(0, start - 40) : start].split()
    return bool(before) and before[-1].lower() in _BEFORE_ORDINALS


def _may_end(word: str, following: str) -> bool:
    """Return whether ``word`` with a full stop can be the last of a sentence."""
    folded = word.lower()
    if folded in _TITLES or (folded in _RANKS and word[0].isupper()):
        return False
    is_starter = following.strip(".,;:!?’'\"”)").lower() in _STARTERS
    if folded in _BEFORE_NUMBERS or folded.endswith("str"):  # "Gartenstr. 5"
        return not following[0].isdigit()
    if folded in _MAYBE:
        return is_starter
    # An initial, J. K. Rowling, or initials, U.S.S.R.
    if _INITIALS.fullmatch(word) and (word[-1].isupper() or word in _GERMAN_INITIALS):
        return is_starter
    return True


def between(text: str, following: str) -> str:
    """Return what stands between two parts of a paragraph: a space, but in Chinese and Japanese."""
    return "" if _is_unspaced(text[-1]) and _is_unspaced(following[0]) else " "


def _is_unspaced(letter: str) -> bool:
    return "\u2e80" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef"
