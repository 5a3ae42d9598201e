"""Repairs what a process that crashed left behind.

The catalog is the truth: what cannot be read of it is told, never guessed. All else is made again
from it: postings from the texts of chunks, vectors from the embeddings, counts from the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice

import numpy as np

from ragflow_local.errors import DamagedProjectError
from ragflow_local.ingest.term_bags import add_terms
from ragflow_local.ingest.vector_table import VectorTable
from ragflow_local.stores.catalog import (
    Catalog,
    Connection,
    chunks,
    datasets,
    documents,
    now_ms,
    postings,
    postings_check,
    postings_renewal,
    state,
)
from ragflow_local.stores.files import Files
from ragflow_local.text.terms import ANALYZER, chunk_terms

_log = logging.getLogger("ragflow_local.ingest")

# Chunks whose terms are held at once while postings are written anew.
_BATCH = 2048


def heal(catalog: Catalog, files: Files, vectors: VectorTable) -> list[str]:
    """Repair inconsistencies of the catalog; return one sentence for each repair.

    Raises:
        DamagedProjectError: The catalog itself is torn.
    """
    with catalog.read() as reading:
        problems = state.torn_pages(reading)
        if problems:
            raise DamagedProjectError(catalog.path, problems[0])
        ids = datasets.all_ids(reading)
    repairs = []
    if lost := catalog.lost_commits():
        repairs.append(lost_sentence(lost))
        _log.warning("%s: %s", catalog.path, repairs[0])
        catalog.accept_loss()
        with catalog.write() as connection:
            chunks.pass_over_numbers(connection)
    with catalog.write() as connection:
        if state.wrong_counts(connection):
            state.count_anew(connection)
            repairs.append("Counts of chunks were set to what there is.")
    for id in ids:
        with catalog.write() as connection:
            if wrong_postings(connection, id):
                index_anew(connection, id)
                repairs.append(f"The word index of dataset {id} was written anew.")
    mended = vectors.take_up(was_clean=False, is_all=bool(lost))
    repairs += [f"The vector table of dataset {id} is to be written anew." for id in mended]
    with catalog.read() as reading:
        repairs += collect(reading, files, vectors)
    for sentence in repairs:
        _log.info("%s", sentence)
    return repairs


def lost_sentence(count: int) -> str:
    """Return what a damaged log took away, in a sentence."""
    changes = "change" if count == 1 else f"{count} changes"
    return (
        f"The last {changes} before the engine ended are lost, because the catalog's log was"
        " damaged. Look at what was added or edited last, or restore a backup."
    )


def wrong_postings(connection: Connection, dataset_id: str, compared: int = 0) -> list[str]:
    """Return what is wrong with a dataset's postings; nothing when they fit its chunks.

    Args:
        connection: Of the catalog.
        dataset_id: Their dataset.
        compared: Chunks, spread over the whole dataset, whose texts are cut into terms again.
    """
    number = datasets.number_of(connection, dataset_id)
    if number is None:
        return []
    numbers = np.array(chunks.available_numbers(connection, dataset_id), np.int64)
    sample = numbers[:: max(1, -(-len(numbers) // compared))] if compared else numbers[:0]
    rows = chunks.by_numbers(connection, sample.tolist())
    try:
        indexed = postings.numbers(connection, number)
        is_current = postings_renewal.analyzer_of(connection, number) == ANALYZER
        expected = {row.number: chunk_terms(row) for row in rows.values() if is_current}
        problems = postings_check.verify(connection, number, expected)
    except (ValueError, IndexError, KeyError) as error:  # numpy's, about lists that are torn
        return [f"The word index cannot be read: {error}."]
    if not np.array_equal(indexed, numbers):
        problems.append("The word index has other chunks than the dataset.")
    return problems


def index_anew(connection: Connection, dataset_id: str) -> None:
    """Rebuild a dataset's postings from the texts of its chunks."""
    number = datasets.number_of(connection, dataset_id)
    if number is None:
        return
    postings.drop(connection, number)
    rows = chunks.available(connection, dataset_id)
    while batch := list(islice(rows, _BATCH)):
        add_terms(connection, number, batch)


def collect(connection: Connection, files: Files, vectors: VectorTable) -> Iterator[str]:
    """Move files, pictures and vector tables that nothing needs to the trash; yield which."""
    now = now_ms()
    for name, kind in orphans(connection, files, vectors):
        if kind == "vector table":
            taken = [files.trash.take(path, now) for path in vectors.paths_of(name)]
            is_gone = all(taken)
        else:
            is_gone = files.discard(name, now, is_image=kind == "picture")
        if is_gone:
            yield f"The {kind} {name}, which nothing needed, was moved to {files.trash.folder}."


def orphans(
    connection: Connection, files: Files, vectors: VectorTable
) -> Iterator[tuple[str, str]]:
    """Yield the name of each thing on the disk that no row needs, and what it is."""
    needed = documents.files_in_use(connection)
    yield from ((name, "file") for name in list(files.file_names()) if name not in needed)
    pictured = chunks.with_images(connection)
    yield from ((id, "picture") for id in list(files.image_names()) if id not in pictured)
    ids = set(datasets.all_ids(connection))
    yield from ((id, "vector table") for id in vectors.kept() if id not in ids)
