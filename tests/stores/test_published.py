"""A copy of the catalog that is published: what is private is gone from every page."""

import os
import sqlite3
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.stores.catalog import published

SECRET = b"the kraken told me"


def filled(path: Path, *, secure: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA secure_delete={'ON' if secure else 'OFF'}")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, text TEXT)")
    connection.execute("CREATE TABLE gone (number INTEGER PRIMARY KEY, text TEXT)")
    connection.execute("CREATE INDEX gone_by_text ON gone (text)")
    for number in range(3000):
        text = f"{SECRET.decode()} {os.urandom(5).hex()} "
        connection.execute("INSERT INTO gone VALUES (?, ?)", [number, text * (number % 7 + 1)])
        connection.execute("INSERT INTO kept VALUES (?, ?)", [number, "A whale swims. " * 5])
    connection.execute("COMMIT")
    return connection


@pytest.mark.parametrize("table", ["all", "some", "shorter"])
def test_bytes_of_deleted_rows_are_overwritten(tmp_path: Path, table: str) -> None:
    path = tmp_path / "catalog.sqlite3"
    connection = filled(path, secure=False)
    if table == "shorter":
        connection.execute("UPDATE gone SET text = 'short'")
    else:
        connection.execute(f"DELETE FROM gone {'WHERE number % 3' if table == 'some' else ''}")
        connection.execute("UPDATE gone SET text = 'short'")
    connection.close()
    assert SECRET in path.read_bytes()
    published.blank(path)
    assert SECRET not in path.read_bytes()
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    [(count, length)] = connection.execute("SELECT count(*), sum(length(text)) FROM kept")
    assert (count, length) == (3000, 3000 * 75)
    # What is blank can be written again.
    connection.execute("INSERT INTO gone SELECT number + 9000, text FROM kept")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_what_a_catalog_left_of_deleted_rows_is_not_published(rag: RAGFlow, tmp_path: Path) -> None:
    """Whoever wrote it, an earlier version or another program."""
    path = tmp_path / "catalog.sqlite3"
    rag.project.catalog.copy(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA secure_delete=OFF")
    connection.execute("CREATE TABLE gone (text TEXT)")
    connection.executemany("INSERT INTO gone VALUES (?)", [[SECRET.decode() * 9]] * 500)
    connection.execute("DROP TABLE gone")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert SECRET in path.read_bytes()
    published.strip(path, with_chats=False)
    assert SECRET not in path.read_bytes()


def test_blanking_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    connection = filled(path, secure=False)
    connection.execute("DELETE FROM gone WHERE number % 2")
    connection.close()
    published.blank(path)
    once = path.read_bytes()
    published.blank(path)
    assert path.read_bytes() == once


@pytest.mark.parametrize("data", [b"", b"no database", b"SQLite format 3\0" + bytes(4080)])
def test_what_is_no_catalog_is_left(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "catalog.sqlite3"
    path.write_bytes(data)
    published.blank(path)
    assert path.read_bytes() == data


def test_a_catalog_with_odd_bytes_is_never_written_beyond(tmp_path: Path) -> None:
    """It is damaged, and SQLite will say so; blanking ends, and keeps to the file."""
    path = tmp_path / "catalog.sqlite3"
    connection = filled(path, secure=False)
    connection.execute("DELETE FROM gone WHERE number % 2")
    connection.close()
    whole = bytearray(path.read_bytes())
    for seed in range(30):
        odd = bytearray(whole)
        for at in os.urandom(64):
            odd[(at * 4096 + seed * 7 + at % 12) % len(odd)] ^= 0xA5
        path.write_bytes(odd)
        published.blank(path)
        assert path.stat().st_size == len(whole)
