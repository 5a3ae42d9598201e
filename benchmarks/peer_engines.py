"""One engine on one set, in a process of its own: texts in, seconds and rankings out, as JSON.

    python benchmarks/peer_engines.py ENGINE CORPUS.jsonl QUESTIONS.json MODEL FOLDER

Run by ``benchmarks.peers`` with the interpreter that has the engine; it imports nothing else of
this package. Loading libraries and weights is not counted: a text is embedded before the clock.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOUND = 10
PARSED_AT_ONCE = 64  # documents


class Engine(ABC):
    """What is measured of an engine."""

    def __init__(self, model: str, folder: Path) -> None:
        self.model, self.folder = model, folder

    @abstractmethod
    def add(self, texts: Sequence[str]) -> None:
        """Make texts searchable, and durable where the engine can."""

    @abstractmethod
    def search(self, question: str) -> list[int]:
        """Return the best ``FOUND`` texts by index, best first."""


class Ours(Engine):
    """RAGFlow's API: each text a document, parsed by worker processes."""

    def __init__(self, model: str, folder: Path) -> None:
        super().__init__(model, folder)
        from ragflow_local import RAGFlow

        self.rag = RAGFlow(project_dir=folder, embedding_model=model)
        warm = self.rag.create_dataset("warm")
        self.rag.create_document(warm, "a.txt", b"warm the embedder and the workers")
        document = self.rag.get_document(name="a.txt")
        document.async_parse()
        list(document.join(interval=0.05))
        self.dataset = self.rag.create_dataset("texts")

    def add(self, texts: Sequence[str]) -> None:
        """Add and parse, until every document is done: the first are read while others come."""
        documents = []
        for start in range(0, len(texts), PARSED_AT_ONCE):
            part = enumerate(texts[start : start + PARSED_AT_ONCE], start)
            added = self.dataset.add_documents((f"{at}.txt", text.encode()) for at, text in part)
            self.rag.async_parse_documents([document.id for document in added])
            documents += added
        for document in documents:
            *_, (_, message) = document.join(interval=0.05)
            assert document.run == "DONE", message

    def search(self, question: str) -> list[int]:
        """Search at the default weight; a document cut in two counts where it is found first."""
        found = self.rag.retrieval(
            question, [self.dataset], limit=2 * FOUND, similarity_threshold=0.0
        )
        names = dict.fromkeys(chunk.document_name for chunk in found)
        return [int(name.removesuffix(".txt")) for name in names][:FOUND]


class OursWithoutModel(Ours):
    """The same with words hashed: what is left is our own work."""

    def __init__(self, model: str, folder: Path) -> None:
        super().__init__("hashing", folder)


class OursMultilingual(Ours):
    """The same with the model of a hundred languages, which the others have not."""

    def __init__(self, model: str, folder: Path) -> None:
        super().__init__("multilingual-e5-small", folder)


class Txtai(Engine):
    """txtai: hybrid of its BM25 and faiss, weights as they come."""

    def __init__(self, model: str, folder: Path) -> None:
        super().__init__(model, folder)
        from txtai import Embeddings

        self.index: Any = Embeddings(path=model, hybrid=True, content=True)
        self.index.transform("warm")

    def add(self, texts: Sequence[str]) -> None:
        """Index, and save."""
        self.index.index(list(enumerate(texts)))
        self.index.save(str(self.folder / "index"))

    def search(self, question: str) -> list[int]:
        """Search."""
        return [int(row["id"]) for row in self.index.search(question, FOUND)]


class Chroma(Engine):
    """chromadb with sentence-transformers: vectors alone, which is what it has."""

    def __init__(self, model: str, folder: Path) -> None:
        super().__init__(model, folder)
        import chromadb
        from chromadb.config import Settings
        from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

        embed: Any = SentenceTransformerEmbeddingFunction(model_name=model)
        embed(["warm"])
        settings = Settings(anonymized_telemetry=False)
        client = chromadb.PersistentClient(str(folder), settings=settings)
        self.texts: Any = client.create_collection(
            "texts", embedding_function=embed, metadata={"hnsw:space": "cosine"}
        )

    def add(self, texts: Sequence[str]) -> None:
        """Add a thousand at a time."""
        for start in range(0, len(texts), 1000):
            part = list(texts[start : start + 1000])
            self.texts.add(ids=[str(start + at) for at in range(len(part))], documents=part)

    def search(self, question: str) -> list[int]:
        """Search."""
        found = self.texts.query(query_texts=[question], n_results=FOUND)
        return [int(id) for id in found["ids"][0]]


class Bm25s(Engine):
    """bm25s with the English stemmer: words alone."""

    def __init__(self, model: str, folder: Path) -> None:
        super().__init__(model, folder)
        import bm25s
        import Stemmer

        self.library: Any = bm25s
        self.stemmer = Stemmer.Stemmer("english")
        self.index: Any = bm25s.BM25()

    def add(self, texts: Sequence[str]) -> None:
        """Index, and save."""
        tokens = self.library.tokenize(list(texts), stemmer=self.stemmer, show_progress=False)
        self.index.index(tokens, show_progress=False)
        self.index.save(str(self.folder / "index"))

    def search(self, question: str) -> list[int]:
        """Search."""
        tokens = self.library.tokenize([question], stemmer=self.stemmer, show_progress=False)
        found, _ = self.index.retrieve(tokens, k=FOUND, show_progress=False)
        return [int(number) for number in found[0]]


ENGINES: dict[str, type[Engine]] = {
    "ragflow_local": Ours,
    "with multilingual-e5-small": OursMultilingual,
    "without a model": OursWithoutModel,
    "txtai": Txtai,
    "chromadb": Chroma,
    "bm25s": Bm25s,
}


def main() -> None:
    """Measure, and print one line of JSON."""
    name, corpus, asked, model, folder = sys.argv[1:]
    texts = json.loads(Path(corpus).read_text(encoding="utf-8"))
    questions = json.loads(Path(asked).read_text(encoding="utf-8"))
    engine = ENGINES[name](model, Path(folder))
    started = time.perf_counter()
    engine.add(texts)
    engine.search(questions[0])  # Searchable is what has been searched.
    adding = time.perf_counter() - started
    times, rankings = [], []
    for question in questions:
        begun = time.perf_counter()
        rankings.append(engine.search(question))
        times.append((time.perf_counter() - begun) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds": adding, "ms": times, "rankings": rankings, "MiB": peak}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
