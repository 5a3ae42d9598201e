"""However an engine ends in the middle of a parse: no process is left, and nothing is lost."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from ragflow_local import RAGFlow
from tests.invariants import check_invariants

# Parses a small document to its end, and begins one that takes long; no __main__ guard.
SCRIPT = """
    import sys, time
    from ragflow_local import RAGFlow

    rag = RAGFlow("key", project_dir=sys.argv[1], embedding_model="hashing", workers=2)
    dataset = rag.create_dataset("kb")
    small = rag.add_document(dataset, "small.txt", b"The kraken sleeps.")
    small.async_parse()
    list(small.join(interval=0.01))
    text = ". ".join(f"squid{n} eats whale{n % 977}" for n in range(150_000)).encode()
    large = rag.add_document(dataset, "large.txt", text)
    large.async_parse()
    while large.run == "RUNNING" and large.progress == 0:
        time.sleep(0.01)
    print("parsing", flush=True)
    if sys.argv[2] == "wait":
        list(large.join())
    elif sys.argv[2] == "close":
        rag.close()
"""
ENDS = {
    "Ctrl-C": ("wait", signal.SIGINT),
    "the end of the script": ("go on", None),
    "close()": ("close", None),
    "a polite signal": ("wait", signal.SIGTERM),
    "kill -9": ("wait", signal.SIGKILL),
}


slow = pytest.mark.slow


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    "end",
    [
        pytest.param(end, marks=() if end in ("Ctrl-C", "the end of the script") else slow)
        for end in ENDS
    ],
)
def test_no_process_is_left_and_nothing_is_lost(project_dir: Path, end: str) -> None:
    how, number = ENDS[end]
    engine = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(project_dir), how],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert engine.stdout is not None
    assert engine.stdout.readline() == b"parsing\n"
    workers = psutil.Process(engine.pid).children(recursive=True) if how == "wait" else []
    assert workers or how != "wait"
    if number is not None:
        os.kill(engine.pid, number)
    _, said = engine.communicate(timeout=30)
    assert (b"KeyboardInterrupt" in said) == (end == "Ctrl-C"), said.decode()
    # The system ends them with the engine; a moment may pass before they are gone.
    _, left = psutil.wait_procs(workers, timeout=10)
    assert left == []
    with RAGFlow("key", project_dir=project_dir, workers=1) as rag:
        runs = {document.name: document.run for document in rag.get_dataset("kb").list_docs()}
        assert runs == {"small.txt": "DONE", "large.txt": "RUNNING"}
        hits = rag.retrieval("kraken", rag.list_datasets(), vector_similarity_weight=0)
        assert [hit.document_name for hit in hits] == ["small.txt"]
        rag.get_document(name="large.txt").cancel()
        check_invariants(rag)
