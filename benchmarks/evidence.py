"""How often the evidence check marks claims that are true, and claims that are not.

    python -m benchmarks.evidence [--half HALF] [--verbose] [--words]

The claims are written by hand: ``evidence_claims.txt``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from ragflow_local.answer.support import Support
from ragflow_local.embedders import Embedder, open_embedder
from tests.answer.made import hit

HALVES: tuple[str, ...] = ("choose", "report", "fresh", "second", "third", "fourth", "fifth")
HALVES += ("sixth", "seventh", "eighth", "ninth")
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


def marked(topic: Topic, embedder: Embedder | None) -> list[list[int]]:
    hits = [
        hit(text, number, headings=tuple(headings.split(" > ")))
        for number, (headings, text) in enumerate(topic.chunks)
    ]
    support = Support(hits, embedder)
    return [support.of(text) for _, _, text in topic.claims]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=HALVES, default="choose")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--words", action="store_true", help="without an embedding model")
    given = parser.parse_args()
    embedder = None
    if not given.words:
        cache = Path(platformdirs.user_cache_dir("ragflow_local"))
        embedder = open_embedder("all-MiniLM-L6-v2", None, cache_dir=cache)
    counts: Counter[tuple[str, bool, bool]] = Counter()
    for topic in topics():
        if topic.half != given.half:
            continue
        for (kind, chunk, text), found in zip(topic.claims, marked(topic, embedder), strict=True):
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
