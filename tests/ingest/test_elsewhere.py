"""Documents that another place parses: each ends once, whatever happens to the place."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragflow_local import DataSet, ParseProgress, RAGFlow
from ragflow_local.ingest.remote import Batch
from ragflow_local.stores.catalog import chunks, embeddings
from tests.ingest.away import (
    KILLS_PROCESS,
    KILLS_READER,
    DiedError,
    Processes,
    Threads,
    added,
    dies_of,
    killable_readers,
    message_of,
    runs,
)
from tests.invariants import check_invariants
from tests.samples import file_of


def test_documents_are_parsed_at_a_place_and_found(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    added(rag, dataset, 20)
    dataset.parse(on=place)
    assert set(runs(dataset).values()) == {"DONE"}
    assert sum(map(len, place.batches)) == 20
    assert len(place.batches) > 2  # few documents go to all that work there
    hits = rag.retrieval("squid13", [dataset], vector_similarity_weight=0.5)
    assert hits[0].document_name == "13.txt"
    check_invariants(rag)


def rows_of(rag: RAGFlow, dataset: DataSet) -> tuple[list[dict[str, Any]], Any]:
    """Return what a dataset's chunks say, without their numbers and times, and their vectors."""
    with rag.project.catalog.read() as reading:
        rows = [row for item in dataset.list_docs() for row in chunks.list_of(reading, item.id)]
        vectors = embeddings.of_chunks(reading, [row.number for row in rows], 256)
    left_out = {"number": 0, "create_time": 0}
    return [{**asdict(row), **left_out} for row in rows], vectors


def test_chunks_are_those_of_a_parse_here(tmp_path: Path, warm: None) -> None:
    kinds = ("text", "markdown", "html", "csv", "docx", "pptx", "xlsx", "pdf", "email", "epub")
    here, away = tmp_path / "here", tmp_path / "away"
    options: dict[str, Any] = {"embedding_model": "hashing", "workers": 1, "durable": False}
    with RAGFlow(project_dir=here, **options) as rag:
        for method, config in (
            ("naive", {"overlap": 0.2, "chunk_token_count": 16}),
            ("knowledge_graph", {}),
            ("qa", {"meta_words": True}),
            ("table", {}),
        ):
            home = rag.create_dataset(method, parse_method=method, parser_config=config)
            for kind in kinds:
                name, data = file_of(kind)
                document = rag.add_document(home, name, data)
                document.update({"meta_fields": {"author": "Tennyson"}})
        rag.add_document(home, "broken.pdf", b"%PDF-1.7 and no more")
    shutil.copytree(here, away)
    place = Threads()
    with RAGFlow(project_dir=here, **options) as rag, RAGFlow(project_dir=away, **options) as other:
        for local, remotely in zip(rag.list_datasets(), other.list_datasets(), strict=True):
            local.parse()
            remotely.parse(on=place)
            assert runs(local) == runs(remotely)
            ends = [item.progress_msg for item in local.list_docs()]
            assert [item.progress_msg for item in remotely.list_docs()] == ends
            rows, vectors = rows_of(rag, local)
            other_rows, other_vectors = rows_of(other, remotely)
            assert len(rows) > 3
            assert other_rows == rows
            assert np.array_equal(vectors, other_vectors)
        assert runs(other.get_dataset("table"))["broken.pdf"] == "FAIL"
        check_invariants(other)
    place.close()


