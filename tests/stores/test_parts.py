"""A project's directory: nothing in it is followed elsewhere, and nothing of others is touched."""

import json
import os
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine, repair
from ragflow_local.errors import DamagedProjectError, RagflowError, UnusableDirectoryError
from ragflow_local.stores.parts import check_new, has_links

FOLDERS = ("files", "images", "vectors", "trash")
IN_PLACE = ("catalog.sqlite3", "catalog.sqlite3-wal", "catalog.sqlite3-shm", "commits", "lock")
OTHER_FILES = ("project.json", "open.json", "closed.json", "reserve")
OWN = "a" * 32


def opened(directory: Path, *, read_only: bool = False) -> RAGFlow:
    return RAGFlow(project_dir=directory, embedding_model="hashing", workers=1, read_only=read_only)


def contents(directory: Path) -> dict[str, bytes]:
    """Return what every file below a directory holds."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


@pytest.fixture
def project(project_dir: Path) -> Path:
    """A project that its last process did not close: the next opening heals it."""
    with opened(project_dir) as rag:
        rag.add_document(rag.create_dataset("kb"), "a.txt", b"The kraken sleeps.")
    (project_dir / "open.json").write_text('{"pid": 1, "host": "x"}')
    return project_dir


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """What somebody has elsewhere, with names that would be the engine's own among it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("thesis.docx", "0" * 64, f"{OWN}.png", ".new-abcdefgh"):
        (folder / name).write_bytes(b"ten years")
    (folder / f"{OWN}.lance").mkdir()
    (folder / f"{OWN}.lance" / "data").write_bytes(b"ten years")
    return folder


@pytest.mark.parametrize("part", FOLDERS)
@pytest.mark.parametrize("way", ["open", "read", "doctor", "repair"])
def test_a_linked_folder_is_refused_and_left_alone(
    project: Path, elsewhere: Path, part: str, way: str
) -> None:
    if (project / part).exists():
        (project / part).rename(project.parent / part)
    (project / part).symlink_to(elsewhere)
    before = contents(elsewhere)
    if way == "doctor":
        assert any("link" in problem.what for problem in examine(project).problems)
    else:
        with pytest.raises(UnusableDirectoryError, match="link"):
            if way == "repair":
                repair(project)
            else:
                opened(project, read_only=way == "read").close()
    assert contents(elsewhere) == before


@pytest.mark.parametrize("part", [*IN_PLACE, *OTHER_FILES])
@pytest.mark.parametrize("how", ["link", "hard link", "dangling link", "pipe", "folder"])
def test_a_linked_file_is_refused_and_left_alone(
    project: Path, elsewhere: Path, part: str, how: str
) -> None:
    target, place = elsewhere / "thesis.docx", project / part
    place.unlink(missing_ok=True)
    if how == "link":
        place.symlink_to(target)
    elif how == "dangling link":
        place.symlink_to(elsewhere / "new")
    elif how == "hard link":
        place.hardlink_to(target)
    elif how == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    before = contents(elsewhere)
    try:
        opened(project).close()
    except RagflowError:
        pass
    else:
        # A file that is replaced whole, not written in place, may have another name.
        assert how == "hard link"
        assert part in OTHER_FILES
    assert contents(elsewhere) == before


@pytest.mark.parametrize("folder", ["files", "images", "vectors"])
def test_what_others_put_into_a_project_stays_there(project: Path, folder: str) -> None:
    names = ["holiday.png", "x.lance", "0" * 63, "A" * 64, ".hidden", f"{OWN}.jpg", ".new-one"]
    for name in names:
        (project / folder / name).write_bytes(b"mine")
    (project / folder / "shop.lance").mkdir()
    (project / folder / "shop.lance" / "data").write_bytes(b"mine")
    (project / folder / ("0" * 64)).mkdir()
    (project / folder / f"{'b' * 32}.png").mkdir()
    with opened(project) as rag:
        rag.vacuum()
    for name in names:
        assert (project / folder / name).read_bytes() == b"mine"
    assert (project / folder / "shop.lance" / "data").read_bytes() == b"mine"
    assert (project / folder / ("0" * 64)).is_dir()
    assert (project / folder / f"{'b' * 32}.png").is_dir()
    assert examine(project).is_healthy


