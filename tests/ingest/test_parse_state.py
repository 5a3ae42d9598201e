"""How far a parse is, told alike by everyone who tells it."""

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.ingest.parse_state import parse_state, parse_states
from ragflow_local.records import Progress
from ragflow_local.stores.catalog import documents
from tests.conftest import Parse


@pytest.mark.parametrize(
    ("fraction", "percent"), [(0.0, 0.0), (0.12345, 12.3), (0.9996, 100.0), (1 / 3, 33.3)]
)
def test_a_running_parse_has_one_digit_after_the_point(fraction: float, percent: float) -> None:
    state = parse_state(None, Progress(fraction, "page 3 of 9", 9, 3))
    assert (state.run, state.progress, state.progress_msg) == ("RUNNING", percent, "page 3 of 9")
    assert (state.pages, state.pages_read) == (9, 3)


def test_the_queue_is_believed_before_the_row(rag: RAGFlow, parsed: Parse) -> None:
    row = parsed("a.txt", b"The kraken sleeps.")._row
    assert parse_state(row, Progress(0.5, "reading")).run == "RUNNING"
    assert parse_state(row, None).run == row.run


def test_documents_are_told_by_id_and_deleted_ones_too(rag: RAGFlow, dataset: DataSet) -> None:
    kept, gone = (rag.add_document(dataset, name, b"x") for name in ("a.txt", "b.txt"))
    gone.delete()
    project = rag.project
    states = parse_states(project.catalog, project.jobs, [kept.id, gone.id])
    assert {id: state.run for id, state in states.items()} == {
        kept.id: "UNSTART",
        gone.id: "DELETED",
    }


def test_the_catalog_is_read_for_those_that_rest_only(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = rag.add_document(dataset, "a.txt", b"x")
    project = rag.project
    monkeypatch.setattr(project.jobs, "progress_of", lambda _: Progress(0.25, "reading"))
    monkeypatch.setattr(documents, "get", lambda *_: pytest.fail("it was read"))
    states = parse_states(project.catalog, project.jobs, [document.id])
    assert states[document.id].progress == 25.0
