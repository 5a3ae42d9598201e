"""A shared folder as a place: each document ends once, whoever comes and goes."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.errors import InvalidValueError, PlaceLostError, PlaceRefusedError
from ragflow_local.ingest import remote
from ragflow_local.ingest.places import BatchDiedError
from ragflow_local.scale import FolderPlace, folder_files, folder_work, work
from ragflow_local.scale.folder_files import Answer, Name, SharedFolder
from ragflow_local.scale.folder_work import Worker
from tests.ingest.away import added, message_of, runs
from tests.invariants import check_invariants
from tests.scale.shared_folder import left_in, place_at, wait_for, working

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def readers() -> Iterator[None]:
    """Those that this process starts go on from test to test."""
    yield
    remote.end_workers()


@pytest.fixture(autouse=True)
def pulses(monkeypatch: pytest.MonkeyPatch) -> None:
    """They beat faster than the leases of these tests end."""
    monkeypatch.setattr(folder_work, "BEAT_SECONDS", 0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "shared"
    path.mkdir(mode=0o700)
    return path


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
        place_at(folder, lease=2.0) as place,
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
    with place_at(folder, lease=1.5) as place:
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
    given = rag.project.setup_of(dataset._row)
    other = msgspec.structs.replace(given, fingerprint="hashing-256-2")
    monkeypatch.setattr(type(rag.project), "setup_of", lambda *_: other)
    with (
        working(folder),
        pytest.raises(PlaceRefusedError, match="its model 'hashing' is another"),
    ):
        dataset.parse(on=folder)
    assert set(runs(dataset).values()) == {"UNSTART"}


def batch_of(rag: RAGFlow, dataset: DataSet, **item: object) -> bytes:
    one = remote.Item("a.txt", "text", "naive", dataset._row.parser_config, b"The kraken sleeps.")
    items = [msgspec.structs.replace(one, **item)]
    return remote.encode(remote.Batch(rag.project.setup_of(dataset._row), items))


@pytest.mark.parametrize(
    ("item", "why"), [({"path": "/etc/passwd", "data": b""}, "reads no files by their path")]
)
def test_a_batch_that_names_files_of_this_computer_is_refused(
    rag: RAGFlow, dataset: DataSet, folder: Path, item: dict[str, object], why: str
) -> None:
    with place_at(folder) as place, working(folder):
        frame = remote.frame_of(place.submit(batch_of(rag, dataset, **item)).result(60))
    assert why in frame.refused
    assert frame.outcomes == []


def test_models_are_looked_for_where_this_computer_keeps_them(
    rag: RAGFlow, dataset: DataSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[remote.Batch] = []

    def parsed(batch: remote.Batch) -> remote.Frame:
        asked.append(batch)
        return remote.Frame([])

    monkeypatch.setattr(folder_work, "parsed", parsed)
    monkeypatch.setenv("RAGFLOW_LOCAL_MODELS", "/models/of/this/one")
    with place_at(folder) as place, working(folder):
        place.submit(batch_of(rag, dataset)).result(60)
    assert asked[0].setup.models_dir == "/models/of/this/one"


def test_a_worker_that_is_refused_often_ends_with_the_reason(folder: Path) -> None:
    with place_at(folder) as place:
        futures = [place.submit(b"\xc1 no batch") for _ in range(3)]
        with pytest.raises(PlaceRefusedError, match="cannot read the batch"):
            work(folder, once=True)
        for future in futures:
            assert "cannot read the batch" in remote.frame_of(future.result(60)).refused


def test_a_bug_is_told_to_who_asked(
    rag: RAGFlow, dataset: DataSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(batch: remote.Batch) -> remote.Frame:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(folder_work, "parsed", fails)
    with (
        place_at(folder) as place,
        working(folder),
        pytest.raises(BatchDiedError, match="ZeroDivisionError: by zero"),
    ):
        place.submit(batch_of(rag, dataset)).result(60)


def test_one_worker_alone_has_a_batch(folder: Path) -> None:
    shared = SharedFolder(folder)
    workers = [Worker(shared, once=True, told=None) for _ in range(8)]
    with place_at(folder) as place:
        for _ in range(40):
            place.submit(b"x")
        taken: list[Name] = []

        def take(worker: Worker) -> None:
            while (claim := worker._claimed()) is not None:
                taken.append(claim)

        threads = [threading.Thread(target=take, args=[worker]) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(claim.number for claim in taken) == list(range(40))
        for worker in workers:
            worker.leave()


def test_torn_and_foreign_files_are_harmless(rag: RAGFlow, dataset: DataSet, folder: Path) -> None:
    shared = SharedFolder(folder)
    (folder / "inbox" / "notes.txt").write_text("mine")
    (folder / "outbox" / "notes.txt").write_text("mine")
    with place_at(folder, lease=0.5) as place:
        run = place._run
        for data in (b"", b"torn", os.urandom(999)):
            future = place.submit(batch_of(rag, dataset))
            [name] = shared.names("inbox")
            shared.delete("inbox", name)
            (folder / "outbox" / str(name)).write_bytes(data)
            with pytest.raises(BatchDiedError, match="gone, or torn"):
                future.result(60)
        future = place.submit(batch_of(rag, dataset))
        [name] = shared.names("inbox")
        (folder / "inbox" / str(name)).write_bytes(b"torn")
        with working(folder), pytest.raises(BatchDiedError, match="gone, or torn"):
            future.result(60)
        odd = Name(run, 77)
        shared.answer(odd, Answer(b"nobody asked"))
        wait_for(lambda: not shared.is_there("outbox", odd))
        link = folder / "outbox" / str(Name(run, 78))
        link.symlink_to("/etc/passwd")
    assert sorted(left_in(folder)) == ["inbox/notes.txt", "outbox/notes.txt"]


def test_an_answer_whose_bytes_changed_is_not_taken(folder: Path) -> None:
    shared, name = SharedFolder(folder), Name("0" * 32, 1)
    shared.answer(name, Answer(b"the frame"))
    assert shared.answered(name) == Answer(b"the frame")
    path = folder / "outbox" / str(name)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert shared.answered(name) is None


def test_a_worker_that_was_thought_gone_gives_nothing_any_more(
    rag: RAGFlow, dataset: DataSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    real = Worker._answer

    def answer(self: Worker, data: bytes) -> Answer:
        go_on.wait(60)
        return real(self, data)

    monkeypatch.setattr(Worker, "_answer", answer)
    monkeypatch.setattr(folder_work, "BEAT_SECONDS", 1e6)  # it gives no sign
    with place_at(folder, lease=0.5) as place, working(folder) as worker:
        future = place.submit(batch_of(rag, dataset))
        with pytest.raises(BatchDiedError, match="is gone"):
            future.result(60)
        go_on.set()
        wait_for(lambda: worker.documents)
        wait_for(lambda: worker._claim is None)
        assert SharedFolder(folder).names("outbox") == []


def test_what_a_project_left_that_is_gone_is_not_worked_on_and_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_files, "LEASE_SECONDS", 0.2)
    shared, run = SharedFolder(folder), "a" * 32
    shared.beat("askers", run)
    worker = Worker(shared, once=False, told=None)
    shared.put("inbox", Name(run, 0), b"x")
    wait_for(lambda: worker._silent == {run})
    assert worker._claimed() is None
    shared.beat("askers", run)  # it had slept
    wait_for(lambda: not worker._silent)
    assert worker._claimed() is not None
    monkeypatch.setattr(folder_files, "FORGOTTEN_SECONDS", 0.4)
    wait_for(lambda: not shared.names("claimed"))
    worker.leave()
    assert left_in(folder) == []


def test_a_folder_that_is_away_is_a_lost_place(
    rag: RAGFlow, dataset: DataSet, folder: Path
) -> None:
    with place_at(folder, lease=0.3) as place:
        future = place.submit(b"x")
        folder.rename(folder.with_name("elsewhere"))
        with pytest.raises(PlaceLostError, match="No such file"):
            future.result(60)
        with pytest.raises(PlaceLostError):
            place.submit(b"x")


def test_leaving_ends_what_is_not_back(folder: Path) -> None:
    place = FolderPlace(folder)
    future = place.submit(b"x")
    place.close()
    with pytest.raises(PlaceLostError, match="it was left"):
        future.result(10)
    place.close()  # twice is fine
    assert left_in(folder) == []


@pytest.mark.parametrize("on", [Path("nowhere"), "folder:nowhere"])
def test_a_folder_that_is_not_there_is_told(rag: RAGFlow, dataset: DataSet, on: str | Path) -> None:
    added(rag, dataset, 1)
    with pytest.raises(InvalidValueError, match="a folder that is there"):
        dataset.parse(on=on)
    with pytest.raises(InvalidValueError, match="a folder that is there"):
        work(on)


def test_files_are_for_those_who_may_write_in_the_folder(folder: Path) -> None:
    folder.chmod(0o770)
    shared = SharedFolder(folder)
    shared.put("inbox", Name("0" * 32, 1), b"x")
    shared.beat("workers", "0" * 32)
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o660}
    assert (folder / "inbox").stat().st_mode & 0o777 == 0o770
