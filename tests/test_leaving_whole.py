"""Opening and closing beside others: no false alarm, no lock that is left, nothing written late."""

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.errors import (
    DamagedProjectError,
    ProjectClosedError,
    ProjectReplacedError,
    RagflowError,
)
from ragflow_local.stores import directory
from ragflow_local.stores.catalog import datasets
from ragflow_local.stores.directory import Directory


def opened(path: Path, *, read_only: bool = False) -> RAGFlow:
    return RAGFlow(
        "key", project_dir=path, embedding_model="hashing", workers=1, read_only=read_only
    )


@pytest.fixture
def project(project_dir: Path) -> Path:
    with opened(project_dir) as rag:
        rag.create_dataset("kb")
    return project_dir


def times_of(project: Path) -> dict[Path, int]:
    """Return when each part of a project was last written, but what SQLite keeps beside it."""
    found = (path for path in project.rglob("*") if not path.name.endswith(("-wal", "-shm")))
    return {path: path.stat().st_mtime_ns for path in found}


def while_hashed(monkeypatch: pytest.MonkeyPatch, do: Callable[[], None], times: int) -> None:
    """Have something happen while a catalog is hashed, the first so many times."""
    real, left = directory.sha256_of, [times]

    def slow(path: Path) -> str:
        if left[0] > 0:
            left[0] -= 1
            do()
        return real(path)

    monkeypatch.setattr(directory, "sha256_of", slow)


@pytest.mark.parametrize("times", [1, 2, 50], ids=["once", "twice", "again and again"])
def test_a_reader_that_looks_while_a_writer_comes_and_goes_tells_no_damage(
    project: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    real = directory.sha256_of
    catalog = project / "catalog.sqlite3"

    def write() -> None:
        """Leave what a writer leaves that opened, wrote and closed."""
        with catalog.open("ab") as file:
            file.write(bytes(4096))
        seal = {"size": catalog.stat().st_size, "sha256": real(catalog)}
        (project / "closed.json").write_text(json.dumps(seal))

    while_hashed(monkeypatch, write, times)
    Directory(project).check_readable()


def test_a_changed_catalog_is_told_though_it_is_looked_at_twice(project: Path) -> None:
    data = bytearray((project / "catalog.sqlite3").read_bytes())
    data[-1] ^= 1
    (project / "catalog.sqlite3").write_bytes(data)
    with pytest.raises(DamagedProjectError) as told:
        opened(project, read_only=True)
    said = str(told.value)
    assert 0 < said.find("doctor") < said.find("restore"), "throwing work away comes last"


@pytest.mark.parametrize("step", ["jobs", "pictures", "term_index", "models", "vectors", "catalog"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, RuntimeError])
def test_what_ends_a_close_leaves_no_lock(
    project: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: type[BaseException]
) -> None:
    rag = opened(project)

    def interrupted(**_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(getattr(rag.project, step), "close", interrupted)
        with pytest.raises(error):
            rag.close()
    with opened(project) as again:
        assert again.get_dataset("kb").name == "kb"
    assert examine(project).is_healthy


def test_ctrl_c_while_the_catalog_is_hashed_leaves_no_lock(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rag = opened(project)
    rag.create_dataset("more")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        while_hashed(patched, interrupt, 1)
        with pytest.raises(KeyboardInterrupt):
            rag.close()
    with opened(project) as again:
        assert len(again.list_datasets()) == 2


def test_a_change_under_way_is_waited_for_and_the_next_is_refused(project: Path) -> None:
    rag = opened(project)
    inner, id = rag.project, rag.get_dataset("kb").id
    inside, go_on = threading.Event(), threading.Event()
    ended: list[str] = []

    def change() -> None:
        with inner.catalog.write() as connection:
            inside.set()
            assert go_on.wait(30)
            datasets.update(connection, id, {"description": "changed"})
        ended.append("changed")

    def close() -> None:
        rag.close()
        ended.append("closed")

    threads = [threading.Thread(target=change), threading.Thread(target=close)]
    threads[0].start()
    assert inside.wait(30)
    threads[1].start()
    threads[1].join(0.3)
    assert Directory(project).was_closed() is False, "the lock is not given up before"
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert ended == ["changed", "closed"]
    for late in (
        lambda: inner.catalog.write().__enter__(),
        lambda: inner.catalog.read().__enter__(),
        lambda: inner.files.put(b"late"),
        lambda: inner.files.put_image("a" * 32, b"late"),
        lambda: inner.catalog.vacuum(),
    ):
        with pytest.raises(ProjectClosedError):
            late()
    with opened(project) as again:
        assert again.get_dataset("kb").description == "changed"


def put_another_in_its_place(project: Path) -> None:
    shutil.copytree(project, project.with_name("copy"))
    shutil.rmtree(project)
    project.with_name("copy").rename(project)


def moved_away(project: Path) -> None:
    project.rename(project.with_name("moved"))


def lock_removed(project: Path) -> None:
    (project / "lock").unlink()


def catalog_restored(project: Path) -> None:
    shutil.copy(project / "catalog.sqlite3", project / "copy")
    (project / "copy").replace(project / "catalog.sqlite3")


@pytest.mark.parametrize(
    "replace",
    [put_another_in_its_place, moved_away, lock_removed, catalog_restored],
    ids=lambda way: way.__name__.replace("_", " "),
)
def test_a_directory_replaced_under_an_open_writer_is_told_before_a_change_is_acknowledged(
    project: Path, replace: Callable[[Path], None]
) -> None:
    rag = opened(project)
    dataset = rag.get_dataset("kb")
    replace(project)
    there = times_of(project)
    for change in (
        lambda: rag.add_document(dataset, "a.txt", b"The kraken sleeps."),
        lambda: rag.create_dataset("more"),
        lambda: rag.vacuum(),
        lambda: rag.delete_datasets(["kb"]),
    ):
        with pytest.raises(RagflowError) as told:
            change()
        assert isinstance(told.value, ProjectReplacedError), told.value
    rag.close()
    assert times_of(project) == there


def test_one_replaced_in_the_middle_of_a_change_is_told(project: Path) -> None:
    rag = opened(project)
    with pytest.raises(ProjectReplacedError), rag.project.catalog.write() as connection:
        connection.execute("UPDATE datasets SET description = 'lost'")
        put_another_in_its_place(project)
    rag.close()
    (project / "open.json").unlink()
    with opened(project) as again:
        assert again.get_dataset("kb").description == ""


def test_the_folder_above_a_new_project_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[str] = set()
    real = os.fsync

    def noted(descriptor: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with opened(tmp_path / "a" / "b" / "project") as rag:
        rag.backup(tmp_path / "c" / "copy")
    for folder in (tmp_path, tmp_path / "a", tmp_path / "a" / "b", tmp_path / "c"):
        assert str(folder) in synced
