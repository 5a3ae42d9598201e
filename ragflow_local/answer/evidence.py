"""Decides whether a sentence supports a claim: figures, names, roles and negations must agree.

Every word of the claim that means something has to stand in the sentence, or over it as a heading,
bound to the same things. What is worded otherwise counts where its meaning is all but the same and
all figures and names are there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ragflow_local.answer.matches import Match, matched
from ragflow_local.text.folding import fold
from ragflow_local.text.statement import AGENT, PATIENT, SAID, Phrase, Statement, Token
from ragflow_local.text.statement_parser import parse
from ragflow_local.text.statement_words import opposites, words_of

Near = Callable[[], float]

# By benchmarks/evidence.py; see results/evidence.md.
_NEAR = 0.93  # calibrated cosine of a claim with a sentence that says the same in other words
_LEAST_SHARE = 0.5  # of a claim's words that the sentence has all the same
_FREE_LEVELS = frozenset({"all", "only", "can"})  # may be left out by a claim
# Their endings say who does what, and their words stand in any order.
_CASED = frozenset({"ru", "uk", "pl", "cs"})
_SUBJECT = frozenset({"", AGENT, PATIENT})


def supports(
    claim: Statement,
    statement: Statement,
    above: Collection[Token] = (),
    near: Near | None = None,
) -> bool:
    """Return whether ``statement`` states what ``claim`` does.

    Args:
        claim: A sentence of an answer.
        statement: A sentence of a chunk, two neighbours, or a row.
        above: The words of the headings over it.
        near: Returns the calibrated cosine of the two; asked only where it can decide.
    """
    match = matched(claim, statement, above)
    if not any(match.places) or not _has_what_counts(claim, statement):
        return False
    if not any(_is_bound(claim, statement, match, part) for part in _parts(statement, match)):
        return False
    missing = [token for token in match.missing if not _is_light(token, claim.language)]
    if not missing:
        return True
    share = 1 - len(missing) / (len(match.pieces) + len(match.missing))
    if share < _LEAST_SHARE or near is None:
        return False
    if any(token.is_figure or token.text[0].isupper() for token in missing):
        return False
    return not _has_opposite(missing, statement) and near() >= _NEAR


def _is_light(token: Token, language: str) -> bool:
    light = words_of(language, "light")
    if token.kind == "run":
        return token.text in light or all(letter in light for letter in token.text)
    return not token.is_figure and (fold(token.text) in light or bool(token.forms & light))


def _has_opposite(tokens: Sequence[Token], statement: Statement, part: int | None = None) -> bool:
    """Return whether a sentence, or a part of it, has the opposite of a word."""
    pairs = opposites(statement.language)
    there = {
        form
        for index, token in enumerate(statement.tokens)
        if part is None or statement.part_of(index) == part
        for form in (*token.forms, fold(token.text))
    }
    return any(
        (form, other) in pairs
        for token in tokens
        for form in (*token.forms, fold(token.text))
        for other in there
    )


def _has_what_counts(claim: Statement, statement: Statement) -> bool:
    """Return whether function words that decide are in both: before, more, all, only."""
    if not all(word in statement.kept or _stands(word, statement) for word in claim.kept):
        return False
    return {level for _, level in claim.levels} <= {level for _, level in statement.levels} | {
        "can"
    }


def _stands(word: str, statement: Statement) -> bool:
    """Return whether a function word stands in a sentence, or begins a word of it: an-nehmen."""
    if not word.isascii() and statement.language in ("zh", "ja"):
        return word in statement.text
    tokens = (fold(token.text) for token in statement.tokens if token.text[0].islower())
    return word in fold(statement.text).split() or any(
        token.startswith(word) and len(token) > len(word) + 3 for token in tokens
    )


def _parts(statement: Statement, match: Match) -> list[int]:
    """Return the parts that may be what the claim says, that with most of its words first."""
    counts: dict[int, int] = {}
    for places in match.places:
        for part in {statement.part_of(place) for place in places}:
            counts[part] = counts.get(part, 0) + 1
    return sorted(counts, key=lambda part: -counts[part])


def _is_bound(claim: Statement, statement: Statement, match: Match, part: int) -> bool:
    """Return whether the claim's words belong to one part of ``statement``."""
    taken = {place for places in match.places for place in places} | match.heads
    chosen: list[int | None] = []
    for (index, _), places in zip(match.pieces, match.places, strict=True):
        if not places:
            chosen.append(None)  # stands over it as a heading
            continue
        here = [place for place in places if statement.part_of(place) == part]
        lent = here or [place for place in places if _lends(statement, place, part, taken)]
        if not lent or (not here and _has_opposite([statement.tokens[lent[0]]], statement, part)):
            return False
        marker = claim.phrase_of(index).marker
        same = [place for place in lent if statement.phrase_of(place).marker == marker]
        chosen.append((same or lent)[0])
    used = {statement.part_of(place) for place in chosen if place is not None}
    return (
        _agrees(match, statement, chosen)
        and _is_the_same(claim, statement, match, chosen)
        and _counts_all(claim, statement, match, chosen)
        and _keeps_levels(claim, statement, used)
        and _keeps_roles(claim, statement, match, chosen)
        and _keeps_measures(claim, statement, match, chosen, part)
    )


