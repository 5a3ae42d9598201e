"""The directory of fetched snapshots: which one counts, and what is deleted of it."""

import json
from pathlib import Path

import pytest

from ragflow_local.errors import DamagedProjectError, UnusableDirectoryError
from ragflow_local.stores.snapshots import fetched

NAMES = [f"{number}-{number:064x}" for number in range(1, 6)]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name / "files").mkdir(parents=True)
    return tmp_path


def test_a_directory_without_snapshots_is_itself(tmp_path: Path) -> None:
    assert fetched.current(tmp_path) == tmp_path
    assert fetched.current(tmp_path / "nothing") == tmp_path / "nothing"


def test_the_snapshot_that_was_taken_counts_and_the_last_stay(tmp_path: Path) -> None:
    for count, name in enumerate(NAMES):
        (tmp_path / name).mkdir()
        fetched.take(tmp_path, name, keep=3)
        assert fetched.current(tmp_path).name == name
        there = {path.name for path in tmp_path.glob("*-*")}
        assert there == set(NAMES[max(0, count - 2) : count + 1])


@pytest.mark.parametrize(
    "note",
    ["", "[]", "{}", '{"current": 7}', '{"current": "../x"}', f'{{"current": "{"9-" * 9}"}}'],
)
def test_a_note_that_names_no_snapshot_is_damage(directory: Path, note: str) -> None:
    (directory / fetched.NOTE).write_text(note)
    with pytest.raises(DamagedProjectError, match="fetch"):
        fetched.current(directory)
    (directory / fetched.NOTE).write_text(json.dumps({"current": f"9-{9:064x}"}))
    with pytest.raises(DamagedProjectError):
        fetched.current(directory)


def test_a_link_is_no_snapshot(directory: Path, tmp_path: Path) -> None:
    name = f"9-{9:064x}"
    (directory / name).symlink_to(directory / NAMES[0])
    (directory / fetched.NOTE).write_text(json.dumps({"current": name}))
    with pytest.raises(DamagedProjectError):
        fetched.current(directory)


def test_what_is_not_ours_stays(directory: Path) -> None:
    (directory / "notes.txt").write_text("mine")
    (directory / ".new-0a1b2c3d").mkdir()
    outside = directory.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "mine.txt").write_text("mine")
    link = directory / f"9-{9:064x}"
    link.symlink_to(outside)
    fetched.take(directory, NAMES[0], keep=2)
    assert {path.name for path in directory.iterdir()} == {fetched.NOTE, "notes.txt", NAMES[0]}
    assert (outside / "mine.txt").exists()


def test_an_odd_note_keeps_nothing_from_being_deleted_but_what_counts(directory: Path) -> None:
    for note in ('{"current": 1, "earlier": 2}', '{"earlier": [1, null, "../x"]}', "["):
        (directory / fetched.NOTE).write_text(note)
        fetched.take(directory, NAMES[0], keep=9)
        assert fetched.current(directory).name == NAMES[0]


def test_a_first_fetch_that_ended_can_be_begun_anew(tmp_path: Path) -> None:
    (tmp_path / ".new-0a1b2c3d").mkdir()
    (tmp_path / fetched.LOCK).touch()
    (tmp_path / NAMES[0]).mkdir()
    fetched.check_target(tmp_path)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UnusableDirectoryError, match="other things"):
        fetched.check_target(tmp_path)
