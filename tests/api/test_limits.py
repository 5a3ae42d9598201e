"""Every limit is a setting, and the error of whoever meets it names that setting."""

from pathlib import Path

import pytest

from ragflow_local import InvalidValueError, RAGFlow
from ragflow_local.errors import LimitError
from ragflow_local.processes import starting
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.settings import Limits
from tests.invariants import check_invariants
from tests.readers.pdf_samples import save
from tests.samples import file_of


def limited(project_dir: Path, limits: Limits) -> RAGFlow:
    return RAGFlow(project_dir=project_dir, embedding_model="hashing", workers=1, limits=limits)


def reason(rag: RAGFlow, name: str, data: bytes) -> str:
    """Return why a parse ended FAIL."""
    document = rag.add_document(rag.list_datasets()[0], name, data)
    document.async_parse()
    *_, (percent, message) = document.join(interval=0.01)
    assert (percent, document.run) == (-1.0, "FAIL"), message
    return message


def test_a_larger_document_is_not_added(project_dir: Path) -> None:
    with limited(project_dir, Limits(document_bytes=10)) as rag:
        dataset = rag.create_dataset("kb")
        with pytest.raises(LimitError, match=r"12 bytes.*document_bytes"):
            rag.add_document(dataset, "a.txt", b"twelve bytes")
        assert dataset.list_docs() == []


def test_all_documents_together_have_a_limit(project_dir: Path) -> None:
    with limited(project_dir, Limits(project_bytes=30)) as rag:
        dataset = rag.create_dataset("kb")
        first = rag.add_document(dataset, "a.txt", b"twelve bytes")
        rag.add_document(dataset, "b.txt", b"twelve more.")
        with pytest.raises(LimitError, match=r"36 bytes.*Delete documents.*project_bytes"):
            rag.add_document(dataset, "c.txt", b"and now more")
        assert len(dataset.list_docs()) == 2
        first.delete()
        rag.add_document(dataset, "c.txt", b"and now more")
        check_invariants(rag)
    with (
        limited(project_dir, Limits(project_bytes=20)) as rag,
        pytest.raises(LimitError, match="project_bytes"),
    ):
        rag.add_document(rag.list_datasets()[0], "d.txt", b"x")


def test_a_dataset_that_comes_in_counts_too(tmp_path: Path, project_dir: Path) -> None:
    with limited(project_dir, Limits()) as rag:
        dataset = rag.create_dataset("kb")
        rag.add_document(dataset, "a.txt", b"twelve bytes")
        rag.add_document(dataset, "b.txt", b"twelve more.")
        rag.export_dataset(dataset, tmp_path / "kb.zip")
    with limited(tmp_path / "small", Limits(project_bytes=20)) as rag:
        with pytest.raises(LimitError, match="project_bytes"):
            rag.import_dataset(tmp_path / "kb.zip")
        assert rag.list_datasets() == []
        check_invariants(rag)


def test_pages_have_a_limit(project_dir: Path) -> None:
    with limited(project_dir, Limits(document_pages=1)) as rag:
        rag.create_dataset("kb")
        assert "document_pages" in reason(rag, "a.pdf", two_pages())


def two_pages() -> bytes:
    from importlib import import_module
    from typing import Any

    pymupdf: Any = import_module("pymupdf")  # has no types
    document = pymupdf.open()
    document.new_page()
    document.new_page()
    return save(document)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "html"])
def test_rows_have_a_limit(project_dir: Path, kind: str) -> None:
    with limited(project_dir, Limits(document_rows=1)) as rag:
        rag.create_dataset("kb")
        message = reason(rag, *file_of(kind))
        assert "more than 1 row." in message
        assert "document_rows" in message


def test_the_time_of_a_task_has_a_limit(project_dir: Path) -> None:
    with limited(project_dir, Limits(task_seconds=0.1)) as rag:
        rag.create_dataset("kb")
        assert "task_seconds" in reason(rag, "a.txt", b"The kraken sleeps. " * 200_000)


def test_the_memory_of_a_worker_has_a_limit(project_dir: Path) -> None:
    with limited(project_dir, Limits(worker_bytes=1 << 26)) as rag:
        rag.create_dataset("kb")
        text = b"".join(b"%d squid, whale\n" % number for number in range(400_000))
        assert "worker_bytes" in reason(rag, "a.csv", text)


@pytest.mark.parametrize("name", ["document_rows", "project_bytes", "document_bytes"])
def test_a_limit_is_a_whole_number(name: str) -> None:
    for value in (0, -1, 1.5, "7"):
        with pytest.raises(InvalidValueError, match=name):
            Limits.from_dict({name: value})


def test_a_table_of_more_columns_is_refused_in_seconds(project_dir: Path) -> None:
    with limited(project_dir, Limits(document_columns=100)) as rag:
        rag.create_dataset("kb")
        assert "document_columns" in reason(rag, "line.csv", (b"a," * 101 + b"a\n") * 3)


def test_a_page_without_an_end_is_left_out_and_the_others_are_read(
    project_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = mupdf.open()
    for text in ("It sleeps.", "It dreams.", "It wakes."):
        document.new_page().insert_text((72, 72), text, fontsize=11)
    slow = (
        "def patch():\n"
        " import ragflow_local.readers.pdf as pdf\n"
        " of = pdf.lines_of\n"
        " def lines_of(page):\n"
        "  while page.number == 1: pass\n"
        "  return of(page)\n"
        " pdf.lines_of = lines_of\n"
    )
    started = "importlib.import_module(asked['module']).main(asked)"
    assert started in starting.BOOT
    boot = starting.BOOT.replace(started, f"exec({slow!r}); patch(); {started}")
    monkeypatch.setattr(starting, "BOOT", boot)
    with limited(project_dir, Limits(page_seconds=0.5)) as rag:
        dataset = rag.create_dataset("kb")
        parsed = rag.add_document(dataset, "a.pdf", save(document))
        parsed.async_parse()
        *_, (percent, message) = parsed.join(interval=0.01)
        assert percent == 100.0, message
        assert "Page 2 was left out" in message
        text = " ".join(chunk.content for chunk in parsed.list_chunks())
        assert "sleeps" in text and "wakes" in text and "dreams" not in text
