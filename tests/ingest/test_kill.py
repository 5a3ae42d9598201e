"""kill -9 at random moments of a mixed load: all that was acknowledged is there, nothing half."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pytest

from ragflow_local import Document, RAGFlow
from tests.invariants import check_invariants

# Milliseconds of load before the end: the first parse of a round takes half a second to begin.
SHORTEST, LONGEST = 20, 900
LANES = 4


@contextmanager
def loading() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that puts the load on projects, one forked child after the other."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ingest.load"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def killed(
    loader: subprocess.Popen[bytes], directory: Path, rng: random.Random
) -> list[dict[str, Any]]:
    """Run the load and end it; return what it said."""
    said: list[dict[str, Any]] = []
    order, told = cast(IO[bytes], loader.stdin), cast(IO[bytes], loader.stdout)
    order.write(json.dumps([str(directory), rng.randrange(2**32)]).encode() + b"\n")
    order.flush()
    pid = 0
    while not pid or not any(line["op"] == "opened" for line in said):
        line = json.loads(told.readline())
        said.append(line)
        pid = line.get("pid", pid)
    time.sleep(rng.uniform(SHORTEST, LONGEST) / 1000)
    os.kill(pid, signal.SIGKILL)
    while said[-1]["op"] != "ended":
        said.append(json.loads(told.readline()))
    assert said[-1]["status"] == signal.SIGKILL, "the load ended by itself"
    return [line for line in said if "name" in line]


def check(rag: RAGFlow, known: dict[str, dict[str, Any]], doubtful: dict[str, Any]) -> None:
    """Compare the project with what was acknowledged, and note how it is now.

    Args:
        rag: The project, opened anew.
        known: What was acknowledged of each document, by its name.
        doubtful: What was begun and not acknowledged, by the document's name: it is done whole,
            or not at all.
    """
    found = {document.name: document for document in rag.get_dataset("kb").list_docs()}
    assert found.keys() - doubtful.keys() == known.keys() - doubtful.keys()
    for name, document in found.items():
        for _ in document.join(interval=0.05):
            pass
        if name in doubtful:
            check_doubtful(document, known.get(name), doubtful[name])
        else:
            assert document.download().decode() == known[name]["text"]
            assert document.run == known[name]["run"]
            assert contents(document) == known[name]["chunks"]
        text = document.download().decode()
        known[name] = {"text": text, "chunks": contents(document), "run": document.run}
    for name in known.keys() - found.keys():
        del known[name]


def check_doubtful(
    document: Document, before: dict[str, Any] | None, doubtful: dict[str, Any]
) -> None:
    now, op = contents(document), doubtful["op"]
    if before is None:
        assert op == "add"
        assert document.download().decode() == doubtful["text"]
        return
    assert document.download().decode() == before["text"]
    changed = set(now.items()) ^ set(before["chunks"].items())
    if op in ("edit", "add_chunk"):
        new = {content for id, content in changed if before["chunks"].get(id) != content}
        assert new <= {doubtful["content"]}
        assert len(changed) <= 2
    elif op == "delete_chunk":
        assert len(changed) <= 1
    elif op == "recut":
        assert not changed or (not now and document.run == "UNSTART")
    elif op == "parse":
        assert document.run == "DONE" or now == before["chunks"]
    else:
        assert op == "delete", op
        assert not changed


def contents(document: Document) -> dict[str, str]:
    return {chunk.id: chunk.content for chunk in document.list_chunks(limit=-1)}


def run_lane(directory: Path, rng: random.Random, rounds: int) -> int:
    """Kill one project's load again and again; return how many changes were acknowledged."""
    known: dict[str, dict[str, Any]] = {}
    acknowledged = 0
    with loading() as loader:
        for _ in range(rounds):
            said = killed(loader, directory, rng)
            doubtful = {}
            for line in said:
                doubtful[line["name"]] = line
                if line.get("done"):
                    del doubtful[line["name"]]
                    acknowledged += 1
                    before = known.pop(line["name"], {})
                    if line["op"] != "delete":
                        text = line.get("text", before.get("text"))
                        known[line["name"]] = {**line, "text": text}
            with RAGFlow("key", project_dir=directory, workers=1) as rag:
                check(rag, known, doubtful)
                check_invariants(rag)
    return acknowledged


def run_rounds(folder: Path, rounds: int) -> None:
    """Run rounds in lanes, each on a project of its own: most of a round is waiting."""
    seed = int(os.environ.get("RAGFLOW_LOCAL_SEED", "0")) or random.SystemRandom().getrandbits(32)
    print(f"RAGFLOW_LOCAL_SEED={seed}")  # noqa: T201  # pytest shows it with a failure
    with ThreadPoolExecutor(LANES) as pool:
        lanes = [
            pool.submit(
                run_lane,
                folder / f"lane {lane}",
                random.Random(f"{seed} {lane}"),
                len(range(lane, rounds, LANES)),
            )
            for lane in range(LANES)
        ]
        acknowledged = sum(lane.result() for lane in lanes)
    print(f"{rounds} rounds, {acknowledged} acknowledged changes")  # noqa: T201  # likewise
    assert acknowledged > rounds // 4  # each round did something, on a busy machine too


def test_16_rounds_of_kill_9_lose_nothing_acknowledged(tmp_path: Path) -> None:
    run_rounds(tmp_path, 16)


@pytest.mark.slow
def test_500_rounds_of_kill_9_lose_nothing_acknowledged(tmp_path: Path) -> None:
    run_rounds(tmp_path, 500)
