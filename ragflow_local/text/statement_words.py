"""Loads the words that decide what a sentence states, by language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from ragflow_local.text.folding import fold
from ragflow_local.text.languages import function_words

# How far a statement goes.
LEVELS = ("all", "most", "few", "some", "only", "maybe", "may", "can", "must", "if", "unless")
# Characters of Chinese that hold a sentence together, but also stand inside words.
_INSIDE_WORDS = frozenset(
    "地有个等就过着得要会能应可对之我你您们吧啊请啥几多任达共上下前后内外让给"
    "未无非别关因些哪何谁也都每只仅"
)


@cache
def _words() -> Mapping[tuple[str, str], frozenset[str]]:
    word_sets: dict[tuple[str, str], frozenset[str]] = {}
    file = resources.files("ragflow_local.text").joinpath("statement_words.txt")
    for line in file.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            language, kind, *words = line.split()
            word_sets[language, kind] = frozenset(map(fold, words))
    return word_sets


def words_of(language: str, kind: str) -> frozenset[str]:
    """Return the words of one class; see ``statement_words.txt``."""
    return _words().get((language, kind), frozenset())


@cache
def opposites(language: str) -> frozenset[tuple[str, str]]:
    """Return pairs of words that say the opposite, each both ways round."""
    pairs = [pair.partition("/")[::2] for pair in words_of(language, "unlike")]
    pairs += [pair.partition("/")[::2] for pair in words_of(language, "converse")]
    return frozenset([*pairs, *((right, left) for left, right in pairs)])


@cache
def comparatives(language: str) -> Mapping[str, frozenset[str]]:
    """Return the words that compare, each with those that say the same the other way round."""
    pairs = [pair.partition("/")[::2] for pair in words_of(language, "converse")]
    other: dict[str, set[str]] = {}
    for left, right in pairs:
        other.setdefault(left, set()).add(right)
        other.setdefault(right, set()).add(left)
    return {word: frozenset(words) for word, words in other.items()}


@cache
def verb_forms(language: str) -> frozenset[str]:
    """Return the forms of verbs that are bent by no rule."""
    return frozenset(form for group in words_of(language, "bent") for form in group.split("/"))


@cache
def tying_words(language: str) -> frozenset[str]:
    """Return the words of a language that hold a sentence together, folded."""
    words = function_words(language) | words_of(language, "aux") | words_of(language, "article")
    words |= words_of(language, "join") | words_of(language, "agent") | words_of(language, "keep")
    words |= words_of(language, "pronoun") | words_of(language, "prep")
    if language in ("zh", "ja"):
        words = frozenset(word for word in words if word not in _INSIDE_WORDS)
    for kind in ("without", "except", "why", "so"):
        words |= words_of(language, kind)
    for level in LEVELS:
        words |= words_of(language, level) - words_of(language, "light")
    return words - _INSIDE_WORDS if language in ("zh", "ja") else words


@cache
def irregular(language: str) -> Mapping[str, frozenset[str]]:
    """Return the words that are bent by no rule, each with the first of its forms."""
    groups = [group.split("/") for kind in ("bent", "noun") for group in words_of(language, kind)]
    return {form: frozenset({group[0]}) for group in groups for form in group}


@cache
def same_words(language: str) -> Mapping[str, str]:
    """Return the words that say the same as others, each with what all of them share."""
    groups = [group.split("/") for group in words_of(language, "same")]
    return {word: f"={group[0]}" for group in groups for word in group}


@cache
def trades(language: str) -> tuple[tuple[tuple[str, str], tuple[str, str]], ...]:
    """Return two verbs of one trade, and what stands before the other side: sell to, buy from."""
    both = []
    for pair in sorted(words_of(language, "trade")):
        (verb, before), (other, behind) = (side.split(":") for side in pair.split("/"))
        both += [((verb, other), (before, behind)), ((other, verb), (behind, before))]
    return tuple(both)
