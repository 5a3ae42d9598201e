"""Several projects in one question: what each tells is summed, and what is best of all is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ragflow_local.records import ChunkRow, Hit, Matrix
from ragflow_local.retrieve.candidates import Candidates, Numbers
from ragflow_local.retrieve.parts import Asked, Proposed, merged
from ragflow_local.retrieve.query import commonest
from ragflow_local.retrieve.spelling import MOST_TERMS, Vocabulary
from ragflow_local.scale import shard_frames as frames
from ragflow_local.scale.shard_wires import Wire, asked_all
from ragflow_local.stores.catalog.chunks import Outline
from ragflow_local.stores.catalog.postings_statistics import Statistics, summed


@dataclass(slots=True)
class Told:
    """What one shard told of a choice of datasets, kept until it changes.

    Attributes:
        starts: Of the shard, when it told.
        sizes: Of the vocabulary that ``terms`` are.
        names: State and languages of the names that ``counted`` is of.
        weighed: Which weights it was given.
    """

    starts: int = -1
    sizes: object = None
    terms: list[str] = field(default_factory=list)
    names: object = None
    counted: frames.NamesCounted | None = None
    weighed: int = -1


@dataclass(slots=True)
class Choice:
    """What is kept of a choice of datasets."""

    entry: int
    told: list[Told]
    sizes: object = None
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary([]))
    version: int = 0
    documents: int = 0
    having: Counter[frames.Term] = field(default_factory=Counter)


class ShardParts:
    """Several projects, each in one snapshot, as ``search_parts`` asks them.

    Args:
        wires: To the projects, all of which have begun the question.
        begun: What each said to that.
        choice: What is kept of these datasets.
    """

    def __init__(
        self, wires: Sequence[Wire], begun: Sequence[frames.Begun], choice: Choice
    ) -> None:
        self._wires = wires
        self.begun = begun
        self._choice = choice
        self._languages: Counter[str] = Counter()
        for part in begun:
            self._languages.update(part.languages)
        self._homes = {
            dataset.id: dataset.name.casefold() for part in begun for dataset in part.datasets
        }
        # Copies of a project have chunks of the same ids: the number tells most of these apart.
        self._owners: dict[tuple[str, int], int] = {}
        self._statistics = Statistics(0, 0)

    @property
    def datasets(self) -> list[frames.Described]:
        """The datasets of all parts."""
        return [dataset for part in self.begun for dataset in part.datasets]

    def _every(self, request: frames.Request, kind: type[frames.R]) -> list[frames.R]:
        return self._some([request] * len(self._wires), kind)

    def _some(
        self, requests: Sequence[frames.Request | None], kind: type[frames.R]
    ) -> list[frames.R]:
        """Return the replies of those that are asked something."""
        return [reply for reply in asked_all(self._wires, requests, kind) if reply is not None]

    @property
    def graph(self) -> ShardParts:
        """The knowledge graph of all parts: datasets of one name are one."""
        return self

    def languages(self) -> Counter[str]:
        """Return how many chunks are in which language."""
        return self._languages

    def statistics(self, terms: Sequence[tuple[str, ...]]) -> Statistics:
        """Return the statistics of terms in all parts together."""
        replies = self._every(frames.Count(list(terms)), frames.Counted)
        parts = [Statistics(reply.chunks, reply.length, tuple(reply.having)) for reply in replies]
        self._statistics = summed(parts)
        return self._statistics

    def vocabulary(self) -> Vocabulary:
        """Return the words of all parts; none where they are too many."""
        choice = self._choice
        sizes = [part.vocabulary for part in self.begun]
        if sum(count for part in sizes for _, count in part) > MOST_TERMS:
            return Vocabulary([])
        changed = [told.sizes != size for told, size in zip(choice.told, sizes, strict=True)]
        requests = [frames.Words() if is_changed else None for is_changed in changed]
        replies = iter(self._some(requests, frames.Vocabulary))
        for told, size, is_changed in zip(choice.told, sizes, changed, strict=True):
            if is_changed:
                told.sizes, told.terms = size, next(replies).terms
        if any(changed) or choice.sizes != sizes:
            every = {term for told in choice.told for term in told.terms}
            choice.sizes, choice.vocabulary = sizes, Vocabulary(sorted(every))
        return choice.vocabulary

    def candidates(self, asked: Asked) -> Candidates:
        """Return the best of all parts together."""
        languages = commonest(self._languages)
        if asked.query.terms:
            self._weigh_names(languages)
        query, whole = asked.query, self._statistics
        request = frames.Propose(
            terms=list(query.terms),
            weights=list(query.weights),
            guessed=list(query.guessed),
            length=query.length,
            chunks=whole.chunks,
            total_length=whole.length,
            having=list(whole.having),
            languages=languages,
            entry=self._choice.entry,
            vector=b"" if asked.vector is None else asked.vector.astype("<f4").tobytes(),
            floor=asked.floor,
            top_k=asked.top_k,
            words_top_k=asked.words_top_k,
        )
        replies = self._every(request, frames.Candidates)
        return merged([_proposed(reply) for reply in replies], asked)

    def _weigh_names(self, languages: tuple[str, ...]) -> None:
        """Have every part weigh the words of documents' names by all parts' names."""
        choice = self._choice
        states = [(part.names, languages) for part in self.begun]
        changed = [told.names != state for told, state in zip(choice.told, states, strict=True)]
        if any(changed):
            ask = frames.NameWords(languages, choice.entry)
            requests = [ask if is_changed else None for is_changed in changed]
            replies = iter(self._some(requests, frames.NamesCounted))
            for told, state, is_changed in zip(choice.told, states, changed, strict=True):
                if is_changed:
                    told.names, told.counted = state, next(replies)
            counted = [told.counted for told in choice.told if told.counted is not None]
            choice.documents = sum(part.documents for part in counted)
            choice.having = Counter()
            for part in counted:
                having = np.frombuffer(part.having, "<u4").tolist()
                choice.having.update(dict(zip(part.words, having, strict=True)))
            choice.version += 1
        behind = [told.weighed != choice.version for told in choice.told]
        if any(behind):
            weights = [
                self._weights(told) if is_behind else None
                for told, is_behind in zip(choice.told, behind, strict=True)
            ]
            self._some(weights, frames.Done)
            for told in choice.told:
                told.weighed = choice.version

    def _weights(self, told: Told) -> frames.WeighNames:
        words = told.counted.words if told.counted is not None else []
        having = np.array([self._choice.having[word] for word in words], "<u4").tobytes()
        return frames.WeighNames(self._choice.entry, self._choice.documents, having)

    def rows(self, wanted: Candidates) -> dict[int, ChunkRow]:
        """Return the chunks that there are, each by its place in ``wanted``."""
        places = self._places(wanted)
        requests = [
            frames.Rows(wanted.numbers[here].tolist()) if len(here) else None for here in places
        ]
        replies = iter(self._some(requests, frames.Chunks))
        rows: dict[int, ChunkRow] = {}
        for part, here in enumerate(places):
            if len(here):
                by_number = {row.number: row for row in next(replies).rows}
                for at in here.tolist():
                    row = by_number.get(int(wanted.numbers[at]))
                    if row is not None:
                        rows[at] = row
                        self._owners[row.id, row.number] = part
        return rows

    def outlines(self, wanted: Candidates) -> dict[int, Outline]:
        """Return the outlines of the chunks that there are, each by its place in ``wanted``."""
        places = self._places(wanted)
        requests = [
            frames.Outlines(wanted.numbers[here].tolist()) if len(here) else None for here in places
        ]
        replies = iter(self._some(requests, frames.Outlined))
        outlines: dict[int, Outline] = {}
        for here in places:
            if len(here):
                known = {number: Outline(id, text) for number, id, text in next(replies).chunks}
                numbers = wanted.numbers[here].tolist()
                for at, number in zip(here.tolist(), numbers, strict=True):
                    if number in known:
                        outlines[at] = known[number]
        return outlines

    def _places(self, wanted: Candidates) -> list[Numbers]:
        """Return the places of candidates by the part that each is in."""
        return [np.flatnonzero(wanted.parts == part) for part in range(len(self._wires))]

    def has_graph(self) -> bool:
        """Return whether there are entities or relations."""
        return any(part.has_graph for part in self.begun)

    def home_of(self, chunk: ChunkRow) -> str:
        """Return the name of its dataset."""
        return self._homes[chunk.dataset_id]

    def of_graph(
        self, home: str, *, keys: Sequence[str] = (), document_ids: Sequence[str] = ()
    ) -> list[ChunkRow]:
        """Return entities and relations of the datasets of a name, part by part."""
        request = frames.Graph(home, list(keys), list(document_ids))
        replies = self._every(request, frames.Chunks)
        return [row for reply in replies for row in reply.rows]

    # ── what comes with hits ──

    def owner_of(self, chunk: ChunkRow) -> int:
        """Return which part a chunk that was found is in."""
        return self._owners[chunk.id, chunk.number]

    def _by_owner(self, hits: Sequence[Hit]) -> list[list[int]]:
        """Return the places of hits by the part that each is in."""
        places: list[list[int]] = [[] for _ in self._wires]
        for at, hit in enumerate(hits):
            places[self.owner_of(hit.chunk)].append(at)
        return places

    def around(self, hits: Sequence[Hit], reach: int | str) -> list[list[ChunkRow]]:
        """Return the chunks around each hit; see ``neighbours.around``."""
        places = self._by_owner(hits)
        requests = [
            frames.Around([hits[at].chunk.number for at in here], reach) if here else None
            for here in places
        ]
        replies = iter(self._some(requests, frames.Beside))
        beside: list[list[ChunkRow]] = [[] for _ in hits]
        for part, here in enumerate(places):
            if here:
                for at, rows in zip(here, next(replies).rows, strict=True):
                    beside[at] = rows
                    self._owners.update({(row.id, row.number): part for row in rows})
        return beside

    def vectors(self, hits: Sequence[Hit]) -> Matrix:
        """Return (len(hits), dim) the vector of each; zeros for one without."""
        places = self._by_owner(hits)
        requests = [
            frames.Vectors([hits[at].chunk.number for at in here]) if here else None
            for here in places
        ]
        replies = self._some(requests, frames.Matrix)
        dim = max((reply.dim for reply in replies), default=0)
        matrix = np.zeros((len(hits), dim), np.float32)
        for here, reply in zip((here for here in places if here), replies, strict=True):
            matrix[here] = np.frombuffer(reply.rows, "<f4").reshape(len(here), reply.dim)
        return matrix

    def are_there(self, chunks: Sequence[ChunkRow]) -> bool:
        """Return whether chunks that were found before are still as they were.

        One that is changed or switched off gets another number.
        """
        every = [frames.Rows([chunk.number for chunk in chunks])] * len(self._wires)
        there = {
            (row.id, row.number)
            for reply in (self._some(every, frames.Chunks) if chunks else [])
            for row in reply.rows
        }
        return all((chunk.id, chunk.number) in there for chunk in chunks)

    def standing(self) -> dict[str, list[str]]:
        """Return the names of documents by the state of their parse."""
        names: dict[str, list[str]] = {}
        for reply in self._every(frames.States(), frames.Standing):
            for run, some in reply.names.items():
                names.setdefault(run, []).extend(some)
        return names

    def documents(self) -> dict[str, str]:
        """Return the names of the documents that have chunks, by their ids."""
        names: dict[str, str] = {}
        for reply in self._every(frames.Titles(), frames.Titled):
            for id, name in reply.names.items():
                names.setdefault(id, name)
        return names

    def reading(self, document_id: str, most: int) -> list[ChunkRow]:
        """Return the first chunks of a document in reading order, of the first part that has it."""
        replies = self._every(frames.Openings(document_id, most), frames.Chunks)
        for part, reply in enumerate(replies):
            if reply.rows:
                self._owners.update({(row.id, row.number): part for row in reply.rows})
                return reply.rows
        return []


def _proposed(reply: frames.Candidates) -> Proposed:
    values = (reply.vector, reply.term, reply.cosines, reply.scores)
    return Proposed(np.frombuffer(reply.numbers, "<i8"), *map(frames.floats, values))
