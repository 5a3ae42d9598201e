"""The drawing of pictures: kept, limited in time, and never ended by a user's thread."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local.errors import LimitError, ParseCancelledError, WorkerDiedError
from ragflow_local.ingest import wire
from ragflow_local.ingest.pictures import Pictures
from ragflow_local.ingest.slots import Slot
from ragflow_local.settings import Limits
from ragflow_local.stores.files import Files
from tests.samples import file_of


@pytest.fixture
def files(tmp_path: Path) -> Files:
    kept = Files(tmp_path)
    kept.create()
    return kept


@pytest.fixture
def pictures(files: Files) -> Iterator[Pictures]:
    made = Pictures(files, Slot(Limits()))
    yield made
    made.close()


def asked(files: Files, dpi: float = 20) -> wire.Picture:
    name, data = file_of("image")
    return wire.Picture(str(files.path_of(files.put(data))), "image", name, 1, dpi)


def test_a_picture_is_drawn_once(
    files: Files, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pictures.draw(asked(files))
    assert first.startswith(b"\x89PNG")
    monkeypatch.setattr(pictures._slot, "run", None)
    assert pictures.draw(asked(files)) == first
    assert pictures.draw(asked(files), seconds=0) == first


def test_what_takes_too_long_is_there_the_next_time(files: Files, pictures: Pictures) -> None:
    with pytest.raises(LimitError, match="took longer"):
        pictures.draw(asked(files), seconds=0)
    assert pictures.draw(asked(files), seconds=60)


def test_a_thread_that_ends_takes_no_worker_with_it(files: Files, pictures: Pictures) -> None:
    thread = threading.Thread(target=pictures.draw, args=(asked(files),))
    thread.start()
    thread.join()
    process = pictures._slot._process
    assert process is not None
    assert pictures.draw(asked(files, dpi=30))
    assert pictures._slot._process is process


def test_the_oldest_pictures_are_forgotten(
    files: Files, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragflow_local.ingest.pictures._KEPT_BYTES", 1)
    assert pictures.draw(asked(files))
    assert not pictures._kept
    assert pictures._kept_bytes == 0


def test_a_closed_one_draws_nothing(files: Files, pictures: Pictures) -> None:
    pictures.close()
    with pytest.raises(ParseCancelledError):
        pictures.draw(asked(files))
    pictures.close()


def test_an_error_of_ours_does_not_hang_who_waits(
    files: Files, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(threading, "excepthook", lambda given: None)
    with monkeypatch.context() as patch:
        patch.setattr(pictures._slot, "run", broken)
        with pytest.raises(Exception, match="unexpected"):
            pictures.draw(asked(files))
    assert pictures.draw(asked(files))


def test_a_thumbnail_that_ends_its_worker_is_tried_once(
    files: Files, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = asked(files)
    thumbnail = wire.Picture(page.path, page.kind, page.name, 0, 72)
    dies = (
        "import sys, json, os; sys.path[:] = json.loads(sys.argv[1])['path'];"
        "from ragflow_local.ingest import worker; worker._answer = lambda *_: os._exit(3);"
        "worker.main({'readable': [], 'most_bytes': 1 << 30})"
    )
    with monkeypatch.context() as patch:
        patch.setattr("ragflow_local.processes.starting.BOOT", dies)
        for request in (thumbnail, page):
            with pytest.raises(WorkerDiedError):
                pictures.draw(request)
    assert pictures.draw(thumbnail) == b""
    # A page that was asked for by its number is tried again.
    assert pictures.draw(page).startswith(b"\x89PNG")
