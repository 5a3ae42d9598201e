"""Finds the indexed words that misspelled or compound words of a question mean.

What a dataset's own vocabulary tells: a compound has its parts, two words are one written together,
and what is a letter or two away is a slip. Numbers and codes are never guessed.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ragflow_local.retrieve.query import Query
from ragflow_local.stores.catalog import Connection, postings_words
from ragflow_local.text.words import is_unspaced

# Languages that write compounds as one word.
_COMPOUNDING = frozenset({"de", "nl", "sv", "da", "no", "fi", "hu", "et", "is", "af"})
_GOOD_PART = 0.2
# What may stand between the parts of one.
_LINKS = ("", "s", "es", "n", "en", "er", "e", "o", "u", "t")

# A part of a compound has so many letters: shorter ones stand in words they have no part in.
_LEAST_HEAD, _LEAST_PART, _LEAST_REST = 5, 4, 3
# Compounds that count as a word, the shortest first: they say little else.
_MOST_COMPOUNDS = 32

# Letters a word must have for a slip of one, and of two.
_ONE_SLIP, _TWO_SLIPS = 4, 7
# Words as near as the nearest that are taken, and words looked at: a tenth of a second.
_MOST_NEAREST, _MOST_COMPARED = 3, 400_000


# Of two neighbouring signs that no text has: about every second pair is no word, but the end of one
# and the beginning of the next, and its absence says nothing.
_JOINT = 0.5

# Terms of all datasets together beyond which no word is guessed: reading them takes a second.
MOST_TERMS = 500_000
_MOST_KEPT = 4  # vocabularies: a few megabytes each


class Vocabulary:
    """The words of a dataset, as they can be looked for by their parts.

    Args:
        terms: In order; numbers, codes and scripts without spaces are passed over.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = frozenset(terms)
        words = [term for term in terms if len(term) >= _LEAST_REST and term.isalpha()]
        self._joined = "\n" + "\n".join(words) + "\n"

    def __contains__(self, term: str) -> bool:
        return term in self._terms

    def compounds_of(self, part: str, heads_alone: bool = False) -> list[str]:
        """Return longer words that begin or end with ``part``, the shortest first.

        Args:
            part: A word.
            heads_alone: Only those that end with it, which are of its kind: a Dampfschiff is a
                Schiff.
        """
        if len(part) < (_LEAST_HEAD if heads_alone else _LEAST_PART):
            return []
        compounds = set(self._containing(f"{part}\n"))
        if not heads_alone:
            compounds.update(self._containing(f"\n{part}"))
        long = [word for word in compounds if len(word) - len(part) >= _LEAST_REST]
        return sorted(long, key=lambda word: (len(word), word))[:_MOST_COMPOUNDS]

    def _containing(self, text: str) -> Iterator[str]:
        at = self._joined.find(text)
        while at >= 0:
            start = self._joined.rfind("\n", 0, at + 1) + 1
            end = self._joined.index("\n", max(start, at + len(text) - 1))
            yield self._joined[start:end]
            at = self._joined.find(text, end)

    def parts_of(self, word: str) -> tuple[str, ...]:
        """Return the two words of the vocabulary that ``word`` is made of; none where it is not."""
        best: tuple[str, ...] = ()
        for cut in range(_LEAST_REST, len(word) - _LEAST_REST + 1):
            right = word[cut:]
            if right not in self:
                continue
            for link in _LINKS:
                left = word[: cut - len(link)] if word[:cut].endswith(link) else ""
                if len(left) < _LEAST_REST or left not in self:
                    continue
                if not best or min(map(len, (left, right))) > min(map(len, best)):
                    best = (left, right)
        return best

    def nearest(self, word: str) -> list[str]:
        """Return the words fewest slips away from ``word``, at most two; none for a short one."""
        slips = 0 if len(word) < _ONE_SLIP else 1 if len(word) < _TWO_SLIPS else 2
        if not slips or not word.isalpha():
            return []
        choices = [
            other
            for length in range(len(word) - slips, len(word) + slips + 1)
            for other in self._by_length.get(length, ())
        ]
        if len(choices) > _MOST_COMPARED:
            choices = [other for other in choices if other[0] == word[0]]
        from rapidfuzz import process  # only for a word that is not in the index
        from rapidfuzz.distance import OSA

        matches = process.extract(
            word, choices, scorer=OSA.distance, score_cutoff=slips, limit=4 * _MOST_NEAREST
        )
        least = min((distance for _, distance, _ in matches), default=0)
        near = [other for other, distance, _ in matches if distance == least]
        near.sort(key=lambda other: (other[0] != word[0], abs(len(other) - len(word)), other))
        return near[:_MOST_NEAREST]

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        by_length: dict[int, list[str]] = {}
        for word in self._joined.split():
            by_length.setdefault(len(word), []).append(word)
        return by_length


