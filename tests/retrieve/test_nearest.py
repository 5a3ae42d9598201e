"""As many live chunks as are wanted, whoever looks, however large, whatever happens meanwhile."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ragflow_local import DataSet, Document, RAGFlow
from ragflow_local.ingest import vector_table
from ragflow_local.stores import vector_cache
from ragflow_local.stores.catalog import Catalog, chunks, vector_states
from ragflow_local.stores.vector_cache import VectorCache
from ragflow_local.stores.vector_codes import VectorCodes
from ragflow_local.stores.vectors import Table
from tests.invariants import check_invariants


@pytest.fixture
def document(rag: RAGFlow, dataset: DataSet) -> Document:
    return rag.add_document(dataset, "sea.txt", b"The sea.")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every dataset is too large for the memory, and moved to LanceDB in steps of eight."""
    monkeypatch.setattr(vector_cache, "MEMORY_BYTES", 8 * 256 * 4)
    monkeypatch.setattr(vector_table, "_BATCH", 8)
    monkeypatch.setattr(vector_table, "_STEP", 8)
    monkeypatch.setattr(vector_table, "_PAUSE_SECONDS", 0.0)
    yield
    for thread in threading.enumerate():
        if thread.name == "ragflow-local vectors":
            thread.join(timeout=30)


@pytest.fixture
def uncoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors have no codes yet."""
    monkeypatch.setattr(VectorCodes, "bring", lambda *_: None)


def found(rag: RAGFlow, question: str, top_k: int = 4) -> list[str]:
    hits = rag.retrieval(
        question,
        rag.list_datasets(),
        similarity_threshold=0,
        vector_similarity_weight=1,
        top_k=top_k,
        limit=50,
    )
    return [hit.content for hit in hits]


READ = """
import json, sys
from ragflow_local import RAGFlow
rag = RAGFlow(project_dir=sys.argv[1], embedding_model="hashing", read_only=True)
for line in sys.stdin:
    hits = rag.retrieval(line, rag.list_datasets(), similarity_threshold=0,
                         vector_similarity_weight=1, top_k=4, limit=50)
    print(json.dumps([hit.content for hit in hits]), flush=True)
