"""Chunks on their way into the index: rows, vectors and terms stay in step."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.errors import ParseCancelledError
from ragflow_local.ingest.counted import counted_of
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.ingest.incoming import Incoming, incoming
from ragflow_local.records import Draft
from ragflow_local.stores.catalog import Catalog, schema
from tests.ingest.made import document_row

EMBEDDER = HashingEmbedder()


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite3")
    schema.migrate(opened.writer(), tmp_path)
    yield opened
    opened.close()


def parsed(id: str, *texts: str, name: str = "") -> Parsed:
    document = document_row(id, name or f"{id}.txt", generation=3)
    return Parsed(document, [Draft(text) for text in texts], [], lambda: False)


A = parsed("a", "The kraken sleeps.", "Die Pumpe steht im Keller und brummt.")
NOTHING = parsed("b")
C = parsed("c", "The squid swims in the sea.")


@pytest.fixture
def all_of(catalog: Catalog) -> Incoming:
    return incoming(catalog, EMBEDDER, [A, NOTHING, C], lambda done: None)


def test_each_chunk_has_its_row_its_vector_and_its_terms(all_of: Incoming) -> None:
    assert [(row.document_id, row.ordinal) for row in all_of.rows] == [
        ("a", 0), ("a", 1), ("c", 0),
    ]  # fmt: skip
    expected = EMBEDDER.embed([row.content for row in all_of.rows])
    np.testing.assert_allclose(all_of.matrix, expected, atol=1e-3)
    assert len(set(all_of.keys)) == 3
    assert len(all_of.bags().sizes) == 3
    assert all_of.languages() == {"en": 2, "de": 1}


@pytest.mark.parametrize("kept", [[0], [2], [0, 2], [1], [1, 2]])
def test_some_of_the_documents_keep_what_is_theirs(all_of: Incoming, kept: list[int]) -> None:
    some = all_of.of(kept)
    ids = ["abc"[place] for place in kept]
    assert [document.document.id for document in some.parsed] == ids
    wanted = [at for at, row in enumerate(all_of.rows) if row.document_id in ids]
    assert list(some.rows) == [all_of.rows[at] for at in wanted]
    assert list(some.keys) == [all_of.keys[at] for at in wanted]
    np.testing.assert_array_equal(some.matrix, all_of.matrix[wanted])
    assert len(some.bags().sizes) == len(wanted)


def test_all_of_the_documents_are_the_same(all_of: Incoming) -> None:
    assert all_of.of([0, 1, 2]) is all_of


def test_a_parse_ends_with_its_counts_and_the_next_generation(all_of: Incoming) -> None:
    ends = all_of.ended()
    assert [(end.id, end.generation) for end in ends] == [("a", 4), ("b", 4), ("c", 4)]
    tokens = [sum(row.token_count for row in all_of.rows if row.document_id == id) for id in "abc"]
    assert [(end.chunks, end.tokens) for end in ends] == list(zip([2, 0, 1], tokens, strict=True))
    assert tokens[0] > tokens[2] > tokens[1] == 0


def test_a_document_that_got_another_name_is_found_by_that(all_of: Incoming) -> None:
    named = all_of.named(["a.txt", "b.txt", "nautilus.txt"])
    assert "nautilus" in named.counted[2].bags.vocabulary
    assert "nautilus" not in all_of.counted[2].bags.vocabulary
    assert named.counted[0] is all_of.counted[0]
    assert list(named.counted[2].tokens) == list(all_of.counted[2].tokens)


def test_what_a_worker_has_counted_is_not_counted_again(catalog: Catalog) -> None:
    counted = counted_of(A.drafts, "a.txt", lambda text: 77)
    document = Parsed(A.document, A.drafts, [], lambda: False, counted)
    made = incoming(catalog, EMBEDDER, [document], lambda done: None)
    assert [row.token_count for row in made.rows] == [77, 77]
    assert made.counted[0] is counted


def test_progress_ends_with_all_chunks_and_may_stop_the_work(catalog: Catalog) -> None:
    told: list[int] = []
    incoming(catalog, EMBEDDER, [A, C], told.append)
    assert (told[0], told[-1]) == (0, 3)

    def stop(done: int) -> None:
        raise ParseCancelledError("a.txt")

    with pytest.raises(ParseCancelledError):
        incoming(catalog, EMBEDDER, [A], stop)
