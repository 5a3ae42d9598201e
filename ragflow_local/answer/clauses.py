"""Checks a claim against the duties, exceptions and reasons of the sentence it rests on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ragflow_local.answer.matches import Match
from ragflow_local.text.statement import AGENT, PATIENT, SAID, Phrase, Statement
from ragflow_local.text.statement_words import words_of

_ALLOWED = frozenset({"can", "may"})
_DONE = frozenset({AGENT, PATIENT, SAID, ""})
_FREELY = ("except", "without")  # what stands behind these is left out of what is said


def keeps_duties(claim: Statement, statement: Statement, part: int, used: Collection[int]) -> bool:
    """Return whether the claim says "must" and "may" where the sentence does.

    What must not be done may not be done either: of what is negated nothing is decided here.

    Args:
        claim: A sentence of an answer.
        statement: The sentence of a chunk.
        part: Of the sentence, that the claim is about.
        used: All its parts of which the claim has words.
    """
    if any(token.is_negated for token in claim.tokens):
        return True
    ours = {level for _, level in claim.levels}
    theirs = {level for at, level in statement.levels if at == part}
    if not theirs & (_ALLOWED | {"must"}):
        theirs = {level for at, level in statement.levels if at in used}
    if "must" in ours:
        return "must" in theirs or not theirs & _ALLOWED
    return not ours & _ALLOWED or "must" not in theirs or bool(theirs & _ALLOWED)


def keeps_exceptions(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None]
) -> bool:
    """Return whether the claim stays clear of the sentence's exceptions ("except on Mondays")."""
    left_out = frozenset().union(*(words_of(statement.language, kind) for kind in _FREELY))
    excepted = words_of(statement.language, "except")
    for (index, token), place in zip(match.pieces, chosen, strict=True):
        if place is None or statement.phrase_of(place).marker not in left_out:
            continue
        if claim.phrase_of(index).marker not in left_out and not token.is_negated:
            return False
    is_of_all = any(level == "all" for _, level in claim.levels)
    places = {place for place in chosen if place is not None}
    return not is_of_all or all(
        places & set(phrase.tokens) for phrase in _marked(statement, excepted, places)
    )


def _marked(
    statement: Statement, words: Collection[str], places: Collection[int]
) -> Iterator[Phrase]:
    """Yield the phrases that follow one of these words in the clauses that the claim uses."""
    used = {statement.part_of(place) for place in places}
    yield from (
        phrase for phrase in statement.phrases if phrase.part in used and phrase.marker in words
    )


def keeps_subject(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None], part: int
) -> bool:
    """Return whether the claim's subject is the sentence's, and not just a name it mentions.

    "Lumar dismissed 120 people after a quarrel with Navalia" says of Navalia nothing that it did.
    """
    taken = {place for place in chosen if place is not None}
    own = [phrase for phrase in statement.phrases if phrase.part == part]
    doers = [phrase for phrase in own if phrase.marker == AGENT]
    if not doers or any(taken.intersection(phrase.tokens) for phrase in doers):
        return True
    return not any(
        claim.phrase_of(index).marker == AGENT
        and place is not None
        and "name" in (token.kind, statement.tokens[place].kind)
        and statement.phrase_of(place) in own
        and statement.phrase_of(place).marker not in _DONE
        for (index, token), place in zip(match.pieces, chosen, strict=True)
    )


def swaps_reason(claim: Statement, statement: Statement, match: Match) -> bool:
    """Return whether the claim swaps the sentence's cause and effect."""
    if not claim.reasons or not statement.reasons:
        return False
    moved: set[bool] = set()
    for (index, _), places in zip(match.pieces, match.places, strict=True):
        theirs = {place in statement.reasons for place in places}
        if len(theirs) == 1 and (index in claim.reasons) not in theirs:
            moved |= theirs
    return len(moved) > 1


def mixes_up(claim: Statement, statement: Statement, match: Match) -> bool:
    """Return whether the claim is made of the sentence's words, and says another thing.

    It mixes the words of two clauses, turns their order round, or takes the reason for its effect.
    """
    return any(mixes(claim, statement, match) for mixes in (_crosses, _turns_round, swaps_reason))


def _crosses(claim: Statement, statement: Statement, match: Match) -> bool:
    """Return whether the claim mixes up the words of two clauses of the sentence."""
    taken: dict[int, set[int]] = {}
    for (index, _), places in zip(match.pieces, match.places, strict=True):
        parts = {statement.part_of(place) for place in places}
        if len(parts) == 1:
            taken.setdefault(claim.part_of(index), set()).update(parts)
    mixed = [parts for parts in taken.values() if len(parts) > 1]
    return any(len(left & right) > 1 for at, left in enumerate(mixed) for right in mixed[at + 1 :])


def _turns_round(claim: Statement, statement: Statement, match: Match) -> bool:
    """Return whether the claim changes the order of two words of the sentence."""
    runs = [token.text for token in statement.tokens if token.kind == "run"]
    pieces = [(index, token.text) for index, token in match.pieces if token.kind == "run"]
    for at, (index, piece) in enumerate(pieces[1:], 1):
        before_at, before = pieces[at - 1]
        around = [run.partition(piece)[0] for run in runs if piece in run]
        if before_at != index or any(before in head for head in around):
            continue
        later = [text for _, text in pieces[at + 1 :] if len(text) > 1]
        if any(text in head for text in later for head in around):
            return True
    return False
