"""Splits text into terms, the normalised words of the BM25 index.

One analyzer for index and question: words without case, width and accents, stemmed as the language
of their text does; codes whole and in parts, numbers without the signs that group their digits;
scripts without spaces between words (Chinese, Japanese, Thai, …) and Korean as pairs of characters
beside the single ones, traditional characters as simplified ones; emoji as they are.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import chain, repeat
from typing import Protocol

from ragflow_local.records import ChunkRow, parts_called
from ragflow_local.text.folding import fold, simplified, with_plain_digits
from ragflow_local.text.languages import function_words, likely_language
from ragflow_local.text.stems import forms_of
from ragflow_local.text.words import is_unspaced, pairs, parts_of, pieces_of, places_of

__all__ = [
    "ANALYZER",
    "STOP_WORDS",
    "Searchable",
    "asked_terms",
    "chunk_terms",
    "groups_of",
    "is_code",
    "is_unspaced",
    "iterate",
    "spans_of",
    "terms_of",
    "terms_of_chunk",
    "words_of",
]

# Counted up whenever a text may get other terms: an index of an older one is made anew.
ANALYZER = 2

# Function words are kept in the index, so that "to be or not to be" can be found, and left out of
# a question that has others.
STOP_WORDS = function_words("en")

_LONGEST_CODE = 5


def terms_of(text: str, language: str = "en") -> dict[str, int]:
    """Return the terms of ``text`` with how often each occurs, in the order of the text."""
    return dict(Counter(iterate(text, language)))


def iterate(text: str, language: str = "en") -> Iterator[str]:
    """Return the terms of ``text`` in its order; a term of several parts comes before them.

    Args:
        text: Any.
        language: Whose stems words get. Two texts that are compared must be taken for the same.
    """
    return chain.from_iterable(groups_of(text, language))


def groups_of(text: str, language: str = "en") -> Iterator[tuple[str, ...]]:
    """Yield the terms of each word of ``text``, or of each run of a script without spaces."""
    has_codes = not is_shouted(text)
    if text.isascii():
        yield from map(_terms_of_piece, pieces_of(text), repeat(language), repeat(has_codes))
        return
    for piece in words_of(text):
        if piece.isascii() or not is_unspaced(piece):
            yield _terms_of_piece(piece, language, has_codes)
        else:
            yield tuple(pairs(piece))


def words_of(text: str) -> list[str]:
    """Return the words of ``text`` as they stand there, runs of a script without spaces as one."""
    if text.isascii():
        return pieces_of(text)
    normal = with_plain_digits(unicodedata.normalize("NFKC", text))
    return [
        piece if piece.isascii() or not is_unspaced(piece) else simplified(piece)
        for piece in pieces_of(normal)
    ]


def is_shouted(text: str) -> bool:
    """Return whether a text of several words is in capitals, so that they say nothing."""
    return text.isupper() and text.count(" ") > 1


def is_code(word: str, language: str) -> bool:
    """Return whether capitals make a name of a function word: IT, WHO, NO, US."""
    if not (1 < len(word) <= _LONGEST_CODE and word.isupper() and word.isalpha()):
        return False
    return fold(word) in function_words(language) or fold(word) in STOP_WORDS


@lru_cache(maxsize=200_000)  # The vocabulary of a large project: a word costs 5 us, this 0.1.
def _terms_of_piece(piece: str, language: str, has_codes: bool) -> tuple[str, ...]:
    """Return the terms of one word, number or code."""
    terms: list[str] = []
    for word in parts_of(piece):
        terms.extend(forms_of(word, language))
        if has_codes and is_code(word, language):
            terms.append(word)
    return tuple(dict.fromkeys(term for term in terms if term))


def asked_terms(question: str) -> frozenset[str]:
    """Return the terms of ``question`` that are worth showing where they stand in a text.

    Not its function words, nor the single characters of a longer run of an unspaced script.
    """
    language = likely_language(question)
    terms: set[str] = set()
    for language_ in {language, "en"}:
        for group in groups_of(question, language_):
            long = [term for term in group if len(term) > 1 or not is_unspaced(term)]
            terms.update(long or group)
    return frozenset(terms - function_words(language) - STOP_WORDS)


def spans_of(text: str, wanted: Collection[str]) -> list[tuple[int, int]]:
    """Return where words with one of the ``wanted`` terms stand: (start, end), in order, apart.

    A word is marked whole where one of its terms is wanted; of a run of a script without spaces
    only the wanted pairs are, neighbours and what overlaps as one.
    """
    spans: list[tuple[int, int]] = []
    language = likely_language(text)
    for match in places_of(text) if wanted else ():
        piece = with_plain_digits(unicodedata.normalize("NFKC", match[0]))
        for start, end in _spans_in(piece, wanted, language):
            # Of the text as it is: only a word's whole length counts where NFKC changes it.
            first, last = match.start() + start, min(match.start() + end, match.end())
            if first >= last:
                continue
            if spans and first <= spans[-1][1] and (first < spans[-1][1] or is_unspaced(piece)):
                spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
            else:
                spans.append((first, last))
    return spans


def _spans_in(piece: str, wanted: Collection[str], language: str) -> Iterator[tuple[int, int]]:
    if not is_unspaced(piece):
        terms = {*_terms_of_piece(piece, language, True), *_terms_of_piece(piece, "en", True)}
        if not terms.isdisjoint(wanted):
            yield 0, 1 << 30  # cut at the word's end
        return
    piece = simplified(piece)
    for start in range(len(piece)):
        for length in (1, 2):
            if piece[start : start + length] in wanted:
                yield start, min(start + length, len(piece))


class Searchable(Protocol):
    """What is found by its words: a draft, or a chunk."""

    @property
    def content(self) -> str:
        """Its text."""

    @property
    def match_text(self) -> str:
        """What is compared with a question instead; empty: the text."""

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings it stands under."""

    @property
    def keywords(self) -> tuple[str, ...]:
        """Words that weigh besides."""

    @property
    def questions(self) -> tuple[str, ...]:
        """Questions it answers, which weigh besides."""


def language_of_chunk(chunk: Searchable) -> str:
    """Return the language that a chunk's words are stemmed in."""
    return likely_language(chunk.match_text or chunk.content)


def chunk_terms(row: ChunkRow, language: str = "") -> dict[str, int]:
    """Return the terms a chunk is found by; see ``terms_of_chunk``."""
    return terms_of_chunk(row, row.called or row.document_name, language)


def terms_of_chunk(chunk: Searchable, name: str, language: str = "") -> dict[str, int]:
    """Return the terms a chunk is found by, each with its weight as a whole number.

    The text counts once, and so do the headings and the name of the document, without its
    ending, where they say more than the text; keywords and questions count more.

    Args:
        chunk: The chunk.
        name: Of its document, or ``DocumentRow.called``.
        language: As ``language_of_chunk`` told it, where it was asked.
    """
    language = language or language_of_chunk(chunk)
    counts = Counter(iterate(chunk.match_text or chunk.content, language))
    for text in (*parts_called(name), *chunk.headings):
        _count(counts, text, 1, language)
    for text in (*chunk.keywords, *chunk.questions):
        _count(counts, text, 2, language)
    return dict(counts)


def _count(counts: Counter[str], text: str, times: int, language: str) -> None:
    for term in iterate(text, language):
        counts[term] += times
