"""What a question asks of the datasets' words, and what it finds by them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.ingest.term_bags import add_terms
from ragflow_local.retrieve.candidates import Scope, Sources, by_words, terms_of_all
from ragflow_local.retrieve.query import Query
from ragflow_local.retrieve.spelling import Vocabularies
from ragflow_local.stores.catalog import Catalog, Connection, postings_scores, schema
from ragflow_local.stores.catalog.postings_kept import ListsKept
from ragflow_local.stores.catalog.postings_scores import Lists
from ragflow_local.stores.vectors import Vectors
from tests.retrieve.asking import asked_of
from tests.stores.tables import add_chunks, add_dataset, add_document, chunk_row

TEXTS = {
    "a": ("The pump stands in the cellar.", "The roof leaks when it rains."),
    "b": ("The pump hums, and the pump rattles.", "Nobody knows the garden."),
}


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("candidates")
    catalog = Catalog(folder / "catalog.sqlite3")
    schema.migrate(catalog.writer(), folder)
    add_dataset(catalog, "d")
    number = 0
    for id, texts in TEXTS.items():
        add_document(catalog, id, "d")
        add_chunks(catalog, id, *texts)
        for text in texts:
            number += 1
            with catalog.write() as connection:
                add_terms(connection, 1, [chunk_row(number, id, text)])
    with catalog.read() as connection:
        yield connection
    catalog.close()


def asked(
    reading: Connection, question: str
) -> tuple[Query, Lists | None, tuple[tuple[str, str], ...]]:
    return asked_of(reading, Vocabularies(), [1], question)


def best(reading: Connection, question: str, documents: list[int] | None, top_k: int) -> list[int]:
    query, lists, _ = asked(reading, question)
    assert lists is not None
    return sorted(by_words(reading, lists, query, documents, top_k).tolist())


def test_a_question_finds_the_chunks_that_have_its_words(reading: Connection) -> None:
    assert best(reading, "Where is the pump?", None, 9) == [1, 3]
    assert best(reading, "Where do pumps stand?", None, 1) == [1]


def test_only_chunks_of_the_documents_asked_for_are_found(reading: Connection) -> None:
    assert best(reading, "Where is the pump?", [2], 9) == [3]
    assert best(reading, "Where is the pump?", [], 9) == []


def test_a_question_without_words_finds_nothing_by_words(reading: Connection) -> None:
    query, lists, guesses = asked(reading, "")
    assert (query.terms, guesses) == ((), ())
    assert lists is not None
    assert by_words(reading, lists, query, None, 9).tolist() == []
    assert terms_of_all(lists, query, np.array([1, 2])).tolist() == [0, 0]


def test_a_word_that_nobody_wrote_is_taken_for_the_nearest_that_somebody_did(
    reading: Connection,
) -> None:
    query, lists, guesses = asked(reading, "Does the cellaar leak?")
    assert ("cellaar", "cellar") in guesses
    assert lists is not None
    assert 1 in by_words(reading, lists, query, None, 9)
    _, _, none = asked(reading, "Does the cellar leak?")
    assert none == ()


def test_lists_are_read_anew_only_where_a_word_was_guessed(
    reading: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[object] = []
    real = postings_scores.read

    def noted(
        connection: Connection, datasets: list[int], terms: object, held: ListsKept
    ) -> Lists | None:
        reads.append(terms)
        return real(connection, datasets, terms, held)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(postings_scores, "read", noted)
    asked(reading, "Where is the pump?")
    assert len(reads) == 1
    asked(reading, "Where is the xylophone?")
    assert len(reads) == 2, "nothing is like it"
    asked(reading, "Does the cellaar leak?")
    assert len(reads) == 4


def test_all_chunks_are_scored_also_those_that_words_did_not_find(reading: Connection) -> None:
    query, lists, _ = asked(reading, "Where is the pump in the cellar?")
    assert lists is not None
    scores = terms_of_all(lists, query, np.array([2, 3, 1, 99]))
    assert scores[2] > scores[1] > scores[0] >= 0
    assert scores[3] == 0
    assert scores.max() <= 1


def test_datasets_without_chunks_have_no_lists(reading: Connection) -> None:
    query, lists, guesses = asked_of(reading, Vocabularies(), [7], "Where is the pump?")
    assert query.terms
    assert (lists, guesses) == (None, ())


def test_a_search_mends_nothing_and_takes_all_documents_unless_told(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite3")
    sources = Sources(catalog, Vectors(tmp_path / "vectors"))
    assert sources.mend is None
    assert sources.labels is not Sources(catalog, sources.vectors).labels
    assert Scope(1, "d", 4).documents is None
    catalog.close()
