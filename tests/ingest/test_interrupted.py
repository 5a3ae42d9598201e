"""What an earlier process did not end: here it goes on, from elsewhere it waits."""

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.ingest import interrupted
from ragflow_local.ingest.interrupted import take_up, waiting_notice


def begun(rag: RAGFlow, dataset: DataSet, name: str, parsed_on: str) -> str:
    id = rag.add_document(dataset, name, b"The kraken sleeps.").id
    rag.project.indexer.begin([id], parsed_on)
    return id


def test_what_was_parsed_elsewhere_waits_and_the_rest_goes_on(
    rag: RAGFlow, dataset: DataSet
) -> None:
    begun(rag, dataset, "a.txt", "")
    begun(rag, dataset, "b.txt", "ray://head:10001")
    begun(rag, dataset, "c.txt", "ray://head:10001")
    project = rag.project
    waiting = take_up(
        project.catalog, project.files, project.indexer, project.jobs, was_clean=True, resume=True
    )
    project.jobs.wait_for_all()
    runs = {document.name: document.run for document in dataset.list_docs()}
    assert runs == {"a.txt": "DONE", "b.txt": "UNSTART", "c.txt": "UNSTART"}
    assert waiting == {"ray://head:10001": 2}


def test_without_resuming_only_what_was_parsed_here_is_given_up(
    rag: RAGFlow, dataset: DataSet
) -> None:
    begun(rag, dataset, "a.txt", "")
    begun(rag, dataset, "b.txt", "ray://head:10001")
    project = rag.project
    take_up(
        project.catalog, project.files, project.indexer, project.jobs, was_clean=True, resume=False
    )
    runs = {document.name: document.run for document in dataset.list_docs()}
    assert runs == {"a.txt": "FAIL", "b.txt": "UNSTART"}


def test_a_document_that_ended_the_engine_twice_fails_wherever_it_was_read(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = begun(rag, dataset, "a.txt", "ray://head:10001")
    project = rag.project
    monkeypatch.setattr(project.files.in_hand, "take_up", lambda was_clean: {id})
    take_up(
        project.catalog, project.files, project.indexer, project.jobs, was_clean=False, resume=True
    )
    assert "The engine ended 2 times" in rag.get_document(id=id).progress_msg


@pytest.mark.parametrize(
    ("waiting", "text"),
    [
        ({}, ""),
        ({"ray://a": 1}, "was parsing 1 document at ray://a; what"),
        ({"ray://a": 2, "b": 3}, "was parsing 2 documents at ray://a and 3 documents at b; what"),
    ],
)
def test_how_many_wait_is_told(waiting: dict[str, int], text: str) -> None:
    assert text in waiting_notice(waiting)
    assert not waiting or interrupted._WAY_OUT in waiting_notice(waiting)
