"""What adapters are tried on: one page, and two notes of different years."""

from __future__ import annotations

import pytest

from ragflow_local import DataSet, Document, RAGFlow
from tests.conftest import Parse
from tests.readers.pdf_samples import one_page

QUESTION = "Where does the kraken sleep?"


@pytest.fixture
def sea(rag: RAGFlow, dataset: DataSet) -> DataSet:
    for year in (2022, 2023):
        note = rag.add_document(dataset, f"note-{year}.txt", b"-")
        note.update({"meta_fields": {"year": year}})
        note.add_chunk(f"In {year} the kraken sleeps in a cave.")
    return dataset


@pytest.fixture
def atlas(sea: DataSet, parsed: Parse) -> Document:
    return parsed("atlas.pdf", one_page("The kraken sleeps in the deep sea."))
