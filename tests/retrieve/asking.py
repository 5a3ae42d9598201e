"""Asks a catalog's datasets for a question, as a search does before it scores."""

import sqlite3
from collections.abc import Sequence
from typing import cast

from ragflow_local.retrieve.candidates import Scope, Sources
from ragflow_local.retrieve.parts import Guesses, Part, query_for
from ragflow_local.retrieve.query import Query
from ragflow_local.retrieve.spelling import Vocabularies
from ragflow_local.stores.catalog import Catalog
from ragflow_local.stores.catalog.postings_scores import Lists
from ragflow_local.stores.vectors import Vectors


def asked_of(
    connection: sqlite3.Connection,
    vocabularies: Vocabularies,
    datasets: Sequence[int],
    question: str,
) -> tuple[Query, Lists | None, Guesses]:
    """Return the question as the datasets put it, their postings, and which words are guessed."""
    # Neither the catalog nor vectors are looked at: words are asked of the connection.
    sources = Sources(cast(Catalog, None), cast(Vectors, None), None, vocabularies)
    part = Part(connection, sources, [Scope(number, "", 0) for number in datasets])
    query, _, guesses = query_for(part, question)
    return query, part.lists, guesses
