"""What a forked child does with what it inherits: nothing; each child here is a real one."""

import ctypes
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.errors import ForkedError, ProjectLockedError
from ragflow_local.stores import forks
from ragflow_local.stores.catalog import Catalog

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    # Threads of the engine do not go on in the child: that is what is tested.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning"),
]
PATIENCE = 30


def in_child(
    work: Callable[[], object], fork: Callable[[], int] = lambda: os.fork()
) -> dict[str, str]:
    """Return what a forked child got or was told, and how it ended; it never runs test code on."""
    reading, writing = os.pipe()
    child = fork()
    if child == 0:
        try:
            said = {"got": repr(work())}
        except BaseException as error:  # noqa: BLE001  # any at all is told to the parent
            said = {"error": type(error).__name__, "message": str(error)}
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    until = time.monotonic() + PATIENCE
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > until:
            os.kill(child, 9)
            os.waitpid(child, 0)
            pytest.fail("the child does not end")
        time.sleep(0.01)
    with os.fdopen(reading, "rb") as pipe:
        found: dict[str, str] = json.loads(pipe.read() or b"{}")
    return found


@pytest.fixture
def filled(rag: RAGFlow, dataset: DataSet) -> DataSet:
    rag.create_document(dataset, "a.txt", b"It sleeps.")
    rag.get_document(name="a.txt").add_chunk("the kraken sleeps")
    return dataset


