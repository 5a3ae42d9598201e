"""Matches the names of documents with a question.

The right words from the wrong company's report, or the wrong quarter's, are no answer: what tells
them apart is mostly the name of the file.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ragflow_local.retrieve.query import Query
from ragflow_local.stores.catalog import Connection, documents
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

Kept = TypeVar("Kept")


Word = tuple[str, ...]  # its forms


@dataclass(frozen=True, slots=True)
class NameCounts:
    """How common the words of documents' names are.

    Attributes:
        documents: How many documents there are.
        having: How many of their names have each word.
    """

    documents: int
    having: Mapping[Word, int]

    @classmethod
    def summed(cls, parts: Sequence[NameCounts]) -> NameCounts:
        """Return the counts of all parts together."""
        having: Counter[Word] = Counter()
        for part in parts:
            having.update(part.having)
        return cls(sum(part.documents for part in parts), having)


class Names:
    """The names of some datasets' documents, taken apart.

    Args:
        named: Number, name and count of chunks of each document.
        languages: Those of the texts, whose stems the words of a name get.
    """

    def __init__(self, named: Sequence[tuple[int, str, int]], languages: Sequence[str]) -> None:
        words: dict[Word, Word] = {}  # each kept once
        labels = [
            [words.setdefault(word, word) for word in _label(name, languages)]
            for _, name, _ in named
        ]
        self.counts = NameCounts(len(named), Counter(word for label in labels for word in label))
        # A document of one chunk has its name beside its only text: there it is a word like others.
        self.labels = [
            (number, label)
            for (number, _, count), label in zip(named, labels, strict=True)
            if count > 1
        ]


class Labels:
    """The names of some datasets' documents, their words weighed.

    Args:
        names: The names.
        collection: By what their words are weighed; None for the names themselves.
    """

    def __init__(self, names: Names, collection: NameCounts | None = None) -> None:
        whole = collection or names.counts
        idf = {word: _idf(whole, whole.having[word]) for word in names.counts.having}
        self._documents: dict[Word, list[int]] = {}
        self._total: dict[int, float] = {}
        self._idf = idf
        for number, label in names.labels:
            total = sum(idf[word] for word in label)
            if total > 0:
                self._total[number] = total
                for word in label:
                    self._documents.setdefault(word, []).append(number)
        self._by_form: dict[str, list[Word]] = {}
        for word in self._documents:
            for form in word:
                self._by_form.setdefault(form, []).append(word)

    def shares(self, forms: Collection[str]) -> dict[int, float]:
        """Return the share of a document's name that the question says, where it says some of it.

        Args:
            forms: Every form of every term of the question.
        """
        words = {word for form in forms for word in self._by_form.get(form, ())}
        shares: dict[int, float] = {}
        for word in sorted(words):  # in one order: sums round alike in every process
            for number in self._documents[word]:
                shares[number] = shares.get(number, 0.0) + self._idf[word]
        return {
            number: share / self._total[number] for number, share in shares.items() if share > 0
        }


def _idf(whole: NameCounts, having: int) -> float:
    return float(np.log(whole.documents / having))


class LabelsKept:
    """The labels that were asked for last, each kept until a document is added or renamed."""

    def __init__(self) -> None:
        self._states: dict[tuple[int, ...], tuple[int, object]] = {}
        self._names: dict[tuple[int, ...], tuple[object, Names]] = {}
        self._labels: dict[tuple[int, ...], tuple[object, NameCounts | None, Labels]] = {}
        self._lock = threading.Lock()

    def of(
        self,
        connection: Connection,
        datasets: Sequence[int],
        languages: Sequence[str],
        collection: NameCounts | None = None,
    ) -> Labels:
        """Return the labels of the documents of some datasets.

        Args:
            connection: Inside one snapshot.
            datasets: Their numbers.
            languages: Those of the texts.
            collection: Of what the datasets are a part; None for nothing more.
        """
        key = tuple(datasets)
        state = self._state_of(connection, key), tuple(languages)
        with self._lock:
            entry = self._labels.get(key)
        if entry is None or entry[0] != state or entry[1] is not collection:
            if collection is None:
                names = Names(documents.names(connection, datasets), languages)
            else:  # others' names change the weights too: these are not taken apart anew
                names = self.names(connection, datasets, languages)
            entry = state, collection, Labels(names, collection)
            self._keep(self._labels, key, entry)
        return entry[2]

    def names(
        self, connection: Connection, datasets: Sequence[int], languages: Sequence[str]
    ) -> Names:
        """Return the names of the documents of some datasets; the same ones until they change."""
        key = tuple(datasets)
        state = self._state_of(connection, key), tuple(languages)
        with self._lock:
            entry = self._names.get(key)
        if entry is None or entry[0] != state:
            entry = state, Names(documents.names(connection, datasets), languages)
            self._keep(self._names, key, entry)
        return entry[1]

    def state(self, connection: Connection, datasets: Sequence[int]) -> str:
        """Return what changes with the names of the documents of some datasets."""
        return repr(self._state_of(connection, tuple(datasets)))

    def _state_of(self, connection: Connection, datasets: tuple[int, ...]) -> object:
        """Return the state of the names, looked at once a commit: all of them are counted."""
        number = counted(connection)
        with self._lock:
            known = self._states.get(datasets)
        if known is None or known[0] != number:
            known = number, documents.state_of_names(connection, datasets)
            self._keep(self._states, datasets, known)
        return known[1]

    def _keep(self, cache: dict[tuple[int, ...], Kept], key: tuple[int, ...], value: Kept) -> None:
        with self._lock:
            cache.pop(key, None)
            cache[key] = value
            while len(cache) > _MOST_KEPT:
                del cache[next(iter(cache))]


def said_of_all(connection: Connection, labels: Labels, query: Query, numbers: Numbers) -> Scores:
    """Return (n_candidates,) how much of its document's name the question says, for each chunk."""
    share_by_chunk = np.zeros(len(numbers))
    shares = labels.shares({form for term in query.terms for form in term})
    if shares:
        within = documents.of_chunks(connection, numbers.tolist())
        for at, number in enumerate(numbers.tolist()):
            if number in within:
                share_by_chunk[at] = shares.get(within[number], 0.0)
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


def _label(name: str, languages: Sequence[str]) -> list[Word]:
    """Return the words of a document's name without its ending, each with its forms, in order."""
    title = name[: name.rindex(".")] if "." in name[1:] else name
    labels: set[Word] = set()
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
    return sorted(labels)
