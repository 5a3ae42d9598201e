import threading
import time

import pytest

from ragflow_local import DataSet, RAGFlow

THREADS = 10
PATIENCE = 300  # seconds until a test that hangs is given up
WORDS = ("kraken", "squid", "whale", "reef", "storm", "sail")


class Load:
    """Ten threads that search, and what each search took and found amiss."""

    def __init__(self, rag: RAGFlow, dataset: DataSet) -> None:
        self.rag, self.dataset = rag, dataset
        self.gone: set[str] = set()
        self.times: list[list[float]] = [[] for _ in range(THREADS)]
        self.amiss: list[str] = []
        self.added = 0

    def search(self, ended: threading.Event, number: int) -> None:
        while not ended.is_set():
            gone = set(self.gone)
            begun = time.perf_counter()
            try:
                hits = self.rag.retrieval(
                    f"{WORDS[number % len(WORDS)]} in the deep", [self.dataset], limit=30
                )
            except Exception as error:  # noqa: BLE001  # any at all is what this test looks for
                self.amiss.append(repr(error))
                return
            self.times[number].append(time.perf_counter() - begun)
            self.amiss += [hit.document_name for hit in hits if hit.document_name in gone]
            if not any(hit.document_name == "stays.txt" for hit in hits):
                self.amiss.append("the document that stays was not found")

    def write(self) -> None:
        name = f"{self.added}.txt"
        self.add(name)
        self.added += 1
        self.rag.get_document(name=name).delete()
        self.gone.add(name)

    def add(self, name: str) -> None:
        self.rag.create_document(self.dataset, name, name.encode())
        self.rag.get_document(name=name).add_chunk(f"{' '.join(WORDS)} in the deep, {name}")

    def run(self, changes: int, searches: int) -> None:
        """Write until there were so many changes, and so many searches of each thread."""
        ended = threading.Event()
        threads = [
            threading.Thread(target=self.search, args=(ended, number)) for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        patience = time.monotonic() + PATIENCE
        while self.added < changes or min(map(len, self.times)) < searches:
            self.write()
            if self.amiss or time.monotonic() > patience:
                break
        ended.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def load(rag: RAGFlow, dataset: DataSet) -> Load:
    made = Load(rag, dataset)
    made.add("stays.txt")
    return made


def test_ten_threads_search_while_another_adds_and_deletes(load: Load) -> None:
    load.run(changes=30, searches=10)
    assert load.amiss == []
    assert load.added >= 30
    assert min(map(len, load.times)) >= 10


@pytest.mark.slow
def test_thousands_of_changes_give_no_error_and_nothing_deleted(load: Load) -> None:
    # How long searches take meanwhile is measured in benchmarks/crowd.py.
    load.run(changes=3000, searches=1000)
    assert load.amiss == []
    assert load.added >= 3000
