"""Pairs: a passage and a claim, and whether the passage states it.

Three sources: units written for this (``written``: two passages that differ in one thing, and what
each of them states), the sets of ``reading/entailment``, and sentences of the passages of
``reading`` as they stand or with another name or number.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.reader.altered import altered
from ragflow_local.text.sentences import sentences

TRAIN, CHOOSE, REPORT = 0, 1, 2
WRITTEN = Path(__file__).parent / "written"
_ASIDE = 0.07, 0.07  # of the units of each source: to choose by, to report
_LONGEST = 600  # letters of a passage
_MOST_COPIES = 100  # of a file
_UNREAD = frozenset({"norquad", "faquad"})  # the reader is never trained on these
_AMID = 0.3  # share of the written pairs that also stand amid other sentences


@dataclass(frozen=True, slots=True)
class Pair:
    """A passage and a claim.

    Attributes:
        claim: A sentence.
        passage: Sentences, in their order.
        above: The heading over them; may be empty.
        is_stated: Whether the passage states the claim.
        language: Of both.
        source: Where the pair is from.
        use: TRAIN, CHOOSE or REPORT, the same for all pairs of a unit.
    """

    claim: str
    passage: tuple[str, ...]
    above: str
    is_stated: bool
    language: str
    source: str
    use: int


def all_pairs(data: Path, few: bool = False) -> list[Pair]:
    """Return the pairs of all sources; those of ``data`` are left out where it is not there.

    Args:
        data: The folder of ``reading``.
        few: Of each written unit some of the claims.
    """
    found = list(written_pairs(few=few))
    found += amid_others([pair for pair in found if pair.use == TRAIN])
    for path in sorted((data / "entailment").glob("*.jsonl")):
        found += _entailment(path)
    for path in sorted(data.glob("*.jsonl")):
        if path.stem not in _UNREAD:
            found += _copies(path)
    return found


def amid_others(pairs: list[Pair]) -> Iterator[Pair]:
    """Yield some of the pairs with a sentence of another passage before or after theirs."""
    chance = random.Random(len(pairs))
    others: dict[tuple[str, int], list[Pair]] = {}
    for pair in pairs:
        others.setdefault((pair.language, pair.use), []).append(pair)
    for pair in pairs:
        if chance.random() >= _AMID or sum(map(len, pair.passage)) > _LONGEST // 2:
            continue
        other = chance.choice(others[pair.language, pair.use])
        if other.passage[:1] == pair.passage[:1]:
            continue
        beside = (chance.choice(other.passage),)
        is_before = chance.random() < 0.5
        passage = (*beside, *pair.passage) if is_before else (*pair.passage, *beside)
        yield replace(pair, passage=passage)


def written_pairs(folder: Path = WRITTEN, few: bool = False) -> Iterator[Pair]:
    """Yield the pairs of the written units: each claim beside both passages.

    Args:
        folder: With the units.
        few: Of each unit two claims that one passage states, beside both; one that both state and
            one that neither does, beside one of them. More units fit in the same time so.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for row in _rows(path):
            use = _use(f"{path.stem} {row['a']}")
            for claim, side, is_stated in _few_of(row) if few else _claims_of(row):
                yield Pair(
                    claim,
                    _cut(row[side], 2 * _LONGEST),
                    row.get("above", ""),
                    is_stated,
                    row["language"],
                    f"written/{path.stem}",
                    use,
                )


def _claims_of(row: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yield each claim of a unit, which passage it is put beside, and whether that states it."""
    for side, other in (("a", "b"), ("b", "a")):
        for claim in (*row[f"{side}_only"], *row.get("both", ())):
            yield claim, side, True
        for claim in (*row[f"{other}_only"], *row.get("neither", ())):
            yield claim, side, False


def _few_of(row: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    chance = random.Random(row["a"])
    only = [(claim, side) for side in "ab" for claim in row[f"{side}_only"]]
    for claim, side in chance.sample(only, min(2, len(only))):
        yield claim, side, True
        yield claim, "b" if side == "a" else "a", False
    for kind, is_stated in (("both", True), ("neither", False)):
        for claim in chance.sample(row.get(kind, ()), min(1, len(row.get(kind, ())))):
            yield claim, chance.choice("ab"), is_stated


def _entailment(path: Path) -> Iterator[Pair]:
    for row in _rows(path):
        source = f"entailment/{path.stem}"
        if "premise" in row:
            passage, is_stated = row["premise"], row["label"] == "entailment"
            yield Pair(
                row["hypothesis"],
                _cut(passage),
                "",
                is_stated,
                row["language"],
                source,
                _use(passage),
            )
            continue
        if row["support"] == "partially_supported":
            continue
        right = [at for at, label in enumerate(row["labels"]) if label]
        if row["support"] == "supported" and not 0 < len(right) <= 3:
            continue
        chosen = right if row["support"] == "supported" else [0, 1]
        passage = " ".join(row["sentences"][at] for at in chosen if at < len(row["sentences"]))
        yield Pair(
            row["hypothesis"],
            _cut(passage),
            "",
            row["support"] == "supported",
            row["language"],
            source,
            _use(row["hypothesis"]),
        )


def _copies(path: Path) -> Iterator[Pair]:
    """Yield sentences of passages as they stand, and with another name or number."""
    chance = random.Random(path.stem)
    rows = [row for row in _rows(path) if "passage" in row]
    chance.shuffle(rows)
    for row in rows[:_MOST_COPIES]:
        said = [one for one in sentences(row["passage"]) if 20 < len(one) < _LONGEST // 3]
        if len(said) < 2:
            continue
        at = chance.randrange(len(said))
        around = said[max(0, at - chance.randrange(2)) : at + 1 + chance.randrange(2)]
        use = _use(row["passage"])
        source = f"copies/{path.stem}"
        yield Pair(said[at], tuple(around), "", True, row["language"], source, use)
        made = altered(said[at], row["passage"], row["language"], chance)
        if made:
            yield Pair(made, tuple(around), "", False, row["language"], source, use)


def _cut(text: str, most: int = _LONGEST) -> tuple[str, ...]:
    return tuple(sentences(text[:most])) or (text,)


def _use(unit: str) -> int:
    place = zlib.crc32(unit.encode()) / 2**32
    if place >= sum(_ASIDE):
        return TRAIN
    return CHOOSE if place < _ASIDE[0] else REPORT


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())
