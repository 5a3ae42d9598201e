"""Terms: what two texts have in common when they say the same word.

One analyzer for index and question: folded (case, width, accents), English words stemmed, codes
whole and in parts, numbers without their thousands commas, and scripts without spaces between
words (Chinese, Japanese, Thai, …) and Korean as pairs of characters beside the single ones.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import pairwise

import Stemmer

from ragflow_local.records import ChunkRow

# Function words of English, as they are after folding, apostrophes removed. They are kept in the
# index, so that "to be or not to be" can be found, and left out of a question that has others.
_STOP_WORDS = """
    a about above after again against all also am an and any are arent as at be because been
    before being below between both but by can cannot cant could couldnt did didnt do does doesnt
    doing dont down during each either else ever few for from further had hadnt has hasnt have
    havent having he her here hers herself him himself his how however i if im in into is isnt it
    its itself ive just let lets may me might more most must my myself neither no nor not of off on
    once one only onto or other our ours ourselves out over own per please rather same shall she
    should shouldnt so some such than that thats the their theirs them themselves then there theres
    these they theyre this those through thus to too under until up upon us very was wasnt we were
    werent what whats when where which while who whom whose why will with within without wont would
    wouldnt yes yet you your youre yours yourself yourselves"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

# Written without spaces between words: Han, kana, Hangul, Thai, Lao, Tibetan, Myanmar, Khmer.
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uac00-\ud7a3\u0e00-\u0e7f\u0e80-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
    "\U00020000-\U0003ffff"
)
# \w leaves out vowel signs of Indian and Arabic scripts, which stand inside words.
_SIGNS = "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0dff"
_NUMBER = r"(?<!\d)\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)*(?![{0}])"
_WORD = r"[{0}]+(?:[-_./:@&+'’][{0}]+)*(?:\+\+|\#)?"
_ASCII_PIECE = re.compile(_NUMBER.format("a-zA-Z0-9") + "|" + _WORD.format("a-zA-Z0-9"))
# [^\W…] cannot also hold the signs, hence two alternatives in place of one class.
_LETTER = rf"(?:[^\W_{_UNSPACED}]|[{_SIGNS}])"
_PIECE = re.compile(
    rf"[{_UNSPACED}]+|(?<!\d)\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)*(?!{_LETTER})"
    rf"|{_LETTER}+(?:[-_./:@&+'’]{_LETTER}+)*(?:\+\+|\#)?"
)
_STARTS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_SEPARATOR = re.compile(r"[-_/:@&+]|(?<!\d)\.|\.(?!\d)")
_CAMEL = re.compile(r"(?<=\w[a-z])(?=[A-Z][a-zA-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
# Letters beside digits: COVID19 is also COVID and 19, 5mg also 5 and mg; A4 is only A4.
_BORDER = re.compile(r"(?<=[^\W\d]{2})(?=\d)|(?<=\d)(?=[^\W\d]{2})")
_POSSESSIVE = re.compile("['’]s$", re.IGNORECASE)
_ELISION = re.compile("^(?:[ljdmtsnc]|qu)['’](?=.)", re.IGNORECASE)
_APOSTROPHE = re.compile("['’]")
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f]")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})

_MAX_LENGTH = 64  # Longer than any word; what is longer is data, and cut.


def terms_of(text: str) -> dict[str, int]:
    """Return the terms of ``text`` with how often each occurs, in the order of the text."""
    return dict(Counter(iterate(text)))


def iterate(text: str) -> Iterator[str]:
    """Yield the terms of ``text`` in its order; a term of several parts comes before them."""
    for group in groups_of(text):
        yield from group


