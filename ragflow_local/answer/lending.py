"""Decides which words of one clause also belong to another clause of the sentence."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ragflow_local.text.statement import AGENT, PATIENT, SAID, Phrase, Statement
from ragflow_local.text.statement_words import words_of

SUBJECT = frozenset({"", AGENT, PATIENT})


def lends(statement: Statement, place: int, part: int, taken: Collection[int]) -> bool:
    """Return whether a word of another clause also belongs to the clause ``part``.

    A part takes from one before it what it does not say anew, its subject above all; from a later
    one only what goes on about the same. From the sentence before, its subject alone.
    """
    phrase = statement.phrase_of(place)
    here = [other for other in statement.phrases if other.part == part]
    said_anew = [other for other in here if not _is_taken(statement, other, taken)]
    own = {_marker(statement, other) for other in said_anew}
    is_complement = bool(own) and phrase.tokens[0] in statement.verbs and place != phrase.tokens[0]
    if is_complement or _is_other_figure(statement, place, said_anew):
        return False  # A goes free, B at half the price
    if phrase.sentence != here[0].sentence:
        is_verb = statement.language == "de" and statement.tokens[place].text[0].islower()
        return not is_verb and _is_subject_of_both(statement, phrase, here[0], taken)
    if phrase.part < part and part in statement.antecedents:
        return _is_antecedent(statement, place, part)
    if phrase.part < part:
        is_second = _is_second_subject(statement, place, here)
        marker = _marker(statement, phrase)
        is_lent = not own & SUBJECT and (marker in SUBJECT or marker not in own)
        return is_lent and not is_second
    return _goes_on_about(statement, phrase, here, taken) and phrase.marker not in own


def _is_second_subject(statement: Statement, place: int, here: Sequence[Phrase]) -> bool:
    """Return whether a word would give a clause a second subject."""
    phrase = statement.phrase_of(place)
    is_verb = len(phrase.tokens) > 1 and place == phrase.tokens[-1]
    if statement.tokens[place].kind == "run" or phrase.marker != AGENT or is_verb:
        return False
    is_by = here[0].part in statement.passive  # who did it is no subject
    return not is_by and any(other.marker == AGENT for other in here)


def _marker(statement: Statement, phrase: Phrase) -> str:
    """Return the marker of a phrase; all words for "of" (du, des) have the same one."""
    return "of" if phrase.marker in words_of(statement.language, "of") else phrase.marker


def _is_other_figure(statement: Statement, place: int, said_anew: Sequence[Phrase]) -> bool:
    """Return whether the clause has its own figure of the same kind."""
    tokens = [statement.tokens[index] for phrase in said_anew for index in phrase.tokens]
    kinds = {token.kind for token in tokens if token.is_figure}
    return statement.tokens[place].is_figure and statement.tokens[place].kind in kinds


def _goes_on_about(
    statement: Statement, phrase: Phrase, here: Sequence[Phrase], taken: Collection[int]
) -> bool:
    """Return whether a later clause continues what this clause says."""
    theirs = [other for other in statement.phrases if other.part == phrase.part]
    used = {other.marker for other in here if _is_taken(statement, other, taken)}
    anew = {other.marker for other in theirs if not _is_taken(statement, other, taken)}
    is_by = phrase.marker == AGENT and phrase.part in statement.passive
    is_others = theirs[0].marker in SUBJECT and not _is_subject_taken(statement, theirs, taken)
    if is_by or is_others:
        return False
    return not anew & used - {SAID}


def _is_subject_taken(statement: Statement, part: Sequence[Phrase], taken: Collection[int]) -> bool:
    """Return whether the claim has the subject of a clause, not only its verb."""
    subject = part[0]
    has_verb = any(phrase.marker == SAID for phrase in part) or len(subject.tokens) == 1
    if has_verb or statement.tokens[subject.tokens[0]].kind == "run":
        return _is_taken(statement, subject, taken)
    return any(index in taken for index in subject.tokens[:-1])


def _is_antecedent(statement: Statement, place: int, part: int) -> bool:
    """Return whether a clause such as "who came" is about a word: nothing else is lent to it."""
    at = statement.antecedents[part]
    while statement.phrases[at].marker not in {*SUBJECT, SAID} and at:
        if statement.tokens[place].phrase == at:
            return True
        at -= 1  # the ship of Harris, which sank
    return statement.tokens[place].phrase == at


def _is_subject_of_both(
    statement: Statement, phrase: Phrase, anchor: Phrase, taken: Collection[int]
) -> bool:
    """Return whether a phrase of the sentence before is what the second sentence goes on about."""
    if phrase.sentence > anchor.sentence:
        return False
    subjects = [other for other in statement.phrases if other.marker in SUBJECT]
    first = next((subject for subject in subjects if subject.sentence == phrase.sentence), None)
    own = [
        subject
        for subject in subjects
        if subject.sentence == anchor.sentence and subject.part <= anchor.part
    ]
    is_first = first is not None and first in _with_of(statement, phrase)
    return is_first and all(_is_taken(statement, other, taken) for other in own)


def _with_of(statement: Statement, phrase: Phrase) -> list[Phrase]:
    """Return a phrase and what it is of: of Morlac, the bridge."""
    at = statement.tokens[phrase.tokens[0]].phrase
    chain = [phrase]
    while at and statement.phrases[at].marker in words_of(statement.language, "of"):
        at -= 1
        chain.append(statement.phrases[at])
    return chain


def _is_taken(statement: Statement, phrase: Phrase, taken: Collection[int]) -> bool:
    """Return whether the claim has a word of the phrase; of a script without spaces its first."""
    tokens = phrase.tokens
    if statement.tokens[tokens[0]].kind == "run":
        return -1 - tokens[0] in taken
    certain = [
        index
        for index in tokens
        if statement.tokens[index].is_figure or statement.tokens[index].kind == "name"
    ]
    if certain:
        return all(index in taken for index in certain)
    return any(index in taken for index in tokens)
