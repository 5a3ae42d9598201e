"""What a publish writes and a fetch reads, of a project in which one document of a hundred changed.

    python -m benchmarks.publish [--documents 1024]

Documents of eight chunks of 117 words, each with a vector of 384 numbers; ten of them get other
texts, spread over the project; the project is closed and opened before each publish. Published to a
folder on the same disk; seconds are what the calls took, on the disk when they end.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from benchmarks.measure import machine, write
from benchmarks.writer import MODEL, OF_A_DOCUMENT, Given, parsed_of, texts
from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.embedders import Embedder
from ragflow_local.records import Draft
from ragflow_local.scale import fetch
from ragflow_local.text.tokens import token_counter

CHANGED = 10
_GROUP = 512  # documents written at once


class Writer:
    """A project whose documents get texts without being read or embedded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._source = texts(7)
        self._given: Any = None

    def opened(self) -> RAGFlow:
        """Open the project."""
        rag = RAGFlow(project_dir=self._folder, embedding_model=MODEL, workers=1)
        if self._given is None:
            self._given = Given(rag.project.embedder(MODEL))
        rag.project.indexer._embedder_of = lambda _: cast(Embedder, self._given)
        return rag

    def add(self, rag: RAGFlow, names: list[str]) -> None:
        """Add documents, each with bytes and chunks of its own."""
        if not rag.list_datasets():
            rag.project.embedder_of(rag.create_dataset("kb")._row)  # which notes the model
        [dataset] = rag.list_datasets()
        with rag.project.catalog.write():  # one commit
            for name in names:
                rag.create_document(dataset, name, next(self._source).encode())
        self.parse(rag, names)

    def parse(self, rag: RAGFlow, names: list[str]) -> None:
        """Give documents new chunks."""
        count = token_counter(self._given.tokenizer_file)
        ids = {
            document.name: document.id for document in rag.list_datasets()[0].list_docs(limit=-1)
        }
        for start in range(0, len(names), _GROUP):
            rows = rag.project.indexer.begin([ids[name] for name in names[start : start + _GROUP]])
            group = [
                parsed_of(row, [Draft(next(self._source)) for _ in range(OF_A_DOCUMENT)], count)
                for row in rows
            ]
            rag.project.indexer.replace_documents(group, lambda _: None)


def steps(writer: Writer, documents: int) -> Iterator[tuple[str, Callable[[RAGFlow], object]]]:
    """Yield what is done before each publish."""
    names = [f"{number}.txt" for number in range(documents)]
    some = names[:: documents // CHANGED][:CHANGED]
    yield f"{documents:,} documents, all new", lambda rag: writer.add(rag, names)
    yield "nothing changed", lambda rag: None
    yield f"{CHANGED} documents with other texts", lambda rag: writer.parse(rag, some)
    more = [f"new {number}.txt" for number in range(CHANGED)]
    yield f"{CHANGED} documents added", lambda rag: writer.add(rag, more)
    yield f"{CHANGED} documents deleted", lambda rag: deleted(rag, some)
    yield "vacuum", lambda rag: rag.vacuum()


def deleted(rag: RAGFlow, names: list[str]) -> None:
    """Delete documents by name."""
    for name in names:
        rag.get_document(name=name).delete()


def measured(documents: int) -> list[dict[str, Any]]:
    """Return what each step costs to publish and to fetch."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        writer = Writer(base / "project")
        for what, work in steps(writer, documents):
            with writer.opened() as rag:
                work(rag)
            with writer.opened() as rag:
                begun = time.perf_counter()
                published = rag.publish(base / "store")
                publishing = time.perf_counter() - begun
            begun = time.perf_counter()
            fetched = fetch(base / "store", base / "readers")
            fetching = time.perf_counter() - begun
            report = examine(base / "readers")
            assert report.is_healthy, report.problems
            rows.append(
                {
                    "what": what,
                    "catalog": published.catalog_bytes,
                    "written": published.written_bytes,
                    "publish_seconds": publishing,
                    "read": fetched.read_bytes,
                    "fetch_seconds": fetching,
                }
            )
            print(rows[-1], flush=True)
    return rows


def page(rows: list[dict[str, Any]]) -> str:
    """Return the page of results."""
    lines = [
        "# What a publish writes and a fetch reads",
        "",
        f"{machine()}. `python -m benchmarks.publish`: chunks of 117 words with 384 numbers each,"
        " eight a document; the project is closed and opened before each publish. Published to a"
        " folder on the same disk; what is written and read is compressed, and has the list of"
        " pages in it. Each row follows on the one above.",
        "",
        "| since the publish before | catalog MB | written MB | of the catalog | seconds"
        " | fetch reads MB | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['what']} | {row['catalog'] / 1e6:.1f} | {row['written'] / 1e6:.2f}"
        f" | {row['written'] / row['catalog']:.1%} | {row['publish_seconds']:.2f}"
        f" | {row['read'] / 1e6:.2f} | {row['fetch_seconds']:.2f} |"
        for row in rows
    ]
    lines += [
        "",
        "Seconds hold the copy of the catalog and its hash, which grow with it whatever changed. A"
        " vacuum puts every page elsewhere: what follows it publishes all anew, once.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1024)
    given = parser.parse_args()
    rows = measured(given.documents)
    write("publish", page(rows), {"publish": rows})


if __name__ == "__main__":
    main()
