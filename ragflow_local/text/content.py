"""Extracts the content terms of a text: those that are neither function nor question words.

The one rule for quoting, citations, follow-ups and the marks in a page. What ties is decided by the
language of the text, so that the German "die" is none of English; a code in upper case (IT, WHO)
is a word wherever the rest of the text is not in upper case.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from ragflow_local.text.asking import ASIDES, COMMANDS, RUNS
from ragflow_local.text.folding import fold
from ragflow_local.text.korean import without_particles
from ragflow_local.text.languages import function_words, language_of, question_words
from ragflow_local.text.terms import groups_of, is_unspaced, iterate

# "Who is in IT?", "Widget A": one letter is a code where it follows a word; "I" before a mark.
_CODE = re.compile(
    r"(?<![\w'’-])[A-Z]{2,6}(?![\w'’])|(?<=[a-z] )[A-HJ-Z](?![\w'’.])"
    r"|(?<=[a-z] )I(?=\s*(?:[?.!,;:)]|$))"
)
_WORD = re.compile(r"[^\W\d_]+")
_LOWER = re.compile(r"[a-z]")
_RUNS = {language: re.compile(pattern) for language, pattern in RUNS.items()}
_told_language = lru_cache(maxsize=4096)(language_of)


@lru_cache(maxsize=20_000)
def content_terms(text: str, language: str = "") -> tuple[str, ...]:
    """Return the terms that say what a text is about, in its order, each as often as it stands.

    Of a script without spaces the pairs, a single character only where it stands alone.

    Args:
        text: A sentence, a heading, a cell.
        language: Of the text it is from; "" looks at the text alone.
    """
    language = language or _told_language(text)
    return _content(text, language, _tying(language))


@lru_cache(maxsize=256)
def asked_in_order(question: str) -> tuple[str, ...]:
    """Return the terms a question is about, each once; where all its words only ask, these."""
    language = _told_language(question)
    if language in _RUNS:
        bare = _RUNS[language].sub(" ", _RUNS[language].sub(" ", question))  # か after what asks
        bare = without_particles(bare) if language == "ko" else bare
        terms = _content(bare, language, _tying(language))
    else:
        small = _tying(language) | _small(ASIDES, language)
        start = _first_asking(question, language)  # "Tell me who", but not "Who told"
        commands = small | _small(COMMANDS, language)
        terms = _content(question[:start], language, commands)
        terms += _content(question[start:], language, small)
    return tuple(dict.fromkeys(terms or content_terms(question, language)))


def _content(text: str, language: str, small: frozenset[str]) -> tuple[str, ...]:
    codes = _codes_of(text)
    terms: list[str] = []
    for group in filter(None, groups_of(text, language)):
        if is_unspaced(group[0]):
            terms += [term for term in group if len(term) > 1] or group
        elif len(group) == 1 or not small.issuperset(group[1:]):  # of "est-elle" nothing is left
            terms += [term for term in group if term not in small or term in codes]
    return tuple(terms)


def _codes_of(text: str) -> frozenset[str]:
    if not _LOWER.search(text):
        return frozenset()
    return frozenset(term for code in _CODE.findall(text) for term in iterate(code))


@cache
def _tying(language: str) -> frozenset[str]:
    words = function_words(language)
    return words | frozenset(term for word in words for term in iterate(word, language))


def _first_asking(question: str, language: str) -> int:
    """Return where the first question word begins; the end where there is none."""
    asking = question_words(language)
    starts = (match.start() for match in _WORD.finditer(question) if fold(match[0]) in asking)
    return next(starts, len(question))


@cache
def _small(words: str, language: str) -> frozenset[str]:
    return frozenset(iterate(words, language)) | {fold(word) for word in words.split()}
