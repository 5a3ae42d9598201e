"""Where it is asked for, chunks are found by the values of their document's free data."""

from pathlib import Path

import pytest

from ragflow_local import DataSet, Document, RAGFlow
from ragflow_local.records import called, parts_called
from tests.invariants import check_invariants


def names(rag: RAGFlow, question: str) -> list[str]:
    hits = rag.retrieval(question, rag.list_datasets(), vector_similarity_weight=0)
    return [hit.document_name for hit in hits]


def add(rag: RAGFlow, dataset: DataSet, name: str, **meta: object) -> Document:
    document = rag.add_document(dataset, name, b"The whale was seen near the harbour.")
    document.update({"meta_fields": meta})
    return document


@pytest.fixture
def news(rag: RAGFlow) -> DataSet:
    return rag.create_dataset("news")


@pytest.fixture
def worded(news: DataSet) -> DataSet:
    news.update({"parser_config": {"meta_words": True}})
    return news


def test_free_data_is_not_searched_by_default(rag: RAGFlow, news: DataSet) -> None:
    add(rag, news, "a.txt", source="Reuters")
    news.parse()
    assert names(rag, "Reuters") == []


def test_a_chunk_is_found_by_its_documents_free_data(rag: RAGFlow, worded: DataSet) -> None:
    add(rag, worded, "a.txt", source="Reuters", date="2023-05-01", authors=["Ann Smith", "Bo Lee"])
    add(rag, worded, "b", source="v1.2 Bloomberg", year=2019)
    worded.parse()
    for asked, expected in (
        ("Reuters", "a.txt"),
        ("Lee", "a.txt"),
        ("bloomberg", "b"),
        ("2019", "b"),
        ("a report of 2023", "a.txt"),
    ):
        assert names(rag, asked) == [expected], asked
    check_invariants(rag)


def test_free_data_that_changes_is_searched_as_it_is_now(rag: RAGFlow, worded: DataSet) -> None:
    document = add(rag, worded, "a.txt", source="Reuters")
    worded.parse()
    document.update({"meta_fields": {"source": "Bloomberg"}})
    assert names(rag, "Reuters") == []
    assert names(rag, "Bloomberg") == ["a.txt"]
    document.update({"name": "b.txt"})
    assert names(rag, "Bloomberg") == ["b.txt"]
    chunk = document.add_chunk("The squid was seen, too.")
    assert names(rag, "squid of Bloomberg")[0] == "b.txt"
    chunk.content = "An octopus was seen."
    chunk.save()
    assert len(rag.retrieval("Bloomberg", [worded], vector_similarity_weight=0)) == 2
    check_invariants(rag)


def test_an_imported_dataset_is_found_by_its_free_data(
    rag: RAGFlow, worded: DataSet, tmp_path: Path
) -> None:
    add(rag, worded, "a.txt", source="Reuters")
    worded.parse()
    rag.export_dataset(worded, tmp_path / "news.zip")
    rag.delete_datasets([worded.id])
    rag.import_dataset(tmp_path / "news.zip")
    assert names(rag, "Reuters") == ["a.txt"]
    check_invariants(rag)


@pytest.mark.parametrize("name", ["report", "report.txt", ".hidden", "v1.2"])
@pytest.mark.parametrize("values", [{}, {"source": "Reuters v1.2", "pages": [1, 2.5]}])
def test_a_name_and_its_free_data_come_apart(name: str, values: dict[str, object]) -> None:
    title, more = parts_called(called(name, values))
    assert title == parts_called(name)[0]
    assert more == ("Reuters v1.2 1 2.5" if values else "")
