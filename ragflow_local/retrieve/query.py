"""Turns a question into weighted search terms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Literal

from ragflow_local.text.folding import fold
from ragflow_local.text.languages import (
    function_words,
    likely_language,
    negations,
    question_words,
)
from ragflow_local.text.stems import forms_of, language_of_word
from ragflow_local.text.terms import is_code, is_shouted, words_of
from ragflow_local.text.words import is_unspaced, pairs_at, parts_of

# Of a dataset in more languages than these, the words of a question get the stems of the commonest.
_MOST_LANGUAGES = 6

_WHOLE_NUMBER = 0.75  # of a number that spaces part: it may be several

# Letters of a word that may be written together with its neighbour.
_LEAST_JOINED = 3

# Where umlauts can be spelled out, and are: Mueller, Groesse.
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe"}
)
_SPELLED_OUT = re.compile(r"(?<![aeiouq])ue|(?<![aeiou])[ao]e")
_HAVE_UMLAUTS = frozenset({"de", "sv", "da", "no", "fi", "et", "hu", "tr"})

# What Arabic and Hebrew write as one word with the next: the article, and, in, to, as, that.
_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "ar": ("و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "فال", "كال", "لل", "ول", "وب"),
    "he": ("ה", "ו", "ב", "ל", "כ", "מ", "ש", "וה", "שה", "מה", "וב", "ול", "כש"),
}
_GROUP_OF_THREE = re.compile(r"\d{1,3}\.\d{3}")
_PLAIN_NUMBER = re.compile(r"\d{4,6}")


# Signs that ask wherever they stand.
_ALWAYS_ASK = frozenset("谁誰哪吗嗎呢")

_Kind = Literal["content", "negation", "small"]


@dataclass(frozen=True, slots=True)
class Query:
    """What BM25 is asked for.

    Attributes:
        terms: Each once, in the order of the question; a term has one form or more, whichever of
            them a chunk has.
        weights: How often the question says each: said twice counts twice.
        length: Terms of the question, function words and repeated ones too.
        words: What the question says for each term, as it stands there.
        guessed: Which share of each term's weight was read into other words; empty where none was.
    """

    terms: tuple[tuple[str, ...], ...]
    weights: tuple[float, ...]
    length: int
    words: tuple[str, ...] = ()
    guessed: tuple[float, ...] = ()

    def with_forms(self, forms: Mapping[int, tuple[str, ...]]) -> Query:
        """Return the query with other forms of some terms, by their index."""
        terms = tuple(forms.get(index, term) for index, term in enumerate(self.terms))
        return replace(self, terms=terms)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A term of the question; small is a function word, or a character that is part of a pair."""

    word: str
    forms: tuple[str, ...]
    weight: float
    kind: _Kind = "content"


def commonest(languages: Mapping[str, int]) -> tuple[str, ...]:
    """Return languages by how many chunks are in each, the commonest first."""
    return tuple(sorted(languages, key=lambda language: (-languages[language], language)))


def query_of(question: str, languages: Sequence[str] = ("en",)) -> Query:
    """Return the terms of a question that are worth searching by.

    Function words are left out where there are others, but not those that say no, which turn the
    question into its opposite, nor those that capitals make a name (IT, WHO). Of a text without
    spaces single signs are left out where they are part of a pair, and pairs of a question word.
    In a question that has nothing else, they are all there is to search by.

    Args:
        question: As it was asked.
        languages: Those of the texts to search in, the commonest first: a word is asked for with
            the stems it has in them, whatever language the question is in.
    """
    spoken = tuple(languages[:_MOST_LANGUAGES]) or ("en",)
    asked = list(_asked(question, spoken))
    is_about_something = any(term.kind == "content" for term in asked)
    chosen = [term for term in asked if term.kind != "small"] if is_about_something else asked
    weights: dict[tuple[str, ...], float] = {}
    words: dict[tuple[str, ...], str] = {}
    for term in chosen:
        weights[term.forms] = weights.get(term.forms, 0.0) + term.weight
        words.setdefault(term.forms, term.word)
    together = _written_together(chosen, spoken)
    terms = tuple((*forms, *together.get(forms, ())) for forms in weights)
    return Query(terms, tuple(weights.values()), len(asked), tuple(words.values()))


