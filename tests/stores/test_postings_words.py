import sqlite3

import numpy as np
import pytest

from ragflow_local.stores.catalog import postings, postings_words
from ragflow_local.text.bags import Bags
from tests.stores.empty_postings import empty_postings


@pytest.fixture
def connection() -> sqlite3.Connection:
    return empty_postings()


def add(
    connection: sqlite3.Connection, dataset: int, number: int, language: str, *terms: str
) -> None:
    bags = Bags.of([dict.fromkeys(terms, 1)])
    postings.add_bags(connection, dataset, np.array([number]), bags, {language: 1})


def test_languages_are_counted_over_the_asked_datasets(connection: sqlite3.Connection) -> None:
    add(connection, 1, 1, "en", "pump")
    add(connection, 1, 2, "en", "roof")
    add(connection, 2, 3, "de", "dach")
    assert postings_words.languages_of(connection, [1, 2]) == {"en": 2, "de": 1}
    assert postings_words.languages_of(connection, [2]) == {"de": 1}
    assert postings_words.languages_of(connection, [9]) == {}


def test_a_vocabulary_has_each_term_once_in_order(connection: sqlite3.Connection) -> None:
    add(connection, 1, 1, "en", "roof", "pump")
    add(connection, 2, 2, "en", "pump", "attic")
    sizes = postings_words.sizes_of_vocabularies(connection, [1, 2])
    assert [count for _, count in sizes] == [2, 2]
    spaces = [space for space, _ in sizes]
    assert postings_words.vocabulary(connection, spaces) == ["attic", "pump", "roof"]
    assert postings_words.vocabulary(connection, spaces[:1]) == ["pump", "roof"]


def test_another_vocabulary_has_another_size(connection: sqlite3.Connection) -> None:
    add(connection, 1, 1, "en", "pump")
    before = postings_words.sizes_of_vocabularies(connection, [1])
    add(connection, 1, 2, "en", "pump")
    assert postings_words.sizes_of_vocabularies(connection, [1]) == before
    add(connection, 1, 3, "en", "roof")
    assert postings_words.sizes_of_vocabularies(connection, [1]) != before
