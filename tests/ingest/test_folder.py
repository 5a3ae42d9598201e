import os
from pathlib import Path

import pytest

from ragflow_local.ingest.folder import (
    FolderSnapshot,
    Patterns,
    digest_of,
    is_as_it_was,
    scan,
)
from ragflow_local.stores.catalog.folder_files import Stamp

KNOWN = (".md", ".pdf")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.md", "B.PDF", "c.txt", ".hidden.md", "sub/d.md", "sub/drafts/e.md"):
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "folder"


def names(found: FolderSnapshot) -> list[str]:
    return list(found.files)


def test_files_of_known_kinds_are_taken_hidden_ones_are_not(folder: Path) -> None:
    assert names(scan(folder, Patterns(), KNOWN)) == [
        "B.PDF",
        "a.md",
        "sub/d.md",
        "sub/drafts/e.md",
    ]


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        (("*.txt",), (), ["c.txt"]),
        (("sub",), (), ["sub/d.md", "sub/drafts/e.md"]),
        (("SUB/*",), ("drafts",), ["sub/d.md"]),
        (("/d.md",), (), []),
        (("d.md",), (), ["sub/d.md"]),
        ((), ("sub/", "*.pdf"), ["a.md"]),
        (("./a.md",), (), ["a.md"]),
    ],
)
def test_patterns_take_and_leave_out(
    folder: Path, include: tuple[str, ...], exclude: tuple[str, ...], taken: list[str]
) -> None:
    assert names(scan(folder, Patterns(include, exclude), KNOWN)) == taken


def test_a_project_inside_is_no_part_of_the_folder(folder: Path) -> None:
    for name in ("project.json", "catalog.sqlite3", "lock"):
        (folder / "sub" / name).touch()
    (folder / "sub" / "files").mkdir()
    found = names(scan(folder, Patterns(), KNOWN))
    assert not any(name.startswith("sub/") for name in found)


def test_a_link_out_of_the_folder_is_told_and_followed_only_when_asked(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "inside.md").symlink_to(folder / "a.md")
    (folder / "nowhere.md").symlink_to(tmp_path / "gone.md")
    found = scan(folder, Patterns(), KNOWN)
    assert "inside.md" in found.files
    assert "link.md" not in found.files
    assert "link.md" in found.unread
    assert found.hides("link.md")
    assert "link.md" in scan(folder, Patterns(), KNOWN, follow_links=True).files


def test_a_link_to_a_folder_is_not_followed_so_no_circle_is_walked(folder: Path) -> None:
    (folder / "sub" / "again").symlink_to(folder)
    assert len(names(scan(folder, Patterns(), KNOWN))) == 4


def test_a_file_that_was_just_written_is_noted_without_its_time(folder: Path) -> None:
    fresh = scan(folder, Patterns(), KNOWN)
    assert fresh.noted("a.md").mtime_ns == 0
    assert not is_as_it_was(fresh.files["a.md"], fresh.noted("a.md"))
    old = FolderSnapshot(folder, fresh.files, {}, fresh.begun_ns + 10**11)
    assert old.noted("a.md") == fresh.files["a.md"]
    assert is_as_it_was(fresh.files["a.md"], old.noted("a.md"))


@pytest.mark.parametrize("change", [(11, 5, 7), (10, 6, 7), (10, 5, 8)])
def test_size_or_either_time_shows_a_change(change: tuple[int, int, int]) -> None:
    then = Stamp(10, 5, 7)
    assert is_as_it_was(Stamp(10, 5, 7), then)
    assert not is_as_it_was(Stamp(*change), then)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(folder: Path) -> None:
    (folder / "sub").chmod(0)
    try:
        found = scan(folder, Patterns(), KNOWN)
    finally:
        (folder / "sub").chmod(0o700)
    assert found.hides("sub/d.md")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        scan(tmp_path / "gone", Patterns(), KNOWN)


def test_a_digest_is_of_the_bytes(folder: Path) -> None:
    (folder / "same.md").write_text("a.md")
    assert (
        digest_of(folder / "a.md") == digest_of(folder / "same.md") != digest_of(folder / "B.PDF")
    )
