"""Who has a project open: one process writes, others read, and a dead one holds nothing."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import ProjectLockedError, ProjectVersionError

OWNER = """
import sys
from ragflow_local import RAGFlow
rag = RAGFlow("key", project_dir=sys.argv[1], embedding_model="hashing")
rag.create_dataset("kb")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def owner(project_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the project open for writing."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(project_dir)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_told_who_has_the_project(
    project_dir: Path, owner: subprocess.Popen[str]
) -> None:
    for _ in range(2):
        with pytest.raises(ProjectLockedError, match="read_only=True") as told:
            RAGFlow("key", project_dir=project_dir)
        assert told.value.process_id == owner.pid
    (project_dir / "open.json").write_text('{"pid": "torn"')
    with pytest.raises(ProjectLockedError):
        RAGFlow("key", project_dir=project_dir)


def test_a_lock_that_a_killed_process_left_to_one_it_was_starting_is_waited_for(
    project_dir: Path, owner: subprocess.Popen[str]
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    told = json.loads((project_dir / "open.json").read_text())
    (project_dir / "open.json").write_text(json.dumps({**told, "pid": gone.pid}))
    end = threading.Timer(0.3, owner.kill)
    end.start()
    with RAGFlow("key", project_dir=project_dir) as rag:
        assert [dataset.name for dataset in rag.list_datasets()] == ["kb"]
    end.join()


def test_readers_see_each_commit_of_the_writer(
    project_dir: Path, owner: subprocess.Popen[str]
) -> None:
    with RAGFlow("key", project_dir=project_dir, read_only=True) as reader:
        assert [dataset.name for dataset in reader.list_datasets()] == ["kb"]


def test_the_lock_of_a_killed_process_is_taken_over(
    project_dir: Path, owner: subprocess.Popen[str]
) -> None:
    owner.kill()
    owner.wait()
    assert (project_dir / "lock").exists()
    with RAGFlow("key", project_dir=project_dir) as rag:
        assert rag.get_dataset("kb").name == "kb"
        assert str(os.getpid()) in (project_dir / "open.json").read_text()
    assert not (project_dir / "open.json").exists()


def test_a_project_of_a_newer_version_is_told_and_left_alone(project_dir: Path) -> None:
    RAGFlow(project_dir=project_dir).close()
    (project_dir / "project.json").write_text('{"format": 9}')
    for read_only in (False, True):
        with pytest.raises(ProjectVersionError, match="pip install -U"):
            RAGFlow(project_dir=project_dir, read_only=read_only)
    assert (project_dir / "project.json").read_text() == '{"format": 9}'
