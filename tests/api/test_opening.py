"""How a project is opened and left: which directory, which tenant, which process."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import (
    DataSet,
    Document,
    InvalidValueError,
    NotFoundError,
    RAGFlow,
    RagflowError,
)
from tests.embedders.tiny import make_model


def test_a_base_url_that_is_a_path_names_the_directory(tmp_path: Path) -> None:
    with RAGFlow("key", str(tmp_path / "by_path")) as rag:
        assert rag.project_dir == tmp_path / "by_path"
    with RAGFlow("key", (tmp_path / "by_url").as_uri()) as rag:
        assert rag.project_dir == tmp_path / "by_url"


def test_a_web_address_needs_a_directory_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidValueError, match=r"project_dir.*RAGFLOW_LOCAL_PROJECT"):
        RAGFlow("key", "http://localhost:9380")
    with RAGFlow("key", "http://localhost:9380", project_dir=tmp_path / "given") as rag:
        assert rag.project_dir == tmp_path / "given"
    monkeypatch.setenv("RAGFLOW_LOCAL_PROJECT", str(tmp_path / "named"))
    with RAGFlow("key", "http://localhost:9380") as rag:
        assert rag.project_dir == tmp_path / "named"


def test_nothing_given_is_a_folder_here(tmp_path: Path) -> None:
    with RAGFlow() as rag:
        assert rag.project_dir == tmp_path / "ragflow_project"


def test_a_temporary_engine_leaves_nothing() -> None:
    with RAGFlow.temporary() as rag:
        directory = rag.project_dir
        assert directory.is_dir()
    assert not directory.exists()


def test_closing_twice_is_fine_and_a_closed_engine_says_so(rag: RAGFlow, dataset: DataSet) -> None:
    rag.close()
    rag.close()
    with pytest.raises(RagflowError, match="is closed"):
        rag.list_datasets()
    with pytest.raises(RagflowError, match="is closed"):
        dataset.list_docs()


def test_a_dataset_for_me_is_seen_by_its_tenant_only(project_dir: Path) -> None:
    options: dict[str, Any] = {"project_dir": project_dir, "embedding_model": "hashing"}
    with RAGFlow("alice", **options) as alice, RAGFlow("bob", **options) as bob:
        alice.create_dataset("mine")
        shared = alice.create_dataset("ours", permission="team")
        alice.create_document(shared, "a.txt", b"text")
        assert [dataset.name for dataset in bob.list_datasets()] == ["ours"]
        assert bob.get_document(name="a.txt").name == "a.txt"
        with pytest.raises(NotFoundError):
            bob.get_dataset("mine")
        assert bob.create_dataset("Mine").tenant_id == bob.tenant_id
        assert b"alice" not in (project_dir / "catalog.sqlite3").read_bytes()


SCRIPT = """
    import sys
    from ragflow_local import RAGFlow
    rag = RAGFlow("key", sys.argv[1], embedding_model="hashing", workers=1)
    ds = rag.create_dataset("kb")
    rag.create_document(ds, "a.txt", b"The kraken sleeps. " * int(sys.argv[2]))
    doc = rag.get_document(name="a.txt")
    doc.async_parse()