def _asked(question: str, languages: tuple[str, ...]) -> Iterator[_Asked]:
    """Yield the terms of a question, with how much each counts.

    A word counts once, into however many terms it is taken apart: a chunk with the whole of
    "10-Q" has all of its terms, and one with a 10 a part of them.
    """
    tongue = likely_language(question)
    small, no = function_words(tongue), negations(tongue)
    # A question in capitals says nothing by them; but IT alone is no pronoun.
    has_codes = not is_shouted(question)
    for piece in words_of(question):
        if is_unspaced(piece):
            yield from _pairs_asked(piece, tongue)
            continue
        parts = parts_of(piece)
        for word, weight in zip(parts, _weights(piece, len(parts)), strict=True):
            if has_codes and is_code(word, tongue):
                yield _Asked(word, (word,), weight)
            else:
                forms = tuple(dict.fromkeys(_forms(word, languages)))
                folded = fold(word)
                kind: _Kind = (
                    "negation" if folded in no else "small" if folded in small else "content"
                )
                yield _Asked(word, forms, weight, kind)


def _pairs_asked(piece: str, language: str) -> Iterator[_Asked]:
    """Yield the signs and pairs of a text without spaces, small where they only ask."""
    pattern = _asking(language)
    asks = {at for match in pattern.finditer(piece) for at in range(*match.span())}
    for at, term in pairs_at(piece):
        is_part = len(term) == 1 and len(piece) > 1
        is_small = is_part or not asks.isdisjoint(range(at, at + len(term)))
        yield _Asked(term, (term,), 1.0, "small" if is_small else "content")


@cache
def _asking(language: str) -> re.Pattern[str]:
    """Return what finds the question words of a language that parts no words.

    One sign is mostly a part of another word, as in 几何, but for those that stand in none.
    """
    words = [word for word in question_words(language) if len(word) > 1 or word in _ALWAYS_ASK]
    return re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True)) or "(?!)")


def _weights(piece: str, parts: int) -> list[float]:
    """Return how much each part of a word counts, all together 1.

    Of 1 234 567 the number counts most: its groups stand in many a text that has not said it.
    """
    if any(map(str.isspace, piece)):
        return [_WHOLE_NUMBER, *[(1 - _WHOLE_NUMBER) / (parts - 1)] * (parts - 1)]
    return [1.0 / parts] * parts


def _written_together(
    asked: Sequence[_Asked], languages: Sequence[str]
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return more forms of terms: what they are together with a neighbour, as in Best Buy."""
    written_together: dict[tuple[str, ...], tuple[str, ...]] = {}
    for left, other in pairwise(asked):
        if left.weight == other.weight == 1.0 and _is_joinable(left.word, other.word):
            joined = _stems(left.word + other.word, languages[0])
            for forms in (left.forms, other.forms):
                written_together[forms] = tuple(
                    dict.fromkeys((*written_together.get(forms, ()), *joined))
                )
    return written_together


def _is_joinable(left: str, other: str) -> bool:
    return all(len(word) >= _LEAST_JOINED and word.isalpha() for word in (left, other)) and not (
        is_unspaced(left) or is_unspaced(other)
    )


def _forms(word: str, languages: Sequence[str]) -> Iterator[str]:
    """Yield the terms under which texts in ``languages`` have a word, however they spell it."""
    lower = word.casefold()
    spoken = {language_of_word(lower, language) for language in languages}
    for language in languages:
        yield from _stems(word, language)
    spelled = lower.translate(_UMLAUTS)
    if spelled != lower:
        for language in languages:
            yield from _stems(spelled, language)
    elif spoken & _HAVE_UMLAUTS and _SPELLED_OUT.search(lower):
        short = _SPELLED_OUT.sub(lambda match: match[0][0], lower)
        for language in languages:
            yield from _stems(short, language)
    for language in spoken & _PREFIXES.keys():
        yield from _with_prefixes(forms_of(word, language)[0], _PREFIXES[language])
    if _GROUP_OF_THREE.fullmatch(word):
        yield word.replace(".", "")
    elif _PLAIN_NUMBER.fullmatch(word):
        yield f"{word[:-3]}.{word[-3:]}"


def _stems(word: str, language: str) -> tuple[str, ...]:
    forms = forms_of(word, language)
    # In Vietnamese a word with other tones is another word; typed without, it may be any of them.
    return forms[:1] if language == "vi" else forms


def _with_prefixes(term: str, prefixes: Sequence[str]) -> Iterator[str]:
    for prefix in prefixes:
        yield prefix + term
        if term.startswith(prefix) and len(term) - len(prefix) > 2:
            yield term[len(prefix) :]
