"""Datasets, documents and chunks by what a user names them with."""

import pytest

from ragflow_local import DataSet, InvalidValueError, NotFoundError, RAGFlow
from ragflow_local.api import finding
from tests.conftest import Parse


def test_a_dataset_is_found_by_itself_its_id_and_its_name(rag: RAGFlow, dataset: DataSet) -> None:
    for given in (dataset, dataset.id, dataset.name, dataset.name.upper()):
        assert finding.find_dataset(rag, given).id == dataset.id
    assert [row.id for row in finding.find_datasets(rag, [dataset.name, dataset])] == [
        dataset.id
    ] * 2
    for given in ("nothing", ""):
        with pytest.raises(NotFoundError):
            finding.find_dataset(rag, given)
    with pytest.raises(InvalidValueError):
        finding.find_dataset(rag, 3)


def test_ones_own_dataset_comes_before_one_of_the_team(rag: RAGFlow) -> None:
    other = RAGFlow("another key", project_dir=rag.project_dir, embedding_model="hashing")
    try:
        theirs = other.create_dataset("shared", permission="team")
        assert finding.find_dataset(rag, "shared").id == theirs.id
        own = rag.create_dataset("shared")
        assert finding.find_dataset(rag, "shared").id == own.id
        secret = other.create_dataset("secret")
        with pytest.raises(NotFoundError):
            finding.find_dataset(rag, secret.id)
        document = other.add_document(secret, "a.txt", b"x")
        with pytest.raises(NotFoundError):
            finding.find_document(rag, id=document.id)
    finally:
        other.close()


def test_documents_are_named_by_id_or_name(rag: RAGFlow, dataset: DataSet) -> None:
    first, second = (rag.add_document(dataset, name, b"x") for name in ("a.txt", "b.txt"))
    assert finding.document_ids(rag, [first.id, "b.txt"]) == [first.id, second.id]
    assert finding.documents_within(rag, None) is None
    assert finding.documents_within(rag, first) == (first.id,)
    assert finding.documents_within(rag, [second.id, first]) == (second.id, first.id)
    with pytest.raises(InvalidValueError):
        finding.documents_within(rag, [3])
    with pytest.raises(NotFoundError):
        finding.find_document(rag, id=first.id, name="b.txt")


def test_a_chunk_is_found_by_the_beginning_of_its_id(rag: RAGFlow, parsed: Parse) -> None:
    (chunk,) = parsed("a.txt", b"The kraken sleeps.").list_chunks()
    assert finding.find_chunk(rag, chunk.id[:6]).id == chunk.id
    for given in ("", "zzzz"):
        with pytest.raises(NotFoundError):
            finding.find_chunk(rag, given)
