"""Tells which words are verbs, as far as their form shows."""

from __future__ import annotations

import re

from ragflow_local.text.folding import fold
from ragflow_local.text.statement import Token
from ragflow_local.text.statement_words import verb_forms

_ENGLISH_PAST = re.compile("[a-z]{3,}ed$")
_RUSSIAN_PAST = re.compile("[а-я]{2,}[аеиуыя](?:л|ла|ло|ли|лся|лась|лось|лись)$")


def is_verb(word: str, last: Token, language: str) -> bool:
    """Return whether a word that stands after a noun or a name is a verb.

    Args:
        word: As it stands.
        last: The token before it, of the same phrase.
        language: Its two letters.
    """
    if not word[0].islower() or last.is_figure:
        return False
    if language == "de":  # whose nouns are written large
        return last.text[0].isupper()
    folded = fold(word)
    if language == "en":
        return is_english_past(folded)
    return language == "ru" and is_russian_past(folded)


def is_english_past(folded: str) -> bool:
    """Return whether an English word looks like a verb that says what was done."""
    return bool(_ENGLISH_PAST.match(folded)) or folded in verb_forms("en")


def is_russian_past(folded: str) -> bool:
    """Return whether a Russian word looks like a verb that says what was done."""
    return bool(_RUSSIAN_PAST.match(folded))
