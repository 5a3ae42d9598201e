"""Projects that hold the same documents: one has all of them, several have a part each."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ragflow_local import RAGFlow
from ragflow_local.records import Draft
from ragflow_local.scale import Shards
from ragflow_local.stores.catalog import documents

Corpus = Mapping[str, Sequence[str]]  # texts by the document's name
Found = list[tuple[str, float, float, float, tuple[str, ...]]]


def id_of(name: str, at: int) -> str:
    """The same in every project, so that equal similarities are ordered alike."""
    return hashlib.sha256(f"{name}\0{at}".encode()).hexdigest()[:32]


def fill(folder: Path, corpus: Corpus, dataset: str = "kb", model: str = "hashing") -> None:
    with RAGFlow(project_dir=folder, embedding_model=model, workers=1, durable=False) as rag:
        home = rag.create_dataset(dataset)
        for name, texts in corpus.items():
            document = rag.add_document(home, name, name.encode())
            with rag.project.catalog.read() as reading:
                row = documents.get(reading, document.id)
            assert row is not None
            drafts = [Draft(text) for text in texts]
            rag.project.indexer.add_chunks(row, drafts, [id_of(name, i) for i in range(len(texts))])


@dataclass(frozen=True)
class Libraries:
    """One project, and the shards that hold the same."""

    whole: Path
    parts: list[Path]

    @classmethod
    def of(cls, folder: Path, *parts: Corpus) -> "Libraries":
        whole: dict[str, Sequence[str]] = {}
        directories = []
        for number, part in enumerate(parts):
            directories.append(folder / f"part{number}")
            fill(directories[-1], part)
            whole |= part
        fill(folder / "whole", whole)
        return cls(folder / "whole", directories)

    def open(self) -> "Pair":
        return Pair(
            RAGFlow(project_dir=self.whole, embedding_model="hashing", read_only=True),
            Shards(self.parts, processes=False),
        )


class Pair:
    """One project and shards, both open."""

    def __init__(self, rag: RAGFlow, shards: Shards) -> None:
        self.rag = rag
        self.shards = shards

    def __enter__(self) -> "Pair":
        return self

    def __exit__(self, *_: object) -> None:
        self.rag.close()
        self.shards.close()

    def of_one(self, question: str, **options: object) -> Found:
        hits = self.rag.retrieval(question, ["kb"], **options)  # type: ignore[arg-type]  # as given
        return [(hit.id, *_similarities(hit), tuple(hit.remarks)) for hit in hits]

    def of_shards(self, question: str, **options: object) -> Found:
        hits = self.shards.retrieval(question, ["kb"], **options)
        return [(hit.id, *_similarities(hit), tuple(hit.remarks)) for hit in hits]

    def check(self, question: str, **options: object) -> Found:
        """Both find the same, to the last bit."""
        found = self.of_one(question, **options)
        assert self.of_shards(question, **options) == found
        return found


def _similarities(hit: object) -> tuple[float, float, float]:
    names = ("similarity", "vector_similarity", "term_similarity")
    one, two, three = (getattr(hit, name) for name in names)
    return one, two, three


WORDS = [
    "pump",
    "valve",
    "boiler",
    "roof",
    "cellar",
    "garden",
    "kettle",
    "window",
    "whale",
    "kraken",
    "reef",
    "harbour",
    "sea",
    "storm",
    "wind",
    "rain",
    "snow",
    "letter",
    "contract",
    "invoice",
    "manual",
    "diary",
    "repair",
    "leak",
    "bleed",
    "close",
    "open",
    "sleep",
    "swim",
    "order",
]


def made(seed: int, documents_count: int, chunks: int = 3) -> dict[str, list[str]]:
    """Documents of chance, of words as common as in texts."""
    chance = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(WORDS) + 1)
    corpus = {}
    for number in range(documents_count):
        title = " ".join(chance.choice(WORDS, 2))
        corpus[f"{title} {number}.txt"] = [
            " ".join(chance.choice(WORDS, chance.integers(3, 30), p=weights / weights.sum())) + "."
            for _ in range(chance.integers(1, chunks + 1))
        ]
    return corpus


def split(corpus: Corpus, sizes: Sequence[int]) -> list[dict[str, Sequence[str]]]:
    """Parts of so many documents, in order; what is left over is in the last."""
    names = list(corpus)
    parts = []
    for number, size in enumerate(sizes):
        taken = names[:size] if number < len(sizes) - 1 else names
        names = names[len(taken) :]
        parts.append({name: corpus[name] for name in taken})
    return parts


def copied(folder: Path, whole: Path, parts: Sequence[Sequence[str]]) -> Libraries:
    """Shards that are copies of a project, in each of which all other documents were deleted."""
    directories = []
    for number, kept in enumerate(parts):
        directory = folder / f"copy{number}"
        shutil.copytree(whole, directory)
        with RAGFlow(project_dir=directory, workers=1, durable=False) as rag:
            for document in rag.get_dataset("kb").list_docs(limit=-1):
                if document.name not in kept:
                    document.delete()
        directories.append(directory)
    return Libraries(whole, directories)
