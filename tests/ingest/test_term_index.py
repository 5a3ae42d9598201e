import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.stores.catalog import Catalog, postings, postings_segments, postings_unneeded
from tests.invariants import check_invariants


def crowded(project: Path) -> int:
    """Return how many segments of one size wait to be merged."""
    catalog = Catalog(project / "catalog.sqlite3", read_only=True)
    try:
        with catalog.read() as reading:
            space = postings.space_of(reading, 1)
            return len(postings._crowded(postings_segments.segments_of(reading, space or 0)))
    finally:
        catalog.close()


def until_few(project: Path) -> None:
    for _ in range(600):
        if not crowded(project):
            return
        time.sleep(0.05)
    pytest.fail(f"{crowded(project)} segments of one size were left.")


@pytest.fixture
def many(rag: RAGFlow) -> Iterator[DataSet]:
    """Chunks that were added one by one: a segment each."""
    dataset = rag.create_dataset("many")
    rag.create_document(dataset, "a.txt", b"nothing")
    document = rag.get_document(name="a.txt")
    for number in range(30):
        document.add_chunk(f"The word w{number} and all the others.")
    yield dataset


def test_segments_are_merged_after_the_commits(
    rag: RAGFlow, many: DataSet, project_dir: Path
) -> None:
    until_few(project_dir)
    found = rag.retrieval("w17", [many], vector_similarity_weight=0.0)
    assert [chunk.content for chunk in found] == ["The word w17 and all the others."]


def test_closing_ends_the_merging(rag: RAGFlow, many: DataSet) -> None:
    rag.close()
    assert not [thread for thread in threading.enumerate() if "merging" in thread.name]


def kept_terms(rag: RAGFlow) -> set[str]:
    with rag.project.catalog.read() as reading:
        return {str(row[0]) for row in reading.execute("SELECT term FROM postings_terms")}


@pytest.mark.parametrize("by", ["itself", "vacuum"])
def test_terms_that_nobody_has_any_more_are_dropped(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "itself":
        monkeypatch.setattr(postings_unneeded, "_FEW", 4)
    document = rag.add_document(dataset, "sea.txt", b"The sea.")
    stays = document.add_chunk("A whale with a badgezz.")
    for chunk in document.add_chunks([f"Whale of badge{letter}" for letter in "abcdefgh"]):
        chunk.delete()
    if by == "vacuum":
        rag.vacuum()
    ends = time.monotonic() + 20
    while "badgec" in kept_terms(rag) and time.monotonic() < ends:
        time.sleep(0.05)
    left = {term for term in kept_terms(rag) if term.startswith("badge")}
    assert left == {"badgezz"}
    assert rag.retrieval("badgezz", [dataset], vector_similarity_weight=0)[0].id == stays.id
    check_invariants(rag)
