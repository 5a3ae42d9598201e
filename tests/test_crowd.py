"""Threads and processes at once on one project: documented errors only, and nothing out of step."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from ragflow_local import Document, RAGFlow
from ragflow_local.errors import NotFoundError, ParseCancelledError
from tests.invariants import check_invariants

THREADS, READERS = 8, 2
WORDS = ("kraken", "squid", "whale", "reef", "storm", "sail")
# What a call may say about a document or chunk that another thread has deleted or cancelled.
DOCUMENTED = (NotFoundError, ParseCancelledError)


class Crowd:
    """Threads that do anything to a project, and what they were told."""

    def __init__(self, rag: RAGFlow, *, writes: bool) -> None:
        self.rag, self.writes = rag, writes
        self.dataset = rag.get_dataset("kb")
        self.done: Counter[str] = Counter()
        self.amiss: list[str] = []
        self.gone: set[str] = set()  # Ids of documents whose deletion was acknowledged.
        self.seen: set[str] = set()
        self.lock = threading.Lock()

    def run(self, seconds: float, seed: int) -> None:
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=self.act, args=(until, random.Random(seed + number)))
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def act(self, until: float, rng: random.Random) -> None:
        acts = [self.search, self.search, self.look]
        if self.writes:
            acts += [self.add, self.parse, self.edit, self.add_chunk, self.cancel, self.delete]
        while time.monotonic() < until:
            act = rng.choice(acts)
            try:
                act(rng)
            except DOCUMENTED:
                self.count(f"{act.__name__} came too late")
            except Exception as error:  # noqa: BLE001  # any other at all is what is looked for
                self.amiss.append(f"{act.__name__}: {error!r}")
                return
            else:
                self.count(act.__name__)

    def count(self, what: str) -> None:
        with self.lock:
            self.done[what] += 1

    def text(self, rng: random.Random) -> str:
        if rng.random() < 0.3:  # the same bytes as another document, which somebody may delete
            return rng.choice(WORDS)
        return ". ".join(" ".join(rng.choices(WORDS, k=5)) for _ in range(rng.randint(1, 20)))

    def pick(self, rng: random.Random) -> Document:
        found = [item for item in self.dataset.list_docs() if item.name != "stays.txt"]
        if not found:
            raise NotFoundError("document", "any")
        return rng.choice(found)

    def search(self, rng: random.Random) -> None:
        gone = set(self.gone)
        weight = rng.choice([0.0, 0.3, 1.0])
        hits = self.rag.retrieval(
            rng.choice(WORDS), [self.dataset], limit=50, vector_similarity_weight=weight
        )
        self.seen |= {str(hit.document_name) for hit in hits}
        self.amiss += [f"found after its deletion: {h.id}" for h in hits if h.document_id in gone]
        if len({hit.id for hit in hits}) != len(hits):
            self.amiss.append("a chunk was found twice")

    def look(self, rng: random.Random) -> None:
        document = self.pick(rng)
        count = document.chunk_count
        assert document.download()
        chunks = document.list_chunks(limit=-1)
        assert len({chunk.id for chunk in chunks}) == len(chunks)
        assert count >= 0

    def add(self, rng: random.Random) -> None:
        name = f"{rng.randrange(12)}.txt"
        document = self.rag.add_document(self.dataset, name, self.text(rng).encode())
        document.async_parse()

    def parse(self, rng: random.Random) -> None:
        document = self.pick(rng)
        document.async_parse()
        for _ in document.join(interval=0.05, timeout=20):
            pass

    def cancel(self, rng: random.Random) -> None:
        document = self.pick(rng)
        document.async_parse()
        document.cancel()

    def edit(self, rng: random.Random) -> None:
        chunks = self.pick(rng).list_chunks()
        if chunks:
            chunk = rng.choice(chunks)
            chunk.content = self.text(rng)
            chunk.available = rng.random() < 0.8
            chunk.save()

    def add_chunk(self, rng: random.Random) -> None:
        self.pick(rng).add_chunk(self.text(rng))

    def delete(self, rng: random.Random) -> None:
        document = self.pick(rng)
        document.delete()
        self.gone.add(document.id)


def read_only(directory: str, seconds: str, seed: str) -> None:
    """Be one of the reading processes; what was seen is JSON on standard output."""
    with RAGFlow("key", project_dir=directory, read_only=True) as rag:
        crowd = Crowd(rag, writes=False)
        crowd.run(float(seconds), int(seed))
        sys.stdin.readline()  # told once the last change is made
        last = [hit.document_name for hit in rag.retrieval("last word", [crowd.dataset])]
    said = {"done": crowd.done, "amiss": crowd.amiss, "seen": sorted(crowd.seen), "last": last}
    sys.stdout.write(json.dumps(said))


def reader(directory: Path, seconds: float, seed: int) -> subprocess.Popen[bytes]:
    code = "import sys; from tests.test_crowd import read_only; read_only(*sys.argv[1:])"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(directory), str(seconds), str(seed)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def crowded(directory: Path, seconds: float) -> None:
    with RAGFlow("key", project_dir=directory, embedding_model="hashing", workers=1) as rag:
        dataset = rag.create_dataset("kb")
        stays = rag.add_document(dataset, "stays.txt", b"The kraken stays.")
        stays.add_chunk("The kraken stays.")
        crowd = Crowd(rag, writes=True)
        readers = [reader(directory, seconds, 100 * n) for n in range(READERS)]
        crowd.run(seconds, 7)
        stays.add_chunk("The last word.")
        said = [json.loads(process.communicate(b"go on\n", seconds + 60)[0]) for process in readers]
        assert [process.returncode for process in readers] == [0] * READERS
        rag.project.jobs.wait_for_all()
        print(crowd.done, *(one["done"] for one in said))  # noqa: T201  # shown with a failure
        assert crowd.amiss == []
        assert [one["amiss"] for one in said] == [[]] * READERS
        assert all("stays.txt" in one["seen"] for one in said)
        assert all("stays.txt" in one["last"] for one in said)
        assert {"search", "look", "add", "edit", "add_chunk", "delete"} <= crowd.done.keys()
        check_invariants(rag)


def test_threads_and_processes_at_once_get_documented_errors_only(project_dir: Path) -> None:
    crowded(project_dir, 2)


@pytest.mark.slow
def test_a_minute_of_threads_and_processes_at_once(project_dir: Path) -> None:
    crowded(project_dir, 60)


def test_a_second_writer_is_told_who_has_the_project(rag: RAGFlow, project_dir: Path) -> None:
    code = (
        "import sys; from ragflow_local import RAGFlow, errors\n"
        "try: RAGFlow('key', project_dir=sys.argv[1])\n"
        "except errors.ProjectLockedError as error: print(error.process_id)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(project_dir)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == os.getpid()
