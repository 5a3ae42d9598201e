"""Stems words by their language."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import Stemmer

from ragflow_local.text.folding import fold
from ragflow_local.text.languages import function_words

# Snowball's stemmers by language; what is not here is folded alone.
_STEMMERS = """
    ar arabic ca catalan cs czech da danish de german el greek en english es spanish et estonian
    eu basque fa persian fi finnish fr french ga irish hi hindi hu hungarian hy armenian
    id indonesian it italian lt lithuanian ne nepali nl dutch no norwegian pl polish pt portuguese
    ro romanian ru russian sr serbian sv swedish ta tamil tr turkish"""
_ALGORITHMS: Mapping[str, str] = dict(
    zip(_STEMMERS.split()[::2], _STEMMERS.split()[1::2], strict=True)
)

# What script a language is written in, for those a stemmer is there for; Latin for the others.
_SCRIPT_OF: Mapping[str, str] = {
    language: script
    for script, languages in (
        ("Cyrillic", "ru uk bg mk be kk"),
        ("Arabic", "ar fa ur"),
        ("Devanagari", "hi mr ne"),
        ("Greek", "el"),
        ("Armenian", "hy"),
        ("Tamil", "ta"),
        ("Hebrew", "he"),
        ("Bengali", "bn as"),
        ("none of these", "zh ja ko th lo my km bo am ka pa gu te kn ml si"),
    )
    for language in languages.split()
} | {"": "none of these"}
_LETTER = re.compile(
    "(?P<Latin>[a-z\u00aa-\u024f\u1e00-\u1eff])|(?P<Cyrillic>[\u0400-\u04ff])"
    "|(?P<Arabic>[\u0620-\u06ff])|(?P<Greek>[\u0370-\u03ff\u1f00-\u1fff])"
    "|(?P<Devanagari>[\u0900-\u097f])|(?P<Hebrew>[\u0590-\u05ff])|(?P<Tamil>[\u0b80-\u0bff])"
    "|(?P<Armenian>[\u0531-\u058f])|(?P<Bengali>[\u0980-\u09ff])",
    re.IGNORECASE,
)
# A word in a script its text is not written in is of the language that has most texts in it.
_USUAL = {"Latin": "en", "Cyrillic": "ru", "Arabic": "ar", "Greek": "el", "Devanagari": "hi"}
_ACCENTS_DROPPED = frozenset(
    {"ca", "cs", "es", "fr", "ga", "hu", "it", "lt", "pl", "pt", "ro", "tr"}
)
_TO_PERSIAN = str.maketrans("يىك", "ییک")

_CODE = re.compile(r"[\d+#.]")  # what no word has: it is left as it is
MAX_LENGTH = 64  # Longer than any word; what is longer is data, and cut.


def stem(word: str, language: str) -> str:
    """Return the term of ``word``: stemmed as its language does, without case and accents.

    Args:
        word: One word, as it is written.
        language: That of the text it stands in.
    """
    return forms_of(word, language)[0]


@lru_cache(maxsize=100_000)
def forms_of(word: str, language: str) -> tuple[str, ...]:
    """Return the term of ``word``, and the term it would have were its accents left out.

    The second only where it is another one, and in languages that people type without accents.
    """
    lower = word.casefold()
    folded = fold(lower)
    spoken = language_of_word(folded, language)
    if spoken == "vi":  # mà is small, má is a mother
        return (lower, folded) if lower != folded else (folded,)
    if len(folded) > MAX_LENGTH or _CODE.search(folded) or folded in function_words(spoken):
        return (folded[:MAX_LENGTH],)
    if lower.isascii() or spoken == "en":
        return (_stemmed(folded, folded, spoken),)
    term = _stemmed(lower, folded, spoken)
    if spoken in _ACCENTS_DROPPED:
        bare = _stemmed(folded, folded, spoken)
        return (term,) if bare == term else (term, bare)
    return (term,)


def language_of_word(word: str, language: str) -> str:
    """Return ``language`` where it has the word's script, else the one that mostly has it."""
    match = _LETTER.search(word)
    if match is None or match.lastgroup is None:
        return language
    if _SCRIPT_OF.get(language, "Latin") == match.lastgroup:
        return language
    if language == "sr" and match.lastgroup == "Cyrillic":
        return language
    return _USUAL.get(match.lastgroup, "")


def _stemmed(word: str, folded: str, language: str) -> str:
    word = _irregular().get((language, folded), word)
    stemmer = _stemmer(language)
    if stemmer is None:
        return fold(word)
    if language == "fa":
        word = word.translate(_TO_PERSIAN)
    # A stemmer keeps the word it works on in itself; a lock costs nothing beside the cache.
    with _lock:
        stemmed_word = str(stemmer.stemWord(word))
    return fold(stemmed_word) or folded


_lock = threading.Lock()


@cache
def _stemmer(language: str) -> Any:
    name = _ALGORITHMS.get(language)
    return None if name is None else Stemmer.Stemmer(name, 0)  # 0: the cache above remembers


@cache
def _irregular() -> Mapping[tuple[str, str], str]:
    """Return the dictionary's word for forms that no rule brings to it, by language."""
    irregular_forms: dict[tuple[str, str], str] = {}
    file = resources.files("ragflow_local.text").joinpath("irregular.txt")
    for line in file.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            language, word, *forms = line.split()
            for form in forms:
                if fold(form) not in function_words(language):
                    irregular_forms.setdefault((language, fold(form)), word)
    return irregular_forms