@dataclass(slots=True)
class Vocabularies:
    """The vocabularies that were asked for last, each kept until it has grown."""

    _kept: dict[tuple[int, ...], tuple[object, Vocabulary]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, datasets: Sequence[int]) -> Vocabulary:
        """Return the words of some datasets, given by number."""
        key = tuple(datasets)
        sizes = postings_words.sizes_of_vocabularies(connection, datasets)
        if sum(count for _, count in sizes) > MOST_TERMS:
            return Vocabulary([])
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept[0] != sizes:
            terms = postings_words.vocabulary(connection, [space for space, _ in sizes])
            kept = sizes, Vocabulary(terms)
            with self._lock:
                self._kept.pop(key, None)
                self._kept[key] = kept
                while len(self._kept) > _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
        return kept[1]


def is_compounding(languages: Mapping[str, int]) -> bool:
    """Return whether a good part of the chunks is in a language that writes compounds as a word.

    Args:
        languages: How many chunks are in each; a few are always taken for another than they are.
    """
    compounding = sum(languages[language] for language in _COMPOUNDING & languages.keys())
    return compounding >= _GOOD_PART * sum(languages.values()) > 0


def with_compounds(query: Query, vocabulary: Vocabulary) -> Query:
    """Return the query with the compounds of its words, those that are of the same kind."""
    forms: dict[int, tuple[str, ...]] = {}
    for index, term in enumerate(query.terms):
        kinds = (more for form in term for more in vocabulary.compounds_of(form, heads_alone=True))
        forms[index] = tuple(dict.fromkeys((*term, *kinds)))
    return query.with_forms(forms)


def guessed(
    query: Query, missing: Sequence[int], vocabulary: Vocabulary
) -> tuple[Query, tuple[tuple[str, str], ...]]:
    """Return the query with what is meant in the place of terms no chunk has, and what is a guess.

    Args:
        query: As it was asked.
        missing: Indices of those terms.
        vocabulary: Of the dataset.

    Returns:
        The query, and pairs of a word and how it was read.
    """
    terms = list(query.terms)
    weights = list(query.weights)
    added: list[tuple[tuple[str, ...], float]] = []
    guesses: set[int] = set()
    read_as: list[tuple[str, str]] = []
    for index in missing:
        word, term = query.words[index], terms[index]
        if longer := _longer(term, vocabulary):
            terms[index] = (*term, *longer)
            guesses.add(index)
        elif parts := next(filter(None, map(vocabulary.parts_of, term)), ()):
            terms[index] = (parts[0],)
            added.append(((parts[1],), weights[index] / 2))
            weights[index] /= 2
            guesses.add(index)
        elif near := _nearest(term, vocabulary):
            terms[index] = tuple(near)
            guesses.add(index)
            read_as.append((word, near[0]))
        elif is_unspaced(word):
            weights[index] *= _JOINT
    every = [*zip(terms, weights, strict=True), *added]
    unsure = guesses | set(range(len(terms), len(every)))
    return _together(every, unsure, query.length), tuple(read_as)


def _together(
    weighed: Sequence[tuple[tuple[str, ...], float]], unsure: Collection[int], length: int
) -> Query:
    """Return the query of weighed terms, some of them guesses, those of the same forms as one."""
    weights: dict[tuple[str, ...], float] = {}
    guesses: dict[tuple[str, ...], float] = {}
    for at, (forms, weight) in enumerate(weighed):
        weights[forms] = weights.get(forms, 0.0) + weight
        guesses[forms] = guesses.get(forms, 0.0) + weight * (at in unsure)
    shares = tuple(guesses[forms] / weight for forms, weight in weights.items())
    return Query(tuple(weights), tuple(weights.values()), length, guessed=shares if unsure else ())


def _longer(term: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    return [more for form in term for more in vocabulary.compounds_of(form)]


def _nearest(term: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """Return what is nearest to any form; spelled-out umlauts are no slip at all."""
    candidates = [more for form in term[:3] for more in vocabulary.nearest(form)]
    return list(dict.fromkeys(candidates))[:_MOST_NEAREST]
