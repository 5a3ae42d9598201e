"""What a crash leaves behind, at each step of a document's life: real processes, really ended."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

import pytest

from ragflow_local import RAGFlow
from ragflow_local.stores.crash import POINTS
from tests.invariants import check_invariants

# The process that crashes starts a worker of its own; the one that looks takes a warm one.
pytestmark = pytest.mark.usefixtures("warm")

Live = Callable[[Path, str], int]


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """Runs the life of a document up to a crash point; gives the exit status."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ingest.life"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        order, told = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)

        def run(project_dir: Path, point: str) -> int:
            order.write(json.dumps([str(project_dir), point]).encode() + b"\n")
            order.flush()
            return int(told.readline())

        yield run
        process.kill()


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_loses_nothing_acknowledged_and_leaves_nothing_half_done(
    live: Live, project_dir: Path, point: str
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


def test_without_a_crash_the_same_life_leaves_nothing(live: Live, project_dir: Path) -> None:
    assert live(project_dir, "nowhere") == 0
    with RAGFlow("key", str(project_dir)) as rag:
        check_invariants(rag)


@pytest.mark.parametrize("damage", ["missing", "torn"])
def test_a_vector_table_is_written_anew_without_a_model(
    live: Live, project_dir: Path, damage: str
) -> None:
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
