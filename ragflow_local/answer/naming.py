"""Finds the documents that a question about documents as such speaks of, by their names and titles.

"Summarise the lease" means the document whose file name or first lines say "lease", "the letter
from August" the one that is dated so, "these files" all there are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ragflow_local.answer.outline import first_lines
from ragflow_local.records import ChunkRow
from ragflow_local.text.asking import ABOUT
from ragflow_local.text.content import content_terms
from ragflow_local.text.dates import times_of
from ragflow_local.text.folding import fold, simplified
from ragflow_local.text.overviews import Overview, overview_of
from ragflow_local.text.words import is_unspaced

# Returns the first so many chunks of a document.
Reading = Callable[[str, int], Sequence[ChunkRow]]

_MOST_TITLES = 200  # documents whose first lines are read where no file name says it
_LEAST_PART = 4  # letters of a word that a compound may begin or end with
# What looks like the name of a file: an ending, an underscore, a word with digits.
_FILE = re.compile(r"\.[A-Za-z]\w{1,4}\b|\w_\w|[^\W\d_]\d|\d[^\W\d_]")
_STEM = re.compile(r"_|[^\W\d_]\d|\d[^\W\d_]")
_PIECES = re.compile(r"[^\W\d_]+|\d+")
_ABOUT = re.compile(ABOUT, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Meant:
    """The documents a question is about.

    Attributes:
        overview: What it asks of them.
        ids: Of the documents, in their order; of all where it names none of them.
    """

    overview: Overview
    ids: tuple[str, ...]


def meant(
    question: str,
    documents: Callable[[], Mapping[str, str]],
    reading: Reading,
    *,
    is_follow_up: bool = False,
) -> Meant | None:
    """Return the documents that a question is about as such; None of an ordinary question.

    Args:
        question: As it was asked.
        documents: Returns the names of the documents by their ids; called only where it matters.
        reading: Returns the first chunks of a document.
        is_follow_up: Whether something was asked before: "What is this?" may then mean that.
    """
    found = overview_of(question)
    may_name = _FILE.search(question) is not None
    if found is None and not may_name:
        return None
    known = documents()
    if may_name:
        ids, rest = _without_files(question, known)
        told = overview_of(rest, is_named=True) if ids else None
        if told is not None and not told.names:
            return Meant(told, ids)
    if found is None or (is_follow_up and not found.is_sure):
        return None
    if not found.names and not found.sorts:
        return Meant(found, tuple(known))
    return _by_name(question, found, known, reading)


def _by_name(
    question: str, found: Overview, known: Mapping[str, str], reading: Reading
) -> Meant | None:
    if found.names and (not found.is_sure or (not found.asks and _has_topic(question, found))):
        return None
    called = {id: _Called(name, found.language) for id, name in known.items()}
    ids = _called_so(found, called)
    if not ids:
        for id in list(known)[:_MOST_TITLES]:
            titles = [
                line for row in reading(id, 1) for line in first_lines(row.content, row.marked)
            ]
            called[id] = _Called("\n".join((known[id], *titles)), found.language)
        ids = _called_so(found, called)
    if ids or found.names:
        return Meant(found, ids) if ids else None
    if found.is_here or len(known) == 1:
        return Meant(found, tuple(known))
    return None


def _has_topic(question: str, found: Overview) -> bool:
    """Return whether the question asks what a document says of something."""
    about = _ABOUT.search(question)
    topic = "" if about is None else fold(next(filter(None, about.groups()), ""))
    return any(name in topic for name in found.names)


def _called_so(found: Overview, called: Mapping[str, _Called]) -> tuple[str, ...]:
    """Return the documents that all names fit; of several those that are of the kind asked for."""
    fitting = [id for id, one in called.items() if all(map(one.has, found.names))]
    of_sort = [id for id in fitting if any(map(called[id].has, found.sorts))]
    return tuple(of_sort or (fitting if found.names else ()))


@dataclass(frozen=True)
class _Called:
    """Looks words up in the name and title of a document."""

    text: str
    language: str

    @cached_property
    def _folded(self) -> str:
        return simplified(fold(self.text.replace("_", " ")))

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(_plain(piece) for piece in _PIECES.findall(self._folded))

    @cached_property
    def _terms(self) -> frozenset[str]:
        return frozenset(content_terms(self._folded, self.language))

    def has(self, word: str) -> bool:
        """Return whether the name says a word: itself, another form of it, or the month it is."""
        if is_unspaced(word):
            return simplified(word) in self._folded
        pieces = [_plain(piece) for piece in _PIECES.findall(word)]
        if pieces and self._words.issuperset(pieces):
            return True
        terms = content_terms(word, self.language)
        if terms and self._terms.issuperset(terms):
            return True
        is_part = len(word) >= _LEAST_PART and any(
            one.startswith(word) or one.endswith(word) for one in self._words
        )
        months = {time.month for time in times_of(word)} - {None}
        return is_part or bool(months & {time.month for time in times_of(self.text)})


def _plain(piece: str) -> str:
    return piece.lstrip("0") or piece


def _without_files(question: str, known: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """Return the documents whose file names stand in the question, and the rest of it."""
    rest, ids = question.casefold(), []
    for id, name in sorted(known.items(), key=lambda item: -len(item[1])):
        stem = name.rsplit(".", 1)[0]
        for written in (name, *([stem] if _STEM.search(stem) else ())):
            pattern = rf"(?<![A-Za-z0-9_]){re.escape(written.casefold())}(?![A-Za-z0-9_])"
            shorter = re.sub(pattern, " ", rest)
            if shorter != rest:
                ids.append(id)
                rest = shorter
                break
    order = list(known)
    return tuple(sorted(ids, key=order.index)), rest
