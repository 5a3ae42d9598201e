"""A retriever for LangChain; it needs the extra ``langchain``.

from ragflow_local.adapters.langchain import RAGFlowRetriever

retriever = RAGFlowRetriever(rag=rag, datasets=[manuals], limit=4)
documents = retriever.invoke("How is the pump bled?")
documents = retriever.invoke("How is the pump bled?", meta_fields={"year": 2023})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun as AsyncRun
from langchain_core.callbacks import CallbackManagerForRetrieverRun as Run
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from ragflow_local.adapters import metadata_of
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.document import Document as LocalDocument
from ragflow_local.api.ragflow import RAGFlow


class RAGFlowRetriever(BaseRetriever):
    """Finds chunks as ``RAGFlow.retrieval`` does, whose arguments it has.

    They may also be given to ``invoke`` and ``ainvoke``, for one question. A document's metadata
    has its name, page, positions and scores; its ``id`` is the chunk's.
    """

    rag: RAGFlow
    datasets: Sequence[DataSet | str]
    documents: Sequence[LocalDocument | str] | None = None
    offset: int = 0
    limit: int = 6
    similarity_threshold: float = 0.1
    vector_similarity_weight: float = 0.3
    top_k: int = 1024
    meta_fields: Mapping[str, object] | None = None
    rerank_id: str | None = None
    neighbours: int | str = 0

    def _options(self, given: dict[str, Any]) -> dict[str, Any]:
        own = set(type(self).model_fields) - set(BaseRetriever.model_fields) - {"rag"}
        return {name: getattr(self, name) for name in sorted(own)} | given

    def _get_relevant_documents(
        self, query: str, *, run_manager: Run, **options: Any
    ) -> list[Document]:
        return [
            _document_of(chunk) for chunk in self.rag.retrieval(query, **self._options(options))
        ]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncRun, **options: Any
    ) -> list[Document]:
        chunks = await self.rag.aretrieval(query, **self._options(options))
        return [_document_of(chunk) for chunk in chunks]


def _document_of(chunk: Chunk) -> Document:
    return Document(id=chunk.id, page_content=chunk.content, metadata=metadata_of(chunk))
