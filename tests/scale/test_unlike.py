"""Shards that cannot be searched as one are told, with a way out."""

from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.errors import ChangedModelError, InvalidValueError, ProjectVersionError
from ragflow_local.models import Models
from ragflow_local.scale import Shards
from ragflow_local.stores.catalog import Catalog
from tests.scale.libraries import fill

TEXTS = {"a.txt": ["The pump.", "The valve."]}


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    for name in ("a", "b"):
        fill(tmp_path / name, TEXTS)
    return [tmp_path / "a", tmp_path / "b"]


def changed(directory: Path, statement: str) -> None:
    catalog = Catalog(directory / "catalog.sqlite3")
    with catalog.write() as connection:
        connection.execute(statement)
    catalog.close()
    (directory / "closed.json").unlink()


def test_datasets_of_two_models(tmp_path: Path, two: list[Path]) -> None:
    with RAGFlow(project_dir=two[1], embedding_model="all-MiniLM-L6-v2", workers=1) as rag:
        rag.create_dataset("other")
    with Shards(two, processes=False) as shards:
        assert shards.retrieval("pump", ["kb"])
        with pytest.raises(InvalidValueError, match=r"kb in .* \(hashing\), other in "):
            shards.retrieval("pump")


def test_one_name_and_other_weights(two: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(HashingEmbedder):
        def __init__(self) -> None:
            super().__init__()
            self.fingerprint = "another"

    with Shards(two, processes=False) as shards:
        monkeypatch.setattr(Models, "embedder", lambda self, name: Other())
        with pytest.raises(ChangedModelError):
            shards.retrieval("pump", ["kb"])
        assert shards.retrieval("pump", ["kb"], vector_similarity_weight=0.0)


def test_words_that_two_versions_have_indexed(two: list[Path]) -> None:
    changed(two[1], "UPDATE postings_datasets SET analyzer = analyzer - 1")
    with (
        Shards(two, processes=False) as shards,
        pytest.raises(InvalidValueError, match=r"b' is not allowed.*open this one once without"),
    ):
        shards.retrieval("pump")


def test_a_project_of_another_version(two: list[Path]) -> None:
    (two[0] / "project.json").write_text('{"format": 99}')
    for processes in (True, False):
        with pytest.raises(ProjectVersionError, match="a has format 99"):
            Shards(two, processes=processes)
