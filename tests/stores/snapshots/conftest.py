"""A small project to publish: documents, chunks, pictures and conversations."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ragflow_local import DataSet, Document, RAGFlow
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.records import Draft

Put = Callable[..., Document]


@pytest.fixture
def put(rag: RAGFlow, dataset: DataSet) -> Put:
    """Adds a document whose chunks have these texts, each with a picture where one is given."""

    def put(name: str, *texts: str, image: bytes = b"") -> Document:
        held = [row for row in dataset.list_docs() if row.name == name]
        data = " ".join(texts).encode()
        document = held[0] if held else rag.add_document(dataset, name, data)
        [row] = rag.project.indexer.begin([document.id])
        drafts = [Draft(text, image=image) for text in texts]
        rag.project.indexer.replace_documents(
            [Parsed(row, drafts, [], lambda: False)], lambda done: None
        )
        return document

    return put


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where it is published."""
    return tmp_path / "store"


@pytest.fixture
def readers(tmp_path: Path) -> Path:
    """Where it is fetched to."""
    return tmp_path / "readers"