def _lends(statement: Statement, place: int, part: int, taken: Collection[int]) -> bool:
    """Return whether a word of another part also belongs to ``part``.

    A part takes from one before it what it does not say anew, its subject above all; from a later
    one only what goes on about the same. From the sentence before, its subject alone.
    """
    phrase = statement.phrase_of(place)
    here = [other for other in statement.phrases if other.part == part]
    own = {other.marker for other in here if not _is_taken(statement, other, taken)}
    kinds = {
        statement.tokens[index].kind
        for other in here
        if not _is_taken(statement, other, taken)
        for index in other.tokens
        if statement.tokens[index].is_figure
    }
    if statement.tokens[place].is_figure and statement.tokens[place].kind in kinds:
        return False
    subject = phrase.marker in _SUBJECT
    if phrase.sentence != here[0].sentence:
        is_verb = statement.language == "de" and statement.tokens[place].text[0].islower()
        return not is_verb and _is_subject_of_both(statement, phrase, here[0], taken)
    if phrase.part < part:
        return not own & _SUBJECT and (subject or phrase.marker == SAID or phrase.marker not in own)
    theirs = [other for other in statement.phrases if other.part == phrase.part]
    used = {other.marker for other in here if _is_taken(statement, other, taken)}
    anew = {other.marker for other in theirs if not _is_taken(statement, other, taken)}
    if theirs[0].marker in _SUBJECT and not _is_taken(statement, theirs[0], taken):
        return False
    return phrase.marker not in own and not anew & used - {SAID}


def _is_subject_of_both(
    statement: Statement, phrase: Phrase, anchor: Phrase, taken: Collection[int]
) -> bool:
    """Return whether a phrase of the sentence before is what the second sentence goes on about."""
    if phrase.sentence > anchor.sentence:
        return False
    subjects = [other for other in statement.phrases if other.marker in _SUBJECT]
    first = next((subject for subject in subjects if subject.sentence == phrase.sentence), None)
    own = [
        subject
        for subject in subjects
        if subject.sentence == anchor.sentence and subject.part <= anchor.part
    ]
    return phrase is first and all(_is_taken(statement, other, taken) for other in own)


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


def _agrees(match: Match, statement: Statement, chosen: Sequence[int | None]) -> bool:
    """Return whether what one negates the other does too."""
    pairs = [
        (token.is_negated, statement.tokens[place].is_negated)
        for (_, token), place in zip(match.pieces, chosen, strict=True)
        if place is not None
    ]
    if any(left for left, _ in pairs):
        return any(left and right for left, right in pairs)
    return not any(right for _, right in pairs)


