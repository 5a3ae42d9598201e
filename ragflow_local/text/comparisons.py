"""Turns comparisons and trades round: A is longer than B says what B is shorter than A says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ragflow_local.text.alike import forms_of
from ragflow_local.text.folding import fold
from ragflow_local.text.statement import AGENT, Statement
from ragflow_local.text.statement_parser import parse
from ragflow_local.text.statement_words import comparatives, trades, words_of

_HAN = re.compile(r"^([^，。；]+?)比([^，。；]+?)(更?)({words})([^，。；]*)")


def converses(statement: Statement) -> Iterator[Statement]:
    """Yield the same comparison told from the other side; nothing for other statements.

    Args:
        statement: A claim.
    """
    if statement.language == "zh":
        yield from _of_runs(statement)
        return
    yield from _of_trades(statement)
    than = words_of(statement.language, "than")
    turned = _turned(statement, than)
    if turned is None:
        return
    compared = comparatives(statement.language)
    for index, token in enumerate(statement.tokens):
        for other in compared.get(fold(token.text), ()):
            tokens = [*turned.tokens]
            forms = forms_of(other, statement.language)
            tokens[index] = replace(token, text=other, forms=forms)
            yield replace(turned, tokens=tokens)
    for word in statement.kept:
        for other in compared.get(word, ()):
            phrases = [
                replace(phrase, marker=other) if phrase.marker == word else phrase
                for phrase in turned.phrases
            ]
            yield replace(turned, phrases=phrases, kept=statement.kept - {word} | {other})


def _of_trades(statement: Statement) -> Iterator[Statement]:
    """Yield what the other side did: A sold it to B says that B bought it from A."""
    for index, token in enumerate(statement.tokens):
        part = statement.part_of(index)
        for (verb, other), (before, behind) in trades(statement.language):
            if verb not in token.forms:
                continue
            own = [at for at, phrase in enumerate(statement.phrases) if phrase.part == part]
            agents = [at for at in own if statement.phrases[at].marker == AGENT]
            sides = [at for at in own if statement.phrases[at].marker == before]
            if len(agents) != 1 or len(sides) != 1:
                continue
            phrases, tokens = [*statement.phrases], [*statement.tokens]
            phrases[agents[0]] = replace(phrases[agents[0]], marker=behind)
            phrases[sides[0]] = replace(phrases[sides[0]], marker=AGENT)
            tokens[index] = replace(token, text=other, forms=forms_of(other, statement.language))
            yield replace(statement, phrases=phrases, tokens=tokens)


def _turned(statement: Statement, than: frozenset[str]) -> Statement | None:
    """Return the statement with what is compared in the other's place."""
    phrases = list(statement.phrases)
    compared = [index for index, phrase in enumerate(phrases) if phrase.marker in than]
    if len(compared) != 1:
        return None
    (at,) = compared
    if statement.tokens[phrases[at].tokens[0]].is_figure:
        return None  # less than 30 seconds compares with nothing that could change places
    subject = next(
        (
            index
            for index, phrase in enumerate(phrases[:at])
            if phrase.part == phrases[at].part and phrase.marker == AGENT
        ),
        None,
    )
    if subject is None:
        return None
    phrases[subject] = replace(phrases[subject], marker=phrases[at].marker)
    phrases[at] = replace(phrases[at], marker=AGENT)
    return replace(statement, phrases=phrases)


def _of_runs(statement: Statement) -> Iterator[Statement]:
    compared = comparatives("zh")
    words = "|".join(sorted(compared, key=len, reverse=True))
    match = re.match(_HAN.pattern.replace("{words}", words), statement.text)
    if match is None:
        return
    first, second, more, word, rest = match.groups()
    for other in compared[word]:
        yield parse(f"{second}比{first}{more}{other}{rest}", "zh")
