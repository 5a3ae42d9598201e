"""An MCP server whose tools call the API and return structured data.

Standard output belongs to the protocol. An error of the engine is a tool's error, in its own words;
any other is a bug, of which the assistant learns only that there was one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from ragflow_local.adapters.mcp_results import (
    CitedAnswer,
    Dataset,
    Datasets,
    DocumentEntry,
    Documents,
    Page,
    Passage,
    Passages,
)
from ragflow_local.errors import RagflowError
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.chat import Chat
    from ragflow_local.api.chunk import Chunk
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.document import Document
    from ragflow_local.api.ragflow import RAGFlow

_INSTRUCTIONS = (
    "Documents of this computer. search finds passages; read_page reads on around one, by its"
    " document and page; ask answers from passages, with sources. Cite document and page."
)
_CHAT = "assistant"  # each question is a session of this chat
_MAX_NAME = 255  # of a session, by the API's rule
_IDLE_SECONDS = 60.0  # a project that is open for writing is closed to all others
_CHUNKS_A_PAGE = 20  # of documents whose format has no pages

# What errors advise a program to call, and the tool of an assistant that does it.
_TOOLS = {
    "RAGFlow.list_datasets()": "list_datasets",
    "DataSet.list_docs()": "list_documents",
    "RAGFlow.retrieval()": "search",
}

Question = Annotated[str, Field(description="Words or a sentence, in the documents' language.")]
InDataset = Annotated[
    str | None, Field(description="A dataset's name; without it, all are searched.")
]
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ASKS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)


def serve(rag: RAGFlow, open_writing: Callable[[], RAGFlow], model: str | None) -> None:
    """Answer a client on standard input until it leaves.

    Args:
        rag: The project, open for reading.
        open_writing: Opens it for writing too.
        model: The chat model that answers; None for the default.
    """
    writing = _Writing(open_writing)

    def leave(number: int, frame: object) -> None:
        # The library's thread goes on waiting for a line: nothing else ends it at a terminal.
        try:
            writing.close()
            rag.close()
        finally:
            os._exit(128 + number)

    signal.signal(signal.SIGINT, leave)
    _server(rag, writing, model).run("stdio")


def _server(rag: RAGFlow, writing: _Writing, model: str | None) -> MCPServer:
    """Return the server, which knows its tools and waits for nobody yet."""

    @contextlib.asynccontextmanager
    async def lifespan(_: MCPServer) -> AsyncIterator[None]:
        try:
            yield
        finally:
            writing.close()

    server = MCPServer(
        "ragflow-local", instructions=_INSTRUCTIONS, lifespan=lifespan, log_level="WARNING"
    )
    tools = _Tools(rag, writing, model)
    for tool in (tools.search, tools.read_page, tools.list_datasets, tools.list_documents):
        server.tool(annotations=_READS)(tool)
    server.tool(annotations=_ASKS)(tools.ask)
    return server


class _Writing:
    """The project open for writing, from the first question until a minute after the last."""

    def __init__(self, open_writing: Callable[[], RAGFlow]) -> None:
        self._open = open_writing
        self._rag: RAGFlow | None = None
        self._turn = asyncio.Lock()
        self._closing: asyncio.TimerHandle | None = None

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[RAGFlow]:
        """Open the project for one question after another, sharing a chat and a loaded model."""
        async with self._turn:
            if self._closing is not None:
                self._closing.cancel()
            if self._rag is None:
                self._rag = self._open()
            try:
                yield self._rag
            finally:
                loop = asyncio.get_running_loop()
                self._closing = loop.call_later(_IDLE_SECONDS, self.close)

    def close(self) -> None:
        """Close the project, so that others may write."""
        if self._rag is not None:
            self._rag.close()
            self._rag = None


class _Tools:
    """Offers the server's tools, described to an assistant by their docstrings."""

    def __init__(self, rag: RAGFlow, writing: _Writing, model: str | None) -> None:
        self._rag = rag
        self._writing = writing
        self._model = model

    async def search(
        self,
        question: Question,
        dataset: InDataset = None,
        document: Annotated[str | None, Field(description="Only in this document.")] = None,
        limit: Annotated[int, Field(ge=1, le=50, description="Most passages.")] = 6,
    ) -> Passages:
        """Find the passages that answer a question best, by words and by meaning."""
        with _tool_errors():
            datasets = _datasets(self._rag, dataset)
            within = [_document(datasets, document)] if document else None
            hits = await self._rag.aretrieval(question, datasets, within, limit=limit)
            return Passages(passages=_passages(hits, datasets))

    async def ask(self, question: Question, dataset: InDataset = None) -> CitedAnswer:
        """Answer a question from the documents, with the passages it rests on.

        Slow where a chat model answers. To answer yourself, search instead.
        """
        with _tool_errors():
            async with self._writing.open() as rag:
                datasets = _datasets(rag, dataset)
                chat = _chat(rag, datasets, self._model)
                name = " ".join(question.split())[:_MAX_NAME] or "question"
                session = chat.create_session(name)
                try:
                    answer = await session.aask(question)
                finally:
                    chat.delete_sessions([session.id])  # nobody reads it again
                return CitedAnswer(
                    answer=answer.content,
                    sources=_passages(answer.reference, datasets),
                    unsupported=answer.unsupported,
                    model=answer.model,
                )

    async def read_page(
        self,
        document: Annotated[str, Field(description="A document's name.")],
        page: Annotated[int, Field(ge=1, description="From 1.")] = 1,
        dataset: InDataset = None,
    ) -> Page:
        """Read a page of a document: the passages that stand on it, whole."""
        with _tool_errors():
            datasets = _datasets(self._rag, dataset)
            match = _document(datasets, document)
            chunks = [chunk for chunk in match.list_chunks(limit=-1) if chunk.kind == "text"]
            if not chunks:
                raise ToolError(_without_text(match))
            pages, has_pages = _paged(chunks)
            if page > len(pages):
                there = count_of(len(pages), "page")
                raise ToolError(f"{document!r} has {there}; there is no page {page}.")
            return Page(
                document=match.name,
                dataset=_names(datasets)[match.dataset_id],
                page=page,
                pages=len(pages),
                has_pages=has_pages,
                text="\n\n".join(chunk.content for chunk in pages[page - 1]),
            )

    async def list_datasets(self) -> Datasets:
        """List the datasets of the project."""
        with _tool_errors():
            return Datasets(
                datasets=[
                    Dataset(
                        name=dataset.name,
                        description=dataset.description,
                        documents=dataset.document_count,
                        chunks=dataset.chunk_count,
                    )
                    for dataset in self._rag.list_datasets(desc=False)
                ]
            )

    async def list_documents(
        self,
        dataset: InDataset = None,
        keywords: Annotated[str | None, Field(description="Part of the name.")] = None,
        offset: Annotated[int, Field(ge=0)] = 0,
        limit: Annotated[int, Field(ge=1, le=500)] = 100,
    ) -> Documents:
        """List documents by name; only these can be read and searched."""
        with _tool_errors():
            datasets = _datasets(self._rag, dataset)
            names = _names(datasets)
            documents, total = _page_of(datasets, keywords, offset, limit)
            return Documents(
                documents=[
                    DocumentEntry(
                        name=item.name,
                        dataset=names[item.dataset_id],
                        kind=item.type,
                        chunks=item.chunk_count,
                        parsed=item.run,
                    )
                    for item in documents
                ],
                total=total,
            )


