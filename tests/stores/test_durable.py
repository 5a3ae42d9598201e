import errno
import os
from pathlib import Path

import pytest

from ragflow_local.errors import DiskError
from ragflow_local.stores import durable
from tests.power import Disk


def test_a_refusal_of_the_disk_names_the_path_and_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"a\.bin"), durable.telling_disk(tmp_path / "a.bin"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_missing_file_stays_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), durable.telling_disk(tmp_path):
        raise FileNotFoundError(errno.ENOENT, "No such file")


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")
    durable.write_whole(path, b"after")
    assert path.read_bytes() == b"after"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_write_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        durable.write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_folders_are_made_readable_by_their_owner_only(tmp_path: Path) -> None:
    durable.make_folder(tmp_path / "a" / "b")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b")} == {0o700}


def test_what_is_read_must_be_a_file_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    with durable.read_own(tmp_path / "file") as file:
        assert file.read() == b"text"
    for name in ("link", "pipe"):
        with pytest.raises(OSError) as refused:  # its number is looked at
            durable.read_own(tmp_path / name)
        assert refused.value.errno == errno.ELOOP
    with pytest.raises(FileNotFoundError):
        durable.read_own(tmp_path / "gone")


def test_only_new_files_of_a_tree_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(b"a")
    synced = durable.sync_tree(tmp_path, set())
    assert synced == {str(tmp_path / "sub" / "a")}
    (tmp_path / "b").write_bytes(b"b")
    written: list[str] = []
    monkeypatch.setattr(durable, "_sync", lambda path, mode: written.append(path))
    assert durable.sync_tree(tmp_path, synced) == synced | {str(tmp_path / "b")}
    assert written == [str(tmp_path / "b"), str(tmp_path)]


@pytest.mark.parametrize("is_durable", [True, False])
def test_folders_that_were_made_are_there_after_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_durable: bool
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    disk = Disk(root, monkeypatch)
    durable.make_folder(root / "above" / "project", is_durable=is_durable)
    disk.cut(tmp_path / "left")
    assert (tmp_path / "left" / "above" / "project").is_dir() == is_durable


def test_files_written_together_have_their_names_only_when_all_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    sync = os.fsync

    def synced(descriptor: int) -> None:
        seen.append(sorted(file.name for file in tmp_path.iterdir() if file.name[0] != "."))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    durable.write_all_whole([(tmp_path / name, [name.encode()]) for name in "ab"])
    assert seen == [[], [], ["a", "b"]], "two files, then their folder"
    assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"a", b"b"]


def test_of_files_written_together_none_is_left_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = 1

    def full(descriptor: int) -> None:
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, "full")
        left -= 1

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        durable.write_all_whole([(tmp_path / name, [b"x"]) for name in "ab"])
    assert not any(tmp_path.iterdir())


def test_files_written_together_outlive_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    disk = Disk(root, monkeypatch)
    for folder in ("one", "two"):
        durable.make_folder(root / folder)
    durable.write_all_whole([(root / folder / "a", [b"x"]) for folder in ("one", "two")])
    disk.cut(tmp_path / "left")
    assert [(tmp_path / "left" / folder / "a").read_bytes() for folder in ("one", "two")] == [
        b"x",
        b"x",
    ]
