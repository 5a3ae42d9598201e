"""What documents were cut into, on its way into the index: rows, vectors and terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ragflow_local.embedders import Embedder
from ragflow_local.ingest.counted import Counted, counted_of
from ragflow_local.ingest.drafts import Parsed, rows_of
from ragflow_local.ingest.embed import embed_rows
from ragflow_local.records import ChunkRow, Matrix, Vector
from ragflow_local.stores.catalog import Catalog, documents, now_ms
from ragflow_local.text.bags import Bags
from ragflow_local.text.tokens import token_counter


@dataclass(frozen=True, slots=True)
class Incoming:
    """Chunks of some documents, one document after the other; rows have no numbers yet.

    Attributes:
        parsed: The documents.
        counted: What is counted of the chunks of each.
        rows: A row a chunk.
        keys: The key of its embedding.
        matrix: (len(rows), dim), its vector.
    """

    parsed: Sequence[Parsed]
    counted: Sequence[Counted]
    rows: Sequence[ChunkRow]
    keys: Sequence[bytes]
    matrix: Matrix

    def of(self, places: Sequence[int]) -> Incoming:
        """Return those of some of the documents, by their places."""
        if len(places) == len(self.parsed):
            return self
        ends = np.cumsum([len(counted.tokens) for counted in self.counted]).tolist()
        wanted = [
            at
            for place in places
            for at in range(ends[place] - len(self.counted[place].tokens), ends[place])
        ]
        return Incoming(
            [self.parsed[place] for place in places],
            [self.counted[place] for place in places],
            [self.rows[at] for at in wanted],
            [self.keys[at] for at in wanted],
            self.matrix[wanted],
        )

    def named(self, names: Sequence[str]) -> Incoming:
        """Return them with terms anew where a document got another name since it was read.

        Args:
            names: The documents' names now.
        """
        counted = [
            counts if name == parsed.document.name else _named(counts, parsed, name)
            for counts, parsed, name in zip(self.counted, self.parsed, names, strict=True)
        ]
        return replace(self, counted=counted)

    def bags(self) -> Bags:
        """Return the terms of all chunks."""
        return Bags.joined([counted.bags for counted in self.counted])

    def languages(self) -> Counter[str]:
        """Return how many chunks are in which language."""
        return Counter(language for counted in self.counted for language in counted.languages)

    def ended(self) -> list[documents.Done]:
        """Return how the parses of the documents end."""
        return [
            documents.Done(
                parsed.document.id,
                parsed.document.generation + 1,
                len(counted.tokens),
                sum(counted.tokens),
                parsed.message(),
            )
            for parsed, counted in zip(self.parsed, self.counted, strict=True)
        ]


def _named(counted: Counted, parsed: Parsed, name: str) -> Counted:
    tokens = iter(counted.tokens)
    return counted_of(parsed.drafts, name, lambda _: next(tokens))


def incoming(
    catalog: Catalog,
    embedder: Embedder,
    parsed: Sequence[Parsed],
    embedded: Callable[[int], None],
) -> Incoming:
    """Return the chunks of documents, embedded, and counted where their worker has not.

    Args:
        catalog: Where vectors of the same text and model may be kept already.
        embedder: The model of their dataset.
        parsed: The documents.
        embedded: Called with the number of chunks embedded so far; may raise to stop.
    """
    count_tokens = token_counter(embedder.tokenizer_file)
    counted = [
        document.counted or counted_of(document.drafts, document.document.name, count_tokens)
        for document in parsed
    ]
    rows: list[ChunkRow] = []
    for document, counts in zip(parsed, counted, strict=True):
        rows += rows_of(document.document, document.drafts, now_ms(), counts.tokens)
    keys, matrix = embed_rows(catalog, embedder, rows, embedded, _given(parsed))
    embedded(len(rows))
    return Incoming(parsed, counted, rows, keys, matrix)


def _given(parsed: Sequence[Parsed]) -> dict[int, Vector]:
    """Return the vectors that came with documents, by the places of their chunks."""
    given: dict[int, Vector] = {}
    first = 0
    for document in parsed:
        if document.vectors is not None:
            given.update(enumerate(document.vectors, first))
        first += len(document.drafts)
    return given
