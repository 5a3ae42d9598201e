"""The API reference, line by line: each class, method, parameter, default and example of it.

The engine is a real one, on a real directory; its embedder is the one without weights.
"""

import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

import ragflow_local
from ragflow_local import Chat, Chunk, DataSet, Document, RAGFlow, Session
from tests.conftest import Parse

REQUIRED = inspect.Parameter.empty

# Method: its parameters in order, each with its default.
SIGNATURES: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (RAGFlow.__init__, {"api_key": "", "base_url": "", "version": "v1"}),
    (
        RAGFlow.create_dataset,
        {
            "name": REQUIRED,
            "avatar": "",
            "description": "",
            "language": "English",
            "permission": "me",
            "document_count": 0,
            "chunk_count": 0,
            "parse_method": "naive",
            "parser_config": None,
        },
    ),
    (RAGFlow.delete_datasets, {"ids": None}),
    (
        RAGFlow.list_datasets,
        {
            "page": 1,
            "page_size": 1024,
            "orderby": "create_time",
            "desc": True,
            "id": None,
            "name": None,
        },
    ),
    (RAGFlow.get_dataset, {"name": REQUIRED}),
    (DataSet.update, {"update_message": REQUIRED}),
    (RAGFlow.upload_document, {"ds": REQUIRED, "name": REQUIRED, "blob": REQUIRED}),
    (RAGFlow.create_document, {"ds": REQUIRED, "name": REQUIRED, "blob": REQUIRED}),
    (RAGFlow.get_document, {"id": None, "name": None}),
    (Document.save, {}),
    (Document.download, {}),
    (DataSet.list_docs, {"keywords": None, "offset": 0, "limit": -1}),
    (Document.delete, {}),
    (Document.async_parse, {}),
    (RAGFlow.async_parse_documents, {"ids": REQUIRED}),
    (RAGFlow.async_cancel_parse_documents, {"ids": REQUIRED}),
    (Document.cancel, {}),
    (Document.join, {"interval": 15, "timeout": 3600}),
    (Document.list_chunks, {"keywords": "", "offset": 0, "limit": 30}),
    (Document.add_chunk, {"content": REQUIRED}),
    (Chunk.delete, {}),
    (Chunk.save, {}),
    (
        RAGFlow.retrieval,
        {
            "question": REQUIRED,
            "datasets": REQUIRED,
            "documents": None,
            "offset": 0,
            "limit": 6,
            "similarity_threshold": 0.1,
            "vector_similarity_weight": 0.3,
            "top_k": 1024,
        },
    ),
    (
        RAGFlow.create_chat,
        {
            "name": "assistant",
            "avatar": "",
            "knowledgebases": ("kb1",),
            "llm": None,
            "prompt": None,
        },
    ),
    (Chat.update, {"update_message": REQUIRED}),
    (RAGFlow.delete_chats, {"ids": None}),
    (
        RAGFlow.list_chats,
        {
            "page": 1,
            "page_size": 1024,
            "orderby": "create_time",
            "desc": True,
            "id": None,
            "name": None,
        },
    ),
    (Chat.create_session, {"name": "New session"}),
    (Chat.get_prologue, {}),
    (
        Chat.list_sessions,
        {
            "page": 1,
            "page_size": 1024,
            "orderby": "create_time",
            "desc": True,
            "id": None,
            "name": None,
        },
    ),
    (Chat.delete_sessions, {"ids": None}),
    (Session.update, {"update_message": REQUIRED}),
    (Session.ask, {"question": REQUIRED, "stream": False}),
]


def named(case: object) -> str | None:
    return getattr(case, "__qualname__", None)


@pytest.mark.parametrize(("method", "expected"), SIGNATURES, ids=named)
def test_a_method_has_the_parameters_and_defaults_of_the_reference(
    method: Callable[..., Any], expected: dict[str, Any]
) -> None:
    parameters = [
        parameter
        for parameter in inspect.signature(method).parameters.values()
        if parameter.name != "self"
    ]
    found = {parameter.name: parameter.default for parameter in parameters}
    assert list(found)[: len(expected)] == list(expected)
    for name, default in expected.items():
        assert found[name] == default, name
    for parameter in parameters[len(expected) :]:
        assert parameter.default is not REQUIRED, f"{parameter.name} is not in the reference"


