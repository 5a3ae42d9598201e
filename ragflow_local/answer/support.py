"""Finds the hits that support a sentence of an answer.

Rules on words decide what is near the words of a passage. What is worded otherwise a small reader
is asked about, where the figures and names of the sentence stand in the passage; without the reader
it is meaning, where it is all but the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ragflow_local.answer.answered import with_answers
from ragflow_local.answer.clauses import mixes_up
from ragflow_local.answer.evidence import headings_of, supports, worded_otherwise
from ragflow_local.answer.matches import matched
from ragflow_local.answer.unit import Unit
from ragflow_local.answer.units import units_of
from ragflow_local.embedders import Embedder, Section
from ragflow_local.records import Hit, Vector
from ragflow_local.retrieve.similarity import calibrate
from ragflow_local.text.alike import is_same
from ragflow_local.text.folding import fold
from ragflow_local.text.languages import function_words, language_of, question_words
from ragflow_local.text.statement import Statement, Token
from ragflow_local.text.statement_parser import parse, parse_pair
from ragflow_local.text.statement_words import words_of

_FEWEST_TOKENS = 3  # a shorter claim says nothing without its question
_FEWEST_LETTERS = 5  # likewise, of a script without spaces
_LONGEST_FRAGMENT = 6  # tokens; a longer one is a sentence
_SURE_LETTERS, _SURE_WORDS = 400, 2  # a shorter text with fewer small words is any language
_STOPS = (".", "!", "。", "।", "۔")
_VERBS_SHOW = frozenset({"en", "de", "ru"})  # most verbs by their form; elsewhere helping ones
_ASKED_SHARE = 0.5  # of the question's rare words, weighed, in the sentence of a short answer


# Chance, by the reader, from which a passage states a claim, the mean of it alone and amid what is
# around it: where several of the claim's words are not in it, and where all but one are. By
# ``benchmarks/evidence.py``.
STATED, STATED_BUT_ONE = 0.65, 0.92
_READ = 6  # passages that a claim is read with
_AROUND = 2  # sentences or rows before and after, for a second look

# What the reader is asked: a claim, and passages; the chance that each states it.
Stated = Callable[[str, Sequence[Section]], Vector]

_BREAKS = re.compile(r",(?!\d)|\(")


@dataclass(slots=True)
class _Passage:
    """A sentence, two neighbours or a row, and what stands over it."""

    hit: int
    language: str
    text: str
    above: tuple[str, ...]
    cells: tuple[tuple[str, str], ...] = ()
    pair: tuple[str, str] | None = None
    vector: Vector | None = field(default=None, repr=False)


class Support:
    """Says which hits support a sentence."""

    def __init__(
        self,
        hits: Sequence[Hit],
        embedder: Embedder | None = None,
        question: str = "",
        stated: Stated | None = None,
    ) -> None:
        """Prepare the comparison.

        Args:
            hits: What the answer was given.
            embedder: Compares what is worded otherwise by meaning; None compares words alone.
            question: What is answered: a short answer is understood with it.
            stated: Asks the reader; None where it is not there.
        """
        self._hits = hits
        self._embedder = embedder
        self._question = question
        self._stated = stated
        told = question or " ".join(hit.chunk.content for hit in hits)
        self._language = language_of(told) or "en"
        self._vectors: dict[str, Vector] = {}

    def of(self, sentence: str) -> list[int]:
        """Return the index of the hit that says what ``sentence`` claims; empty for none."""
        return self.among(sentence, range(len(self._hits)))[:1]

    def checked(self, sentence: str, numbers: Sequence[int]) -> list[int]:
        """Return the marks a model set that are right; else the mark it should have set."""
        kept = self.among(sentence, numbers)
        return kept or self.of(sentence)

    def among(self, sentence: str, numbers: Sequence[int]) -> list[int]:
        """Return which of these hits say what ``sentence`` claims: by words, else by reading."""
        passages = [passage for passage in self._passages if passage.hit in numbers]
        supporting = self._saying(passages, sentence, by_meaning=False)
        if supporting:
            return supporting
        if self._stated is not None:
            return self._stating(passages, sentence, self._stated)
        if self._embedder is not None and self._embedder.knows(sentence):
            return self._saying(passages, sentence, by_meaning=True)
        return []

    def _saying(
        self, passages: Sequence[_Passage], sentence: str, *, by_meaning: bool
    ) -> list[int]:
        return list(
            dict.fromkeys(
                passage.hit
                for passage in passages
                if self._says(passage, sentence, by_meaning=by_meaning)
            )
        )

    def _stating(self, passages: Sequence[_Passage], sentence: str, stated: Stated) -> list[int]:
        """Return the hits with a passage that states the claim by the reader, the surest first."""
        near = self._nearest(passages, sentence)
        if not near:
            return []
        chances = stated(sentence, [_section(passage) for _, passage in near])
        best: dict[int, tuple[float, float, _Passage]] = {}
        for (missing, passage), chance in zip(near, chances, strict=True):
            least = STATED if missing > 1 else STATED_BUT_ONE
            # The mean with what is at most 1 must reach the least.
            if 1 + chance >= 2 * least and chance > best.get(passage.hit, (0.0,))[0]:
                best[passage.hit] = float(chance), least, passage
        if not best:
            return []
        amid = stated(sentence, [self._amid(passage) for *_, passage in best.values()])
        found = {
            hit: chance + float(around)
            for (hit, (chance, least, _)), around in zip(best.items(), amid, strict=True)
            if chance + around >= 2 * least
        }
        return sorted(found, key=lambda hit: -found[hit])

    def _amid(self, passage: _Passage) -> Section:
        """Return a passage with the two before and after it under the same headings."""
        units = [
            other
            for other in self._passages
            if other.hit == passage.hit and other.above == passage.above and other.pair is None
        ]
        own = passage.pair or (passage.text,)
        first = next(at for at, other in enumerate(units) if other.text == own[0])
        around = units[max(0, first - _AROUND) : first + len(own) + _AROUND]
        return replace(_section(passage), sentences=tuple(other.text for other in around))

    def _nearest(self, passages: Sequence[_Passage], sentence: str) -> list[tuple[int, _Passage]]:
        """Return the passages that may state a claim, those with most of its words first.

        Each has before it how many of the words it has not.
        """
        found: list[tuple[float, int, _Passage]] = []
        for passage in passages:
            claim = parse(sentence, passage.language)
            if not claim.tokens or _is_fragment(claim):
                continue
            above = headings_of(passage.above, passage.language)
            said = worded_otherwise(claim, _said(passage, claim, passage.language), above)
            if said is not None:
                found.append((-said[1], said[0], passage))
        found.sort(key=lambda one: one[0])
        return [(missing, passage) for _, missing, passage in found[:_READ]]

    def holding(self, value: str) -> list[int]:
        """Return which hits have a sentence or row that holds ``value`` whole, as it is."""
        return list(
            dict.fromkeys(
                passage.hit
                for passage in self._passages
                if passage.pair is None and _holds(passage, value)
            )
        )

    @cached_property
    def _passages(self) -> list[_Passage]:
        return [
            passage
            for number, hit in enumerate(self._hits)
            for passage in _passages_of(number, hit, self._language)
        ]

    def _says(self, passage: _Passage, sentence: str, *, by_meaning: bool) -> bool:
        language = passage.language
        claim = parse(sentence, language)
        if not claim.tokens:
            return False
        if _is_whole(sentence, claim) and _bare(sentence) == _bare(passage.text):
            return True
        above = headings_of(passage.above, language)
        for text in passage.pair or ():
            alone = parse(text, language)
            if mixes_up(claim, alone, matched(claim, alone, above)):
                return False
        statement = _said(passage, claim, language)
        near = (lambda: self._nearness(sentence, passage)) if by_meaning else None
        if not supports(claim, statement, above, near):
            return False
        return not _is_fragment(claim) or self._answers(passage, above)

    def _answers(self, passage: _Passage, above: Sequence[Token]) -> bool:
        """Return whether a passage holds what the question asks about."""
        if not self._question:
            return False
        language = passage.language
        asking = question_words(language_of(self._question))
        asked = [
            token
            for token in parse(self._question, language).tokens
            if token.kind == "run" or not token.forms <= asking
        ]
        statement = parse(passage.text, language)
        weights = [self._rarity(token) for token in asked]
        there = [
            weight
            for token, weight in zip(asked, weights, strict=True)
            if _stands_in(token, statement.tokens) or _stands_in(token, above)
        ]
        return sum(there) >= _ASKED_SHARE * sum(weights)

    def _rarity(self, token: Token) -> float:
        passages = [passage for passage in self._passages if passage.pair is None]
        known = sum(
            _stands_in(token, parse(passage.text, passage.language).tokens) for passage in passages
        )
        return math.log(1 + (len(passages) - known + 0.5) / (known + 0.5))

    def _nearness(self, sentence: str, passage: _Passage) -> float:
        assert self._embedder is not None
        cosine = self._vector(sentence) @ self._vector(passage.text)
        return float(calibrate(cosine, self._embedder.floor_of(sentence)))

    def _vector(self, text: str) -> Vector:
        assert self._embedder is not None
        if text not in self._vectors:
            self._vectors[text] = self._embedder.embed([text])[0]
        return self._vectors[text]


def _section(passage: _Passage) -> Section:
    """Return a passage as a section for the reader: its sentences and the nearest heading."""
    heading = passage.above[-1] if passage.above else ""
    return Section(passage.pair or (passage.text,), heading)


def _is_whole(sentence: str, claim: Statement) -> bool:
    """Return whether a claim is a sentence, by its stop and its length."""
    is_long = len(sentence.split()) > _FEWEST_TOKENS or any(
        len(token.text) >= _FEWEST_LETTERS for token in claim.tokens if token.kind == "run"
    )
    return is_long and sentence.rstrip().endswith(_STOPS)


def _bare(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".!。！।۔")


def _stands_in(token: Token, others: Sequence[Token]) -> bool:
    if token.kind != "run":
        return any(is_same(token, other) for other in others)
    size = min(2, len(token.text))
    pairs = [token.text[at : at + size] for at in range(len(token.text) - size + 1)]
    known = sum(
        any(pair in other.text for other in others if other.kind == "run") for pair in pairs
    )
    return 2 * known >= len(pairs)


def _holds(passage: _Passage, value: str) -> bool:
    wanted = parse(value, passage.language)
    if not wanted.tokens:
        return value.casefold() in passage.text.casefold()
    statement = parse(passage.text, passage.language)
    return all(_stands_whole(token, statement.tokens) for token in wanted.tokens)


def _stands_whole(token: Token, others: Sequence[Token]) -> bool:
    if token.kind == "run":
        return any(token.text in other.text for other in others if other.kind == "run")
    return any(is_same(token, other) for other in others)


def _is_fragment(claim: Statement) -> bool:
    """Return whether a claim is a short answer that says nothing without its question."""
    if any(token.kind == "run" for token in claim.tokens):
        letters = sum(len(token.text) for token in claim.tokens)
        return len(claim.phrases) == 1 and letters < _FEWEST_LETTERS
    is_sentence = claim.text.rstrip().endswith(_STOPS)
    if not words_of(claim.language, "aux"):  # whose verbs are not known
        return not is_sentence or len(claim.tokens) < _FEWEST_TOKENS - 1
    if claim.has_verb:
        return False
    if claim.language not in _VERBS_SHOW and is_sentence and len(claim.tokens) >= _FEWEST_TOKENS:
        return False
    return len(claim.tokens) < _FEWEST_TOKENS or (
        len(claim.tokens) <= _LONGEST_FRAGMENT and len(claim.phrases) == 1
    )


def _said(passage: _Passage, claim: Statement, language: str) -> Statement:
    """Return what a passage states; of a row the cells the claim is about."""
    if passage.pair is not None:
        return parse_pair(*passage.pair, language)
    if not passage.cells:
        return parse(passage.text, language)
    kept = [
        f"{name} {value}"
        for number, (name, value) in enumerate(passage.cells)
        if not number or _is_meant(value, claim, language)
    ]
    return parse(_BREAKS.sub(" ", " ".join(kept)), language)


def _is_meant(value: str, claim: Statement, language: str) -> bool:
    """Return whether a claim is about a cell: it has its figures, or most of its words."""
    tokens = parse(value, language).tokens
    there = [_stands_in(token, claim.tokens) for token in tokens]
    figures = [known for token, known in zip(tokens, there, strict=True) if token.is_figure]
    return all(figures) if figures else 2 * sum(there) > len(there)


def _passages_of(number: int, hit: Hit, asked: str) -> Iterator[_Passage]:
    """Yield what a chunk says, each sentence, pair of neighbours, and row.

    A question of the text states nothing: it stands above what answers it, as a heading does.
    """
    chunk = hit.chunk
    language = _language(chunk.content, asked)
    before: _Passage | None = None
    for unit in with_answers(units_of(chunk.content, chunk.headings, chunk.marked)):
        if unit.kind == "question":
            before = None
            continue
        above = (*unit.heads, unit.question) if unit.question else unit.heads
        cells = _cells(unit) if unit.kind == "row" else ()
        passage = _Passage(number, language, unit.said, above, cells)
        yield passage
        if unit.kind != "sentence":
            before = None
            continue
        if before is not None and before.above == above:
            both = (before.text, unit.text)
            yield _Passage(number, language, " ".join(both), above, pair=both)
        before = passage


def _language(content: str, asked: str) -> str:
    """Return the language of a chunk; where it has too few small words to tell, the question's."""
    language = language_of(content) or asked
    if len(content) > _SURE_LETTERS or not "".join(filter(str.isalpha, content)).isascii():
        return language
    small = function_words(language)
    told = sum(fold(word) in small for word in content.split())
    return language if told >= _SURE_WORDS else asked


def _cells(unit: Unit) -> tuple[tuple[str, str], ...]:
    cells = []
    for cell in unit.text.split("; "):
        name, mark, value = cell.partition(": ")
        cells.append((name, value) if mark else ("", name))
    return tuple(cells)
