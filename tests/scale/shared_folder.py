"""A shared folder with a worker in this process."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ragflow_local.scale import FolderPlace
from ragflow_local.scale.folder_files import SharedFolder
from ragflow_local.scale.folder_work import Worker

T = TypeVar("T")


@contextmanager
def working(folder: Path) -> Iterator[Worker]:
    """Have a worker work in this process."""
    worker = Worker(SharedFolder(folder), once=False, told=None)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.leave()
        thread.join()


@contextmanager
def place_at(folder: Path, lease: float = 60.0) -> Iterator[FolderPlace]:
    place = FolderPlace(folder)
    place._lease = lease
    try:
        yield place
    finally:
        place.close()


def left_in(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def wait_for(is_so: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


def ended(call: Callable[[], T]) -> T:
    """Return what a call returns; one that does not end fails."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001  # it is told to who waits
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome.result(30)
