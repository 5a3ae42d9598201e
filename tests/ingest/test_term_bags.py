from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ragflow_local.ingest.term_bags import add_terms
from ragflow_local.records import ChunkRow
from ragflow_local.stores.catalog import (
    Catalog,
    postings,
    postings_check,
    postings_scores,
    postings_words,
    schema,
)
from ragflow_local.text.terms import chunk_terms


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite3")
    schema.migrate(opened.writer(), tmp_path)
    yield opened
    opened.close()


def row(number: int, content: str, **others: object) -> ChunkRow:
    made = ChunkRow(number, f"c{number}", "d", "s", "d", number, content, 1, 1)
    return replace(made, **others)  # type: ignore[arg-type]  # fields of it


ROWS = [row(2, "Die Pumpe steht im Keller und brummt."), row(1, "The pump stands in the cellar.")]


def test_chunks_are_found_by_their_terms_whatever_order_they_came_in(catalog: Catalog) -> None:
    with catalog.write() as connection:
        add_terms(connection, 1, ROWS)
        assert postings.numbers(connection, 1).tolist() == [1, 2]
        lists = postings_scores.read(connection, [1], ["pump"])
        assert lists is not None
        assert not lists.missing()
        expected = {one.number: chunk_terms(one) for one in ROWS}
        assert postings_check.verify(connection, 1, expected) == []


def test_the_language_of_each_chunk_is_counted(catalog: Catalog) -> None:
    with catalog.write() as connection:
        add_terms(connection, 1, ROWS)
        assert postings_words.languages_of(connection, [1]) == {"de": 1, "en": 1}


def test_a_chunk_that_is_switched_off_is_not_found(catalog: Catalog) -> None:
    with catalog.write() as connection:
        add_terms(connection, 1, [ROWS[0], replace(ROWS[1], available=False)])
        assert postings.numbers(connection, 1).tolist() == [2]


def test_no_chunk_makes_no_index(catalog: Catalog) -> None:
    with catalog.write() as connection:
        add_terms(connection, 1, [])
        assert postings.space_of(connection, 1) is None
