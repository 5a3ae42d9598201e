"""Conditions on free data: SQL says what Python says, and costs no more beside many documents."""

import json
import random
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.retrieve.filters import chosen, meets
from ragflow_local.stores.catalog import documents

VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 2.0, 1.5, "", "a", "A", "ä", "b\0c", "2023-08-15", "1"),
    *(2**53 + 1, float(2**53), 2**63 - 1, 2**63, -(2**70), 1e19, 1e308, float("inf"), -0.0),
    *(float("nan"), "\U0001f600", "\uffff", "x" * 300),
]
NAMES = ["year", "kind", "a.b", "$", '"', "", "a b", "ä"]
SIGNS = ["gt", "gte", "lt", "lte"]


def noted(rng: random.Random) -> dict[str, Any]:
    def value() -> Any:
        if rng.random() < 0.25:
            return [rng.choice(VALUES) for _ in range(rng.randrange(4))]
        return rng.choice(VALUES)

    return {name: value() for name in rng.sample(NAMES, rng.randrange(4))}


def condition(rng: random.Random) -> Any:
    way = rng.random()
    if way < 0.4:
        return rng.choice(VALUES)
    if way < 0.6:
        return [rng.choice(VALUES) for _ in range(rng.randrange(4))]
    ends = [end for end in VALUES if isinstance(end, str | int | float)]
    ends = [end for end in ends if not isinstance(end, bool)]
    return {sign: rng.choice(ends) for sign in rng.sample(SIGNS, rng.randrange(1, 3))}


def add(rag: RAGFlow, dataset: DataSet, fields: list[dict[str, Any]]) -> None:
    """Add documents with free data, without bytes."""
    row = dataset._row
    with rag.project.catalog.write() as connection:
        for one in fields:
            id = uuid.uuid4().hex
            values = {
                "id": id,
                "dataset_id": dataset.id,
                "name": f"{id}.txt",
                "type": "doc",
                "kind": "text",
                "size": 1,
                "sha256": id * 2,
                "source_type": "local",
                "created_by": row.tenant_id,
                "parse_method": "naive",
                "parser_config": row.parser_config,
                "meta_fields": one,
                "create_time": 1,
                "update_time": 1,
            }
            documents.insert(connection, values)


@pytest.mark.parametrize("read", [2000, 5], ids=["few are read", "all are looked up"])
def test_sql_finds_what_python_finds(
    rag: RAGFlow, dataset: DataSet, read: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragflow_local.retrieve.filters._MOST_READ", read)
    rng = random.Random(7)
    add(rag, dataset, [noted(rng) for _ in range(150)])
    other = rag.create_dataset("other")
    add(rag, other, [{"year": 1}])
    with rag.project.catalog.read() as reading:
        rows = reading.execute(
            "SELECT number, meta_fields FROM documents WHERE dataset_id = ?", [dataset.id]
        ).fetchall()
        all_of_it = {int(number): json.loads(fields) for number, fields in rows}
        for _ in range(400):
            asked = {name: condition(rng) for name in rng.sample(NAMES, rng.randrange(1, 3))}
            expected = {number for number, fields in all_of_it.items() if meets(fields, asked)}
            assert chosen(reading, [dataset.id], asked) == expected, asked


def test_values_follow_the_document(rag: RAGFlow, dataset: DataSet) -> None:
    document = rag.add_document(dataset, "a.txt", b"The kraken sleeps.")
    number = 0

    def found(conditions: dict[str, Any]) -> bool:
        with rag.project.catalog.read() as reading:
            return bool(chosen(reading, [dataset.id], conditions))

    assert found({"year": None})
    document.update({"meta_fields": {"year": 2020}})
    assert found({"year": 2020})
    document.update({"meta_fields": {"year": 2021, "kind": "x"}})
    assert not found({"year": 2020})
    assert found({"year": 2021, "kind": "x"})
    document.delete()
    with rag.project.catalog.read() as reading:
        (number,) = reading.execute("SELECT count(*) FROM meta_values").fetchone()
    assert number == 0


def test_files_are_counted_once_whoever_has_them(rag: RAGFlow, dataset: DataSet) -> None:
    def total() -> int:
        with rag.project.catalog.read() as reading:
            return documents.total_bytes(reading)

    first = rag.add_document(dataset, "a.txt", b"12345")
    second = rag.add_document(dataset, "b.txt", b"12345")
    rag.add_document(dataset, "c.txt", b"123")
    assert total() == 8
    first.delete()
    assert total() == 8
    second.delete()
    assert total() == 3
    rag.delete_datasets([dataset.id])
    assert total() == 0


def steps_of(rag: RAGFlow, call: Callable[[], object]) -> int:
    """Return in how many hundreds of SQLite's steps something is done."""
    call()  # what is looked at once a commit has been
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    connections = [rag.project.catalog.writer(), rag.project.catalog._reader()]
    for connection in connections:
        connection.set_progress_handler(count, 100)
    call()
    for connection in connections:
        connection.set_progress_handler(None, 0)
    return counted[0]


def test_single_calls_cost_the_same_beside_many_documents(tmp_path: Path) -> None:
    with RAGFlow(project_dir=tmp_path / "p", embedding_model="hashing", durable=False) as rag:
        dataset = rag.create_dataset("kb")
        rag.add_document(dataset, "same.txt", b"1")
        calls: dict[str, Callable[[], object]] = {
            "a taken name": lambda: rag.add_document(dataset, "same.txt", b"1"),
            "a page": lambda: dataset.list_docs(limit=10),
            "a filter": lambda: rag.retrieval("x", [dataset], meta_fields={"year": 7}),
            "a filter that all meet": lambda: rag.retrieval(
                "x", [dataset], meta_fields={"kind": "report", "year": 7}
            ),
        }
        costs = []
        for count in (200, 3000):
            add(rag, dataset, [{"year": 1000 + n, "kind": "report"} for n in range(count)])
            add(rag, dataset, [{"year": 7, "kind": "report"}] if count == 200 else [])
            costs.append({name: steps_of(rag, call) for name, call in calls.items()})
        for name in calls:
            # A look-up takes a step more where the tree has a level more; reading all, 16 times.
            most = 200 if "all" in name else 10  # at most 2,001 are looked at there
            assert costs[1][name] <= 2 * costs[0][name] + most, costs
