"""The LlamaIndex retriever, with LlamaIndex."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from ragflow_local import DataSet, Document, InvalidValueError, RAGFlow
from tests.adapters.conftest import QUESTION

pytest.importorskip("llama_index.core", reason='needs pip install "ragflow-local[llama-index]"')
from llama_index.core.schema import MetadataMode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)

from ragflow_local.adapters.llama_index import RAGFlowRetriever


def filters(*of: tuple[str, FilterOperator, object], any_of: bool = False) -> MetadataFilters:
    return MetadataFilters(
        filters=[
            MetadataFilter.model_construct(key=key, operator=how, value=value)
            for key, how, value in of
        ],
        condition=FilterCondition.OR if any_of else FilterCondition.AND,
    )


def names(retriever: RAGFlowRetriever) -> list[str]:
    return sorted(node.metadata["source"] for node in retriever.retrieve(QUESTION))


def test_a_node_is_a_chunk_with_its_place_and_scores(
    rag: RAGFlow, sea: DataSet, atlas: Document
) -> None:
    chunks = rag.retrieval(QUESTION, [sea])
    nodes = RAGFlowRetriever(rag, [sea]).retrieve(QUESTION)
    assert [(node.node_id, node.text, node.score) for node in nodes] == [
        (chunk.id, chunk.content, chunk.similarity) for chunk in chunks
    ]
    assert [node.node.ref_doc_id for node in nodes] == [chunk.document_id for chunk in chunks]
    of_pdf = next(node for node in nodes if node.metadata["source"] == "atlas.pdf")
    assert of_pdf.metadata["page"] == 1
    assert len(of_pdf.metadata["positions"][0]) == 5


def test_a_model_reads_the_name_and_not_the_scores(rag: RAGFlow, sea: DataSet) -> None:
    node = RAGFlowRetriever(rag, [sea], limit=1).retrieve(QUESTION)[0].node
    told = node.get_content(metadata_mode=MetadataMode.LLM)
    assert f"source: {node.metadata['source']}" in told
    assert "similarity" not in told
    assert "positions" not in told


def test_awaiting_finds_the_same(rag: RAGFlow, sea: DataSet) -> None:
    retriever = RAGFlowRetriever(rag, [sea], limit=2)
    assert asyncio.run(retriever.aretrieve(QUESTION)) == retriever.retrieve(QUESTION)


def test_filters_are_passed_on(rag: RAGFlow, sea: DataSet) -> None:
    by_dict = RAGFlowRetriever(rag, [sea], meta_fields={"year": 2023})
    assert names(by_dict) == ["note-2023.txt"]
    for how, value, found in [
        (FilterOperator.EQ, 2022, ["note-2022.txt"]),
        (FilterOperator.GT, 2022, ["note-2023.txt"]),
        (FilterOperator.GTE, 2022, ["note-2022.txt", "note-2023.txt"]),
        (FilterOperator.IN, [2022, 1999], ["note-2022.txt"]),
        (FilterOperator.LT, 2022, []),
    ]:
        assert names(RAGFlowRetriever(rag, [sea], filters=filters(("year", how, value)))) == found
    between = filters(("year", FilterOperator.GTE, 2022), ("year", FilterOperator.LT, 2023))
    assert names(RAGFlowRetriever(rag, [sea], filters=between)) == ["note-2022.txt"]


@pytest.mark.parametrize(
    "unsaid",
    [
        filters(("year", FilterOperator.EQ, 1), any_of=True),
        filters(("year", FilterOperator.NE, 1)),
        filters(("year", FilterOperator.EQ, 1), ("year", FilterOperator.EQ, 2)),
        filters(("year", FilterOperator.GT, 1), ("year", FilterOperator.GT, 2)),
        MetadataFilters(filters=[filters(("year", FilterOperator.EQ, 1))]),
    ],
    ids=["any of them", "not", "two values", "two bounds", "nested"],
)
def test_a_filter_that_a_search_cannot_keep_is_an_error(
    rag: RAGFlow, unsaid: MetadataFilters
) -> None:
    with pytest.raises(InvalidValueError, match="filters"):
        RAGFlowRetriever(rag, ["any"], filters=unsaid)


def test_it_has_the_arguments_and_defaults_of_a_search() -> None:
    given = inspect.signature(RAGFlow.retrieval).parameters
    own = inspect.signature(RAGFlowRetriever).parameters
    assert set(own) - {"rag", "filters"} == set(given) - {"self", "question", "document"}
    for name in set(own) - {"rag", "filters"}:
        assert (own[name].default, own[name].kind) == (given[name].default, given[name].kind)
