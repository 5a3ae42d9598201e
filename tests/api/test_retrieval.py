"""What a search gives: similarities, filters, pages, chunks that change."""

from typing import Any

import pytest

from ragflow_local import (
    DataSet,
    InvalidValueError,
    RAGFlow,
    RagflowError,
)
from tests.conftest import Parse


def test_an_empty_question_finds_nothing(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    parsed("a.txt", b"It sleeps.")
    assert rag.retrieval("", [dataset]) == []
    assert rag.retrieval("   ", [dataset]) == []


def test_similarity_is_the_formula_of_its_parts(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    parsed("a.txt", "The kraken sleeps.\n\n克拉肯在睡觉。".encode())
    for weight in (0.0, 0.3, 1.0):
        for question in ("Where does the kraken sleep?", "克拉肯"):
            found = rag.retrieval(
                question, [dataset], similarity_threshold=0, vector_similarity_weight=weight
            )
            assert found
            for chunk in found:
                term, vector = chunk.term_similarity or 0.0, chunk.vector_similarity or 0.0
                blended = (1 - weight) * term + weight * vector
                assert chunk.similarity == pytest.approx(blended, abs=1e-5)
                assert 0 <= term <= 1
                assert 0 <= vector <= 1


def test_a_chunk_that_says_the_question_word_for_word_is_near_1(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    parsed("a.txt", b"The kraken sleeps in the deep sea.")
    parsed("b.txt", b"Taxes are due in May.")
    best = rag.retrieval("The kraken sleeps in the deep sea.", [dataset])[0]
    assert best.term_similarity is not None
    assert best.term_similarity > 0.8


def test_threshold_offset_and_limit(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    for number in range(8):
        parsed(f"{number}.txt", b"kraken " * (number + 1) + b"squid " * (8 - number))
    everything = rag.retrieval("kraken", [dataset], limit=100, similarity_threshold=0)
    assert len(everything) == 8
    scores = [chunk.similarity or 0.0 for chunk in everything]
    assert scores == sorted(scores, reverse=True)
    page = rag.retrieval("kraken", [dataset], offset=2, limit=3, similarity_threshold=0)
    assert [chunk.id for chunk in page] == [chunk.id for chunk in everything[2:5]]
    high = rag.retrieval("kraken", [dataset], limit=100, similarity_threshold=scores[3])
    assert len(high) == sum(score >= scores[3] for score in scores)
    assert rag.retrieval("kraken", [dataset], limit=0) == []


def test_only_the_named_documents_are_searched(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    one, two = parsed("a.txt", b"the kraken sleeps"), parsed("b.txt", b"the kraken wakes")
    spelling: dict[str, Any]
    for spelling in ({"documents": [two]}, {"document": [two.id]}):
        found = rag.retrieval("kraken", [dataset.id], **spelling)
        assert [chunk.document_name for chunk in found] == ["b.txt"]
    assert len(rag.retrieval("kraken", [dataset], documents=[one, two])) == 2


def test_a_chunk_switched_off_is_not_found(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> None:
    chunk = parsed("a.txt", b"the kraken sleeps").list_chunks()[0]
    chunk.available = False
    chunk.save()
    assert rag.retrieval("kraken", [dataset]) == []
    chunk.available = True
    chunk.save()
    assert rag.retrieval("kraken", [dataset])[0].id == chunk.id


def test_an_edited_chunk_is_found_by_its_new_text_and_keywords(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    document = parsed("a.txt", b"the kraken sleeps")
    chunk = document.list_chunks(keywords="KRAKEN")[0]
    assert document.list_chunks(keywords="squid") == []
    chunk.content = "the squid swims"
    chunk.keywords = ["cephalopod"]
    chunk.save()
    assert rag.retrieval("kraken", [dataset], vector_similarity_weight=0) == []
    for question in ("squid", "cephalopod"):
        assert rag.retrieval(question, [dataset])[0].content == "the squid swims"
    with pytest.raises(InvalidValueError):
        chunk.content = "  "
        chunk.save()


def test_datasets_of_different_models_are_named(
    rag: RAGFlow, dataset: DataSet, parsed: Parse
) -> None:
    other = rag.create_dataset("other")
    other.update({"embedding_model": "all-MiniLM-L6-v2"})
    with pytest.raises(InvalidValueError, match=r"sea_life.*other"):
        rag.retrieval("kraken", [dataset, other])


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": -1},
        {"offset": -1},
        {"top_k": 0},
        {"similarity_threshold": 2},
        {"vector_similarity_weight": float("nan")},
        {"datasets": []},
        {"datasets": ["nobody"]},
        {"documents": ["nobody"]},
    ],
    ids=str,
)
def test_a_wrong_argument_of_retrieval_is_named(
    rag: RAGFlow, dataset: DataSet, wrong: dict[str, Any]
) -> None:
    with pytest.raises(RagflowError):
        rag.retrieval(**{"question": "kraken", "datasets": [dataset], **wrong})
