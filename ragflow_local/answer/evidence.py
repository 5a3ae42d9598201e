"""Decides whether a sentence supports a claim: figures, names, roles and negations must agree.

Every word of the claim that means something has to stand in the sentence, or over it as a heading,
bound to the same things. What is worded otherwise counts where its meaning is all but the same and
all figures and names are there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from ragflow_local.answer.clauses import keeps_duties, keeps_exceptions, keeps_subject, mixes_up
from ragflow_local.answer.lending import lends
from ragflow_local.answer.matches import Match, matched
from ragflow_local.text.comparisons import converses
from ragflow_local.text.folding import fold
from ragflow_local.text.statement import AGENT, PATIENT, Phrase, Statement, Token
from ragflow_local.text.statement_parser import parse
from ragflow_local.text.statement_words import opposites, words_of

Near = Callable[[], float]

# By benchmarks/evidence.py; see results/evidence.md.
_NEAR = 0.93  # calibrated cosine of a claim with a sentence that says the same in other words
_LEAST_SHARE = 0.5  # of a claim's words that the sentence has all the same
_FREE_LEVELS = frozenset({"all", "only", "can", "must"})  # may be left out by a claim
_OF_ALL = frozenset({"if", "unless"})  # of all parts of a sentence
# Their endings say who does what, and their words stand in any order.
_CASED = frozenset({"ru", "uk", "pl", "cs"})


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
    return _supports(claim, statement, above, near) or any(
        _supports(turned, statement, above, None) for turned in converses(claim)
    )


def _supports(
    claim: Statement, statement: Statement, above: Collection[Token], near: Near | None
) -> bool:
    match = matched(claim, statement, above)
    if mixes_up(claim, statement, match):
        return False
    parts = _parts(statement, match) if _has_what_counts(claim, statement) else []
    if not any(_is_bound(claim, statement, match, part) for part in parts):
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


def worded_otherwise(
    claim: Statement, statement: Statement, above: Collection[Token]
) -> tuple[int, float] | None:
    """Return how many of the claim's words the sentence has not, and the share that it has.

    None where it has all of them, so that the rules decide; and where it cannot state the claim: a
    figure or a name is not there, or a word's opposite is.
    """
    match = matched(claim, statement, above)
    missing = [token for token in match.missing if not _is_light(token, claim.language)]
    if not missing or any(token.is_figure or token.kind == "name" for token in missing):
        return None
    if _has_opposite(missing, statement):
        return None
    return len(missing), 1 - len(missing) / (len(match.pieces) + len(match.missing))


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
    levels = {level for _, level in claim.levels} - {"can", "must"}
    return levels <= {level for _, level in statement.levels}


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
        lent = here or [place for place in places if lends(statement, place, part, taken)]
        if not lent or (not here and _has_opposite([statement.tokens[lent[0]]], statement, part)):
            return False
        marker = claim.phrase_of(index).marker
        same = [place for place in lent if statement.phrase_of(place).marker == marker]
        chosen.append((same or lent)[0])
    used = {statement.part_of(place) for place in chosen if place is not None}
    return (
        _agrees(claim, statement, match, chosen)
        and _is_the_same(claim, statement, match, chosen)
        and _counts_all(claim, statement, match, chosen)
        and _keeps_levels(claim, statement, used)
        and keeps_duties(claim, statement, part, used)
        and keeps_exceptions(claim, statement, match, chosen)
        and keeps_subject(claim, statement, match, chosen, part)
        and _keeps_roles(claim, statement, match, chosen, part)
        and _keeps_sides(claim, statement, chosen)
        and _keeps_degrees(claim, statement, match, chosen)
        and _keeps_measures(claim, statement, match, chosen, part)
    )


def _agrees(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None]
) -> bool:
    """Return whether what one negates the other does too, clause by clause of the claim."""
    by_part: dict[int, list[tuple[bool, bool]]] = {}
    for (index, token), place in zip(match.pieces, chosen, strict=True):
        if place is not None:
            pair = token.is_negated, statement.tokens[place].is_negated
            by_part.setdefault(claim.part_of(index), []).append(pair)
    return all(
        any(left and right for left, right in pairs)
        if any(left for left, _ in pairs)
        else not any(right for _, right in pairs)
        for pairs in by_part.values()
    )


def _is_the_same(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None]
) -> bool:
    """Return whether the claim keeps words such as "vice" or "former" before a title."""
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
    wanted = {level for part, level in statement.levels if part in used or level in _OF_ALL}
    has = {level for _, level in claim.levels}
    return wanted - _FREE_LEVELS <= (has | {"may"} if "can" in has else has)


def _keeps_roles(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None], part: int
) -> bool:
    """Return whether nobody does in the claim what is done to him in the sentence."""
    if claim.language in _CASED and not _keeps_cases(claim, statement, match, chosen):
        return False
    pairs = [
        (claim.phrase_of(index), _role_of(statement, place, part))
        for (index, token), place in zip(match.pieces, chosen, strict=True)
        if place is not None
        and not _is_measured(claim, index)
        and not _is_measured(statement, place)
        and index not in claim.verbs
        and place not in statement.verbs
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
            if (there.marker, other.marker) != (right.marker, left.marker):
                continue
            is_marked = not {left.marker, right.marker} <= {AGENT, PATIENT}
            if statement.language != "de" or is_marked or _are_alike(statement, there, other):
                return False
    return _keeps_numbers(claim, statement, match, chosen)


def _is_measured(statement: Statement, index: int) -> bool:
    """Return whether a word is a figure or the thing counted, which cannot be an agent."""
    before = statement.phrase_of(index).tokens[0]
    return statement.tokens[index].is_figure or statement.tokens[before].is_figure


def _role_of(statement: Statement, place: int, part: int) -> Phrase:
    """Return the phrase of a word, with its role in one clause of the sentence."""
    phrase = statement.phrase_of(place)
    is_who = statement.antecedents.get(part) == statement.tokens[place].phrase
    if is_who and part in statement.led:
        return replace(phrase, marker=AGENT)
    if phrase.part != part and part in statement.passive and phrase.marker == AGENT:
        return replace(phrase, marker=PATIENT)  # built in 1998 and bought by Ann
    return phrase


def _keeps_cases(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None]
) -> bool:
    """Return whether names have the same case endings beside a shared verb."""
    pairs = [
        (index, place)
        for (index, _), place in zip(match.pieces, chosen, strict=True)
        if place is not None
    ]
    if not any(index in claim.verbs and place in statement.verbs for index, place in pairs):
        return True
    names = [
        (claim.tokens[index].text, statement.tokens[place].text)
        for index, place in pairs
        if "name" in (claim.tokens[index].kind, statement.tokens[place].kind)
        and not claim.tokens[index].is_figure
    ]
    return all(fold(left) == fold(right) for left, right in names)


def _keeps_sides(claim: Statement, statement: Statement, chosen: Sequence[int | None]) -> bool:
    """Return whether the claim says nothing about what the sentence only compares with."""
    than = words_of(statement.language, "than")
    if any(phrase.marker in than for phrase in claim.phrases):
        return True
    sides = [at for at in statement.sides if at < len(statement.tokens)]
    return not any(
        place >= at and statement.part_of(place) == statement.part_of(at)
        for place in chosen
        if place is not None
        for at in sides
    )


def _are_alike(statement: Statement, left: Phrase, right: Phrase) -> bool:
    """Return whether both phrases have a definite article, or neither does."""
    return (left.tokens[0] in statement.definite) == (right.tokens[0] in statement.definite)


def _keeps_degrees(
    claim: Statement, statement: Statement, match: Match, chosen: Sequence[int | None]
) -> bool:
    """Return whether the claim keeps "more", "less", "before" and "after" as they are."""
    degrees = words_of(claim.language, "degree") | words_of(claim.language, "keep")
    pairs = [
        (claim.phrase_of(index).marker, statement.phrase_of(place).marker)
        for (index, _), place in zip(match.pieces, chosen, strict=True)
        if place is not None
    ]
    return all(left == right for left, right in pairs if left in degrees and right in degrees)


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
