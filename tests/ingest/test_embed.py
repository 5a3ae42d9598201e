from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.ingest.embed import embed_rows, embedding_key, embedding_text
from ragflow_local.records import ChunkRow, Matrix
from ragflow_local.stores.catalog import Catalog, embeddings, schema


class Counting(HashingEmbedder):
    """Counts the texts it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.batches.append(list(texts))
        return super().embed(texts)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite3")
    schema.migrate(opened.writer(), tmp_path)
    yield opened
    opened.close()


def row(content: str, **others: object) -> ChunkRow:
    made = ChunkRow(1, "c1", "d", "s", "d", 0, content, 1, 1)
    return replace(made, **others)  # type: ignore[arg-type]  # fields of it


def test_each_row_has_the_vector_of_its_text(catalog: Catalog) -> None:
    model = Counting()
    keys, matrix = embed_rows(
        catalog, model, [row("one"), row("two"), row("one")], lambda done: None
    )
    assert keys[0] == keys[2] != keys[1]
    assert np.array_equal(matrix[0], matrix[2])
    assert np.allclose(matrix[1], model.embed(["two"])[0], atol=1e-3)
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-3)
    assert sum(map(len, model.batches)) == 3  # one, two, and the comparison above


def test_what_is_kept_is_not_embedded_again(catalog: Catalog) -> None:
    model = Counting()
    keys, matrix = embed_rows(catalog, model, [row("one")], lambda done: None)
    with catalog.write() as connection:
        embeddings.keep(connection, keys, matrix)
    model.batches.clear()
    _, again = embed_rows(catalog, model, [row("one")], lambda done: None)
    assert model.batches == []
    assert np.array_equal(again, matrix)


@pytest.mark.parametrize("kept", [np.zeros(3, np.float32), np.full(256, np.nan, np.float32)])
def test_a_kept_vector_that_cannot_be_the_models_is_made_anew(
    catalog: Catalog, kept: np.ndarray[tuple[int], np.dtype[np.float32]]
) -> None:
    model = Counting()
    key = embedding_key(model.fingerprint, "one")
    with catalog.write() as connection:
        embeddings.keep_one(connection, key, np.resize(kept, model.dim if len(kept) > 3 else 3))
    _, matrix = embed_rows(catalog, model, [row("one")], lambda done: None)
    assert np.isfinite(matrix).all()
    assert matrix.shape == (1, model.dim)


def test_the_longest_texts_are_embedded_together_first(catalog: Catalog) -> None:
    model = Counting()
    rows = [row("a" * length) for length in range(1, 131)]
    told: list[int] = []
    embed_rows(catalog, model, rows, told.append)
    assert [len(batch) for batch in model.batches] == [64, 64, 2]
    assert len(model.batches[0][0]) == 130
    assert told == [0, 64, 128]


def test_a_cancelled_parse_embeds_no_further_batch(catalog: Catalog) -> None:
    model = Counting()

    def stop(done: int) -> None:
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        embed_rows(catalog, model, [row(str(number)) for number in range(100)], stop)
    assert len(model.batches) == 1


def test_the_heading_path_is_embedded_with_the_text_and_a_question_alone() -> None:
    under = row("It is inspected.", headings=("House", "Boiler"))
    assert "Boiler" in embedding_text(under)
    assert embedding_text(under).endswith("It is inspected.")
    assert embedding_text(row("Q and A", match_text="Where?")) == "Where?"


def test_a_key_is_of_text_and_model() -> None:
    assert embedding_key("m", "a") == embedding_key("m", "a")
    assert len({embedding_key("m", "a"), embedding_key("m", "b"), embedding_key("n", "a")}) == 3
