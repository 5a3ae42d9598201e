"""What holds of every project at every moment, whatever happened before."""

import numpy as np

from ragflow_local import RAGFlow
from ragflow_local.project import Project
from ragflow_local.stores.catalog import (
    Connection,
    chunks,
    datasets,
    documents,
    postings,
    postings_check,
    state,
    vector_states,
)
from ragflow_local.text.terms import chunk_terms


def check_invariants(rag: RAGFlow) -> None:
    """Rows, postings, vectors, counts and files say the same."""
    project = rag.project
    project.vector_table.wait()
    with project.catalog.read() as reading:
        needed = documents.files_in_use(reading)
        assert state.wrong_counts(reading) == []
        for id in datasets.all_ids(reading):
            numbers = chunks.available_numbers(reading, id)
            number = datasets.number_of(reading, id)
            assert number is not None
            assert np.sort(postings.numbers(reading, number)).tolist() == numbers
            check_vectors(project, reading, id, numbers)
            terms = {row.number: chunk_terms(row) for row in chunks.available(reading, id)}
            assert postings_check.verify(reading, number, terms) == []
        pictured = chunks.with_images(reading)
        (following,) = reading.execute("SELECT next FROM chunk_numbers").fetchone()
        (last,) = reading.execute("SELECT coalesce(max(number), 0) FROM chunks").fetchone()
        assert following > last, "a number could be given twice"
    assert set(project.files.file_names()) == needed
    assert set(project.files.image_names()) == pictured
    for sha256 in needed:
        project.files.check(sha256)


def check_vectors(project: Project, reading: Connection, id: str, numbers: list[int]) -> None:
    """What is held in memory is what is there; LanceDB has all of it up to the watermark."""
    [now] = vector_states.of(reading, [id])
    assert max(numbers, default=0) <= now.added
    if now.dim:
        [memory] = project.vectors.memory.in_step(reading, [now], [0])
        assert np.sort(memory.numbers()).tolist() == numbers
    if now.moved:
        there = project.vectors.table(id).read()[0].tolist()
        assert len(there) == len(set(there))
        assert set(there) >= {number for number in numbers if number <= now.moved}
