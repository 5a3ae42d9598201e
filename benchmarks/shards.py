"""Measures several projects searched as one: whether they find the same, and what a question costs.

    RAGFLOW_LOCAL_DATA=DIR python -m benchmarks.shards CACHE [SET…] [--questions N] [--json FILE]

Each set is kept once as one project, and once in 2, 4 and 16 shards, split by chance (a shard of
half of the documents, one of a quarter, and so on) and by topic (k-means of the embeddings, as
uneven as the topics are). Questions go to one project and to the shards in turn. Embedding the
question is the same for all, and left out of the times.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.corpora import DATA, retrieval_set
from benchmarks.projects import MODEL
from ragflow_local import RAGFlow
from ragflow_local.embedders import Embedder
from ragflow_local.records import Draft, Matrix, Vector
from ragflow_local.scale import Shards
from ragflow_local.stores.catalog import documents

SETS = ("hotpot100", "pubmedqa", "together")
COUNTS = (2, 4, 16)
TOP = 10


class Remembering:
    """A model whose vectors of the texts of a set are kept in a file."""

    def __init__(self, model: Embedder, file: Path) -> None:
        self._model = model
        self._file = file
        self._kept: dict[str, Vector] = {}
        if file.exists():
            with np.load(file) as kept:
                self._kept = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return the vectors of texts."""
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._kept}
        if new:
            self._kept |= dict(zip(new, self._model.embed(list(new.values())), strict=True))
        return np.array([self._kept[key] for key in keys], np.float32)

    def embed_query(self, question: str) -> Vector:
        """Return the vector of a question, computed once."""
        key = "asked " + hashlib.sha256(question.encode()).hexdigest()
        if key not in self._kept:
            self._kept[key] = self._model.embed_query(question)
        return self._kept[key]

    def save(self) -> None:
        """Keep what was embedded."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            self._file, keys=np.array(list(self._kept)), vectors=np.array(list(self._kept.values()))
        )


def texts_and_questions(name: str) -> tuple[list[str], list[str]]:
    """Return a set's texts and questions; ``together`` is three sets of three subjects."""
    names = ("hotpot100", "pubmedqa", "cisi") if name == "together" else (name,)
    sets = [retrieval_set(DATA / "retrieval" / some) for some in names]
    questions = [
        question
        for group in zip(*(some.questions[:100] for some in sets), strict=False)
        for question in group
    ]
    return [text for some in sets for text in some.documents], questions


def by_chance(texts: Sequence[str], count: int) -> NDArray[np.int64]:
    """Return a shard for each text: half of them, a quarter, …, as far as there are texts."""
    chance = np.random.default_rng(count)
    shares = np.array([max(0.5**number, 0.01) for number in range(1, count + 1)])
    return chance.choice(count, len(texts), p=shares / shares.sum())


def by_topic(vectors: Matrix, count: int) -> NDArray[np.int64]:
    """Return a shard for each text: that of the nearest of ``count`` centres."""
    chance = np.random.default_rng(count)
    centres = vectors[chance.choice(len(vectors), count, replace=False)]
    nearest = np.zeros(len(vectors), np.int64)
    for _ in range(20):
        nearest = np.argmax(vectors @ centres.T, axis=1)
        for number in range(count):
            if (nearest == number).any():
                centres[number] = vectors[nearest == number].mean(axis=0)
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    return nearest


def fill(folder: Path, texts: Sequence[tuple[int, str]], model: Remembering) -> None:
    """Make a project of texts, each a document of one chunk whose id is its number's."""
    if folder.exists():
        return
    unfinished = folder.with_name(folder.name + "~")
    with RAGFlow(project_dir=unfinished, embedding_model=MODEL, workers=1, durable=False) as rag:
        rag.project.models.embedder = lambda _: model  # type: ignore[assignment]  # in its place
        home = rag.create_dataset("kb")
        for number, text in texts:
            document = rag.add_document(home, f"{number}.txt", str(number).encode())
            with rag.project.catalog.read() as reading:
                row = documents.get(reading, document.id)
            assert row is not None
            rag.project.indexer.add_chunks(row, [Draft(text)], [f"{number:032x}"])
    unfinished.rename(folder)


