import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local.stores.catalog.commits import Commits, counted


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:")
    yield opened
    opened.close()


def test_each_commit_has_the_next_number(tmp_path: Path, connection: sqlite3.Connection) -> None:
    commits = Commits(tmp_path / "commits")
    assert [commits.count(connection) for _ in range(3)] == [1, 2, 3]
    assert counted(connection) == 3


def test_the_number_begins_anew_where_32_bits_end(
    tmp_path: Path, connection: sqlite3.Connection
) -> None:
    connection.execute(f"PRAGMA user_version = {2**31 - 1}")
    assert Commits(tmp_path / "commits").count(connection) == 1


def test_what_was_noted_and_is_not_there_is_lost(
    tmp_path: Path, connection: sqlite3.Connection
) -> None:
    commits = Commits(tmp_path / "commits")
    commits.note(5)
    connection.execute("PRAGMA user_version = 3")
    assert commits.lost(connection, commits.noted()) == 2
    commits.note(2)  # an older note accuses nobody
    assert commits.lost(connection, commits.noted()) == 0
    commits.close()


@pytest.mark.parametrize("note", [None, b"", b"many"])
def test_without_a_note_nothing_is_lost(
    tmp_path: Path, connection: sqlite3.Connection, note: bytes | None
) -> None:
    if note is not None:
        (tmp_path / "commits").write_bytes(note)
    commits = Commits(tmp_path / "commits")
    assert commits.noted() is None
    assert commits.lost(connection, commits.noted()) == 0


def test_a_disk_that_refuses_the_note_ends_nothing(tmp_path: Path) -> None:
    commits = Commits(tmp_path / "gone" / "commits")
    commits.note(1)
    assert commits.noted() is None
    commits.close()
