"""What lies in a shared folder: who takes it, and what becomes of what is torn, late or left."""

import os
import threading
from pathlib import Path

import msgspec
import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.errors import PlaceLostError, PlaceRefusedError
from ragflow_local.ingest import remote
from ragflow_local.ingest.places import BatchDiedError
from ragflow_local.scale import FolderPlace, folder_files, folder_work, work
from ragflow_local.scale import folder as folder_place
from ragflow_local.scale.folder_files import Answer, Name, SharedFolder
from ragflow_local.scale.folder_work import Worker
from tests.scale.shared_folder import ended, left_in, place_at, wait_for, working

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("lasting_readers", "quick_pulses")


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
            ended(lambda: work(folder, once=True))
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
    with place_at(folder, lease=0.2) as place:
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
        shared.delete("inbox", name)
        os.mkfifo(folder / "outbox" / str(name))  # who opens it waits for ever
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
    given: list[Name] = []
    monkeypatch.setattr(SharedFolder, "answer", lambda self, name, answer: given.append(name))
    with place_at(folder, lease=0.5) as place, working(folder) as worker:
        future = place.submit(batch_of(rag, dataset))
        with pytest.raises(BatchDiedError, match="the computer that had it is gone"):
            future.result(60)
        go_on.set()
        wait_for(lambda: worker.documents)
        wait_for(lambda: worker._claim is None)
        assert given == []


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
    (folder / "outbox" / f".new-{run}-0a1b2c3d").write_bytes(b"half")
    monkeypatch.setattr(folder_files, "FORGOTTEN_SECONDS", 0.4)
    wait_for(lambda: not shared.names("claimed"))
    worker.leave()
    assert left_in(folder) == []


def test_a_worker_that_died_before_is_not_waited_for(folder: Path) -> None:
    shared = SharedFolder(folder)
    shared.beat("workers", "d" * 32)
    with place_at(folder, lease=0.5) as place:
        [future] = place.submit_to_each(b"x")
        assert remote.frame_of(future.result(60)) == remote.Frame([])
        wait_for(lambda: not shared.present("workers"))
        [future] = place.submit_to_each(b"x")
        assert remote.frame_of(future.result(0)) == remote.Frame([])
    assert left_in(folder) == []


def test_a_place_is_as_wide_as_there_are_workers(folder: Path) -> None:
    shared = SharedFolder(folder)
    with place_at(folder, lease=2.0) as place:
        assert place.width == 1
        workers = [Worker(shared, once=True, told=None) for _ in range(3)]
        wait_for(lambda: place.width == 3)
        for worker in workers[1:]:
            worker.leave()
        wait_for(lambda: place.width == 1)
        workers[0].leave()


def test_what_is_for_one_worker_alone_is_not_taken_by_another(folder: Path) -> None:
    shared = SharedFolder(folder)
    one, other = (Worker(shared, once=True, told=None) for _ in range(2))
    shared.put("inbox", Name("a" * 32, 0, one._id), b"x")
    assert other._claimed() is None
    claim = Name("a" * 32, 0, one._id)
    assert one._claimed() == claim
    # Nobody else can take it then; a network may ask this one twice.
    waiting = claim._replace(worker="")
    assert not shared.move("inbox", waiting, "claimed", claim._replace(worker=other._id))
    assert shared.move("inbox", waiting, "claimed", claim)
    one.leave()
    assert shared.names("inbox") == [Name("a" * 32, 0)]  # given back
    assert other._claimed() == Name("a" * 32, 0, other._id)
    other.leave()


def test_a_project_shows_that_it_is_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_place, "BEAT_SECONDS", 0.05)
    shared = SharedFolder(folder)
    with place_at(folder):
        [run] = shared.present("askers")
        first = shared.pulse("askers", run)
        wait_for(lambda: shared.pulse("askers", run) not in (b"", first))


def test_a_worker_shows_that_it_is_there(folder: Path) -> None:
    shared = SharedFolder(folder)
    worker = Worker(shared, once=False, told=None)
    first = shared.pulse("workers", worker._id)
    wait_for(lambda: shared.pulse("workers", worker._id) not in (b"", first))
    worker.leave()


def test_batches_are_taken_in_the_order_in_which_they_were_sent(folder: Path) -> None:
    shared, run = SharedFolder(folder), "a" * 32
    for number in (11, 3, 20, 7, 100, 0):
        shared.put("inbox", Name(run, number), b"x")
    (folder / "inbox" / f"{run}-5.bak").write_bytes(b"x")
    assert [name.number for name in shared.names("inbox")] == [0, 3, 7, 11, 20, 100]


def test_several_batches_are_worked_on_at_once(
    rag: RAGFlow, dataset: DataSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=20)

    def parsed(batch: remote.Batch) -> remote.Frame:
        both.wait()
        return remote.Frame([remote.Outcome(failed="it is a test")])

    monkeypatch.setattr(folder_work, "parsed", parsed)
    with place_at(folder) as place:
        futures = [place.submit(batch_of(rag, dataset)) for _ in range(2)]
        told: list[str] = []
        assert ended(lambda: work(folder, workers=2, once=True, told=told.append)) == 2
        for future in futures:
            assert remote.frame_of(future.result(60)).outcomes[0].failed == "it is a test"
        assert [line.partition(" in ")[0] for line in told] == ["1 document"] * 2


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
        folder.with_name("elsewhere").rename(folder)
        with pytest.raises(PlaceLostError):
            place.submit(b"x")


def test_what_is_given_up_is_taken_back_while_the_place_is_open(folder: Path) -> None:
    with place_at(folder) as place:
        future = place.submit(b"x")
        assert future.cancel()
        assert SharedFolder(folder).names("inbox") == []


def test_leaving_ends_what_is_not_back(folder: Path) -> None:
    place = FolderPlace(folder)
    future = place.submit(b"x")
    place.close()
    with pytest.raises(PlaceLostError, match="it was left"):
        future.result(10)
    place.close()  # twice is fine
    assert left_in(folder) == []


def test_files_are_for_those_who_may_write_in_the_folder(folder: Path) -> None:
    folder.chmod(0o770)
    shared = SharedFolder(folder)
    shared.put("inbox", Name("0" * 32, 1), b"x")
    shared.beat("workers", "0" * 32)
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o660}
    assert (folder / "inbox").stat().st_mode & 0o777 == 0o770