def groups_of(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the terms of each word of ``text``, or of each run of a script without spaces."""
    if text.isascii():
        yield from map(_terms_of_piece, _ASCII_PIECE.findall(text))
        return
    for piece in _PIECE.findall(unicodedata.normalize("NFKC", text)):
        yield tuple(_pairs(piece)) if is_unspaced(piece) else _terms_of_piece(piece)


def asked_terms(question: str) -> frozenset[str]:
    """Return the terms of ``question`` that are worth showing where they stand in a text.

    Not its function words, nor the single characters of a longer run of an unspaced script.
    """
    found: set[str] = set()
    for group in groups_of(question):
        long = [term for term in group if len(term) > 1 or not is_unspaced(term)]
        found.update(long or group)
    return frozenset(found - STOP_WORDS)


def spans_of(text: str, wanted: Collection[str]) -> list[tuple[int, int]]:
    """Return where words with one of the ``wanted`` terms stand: (start, end), in order, apart.

    A word is marked whole where one of its terms is wanted; of a run of a script without spaces
    only the wanted pairs are, neighbours and what overlaps as one.
    """
    spans: list[tuple[int, int]] = []
    for match in _PIECE.finditer(text) if wanted else ():
        piece = unicodedata.normalize("NFKC", match[0])
        for start, end in _spans_in(piece, wanted):
            # Of the text as it is: only a word's whole length counts where NFKC changes it.
            first, last = match.start() + start, min(match.start() + end, match.end())
            if first >= last:
                continue
            if spans and first <= spans[-1][1] and (first < spans[-1][1] or is_unspaced(piece)):
                spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
            else:
                spans.append((first, last))
    return spans


def _spans_in(piece: str, wanted: Collection[str]) -> Iterator[tuple[int, int]]:
    if not is_unspaced(piece):
        if any(term in wanted for term in _terms_of_piece(piece)):
            yield 0, 1 << 30  # cut at the word's end
        return
    for start in range(len(piece)):
        for length in (1, 2):
            if piece[start : start + length] in wanted:
                yield start, min(start + length, len(piece))


def is_unspaced(term: str) -> bool:
    """Return whether a term is of a script without spaces, so that it may be part of others."""
    return _STARTS_UNSPACED.match(term) is not None


def _pairs(run: str) -> Iterator[str]:
    """Yield each character, so that one alone can be asked for, and each two neighbours."""
    yield from run
    yield from map("".join, pairwise(run))


@lru_cache(maxsize=200_000)  # The vocabulary of a large project: a word costs 5 us, this 0.1.
def _terms_of_piece(piece: str) -> tuple[str, ...]:
    """Return the terms of one word, number or code."""
    piece = _ELISION.sub("", _POSSESSIVE.sub("", piece))
    piece = _APOSTROPHE.sub("", piece)
    signed, piece = piece, piece.rstrip("+#")  # C++ is C as well
    if "," in piece:
        return (piece.replace(",", "")[:_MAX_LENGTH],)
    parts = [part for part in _SEPARATOR.split(piece) if part]
    separators = set(_SEPARATOR.findall(piece))
    found: list[str] = []
    if len(parts) > 1 and _is_one_word(piece, parts, separators):
        found.append(_folded(_SEPARATOR.sub("", piece)))
    for part in parts:
        found.append(_folded(part))
        smaller = _BORDER.split(part) if any(map(str.isdigit, part)) else _CAMEL.split(part)
        if len(smaller) > 1:
            found.extend(_folded(one) for one in smaller)
        elif part[-1] in "sS" and part[:-1].isdecimal():
            found.append(part[:-1])
    if signed != piece:
        found.append(_folded(signed))
    return tuple(term for term in found if term)


def _is_one_word(piece: str, parts: list[str], separators: set[str]) -> bool:
    """Say whether parts are also kept as a whole: codes, names in programs, e-mail as email."""
    if any(map(str.isdigit, piece)) or "_" in separators or "&" in separators:
        return True
    return separators == {"-"} and len(parts) == 2


def _folded(word: str) -> str:
    """Return the term of ``word``: without case and accents, stemmed where it is English."""
    word = word.casefold()
    if not word.isascii():
        word = _MARKS.sub("", unicodedata.normalize("NFD", word)).translate(_LETTERS)
        word = unicodedata.normalize("NFC", word)
    if word in STOP_WORDS or len(word) > _MAX_LENGTH or not (word.isascii() and word.isalpha()):
        return word[:_MAX_LENGTH]
    return _stem(word)


# A stemmer keeps the word it works on in itself; a lock costs nothing beside the cache above.
_stemmer = Stemmer.Stemmer("english", 0)  # 0: what it remembers is kept above
_stemmer_lock = threading.Lock()


def _stem(word: str) -> str:
    with _stemmer_lock:
        return str(_stemmer.stemWord(word))


def chunk_terms(row: ChunkRow) -> dict[str, int]:
    """Return the terms a chunk is found by, each with its weight as a whole number.

    The text counts once, and so do the headings and the name of the document, without its
    ending, where they say more than the text; keywords and questions count more.
    """
    name = row.document_name
    title = name[: name.rindex(".")] if "." in name[1:] else name
    found = Counter(iterate(row.match_text or row.content))
    for text, times in ((title, 1), *((heading, 1) for heading in row.headings)):
        _count(found, text, times)
    for text in (*row.keywords, *row.questions):
        _count(found, text, 2)
    return dict(found)


def _count(found: Counter[str], text: str, times: int) -> None:
    for term in iterate(text):
        found[term] += times
