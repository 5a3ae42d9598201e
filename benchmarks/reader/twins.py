"""Twins: two versions of a passage, and questions that only one of them answers.

A unit changes a few words of a passage so that it speaks of something else, or exchanges two things
in it. Each of its questions is answered by one version and not by the other, and each version
answers some of them: neither question nor passage tells by itself whether there is an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

WRITTEN = Path(__file__).parent / "written"


@dataclass(frozen=True)
class Unit:
    """One change of a passage, and what is asked.

    Attributes:
        passage: Its name, as ``rows.name_of`` makes it.
        edits: What is changed, and to what; letter for letter of one sentence each.
        asked: Questions that the passage as it is answers, and the number of the sentence, from 0.
        asked_of_edited: Questions that the edited one answers.
    """

    passage: str
    edits: tuple[tuple[str, str], ...]
    asked: tuple[tuple[str, int], ...]
    asked_of_edited: tuple[tuple[str, int], ...]


def read_units(folder: Path) -> Iterator[tuple[str, Unit]]:
    """Yield the units of the files ``twins-LANGUAGE-….jsonl``, each with its language."""
    for path in sorted(folder.glob("twins-*.jsonl")):
        language = path.stem.removeprefix("twins-").rpartition("-")[0]
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield (
                language,
                Unit(
                    row["passage"],
                    tuple((old, new) for old, new in row["edits"]),
                    _numbered(row["asked"]),
                    _numbered(row["asked_of_edited"]),
                ),
            )


def _numbered(asked: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple((text, number - 1) for text, number in asked)


def edited(sentences: Sequence[str], edits: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the sentences with all edits made at once.

    Raises:
        ValueError: What an edit changes stands in no sentence, in several places, or in another's.
    """
    spots: list[tuple[int, int, int, str]] = []
    for old, new in edits:
        places = [(at, one.find(old)) for at, one in enumerate(sentences) if old in one]
        if len(places) != 1 or sentences[places[0][0]].count(old) != 1:
            raise ValueError(f"{old!r} does not stand in the passage exactly once")
        (at, start) = places[0]
        spots.append((at, start, start + len(old), new))
    spots.sort()
    for one, other in pairwise(spots):
        if one[0] == other[0] and other[1] < one[2]:
            raise ValueError(f"{one[3]!r} and {other[3]!r} are put in the same place")
    found = list(sentences)
    for at, start, end, new in reversed(spots):
        found[at] = found[at][:start] + new + found[at][end:]
    return tuple(found)