@contextlib.contextmanager
def _tool_errors() -> Iterator[None]:
    """Turn the engine's errors into tool errors with the same text."""
    try:
        yield
    except RagflowError as error:
        text = str(error)
        for call, tool in _TOOLS.items():
            text = text.replace(call, tool)
        raise ToolError(text) from error


def _chat(rag: RAGFlow, datasets: list[DataSet], model: str | None) -> Chat:
    chats = rag.list_chats(name=_CHAT)
    chat = chats[0] if chats else rag.create_chat(_CHAT, knowledgebases=datasets)
    chat.update({"knowledgebases": datasets, "llm": {"model_name": model}})
    return chat


def _datasets(rag: RAGFlow, name: str | None) -> list[DataSet]:
    if name is not None:
        return [rag.get_dataset(name)]
    datasets = rag.list_datasets(desc=False)
    if not datasets:
        raise ToolError("The project has no dataset yet: ragflow-local add FILES makes one.")
    return datasets


def _page_of(
    datasets: list[DataSet], keywords: str | None, offset: int, limit: int
) -> tuple[list[Document], int]:
    """Return some documents of several datasets, and how many there are together."""
    if keywords:
        documents = [document for owner in datasets for document in owner.list_docs(keywords)]
        return documents[offset : offset + limit], len(documents)
    page: list[Document] = []
    for owner in datasets:
        if len(page) < limit and offset < owner.document_count:
            page += owner.list_docs(offset=offset, limit=limit - len(page))
        offset = max(0, offset - owner.document_count)
    return page, sum(owner.document_count for owner in datasets)


def _document(datasets: list[DataSet], name: str) -> Document:
    documents = [
        document
        for dataset in datasets
        for document in dataset.list_docs(keywords=name)
        if document.name == name
    ]
    if not documents:
        raise ToolError(f"There is no document {name!r}. list_documents shows what is there.")
    if len(documents) > 1:
        owners = ", ".join(_names(datasets)[document.dataset_id] for document in documents)
        raise ToolError(f"Documents named {name!r} are in several datasets; name one: {owners}.")
    return documents[0]


def _without_text(document: Document) -> str:
    """Return why a document has no passages, with the way out."""
    if document.run == "DONE":
        return f"No text was found in {document.name!r}. {document.progress_msg}"
    if document.run == "FAIL":
        return f"{document.name!r} could not be parsed. {document.progress_msg}"
    return f"{document.name!r} is not parsed ({document.run}): ragflow-local parse parses it."


def _names(datasets: list[DataSet]) -> dict[str, str]:
    return {dataset.id: dataset.name for dataset in datasets}


def _passages(chunks: list[Chunk], datasets: list[DataSet]) -> list[Passage]:
    names = _names(datasets)
    return [
        Passage(
            document=chunk.document_name,
            dataset=names.get(chunk.dataset_id, ""),
            pages=chunk.pages,
            headings=chunk.headings,
            text=chunk.content,
            similarity=chunk.similarity,
            chunk_id=chunk.id,
        )
        for chunk in chunks
    ]


def _paged(chunks: list[Chunk]) -> tuple[list[list[Chunk]], bool]:
    """Return the chunks of each page, and whether the format has pages."""
    of = [chunk.pages for chunk in chunks]
    last = max((page for pages in of for page in pages), default=0)
    if last:
        on = [
            [chunk for chunk, pages in zip(chunks, of, strict=True) if page in pages]
            for page in range(1, last + 1)
        ]
        return on, True
    starts = range(0, len(chunks), _CHUNKS_A_PAGE)
    return [chunks[start : start + _CHUNKS_A_PAGE] for start in starts], False