CALLS: dict[str, Callable[[RAGFlow, DataSet], object]] = {
    "search": lambda rag, dataset: rag.retrieval("kraken", [dataset]),
    "list": lambda rag, dataset: rag.list_datasets(),
    "add": lambda rag, dataset: rag.create_document(dataset, "b.txt", b"b"),
    "parse": lambda rag, dataset: dataset.parse(),
    "delete": lambda rag, dataset: rag.delete_datasets(ids=[dataset.id]),
    "rename": lambda rag, dataset: dataset.update({"name": "other"}),
    "vacuum": lambda rag, dataset: rag.vacuum(),
    "backup": lambda rag, dataset: rag.backup("copy"),
    "a transaction of its own": lambda rag, dataset: rag._project.catalog.write().__enter__(),
    "a snapshot of its own": lambda rag, dataset: rag._project.catalog.read().__enter__(),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_in_a_child_says_to_open_the_project_there(
    rag: RAGFlow, filled: DataSet, call: str
) -> None:
    said = in_child(lambda: CALLS[call](rag, filled))
    assert said["error"] == "ForkedError"
    assert "Open it in this process" in said["message"]
    assert [document.name for document in filled.list_docs()] == ["a.txt"]


LEAVING: dict[str, Callable[[RAGFlow], object]] = {
    "close()": lambda rag: rag.close(),
    "with": lambda rag: rag.__exit__(None, None, None),
    "the project's own end": lambda rag: rag._project.close(),
    "a user less": lambda rag: rag._project.release(),
    "the stores": lambda rag: rag._project.catalog.close(),
    "the collection of a dropped engine": lambda rag: rag._finalizer(),
}


@pytest.mark.parametrize("way", LEAVING)
def test_a_child_that_leaves_closes_nothing(rag: RAGFlow, filled: DataSet, way: str) -> None:
    path = rag.project_dir
    before = {name: (path / name).stat().st_mtime_ns for name in ("open.json", "catalog.sqlite3")}
    assert in_child(lambda: LEAVING[way](rag)) == {"got": "None"}
    after = {name: (path / name).stat().st_mtime_ns for name in before}
    assert after == before
    assert not (path / "closed.json").exists()
    rag.create_document(filled, "b.txt", b"b")
    with pytest.raises(ProjectLockedError):
        raise_locked(path)


def raise_locked(path: Path) -> None:
    """Open a project for writing in another process, and raise what it was told."""
    code = (
        "import sys; from ragflow_local import RAGFlow, errors\n"
        "try: RAGFlow(project_dir=sys.argv[1])\n"
        "except errors.ProjectLockedError: sys.exit(7)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=False, cwd=Path(__file__).parents[2]
    )
    if ended.returncode == 7:
        raise ProjectLockedError(path, 0)


def test_a_temporary_project_outlives_a_child_that_closes_it() -> None:
    with RAGFlow.temporary(embedding_model="hashing") as rag:
        in_child(rag.close)
        assert rag.project_dir.is_dir()
    assert not rag.project_dir.exists()


def test_a_child_may_open_it_for_reading_and_sees_what_is_written_later(
    rag: RAGFlow, filled: DataSet
) -> None:
    path = rag.project_dir

    def read() -> list[str]:
        with RAGFlow(project_dir=path, read_only=True) as reader:
            return [document.name for document in reader.list_datasets()[0].list_docs()]

    for name in ("b.txt", "c.txt"):
        rag.create_document(filled, name, name.encode())
        rag.project.catalog.writer().execute("PRAGMA wal_checkpoint(RESTART)")
        assert in_child(read) == {"got": repr([doc.name for doc in filled.list_docs()])}


def test_a_child_that_reads_keeps_the_log_from_being_removed(rag: RAGFlow, filled: DataSet) -> None:
    """SQLite removes the log when the last one closes: without its locks a child is not seen."""
    path = rag.project_dir
    go_on, may_end = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(may_end[1])
        try:
            catalog = Catalog(path / "catalog.sqlite3", read_only=True)
            with catalog.read() as reading:
                reading.execute("SELECT count(*) FROM documents").fetchall()
        finally:
            os.write(go_on[1], b"x")
            os.read(may_end[0], 1)
            os._exit(0)
    os.read(go_on[0], 1)
    rag.close()
    assert (path / "catalog.sqlite3-wal").exists()
    os.write(may_end[1], b"x")
    os.waitpid(child, 0)


def test_a_child_of_a_process_in_the_middle_of_a_change_opens_nothing(
    rag: RAGFlow, filled: DataSet
) -> None:
    path = rag.project_dir
    with rag.project.catalog.write() as writing:
        writing.execute("SELECT count(*) FROM documents").fetchall()
        said = in_child(lambda: RAGFlow(project_dir=path, read_only=True))
    assert said["error"] == "ForkedError"
    assert "spawn" in said["message"]


def test_a_child_does_not_open_what_its_parent_has_closed_meanwhile(
    rag: RAGFlow, filled: DataSet
) -> None:
    path = rag.project_dir
    go_on = os.pipe()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(go_on[0], 1)
        said = "opened"
        try:
            RAGFlow(project_dir=path, read_only=True)
        except ForkedError:
            said = "told"
        os.write(writing, said.encode())
        os._exit(0)
    rag.close()
    os.write(go_on[1], b"x")
    os.waitpid(child, 0)
    assert os.read(reading, 99) == b"told"


def test_a_child_of_a_child_is_told_too(rag: RAGFlow, filled: DataSet) -> None:
    said = in_child(lambda: in_child(rag.list_datasets))
    assert "ForkedError" in said["got"]


def test_a_child_that_python_knows_nothing_of_is_told_too(rag: RAGFlow, filled: DataSet) -> None:
    # Python lets nothing else run meanwhile: another thread would keep its lock in the child.
    libc = ctypes.PyDLL(None)
    assert in_child(rag.list_datasets, libc.fork)["error"] == "ForkedError"
    assert in_child(rag.close, libc.fork) == {"got": "None"}
    assert (rag.project_dir / "open.json").exists()


def test_a_child_opens_another_project(rag: RAGFlow, filled: DataSet, tmp_path: Path) -> None:
    def work() -> list[str]:
        with RAGFlow(project_dir=tmp_path / "other", embedding_model="hashing") as other:
            other.create_document(other.create_dataset("a"), "b.txt", b"b")
            return [document.name for document in other.list_datasets()[0].list_docs()]

    assert in_child(work) == {"got": "['b.txt']"}


ENDING = """
    import os, sys, warnings
    warnings.simplefilter("ignore")
    from ragflow_local import RAGFlow
    rag = RAGFlow(project_dir=sys.argv[1], embedding_model=sys.argv[2])
    dataset = rag.create_dataset("d")
    rag.create_document(dataset, "a.md", b"The pump stands in the cellar.")
    dataset.parse()
    assert rag.retrieval("pump", [dataset])
    rag.project.vector_table.rebuild(dataset.id)
    child = os.fork()
    if child == 0:
        sys.exit(5)
    _, status = os.waitpid(child, 0)
    rag.create_document(dataset, "b.md", b"b")
    print(os.waitstatus_to_exitcode(status), os.path.exists(rag.project_dir / "open.json"))
"""


@pytest.mark.parametrize(
    "model", ["hashing", pytest.param("all-MiniLM-L6-v2", marks=pytest.mark.slow)]
)
def test_a_child_ends_with_its_own_status_whatever_libraries_wait_for(
    project_dir: Path, model: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ENDING), str(project_dir), model],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.stdout == "5 True\n", ended.stderr


def test_what_is_closed_is_forgotten_before_a_fork(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite3")
    assert catalog in forks._owners
    catalog.close()
    assert catalog not in forks._owners
