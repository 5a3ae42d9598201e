"""A text to the words it is about: its terms without those that only ask or tie.

The one rule for quoting, citations, follow-ups and the marks in a page. What ties is decided by the
language of the text, so that the German "die" is none of English; a code in upper case (IT, WHO)
is a word wherever the rest of the text is not in upper case.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from ragflow_local.text.asking import ASKING, RUNS, SCRIPTS, TYING
from ragflow_local.text.terms import STOP_WORDS, groups_of, is_unspaced, iterate

# "Who is in IT?", "Widget A": one letter is a code where it follows a word.
_CODE = re.compile(r"(?<![\w'’-])[A-Z]{2,6}(?![\w'’])|(?<=[a-z] )[A-HJ-Z](?![\w'’.])")
_LOWER = re.compile(r"[a-z]")
_WORD = re.compile(r"[^\W\d_]+")
_RUNS = {language: re.compile(pattern) for language, pattern in RUNS.items()}
_SPOKEN = ("en", *TYING)


@lru_cache(maxsize=20_000)
def content_terms(text: str) -> tuple[str, ...]:
    """Return the terms that say what a text is about, in its order, each as often as it stands.

    Of a script without spaces the pairs, a single character only where it stands alone.
    """
    return _content(text, _tying(language_of(text)))


def asked_terms(question: str) -> frozenset[str]:
    """Return the terms a question is about, without those that only ask."""
    return frozenset(asked_in_order(question))


@lru_cache(maxsize=256)
def asked_in_order(question: str) -> tuple[str, ...]:
    """Return the terms a question is about, each once; where all its words only ask, these."""
    language = language_of(question)
    if language in _RUNS:
        bare = _RUNS[language].sub(" ", _RUNS[language].sub(" ", question))  # か after what asks
        found = _content(bare, _tying(language))
    else:
        found = _content(question, _tying(language) | _asking(language))
    return tuple(dict.fromkeys(found or content_terms(question)))


@lru_cache(maxsize=20_000)
def language_of(text: str) -> str:
    """Return the language that a text's script or small words tell; "en" where none does."""
    for language, script in SCRIPTS:
        if script.search(text):
            return language
    words = [word.casefold() for word in _WORD.findall(text[:400])]
    counts = {one: sum(word in _small_words(one) for word in words) for one in _SPOKEN}
    return max(_SPOKEN, key=counts.__getitem__)


def _content(text: str, small: frozenset[str]) -> tuple[str, ...]:
    codes = _codes_of(text)
    found: list[str] = []
    for group in groups_of(text):
        if is_unspaced(group[0]):
            found += [term for term in group if len(term) > 1] or group
        elif len(group) == 1 or not small.issuperset(group[1:]):  # of "est-elle" nothing is left
            found += [term for term in group if term not in small or term in codes]
    return tuple(found)


def _codes_of(text: str) -> frozenset[str]:
    if not _LOWER.search(text):
        return frozenset()
    return frozenset(term for code in _CODE.findall(text) for term in iterate(code))


@cache
def _tying(language: str) -> frozenset[str]:
    # English words stand in many texts of other languages, but what ties there may mean here.
    return STOP_WORDS if language not in TYING else frozenset(iterate(TYING[language]))


@cache
def _asking(language: str) -> frozenset[str]:
    return frozenset(iterate(ASKING.get(language, "")))


@cache
def _small_words(language: str) -> frozenset[str]:
    told = TYING.get(language) or " ".join(STOP_WORDS)
    return frozenset(told.split()) | frozenset(ASKING.get(language, "").split())