def test_a_batch_that_dies_once_is_sent_again(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    added(rag, dataset, 4)
    place.faults = [dies_of(b"Squid2 ", 1)]
    dataset.parse(on=place)
    assert set(runs(dataset).values()) == {"DONE"}


def test_a_batch_that_dies_twice_is_taken_apart_and_the_one_at_fault_fails_alone(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    place.width = 1
    added(rag, dataset, 40)
    place.faults = [dies_of(b"Squid21 ")]
    dataset.parse(on=place)
    assert {name for name, run in runs(dataset).items() if run != "DONE"} == {"21.txt"}
    assert "threads" in message_of(rag, "21.txt")
    assert "DiedError: the process ended" in message_of(rag, "21.txt")
    with_it = [batch for batch in place.batches if "21.txt" in batch]
    assert [len(batch) for batch in with_it] == [10, 10, 1, 1]
    check_invariants(rag)


def test_a_file_that_kills_its_reader_fails_alone_with_a_sentence(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    added(rag, dataset, 6)
    rag.add_document(dataset, "kills.txt", KILLS_READER)
    with killable_readers():
        dataset.parse(on=place)
    assert runs(dataset).pop("kills.txt") == "FAIL"
    assert "crashed its worker process" in message_of(rag, "kills.txt")
    assert list(runs(dataset).values()).count("DONE") == 6


def test_processes_that_die_take_no_document_with_them(rag: RAGFlow, dataset: DataSet) -> None:
    place = Processes()
    added(rag, dataset, 30)
    rag.add_document(dataset, "kills.txt", KILLS_PROCESS)
    killed: list[int] = []

    def kill_one(event: ParseProgress) -> None:
        # The file ends processes too: where one is gone before it is killed, the next event will.
        if not killed and event.ended:
            for process in place.pids()[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                    killed.append(process)

    dataset.parse(on=place, on_progress=kill_one)
    place.close()
    assert killed
    assert {name for name, run in runs(dataset).items() if run != "DONE"} == {"kills.txt"}
    assert "ended each process at processes" in message_of(rag, "kills.txt")
    check_invariants(rag)


def test_a_cancelled_document_ends_so_and_the_others_go_on(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    documents = added(rag, dataset, 8)
    place.go_on.clear()
    rag.async_parse_documents([document.id for document in documents], on=place)
    while message_of(rag, "3.txt") != "Being parsed at threads":
        time.sleep(0.01)
    rag.async_cancel_parse_documents(["3.txt"])
    place.go_on.set()
    rag.project.jobs.wait_for_all()
    assert runs(dataset).pop("3.txt") == "CANCEL"
    assert list(runs(dataset).values()).count("DONE") == 7
    assert rag.get_document(name="3.txt").chunk_count == 0


def test_work_that_nobody_wants_any_more_is_given_up(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    documents = added(rag, dataset, 40)
    place.go_on.clear()
    rag.async_parse_documents([document.id for document in documents], on=place)
    rag.async_cancel_parse_documents([document.id for document in documents])
    rag.project.jobs.wait_for_all()
    assert set(runs(dataset).values()) == {"CANCEL"}
    place.go_on.set()
    rag.project.jobs._runs[0].close()
    assert sum(map(len, place.batches)) < 40


def test_the_timeout_ends_the_waiting_not_the_parsing(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    added(rag, dataset, 3)
    place.go_on.clear()
    dataset.parse(on=place, timeout=0.2)
    assert set(runs(dataset).values()) == {"RUNNING"}
    place.go_on.set()
    dataset.parse()  # waits for those that are being parsed, wherever that is
    assert set(runs(dataset).values()) == {"DONE"}


def test_a_document_that_is_deleted_meanwhile_leaves_no_trace(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    first, *_ = added(rag, dataset, 3)
    place.go_on.clear()
    rag.async_parse_documents([document.id for document in dataset.list_docs()], on=place)
    first.delete()
    place.go_on.set()
    rag.project.jobs.wait_for_all()
    assert runs(dataset) == {"1.txt": "DONE", "2.txt": "DONE"}
    check_invariants(rag)


def test_a_document_renamed_meanwhile_is_found_by_its_new_name(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    first, *_ = added(rag, dataset, 2)
    place.go_on.clear()
    rag.async_parse_documents([document.id for document in dataset.list_docs()], on=place)
    first.update({"name": "bathyscaphe.txt"})
    place.go_on.set()
    rag.project.jobs.wait_for_all()
    (hit, *_) = rag.retrieval("bathyscaphe", [dataset], vector_similarity_weight=0)
    assert hit.document_name == "bathyscaphe.txt"
    check_invariants(rag)


def test_bytes_that_changed_on_the_disk_are_not_sent(
    rag: RAGFlow, dataset: DataSet, place: Threads
) -> None:
    first, *_ = added(rag, dataset, 2)
    rag.project.files.path_of(first._row.sha256).write_bytes(b"Another text altogether.")
    dataset.parse(on=place)
    assert runs(dataset) == {"0.txt": "FAIL", "1.txt": "DONE"}
    assert "not those that were added" in message_of(rag, "0.txt")


def test_a_place_that_sees_the_files_is_sent_their_paths(rag: RAGFlow, dataset: DataSet) -> None:
    place = Threads(reads_files=True)
    sent: list[bytes] = []
    place.faults = [lambda batch: sent.extend(item.data for item in batch.items)]
    added(rag, dataset, 5)
    dataset.parse(on=place)
    place.close()
    assert sent == [b""] * 5
    assert set(runs(dataset).values()) == {"DONE"}


@pytest.mark.slow
def test_2000_documents_each_end_once_at_a_place_of_many_faults(
    rag: RAGFlow, dataset: DataSet
) -> None:
    place, dice = Threads(4), random.Random(7)

    def die_at_times(batch: Batch) -> None:
        if dice.random() < 0.1:
            raise DiedError("the process ended")

    place.faults = [die_at_times, dies_of(b"Squid77 ")]
    added(rag, dataset, 2000)
    rag.add_document(dataset, "kills.txt", KILLS_READER)
    ends: list[str] = []

    def heard(event: ParseProgress) -> None:
        if event.run != "RUNNING":
            ends.append(event.document.name)
        if event.ended == 1000:
            rag.async_cancel_parse_documents([f"{n}.txt" for n in range(1900, 2000)])

    with killable_readers():
        dataset.parse(on=place, on_progress=heard)
    place.close()
    assert len(ends) == len(set(ends)) == 2001
    found = runs(dataset)
    cancelled = {name for name, run in found.items() if run == "CANCEL"}
    assert cancelled <= {f"{n}.txt" for n in range(1900, 2000)}
    failed = {name for name, run in found.items() if run == "FAIL"}
    assert {"77.txt", "kills.txt"} <= failed
    # Chance alone may end a document at all its tries: one in ten thousand.
    assert len(failed) < 6
    assert all(len(message_of(rag, name)) > 40 for name in failed)
    check_invariants(rag)


def test_what_is_no_place_is_told_so(rag: RAGFlow, dataset: DataSet) -> None:
    added(rag, dataset, 1)
    with pytest.raises(ValueError, match="on="):
        dataset.parse(on=7)  # type: ignore[arg-type]


# Parses on threads of this process, held back after some; says how many are done.
DRIVER = """
    import sys, time
    from ragflow_local import RAGFlow
    from tests.ingest.away import Threads

    rag = RAGFlow("key", project_dir=sys.argv[1], embedding_model="hashing", workers=1)
    dataset = rag.create_dataset("kb")
    for n in range(60):
        rag.add_document(dataset, f"{n}.txt", f"Squid{n} eats whale{n % 7}.".encode())
    local = rag.add_document(dataset, "local.txt", b"The kraken sleeps.")
    place = Threads()
    ids = [document.id for document in dataset.list_docs() if document.name != "local.txt"]
    place.faults = [lambda batch: place.go_on.clear() if len(place.batches) > 4 else None]
    rag.async_parse_documents(ids, on=place)
    while not any(document.run == "DONE" for document in dataset.list_docs()):
        time.sleep(0.01)
    rag.project.indexer.begin([local.id])
    print("parsing", flush=True)
    if sys.argv[2] == "close":
        rag.close()
        print("closed", flush=True)
        place.go_on.set()
    else:
        time.sleep(60)
"""


@pytest.mark.parametrize("how", ["kill -9", "close"])
def test_what_was_parsed_elsewhere_waits_for_the_next_opening(project_dir: Path, how: str) -> None:
    driver = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DRIVER), str(project_dir), how],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    assert driver.stdout is not None
    assert driver.stdout.readline() == b"parsing\n"
    if how == "kill -9":
        driver.kill()
    driver.communicate(timeout=30)
    with pytest.warns(RuntimeWarning, match=r"was parsing \d+ documents at threads"):
        rag = RAGFlow("key", project_dir=project_dir, workers=1)
    with rag:
        dataset = rag.get_dataset("kb")
        list(rag.get_document(name="local.txt").join(interval=0.01))
        found = runs(dataset)
        assert found.pop("local.txt") == "DONE"  # what was parsed here goes on here
        assert set(found.values()) == {"UNSTART", "DONE"}
        assert rag.project.jobs.progress_of(rag.get_document(name="59.txt").id) is None
        place = Threads()
        dataset.parse(on=place)
        place.close()
        assert set(runs(dataset).values()) == {"DONE"}
        check_invariants(rag)
    RAGFlow("key", project_dir=project_dir).close()  # no warning: nothing waits any more
