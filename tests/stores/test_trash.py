from pathlib import Path

import pytest

from ragflow_local.stores.trash import KEPT_DAYS, Trash

NOW = 1_700_000_000_000
DAY = 24 * 3600 * 1000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_text("bytes of a")
    return tmp_path


def test_what_is_taken_lies_under_the_time_and_its_own_folder(project: Path) -> None:
    assert Trash(project).take(project / "files" / "a", NOW)
    assert not (project / "files" / "a").exists()
    assert (project / "trash" / str(NOW) / "files" / "a").read_text() == "bytes of a"


def test_two_of_one_name_at_one_time_are_both_kept(project: Path) -> None:
    trash = Trash(project)
    trash.take(project / "files" / "a", NOW)
    (project / "files" / "a").write_text("another a")
    trash.take(project / "files" / "a", NOW)
    assert {path.read_text() for path in project.glob("trash/*/files/a")} == {
        "bytes of a",
        "another a",
    }


def test_a_link_goes_as_a_link_and_what_it_leads_to_stays(project: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (project / "files" / "link").symlink_to(tmp_path / "mine")
    assert Trash(project).take(project / "files" / "link", NOW)
    assert (project / "trash" / str(NOW) / "files" / "link").is_symlink()
    Trash(project).empty(NOW)
    assert (tmp_path / "mine").read_text() == "mine"


def test_what_cannot_be_moved_stays(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert not Trash(project).take(project / "files" / "gone", NOW)
    assert "left there" in caplog.text


def test_only_what_is_old_enough_is_emptied(project: Path) -> None:
    trash = Trash(project)
    trash.take(project / "files" / "a", NOW)
    trash.empty(NOW + (KEPT_DAYS - 1) * DAY, days=KEPT_DAYS)
    assert (project / "trash").exists()
    trash.empty(NOW + KEPT_DAYS * DAY, days=KEPT_DAYS)
    assert not (project / "trash").exists()


def test_what_others_put_there_is_never_deleted(project: Path) -> None:
    (project / "trash" / "notes").mkdir(parents=True)
    Trash(project).take(project / "files" / "a", NOW)
    Trash(project).empty(NOW)
    assert [path.name for path in (project / "trash").iterdir()] == ["notes"]


def test_a_trash_that_is_a_link_is_left_alone(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / str(NOW)
    elsewhere.mkdir(parents=True)
    (project / "trash").symlink_to(elsewhere.parent)
    Trash(project).empty(NOW)
    assert elsewhere.exists()
