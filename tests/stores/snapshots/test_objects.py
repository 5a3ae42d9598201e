"""Objects: bytes under a name, wherever they lie, and no secret in what is said of it."""

import threading
import time
from pathlib import Path

import pyarrow.fs
import pytest

from ragflow_local.errors import DamagedSnapshotError, InvalidValueError, SnapshotError
from ragflow_local.stores.snapshots.objects import Objects, in_turns, without_secrets
from tests.stores.snapshots.stores import Store


@pytest.fixture(params=["folder", "file", "filesystem", "odd"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    root = tmp_path / "a b" / "store"
    made = {
        "folder": lambda: Objects.at(root),
        "file": lambda: Objects.at(root.as_uri()),
        "filesystem": lambda: Objects.at(str(root), pyarrow.fs.LocalFileSystem()),
        "odd": lambda: Objects.at(str(root), Store().filesystem),
    }[request.param]()
    made.prepare()
    return made


def test_what_is_written_is_read(objects: Objects, tmp_path: Path) -> None:
    assert objects.write("packs/one", [b"A ", b"kraken."]) == 9
    assert objects.read("packs/one", 9) == b"A kraken."
    assert objects.write("packs/one", [b"A squid."]) == 8
    with (tmp_path / "copy").open("wb") as file:
        assert len(objects.copy_to("packs/one", file, 8)) == 64
    assert (tmp_path / "copy").read_bytes() == b"A squid."
    listed = objects.listed("packs")
    assert {name: one.size for name, one in listed.items()} == {"one": 8}
    assert abs((listed["one"].written or 0) - time.time()) < 100
    objects.delete("packs/one")
    objects.delete("packs/one")
    assert objects.listed("packs") == {}
    with pytest.raises(FileNotFoundError):
        objects.read("packs/one", 9)


def test_no_more_is_read_than_is_allowed(objects: Objects, tmp_path: Path) -> None:
    objects.write("packs/one", [bytes(5 << 20)])
    with pytest.raises(DamagedSnapshotError, match="larger than it can be"):
        objects.read("packs/one", 1000)
    with (tmp_path / "copy").open("wb") as file, pytest.raises(DamagedSnapshotError):
        objects.copy_to("packs/one", file, 1000)
    assert (tmp_path / "copy").stat().st_size == 0


def test_what_is_not_written_whole_leaves_nothing_in_a_folder(tmp_path: Path) -> None:
    objects = Objects.at(tmp_path)
    objects.prepare()
    objects.write("packs/one", [b"old"])

    def broken() -> object:
        yield b"new"
        raise ValueError

    with pytest.raises(ValueError):
        objects.write("packs/one", broken())  # type: ignore[arg-type]
    assert [path.name for path in (tmp_path / "packs").iterdir()] == ["one"]
    assert objects.read("packs/one", 9) == b"old"


def test_an_empty_folder_lists_nothing(tmp_path: Path) -> None:
    assert Objects.at(tmp_path / "nothing").listed("packs") == {}


def test_what_a_file_system_says_is_told_with_its_address(tmp_path: Path) -> None:
    store = Store(end_at=0)
    with pytest.raises(SnapshotError, match=r"odd:.*packs/one: the store ended"):
        Objects.at(str(tmp_path), store.filesystem).read("packs/one", 9)


def test_secrets_are_not_shown() -> None:
    uri = "s3://key:se/cr@et@bucket/prefix?endpoint_override=127.0.0.1:9&secret=no"
    assert without_secrets(uri) == "s3://bucket/prefix"
    assert without_secrets("abfs://container@account.dfs/p?sas=no") == "abfs://account.dfs/p"
    assert without_secrets("/a/b@c") == "/a/b@c"
    for bad in ("s3://key:secret@", "s3://key:secret@bucket/p?nosuch=1", "odd://key:secret@b/p"):
        with pytest.raises((InvalidValueError, SnapshotError)) as told:
            Objects.at(bad)
        assert "secret" not in str(told.value)
        assert "secret" not in str(told.value.__cause__)


def test_only_file_systems_are_taken(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="filesystem"):
        Objects.at(str(tmp_path), "s3")


def test_turns_keep_their_order_and_take_no_more_than_they_work_on() -> None:
    taken, most, done = 0, 0, 0
    lock = threading.Lock()

    def things() -> object:
        nonlocal taken, most
        for number in range(200):
            with lock:
                taken += 1
                most = max(most, taken - done)
            yield number

    def work(number: int) -> int:
        nonlocal done
        with lock:
            done += 1
        return number * 2

    assert in_turns(work, things()) == list(range(0, 400, 2))  # type: ignore[arg-type]
    assert most <= 40


def test_the_first_error_ends_all_turns() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise SnapshotError("here", "it fails", "Try again")
        return number

    with pytest.raises(SnapshotError):
        in_turns(work, range(10_000))
