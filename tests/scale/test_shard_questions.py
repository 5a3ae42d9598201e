"""What is kept between questions to shards, and asked of them besides hits."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ragflow_local import RAGFlow
from ragflow_local.errors import ChangedModelError
from ragflow_local.retrieve import spelling
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.scale import Shards, shard_parts
from ragflow_local.scale.shard_questions import _MOST_KEPT, Wanted
from ragflow_local.scale.shard_server import _MOST_KEPT as _SERVER_KEEPS
from ragflow_local.scale.shard_wires import LocalWire
from ragflow_local.stores.catalog import Catalog, checksums
from tests.scale.libraries import Libraries, fill, made, split

ALL: dict[str, object] = {"limit": 200, "similarity_threshold": 0.0}


def change_datasets(directory: Path, change: str) -> None:
    """Change all datasets of a project behind its back."""
    catalog = Catalog(directory / "catalog.sqlite3")
    with catalog.write() as connection:
        connection.execute(f"UPDATE datasets SET {change}")
        ids = [str(row[0]) for row in connection.execute("SELECT id FROM datasets").fetchall()]
        checksums.stamp_all(connection, "datasets", ids)
    catalog.close()
    (directory / "closed.json").unlink()


def test_a_cosine_is_calibrated_as_in_one_project(tmp_path: Path) -> None:
    """By the floor that the datasets keep of their model."""
    libraries = Libraries.of(tmp_path, *split(made(6, 20), [4, 0]))
    with libraries.open() as pair:
        before = pair.check("the pump of the boiler", **ALL)
    for directory in (libraries.whole, *libraries.parts):
        change_datasets(directory, "embedding_floor = 0.25")
    with libraries.open() as pair:
        assert pair.check("the pump of the boiler", **ALL) != before
        pair.check("the pump of the boiler", **ALL, vector_similarity_weight=1.0)


def test_words_that_are_too_many_to_guess_from_are_guessed_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = Libraries.of(tmp_path, *split(made(7, 20), [9, 0]))
    with libraries.open() as pair:
        assert any(hit[4] for hit in pair.check("kontract", **ALL))
    for room in (spelling, shard_parts):
        monkeypatch.setattr(room, "MOST_TERMS", 20)  # fewer than both have, more than one may
    with libraries.open() as pair:
        assert not any(hit[4] for hit in pair.check("kontract", **ALL))


def test_a_word_that_a_shard_gets_is_guessed_from_then_on(tmp_path: Path) -> None:
    libraries = Libraries.of(tmp_path, {"a.txt": ["The pump."]}, {"b.txt": ["The valve."]})
    with libraries.open() as pair:
        pair.check("the thundr", **ALL)
        for directory in (libraries.whole, libraries.parts[1]):
            with RAGFlow(project_dir=directory, workers=1, durable=False) as rag:
                [chunk] = rag.get_document(name="b.txt").list_chunks()
                chunk.content = "The thunder of the valve."
                chunk.save()
        assert pair.check("the thundr", **ALL)[0][4]


def test_a_graph_that_only_the_last_shard_has_is_asked(tmp_path: Path) -> None:
    fill(tmp_path / "a", {"a.txt": ["The pump."]})
    with RAGFlow(
        project_dir=tmp_path / "b", embedding_model="hashing", workers=1, durable=False
    ) as rag:
        home = rag.create_dataset("kb", parse_method="knowledge_graph")
        text = b"# Alice Moray\n\nAlice Moray was born in Port Ellen."
        document = rag.add_document(home, "0.md", text)
        home.parse()
        (alone, *_) = rag.retrieval("Alice Moray", ["kb"])
    with Shards([tmp_path / "a", tmp_path / "b"], processes=False) as shards:
        (best, *_) = shards.retrieval("Alice Moray", ["kb"])
        assert best.data == alone.data
        with shards.question(Wanted()) as parts:
            assert parts.has_graph()
            assert parts.of_graph("kb", document_ids=[document.id])
            assert parts.of_graph("another", document_ids=[document.id]) == []


def test_what_is_kept_of_choices_of_datasets_is_bounded(tmp_path: Path) -> None:
    for number in range(2):
        for dataset in ("d0", "d1", "d2"):
            name = f"{dataset} manual {number}.txt"
            fill(tmp_path / f"{number}", {name: [f"The pump of {dataset}."]}, dataset=dataset)
    choices: Sequence[list[str] | None] = [
        None, ["d0"], ["d1"], ["d2"], ["d0", "d1"], ["d1", "d2"]
    ]  # fmt: skip
    with Shards([tmp_path / "0", tmp_path / "1"], processes=False) as shards:

        def found(choice: list[str] | None) -> list[tuple[str, float]]:
            hits = shards.retrieval("the manual of the pump of d1", choice, limit=50)
            return [(hit.id, hit.similarity) for hit in hits]

        first = [found(choice) for choice in choices]
        for _ in range(2):
            assert [found(choice) for choice in choices] == first
        assert len(shards._questions._choices) == _MOST_KEPT
        for wire in shards._questions.wires:
            assert isinstance(wire, LocalWire)
            assert wire._server is not None
            assert len(wire._server._words) == len(wire._server._weights) == _SERVER_KEEPS


def test_models_of_one_name_are_told_apart_where_only_words_are_asked(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / name, {"a.txt": ["The pump."]})
    change_datasets(tmp_path / "b", "embedding_fingerprint = 'another'")
    with (
        Shards([tmp_path / "a", tmp_path / "b"], processes=False) as shards,
        pytest.raises(ChangedModelError),
    ):
        shards.retrieval("pump", vector_similarity_weight=0.0)


def test_datasets_of_other_people_are_not_seen(tmp_path: Path) -> None:
    fill(tmp_path / "a", {"a.txt": ["The pump."]})
    with RAGFlow(
        project_dir=tmp_path / "a",
        api_key="ada",
        embedding_model="hashing",
        workers=1,
        durable=False,
    ) as rag:
        rag.create_dataset("hers")
    with Shards([tmp_path / "a"], processes=False) as shards:
        assert shards.list_datasets().keys() == {"kb"}
    with Shards([tmp_path / "a"], api_key="ada", processes=False) as hers:
        assert hers.list_datasets().keys() == {"hers"}


def test_one_question_is_answered_at_a_time(tmp_path: Path) -> None:
    fill(tmp_path / "a", {"a.txt": ["The pump."]})
    order: list[str] = []
    with Shards([tmp_path / "a"], processes=False) as shards:

        def ask() -> None:
            order.append("asks")
            shards.retrieval("pump")
            order.append("answered")

        other = threading.Thread(target=ask)
        with shards.question(Wanted()) as parts:
            other.start()
            other.join(0.3)
            assert shards.search(parts, "pump", SearchOptions())
            order.append("over")
        other.join()
    assert order == ["asks", "over", "answered"]


def test_vectors_are_those_of_the_hits_whichever_shard_each_is_in(tmp_path: Path) -> None:
    libraries = Libraries.of(tmp_path, *split(made(8, 12), [3, 4, 0]))
    with libraries.open() as pair, pair.shards.question(Wanted()) as parts:
        options = SearchOptions(threshold=0.0, limit=50)
        hits = pair.shards.search(parts, "the pump of the boiler", options)
        owners = [parts.owner_of(hit.chunk) for hit in hits]
        assert owners != sorted(owners)
        vectors = parts.vectors(hits)
        for hit, vector in zip(hits, vectors, strict=True):
            assert np.array_equal(parts.vectors([hit])[0], vector)
        assert len(np.unique(vectors, axis=0)) > 5


def test_earlier_hits_count_as_long_as_they_are_as_they_were(tmp_path: Path) -> None:
    fill(tmp_path / "a", {"a.txt": ["The pump.", "The valve."]})
    fill(tmp_path / "b", {"b.txt": ["The roof."]})
    with Shards([tmp_path / "a", tmp_path / "b"], processes=False) as shards:
        with shards.question(Wanted()) as parts:
            options = SearchOptions(threshold=0.0, limit=50)
            hits = shards.search(parts, "the pump", options)
            chunks = [hit.chunk for hit in hits]
            assert len(chunks) == 3
            assert parts.are_there(chunks)
            assert parts.standing() == {"UNSTART": ["a.txt", "b.txt"]}
        with RAGFlow(project_dir=tmp_path / "a", workers=1, durable=False) as rag:
            [pump] = [
                chunk
                for chunk in rag.get_document(name="a.txt").list_chunks()
                if "pump" in chunk.content
            ]
            pump.available = False
            pump.save()
        with shards.question(Wanted()) as parts:
            assert not parts.are_there(chunks)
            assert parts.are_there([chunk for chunk in chunks if chunk.id != pump.id])


def test_the_snapshot_of_a_question_ends_with_it(tmp_path: Path) -> None:
    """Else what is written meanwhile could not be cleared away."""
    fill(tmp_path / "a", {"a.txt": ["The pump."]})
    with Shards([tmp_path / "a"], processes=False) as shards:
        assert shards.retrieval("pump")
        [wire] = shards._questions.wires
        assert isinstance(wire, LocalWire)
        assert wire._server is not None
        assert wire._server._question is None
        with shards.question(Wanted()):
            assert wire._server._question is not None
