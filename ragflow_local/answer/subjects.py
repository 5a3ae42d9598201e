"""Tells what the texts that were found are about: their headings, labels, names and openings."""

from __future__ import annotations

from collections.abc import Sequence

from ragflow_local.answer.candidates import candidates_of
from ragflow_local.records import Hit
from ragflow_local.text.content import content_terms


class Subjects:
    """The subjects of what was found."""

    def __init__(self, hits: Sequence[Hit], language: str) -> None:
        """Keep what was found for a question of a language."""
        self._hits, self._language = hits, language
        self._known: tuple[set[frozenset[str]], list[frozenset[str]]] | None = None

    def have(self, phrase: str) -> bool:
        """Return whether a phrase names what some of the texts are about, and not all.

        It does where a heading, a label or a document's name says it, or is said by it, or where it
        stands in the sentence that a paragraph begins with.
        """
        terms = frozenset(content_terms(phrase, self._language))
        if not terms:
            return False
        if self._known is None:
            self._known = _subjects_of(self._hits, self._language)
        labels, openings = self._known
        if any(label <= terms or terms <= label for label in labels):
            return True
        said = sum(terms <= opening for opening in openings)
        return 0 < said < len(openings)


def _subjects_of(
    hits: Sequence[Hit], language: str
) -> tuple[set[frozenset[str]], list[frozenset[str]]]:
    """Return the terms of headings, labels and names, and those of the openings of paragraphs."""
    labels: set[frozenset[str]] = set()
    openings: dict[tuple[object, ...], frozenset[str]] = {}
    for candidate in candidates_of(hits, language):
        unit = candidate.unit
        texts = (*unit.heads, unit.label)
        labels.update(frozenset(content_terms(text, language)) for text in texts if text)
        labels.add(candidate.title)
        if not unit.names:
            openings.setdefault(candidate.paragraph, candidate.own)
    labels.discard(frozenset())
    return labels, list(openings.values())
