"""Everything at once: each file of the data in one dataset, with the method that suits it.

    python -m benchmarks.everything [PART …]

With parts of paths, such as ``.pdf``, only those files, and no page is written.

Every document has to end DONE or FAIL with a reason a person understands. Memory is that of this
process and all its workers together, looked at ten times a second (pages that several processes
share count once for each). Chunks are embedded by ``hashing``, so that reading is what is seen.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil

from benchmarks import measure
from ragflow_local import RAGFlow
from ragflow_local.errors import RagflowError
from ragflow_local.readers import kind_of

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data"))
SECONDS = 3000.0  # longer than this is a document that hangs

# By what is in a file's path; else by its kind; else naive.
_BY_PATH = (
    ("laws_zh/", "laws"),
    ("books/rust-book/src/", "book"),
    ("moby-dick", "book"),
    ("filings/", "manual"),
    ("layout-parser-paper", "paper"),
    ("2305.03393", "paper"),
    ("multi-column", "paper"),
    ("language-docs/", "knowledge_graph"),
    ("handbook", "manual"),
    ("LICENSE", "one"),
)
_BY_KIND = {
    "csv": "table",
    "email": "email",
    "epub": "book",
    "image": "picture",
    "msg": "email",
    "pptx": "presentation",
    "xls": "table",
    "xlsx": "table",
}


def method_of(name: str, kind: str) -> str:
    """Return the method that suits a file."""
    if "chunk_spans/questions" in name:
        return "qa"
    written = kind not in ("csv", "email", "json", "msg", "pptx", "xls", "xlsx")
    found = (method for part, method in _BY_PATH if part in name and written)
    return next(found, None) or _BY_KIND.get(kind, "naive")


class Memory(threading.Thread):
    """Watches the memory of this process and its children."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.parts: list[int] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        """Look until it is over."""
        own = psutil.Process()
        while not self.is_over.wait(0.1):
            parts = []
            for process in (own, *own.children(recursive=True)):
                try:
                    parts.append(process.memory_info().rss)
                except psutil.Error:
                    continue
            if sum(parts) > self.peak:
                self.peak, self.parts = sum(parts), parts


def files(parts: list[str]) -> list[Path]:
    """Return the files of the data that have one of ``parts`` in their path."""
    found = (path for path in sorted(DATA.rglob("*")) if path.is_file())
    return [path for path in found if any(part in path.as_posix() for part in parts)]


def main() -> int:
    """Add all, parse all, write the table."""
    if not DATA.exists():
        print(f"No data: {DATA} is not there. Set RAGFLOW_LOCAL_DATA to the folder that has it.")
        return 0
    memory = Memory()
    memory.start()
    refused: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        rag = RAGFlow(project_dir=folder, workers=2, embedding_model="hashing")
        dataset = rag.create_dataset("everything")
        added = []
        for path in files(sys.argv[1:] or [""]):
            name = path.relative_to(DATA).as_posix()
            data = path.read_bytes()
            try:
                document = rag.add_document(dataset, path.name, data)
                document.update({"parse_method": method_of(name, kind_of(path.name, data))})
            except RagflowError as error:
                refused.append((name, str(error)))
                continue
            added.append((name, document.id))
        begun = time.perf_counter()
        rag.async_parse_documents([id for _, id in added])
        while time.perf_counter() - begun < SECONDS:
            runs = {document.id: document for document in dataset.list_docs(limit=-1)}
            if all(document.run != "RUNNING" for document in runs.values()):
                break
            time.sleep(1)
        seconds = time.perf_counter() - begun
        ended = [(name, runs[id]) for name, id in added]
        rows = [
            (d.run, name, d.parse_method, d.chunk_count, d.process_duration, d.progress_msg)
            for name, d in ended
        ]
        found = rag.retrieval("What is ownership in Rust?", [dataset])
        chunks = dataset.chunk_count
        rag.close()
    memory.is_over.set()
    counts = Counter(row[0] for row in rows)
    lines = [
        "# Every file at once",
        "",
        f"`python -m benchmarks.everything`; {measure.machine()}, two workers.",
        "",
        f"- {len(rows)} files parsed at once, {chunks} chunks, {seconds:.0f} s: "
        + ", ".join(f"{count} {run}" for run, count in sorted(counts.items())),
        f"- {len(refused)} refused when added",
        f"- Peak memory of all processes together: {memory.peak / 2**20:.0f} MiB"
        f" ({' + '.join(f'{part / 2**20:.0f}' for part in memory.parts)})",
        f"- A search right after finds {len(found)} chunks",
        "",
        "## Refused when added",
        "",
        *(f"- {name}: {message}" for name, message in refused),
        "",
        "## Not DONE",
        "",
        *(f"- {row[1]} ({row[2]}): {row[0]}: {row[5]}" for row in rows if row[0] != "DONE"),
        "",
        "## DONE with a notice, or without a chunk",
        "",
        *(
            f"- {row[1]} ({row[2]}): {row[5]}"
            for row in rows
            if row[0] == "DONE" and (row[3] == 0 or ". " in row[5] or "\n" in row[5])
        ),
    ]
    page = "\n".join(lines)
    if not sys.argv[1:]:
        (measure.RESULTS / "everything.md").write_text(page.rstrip() + "\n", encoding="utf-8")
    print(page)
    return int(counts["RUNNING"] > 0)


if __name__ == "__main__":
    sys.exit(main())
