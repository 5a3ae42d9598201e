import threading
import time

import pytest

from ragflow_local import DataSet, RAGFlow

THREADS = 10
WORDS = ("kraken", "squid", "whale", "reef", "storm", "sail")


class Load:
    """Ten threads that search, and what each search took and found amiss."""

    def __init__(self, rag: RAGFlow, dataset: DataSet) -> None:
        self.rag, self.dataset = rag, dataset
        self.gone: set[str] = set()
        self.times: list[float] = []
        self.amiss: list[str] = []
        self.added = 0

    def search(self, until: float, number: int) -> None:
        while time.monotonic() < until:
            gone = set(self.gone)
            begun = time.perf_counter()
            try:
                found = self.rag.retrieval(
                    f"{WORDS[number % len(WORDS)]} in the deep", [self.dataset], limit=30
                )
            except Exception as error:  # noqa: BLE001  # any at all is what this test looks for
                self.amiss.append(repr(error))
                return
            self.times.append(time.perf_counter() - begun)
            self.amiss += [hit.document_name for hit in found if hit.document_name in gone]
            if not any(hit.document_name == "stays.txt" for hit in found):
                self.amiss.append("the document that stays was not found")

    def write(self, until: float) -> None:
        while time.monotonic() < until:
            name = f"{self.added}.txt"
            self.add(name)
            self.added += 1
            self.rag.get_document(name=name).delete()
            self.gone.add(name)

    def add(self, name: str) -> None:
        self.rag.create_document(self.dataset, name, name.encode())
        self.rag.get_document(name=name).add_chunk(f"{' '.join(WORDS)} in the deep, {name}")

    def run(self, seconds: float, *, with_writer: bool) -> None:
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=self.search, args=(until, number)) for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        if with_writer:
            self.write(until)
        for thread in threads:
            thread.join()


@pytest.fixture
def load(rag: RAGFlow, dataset: DataSet) -> Load:
    made = Load(rag, dataset)
    made.add("stays.txt")
    return made


def test_ten_threads_search_while_another_adds_and_deletes(load: Load) -> None:
    load.run(1.5, with_writer=True)
    assert load.amiss == []
    assert load.added > 0
    assert len(load.times) >= THREADS


@pytest.mark.slow
def test_a_minute_of_adding_and_deleting_gives_no_error_and_nothing_deleted(load: Load) -> None:
    # How long searches take meanwhile is measured in benchmarks/crowd.py.
    load.run(60, with_writer=True)
    assert load.amiss == []
    assert load.added > 20
