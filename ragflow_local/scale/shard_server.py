"""Answers for one project when several are searched as one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from ragflow_local.project import Project
from ragflow_local.records import ChunkRow, DatasetRow, Hit
from ragflow_local.retrieve.candidates import Scope
from ragflow_local.retrieve.filters import DocumentFilter, documents_within
from ragflow_local.retrieve.labels import NameCounts
from ragflow_local.retrieve.neighbours import around
from ragflow_local.retrieve.parts import Asked, Collection, Part
from ragflow_local.retrieve.query import Query
from ragflow_local.scale import shard_frames as frames
from ragflow_local.stores.catalog import (
    Connection,
    chunks,
    datasets,
    documents,
    embeddings,
    postings_renewal,
    postings_words,
)
from ragflow_local.stores.catalog.postings_statistics import Statistics

# Choices of datasets whose names' weights are kept; who asks keeps fewer.
_MOST_KEPT = 8
_ALL = {"page": 1, "page_size": 2**31, "orderby": "create_time", "desc": False}
_NO_NAMES = NameCounts(0, {})


@dataclass(frozen=True, slots=True)
class _Question:
    """A question that is under way, in one snapshot."""

    connection: Connection
    rows: list[DatasetRow]
    numbers: dict[str, int]
    part: Part
    within: tuple[int, ...] | None  # numbers of the documents that are searched; None: all


class ShardServer:
    """One project, asked frame by frame by one caller.

    Args:
        project: Open for reading.
        tenant_id: Whose datasets are seen.
    """

    def __init__(self, project: Project, tenant_id: str) -> None:
        self._project = project
        self._tenant_id = tenant_id
        self._snapshot = ExitStack()
        self._question: _Question | None = None
        self._words: OrderedDict[int, list[frames.Term]] = OrderedDict()
        self._weights: dict[int, NameCounts] = {}
        self._answers: dict[type[Any], Callable[[Any], frames.Reply]] = {
            frames.Begin: self._begin,
            frames.Count: self._count,
            frames.Words: self._vocabulary,
            frames.NameWords: self._name_words,
            frames.WeighNames: self._weigh_names,
            frames.Propose: self._propose,
            frames.Rows: self._rows,
            frames.Outlines: self._outlines,
            frames.Graph: self._graph,
            frames.Around: self._around,
            frames.Vectors: self._vectors,
            frames.States: self._states,
            frames.Titles: self._titles,
            frames.Openings: self._openings,
            frames.End: self._end,
        }

    def answer(self, request: frames.Request) -> frames.Reply:
        """Return the reply to a request; raises what a search of the project does."""
        return self._answers[type(request)](request)

    def close(self) -> None:
        """End the question that is under way."""
        self._question = None
        self._snapshot.close()

    def leave(self) -> None:
        """End the question, and give the project back."""
        self.close()
        self._project.release()

    @property
    def _now(self) -> _Question:
        assert self._question is not None, "a question begins with Begin"
        return self._question

    def _begin(self, request: frames.Begin) -> frames.Begun:
        self.close()
        reading = self._snapshot.enter_context(self._project.catalog.read())
        chosen = self._chosen(reading, request.datasets)
        rows = list({row.id: row for row in chosen.values()}.values())
        numbers = datasets.numbers_of(reading, [row.id for row in rows])
        named = self._documents(reading, request.documents)
        ids = None if request.documents is None else tuple(named.values())
        within = documents_within(reading, rows, DocumentFilter(ids, request.meta_fields))
        scopes = [
            Scope(numbers[row.id], row.id, row.embedding_dim, within, row.embedding_floor)
            for row in rows
            if row.embedding_dim
        ]
        searched = [scope.number for scope in scopes]
        part = Part(reading, self._project.sources, scopes)
        self._question = _Question(reading, rows, numbers, part, within)
        return frames.Begun(
            datasets=[self._described(reading, row, numbers[row.id]) for row in rows],
            named=list(chosen),
            documents=list(named),
            languages=dict(part.languages()),
            vocabulary=list(postings_words.sizes_of_vocabularies(reading, searched)),
            names=self._project.sources.labels.state(reading, searched),
            has_graph=part.has_graph(),
        )

    def _chosen(self, reading: Connection, wanted: list[str] | None) -> dict[str, DatasetRow]:
        """Return the datasets by how they were named, those that this tenant sees."""
        if wanted is None:
            every = datasets.list_visible(reading, self._tenant_id, id=None, name=None, paging=_ALL)
            return {row.id: row for row in every}
        chosen = datasets.visible(reading, self._tenant_id, wanted)
        for name in wanted:
            if name not in chosen:
                rows = datasets.list_visible(
                    reading, self._tenant_id, id=None, name=name, paging=_ALL
                )
                if rows:
                    chosen[name] = min(rows, key=lambda row: row.tenant_id != self._tenant_id)
        return {name: chosen[name] for name in wanted if name in chosen}

    @staticmethod
    def _documents(reading: Connection, wanted: list[str] | None) -> dict[str, str]:
        numbers = documents.numbers_of(reading, wanted or [])
        return {id: id for id in wanted or [] if id in numbers}

    @staticmethod
    def _described(reading: Connection, row: DatasetRow, number: int) -> frames.Described:
        return frames.Described(
            id=row.id,
            name=row.name,
            embedding_model=row.embedding_model,
            dim=row.embedding_dim,
            fingerprint=datasets.fingerprint_of(reading, row.id),
            floor=row.embedding_floor,
            chunks=row.chunk_count,
            documents=row.document_count,
            analyzer=postings_renewal.analyzer_of(reading, number),
        )

    def _count(self, request: frames.Count) -> frames.Counted:
        statistics = self._now.part.statistics(request.terms)
        return frames.Counted(statistics.chunks, statistics.length, list(statistics.having))

    def _vocabulary(self, _: frames.Words) -> frames.Vocabulary:
        return frames.Vocabulary(self._now.part.terms())

    def _name_words(self, request: frames.NameWords) -> frames.NamesCounted:
        counts = self._now.part.names(request.languages)
        words = list(counts.having)
        self._words[request.entry] = words
        self._words.move_to_end(request.entry)
        while len(self._words) > _MOST_KEPT:
            gone, _ = self._words.popitem(last=False)
            self._weights.pop(gone, None)
        having = np.array(list(counts.having.values()), "<u4").tobytes()
        return frames.NamesCounted(counts.documents, words, having)

    def _weigh_names(self, request: frames.WeighNames) -> frames.Done:
        words = self._words[request.entry]
        having = np.frombuffer(request.having, "<u4").tolist()
        self._weights[request.entry] = NameCounts(
            request.documents, dict(zip(words, having, strict=True))
        )
        return frames.Done()

    def _propose(self, request: frames.Propose) -> frames.Candidates:
        if request.entry in self._words:
            self._words.move_to_end(request.entry)
        statistics = Statistics(request.chunks, request.total_length, tuple(request.having))
        names = self._weights.get(request.entry, _NO_NAMES)
        collection = Collection(statistics, request.languages, names)
        query = Query(
            tuple(request.terms),
            tuple(request.weights),
            request.length,
            guessed=tuple(request.guessed),
        )
        asked = Asked(
            query,
            np.frombuffer(request.vector, "<f4") if request.vector else None,
            request.floor,
            request.top_k,
            request.words_top_k,
            collection,
        )
        proposed = self._now.part.propose(asked)
        return frames.Candidates(
            proposed.numbers.astype("<i8").tobytes(),
            *(
                values.astype("<f8").tobytes()
                for values in (proposed.vector, proposed.term, proposed.cosines, proposed.scores)
            ),
        )

    def _rows(self, request: frames.Rows) -> frames.Chunks:
        return frames.Chunks(list(self._now.part.by_numbers(request.numbers).values()))

    def _outlines(self, request: frames.Outlines) -> frames.Outlined:
        known = chunks.outlines(self._now.connection, request.numbers)
        return frames.Outlined([(number, row.id, row.is_text) for number, row in known.items()])

    def _graph(self, request: frames.Graph) -> frames.Chunks:
        rows: dict[int, ChunkRow] = {}
        for dataset in self._now.rows:
            if dataset.name.casefold() == request.home:
                every = chunks.of_graph(
                    self._now.connection,
                    dataset.id,
                    keys=request.keys,
                    document_ids=request.document_ids,
                )
                rows |= {row.number: row for row in every}
        return frames.Chunks([rows[number] for number in sorted(rows)])

    def _around(self, request: frames.Around) -> frames.Beside:
        rows = self._now.part.by_numbers(request.numbers)
        return frames.Beside(
            [
                around(self._now.connection, Hit(rows[number], 0.0, 0.0, 0.0), request.reach)
                if number in rows
                else []
                for number in request.numbers
            ]
        )

    def _vectors(self, request: frames.Vectors) -> frames.Matrix:
        dim = max((row.embedding_dim for row in self._now.rows), default=0)
        matrix = embeddings.of_chunks(self._now.connection, request.numbers, dim)
        return frames.Matrix(matrix.astype("<f4").tobytes(), dim)

    def _states(self, _: frames.States) -> frames.Standing:
        names: dict[str, list[str]] = {}
        for dataset in self._now.rows:
            for row in documents.list_of(
                self._now.connection, dataset.id, limit=documents.MOST_TOLD
            ):
                names.setdefault(row.run, []).append(row.name)
        return frames.Standing(names)

    def _titles(self, _: frames.Titles) -> frames.Titled:
        now = self._now
        ids = [row.id for row in now.rows]
        names = documents.names_to_read(now.connection, ids, documents.MOST_TOLD)
        if now.within is not None:
            numbers = documents.numbers_of(now.connection, list(names))
            names = {id: name for id, name in names.items() if numbers[id] in now.within}
        return frames.Titled(names)

    def _openings(self, request: frames.Openings) -> frames.Chunks:
        return frames.Chunks(
            chunks.openings(self._now.connection, request.document_id, request.most)
        )

    def _end(self, _: frames.End) -> frames.Done:
        self.close()
        return frames.Done()
