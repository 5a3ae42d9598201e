"""What the one writer costs: chunks that are read and embedded in, chunks in the catalog out.

    python -m benchmarks.writer [--against FOLDER] [--rounds 2] [SIZE …]

``FOLDER`` is a checkout of an earlier version: its writer and this one take turns in one run.
Chunks of 117 words, eight a document; reading, cutting and embedding are done before the clock.
Counted is the processor time of the whole process, merging in the background included.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import psutil

from benchmarks.corpora import Zipf
from benchmarks.measure import machine, measured_in, write
from ragflow_local import RAGFlow
from ragflow_local.embedders import Embedder
from ragflow_local.ingest import drafts as ingest_drafts
from ragflow_local.ingest import wire
from ragflow_local.records import DocumentRow, Draft
from ragflow_local.text.tokens import token_counter

SIZES = (64, 512, 4096, 16384)
WORDS, OF_A_DOCUMENT = 117, 8
MODEL = "all-MiniLM-L6-v2"


class Given:
    """An embedder that has all vectors already."""

    def __init__(self, real: Any) -> None:
        self.dim, self.fingerprint, self.floor = real.dim, real.fingerprint, real.floor
        self.tokenizer_file, self.max_tokens = real.tokenizer_file, real.max_tokens
        pool = np.random.default_rng(0).standard_normal((20_000, self.dim)).astype(np.float32)
        self._pool = pool / np.linalg.norm(pool, axis=1, keepdims=True)
        self._at = 0

    def embed(self, texts: Sequence[str]) -> Any:
        """Return the next vectors."""
        self._at = (self._at + len(texts)) % (len(self._pool) - len(texts))
        return self._pool[self._at : self._at + len(texts)]


def texts(seed: int) -> Iterator[str]:
    """Yield texts of ``WORDS`` words that occur as in real text."""
    zipf = Zipf(seed, 100_000)
    while True:
        words = " ".join(zipf.chunks(200)).split()
        for start in range(0, len(words) - WORDS, WORDS):
            yield " ".join(words[start : start + WORDS]).capitalize() + "."


def parsed_of(document: Any, drafts: list[Draft], count_tokens: Callable[[str], int]) -> Any:
    """Return a document as it comes from a worker, in the form that this version's writer takes."""
    beside: dict[str, Any] = {}
    if hasattr(ingest_drafts, "Counted"):  # what a worker sends beside the chunks
        from ragflow_local.ingest.counted import counted_of

        beside["counted"] = counted_of(drafts, document.name, count_tokens)
    return ingest_drafts.Parsed(document, drafts, [], lambda: False, **beside)


