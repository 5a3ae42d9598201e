import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.records import Hit
from ragflow_local.retrieve.duplicates import behind
from ragflow_local.stores.catalog import chunks

TERMS = "All prices in this list are in euros, without tax, and are subject to change at any time."


@pytest.fixture
def hits(rag: RAGFlow, dataset: DataSet, request: pytest.FixtureRequest) -> list[Hit]:
    """Chunks as hits in the order in which they were added."""
    rag.create_document(dataset, "a.txt", b"nothing")
    document = rag.get_document(name="a.txt")
    made = [document.add_chunk(text) for text in request.param]
    with rag.project.catalog.read() as reading:
        rows = chunks.by_ids(reading, [chunk.id for chunk in made])
    return [Hit(rows[chunk.id], 0.9 - at / 10, 0.5, 0.5) for at, chunk in enumerate(made)]


def texts(rag: RAGFlow, dataset: DataSet, hits: list[Hit], limit: int) -> list[str]:
    with rag.project.catalog.read() as reading:
        (size,) = reading.execute("SELECT embedding_dim FROM datasets").fetchone()
        return [hit.chunk.content for hit in behind(reading, hits, size, limit)]


@pytest.mark.parametrize("hits", [[TERMS, TERMS.upper(), "The pump is red."]], indirect=True)
def test_what_a_better_hit_says_already_goes_behind(
    rag: RAGFlow, dataset: DataSet, hits: list[Hit]
) -> None:
    assert texts(rag, dataset, hits, 3) == [TERMS, "The pump is red.", TERMS.upper()]
    assert texts(rag, dataset, hits, 2) == [TERMS, "The pump is red."]
    assert texts(rag, dataset, [], 2) == []


@pytest.mark.parametrize(
    "hits", [[f"{TERMS} As of 2023.", f"{TERMS} As of 2024.", "The pump."]], indirect=True
)
def test_texts_with_other_figures_are_no_duplicates(
    rag: RAGFlow, dataset: DataSet, hits: list[Hit]
) -> None:
    assert texts(rag, dataset, hits, 3) == [hit.chunk.content for hit in hits]