"""


def test_a_reader_finds_what_the_writer_finds_after_many_were_removed(
    rag: RAGFlow, dataset: DataSet, document: Document, project_dir: Path
) -> None:
    stays = rag.add_document(dataset, "stays.txt", b"The sea.")
    stays.add_chunks(["A whale of the reef.", "A quiet harbour."])
    document.add_chunks([f"The whale number {number}" for number in range(60)])
    with subprocess.Popen(
        [sys.executable, "-c", READ, str(project_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None

        def read() -> list[str]:
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write("whale number\n")
            reader.stdin.flush()
            texts: list[str] = json.loads(reader.stdout.readline())
            return texts

        assert read() == found(rag, "whale number")
        document.delete()
        assert read() == found(rag, "whale number")
        assert set(read()) == {"A whale of the reef.", "A quiet harbour."}
        stays.add_chunk("The whale number 7 again")
        assert read()[0] == "The whale number 7 again"


@pytest.mark.usefixtures("large", "uncoded")
def test_a_dataset_beyond_memory_is_searched_in_lancedb_and_above_the_watermark(
    rag: RAGFlow, document: Document
) -> None:
    document.add_chunks([f"The whale number {number}" for number in range(20)])
    rag.project.vector_table.wait()
    [now] = states(rag)
    assert 0 < now.moved < now.added
    assert found(rag, "whale number 3", 1) == ["The whale number 3"]
    assert found(rag, "whale number 19", 1) == ["The whale number 19"]
    assert len(found(rag, "whale")) == 4
    check_invariants(rag)


@pytest.mark.usefixtures("large", "uncoded")
def test_lancedb_is_asked_for_more_until_enough_are_there(
    rag: RAGFlow, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    document.add_chunks([f"The whale number {number}" for number in range(40)])
    rag.project.vector_table.wait()
    monkeypatch.setattr(vector_table, "_BATCH", 1000)  # nothing is taken out
    monkeypatch.setattr(vector_cache, "MEMORY_BYTES", 0)
    for chunk in document.list_chunks(limit=-1)[:34]:
        chunk.delete()
    assert len(found(rag, "whale number", 4)) == 4
    assert len(found(rag, "whale number", 50)) == 6


@pytest.mark.usefixtures("large", "uncoded")
@pytest.mark.parametrize("damage", ["gone", "torn"])
def test_a_table_that_cannot_be_used_is_passed_over_and_written_anew(
    rag: RAGFlow, document: Document, project_dir: Path, damage: str
) -> None:
    document.add_chunks([f"The whale number {number}" for number in range(20)])
    rag.project.vector_table.wait()
    before = found(rag, "whale number 3", 1)
    if damage == "gone":
        shutil.rmtree(project_dir / "vectors")
    else:
        for path in (project_dir / "vectors").glob("*/_versions/*"):
            path.write_bytes(b"")
    assert found(rag, "whale number 3", 1) == before
    rag.project.vector_table.wait()
    assert found(rag, "whale number 3", 1) == before
    [now] = states(rag)
    assert now.moved > 0
    check_invariants(rag)


@pytest.mark.usefixtures("large")
def test_removed_vectors_are_taken_out_of_lancedb_once_they_are_many(
    rag: RAGFlow, document: Document
) -> None:
    document.add_chunks([f"The whale number {number}" for number in range(24)])
    rag.project.vector_table.wait()
    for chunk in document.list_chunks(limit=-1)[:10]:
        chunk.delete()
    rag.project.vector_table.wait()
    [now] = states(rag)
    assert now.collected >= 8
    assert len(rag.project.vectors.table(now.id).numbers()) < 24 - 7
    check_invariants(rag)


def states(rag: RAGFlow) -> list[vector_states.VectorState]:
    with rag.project.catalog.read() as reading:
        return vector_states.of(reading, [dataset.id for dataset in rag.list_datasets()])


def test_a_snapshot_that_is_older_than_what_is_held_sees_its_own_moment(
    rag: RAGFlow, dataset: DataSet, document: Document
) -> None:
    document.add_chunks(["One whale.", "Two whales."])
    older, newer = Catalog(rag.project.catalog.path), rag.project.catalog
    cache = VectorCache()
    with older.read() as old:
        [before] = vector_states.of(old, [dataset.id])
        for round in range(4):
            document.list_chunks()[0].delete()
            document.add_chunks([f"Whale {round}.", f"Shark {round}."])
            with newer.read() as new:
                [now] = vector_states.of(new, [dataset.id])
                [memory] = cache.in_step(new, [now], [0])
                expected = chunks.available_numbers(new, dataset.id)
            assert np.sort(memory.numbers()).tolist() == expected
            [memory] = cache.in_step(old, [before], [0])
            assert np.sort(memory.numbers()).tolist() == chunks.available_numbers(old, dataset.id)
    older.close()


def test_a_chunk_that_is_changed_during_a_search_is_found_as_it_was(
    rag: RAGFlow, dataset: DataSet, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first, *_] = document.add_chunks(["The whale sings.", "The squid swims."])
    states_of = vector_states.of

    def change_meanwhile(*given: object) -> list[vector_states.VectorState]:
        result = states_of(*given)  # type: ignore[arg-type]  # as it was called
        monkeypatch.undo()
        thread = threading.Thread(target=change)
        thread.start()
        thread.join()
        return result

    def change() -> None:
        first.content = "The whale is silent."
        first.save()
        document.list_chunks()[0].delete()

    monkeypatch.setattr(vector_states, "of", change_meanwhile)
    assert found(rag, "whale sings", 2) == ["The whale sings.", "The squid swims."]
    assert len(found(rag, "whale sings", 2)) == 1


def test_the_nearest_of_many_datasets_are_those_of_all_together(rag: RAGFlow) -> None:
    for number in range(12):
        dataset = rag.create_dataset(f"sea_{number}")
        document = rag.add_document(dataset, "sea.txt", f"The sea {number}.".encode())
        document.add_chunks([f"Whale {number} of {other}." for other in range(5)])
    assert found(rag, "Whale 7 of 3", 3)[0] == "Whale 7 of 3."
    assert len(found(rag, "Whale 7 of 3", 3)) == 3
    assert len(found(rag, "Whale 7 of 3", 50)) == 50
    rag.delete_datasets([dataset.id])
    assert len(found(rag, "Whale 11 of 3", 60)) == 50


def codes_of(rag: RAGFlow, project_dir: Path) -> list[Path]:
    """Return the files of the one dataset's codes, once all that is due is written."""
    rag.project.vector_table.wait()
    return sorted(project_dir.glob("vectors/*.codes/*"))