def _is_the_same(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None]
) -> bool:
    """Return whether no word changes whom the claim names, such as vice or former."""
    unsame = words_of(statement.language, "unsame")
    places = {place for place in chosen if place is not None}
    for (index, _), place in zip(match.pieces, chosen, strict=True):
        if place is None:
            continue
        phrase = statement.phrase_of(place)
        beside = {place - 1, place + 1}.intersection(phrase.tokens) - places
        if any(fold(statement.tokens[at].text) in unsame for at in beside):
            return False
        owned = statement.owned.intersection(phrase.tokens) - places
        if phrase.marker != claim.phrase_of(index).marker and any(at < place for at in owned):
            return False
    return True


def _counts_all(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None]
) -> bool:
    """Return whether what the claim says of all, the sentence says of all of the same."""
    return all(
        place in statement.counted
        for (index, _), place in zip(match.pieces, chosen, strict=True)
        if place is not None and index in claim.counted
    )


def _keeps_levels(claim: Statement, statement: Statement, used: Collection[int]) -> bool:
    """Return whether the claim goes no further: most, may, if are said where the sentence does."""
    wanted = {level for part, level in statement.levels if part in used or level == "if"}
    has = {level for _, level in claim.levels}
    return wanted - _FREE_LEVELS <= (has | {"may"} if "can" in has else has)


def _keeps_roles(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None]
) -> bool:
    """Return whether nobody does in the claim what is done to him in the sentence."""
    pairs = [
        (claim.phrase_of(index), statement.phrase_of(place))
        for (index, token), place in zip(match.pieces, chosen, strict=True)
        if place is not None
        and not token.is_figure
        and not (
            claim.language in _CASED
            and token.kind in ("name", "first")
            and token.text == statement.tokens[place].text
        )
    ]
    for left, there in pairs:
        for right, other in pairs:
            if left is right or there is other or left.marker == right.marker:
                continue
            if there.marker == right.marker and other.marker == left.marker:
                return False
    return _keeps_numbers(claim, statement, match, chosen)


def _keeps_numbers(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None]
) -> bool:
    """Return whether figures stand after the same words: from 3 to 5 is not from 5 to 3."""
    pairs = [
        (claim.phrase_of(index).marker, statement.phrase_of(place).marker)
        for (index, token), place in zip(match.pieces, chosen, strict=True)
        if place is not None and token.is_figure
    ]
    return not any(left != right and (right, left) in pairs for left, right in pairs)


def _keeps_measures(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None], part: int
) -> bool:
    """Return whether a counted word is not said uncounted: every two years, every year."""
    places = {place for place in chosen if place is not None}
    for place in places:
        before = statement.tokens[place - 1] if place else None
        is_uncounted = before is None or before.kind != "number" or place - 1 in places
        if is_uncounted or statement.part_of(place) != part:  # a noun that the part leaves unsaid
            continue
        assert before is not None
        if before.phrase == statement.tokens[place].phrase:
            return False
    return all(
        _counts_the_same(claim, statement, index, place, places)
        for (index, token), place in zip(match.pieces, chosen, strict=True)
        if place is not None and token.kind == "number"
    )


def _counts_the_same(
    claim: Statement, statement: Statement, index: int, place: int, places: Collection[int]
) -> bool:
    """Return whether a number counts in the sentence what it counts in the claim."""
    counted, there = _after(claim, index), _after(statement, place)
    return counted is None or there is None or there in places


def _after(statement: Statement, index: int) -> int | None:
    """Return the word that a number counts: the next of its phrase."""
    following = index + 1
    if following >= len(statement.tokens) or statement.tokens[following].is_figure:
        return None
    return (
        following if statement.tokens[following].phrase == statement.tokens[index].phrase else None
    )


def headings_of(texts: Sequence[str], language: str) -> list[Token]:
    """Return the words of headings, to be given to ``supports``."""
    return [token for text in texts for token in parse(text, language).tokens]
