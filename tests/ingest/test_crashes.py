"""What a crash leaves behind, at each step of a document's life: real processes, really ended."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.stores.crash import POINTS
from tests.invariants import check_invariants

# Adds a document beside an old one, parses it twice in two ways, deletes it.
LIFE = """
    import os, sys
    from ragflow_local import RAGFlow
    from ragflow_local.ingest import vector_table
    vector_table._BATCH = 1  # every vector is moved to LanceDB, and taken out again
    vector_table._PAUSE_SECONDS = 0.0
    rag = RAGFlow("key", sys.argv[1], embedding_model="hashing", workers=1)
    kb = rag.create_dataset("kb")

    def add(name, data):
        rag.create_document(kb, name, data)
        return rag.get_document(name=name)

    def parse(document):
        document.async_parse()
        list(document.join(interval=0.01))
        rag.project.vector_table.wait()

    old = add("old.txt", b"The kraken sleeps.")
    parse(old)
    os.environ["RAGFLOW_LOCAL_CRASH_AT"] = sys.argv[2]
    new = add("new.txt", b"The squid swims. It is fast.")
    parse(new)
    parse(new)
    new.delete()
    rag.project.vector_table.wait()
    rag.close()
"""


def live(project_dir: Path, point: str) -> int:
    """Run the life of a document up to a crash point; return the exit status."""
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIFE), str(project_dir), point],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=60,
        check=False,
        capture_output=True,
    )
    return process.returncode


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_loses_nothing_acknowledged_and_leaves_nothing_half_done(
    project_dir: Path, point: str
) -> None:
    assert live(project_dir, point) == 86, "the crash point was not reached"
    with RAGFlow("key", str(project_dir)) as rag:
        dataset = rag.get_dataset("kb")
        for document in dataset.list_docs():
            if document.run == "RUNNING":
                *_, (percent, message) = document.join(interval=0.01)
                assert percent == 100.0, message
        check_invariants(rag)
        assert rag.retrieval("kraken", [dataset])[0].document_name == "old.txt"
        found = rag.retrieval("squid", [dataset], vector_similarity_weight=0)
        parsed_and_there = {
            item.name for item in dataset.list_docs() if item.run == "DONE" and item.chunk_count
        }
        assert {chunk.document_name for chunk in found} == parsed_and_there - {"old.txt"}
        names = [document.name for document in dataset.list_docs()]
        is_gone = POINTS.index(point) >= POINTS.index("document deleted")
        assert names == (
            ["old.txt"] if is_gone or point == "file written" else ["old.txt", "new.txt"]
        )


def test_without_a_crash_the_same_life_leaves_nothing(project_dir: Path) -> None:
    assert live(project_dir, "nowhere") == 0
    with RAGFlow("key", str(project_dir)) as rag:
        check_invariants(rag)


@pytest.mark.parametrize("damage", ["missing", "torn"])
def test_a_vector_table_is_written_anew_without_a_model(project_dir: Path, damage: str) -> None:
    live(project_dir, "chunks committed")
    for path in (project_dir / "vectors").rglob("*"):
        if path.is_file():
            path.write_bytes(b"") if damage == "torn" else path.unlink()
    with RAGFlow("key", str(project_dir)) as rag:
        check_invariants(rag)
        weight_of_meaning = rag.retrieval(
            "kraken", [rag.get_dataset("kb")], vector_similarity_weight=1
        )
        assert weight_of_meaning[0].document_name == "old.txt"
