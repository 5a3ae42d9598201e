"""A retriever for LlamaIndex; it needs the extra ``llama-index``.

from ragflow_local.adapters.llama_index import RAGFlowRetriever

retriever = RAGFlowRetriever(rag, [manuals], limit=4)
nodes = retriever.retrieve("How is the pump bled?")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import (
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)

from ragflow_local.adapters import metadata_of
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.document import Document
from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.errors import InvalidValueError

# What a model is not to read, nor an embedder: it says where a text stands, not what it says.
_NOT_TOLD = [
    "document_id",
    "dataset_id",
    "chunk_id",
    "document_name",
    "page",
    "positions",
    "similarity",
    "vector_similarity",
    "term_similarity",
]
_RANGES = {
    FilterOperator.GT: "gt",
    FilterOperator.GTE: "gte",
    FilterOperator.LT: "lt",
    FilterOperator.LTE: "lte",
}


class RAGFlowRetriever(BaseRetriever):
    """Finds chunks as ``RAGFlow.retrieval`` does, whose arguments it has.

    Args:
        rag: The engine.
        datasets: Where to look: DataSet objects or ids.
        documents: Only in these; None for all.
        offset: How many of the best to pass over.
        limit: Most to return.
        similarity_threshold: Least similarity, in [0, 1].
        vector_similarity_weight: How much the meaning counts beside the words, in [0, 1].
        top_k: Candidates taken from each of the two indexes.
        meta_fields: Only in documents that note this; see ``RAGFlow.retrieval``.
        rerank_id: A cross-encoder, by its folder or name.
        neighbours: How many chunks before and after each to bring, in its metadata, or
            ``section`` for all under the same headings.
        filters: LlamaIndex's way to say ``meta_fields``: conditions that must all be met.
    """

    def __init__(
        self,
        rag: RAGFlow,
        datasets: Sequence[DataSet | str],
        documents: Sequence[Document | str] | None = None,
        offset: int = 0,
        limit: int = 6,
        similarity_threshold: float = 0.1,
        vector_similarity_weight: float = 0.3,
        top_k: int = 1024,
        *,
        meta_fields: Mapping[str, object] | None = None,
        rerank_id: str | None = None,
        neighbours: int | str = 0,
        filters: MetadataFilters | None = None,
    ) -> None:
        self._rag = rag
        self._options: dict[str, Any] = {
            "datasets": datasets,
            "documents": documents,
            "offset": offset,
            "limit": limit,
            "similarity_threshold": similarity_threshold,
            "vector_similarity_weight": vector_similarity_weight,
            "top_k": top_k,
            "meta_fields": conditions_of(filters, meta_fields),
            "rerank_id": rerank_id,
            "neighbours": neighbours,
        }
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        chunks = self._rag.retrieval(query_bundle.query_str, **self._options)
        return [_node_of(chunk) for chunk in chunks]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        chunks = await self._rag.aretrieval(query_bundle.query_str, **self._options)
        return [_node_of(chunk) for chunk in chunks]


def conditions_of(
    filters: MetadataFilters | None, meta_fields: Mapping[str, object] | None
) -> Mapping[str, object] | None:
    """Return LlamaIndex's filters as conditions on ``meta_fields``, beside those given.

    Raises:
        InvalidValueError: They say what a search cannot: "or", "not", or parts of a text.
    """
    if filters is None:
        return meta_fields
    if filters.condition not in (None, FilterCondition.AND):
        raise InvalidValueError("filters", filters.condition, "conditions that must all be met")
    conditions: dict[str, Any] = dict(meta_fields or {})
    for metadata_filter in filters.filters:
        if not isinstance(metadata_filter, MetadataFilter):
            raise InvalidValueError("filters", metadata_filter, "no filters inside filters")
        _add(conditions, metadata_filter)
    return conditions


def _add(conditions: dict[str, Any], metadata_filter: MetadataFilter) -> None:
    there = conditions.get(metadata_filter.key)
    if metadata_filter.operator in _RANGES:
        end = {_RANGES[metadata_filter.operator]: metadata_filter.value}
        if there is None or (isinstance(there, dict) and not set(there) & set(end)):
            conditions[metadata_filter.key] = {**(there or {}), **end}
            return
    elif metadata_filter.operator in (FilterOperator.EQ, FilterOperator.IN) and there is None:
        conditions[metadata_filter.key] = metadata_filter.value
        return
    raise InvalidValueError(
        "filters",
        f"{metadata_filter.key} {metadata_filter.operator.value} {metadata_filter.value!r}",
        "==, in, >, >=, < or <=, one condition or range a name",
    )


def _node_of(chunk: Chunk) -> NodeWithScore:
    node = TextNode(
        id_=chunk.id,
        text=chunk.content,
        metadata=metadata_of(chunk),
        excluded_llm_metadata_keys=_NOT_TOLD,
        excluded_embed_metadata_keys=_NOT_TOLD,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=chunk.document_id)},
    )
    return NodeWithScore(node=node, score=chunk.similarity)
