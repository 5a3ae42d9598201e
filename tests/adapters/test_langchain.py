"""The LangChain retriever, with LangChain."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from ragflow_local import DataSet, Document, InvalidValueError, RAGFlow
from tests.adapters.conftest import QUESTION

pytest.importorskip("langchain_core", reason='needs pip install "ragflow-local[langchain]"')
from langchain_core.prompts import PromptTemplate
from langchain_core.retrievers import BaseRetriever

from ragflow_local.adapters.langchain import RAGFlowRetriever


def test_a_document_is_a_chunk_with_its_place_and_scores(
    rag: RAGFlow, sea: DataSet, atlas: Document
) -> None:
    retriever = RAGFlowRetriever(rag=rag, datasets=[sea])
    chunks = rag.retrieval(QUESTION, [sea])
    found = retriever.invoke(QUESTION)
    assert len(found) == 3
    assert [(one.id, one.page_content) for one in found] == [
        (chunk.id, chunk.content) for chunk in chunks
    ]
    of_pdf = next(one.metadata for one in found if one.metadata["source"] == "atlas.pdf")
    assert (of_pdf["page"], of_pdf["pages"]) == (1, [1])
    assert len(of_pdf["positions"][0]) == 5
    assert of_pdf["similarity"] == chunks[[one.metadata for one in found].index(of_pdf)].similarity
    note = next(one.metadata for one in found if one.metadata["source"] == "note-2022.txt")
    assert (note["page"], note["dataset_id"]) == (None, sea.id)


def test_awaiting_finds_the_same(rag: RAGFlow, sea: DataSet) -> None:
    retriever = RAGFlowRetriever(rag=rag, datasets=[sea], limit=2)
    assert asyncio.run(retriever.ainvoke(QUESTION)) == retriever.invoke(QUESTION)


def test_what_a_search_takes_is_passed_on_for_all_questions_or_one(
    rag: RAGFlow, sea: DataSet
) -> None:
    retriever = RAGFlowRetriever(rag=rag, datasets=[sea], meta_fields={"year": 2022})
    assert [one.metadata["source"] for one in retriever.invoke(QUESTION)] == ["note-2022.txt"]
    other = retriever.invoke(QUESTION, meta_fields={"year": {"gt": 2022}})
    assert [one.metadata["source"] for one in other] == ["note-2023.txt"]
    assert len(asyncio.run(retriever.ainvoke(QUESTION, meta_fields=None, limit=1))) == 1
    with pytest.raises(InvalidValueError, match="limit"):
        retriever.invoke(QUESTION, limit=-1)


def test_it_has_the_arguments_and_defaults_of_a_search() -> None:
    given = inspect.signature(RAGFlow.retrieval).parameters
    fields = set(RAGFlowRetriever.model_fields) - set(BaseRetriever.model_fields) - {"rag"}
    assert fields == set(given) - {"self", "question", "document"}
    for name in fields - {"datasets"}:
        assert RAGFlowRetriever.model_fields[name].default == given[name].default


def test_it_is_a_link_of_a_chain(rag: RAGFlow, sea: DataSet) -> None:
    retriever = RAGFlowRetriever(rag=rag, datasets=[sea], limit=1)
    chain = {"found": retriever} | PromptTemplate.from_template("Read: {found}")
    assert retriever.invoke(QUESTION)[0].page_content in str(chain.invoke(QUESTION))
