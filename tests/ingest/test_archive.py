import warnings
import zipfile
from pathlib import Path

import pytest

from ragflow_local.errors import DamagedFileError, InvalidValueError
from ragflow_local.ingest import archive as room
from ragflow_local.ingest.archive import opened


def make(path: Path, *members: tuple[str, bytes]) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in members:
                made.writestr(name, data)
    return path


def test_members_are_read_whole_and_line_by_line(tmp_path: Path) -> None:
    with opened(make(tmp_path / "a.zip", ("a", b"one\ntwo\n"), ("b", b"whole"))) as archive:
        assert archive.read("b", 100) == b"whole"
        assert list(archive.lines("a")) == [b"one\n", b"two\n"]


def test_a_member_larger_than_it_may_be_is_refused_before_it_is_expanded(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", ("a", b"12345"))
    with pytest.raises(DamagedFileError, match="more than 4 bytes"), opened(path) as archive:
        archive.read("a", 4)


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_SMALL", 1 << 10)
    path = make(tmp_path / "a.zip", ("rows", b"\0" * (1 << 20)), ("files/a", b"\0" * (1 << 20)))
    with opened(path) as archive:
        assert len(archive.read("files/a", 1 << 20)) == 1 << 20  # a user's own may be sparse
    with pytest.raises(DamagedFileError, match="expands"), opened(path) as archive:
        list(archive.lines("rows"))


def test_a_line_longer_than_any_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_LONGEST_LINE", 8)
    path = make(tmp_path / "a.zip", ("rows", b"123\n123456789\n"))
    with pytest.raises(DamagedFileError, match="longer"), opened(path) as archive:
        list(archive.lines("rows"))


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive at all"])
def test_what_is_no_archive_is_damaged(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(DamagedFileError), opened(tmp_path / "a.zip"):
        raise AssertionError("it was opened")


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", ("a", b"1"), ("a", b"2"))
    with pytest.raises(DamagedFileError, match="one name"), opened(path):
        raise AssertionError("it was opened")


def test_a_member_that_is_missing_or_torn_is_damage(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", ("a", bytes(range(256)) * 16))
    with pytest.raises(DamagedFileError), opened(path) as archive:
        archive.read("b", 10)
    data = bytearray(path.read_bytes())
    data[50:60] = b"\xff" * 10
    path.write_bytes(data)
    with pytest.raises(DamagedFileError), opened(path) as archive:
        archive.read("a", 1 << 20)


@pytest.mark.parametrize("name", ["gone.zip", "a\0b"])
def test_a_path_without_a_file_is_a_wrong_value(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidValueError, match="that is there"), opened(tmp_path / name):
        raise AssertionError("it was opened")


def test_an_error_of_the_caller_passes(tmp_path: Path) -> None:
    path = make(tmp_path / "a.zip", ("a", b"1"))
    with pytest.raises(ZeroDivisionError), opened(path):
        raise ZeroDivisionError
