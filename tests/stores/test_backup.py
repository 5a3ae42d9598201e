"""Backups: what was copied is compared, links are not followed, it is all or nothing."""

from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import DamagedProjectError
from ragflow_local.stores import backup


@pytest.fixture
def kept(rag: RAGFlow) -> Path:
    """The one file of a project."""
    rag.add_document(rag.create_dataset("kb"), "a.txt", b"The kraken sleeps.")
    [path] = (rag.project.path / "files").iterdir()
    return path


def test_a_file_that_has_changed_is_not_copied(rag: RAGFlow, kept: Path, tmp_path: Path) -> None:
    kept.write_bytes(b"The kraken sleepz.")
    with pytest.raises(DamagedProjectError, match="not those that were added"):
        rag.backup(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_copy_that_is_not_what_was_copied_is_made_again(
    rag: RAGFlow, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bit that flips on the way: the source is whole, the copy is not."""
    copy, tries = backup._copy_file, [0]

    def flips_once(source: Path, target: Path) -> None:
        copy(source, target)
        tries[0] += 1
        if tries[0] == 1:
            target.write_bytes(b"The kraken sleepz.")

    monkeypatch.setattr(backup, "_copy_file", flips_once)
    rag.backup(tmp_path / "backup")
    assert tries == [2]
    assert (tmp_path / "backup" / "files" / kept.name).read_bytes() == b"The kraken sleeps."


def test_a_link_in_the_place_of_a_file_is_not_followed(
    rag: RAGFlow, kept: Path, tmp_path: Path
) -> None:
    kept.rename(tmp_path / "elsewhere")
    kept.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DamagedProjectError):
        rag.backup(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