def cpu_seconds() -> float:
    """Return the processor time of this process and of all shards' processes."""
    me = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (me, *me.children(recursive=True)))


class Cost:
    """Times of questions, added up."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0
        self.count = 0

    def asked(self, began: tuple[float, float]) -> None:
        """Add one that began then."""
        self.cpu += cpu_seconds() - began[0]
        self.wall += time.perf_counter() - began[1]
        self.count += 1

    def row(self) -> dict[str, float]:
        """Return milliseconds a question."""
        return {
            "cpu_ms": round(1000 * self.cpu / self.count, 2),
            "wall_ms": round(1000 * self.wall / self.count, 2),
        }


def compared(
    whole: Path, parts: Sequence[Path], questions: Sequence[str], model: Remembering
) -> dict[str, object]:
    """Return how often both find the same, and what a question costs each."""
    equal = same = 0
    one, many = Cost(), Cost()
    with RAGFlow(project_dir=whole, read_only=True) as rag, Shards(parts) as shards:
        for models in (rag.project.models, shards.models):
            models.embedder = lambda _: model  # type: ignore[method-assign]  # in its place
        for engine in (rag, shards):  # what is read once is read before
            for question in questions[:10]:
                engine.retrieval(question, ["kb"], limit=TOP, similarity_threshold=0.0)
        for question in questions:
            began = cpu_seconds(), time.perf_counter()
            expected = rag.retrieval(question, ["kb"], limit=TOP, similarity_threshold=0.0)
            one.asked(began)
            began = cpu_seconds(), time.perf_counter()
            found = shards.retrieval(question, ["kb"], limit=TOP, similarity_threshold=0.0)
            many.asked(began)
            equal += [hit.id for hit in expected] == [hit.id for hit in found]
            same += [hit.similarity for hit in expected] == [hit.similarity for hit in found]
        children = psutil.Process().children()
        memory = max(child.memory_full_info().uss for child in children) >> 20
    ratio = round(many.cpu / max(one.cpu, 0.001), 2), round(many.wall / one.wall, 2)
    return {
        "questions": len(questions),
        "top10_and_order_equal": equal,
        "similarities_equal": same,
        "one": one.row(),
        "shards": many.row(),
        "cpu_ratio": ratio[0],
        "wall_ratio": ratio[1],
        "largest_process_mib": memory,
    }


def measured(name: str, cache: Path, most: int) -> list[dict[str, object]]:
    """Return a row for each split of a set."""
    texts, questions = texts_and_questions(name)
    questions = questions[:most]
    folder = cache / name
    with RAGFlow.temporary(embedding_model=MODEL) as rag:
        model = Remembering(rag.project.embedder(MODEL), cache / f"{name}.npz")
        vectors = model.embed(texts)
        model.save()
        numbered = list(enumerate(texts))
        fill(folder / "whole", numbered, model)
        rows = []
        for way in ("chance", "topic"):
            for count in COUNTS:
                shard_of = by_chance(texts, count) if way == "chance" else by_topic(vectors, count)
                parts = []
                for number in range(count):
                    own = [numbered[at] for at in np.flatnonzero(shard_of == number).tolist()]
                    parts.append(folder / f"{way}{count}" / str(number))
                    fill(parts[-1], own, model)
                sizes = np.bincount(shard_of, minlength=count)
                row = compared(folder / "whole", parts, questions, model)
                rows.append(
                    {
                        "set": name,
                        "texts": len(texts),
                        "split": way,
                        "shards": count,
                        "smallest": int(sizes.min()),
                        "largest": int(sizes.max()),
                        "measured": row,
                    }
                )
                print(json.dumps(rows[-1]), flush=True)
        model.save()
    return rows


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--questions", type=int, default=10**6)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = [row for name in given.sets for row in measured(name, given.cache, given.questions)]
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