@pytest.mark.parametrize(
    "name", ["RAGFlow", "DataSet", "Document", "Chunk", "Chat", "Session", "Message"]
)
def test_a_class_can_be_imported_from_the_package(name: str) -> None:
    assert name in ragflow_local.__all__


@pytest.fixture
def everything(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> dict[str, Any]:
    """One object of each class, an answer with a reference among them."""
    document = parsed("kraken.txt", b"The kraken sleeps in the deep sea.\nIt wakes in May.")
    chunk = rag.retrieval("where does the kraken sleep?", datasets=[dataset])[0]
    chat = rag.create_chat("Miss R", knowledgebases=[dataset], llm={"model_name": "extractive"})
    session = chat.create_session()
    message = session.ask("Where does the kraken sleep?")
    return {
        "DataSet": dataset,
        "Document": document,
        "Chunk": chunk,
        "Chat": chat,
        "Session": session,
        "Message": message,
        "reference": message.reference[0],
    }


ATTRIBUTES = {
    "DataSet": (
        "id name avatar tenant_id description language embedding_model permission document_count"
        " chunk_count parse_method parser_method chunk_method parser_config"
    ),
    "Document": (
        "id thumbnail knowledgebase_id dataset_id parser_method parse_method parser_config"
        " source_type type created_by name size token_count chunk_count progress progress_msg"
        " process_begin_at process_duration process_duation run"
    ),
    "Chunk": "id content document_id document_name knowledgebase_id dataset_id image_id similarity"
    " vector_similarity term_similarity position positions available",
    "reference": "id content document_id document_name knowledgebase_id image_id similarity"
    " vector_similarity term_similarity position",
    "Chat": "id name avatar knowledgebases llm prompt",
    "Session": "id name messages chat_id",
    "Message": "id content reference role model",
}


def test_objects_have_the_attributes_of_the_reference(everything: dict[str, Any]) -> None:
    for kind, names in ATTRIBUTES.items():
        for name in names.split():
            assert getattr(everything[kind], name) is not None, f"{kind}.{name}"


def test_objects_print_as_one_line_and_give_a_dict(everything: dict[str, Any]) -> None:
    for thing in everything.values():
        line = repr(thing)
        assert line.startswith(type(thing).__name__)
        assert "\n" not in line
        assert thing.to_dict()
    assert everything["Chunk"]["content"] == everything["Chunk"]["content_with_weight"]
    assert everything["Message"]["content"] == everything["Message"].content


def test_values_have_the_types_of_the_reference(everything: dict[str, Any]) -> None:
    document, chunk = everything["Document"], everything["Chunk"]
    assert isinstance(document.process_begin_at, datetime)
    assert document.process_begin_at.tzinfo is not None
    assert document.process_duration > 0
    assert document.progress == 100.0
    assert 0 <= chunk.similarity <= 1
    assert everything["Session"].messages[0]["content"] == everything["Chat"].get_prologue()


def test_the_parser_config_has_the_defaults_of_the_reference() -> None:
    assert DataSet.ParserConfig().to_dict() == {
        "chunk_token_count": 128,
        "layout_recognize": True,
        "delimiter": "\n!?。；！？",
        "task_page_size": 12,
    }


def test_the_llm_has_the_defaults_of_the_reference(rag: RAGFlow, dataset: DataSet) -> None:
    llm = rag.create_chat("Miss R", knowledgebases=[dataset]).llm.to_dict()
    seed = llm.pop("seed")
    assert seed is None
    assert llm == {
        "model_name": None,
        "temperature": 0.1,
        "top_p": 0.3,
        "presence_penalty": 0.2,
        "frequency_penalty": 0.7,
        "max_token": 512,
    }


def test_the_prompt_has_the_text_of_the_reference(rag: RAGFlow, dataset: DataSet) -> None:
    prompt = rag.create_chat("Miss R", knowledgebases=[dataset]).prompt
    assert prompt.prompt.startswith("You are an intelligent assistant. Please summarize")
    assert "Here is the knowledge base:\n      {knowledge}\n" in prompt.prompt
    assert prompt.to_dict() | {"prompt": ""} == {
        "prompt": "",
        "similarity_threshold": 0.2,
        "keywords_similarity_weight": 0.7,
        "top_n": 8,
        "empty_response": "The answer you are looking for is not found in the knowledge base!",
        "opener": "Hi! I am your assistant，can I help you?",
        "show_quote": True,
        "refine_multiturn": False,
        "neighbours": 0,
        "show_nearest": False,
        "reader": True,
    }
