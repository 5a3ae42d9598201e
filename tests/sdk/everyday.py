"""The calls that nearly all programs make, as one script: it runs on any client of RAGFlow's.

It takes the client's module and an object of its ``RAGFlow``, and yields what a user would see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TEXT = b"The pump stands in the cellar. It was built in 1987."


def calls(rag: Any, module: Any) -> Iterator[tuple[str, object]]:
    """Yield the name of each call and what it gave, without ids and times."""
    yield from _datasets(rag, module)
    dataset = rag.get_dataset(name="everyday")
    yield from _documents(dataset)
    [document] = dataset.list_documents(keywords="pump")
    yield from _chunks(rag, dataset, document)
    yield from _chats(rag, dataset)
    dataset.delete_documents(ids=[document.id])
    yield "delete_documents", [one.name for one in dataset.list_documents()]
    rag.delete_datasets(ids=[dataset.id])
    yield "delete_datasets", [other.name for other in rag.list_datasets()]


def _datasets(rag: Any, module: Any) -> Iterator[tuple[str, object]]:
    config = module.DataSet.ParserConfig(rag, {"chunk_token_num": 128})
    dataset = rag.create_dataset(name="Everyday", description="d", parser_config=config)
    yield "create_dataset", (dataset.name, dataset.chunk_method, dataset.embedding_model)
    yield "parser_config", dataset.parser_config.chunk_token_num
    dataset.update({"name": "everyday", "permission": "me"})
    yield "dataset.update", [one.name for one in rag.list_datasets(page=1, page_size=10)]
    yield "list_datasets", [one.description for one in rag.list_datasets(name="everyday")]
    yield "get_dataset", rag.get_dataset(name="everyday").name
    try:
        rag.get_dataset(name="nobody's")
    except Exception as error:  # noqa: BLE001 -- as scripts catch it
        yield "get_dataset of nobody", "lacks permission for dataset" in str(error)


def _documents(dataset: Any) -> Iterator[tuple[str, object]]:
    documents = dataset.upload_documents(
        [{"display_name": "pump.md", "blob": TEXT}, {"display_name": "b.txt", "blob": b"x"}]
    )
    yield "upload_documents", [(one.name, one.run, one.size) for one in documents]
    yield "list_documents", sorted(one.name for one in dataset.list_documents())
    [document] = dataset.list_documents(id=documents[0].id)
    yield "download", document.download()
    yield "document.update", document.update({"meta_fields": {"year": 2024}}).meta_fields.year
    dataset.async_parse_documents([documents[1].id])
    dataset.async_cancel_parse_documents([documents[1].id])
    yield "cancel", dataset.list_documents(id=documents[1].id)[0].run
    ends = dataset.parse_documents([document.id])
    yield "parse_documents", [(run, chunks, tokens > 0) for _, run, chunks, tokens in ends]
    [document] = dataset.list_documents(id=document.id)
    yield "document", (document.progress, "Task done" in document.progress_msg)


def _chunks(rag: Any, dataset: Any, document: Any) -> Iterator[tuple[str, object]]:
    chunk = document.add_chunk("By hand.", ["key"], ["What?"])
    yield "add_chunk", (chunk.content, chunk.important_keywords, chunk.questions)
    chunk.update({"content": "By another hand.", "available": True})
    yield "list_chunks", [one.content for one in document.list_chunks(page=1, page_size=5)]
    try:
        chunk.update({"content": " "})
    except Exception as error:  # noqa: BLE001 -- as scripts catch it
        yield "chunk.update of nothing", str(error)
    found = rag.retrieve(dataset_ids=[dataset.id], question="Where is the pump?", page_size=5)
    yield "retrieve", [(one.content, one.document_name, one.similarity) for one in found]
    document.delete_chunks([chunk.id])
    yield "delete_chunks", len(document.list_chunks())
    condition = {"conditions": [{"name": "year", "comparison_operator": "is", "value": 1999}]}
    asked = {"dataset_ids": [dataset.id], "question": "pump"}
    yield "metadata_condition", rag.retrieve(**asked, metadata_condition=condition)


def _chats(rag: Any, dataset: Any) -> Iterator[tuple[str, object]]:
    chat = rag.create_chat("Miss R", dataset_ids=[dataset.id])
    yield "create_chat", (chat.name, chat.top_n, chat.prompt_config.quote)
    chat.update({"name": "Mr R", "top_n": 3})
    yield "list_chats", [(one.name, one.top_n) for one in rag.list_chats(page=1, page_size=5)]
    yield "get_chat", rag.get_chat(chat.id).dataset_ids == [dataset.id]
    session = chat.create_session("first")
    yield "create_session", (session.name, session.messages[0]["content"])
    shown, reference = "", None
    for message in session.ask("Where does the pump stand?", stream=True):
        shown += message.content[len(shown) :]
        reference = message.reference
    yield "ask streamed", (shown, [one["document_name"] for one in reference or []])
    [whole] = session.ask("When was the pump built?")
    yield "ask", (whole.content, whole.role, len(whole.reference))
    session.update({"name": "second"})
    [kept] = chat.list_sessions()
    yield "list_sessions", (kept.name, [one["role"] for one in kept.messages])
    chat.delete_sessions(ids=[session.id])
    yield "delete_sessions", chat.list_sessions()
    rag.delete_chats(ids=[chat.id])
    yield "delete_chats", rag.list_chats()
