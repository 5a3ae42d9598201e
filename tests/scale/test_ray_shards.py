"""Shards in actors of a Ray cluster: as exact as one project, and clear about one that is lost.

Run by ``pytest -m ray``, where Ray is installed.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import ShardError
from ragflow_local.scale import Shards
from tests.scale.cluster import Cluster, running
from tests.scale.libraries import Libraries, Pair, made, split
from tests.scale.shared_folder import wait_for
from tests.scale.test_shards import QUESTIONS

is_there = importlib.util.find_spec("ray") is not None


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    if not is_there:
        pytest.skip("Ray is not installed")
    with running() as made:
        yield made


@pytest.mark.ray
def test_actors_find_what_one_project_finds_and_one_that_dies_is_told(
    tmp_path: Path, cluster: Cluster
) -> None:
    libraries = Libraries.of(tmp_path, *split(made(7, 50), [9, 0]))
    places = [f"{cluster.client}{directory}" for directory in libraries.parts]
    rag = RAGFlow(project_dir=libraries.whole, embedding_model="hashing", read_only=True)
    with Pair(rag, Shards(places)) as pair:
        for question in QUESTIONS:
            pair.check(question, limit=200, similarity_threshold=0.0)
        (hit, *_) = pair.shards.retrieval("the pump of the boiler", ["kb"])
        assert pair.shards.where(hit) in places
        with pytest.raises(ShardError, match="not on this computer"):
            hit.page_image(page=1)
        cluster.processes("ray::Shard")[0].kill()
        with pytest.raises(ShardError, match="cannot be asked: its process ended"):
            pair.shards.retrieval("the pump", ["kb"])
        pair.check("the pump of the boiler", limit=50, similarity_threshold=0.0)
    wait_for(lambda: not cluster.processes("ray::Shard"))  # Ray waits for one that may come back
    with pytest.raises(ShardError, match="no node has a project at /nowhere"):
        Shards([f"{cluster.client}/nowhere"])