@pytest.mark.usefixtures("large")
def test_a_large_dataset_is_searched_by_its_codes_and_above_them_in_memory(
    rag: RAGFlow, document: Document, project_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document.add_chunks([f"The whale number {number}" for number in range(20)])
    assert codes_of(rag, project_dir)
    document.add_chunks([f"The whale number {number}" for number in range(20, 25)])

    def unasked(*_: object) -> None:
        pytest.fail("LanceDB is not asked")

    monkeypatch.setattr(Table, "search", unasked)
    for number in (3, 19, 24):
        assert found(rag, f"whale number {number}", 1) == [f"The whale number {number}"]
    assert len(found(rag, "whale number", 50)) == 25
    check_invariants(rag)


@pytest.mark.usefixtures("large")
def test_codes_never_show_what_was_changed_switched_off_or_deleted(
    rag: RAGFlow, dataset: DataSet, document: Document, project_dir: Path
) -> None:
    other = rag.add_document(dataset, "other.txt", b"The sea.")
    other.add_chunks([f"The harbour number {number}" for number in range(20)])
    document.add_chunks([f"The whale number {number}" for number in range(20)])
    assert codes_of(rag, project_dir)
    chunks_ = {chunk.content: chunk for chunk in document.list_chunks(limit=-1)}
    changed, off = chunks_["The whale number 3"], chunks_["The whale number 4"]
    changed.content = "A reef of coral"
    changed.save()
    off.available = False
    off.save()
    chunks_["The whale number 5"].delete()
    every = found(rag, "whale number", 50)
    assert "A reef of coral" in every
    assert not {f"The whale number {number}" for number in (3, 4, 5)} & set(every)
    assert found(rag, "reef of coral", 1) == ["A reef of coral"]
    off.available = True
    off.save()
    assert found(rag, "whale number 4", 1) == ["The whale number 4"]
    other.delete()
    assert not [text for text in found(rag, "harbour number", 50) if "harbour" in text]
    rag.delete_datasets([dataset.id])
    rag.project.vector_table.wait()
    assert not list(project_dir.glob("vectors/*.codes"))


@pytest.mark.usefixtures("large")
def test_codes_of_chunks_that_are_gone_are_left_out_once_they_are_many(
    rag: RAGFlow, document: Document, project_dir: Path
) -> None:
    document.add_chunks([f"The whale number {number}" for number in range(64)])
    size = sum(path.stat().st_size for path in codes_of(rag, project_dir))
    for chunk in document.list_chunks(limit=-1)[:50]:
        chunk.delete()
    assert sum(path.stat().st_size for path in codes_of(rag, project_dir)) < size * 0.6
    assert len(found(rag, "whale number", 50)) == 14
    check_invariants(rag)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "flipped", "a vector"])
def test_codes_that_cannot_be_used_are_passed_over_and_written_anew(
    rag: RAGFlow, document: Document, project_dir: Path, damage: str
) -> None:
    document.add_chunks([f"The whale number {number}" for number in range(20)])
    paths = codes_of(rag, project_dir)
    before = found(rag, "whale number 3", 1)
    rag.project.vectors.close()
    for path in paths:
        data = path.read_bytes()
        at = len(data) - 100 if damage == "a vector" else 40
        flipped = data[:at] + bytes([data[at] ^ 8]) + data[at + 1 :]
        path.write_bytes({"empty": b"", "cut": data[:-1]}.get(damage, flipped))
        if damage == "gone":
            path.unlink()
    assert found(rag, "whale number 3", 1) == before
    document.add_chunks([f"The whale number {number}" for number in range(20, 30)])
    assert codes_of(rag, project_dir)
    for number in (3, 29):
        assert found(rag, f"whale number {number}", 1) == [f"The whale number {number}"]
    rag.project.vectors.close()
    [now] = states(rag)
    assert rag.project.vectors.codes(now.id).parts(now.dim).last > 20
    check_invariants(rag)


@pytest.mark.usefixtures("large")
def test_a_search_that_began_before_a_change_finds_what_was_there(
    rag: RAGFlow, document: Document, project_dir: Path
) -> None:
    document.add_chunks([f"The whale number {number}" for number in range(40)])
    assert codes_of(rag, project_dir)
    with rag.project.catalog.read():
        before = found(rag, "whale number", 50)
        thread = threading.Thread(target=lambda: document.list_chunks(limit=-1)[0].delete())
        thread.start()
        thread.join()
        assert found(rag, "whale number", 50) == before
    assert len(found(rag, "whale number", 50)) == len(before) - 1
