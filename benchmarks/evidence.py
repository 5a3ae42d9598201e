"""How often the evidence check marks claims that are true, and claims that are not.

    python -m benchmarks.evidence [--half HALF] [--verbose] [--words] [--unread] [--chances]

The claims are written by hand: ``evidence_claims.txt``. ``--chances`` prints what would be marked
if the reader had to be more or less sure.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import platformdirs

from ragflow_local.answer import support
from ragflow_local.embedders import Embedder, Reader, Section, open_embedder, open_reader
from ragflow_local.records import Vector
from tests.answer.made import hit

HALVES: tuple[str, ...] = ("choose", "report", "fresh", "second", "third", "fourth", "fifth")
HALVES += ("sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth")
LAST, CHOSEN = HALVES[-2:], "chosen"  # those that nothing was chosen on, and all the others
CLAIMS = Path(__file__).with_name("evidence_claims.txt")


@dataclass(slots=True)
class Topic:
    """Chunks of several documents, and claims about them: kind, chunk, text."""

    half: str
    language: str
    chunks: list[tuple[str, str]] = field(default_factory=list)
    claims: list[tuple[str, int | None, str]] = field(default_factory=list)


def topics() -> Iterator[Topic]:
    found: list[Topic] = []
    for line in CLAIMS.read_text("utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "topic":
            half, language = rest.split()
            found.append(Topic(half, language))
        elif kind == "chunk":
            headings, _, text = rest.partition(" | ")
            plain = text.replace("\\t", "\t").replace("\\n", "\n")
            found[-1].chunks.append((headings, plain))
        elif kind and kind != "#":
            chunk, _, text = rest.partition(" ")
            found[-1].claims.append((kind, None if chunk == "-" else int(chunk), text))
    yield from found


def marked(
    topic: Topic, embedder: Embedder | None, reader: Reader | Kept | None
) -> list[list[int]]:
    hits = [
        hit(text, number, headings=tuple(headings.split(" > ")))
        for number, (headings, text) in enumerate(topic.chunks)
    ]
    check = support.Support(hits, embedder, stated=reader.stated if reader else None)
    return [check.of(text) for _, _, text in topic.claims]


def _is_of(topic: Topic, half: str) -> bool:
    return topic.half not in LAST if half == CHOSEN else topic.half == half


class Kept:
    """The reader, each claim and passage read once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[tuple[str, Section], float] = {}

    def stated(self, claim: str, passages: Sequence[Section]) -> Vector:
        """Return (len(passages),) the chance that each states the claim."""
        new = [one for one in passages if (claim, one) not in self._known]
        for one, chance in zip(new, self._reader.stated(claim, new).tolist(), strict=True):
            self._known[claim, one] = chance
        return np.array([self._known[claim, one] for one in passages], np.float32)


def by_chance(half: str, embedder: Embedder | None, reader: Kept) -> None:
    print("| chance | true marked | false marked |\n|---|---|---|")
    but_one = support.STATED_BUT_ONE
    for chance in (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 1.01):
        support.STATED, support.STATED_BUT_ONE = chance, max(chance, but_one)
        counts: Counter[tuple[bool, bool]] = Counter()
        for topic in topics():
            if not _is_of(topic, half):
                continue
            for (_, chunk, _), found in zip(
                topic.claims, marked(topic, embedder, reader), strict=True
            ):
                is_marked = bool(found) if chunk is None else found[:1] == [chunk]
                counts[chunk is not None, is_marked] += 1
        true, false = (counts[is_true, True] for is_true in (True, False))
        wholes = [counts[is_true, True] + counts[is_true, False] for is_true in (True, False)]
        print(f"| {chance} | {true} of {wholes[0]} | {false} of {wholes[1]} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=(*HALVES, CHOSEN), default="choose")
    parser.add_argument("--chances", action="store_true", help="of the reader")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--words", action="store_true", help="without an embedding model")
    parser.add_argument("--unread", action="store_true", help="without the reader")
    given = parser.parse_args()
    reader = None if given.unread else open_reader(None)
    embedder = None
    if not given.words:
        cache = Path(platformdirs.user_cache_dir("ragflow_local"))
        embedder = open_embedder("all-MiniLM-L6-v2", None, cache_dir=cache)
    if given.chances:
        if reader is None:
            raise SystemExit("The reader is not there.")
        by_chance(given.half, embedder, Kept(reader))
        return
    counts: Counter[tuple[str, bool, bool]] = Counter()
    for topic in topics():
        if not _is_of(topic, given.half):
            continue
        for (kind, chunk, text), found in zip(
            topic.claims, marked(topic, embedder, reader), strict=True
        ):
            is_true = chunk is not None
            is_right = chunk in found if is_true else not found
            for language in (topic.language, "all"):
                counts[language, is_true, is_right] += 1
            if given.verbose and not is_right:
                print(topic.language, kind, chunk, found, text)
    print("| language | true marked | false marked |\n|---|---|---|")
    for language in [*sorted({language for language, *_ in counts} - {"all"}), "all"]:
        true, false = (
            [counts[language, is_true, is_right] for is_right in (True, False)]
            for is_true in (True, False)
        )
        print(f"| {language} | {true[0]} of {sum(true)} | {false[1]} of {sum(false)} |")


if __name__ == "__main__":
    main()
