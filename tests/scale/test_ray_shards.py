"""Shards in actors of a Ray cluster: as exact as one project, and clear about one that is lost.

Run by ``pytest -m ray``, where Ray is installed.
"""

from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import ShardError
from ragflow_local.scale import Shards
from tests.scale.cluster import Cluster
from tests.scale.libraries import Libraries, Pair, made, split
from tests.scale.shared_folder import wait_for
from tests.scale.test_shards import QUESTIONS


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
    # Ray waits for one that may come back, by itself half a minute.
    wait_for(lambda: not cluster.processes("ray::Shard"), seconds=20)
    with pytest.raises(ShardError, match="no node has a project at /nowhere"):
        Shards([f"{cluster.client}/nowhere"])