def measured(size: int, chunks: int) -> dict[str, float]:
    """Return what groups of ``size`` chunks cost, ``chunks`` in all."""
    source = texts(size)
    with tempfile.TemporaryDirectory() as name:
        rag = RAGFlow(project_dir=Path(name) / "p", embedding_model=MODEL, workers=1)
        dataset = rag.create_dataset("kb")
        given = Given(rag.project.embedder(MODEL))
        indexer = rag.project.indexer
        indexer._embedder_of = lambda _: cast(Embedder, given)
        with rag.project.catalog.write():  # one commit
            for number in range((chunks + size) // OF_A_DOCUMENT):
                rag.create_document(dataset, f"{number}.txt", b"the same bytes")
        documents = dataset.list_docs(limit=-1)
        groups = []
        count_tokens = token_counter(given.tokenizer_file)
        rows = indexer.begin([document.id for document in documents])
        for start in range(0, len(rows), size // OF_A_DOCUMENT):
            group = []
            for row in rows[start : start + size // OF_A_DOCUMENT]:
                drafts = [Draft(next(source)) for _ in range(OF_A_DOCUMENT)]
                group.append(parsed_of(row, drafts, count_tokens))
            groups.append(group)
        indexer.replace_documents(groups[0], lambda _: None)  # the clock starts warm
        time.sleep(0.5)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun, clock = time.process_time(), time.perf_counter()
        for group in groups[1:]:
            indexer.replace_documents(group, lambda _: None)
        wall = time.perf_counter() - clock
        time.sleep(1.0)  # what is merged behind
        took = time.process_time() - begun
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        count = sum(len(one.drafts) for group in groups[1:] for one in group)
        rag.close()
    return {
        "chunks/CPU s": count / took,
        "chunks/s": count / wall,
        "MiB more": grown / 1024,
    }


def waiting() -> dict[str, float]:
    """Return what documents take in memory that wait to be committed, as many as may."""
    # Not of an earlier version, which imports this script too.
    from ragflow_local.ingest.counted import counted_of, received, sent
    from ragflow_local.ingest.drafted import Drafted
    from ragflow_local.ingest.tasks import Parse

    source, count_tokens = texts(1), token_counter(None)
    queue = Drafted(lambda: False)
    queue._chunks_a_second = 1e6
    with tempfile.TemporaryDirectory() as name:
        frames = [Path(name) / str(number) for number in range(3000)]
        for frame in frames:  # all before: the analyzer's caches are a worker's
            drafts = [Draft(next(source)) for _ in range(OF_A_DOCUMENT)]
            counted = sent(counted_of(drafts, "a.txt", count_tokens))
            frame.write_bytes(msgspec.msgpack.encode(wire.Chunked(drafts, [], counted)))
        before, chunks = psutil.Process().memory_info().rss, 0
        for frame in frames:
            if not queue.has_room():
                break
            reply = msgspec.msgpack.decode(frame.read_bytes(), type=wire.Chunked)
            parse = Parse(cast(DocumentRow, None), 0, cast(Any, None), "")
            parse.drafts = reply.drafts
            parse.counted = received(reply.counted, reply.drafts, "a.txt")
            queue.put(parse)
            chunks += len(reply.drafts)
        grown = psutil.Process().memory_info().rss - before
    return {"chunks": chunks, "MiB counted": queue._bytes / 2**20, "MiB taken": grown / 2**20}


def main() -> None:
    """Measure in turn, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--chunks", type=int, default=8192)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    given = parser.parse_args()
    versions = {"now": Path(__file__).parents[1]}
    if given.against:
        versions = {"before": given.against.resolve(), **versions}
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for size in given.sizes:
        rounds: dict[str, list[dict[str, float]]] = {version: [] for version in versions}
        for _ in range(given.rounds):
            for version, folder in versions.items():
                found = measured_in(folder, "benchmarks.writer", size, max(given.chunks, size))
                rounds[version].append(found)
                print(size, version, found, flush=True)
        figures[str(size)] = {
            version: max(found, key=lambda one: one["chunks/CPU s"])
            for version, found in rounds.items()
        }
    ahead = waiting()
    print(ahead, flush=True)
    write("writer", page(figures, ahead), {"writer": figures, "waiting": ahead})


def page(figures: dict[str, dict[str, dict[str, float]]], ahead: dict[str, float]) -> str:
    """Return the page of results."""
    lines = [
        "# What the one writer costs",
        "",
        f"{machine()}. `python -m benchmarks.writer --against CHECKOUT`: chunks of {WORDS} words,"
        f" {OF_A_DOCUMENT} a document, read, cut and embedded before the clock, committed in groups"
        " and waited for on the disk. Processor seconds are of the whole process, merging in the"
        " background included; both versions in turn, the best of the rounds.",
        "",
        "| chunks a group | " + " | ".join(next(iter(figures.values()))) + " | times |",
        "|---" * (len(next(iter(figures.values()))) + 2) + "|",
    ]
    for size, versions in figures.items():
        rates = [found["chunks/CPU s"] for found in versions.values()]
        cells = " | ".join(f"{rate:,.0f}" for rate in rates)
        lines.append(f"| {int(size):,} | {cells} | {rates[-1] / rates[0]:.2f} |")
    lines += [
        "",
        "Chunks a processor second; what a group takes in memory beyond the one before:"
        f" {max(found['now']['MiB more'] for found in figures.values()):.0f} MiB at most.",
        "",
        f"Waiting to be committed, with their terms, are {ahead['chunks']:,.0f} such chunks at"
        f" most, counted as {ahead['MiB counted']:.0f} MiB; they take"
        f" {ahead['MiB taken']:.0f} MiB.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
