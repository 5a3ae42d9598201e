"""Matches the names of documents with a question.

The right words from the wrong company's report, or the wrong quarter's, are no answer: what tells
them apart is mostly the name of the file.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ragflow_local.retrieve.query import Query
from ragflow_local.stores.catalog import Connection, documents, postings_words
from ragflow_local.stores.catalog.commits import counted
from ragflow_local.text.languages import function_words
from ragflow_local.text.stems import forms_of
from ragflow_local.text.terms import words_of
from ragflow_local.text.words import is_unspaced, pairs, smallest_of

Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]

# How near to 1 a document whose whole name is said brings its chunks: .3 to .5 were alike on the
# quarterly reports of ``benchmarks/results/filings.md`` and on a set kept apart, .5 the best.
WEIGHT = 0.5

_MOST_KEPT = 4


class Labels:
    """The names of some datasets' documents, taken apart.

    Args:
        named: Number, name and count of chunks of each document.
        languages: Those of the texts, whose stems the words of a name get.
    """

    def __init__(self, named: Sequence[tuple[int, str, int]], languages: Sequence[str]) -> None:
        words = [_label(name, languages) for _, name, _ in named]
        having = Counter(word for label in words for word in label)
        idf = {word: float(np.log(len(named) / count)) for word, count in having.items()}
        self._documents: dict[str, list[int]] = {}
        self._total: dict[int, float] = {}
        self._idf = idf
        # A document of one chunk has its name beside its only text: there it is a word like others.
        for (number, _, count), label in zip(named, words, strict=True):
            total = sum(idf[word] for word in label)
            if count > 1 and total > 0:
                self._total[number] = total
                for word in label:
                    self._documents.setdefault(word[0], []).append(number)
        self._words = {word[0]: word for word in having}
        self._by_form: dict[str, list[str]] = {}
        for key, word in self._words.items():
            for form in word:
                self._by_form.setdefault(form, []).append(key)

    def shares(self, asked: Collection[str]) -> dict[int, float]:
        """Return how much of its name is said, in (0, 1], for documents of which some is.

        Args:
            asked: Every form of every term of the question.
        """
        named = {key for form in asked for key in self._by_form.get(form, ())}
        shares: dict[int, float] = {}
        for key in named:
            for number in self._documents.get(key, ()):
                shares[number] = shares.get(number, 0.0) + self._idf[self._words[key]]
        return {
            number: share / self._total[number] for number, share in shares.items() if share > 0
        }


@dataclass(slots=True)
class LabelsKept:
    """The labels that were asked for last, each kept until a document is added or renamed."""

    _kept: dict[tuple[int, ...], tuple[object, Labels]] = field(default_factory=dict)
    _states: dict[tuple[int, ...], tuple[int, object]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, datasets: Sequence[int]) -> Labels:
        """Return the labels of the documents of some datasets, given by number."""
        key = tuple(datasets)
        languages = tuple(postings_words.languages_of(connection, datasets))
        state = self._state_of(connection, key), languages
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept[0] != state:
            kept = state, Labels(documents.names(connection, datasets), languages)
            with self._lock:
                self._kept.pop(key, None)
                self._kept[key] = kept
                while len(self._kept) > _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
        return kept[1]

    def _state_of(self, connection: Connection, datasets: tuple[int, ...]) -> object:
        """Return the state of the names, looked at once a commit: all of them are counted."""
        number = counted(connection)
        with self._lock:
            known = self._states.get(datasets)
        if known is None or known[0] != number:
            known = number, documents.state_of_names(connection, datasets)
            with self._lock:
                self._states.pop(datasets, None)
                self._states[datasets] = known
                while len(self._states) > _MOST_KEPT:
                    del self._states[next(iter(self._states))]
        return known[1]


def said_of_all(connection: Connection, labels: Labels, query: Query, numbers: Numbers) -> Scores:
    """Return (n_candidates,) how much of its document's name the question says, for each chunk."""
    share_by_chunk = np.zeros(len(numbers))
    shares = labels.shares({form for term in query.terms for form in term})
    if shares:
        within = documents.of_chunks(connection, numbers.tolist(), list(shares))
        for at, number in enumerate(numbers.tolist()):
            if number in within:
                share_by_chunk[at] = shares[within[number]]
    return share_by_chunk


def labelled(term: Scores, label: Scores) -> Scores:
    """Return the term similarity of chunks whose documents' names answer to the question.

        term' = term + WEIGHT * label * (1 - term)

    Args:
        term: (n_candidates,) in [0, 1].
        label: (n_candidates,) share of the document's name that the question says, in [0, 1].
    """
    raised: Scores = term + WEIGHT * label * (1.0 - term)
    return raised


def _label(name: str, languages: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Return the words of a document's name without its ending, each with its forms."""
    title = name[: name.rindex(".")] if "." in name[1:] else name
    labels: set[tuple[str, ...]] = set()
    for piece in words_of(title):
        if is_unspaced(piece):
            long = [term for term in pairs(piece) if len(term) > 1]
            labels.update((term,) for term in long or [piece])
            continue
        for word in smallest_of(piece):
            forms = tuple(
                dict.fromkeys(
                    form for language in languages or ("en",) for form in forms_of(word, language)
                )
            )
            if forms[0] not in function_words("en"):
                labels.add(forms)
    return frozenset(labels)
