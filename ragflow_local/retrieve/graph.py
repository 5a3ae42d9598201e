"""Searches the knowledge graph: joins entities of one name, and follows their relations.

Entities and relations are kept for each document, as chunks of it, so that what rested on a
document goes with it. They are joined here, when a question is asked: by name.

A question of two steps ("Who founded the town where Ann was born?") names Ann but not the town.
Its best hits do, and the graph knows which other chunks speak of it: those are lifted.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from ragflow_local.records import ChunkRow, Hit
from ragflow_local.stores.catalog import Connection, chunks

# The hits whose names lead further, and how far the next step lifts a chunk at most.
SEEDS = 5
_LIFT = 0.6
# A name leads less surely to a text that only mentions it than to one that is headed by it.
_MENTIONED = 0.3
# What this many documents speak of leads nowhere.
_MOST_DOCUMENTS = 24
# Short texts that repeat the question's names are similar to it and say less than their sources.
_OF_GRAPH = 0.6


class GraphRows(Protocol):
    """Entities and relations, wherever they are kept."""

    def home_of(self, chunk: ChunkRow) -> str:
        """Return the dataset in which a chunk's names are joined."""
        ...

    def of_graph(
        self, home: str, *, keys: Sequence[str] = (), document_ids: Sequence[str] = ()
    ) -> list[ChunkRow]:
        """Return those with one of the keys in their data, and those of the documents, in order."""
        ...


class GraphOf:
    """The entities and relations of one catalog."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def home_of(self, chunk: ChunkRow) -> str:
        """Return the id of its dataset."""
        return chunk.dataset_id

    def of_graph(
        self, home: str, *, keys: Sequence[str] = (), document_ids: Sequence[str] = ()
    ) -> list[ChunkRow]:
        """Return what ``chunks.of_graph`` does."""
        return chunks.of_graph(self._connection, home, keys=keys, document_ids=document_ids)


def first_of_names(graph: GraphRows, hits: Sequence[Hit], seen: set[tuple[str, str]]) -> list[Hit]:
    """Return hits without entities and relations whose name is in ``seen``, and add theirs to it.

    Args:
        graph: Where the names are.
        hits: The most similar first.
        seen: The names of those that are more similar.
    """
    result = []
    for hit in hits:
        if hit.chunk.kind != "text":
            name = graph.home_of(hit.chunk), _key_of(hit.chunk)
            if name in seen:
                continue
            seen.add(name)
        result.append(hit)
    return result


def with_sources(graph: GraphRows, hits: Sequence[Hit]) -> list[Hit]:
    """Return hits with what all documents of the dataset know of each name in their data."""
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for hit in hits:
        if hit.chunk.kind != "text":
            keys[graph.home_of(hit.chunk)].append(_key_of(hit.chunk))
    same: defaultdict[tuple[str, str], list[ChunkRow]] = defaultdict(list)
    for home, wanted in keys.items():
        for row in graph.of_graph(home, keys=wanted):
            same[home, _key_of(row)].append(row)
    return [
        hit
        if hit.chunk.kind == "text"
        else replace(
            hit, chunk=_united(hit.chunk, same[graph.home_of(hit.chunk), _key_of(hit.chunk)])
        )
        for hit in hits
    ]


def sources_of(connection: Connection, chunk: ChunkRow) -> list[ChunkRow]:
    """Return the chunks of a dataset that an entity or relation rests on, by document."""
    (hit,) = with_sources(GraphOf(connection), [Hit(chunk, 0.0, 0.0, 0.0)])
    ids = _data(hit.chunk)["sources"]
    rows = chunks.by_ids(connection, ids)
    return [rows[id] for id in ids if id in rows]


def _united(chunk: ChunkRow, rows: Sequence[ChunkRow]) -> ChunkRow:
    """Return a chunk whose data is that of all chunks of its name, its own first."""
    data = _data(chunk)
    others = [_data(row) for row in rows if row.id != chunk.id]
    for name in ("aliases", "sources"):
        values = [*data[name], *(value for other in others for value in other[name])]
        data[name] = list(dict.fromkeys(values))
    data["weight"] += sum(other["weight"] for other in others)
    return replace(chunk, data=json.dumps(data, ensure_ascii=False))


def lifts(graph: GraphRows, seeds: Sequence[Hit]) -> dict[str, float]:
    """Return the chunks that the names in seeds lead to, by id, and how far each is lifted.

    Args:
        graph: Where the names are.
        seeds: The ``SEEDS`` most similar texts, the most similar first.
    """
    within: defaultdict[str, list[Hit]] = defaultdict(list)
    for seed in seeds:
        within[graph.home_of(seed.chunk)].append(seed)
    lift: dict[str, float] = {}
    for home, some in within.items():
        lift |= _reached(graph, home, some)
    return lift


def lifted(similarity: float, is_text: bool, lift: float) -> float:
    """Return the similarity of a chunk in a search with a graph.

    Args:
        similarity: Of the chunk and the question.
        is_text: Whether it is no entity and no relation.
        lift: How far a name lifts it, in [0, 1].
    """
    return similarity + (1 - similarity) * lift if is_text else similarity * _OF_GRAPH


def _reached(graph: GraphRows, home: str, seeds: Sequence[Hit]) -> dict[str, float]:
    """Return the chunks that a name in a seed leads to, and how far each is lifted, in [0, 1]."""
    names = _names_in(graph, home, seeds)
    speaking: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    documents: defaultdict[str, set[str]] = defaultdict(set)
    for row in graph.of_graph(home, keys=list(names)):
        if row.kind == "entity":
            data = _data(row)
            speaking[data["key"]].append(data)
            documents[data["key"]].add(row.document_id)
    lift: dict[str, float] = {}
    for key, (similarity, seed_id) in names.items():
        count = len(documents[key])
        mentioned = _MENTIONED / math.sqrt(max(count - 1, 1))
        for data in speaking[key] if count <= _MOST_DOCUMENTS else ():
            strength = _LIFT * similarity * (1.0 if data["about"] else mentioned)
            for source in data["sources"]:
                if source != seed_id:
                    lift[source] = max(lift.get(source, 0.0), strength)
    return lift


def _names_in(graph: GraphRows, home: str, seeds: Sequence[Hit]) -> dict[str, tuple[float, str]]:
    """Return the names that seeds say, with the most similar seed of each: how similar, its id."""
    own = graph.of_graph(home, document_ids=[seed.chunk.document_id for seed in seeds])
    known = [data for row in own if row.kind == "entity" for data in [_data(row)]]
    names: dict[str, tuple[float, str]] = {}
    for seed in sorted(seeds, key=lambda seed: seed.similarity):
        for data in known:
            if seed.chunk.id in data["sources"]:
                names[data["key"]] = seed.similarity, seed.chunk.id
    return names


def _data(row: ChunkRow) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(row.data)
    return data


def _key_of(row: ChunkRow) -> str:
    return str(_data(row)["key"])
