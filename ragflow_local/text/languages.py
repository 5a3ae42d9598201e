"""Detects the language of a text, and lists the function words of languages.

The script decides first, then function words, which one sentence mostly has enough of; what is
still open is asked of py3langid. The words are data: ``function_words.txt`` beside this file.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from typing import Any

from ragflow_local.text.folding import fold
from ragflow_local.text.scripts import HAN

# Of a text so much is looked at: a page is in the language it begins in.
_LETTERS_READ = 600
# By function words alone less will do: they are every second word.
_LETTERS_HEARD = 300

# Scripts that one language alone is written in, or one above all.
_SCRIPTS = (
    ("ja", "\u3041-\u309f\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d"),
    ("ko", "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"),
    ("zh", HAN),
    ("th", "\u0e01-\u0e7f"),
    ("lo", "\u0e81-\u0eff"),
    ("bo", "\u0f00-\u0fff"),
    ("my", "\u1000-\u109f"),
    ("km", "\u1780-\u17ff"),
    ("el", "\u0370-\u03ff\u1f00-\u1fff"),
    ("hy", "\u0531-\u058f"),
    ("he", "\u0590-\u05ff"),
    ("ka", "\u10a0-\u10ff"),
    ("am", "\u1200-\u137f"),
    ("pa", "\u0a00-\u0a7f"),
    ("gu", "\u0a80-\u0aff"),
    ("ta", "\u0b80-\u0bff"),
    ("te", "\u0c00-\u0c7f"),
    ("kn", "\u0c80-\u0cff"),
    ("ml", "\u0d00-\u0d7f"),
    ("si", "\u0d80-\u0dff"),
    ("Arabic", "\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f"),
    ("Bengali", "\u0980-\u09ff"),
    ("Cyrillic", "\u0400-\u04ff"),
    ("Devanagari", "\u0900-\u097f"),
    ("Latin", "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"),
)
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_WORD = re.compile("[A-Za-z]+")
_SCRIPT = re.compile("|".join(f"([{ranges}]+)" for _, ranges in _SCRIPTS))

_LATIN = """
    en de fr es it pt nl pl cs sv da no fi hu ro tr id vi
    ca eu ga et lv lt sk sl sr sq sw af cy gl is tl az"""
# Languages told apart within a script; what is none of them is taken for the nearest.
_OF_SCRIPT: Mapping[str, tuple[str, ...]] = {
    "Arabic": ("ar", "fa", "ur"),
    "Bengali": ("bn", "as"),
    "Cyrillic": ("ru", "uk", "bg", "sr", "mk", "be", "kk"),
    "Devanagari": ("hi", "mr", "ne"),
    "Latin": tuple(_LATIN.split()),
}
_NAMED_OTHERWISE = {"nb": "no", "nn": "no", "bs": "sr", "hr": "sr", "ms": "id"}

# A vote counts where a language has so much of it, and so many times what the next one has.
_LEAST_VOTES, _LEAST_LEAD = 2, 1.5


def language_of(text: str, among: Collection[str] = ()) -> str:
    """Return the language of a text as its two letters (``en``, ``zh``), ``""`` for no words.

    Args:
        text: The more the surer; a question will do, a single word is a guess.
        among: The languages it may be in; none for all. Where none of them is written in the
            text's script, the rule is broken, not the script.
    """
    script = _script_of(text[:_LETTERS_READ])
    if not script or len(script) == 2:
        return script
    allowed = tuple(language for language in _OF_SCRIPT[script] if not among or language in among)
    if len(allowed) == 1:
        return allowed[0]
    allowed = allowed or _OF_SCRIPT[script]
    votes = _votes(text[:_LETTERS_READ], allowed)
    if votes:
        (first, most), *others = votes.most_common(2)
        if most >= _LEAST_VOTES and most >= _LEAST_LEAD * (others[0][1] if others else 0):
            return first
    return _Recogniser.shared().nearest(text[:_LETTERS_READ], allowed)


def likely_language(text: str) -> str:
    """Return the language of a text by its script and function words alone.

    A twentieth of the price of ``language_of`` at worst, and no model is loaded; where nothing
    tells, it is the one that most texts in the script are in.
    """
    text = text[:_LETTERS_HEARD]
    script = _script_of(text)
    if not script or len(script) == 2:
        return script
    allowed = _OF_SCRIPT[script]
    votes = _votes(text, allowed)
    # In a fixed order, so that a text is in one language whoever asks.
    return max(allowed, key=votes.__getitem__) if votes else allowed[0]


@cache
def function_words(language: str) -> frozenset[str]:
    """Return the words of a language that no text is about, folded; none where it is unknown.

    Question words and negations are among them.
    """
    return frozenset().union(*_words().get(language, {}).values())


def question_words(language: str) -> frozenset[str]:
    """Return the words that make a sentence of a language a question, folded."""
    return _words().get(language, {}).get("question", frozenset())


def negations(language: str) -> frozenset[str]:
    """Return the words of a language that turn a sentence into its opposite, folded."""
    return _words().get(language, {}).get("negation", frozenset())


def known_languages() -> frozenset[str]:
    """Return the languages whose function words are known."""
    return frozenset(_words())


@cache
def _words() -> Mapping[str, Mapping[str, frozenset[str]]]:
    words_by_language: dict[str, dict[str, frozenset[str]]] = {}
    file = resources.files("ragflow_local.text").joinpath("function_words.txt")
    for line in file.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            language, kind, *words = line.split()
            words_by_language.setdefault(language, {})[kind] = frozenset(map(fold, words))
    return words_by_language


@cache
def _languages_of_word() -> Mapping[str, tuple[str, ...]]:
    by_word: dict[str, list[str]] = {}
    for language in _words():
        for word in function_words(language):
            by_word.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in by_word.items()}


def _votes(text: str, allowed: Collection[str]) -> Counter[str]:
    """Return how much the function words of a text speak for each language.

    One that no other language has speaks twice as loud.
    """
    known = _languages_of_word()
    words = _ASCII_WORD.findall(text.lower()) if text.isascii() else map(fold, _WORD.findall(text))
    votes = dict.fromkeys(allowed, 0)
    for word in words:
        if languages := known.get(word):
            weight = 1 if len(languages) > 1 else 2
            for language in languages:
                if language in votes:
                    votes[language] += weight
    return Counter({language: count for language, count in votes.items() if count})


def _script_of(text: str) -> str:
    """Return the script that most of a text is in, or the language where that says it.

    Signs of Chinese and Japanese say as much as three letters. Japanese is told by its kana,
    which stand between characters it shares with Chinese; Korean by Hangul.
    """
    if text.isascii():
        return "Latin" if _ASCII_WORD.search(text) else ""
    letters: Counter[str] = Counter()
    for match in _SCRIPT.finditer(text):
        letters[_SCRIPTS[(match.lastindex or 1) - 1][0]] += len(match[0])
    if not letters:
        return ""
    if letters["zh"] and letters["ja"] * 20 >= letters["zh"]:
        letters["ja"] += letters.pop("zh")
    for signs in ("ja", "zh", "ko"):
        letters[signs] *= 3
    return letters.most_common(1)[0][0]


class _Recogniser:
    """py3langid, loaded when it is first asked: half a second and 60 MB."""

    _one: _Recogniser | None = None
    _lock = threading.Lock()

    def __init__(self) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        self._all: Any = LanguageIdentifier.from_model_file(MODEL_FILE)

    @classmethod
    def shared(cls) -> _Recogniser:
        """Return the one of this process."""
        with cls._lock:
            if cls._one is None:
                cls._one = cls()
            return cls._one

    def nearest(self, text: str, allowed: Collection[str]) -> str:
        """Return which of the ``allowed`` languages a text is most likely in."""
        for code, _ in self._all.rank(text):
            named = _NAMED_OTHERWISE.get(code, code)
            if named in allowed:
                return str(named)
        return next(iter(allowed))
