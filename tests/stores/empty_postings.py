"""An index of words without a word, in memory."""

import sqlite3

from ragflow_local.stores.catalog import postings, postings_segments, postings_words


def empty_postings() -> sqlite3.Connection:
    """Return a connection to a catalog that has the tables of the postings alone."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    postings.create(made)
    postings_words.create(made)
    postings_segments.seal(made)
    postings_segments.give_birth(made)
    return made
