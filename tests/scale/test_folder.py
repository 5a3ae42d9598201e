"""A shared folder as a place: each document ends once, whoever comes and goes."""

import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.errors import InvalidValueError, PlaceRefusedError
from ragflow_local.scale import work
from ragflow_local.scale.folder_files import Answer, SharedFolder
from ragflow_local.scale.folder_work import Worker
from tests.ingest.away import added, message_of, runs, take_for_another_model
from tests.invariants import check_invariants
from tests.scale.shared_folder import left_in, place_at, wait_for, working

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("lasting_readers", "quick_pulses")


def test_documents_are_parsed_by_whoever_works_in_the_folder(
    rag: RAGFlow, dataset: DataSet, folder: Path
) -> None:
    added(rag, dataset, 12)
    with working(folder) as worker:
        dataset.parse(on=folder)
        assert worker.documents == 12
    assert set(runs(dataset).values()) == {"DONE"}
    hits = rag.retrieval("squid7", [dataset], vector_similarity_weight=0.5)
    assert hits[0].document_name == "7.txt"
    check_invariants(rag)
    wait_for(lambda: not left_in(folder))


def test_who_comes_later_takes_part(rag: RAGFlow, dataset: DataSet, folder: Path) -> None:
    documents = added(rag, dataset, 6)
    rag.async_parse_documents([item.id for item in documents], on=f"folder:{folder}")
    wait_for(lambda: SharedFolder(folder).names("inbox"))
    with working(folder):
        wait_for(lambda: set(runs(dataset).values()) == {"DONE"})


def test_a_second_process_works_and_gives_back_what_it_has_at_its_end(
    rag: RAGFlow, dataset: DataSet, folder: Path
) -> None:
    added(rag, dataset, 5)
    command = [sys.executable, "-m", "ragflow_local", "work", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as other:
        dataset.parse(on=folder)
        assert set(runs(dataset).values()) == {"DONE"}
        assert psutil.Process(other.pid).children()
        other.send_signal(signal.SIGTERM)
        _, told = other.communicate(timeout=60)
    assert other.returncode == 130
    assert b"document" in told
    wait_for(lambda: not left_in(folder))


KILLED = """
    import os, sys, threading
    from ragflow_local.scale import folder_work
    folder_work.BEAT_SECONDS = 0.1
    real = folder_work.Worker._answer
    def answer(self, data):
        print("has it", flush=True)
        threading.Event().wait()
    folder_work.Worker._answer = answer
    folder_work.work(sys.argv[1])
"""


def test_what_a_worker_had_that_is_killed_is_done_by_another(
    rag: RAGFlow, dataset: DataSet, folder: Path
) -> None:
    documents = added(rag, dataset, 3)
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(folder)]
    with (
        place_at(folder, lease=1.0) as place,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as other,
    ):
        assert other.stdout is not None
        rag.async_parse_documents([item.id for item in documents], on=place)
        assert other.stdout.readline() == b"has it\n"
        other.kill()
        with working(folder):
            wait_for(lambda: set(runs(dataset).values()) == {"DONE"})
    assert left_in(folder) == []


def test_a_document_that_ends_each_worker_fails_alone(
    rag: RAGFlow, dataset: DataSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of which each worker is lost is taken apart."""
    real = Worker._answer
    added(rag, dataset, 8)
    is_over = threading.Event()

    def answer(self: Worker, data: bytes) -> Answer:
        if b"Squid3 " in data:
            self._has_left.set()  # no pulse any more: as if it had been killed
            is_over.wait(60)
        return real(self, data)

    monkeypatch.setattr(Worker, "_answer", answer)
    workers = [Worker(SharedFolder(folder), once=False, told=None) for _ in range(5)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    with place_at(folder, lease=1.0) as place:
        for thread in threads:
            thread.start()
        dataset.parse(on=place)
        is_over.set()
        for worker, thread in zip(workers, threads, strict=True):
            worker.leave()
            thread.join()
    assert {name for name, run in runs(dataset).items() if run != "DONE"} == {"3.txt"}
    assert "the computer that had it is gone" in message_of(rag, "3.txt")
    assert left_in(folder) == []
    check_invariants(rag)


def test_what_was_cancelled_is_taken_back_and_its_frame_not_taken(
    rag: RAGFlow, dataset: DataSet, folder: Path
) -> None:
    documents = added(rag, dataset, 4)
    ids = [item.id for item in documents]
    rag.async_parse_documents(ids, on=folder)
    shared = SharedFolder(folder)
    wait_for(lambda: shared.names("inbox"))
    rag.async_cancel_parse_documents(ids)
    wait_for(lambda: not left_in(folder))
    assert set(runs(dataset).values()) == {"CANCEL"}
    with working(folder):
        dataset.parse(on=folder)
    assert set(runs(dataset).values()) == {"DONE"}


def test_a_timeout_ends_the_waiting(rag: RAGFlow, dataset: DataSet, folder: Path) -> None:
    added(rag, dataset, 2)
    dataset.parse(on=folder, timeout=0.2)
    assert set(runs(dataset).values()) == {"RUNNING"}
    with working(folder):
        wait_for(lambda: set(runs(dataset).values()) == {"DONE"})


def test_a_worker_with_another_model_is_refused_before_anything_begins(
    rag: RAGFlow, dataset: DataSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(rag, dataset, 2)
    take_for_another_model(rag, dataset, monkeypatch)
    with (
        working(folder),
        pytest.raises(PlaceRefusedError, match="its model 'hashing' is another"),
    ):
        dataset.parse(on=folder)
    assert set(runs(dataset).values()) == {"UNSTART"}


@pytest.mark.parametrize("on", [Path("nowhere"), "folder:nowhere"])
def test_a_folder_that_is_not_there_is_told(rag: RAGFlow, dataset: DataSet, on: str | Path) -> None:
    added(rag, dataset, 1)
    with pytest.raises(InvalidValueError, match="a folder that is there"):
        dataset.parse(on=on)
    with pytest.raises(InvalidValueError, match="a folder that is there"):
        work(on)
