from pathlib import Path

import pytest

from ragflow_local.errors import DamagedProjectError, DiskError, ProjectClosedError
from ragflow_local.stores.durable import sync_tree
from ragflow_local.stores.files import Files

CHUNK = "c" * 32


@pytest.fixture
def files(tmp_path: Path) -> Files:
    kept = Files(tmp_path)
    kept.create()
    return kept


def test_bytes_come_back_by_their_hash(files: Files) -> None:
    sha256 = files.put(b"kraken")
    assert files.get(sha256) == b"kraken"
    assert files.put(b"kraken") == sha256
    assert list(files.file_names()) == [sha256]


def test_bytes_that_changed_are_not_given_out(files: Files) -> None:
    sha256 = files.put(b"kraken")
    files.path_of(sha256).write_bytes(b"krakeN")
    with pytest.raises(DamagedProjectError, match="not those that were added"):
        files.get(sha256)


def test_a_torn_file_is_written_anew_when_it_is_added_again(files: Files) -> None:
    sha256 = files.put(b"kraken")
    files.path_of(sha256).write_bytes(b"kra")
    files.put(b"kraken")
    assert files.get(sha256) == b"kraken"


def test_missing_bytes_are_told_of(files: Files) -> None:
    sha256 = files.put(b"kraken")
    files.remove(sha256)
    files.remove(sha256)
    with pytest.raises(DamagedProjectError, match="missing"):
        files.get(sha256)


def test_files_of_another_library_are_made_so_too(tmp_path: Path) -> None:
    (tmp_path / "table" / "data").mkdir(parents=True, mode=0o777)
    (tmp_path / "table" / "data" / "part").write_bytes(b"1")
    sync_tree(tmp_path / "table", set())
    for path in (tmp_path / "table", *(tmp_path / "table").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0


def test_files_are_readable_by_their_owner_only(files: Files) -> None:
    path = files.path_of(files.put(b"kraken"))
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_failed_write_leaves_nothing(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskError, match="No space"):
        files.put(b"kraken")
    assert list(files.file_names()) == []


@pytest.mark.parametrize("damage", [b"", b"\x89PNG", None])
def test_a_torn_picture_is_told_of(files: Files, tmp_path: Path, damage: bytes | None) -> None:
    files.put_image(CHUNK, b"\x89PNG kraken")
    assert files.get_image(CHUNK) == b"\x89PNG kraken"
    path = next(path for path in tmp_path.rglob(f"{CHUNK}.png"))
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(DamagedProjectError, match="Parse the document again"):
        files.get_image(CHUNK)


def test_a_flipped_bit_is_told_of(files: Files) -> None:
    sha256 = files.put(b"kraken")
    files.path_of(sha256).write_bytes(b"kraked")
    with pytest.raises(DamagedProjectError, match="not those"):
        files.check(sha256)
    files.put(b"kraken")
    files.check(sha256)


def test_bytes_are_on_the_disk_before_they_have_their_names(files: Files, tmp_path: Path) -> None:
    there = files.put(b"squid")
    with files.brought([b"kraken", b"squid", b"kraken"]) as keep:
        assert {path.stat().st_size for path in (tmp_path / "files").iterdir()} == {5, 6}
        assert [name for name in files.file_names() if name[0] != "."] == [there]
        files.remove(there)  # with the last document that had them
        hashes = keep()
    assert [files.get(sha256) for sha256 in hashes] == [b"kraken", b"squid", b"kraken"]
    assert set(files.file_names()) == set(hashes)


def test_bytes_that_nobody_wants_after_all_are_taken_away(files: Files) -> None:
    with pytest.raises(KeyError), files.brought([b"kraken", b"squid"]):
        raise KeyError
    assert list(files.file_names()) == []


def test_bytes_are_not_kept_in_a_project_that_was_closed_meanwhile(files: Files) -> None:
    with pytest.raises(ProjectClosedError), files.brought([b"kraken"]) as keep:
        files.close()
        keep()
    assert list(files.file_names()) == []
