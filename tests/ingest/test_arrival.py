"""Rows of an archive are somebody else's: each value is one that could have been exported."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from ragflow_local.ingest.arrival import (
    FORMAT,
    chunk_of,
    document_of,
    head_of,
    plain,
    values_of,
    vectors_of,
)
from ragflow_local.records import ChunkRow, DatasetRow, Marked, Region
from ragflow_local.settings import ParserSettings
from tests.ingest.made import document_row

DATASET = DatasetRow(
    "d", "t", "sea", "", "", "", "me", "naive", ParserSettings(), "hashing", 256, ("", ""),
    1, 2, 3, 1, 1,
)  # fmt: skip
CHUNK = ChunkRow(
    0, "c" * 32, "a", "d", "a.txt", 0, "The kraken sleeps.", 4, 1, (Region(1, 0, 0, 9, 9),),
    marked=(Marked(0, 1, 1),),
)  # fmt: skip


def head(**changes: Any) -> bytes:
    dataset = {**plain(DATASET), **changes.pop("dataset", {})}
    values = {"format": FORMAT, "fingerprint": "f", "dataset": dataset, **changes}
    return msgspec.json.encode(values)


def document(**changes: Any) -> bytes:
    return msgspec.json.encode({**plain(document_row()), **changes})


def chunk(**changes: Any) -> bytes:
    return msgspec.json.encode({**msgspec.to_builtins(CHUNK), **changes})


def test_a_head_comes_back_as_it_was_exported() -> None:
    arrived = head_of(head())
    assert (arrived.dataset, arrived.fingerprint) == (DATASET, "f")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("/home/ned/models/e5", "e5"),
        ("C:\\models\\e5\\", "e5"),
        ("nautilus/e5", "e5"),
        ("hashing", "hashing"),
    ],
)
def test_a_model_is_looked_for_by_its_name_alone(given: str, name: str) -> None:
    arrived = head_of(head(dataset={"embedding_model": given}))
    assert arrived.dataset.embedding_model == name


@pytest.mark.parametrize(
    "changes",
    [
        {"format": FORMAT + 1},
        {"dataset": {"embedding_model": ""}},
        {"dataset": {"embedding_model": "models/.."}},
        {"dataset": {"embedding_model": "e5\0"}},
        {"dataset": {"embedding_model": "m" * 256}},
        {"dataset": {"embedding_dim": -1}},
        {"dataset": {"embedding_dim": 1 << 20}},
        {"dataset": {"embedding_floor": 1.5}},
        {"dataset": {"parser_config": None}},
        {"dataset": {"chunk_count": "many"}},
        {"fingerprint": "f" * 1001},
        {"more": 1},
    ],
)
def test_a_head_that_no_export_writes_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        head_of(head(**changes))


def test_a_document_comes_back_with_a_type_of_its_own_kind() -> None:
    row = document_of(document(type="virus", source_type="s3"))
    assert (row.type, row.source_type) == (document_row().type, "local")
    assert row.name == "a.txt"


def test_what_was_being_parsed_there_waits_to_be_parsed_here() -> None:
    row = document_of(document(run="RUNNING", progress=44.0, progress_msg="Reading"))
    assert (row.run, row.progress, row.progress_msg) == ("UNSTART", 0.0, "")
    done = document_of(document(run="DONE", progress=100.0, progress_msg="completed"))
    assert (done.run, done.progress_msg) == ("DONE", "completed")


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "../../etc/passwd"},
        {"kind": "exe"},
        {"size": -1},
        {"progress": 101},
        {"generation": 1 << 50},
        {"create_time": 1 << 60},
        {"process_begin_at": -1},
        {"run": "ASLEEP"},
        {"parser_config": {"chunk_token_count": -4}},
        {"meta_fields": []},
    ],
)
def test_a_document_that_no_export_writes_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        document_of(document(**changes))


def test_a_chunk_comes_back_as_it_was_exported() -> None:
    assert chunk_of(chunk(), {}) == CHUNK
    table = chunk_of(chunk(data='{"arm": 9}'), {})
    assert table.data == '{"arm": 9}'


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "../x"},
        {"ordinal": -1},
        {"token_count": 1 << 50},
        {"create_time": -1},
        {"keywords": ["k"] * 10_001},
        {"places": [{"page": 0, "x0": 0, "top": 0, "x1": 1, "bottom": 1}]},
        {"places": [{"page": 1, "x0": 0, "top": 0, "x1": 1e9, "bottom": 1}]},
        {"marked": [{"first": -1, "count": 1, "depth": 1}]},
        {"marked": [{"first": 0, "count": 0, "depth": 1}]},
        {"marked": [{"first": 0, "count": 1, "depth": -1}]},
        {"kind": "community"},
        {"data": "[1]"},
        {"kind": "entity", "data": ""},
        {"kind": "entity", "data": '{"name": "a"}'},
    ],
)
def test_a_chunk_that_no_export_writes_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        chunk_of(chunk(**changes), {})


def test_an_entity_rests_on_chunks_by_their_new_ids_and_on_no_others() -> None:
    graph = {"name": "Kraken", "key": "kraken", "aliases": [], "weight": 1.0}
    data = msgspec.json.encode({**graph, "sources": ["old1", "stranger", "old2"]}).decode()
    row = chunk_of(chunk(kind="entity", data=data), {"old1": "new1", "old2": "new2"})
    assert msgspec.json.decode(row.data) == {**graph, "sources": ["new1", "new2"]}


def test_vectors_come_back_row_by_row() -> None:
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(vectors_of(matrix.tobytes(), 2, 3), matrix)


@pytest.mark.parametrize(
    "data",
    [
        lambda: np.zeros(5, "<f4").tobytes(),
        lambda: np.zeros(7, "<f4").tobytes(),
        lambda: np.full(6, np.nan, "<f4").tobytes(),
        lambda: np.full(6, np.inf, "<f4").tobytes(),
        lambda: np.full(6, 70_000, "<f4").tobytes(),
    ],
    ids=["too few", "too many", "no numbers", "endless", "too large for 16 bits"],
)
def test_vectors_that_no_model_gives_are_refused(data: Callable[[], bytes]) -> None:
    with pytest.raises(ValueError, match="vectors"):
        vectors_of(data(), 2, 3)
    with pytest.raises(ValueError, match="vectors"):
        vectors_of(b"", 0, 0)


def test_a_document_gets_its_new_names_and_its_chunks_are_counted_here() -> None:
    row = document_row(chunk_count=7, token_count=70)
    values = values_of(row, "new", "e", "tenant")
    assert (values["id"], values["dataset_id"], values["created_by"]) == ("new", "e", "tenant")
    assert (values["chunk_count"], values["token_count"]) == (0, 0)
    assert values["name"] == row.name
