"""A disk of 64 MB that is full, during each kind of write: told as that, and nothing is lost."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.errors import RagflowError
from tests.invariants import check_invariants

TEXT = b"The kraken sleeps in the deep sea. "
SIZE = 64 << 20

pytestmark = pytest.mark.slow


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def opened(directory: Path) -> RAGFlow:
    return RAGFlow("key", project_dir=directory, embedding_model="hashing", workers=1)


def fill(folder: Path, left: int) -> Path:
    """Fill the disk but for so many bytes."""
    path = folder / "filler"
    with path.open("wb") as file:
        try:
            while file.write(bytes(1 << 16)):
                file.flush()
        except OSError:
            pass
        size = file.seek(0, 2)
    with path.open("r+b") as file:
        file.truncate(max(0, min(size, path.stat().st_size) - left))
    return path


def adding(rag: RAGFlow) -> None:
    for number in range(40):
        rag.add_document(rag.get_dataset("kb"), f"{number}.txt", b"%d " % number + TEXT * 800)


def parsing(rag: RAGFlow) -> None:
    document = rag.get_document(name="long.txt")
    document.async_parse()
    list(document.join(interval=0.01, timeout=120))


def chunks(rag: RAGFlow) -> None:
    for number in range(300):
        rag.get_document(name="first.txt").add_chunk(f"The squid {number} eats. " * 40)


def datasets(rag: RAGFlow) -> None:
    for number in range(300):
        rag.create_dataset(f"more_{number}", description="x" * 5000)


def exporting(rag: RAGFlow) -> None:
    rag.export_dataset("kb", rag.project.path.with_name("kb.zip"))


def backing_up(rag: RAGFlow) -> None:
    rag.backup(rag.project.path.with_name("backup"))


def importing(rag: RAGFlow) -> None:
    rag.import_dataset(rag.project.path.with_name("before.zip"), "again")


def vacuuming(rag: RAGFlow) -> None:
    rag.get_document(name="first.txt").delete()
    rag.vacuum()


@pytest.mark.parametrize("left", [0, 20_000, 300_000], ids="{} bytes left".format)
@pytest.mark.parametrize(
    "write", [adding, parsing, chunks, datasets, exporting, backing_up, importing, vacuuming]
)
def test_a_full_disk_is_told_and_what_was_acknowledged_is_there(
    small: Path, write: Callable[[RAGFlow], None], left: int
) -> None:
    project = small / "project"
    rag = opened(project)
    dataset = rag.create_dataset("kb")
    first = rag.add_document(dataset, "first.txt", TEXT)
    first.async_parse()
    list(first.join(interval=0.01))
    rag.add_document(dataset, "long.txt", b" ".join(TEXT + b"%d" % n for n in range(20_000)))
    rag.export_dataset(dataset, small / "before.zip")
    filler = fill(small, left)
    try:
        write(rag)
    except RagflowError as told:
        assert "unexpected" not in str(told)
    known = {document.name for document in rag.get_dataset("kb").list_docs()}
    rag.close()
    filler.unlink()
    with opened(project) as again:
        assert {document.name for document in again.get_dataset("kb").list_docs()} == known
        for document in again.get_dataset("kb").list_docs():
            list(document.join(interval=0.01, timeout=120))
        if write is not vacuuming:
            assert again.retrieval("kraken", [again.get_dataset("kb")])
        again.add_document(again.get_dataset("kb"), "after.txt", TEXT)
        check_invariants(again)
    assert examine(project).is_healthy
