"""Tells what a person said from what others said about the same.

"What did Ann say about the roof?" is answered by Ann's words or by a report of them, however much
somebody else said about it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ragflow_local.answer.candidates import Asked, Candidate
from ragflow_local.text.asking import ABOUT, SAYS
from ragflow_local.text.content import content_terms

_SAYS = re.compile(SAYS, re.IGNORECASE)
_ABOUT = re.compile(ABOUT, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Saying:
    """Who is asked to have said something, and about what.

    Attributes:
        person: Terms of the name.
        topic: Terms of what it is about; empty for anything.
        is_speaker: Whether that person speaks in what was found.
    """

    person: frozenset[str]
    topic: frozenset[str]
    is_speaker: bool

    def is_by(self, unit: Candidate) -> bool:
        """Return whether a unit is what the person says, or a sentence that names the person."""
        if self.is_speaker and unit.by and not unit.by & self.person:
            return bool(self.person & unit.own) and _SAYS.search(unit.unit.text) is not None
        return bool(self.person & (unit.by | unit.own | unit.carried | unit.opening))

    def is_about(self, unit: Candidate) -> bool:
        """Return whether a unit says something of the topic, or answers a question about it."""
        return not self.topic or bool(self.topic & (unit.own | unit.carried | unit.heads))

    def is_exactly(self, unit: Candidate) -> bool:
        """Return whether the person says all of the topic there."""
        words = unit.own | unit.carried
        return bool(unit.by & self.person) and bool(self.topic) and self.topic <= words


def saying_of(asked: Asked, candidates: Sequence[Candidate]) -> Saying | None:
    """Return who is asked to have said what; None of a question that asks for something else.

    Args:
        asked: The question.
        candidates: All units.
    """
    rest = _SAYS.sub(" ", asked.text)
    if rest == asked.text:
        return None
    about = _ABOUT.search(rest)
    topic_text = "" if about is None else next(filter(None, about.groups()), "")
    known = frozenset(asked.terms)
    speakers = frozenset().union(*(unit.by for unit in candidates))
    speaking = known.intersection(content_terms(rest, asked.language)) & speakers
    topic = known.intersection(content_terms(topic_text, asked.language)) - speaking
    topic = frozenset(term for term in topic if not any(map(str.isdigit, term)))  # when it was said
    others = rest.replace(topic_text, " ") if topic_text else rest
    person = speaking or known.intersection(content_terms(others, asked.language))
    if not person or not speakers:
        return None
    return Saying(person, topic, bool(speaking))


def of_whom_is_asked(
    saying: Saying | None, ranked: Sequence[Candidate], kept: Sequence[int]
) -> list[int]:
    """Return which units are what the person says who is asked for; none where nobody knows.

    Args:
        saying: Who is asked for; None takes all.
        ranked: What may be quoted, best first.
        kept: Indices of those that are about what is asked.
    """
    if saying is None:
        return list(kept)
    return [at for at in kept if saying.is_by(ranked[at]) and saying.is_about(ranked[at])]
