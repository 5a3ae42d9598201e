"""Rows that nobody should have written: whatever they say, only ``RagflowError`` leaves the API."""

import random
import shutil
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.errors import RagflowError
from ragflow_local.stores.catalog import checksums

ODD: list[Any] = [
    *("", "x", "../../x", "0" * 64, "[]", "{}", "null", "[1]", '{"a": [}', '[{"page": "x"}]'),
    *('{"a": {"b": 1}}', "[" * 5000, "\ud7ff\x1b[2J\x00", "9" * 400, "x" * 70_000),
    *(b"", b"\xff\xfe", b"\x00" * 512, b"\xff" * 512, -1, 0, 2**62, -(2**63), 1.5, 1e308),
    *(float("inf"), "NaN", '{"a": NaN}', '[["a", "b"]]', '{"model_name": 5}'),
]
# What SQLite itself fills, or what is looked at before a row is.
_LEFT = ("sqlite_sequence", "_sqlite_migrations")
SAMPLE = 24


def build(directory: Path) -> None:
    with RAGFlow("key", project_dir=directory, embedding_model="hashing", workers=1) as rag:
        dataset = rag.create_dataset("kb")
        document = rag.add_document(dataset, "a.txt", b"The kraken sleeps in the deep sea.")
        document.update({"meta_fields": {"year": 2020}})
        document.async_parse()
        list(document.join(interval=0.01))
        document.add_chunk("By hand.", ["reef"])
        session = rag.create_chat("captain", knowledgebases=[dataset]).create_session("s")
        session.ask("What does the kraken do?")


def columns(catalog: Path) -> Iterator[tuple[str, str]]:
    with sqlite3.connect(catalog) as connection:
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if row[0] not in _LEFT
        ]
        for table in tables:
            for row in connection.execute(f"PRAGMA table_info({table})"):
                yield table, row[1]
    connection.close()


def searched(rag: RAGFlow, weight: float) -> list[dict[str, Any]]:
    hits = rag.retrieval(
        "kraken sea",
        rag.list_datasets(),
        vector_similarity_weight=weight,
        similarity_threshold=0.0,
    )
    return [hit.to_dict() for hit in hits]


def tour(rag: RAGFlow) -> Iterator[Callable[[], object]]:
    """Yield calls of all kinds; each finds for itself what it is about."""

    def first(of: str) -> Any:
        if of == "dataset":
            return rag.list_datasets()[0]
        if of == "document":
            return first("dataset").list_docs()[0]
        if of == "chat":
            return rag.list_chats()[0]
        return first("chat").list_sessions()[0]

    yield lambda: [repr(item) for item in rag.list_datasets()]
    yield lambda: [
        (repr(item), item.progress, item.meta_fields) for item in first("dataset").list_docs()
    ]
    yield lambda: [chunk.to_dict() for chunk in first("document").list_chunks()]
    for weight in (0.0, 0.5, 1.0):
        yield partial(searched, rag, weight)
    yield lambda: rag.retrieval("kraken", rag.list_datasets(), meta_fields={"year": 2020})
    yield lambda: first("document").download()
    yield lambda: [(message.content, message.reference) for message in first("session").messages]
    yield lambda: first("session").ask("Where does it sleep?")
    yield lambda: first("dataset").update({"description": "x"})
    yield lambda: first("document").add_chunk("More of the kraken.")
    yield lambda: rag.add_document(first("dataset"), "a.txt", b"Again.")
    yield lambda: rag.export_dataset(first("dataset"), rag.project.path.with_name("out.zip"))
    yield lambda: rag.backup(rag.project.path.with_name("backup"))
    yield lambda: first("document").delete()
    yield lambda: rag.vacuum()
    yield lambda: rag.delete_datasets([first("dataset").id])


