import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.ingest import term_renewal
from ragflow_local.models import Models
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


def make_older(rag: RAGFlow) -> None:
    """Have the index say that an earlier analyzer made it, and hold what that one found."""
    with rag.project.catalog.write() as connection:
        connection.execute("UPDATE postings_datasets SET analyzer = 1, languages = '{}'")
        connection.execute("UPDATE postings_terms SET term = 'older' || term WHERE term = 'kessel'")


def found(rag: RAGFlow, question: str) -> list[str]:
    hits = rag.retrieval(question, rag.list_datasets(), vector_similarity_weight=0.0)
    return [hit.content for hit in hits]


def test_an_older_index_is_made_anew_without_a_model(
    rag: RAGFlow, project_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = rag.create_dataset("many")
    rag.create_document(dataset, "a.txt", b"nothing")
    document = rag.get_document(name="a.txt")
    texts = [f"Der Kessel {number} wird im Mai geprüft." for number in range(7)]
    made = [document.add_chunk(text) for text in texts]
    made[6].available = False
    made[6].save()
    make_older(rag)
    rag.close()
    monkeypatch.setattr(term_renewal, "_BATCH", 2)
    monkeypatch.setattr(Models, "embedder", None)
    with RAGFlow(project_dir=project_dir) as again:
        assert len(found(again, "geprüft")) == 6  # whichever index answers
        again.project.term_index.renewal.wait()
        assert len(found(again, "Kessel")) == 6
        check_invariants(again)
        assert not postings_of_none(again)
    with RAGFlow(project_dir=project_dir) as once_more:
        assert once_more.project.term_index.renewal._thread is None


def postings_of_none(rag: RAGFlow) -> list[int]:
    with rag.project.catalog.read() as reading:
        rows = reading.execute(
            "SELECT dataset FROM postings_datasets"
            " WHERE dataset NOT IN (SELECT number FROM datasets)"
        )
        return [int(row[0]) for row in rows]


def test_what_changes_while_an_index_is_made_anew_is_in_it(
    rag: RAGFlow, project_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = rag.create_dataset("many")
    rag.create_document(dataset, "a.txt", b"nothing")
    document = rag.get_document(name="a.txt")
    made = [document.add_chunk(f"The boiler {number} is old.") for number in range(6)]
    monkeypatch.setattr(term_renewal, "_BATCH", 2)
    catalog = rag.project.catalog
    with catalog.write() as connection:
        connection.execute("UPDATE postings_datasets SET analyzer = 1")
    assert not term_renewal.renew_some(catalog, 1)
    made[0].content = "The pump is new."
    made[0].save()
    made[1].delete()
    document.add_chunk("A late boiler.")
    document.update({"name": "manual of the plant.txt"})
    while not term_renewal.renew_some(catalog, 1):
        pass
    check_invariants(rag)
    assert len(found(rag, "plant")) == 6
    assert not postings_of_none(rag)


def test_a_dataset_deleted_while_its_index_is_made_anew_leaves_nothing(
    rag: RAGFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = rag.create_dataset("many")
    rag.create_document(dataset, "a.txt", b"nothing")
    document = rag.get_document(name="a.txt")
    for number in range(4):
        document.add_chunk(f"The boiler {number} is old.")
    monkeypatch.setattr(term_renewal, "_BATCH", 2)
    catalog = rag.project.catalog
    with catalog.write() as connection:
        connection.execute("UPDATE postings_datasets SET analyzer = 1")
    assert not term_renewal.renew_some(catalog, 1)
    rag.delete_datasets([dataset.id])
    assert term_renewal.renew_some(catalog, 1)
    assert not postings_of_none(rag)
