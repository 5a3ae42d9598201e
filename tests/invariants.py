"""What holds of every project at every moment, whatever happened before."""

import numpy as np

from ragflow_local import RAGFlow
from ragflow_local.stores.catalog import chunks, datasets, documents, postings, state
from ragflow_local.text.terms import chunk_terms


def check_invariants(rag: RAGFlow) -> None:
    """Rows, postings, vectors, counts and files say the same."""
    project = rag.project
    with project.catalog.read() as reading:
        needed = documents.files_in_use(reading)
        assert state.wrong_counts(reading) == []
        for id in datasets.all_ids(reading):
            numbers = chunks.available_numbers(reading, id)
            number = datasets.number_of(reading, id)
            assert number is not None
            assert np.sort(postings.numbers(reading, number)).tolist() == numbers
            assert np.sort(project.vectors.numbers(id)).tolist() == numbers
            terms = {row.number: chunk_terms(row) for row in chunks.available(reading, id)}
            assert postings.verify(reading, number, terms) == []
        pictured = chunks.with_images(reading)
    assert set(project.files.kept()) == needed
    assert set(project.files.kept_images()) == pictured
    assert all(project.files.get(sha256) for sha256 in needed)
