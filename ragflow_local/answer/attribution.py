"""Keeps what one person said apart from what others said.

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
_LONGEST = 500  # letters of a question, or of a sentence, that are looked at


@dataclass(frozen=True, slots=True)
class Saying:
    """Who is asked to have said something, and about what.

    Attributes:
        person: Terms of the name, as far as the question says it.
        topic: Terms of what it is about; empty for anything.
    """

    person: frozenset[str]
    topic: frozenset[str]

    def is_by(self, unit: Candidate) -> bool:
        """Return whether a unit is what the person says, or reports it."""
        if unit.by:
            is_own = self.person <= unit.by
            return is_own or (
                self.person <= unit.own and _SAYS.search(unit.unit.text[:_LONGEST]) is not None
            )
        return self.person <= unit.own | unit.carried | unit.opening | unit.heads

    def is_about(self, unit: Candidate) -> bool:
        """Return whether a unit says something of the topic, or answers a question about it."""
        return not self.topic or bool(self.topic & (unit.own | unit.carried | unit.heads))

    def is_exactly(self, unit: Candidate) -> bool:
        """Return whether the person says all of the topic there."""
        words = unit.own | unit.carried
        return self.person <= unit.by and bool(self.topic) and self.topic <= words


def saying_of(asked: Asked, candidates: Sequence[Candidate]) -> Saying | None:
    """Return who is asked to have said what.

    None of a question that asks for something else, or names nobody who speaks, or several.

    Args:
        asked: The question.
        candidates: All units.
    """
    text = " ".join(asked.text.split())[:_LONGEST]
    rest = _SAYS.sub(" ", text)
    if rest == text or "person" in asked.kinds:
        return None
    known = frozenset(asked.terms)
    words = known.intersection(content_terms(rest, asked.language))
    names = {unit.by & words for unit in candidates if unit.by & words}
    longest = {name for name in names if not any(name < other for other in names)}
    if len(longest) != 1:
        return None
    (person,) = longest
    about = _ABOUT.search(text)
    topic_text = "" if about is None else next(filter(None, about.groups()), "")
    topic_text = _SAYS.sub(" ", topic_text)
    topic = known.intersection(content_terms(topic_text, asked.language))
    if about is None:
        topic = words
    topic = frozenset(term for term in topic if not any(map(str.isdigit, term))) - person
    # What is called otherwise wherever it is spoken of is left to the scorer and the reader.
    return Saying(person, topic & frozenset().union(*(unit.own for unit in candidates)))


def of_whom_is_asked(
    saying: Saying | None, ranked: Sequence[Candidate], kept: Sequence[int]
) -> list[int]:
    """Return which units are the words of the person whom the question names.

    Args:
        saying: Who is asked for; None takes all.
        ranked: What may be quoted, best first.
        kept: Indices of those that are about what is asked.
    """
    if saying is None:
        return list(kept)
    return [at for at in kept if saying.is_by(ranked[at]) and saying.is_about(ranked[at])]
