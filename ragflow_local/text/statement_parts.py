"""Arranges the parts of a parsed statement: lists are joined, pairs parted, roles given."""

from __future__ import annotations

from collections.abc import Collection

from ragflow_local.text.folding import fold
from ragflow_local.text.statement import AGENT, FIGURE, PATIENT, SAID, Phrase, Statement
from ragflow_local.text.verbs import is_english_past


def join_lists(statement: Statement, listed: Collection[int], firm: Collection[int]) -> None:
    """Join the parts that "and" made of a list: the mill and the barn in 2014.

    Args:
        statement: What is changed.
        listed: Parts that begin after such a word.
        firm: Parts that are clauses of their own.
    """
    for part in sorted(listed):
        own = [phrase for phrase in statement.phrases if phrase.part == part]
        before = [phrase for phrase in statement.phrases if phrase.part == part - 1]
        if len(own) < 2 or len(before) < 2 or own[0].sentence != before[0].sentence:
            continue
        if not _are_of_a_list(statement, before[-1], own[0]):
            continue
        is_said_before, is_said = (_has_verb(statement, phrases) for phrases in (before, own[1:]))
        markers = {phrase.marker for phrase in before}
        is_rest = all(phrase.marker and phrase.marker not in markers for phrase in own[1:])
        if is_said_before and not is_said and is_rest and part not in firm:
            target, moved = part - 1, own
        elif is_said and not is_said_before and part - 1 not in firm:
            target, moved = part, before
        else:
            continue
        for phrase in moved:
            statement.levels |= {
                (target, level) for at, level in statement.levels if at == phrase.part
            }
            phrase.part = target


def _are_of_a_list(statement: Statement, last: Phrase, first: Phrase) -> bool:
    """Return whether two phrases beside "and" are two nouns, or two names."""
    pair = [statement.tokens[phrase.tokens[0]] for phrase in (last, first)]
    if any(token.is_figure or token.kind == "run" for token in pair) or first.marker:
        return False
    return last.marker in ("", SAID) and (pair[0].kind == "name") == (pair[1].kind == "name")


def _has_verb(statement: Statement, phrases: Collection[Phrase]) -> bool:
    return any(
        phrase.marker == SAID or statement.verbs.intersection(phrase.tokens) for phrase in phrases
    )


def merge_single(statement: Statement, soft: Collection[int], firm: Collection[int]) -> None:
    """Join a part of one phrase, as of a list, with its neighbour of the same sentence.

    Args:
        statement: What is changed.
        soft: Parts that begin as the next of a list does.
        firm: Parts that are clauses of their own, whatever they hold.
    """
    parts = sorted({phrase.part for phrase in statement.phrases})
    for part in parts:
        own = [phrase for phrase in statement.phrases if phrase.part == part]
        if len(own) != 1 or part in firm:
            continue
        kinds = {statement.tokens[index].is_figure for index in own[0].tokens}
        first = statement.tokens[own[0].tokens[0]]
        if len(kinds) > 1 or (first.kind == "run" and not {part, part + 1}.intersection(soft)):
            continue  # a clause, where words are not parted
        later = [
            other
            for other in statement.phrases
            if other.part > part and other.sentence == own[0].sentence
        ]
        earlier = [
            other
            for other in statement.phrases
            if other.part < part and other.sentence == own[0].sentence
        ]
        belongs_before = part in soft and part + 1 not in soft  # runs it since 2016, B the other
        if earlier and (belongs_before or not later):
            target = earlier[-1].part
        else:
            target = later[0].part if later else part
        own[0].part = target
        statement.levels |= {(target, level) for at, level in statement.levels if at == part}


def split_repeated(statement: Statement) -> None:
    """Part "from 3 in May to 5 in June" before its second pair."""
    highest = max((phrase.part for phrase in statement.phrases), default=0)
    at: dict[tuple[int, str], int] = {}
    kinds = [statement.tokens[phrase.tokens[0]].kind for phrase in statement.phrases]
    for index, phrase in enumerate(statement.phrases):
        key = (phrase.part, phrase.marker)
        is_dated = kinds[index] in ("number", "year", "month", "day", "name")
        if phrase.marker in ("", SAID) or not is_dated:
            continue
        if key not in at or kinds[at[key]] != kinds[index]:
            at[key] = index
            continue
        before, first = index - 1, at[key] - 1
        start = before if before > at[key] and kinds[before] == kinds[max(first, 0)] else index
        if start <= at[key]:
            continue
        highest += 1
        old = phrase.part
        for other in statement.phrases[start:]:
            if other.part == old:
                other.part = highest
        at[highest, phrase.marker] = index


def mark_roles(statement: Statement) -> None:
    """Say of unmarked phrases who does and who suffers: the first, and those after it."""
    seen: set[int] = set()
    passive = {phrase.part for phrase in statement.phrases if phrase.marker == AGENT}
    statement.passive |= passive
    for phrase in statement.phrases:
        is_relative = phrase.part in statement.antecedents or _shares_subject(statement, phrase)
        if phrase.marker == SAID and is_relative and phrase.part not in seen | passive:
            statement.led.add(phrase.part)
        if phrase.marker:
            continue
        if not _is_nominal(statement, phrase):
            phrase.marker = FIGURE
        elif _is_participle(statement, phrase):
            phrase.marker = SAID
            statement.verbs.add(phrase.tokens[0])
            continue
        elif _is_adverb(statement, phrase, is_relative=is_relative):
            phrase.marker = SAID
            if is_relative and phrase.part not in seen | passive:
                statement.led.add(phrase.part)
            continue
        elif phrase.part in seen | passive | statement.led:
            phrase.marker = PATIENT
        else:
            phrase.marker = AGENT
        if phrase.marker != FIGURE:
            seen.add(phrase.part)


def _is_participle(statement: Statement, phrase: Phrase) -> bool:
    """Return whether a part begins with what was done: bought by Ann, shrank in Italy."""
    following = statement.phrases.index(phrase) + 1
    token = statement.tokens[phrase.tokens[0]]
    if following == len(statement.phrases) or len(phrase.tokens) > 1 or token.kind == "run":
        return False
    by = statement.phrases[following]
    is_bare = phrase.tokens[0] not in statement.definite and token.text[0].islower()
    is_past = statement.language == "en" and is_english_past(fold(token.text))
    if is_bare and is_past and by.part == phrase.part > 0 and by.marker not in ("", SAID):
        return True  # and shrank by 2 % in Italy
    return is_bare and by.marker == AGENT and by.part == phrase.part in statement.passive


def _shares_subject(statement: Statement, phrase: Phrase) -> bool:
    """Return whether a German part begins with its verb, so that its subject came before."""
    if statement.language != "de" or not phrase.part:
        return False
    first = next(one for one in statement.phrases if one.part == phrase.part)
    return statement.tokens[first.tokens[0]].text[0].islower() and first.marker in ("", SAID)


def _is_adverb(statement: Statement, phrase: Phrase, *, is_relative: bool) -> bool:
    """Return whether a phrase without a noun says how or when: who later trained."""
    tokens = [statement.tokens[index] for index in phrase.tokens]
    if tokens[0].kind == "run" or any(token.text[0].isupper() for token in tokens):
        return False
    if statement.language == "de":
        return True
    return is_relative and len(tokens) == 1 and phrase.tokens[0] not in statement.definite


def _is_nominal(statement: Statement, phrase: Phrase) -> bool:
    return not statement.tokens[phrase.tokens[0]].is_figure
