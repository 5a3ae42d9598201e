"""A disk that is full or must not be written, a process with few open files: told, and no loss."""

import errno
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import DiskError, UnusableDirectoryError
from tests.invariants import check_invariants

START = """
    import os, subprocess, sys
    from pathlib import Path
    from ragflow_local import RAGFlow, RagflowError
    from ragflow_local.errors import DiskError, UnusableDirectoryError
    from tests.invariants import check_invariants

    folder = Path(sys.argv[1])
    project = folder / "project"

    def start(**options):
        return RAGFlow("key", project_dir=project, embedding_model="hashing", workers=1, **options)

    def parse(document):
        document.async_parse()
        *_, (_, message) = document.join(interval=0.01, timeout=60)
        return document.run, message
"""

FULL = """
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    with start() as rag:
        dataset = rag.create_dataset("kb")
        small = rag.add_document(dataset, "small.txt", b"The kraken sleeps.")
        assert parse(small)[0] == "DONE"
        text = " ".join(f"squid{n}. whale{n}." for n in range(12_000)).encode()
        large = rag.add_document(dataset, "large.txt", text)
        filler = folder / "filler"
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize
        filler.write_bytes(bytes(free - 128 * 1024))
        run, message = parse(large)
        assert run == "FAIL" and "Make room" in message, (run, message)
        try:
            rag.add_document(dataset, "more.txt", b"squid " * 200_000)
        except DiskError as error:
            assert error.is_full
        else:
            raise AssertionError("added to a full disk")
        assert rag.retrieval("kraken", [dataset])[0].document_name == "small.txt"
        check_invariants(rag)
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
        assert parse(large)[0] == "DONE"
        check_invariants(rag)
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    try:
        start()
    except UnusableDirectoryError as error:
        assert "read_only=True" in str(error)
    else:
        raise AssertionError("opened for writing on a read-only disk")
    with start(read_only=True) as rag:
        assert rag.retrieval("kraken", rag.list_datasets())[0].document_name == "small.txt"
"""

FEW_FILES = """
    import resource
    with start() as rag:
        dataset = rag.create_dataset("kb")
        for number in range(20):
            document = rag.add_document(dataset, f"{number}.txt", b"The kraken sleeps.")
            assert parse(document)[0] == "DONE"
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 4096))
    for number in range(3):
        with start() as rag:
            [dataset] = rag.list_datasets()
            document = rag.add_document(dataset, "more.txt", b"The squid swims.")
            assert parse(document) == ("DONE", "completed: 1 chunk.")
            assert len(rag.retrieval("squid", [dataset])) == number + 1
            check_invariants(rag)
"""

NO_FILES = """
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 4096))
    with start() as rag:
        dataset = rag.create_dataset("kb")
        document = rag.add_document(dataset, "old.txt", b"The kraken sleeps.")
        assert parse(document)[0] == "DONE"
        rag.retrieval("kraken", [dataset])
        held = []
        try:
            while True:
                held.append(os.dup(0))
        except OSError:
            pass
        try:
            rag.add_document(dataset, "new.txt", b"The squid swims.")
        except DiskError as error:
            assert "ulimit" in str(error), error
        else:
            raise AssertionError("added without opening a file")
        run, message = parse(document)
        assert run == "FAIL" and "ulimit" in message, (run, message)
        assert rag.retrieval("kraken", [dataset])[0].document_name == "old.txt"
        try:
            with start(read_only=True) as reader:
                reader.list_datasets()
        except RagflowError as error:
            assert "open files" in str(error), error
        else:
            raise AssertionError("read without opening a file")
        for descriptor in held:
            os.close(descriptor)
        assert [item.name for item in dataset.list_docs()] == ["old.txt"]
        assert parse(document)[0] == "DONE"
        check_invariants(rag)
"""


def run(script: str, *arguments: str, before: tuple[str, ...] = ()) -> None:
    code = textwrap.dedent(START) + textwrap.dedent(script)
    done = subprocess.run(
        [*before, sys.executable, "-c", code, *arguments],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="mounting a small disk needs unshare")
def test_on_a_full_disk_a_parse_fails_and_the_engine_works_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    run(FULL, str(tmp_path), before=("unshare", "-Urm"))


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_64_open_files_are_enough(tmp_path: Path) -> None:
    run(FEW_FILES, str(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_without_another_open_file_errors_say_so_and_nothing_is_lost(tmp_path: Path) -> None:
    run(NO_FILES, str(tmp_path))


def test_a_file_system_without_hard_links_is_named(
    project_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(UnusableDirectoryError, match="hard links"):
        RAGFlow(project_dir=project_dir)


@pytest.mark.parametrize(
    ("number", "way_out"),
    [
        (errno.ENOSPC, "Make room"),
        (errno.EACCES, "right to write"),
        (errno.EROFS, "read_only=True"),
        (errno.EMFILE, "ulimit"),
        (errno.EIO, "Check the disk"),
    ],
)
def test_a_refused_write_of_bytes_has_a_way_out_and_changes_nothing(
    rag: RAGFlow, monkeypatch: pytest.MonkeyPatch, number: int, way_out: str
) -> None:
    dataset = rag.create_dataset("kb")

    def refuse(*args: object, **options: object) -> None:
        raise OSError(number, "refused")

    with monkeypatch.context() as patched:
        patched.setattr("ragflow_local.stores.durable.tempfile.mkstemp", refuse)
        with pytest.raises(DiskError, match=way_out):
            rag.add_document(dataset, "a.txt", b"kraken")
    assert dataset.list_docs() == []
    check_invariants(rag)
