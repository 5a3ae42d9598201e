"""Finds where the words of a claim stand in a sentence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ragflow_local.text.alike import is_same
from ragflow_local.text.statement import Statement, Token
from ragflow_local.text.statement_words import words_of


@dataclass(slots=True)
class Match:
    """Holds where each word of a claim was found in a sentence.

    Attributes:
        places: For each token of the claim (or piece of a run) the tokens it may be.
        missing: Tokens that stand nowhere.
        heads: Runs of the sentence whose beginning the claim has, each as -1 - its number.
        pieces: The claim's tokens, runs parted into what the sentence has of them.
    """

    pieces: list[tuple[int, Token]] = field(default_factory=list)
    places: list[list[int]] = field(default_factory=list)
    missing: list[Token] = field(default_factory=list)
    heads: set[int] = field(default_factory=set)


def matched(claim: Statement, statement: Statement, above: Collection[Token]) -> Match:
    """Return where the words of a claim stand in a sentence, or in the headings over it."""
    match = Match()
    for index, token in enumerate(claim.tokens):
        if token.kind == "run":
            _match_run(index, token, statement, above, match)
            continue
        places = [number for number, other in enumerate(statement.tokens) if is_same(token, other)]
        if places or any(is_same(token, other) for other in above):
            match.pieces.append((index, token))
            match.places.append(places)
        else:
            match.missing.append(token)
    return match


def _match_run(
    index: int, token: Token, statement: Statement, above: Collection[Token], match: Match
) -> None:
    """Split a run of characters into the longest pieces that the sentence contains too."""
    text, at, missing = token.text, 0, ""
    runs = [
        (number, other.text) for number, other in enumerate(statement.tokens) if other.kind == "run"
    ]
    over = [other.text for other in above]
    unsame = tuple(words_of(statement.language, "unsame"))
    while at < len(text):
        for size in range(len(text) - at, 0, -1):
            piece = text[at : at + size]
            places = [number for number, run in runs if _stands_alone(piece, run, unsame)]
            is_whole = size > 1 or len(text) == 1 or any(run == piece for _, run in runs)
            if is_whole and (places or any(piece in other for other in over)):
                match.pieces.append(
                    (index, Token(piece, frozenset(), "run", is_negated=token.is_negated))
                )
                match.places.append(places)
                match.heads |= {-1 - number for number, run in runs if run.startswith(piece)}
                break
        else:
            missing += text[at]
            at += 1
            continue
        _note_missing(missing, match)
        missing, at = "", at + size
    _note_missing(missing, match)


def _stands_alone(piece: str, run: str, unsame: tuple[str, ...]) -> bool:
    """Return whether a piece stands somewhere without a prefix that changes it: 馆长, 副馆长."""
    at = run.find(piece)
    while at >= 0:
        if not run[:at].endswith(unsame):
            return True
        at = run.find(piece, at + 1)
    return False


def _note_missing(text: str, match: Match) -> None:
    if text:
        match.missing.append(Token(text, frozenset({text}), "run"))
