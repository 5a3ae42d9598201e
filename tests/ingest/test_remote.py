"""A batch in, a frame out: what another process reads, cuts and embeds for a project."""

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ragflow_local.embedders import open_embedder
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.errors import WorkerNotStartedError
from ragflow_local.ingest import remote
from ragflow_local.ingest.remote import (
    SENT,
    Batch,
    Frame,
    Item,
    Outcome,
    Setup,
    encode,
    frame_of,
    parse_batch,
    setup_of,
)
from ragflow_local.ingest.slots import Slot
from ragflow_local.settings import Limits, ParserSettings
from tests.ingest.away import KILLS_READER, killable_readers
from tests.samples import file_of


@pytest.fixture(autouse=True)
def no_worker_is_left() -> Iterator[None]:
    yield
    remote.end_workers()


def setup(limits: Limits | None = None, **others: Any) -> Setup:
    made = setup_of(HashingEmbedder(), "hashing", Path("models"), limits or Limits())
    return msgspec.structs.replace(made, **others)


def item(name: str = "a.txt", data: bytes = b"The kraken sleeps.", **others: Any) -> Item:
    values: dict[str, Any] = {"kind": "text", "method": "naive", "config": ParserSettings()}
    return Item(name, data=data, **{**values, **others})


def parse(*items: Item, limits: Limits | None = None, **others: Any) -> Frame:
    return frame_of(parse_batch(encode(Batch(setup(limits, **others), list(items)))))


def only(frame: Frame) -> Outcome:
    [outcome] = frame.outcomes
    return outcome


def test_chunks_come_back_with_counts_and_vectors() -> None:
    outcome = only(parse(item()))
    assert [draft.content for draft in outcome.drafts] == ["The kraken sleeps."]
    assert outcome.counted is not None
    assert "kraken" in outcome.counted.vocabulary
    vector = np.frombuffer(outcome.vectors, SENT).astype(np.float32)
    assert np.allclose(vector, HashingEmbedder().embed(["The kraken sleeps."])[0], atol=1e-3)
    assert outcome.failed == ""


def test_outcomes_are_in_the_order_of_the_documents() -> None:
    frame = parse(item("a.txt", b"One."), item("b.txt", b"No PDF.", kind="pdf"), item("c.txt"))
    contents = [[draft.content for draft in outcome.drafts] for outcome in frame.outcomes]
    assert contents == [["One."], [], ["The kraken sleeps."]]
    assert "b.txt" in frame.outcomes[1].failed
    assert len(frame.outcomes[1].vectors) == 0


def pages(count: int) -> bytes:
    pymupdf = pytest.importorskip("pymupdf")
    document = pymupdf.open()
    for _ in range(count):
        document.new_page().insert_text((72, 72), "The squid swims.")
    data: bytes = document.tobytes()
    return data


def test_files_with_pages_are_read_a_part_at_a_time() -> None:
    name, data = file_of("pdf")
    config = ParserSettings(task_page_size=1)
    outcome = only(parse(item(name, data, kind="pdf", config=config)))
    assert outcome.pages >= 1
    assert "Kraken" in " ".join(draft.content for draft in outcome.drafts)
    failed = only(parse(item(name, pages(2), kind="pdf"), limits=Limits(document_pages=1)))
    assert "document_pages" in failed.failed


def test_a_file_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The squid swims.")
    outcome = only(parse(item(data=b"", path=str(path))))
    assert outcome.drafts[0].content == "The squid swims."
    gone = only(parse(item(data=b"", path=str(tmp_path / "gone.txt"))))
    assert "gone.txt" in gone.failed


def test_files_of_one_length_are_not_taken_for_one_another() -> None:
    texts = [f"Squid {n:04} swims." for n in range(40)]
    frame = parse(*(item(f"{n}.txt", text.encode()) for n, text in enumerate(texts)))
    assert [outcome.drafts[0].content for outcome in frame.outcomes] == texts


def test_no_copy_of_a_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    parse(item(), item("b.pdf", b"No PDF.", kind="pdf"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_kills_its_reader_fails_and_the_next_is_read() -> None:
    with killable_readers():
        frame = parse(item("kills.txt", KILLS_READER), item())
    assert "'kills.txt' crashed its worker process (exit 9)" in frame.outcomes[0].failed
    assert frame.outcomes[1].drafts


def test_a_computer_that_can_start_no_reader_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise WorkerNotStartedError("python", "no room")

    monkeypatch.setattr(Slot, "run", refuse)
    assert "cannot start a worker process" in parse(item()).refused


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ({"software": "ragflow-local 0.0.1 on Python 2.7"}, "not ragflow-local 0.0.1"),
        ({"model": "no-such-model"}, "no-such-model"),
        ({"fingerprint": "hashing-256-2"}, "its model 'hashing' is another"),
        ({"probe": np.ones((10, 256), SENT).tobytes()}, "gives other vectors"),
        ({"probe": np.ones((10, 255), SENT).tobytes()}, "gives other vectors"),
    ],
)
def test_another_version_or_model_refuses(
    others: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_REFUSING_SECONDS", 0.0)
    frame = parse(item(), **others)
    assert why in frame.refused
    assert frame.outcomes == []
    assert why in parse(**others).refused  # a batch without documents asks just that


def test_vectors_that_differ_as_two_processors_may_are_taken() -> None:
    probe = np.frombuffer(setup().probe, SENT).astype(np.float32)
    near = (probe + np.float32(2e-4)).astype(SENT).tobytes()
    far = (probe + np.float32(3e-3)).astype(SENT).tobytes()
    assert parse(probe=near).refused == ""
    assert "gives other vectors" in parse(probe=far).refused


def test_a_model_is_loaded_once_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(name: str, *given: Any, **options: Any) -> object:
        loaded.append(name)
        return open_embedder(name, *given, **options)

    monkeypatch.setattr(remote, "open_embedder", load)
    limits = Limits(tasks_per_worker=1234)  # a setup that no other test has
    threads = [threading.Thread(target=parse, kwargs={"limits": limits}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == ["hashing"]


def test_slots_are_kept_for_the_next_batch_of_the_same_limits() -> None:
    parse(item())
    [(_, first)] = remote._slots._free
    parse(item())
    assert [slot for _, slot in remote._slots._free] == [first]
    parse(item(), limits=Limits(tasks_per_worker=5))
    assert len(remote._slots._free) == 2
    remote.end_workers()
    assert remote._slots._free == []


def test_what_is_no_batch_is_told_so() -> None:
    with pytest.raises(msgspec.MsgspecError):
        parse_batch(b"no batch")
