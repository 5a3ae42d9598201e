"""Embedding: texts a second and agreement of the ONNX form, beside sentence-transformers on torch.

    python -m benchmarks.embedding [--sets hotpot100 cisi] [--rounds 5]

Both sides run in turns in one process on the same texts, so what else the machine does hits both.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.corpora import DATA, retrieval_set
from ragflow_local.embedders import Embedder, open_embedder
from ragflow_local.embedders.onnx import cores
from ragflow_local.evaluation.measures import ndcg
from ragflow_local.records import Matrix, Vector

MODEL = "all-MiniLM-L6-v2"
SETS = ("hotpot100", "cisi", "lihua_half", "pubmedqa", "dureader_demo", "cmrc2018_trial")
RESULT = Path(__file__).parent / "results" / "embedding.md"
TOKENS, TEXTS = 128, 128

_OPEN = """
import sys, time
start = time.perf_counter()
from pathlib import Path
from ragflow_local.embedders import open_embedder
embedder = open_embedder({model!r}, None, cache_dir=Path({cache!r}))
embedder.embed_query("what is a first vector")
print(time.perf_counter() - start, "torch" in sys.modules)
"""


def first_vector(cache: Path) -> tuple[float, bool]:
    """Return seconds from a new process's start to its first vector, and if torch was loaded."""
    code = _OPEN.format(model=MODEL, cache=str(cache))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    return float(done[0]), done[1] == "True"


def texts_of_length(tokenizer_file: Path) -> list[str]:
    """Return texts that each are ``TOKENS`` tokens, [CLS] and [SEP] included."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    corpus = " ".join(retrieval_set(DATA / "retrieval" / "hotpot100").documents)
    found = tokenizer.encode(corpus[:400_000], add_special_tokens=False)
    size = TOKENS - 2
    starts = [found.offsets[number * size][0] for number in range(TEXTS + 1)]
    return [corpus[start:end] for start, end in pairwise(starts)]


def in_turns(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return seconds of each side, run one after the other ``rounds`` times after a warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(rounds + 1):
        for name, run in sides.items():
            start = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def ranking(documents: Matrix, question: Vector) -> list[int]:
    """Return the ten nearest documents."""
    order: list[int] = np.argsort(-(documents @ question), kind="stable")[:10].tolist()
    return order


def quality(name: str, fast: Embedder, original: Embedder) -> str:
    """Return one line of the table: nDCG@10 of both, and how alike the vectors are."""
    judged = retrieval_set(DATA / "retrieval" / name)
    figures, vectors = [], []
    for embedder in (original, fast):
        found = embedder.embed(judged.documents)
        asked = np.stack([embedder.embed_query(question) for question in judged.questions])
        pairs = zip(asked, judged.relevant, strict=True)
        figures.append(statistics.mean(ndcg(ranking(found, one), grades) for one, grades in pairs))
        vectors.append(np.concatenate([found, asked]))
    cosines = np.sum(vectors[0] * vectors[1], axis=1)
    return (
        f"| {name} | {figures[0]:.4f} | {figures[1]:.4f} | {figures[1] - figures[0]:+.4f} |"
        f" {cosines.mean():.4f} | {cosines.min():.4f} | {cosines.max():.4f} |"
    )


def speed(fast: Embedder, rounds: int) -> list[str]:
    """Return the lines of the table of texts a second."""
    from sentence_transformers import SentenceTransformer

    from ragflow_local.embedders import resolve

    plain = SentenceTransformer(str(resolve(MODEL, None)), device="cpu")
    assert fast.tokenizer_file is not None
    texts = texts_of_length(fast.tokenizer_file)
    found = in_turns(
        {
            "sentence-transformers on torch": lambda: plain.encode(
                texts, normalize_embeddings=True, show_progress_bar=False
            ),
            "ragflow_local, ONNX form": lambda: fast.embed(texts),
        },
        rounds,
    )
    rates = {name: TEXTS / statistics.median(values) for name, values in found.items()}
    slow = next(iter(rates.values()))
    lines = [f"| {name} | {rate:.1f} | {rate / slow:.2f} |" for name, rate in rates.items()]
    cosines = np.sum(plain.encode(texts, normalize_embeddings=True) * fast.embed(texts), axis=1)
    return [
        "| | texts a second | times |",
        "|---|---|---|",
        *lines,
        "",
        f"Median of {rounds} rounds in turns, {TEXTS} texts of {TOKENS} tokens. Cosine of the two:"
        f" mean {cosines.mean():.4f}, least {cosines.min():.4f}, most {cosines.max():.4f}.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"{DATA} is not there: set RAGFLOW_LOCAL_DATA to the folder that holds retrieval/")
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        made, _ = first_vector(cache)
        again = [first_vector(cache) for _ in range(5)]
        fast = open_embedder(MODEL, None, cache_dir=cache)
        original = open_embedder(MODEL, None, cache_dir=cache, backend="torch")
        packages = ("torch", "sentence-transformers", "onnxruntime", "tokenizers")
        lines = [
            "# Embedding",
            "",
            f"`python -m benchmarks.embedding`, {datetime.now(UTC):%Y-%m-%d}, {MODEL},"
            f" {cores()} cores, {platform.machine()}, Python {platform.python_version()}, "
            + ", ".join(f"{package} {version(package)}" for package in packages)
            + ".",
            "",
            *speed(fast, given.rounds),
            "",
            f"First vector in a new process: {made:.1f} s at the model's first use, when the fast"
            f" form is made; {statistics.median(seconds for seconds, _ in again):.2f} s from then"
            f" on (median of five; torch {'was' if again[0][1] else 'is not'} loaded).",
            "",
            "| set | nDCG@10 torch | ONNX form | difference | mean cosine | least | most |",
            "|---|---|---|---|---|---|---|",
        ]
        for name in given.sets:
            lines.append(quality(name, fast, original))
            print(lines[-1], flush=True)
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