def stamp(connection: sqlite3.Connection, table: str) -> None:
    """Write checksums that fit, as whoever knows this package can."""
    if table not in checksums.COLUMNS:
        return
    connection.row_factory = sqlite3.Row
    for row in connection.execute(f"SELECT rowid AS at, * FROM {table}").fetchall():
        fitting = checksums.of(table, row)
        connection.execute(f"UPDATE {table} SET checksum = ? WHERE rowid = ?", [fitting, row["at"]])


def escaped(project: Path, table: str, column: str, value: Any) -> list[str]:
    """Return what else than ``RagflowError`` left the API with that value in a column."""
    with sqlite3.connect(project / "catalog.sqlite3") as connection:
        try:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute(f"UPDATE {table} SET {column} = ?", [value])
            stamp(connection, table)
        except (sqlite3.Error, UnicodeError, OverflowError, TypeError, ValueError):
            return []
    connection.close()
    (project / "closed.json").unlink()
    found: list[str] = []

    def told(call: Callable[[], object]) -> None:
        try:
            call()
        except (RagflowError, IndexError):  # of the tour: nothing is there
            pass
        except Exception as error:  # noqa: BLE001  # that is what is looked for
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
            what = f"{type(error).__name__}: {error!s:.60} in {where}"
            found.append(f"{table}.{column}={value!r:.40}: {what}")

    told(lambda: examine(project))
    for read_only in (True, False):
        opened: list[RAGFlow] = []

        def opening(read_only: bool = read_only, opened: list[RAGFlow] = opened) -> None:
            opened.append(
                RAGFlow(
                    "key",
                    project_dir=project,
                    workers=1,
                    read_only=read_only,
                    embedding_model="hashing",
                )
            )

        told(opening)
        for rag in opened:
            for call in tour(rag):
                told(call)
            told(rag.close)
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("odd") / "project"
    build(directory)
    return directory


def check(built: Path, tmp_path: Path, sample: int, seed: int) -> None:
    places = list(columns(built / "catalog.sqlite3"))
    rng = random.Random(seed)
    found = []
    for number in range(sample):
        (table, column), value = rng.choice(places), rng.choice(ODD)
        copy = tmp_path / str(number)
        shutil.copytree(built, copy / "project")
        found += escaped(copy / "project", table, column, value)
        shutil.rmtree(copy)
    assert found == []


def test_no_other_error_leaves_the_api(built: Path, tmp_path: Path) -> None:
    check(built, tmp_path, SAMPLE, seed=20)


@pytest.mark.slow
def test_no_other_error_leaves_the_api_whatever_the_row(built: Path, tmp_path: Path) -> None:
    check(built, tmp_path, 1000, seed=21)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("datasets", "embedding_prompts", "-1"),
        ("datasets", "embedding_dim", 1e308),
        ("datasets", "chunk_count", "../../x"),
        ("datasets", "id", "../../x"),
        ("documents", "sha256", "../../x"),
        ("documents", "parser_config", "[]"),
        ("chunks", "embedding", float("inf")),
        ("chunks", "places", '[{"page": "x"}]'),
        ("chunks", "id", "../../x"),
        ("embeddings", "vector", b"\xff\xfe"),
        ("postings_segments", "lengths", "x"),
        ("vector_states", "added", "x"),
        ("messages", "hits", "{}"),
        ("chats", "llm", '{"model_name": 5}'),
        ("chunks", "match_text", b"\xff\xfe"),
        ("datasets", "embedding_floor", 1e308),
        ("documents", "name", b"\x00" * 512),
        ("documents", "sha256", "[" * 5000),
        ("messages", "content", b""),
        ("postings_datasets", "languages", '{"a": {"b": 1}}'),
        ("postings_datasets", "length", 0),
        ("documents", "token_count", "9" * 400),
        ("meta_values", "document", 1e308),
    ],
)
def test_a_row_that_was_seen_to_do_harm_is_told(
    built: Path, tmp_path: Path, table: str, column: str, value: Any
) -> None:
    shutil.copytree(built, tmp_path / "copy" / "project")
    assert escaped(tmp_path / "copy" / "project", table, column, value) == []