"""


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_a_script_without_a_guard_ends_by_itself(tmp_path: Path) -> None:
    script = SCRIPT + "    for progress, msg in doc.join(interval=0.05):\n        print(msg)\n"
    out, error = run(script, tmp_path / "p", 3).communicate(timeout=60)
    assert error == ""
    assert "completed" in out


def test_what_a_script_left_undone_is_taken_up_again(tmp_path: Path) -> None:
    script = SCRIPT + "    print('left', flush=True)\n"
    started = run(script, tmp_path / "p", 40_000)
    out, error = started.communicate(timeout=60)
    assert (out, error) == ("left\n", "")
    with RAGFlow("key", str(tmp_path / "p")) as rag:
        document = rag.get_document(name="a.txt")
        assert document.run == "RUNNING"
        assert list(document.join(interval=0.05))[-1][0] == 100.0


def test_a_killed_process_leaves_a_project_that_opens(tmp_path: Path) -> None:
    script = SCRIPT + (
        "    list(doc.join(interval=0.05))\n"
        "    rag.create_document(ds, 'b.txt', b'The squid swims. ' * 60000)\n"
        "    rag.get_document(name='b.txt').async_parse()\n"
        "    print('parsing', flush=True)\n"
        "    import time; time.sleep(60)\n"
    )
    process = run(script, tmp_path / "p", 3)
    assert process.stdout is not None
    assert process.stdout.readline() == "parsing\n"
    time.sleep(0.3)
    process.kill()
    process.communicate()
    with RAGFlow("key", str(tmp_path / "p"), resume=False) as rag:
        dataset = rag.get_dataset("kb")
        assert rag.retrieval("kraken", [dataset])[0].document_name == "a.txt"
        squid: Document = rag.get_document(name="b.txt")
        assert squid.run == "FAIL"
        assert "async_parse()" in squid.progress_msg


def test_a_second_process_is_told_who_has_the_project(tmp_path: Path) -> None:
    with RAGFlow("key", str(tmp_path / "p"), embedding_model="hashing") as rag:
        rag.create_dataset("kb_open")
        _, error = run(SCRIPT, tmp_path / "p", 3).communicate(timeout=60)
        assert f"is open in process {os.getpid()}" in error
        reading = """
            import sys
            from ragflow_local import RAGFlow
            rag = RAGFlow("key", sys.argv[1], read_only=True)
            print(rag.list_datasets()[0].name)
        """
        out, error = run(reading, tmp_path / "p").communicate(timeout=60)
        assert (out, error) == ("kb_open\n", "")


def test_no_thread_keeps_a_second_engine_of_a_process_out(project_dir: Path) -> None:
    with RAGFlow("a", project_dir=project_dir) as one, RAGFlow("a", project_dir=project_dir) as two:
        one.create_dataset("kb")
        assert two.get_dataset("kb").name == "kb"
        one.close()
        assert two.get_dataset("kb").name == "kb"


def test_a_temporary_project_does_not_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with RAGFlow.temporary(embedding_model="hashing") as rag:
        rag.add_document(rag.create_dataset("kb_1"), "a.txt", b"text").add_chunk("text")
    assert synced == []


SIGNALLED = """
import sys, time
from ragflow_local import RAGFlow
rag = RAGFlow(project_dir=sys.argv[1], embedding_model="hashing", workers=1)
rag.close_on_signals()
dataset = rag.create_dataset("d")
print("ready", flush=True)
while True:
    rag.create_document(dataset, f"{time.time_ns()}.txt", b"x")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_program_that_asks_for_it_is_closed_by_sigterm(project_dir: Path) -> None:
    engine = subprocess.Popen(
        [sys.executable, "-c", SIGNALLED, str(project_dir)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    assert engine.stdout is not None
    assert engine.stdout.readline() == b"ready\n"
    engine.terminate()
    engine.communicate(timeout=60)
    assert engine.returncode == 128 + signal.SIGTERM
    assert not (project_dir / "open.json").exists()
    assert (project_dir / "closed.json").exists()


def test_a_handler_of_the_programs_stays(rag: RAGFlow) -> None:
    before = signal.getsignal(signal.SIGINT)
    rag.close_on_signals(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_new_datasets_take_the_model_that_is_installed_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragflow_local.embedders.carried.package_folder", lambda: None)
    with RAGFlow(project_dir=tmp_path / "p", models_dir=tmp_path) as rag:
        old = rag.create_dataset("old")
        assert old.embedding_model == "all-MiniLM-L6-v2"
    make_model(tmp_path / "multilingual-e5-small")
    with RAGFlow(project_dir=tmp_path / "p", models_dir=tmp_path) as rag:
        assert rag.create_dataset("new").embedding_model == "multilingual-e5-small"
        assert rag.list_datasets(name="old")[0].embedding_model == "all-MiniLM-L6-v2"
    with RAGFlow(project_dir=tmp_path / "p", models_dir=tmp_path, embedding_model="hashing") as rag:
        assert rag.create_dataset("named").embedding_model == "hashing"