def test_garbage_goes_to_the_trash_and_from_there_by_vacuum(project: Path) -> None:
    garbage = {
        project / "files" / ("0" * 64): b"1",
        project / "files" / ".new-abcdefgh": b"2",
        project / "images" / f"{OWN}.png": b"3",
        project / "vectors" / f"{OWN}.lance" / "data": b"4",
    }
    for path, data in garbage.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    (project / "trash").mkdir()
    (project / "trash" / "mine").write_bytes(b"5")
    with opened(project) as rag:
        assert not any(path.exists() for path in garbage)
        assert sorted(contents(project / "trash").values()) == [b"1", b"2", b"3", b"4", b"5"]
        rag.vacuum()
    assert contents(project / "trash") == {"mine": b"5"}


def test_the_trash_is_emptied_by_age(project: Path) -> None:
    old, new = "1000000000000", f"{10**13 - 1}"
    for when in (old, new):
        (project / "trash" / when / "files").mkdir(parents=True)
        (project / "trash" / when / "files" / "x").write_bytes(b"1")
    opened(project).close()
    assert [path.name for path in (project / "trash").iterdir()] == [new]


def test_a_linked_piece_of_garbage_is_not_followed(project: Path, elsewhere: Path) -> None:
    (project / "files" / ("0" * 64)).symlink_to(elsewhere / "thesis.docx")
    (project / "images" / f"{OWN}.png").symlink_to(elsewhere / "thesis.docx")
    (project / "vectors" / f"{OWN}.lance").symlink_to(elsewhere)
    before = contents(elsewhere)
    with opened(project) as rag:
        rag.vacuum()
    assert contents(elsewhere) == before


@pytest.mark.parametrize("how", ["link", "pipe"])
def test_bytes_are_not_read_through_a_link(project: Path, elsewhere: Path, how: str) -> None:
    [path] = (project / "files").iterdir()
    path.rename(elsewhere / "kept")
    if how == "link":
        path.symlink_to(elsewhere / "kept")
    else:
        os.mkfifo(path)
    with opened(project) as rag:
        with pytest.raises(DamagedProjectError, match="link"):
            rag.get_document(name="a.txt").download()
        assert not examine(project).is_healthy
        if how == "link":
            rag.add_document(rag.get_dataset("kb"), "b.txt", b"The kraken sleeps.")
            assert rag.get_document(name="a.txt").download() == b"The kraken sleeps."
            assert (elsewhere / "kept").read_bytes() == b"The kraken sleeps."


@pytest.mark.parametrize(
    "names",
    [
        ["index.html"],
        ["images/logo.png"],
        ["vectors/shop.lance/data"],
        ["files/x"],
        ["trash/x"],
        ["project.json"],
        ["closed.json"],
        ["lock", "paper.tex"],
        ["line\nend"],
    ],
    ids=" ".join,
)
def test_no_project_is_begun_beside_what_others_put_there(
    project_dir: Path, names: list[str]
) -> None:
    for name in names:
        (project_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (project_dir / name).write_text(json.dumps({"name": "of another program"}))
    before = contents(project_dir)
    with pytest.raises(UnusableDirectoryError, match="holds other things"):
        opened(project_dir)
    assert contents(project_dir) == before


@pytest.mark.parametrize("name", ["lost+found/x", ".DS_Store", ".git/config", ".gitignore"])
def test_a_project_is_begun_beside_what_is_nobodys(project_dir: Path, name: str) -> None:
    (project_dir / name).parent.mkdir(parents=True)
    (project_dir / name).write_text("1")
    opened(project_dir).close()
    assert (project_dir / name).read_text() == "1"


def test_a_project_that_was_only_begun_is_begun_again(project_dir: Path) -> None:
    for folder in ("files", "images", "vectors"):
        (project_dir / folder).mkdir(parents=True)
    for name in ("lock", "reserve", "catalog.sqlite3", "files/.new-abcdefgh"):
        (project_dir / name).write_bytes(b"")
    (project_dir / "open.json").write_text('{"pid": 1}')
    check_new(project_dir)
    opened(project_dir).close()
    assert examine(project_dir).is_healthy


def test_a_link_is_found_however_deep(tmp_path: Path) -> None:
    (tmp_path / "table" / "data").mkdir(parents=True)
    assert not has_links(tmp_path / "table")
    (tmp_path / "table" / "data" / "part").symlink_to(tmp_path)
    assert has_links(tmp_path / "table")
    (tmp_path / "link").symlink_to(tmp_path / "none")
    assert has_links(tmp_path / "link")
