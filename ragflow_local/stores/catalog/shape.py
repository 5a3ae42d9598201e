"""Checks that a catalog has exactly the tables, indexes and triggers of its migrations.

A project may be a stranger's. A trigger in it would run with the next change, a view in the place
of a table need never end. So what SQLite says is in the file is compared with what the same
migrations make in an empty one, before any of it is used.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeAlias

from sqlite_utils import Database, Migrations

from ragflow_local.errors import DamagedProjectError, ProjectVersionError
from ragflow_local.stores.parts import CATALOG

# SQLite's own, which no statement can make; the second holds what ANALYZE counts.
_OF_SQLITE = re.compile(r"sqlite_(sequence|stat[1-4]|autoindex_\w+)")
# sqlite-utils makes it, in each of its versions by other words.
_MIGRATIONS = "_sqlite_migrations"
_MOST = 10_000  # migrations
_MOST_SHOWN = 3
# In SQLite's steps, a thousand at a time: looking at an honest schema takes a few hundred.
_STEPS, _MOST_STEPS = 1000, 20_000

Thing: TypeAlias = tuple[str, str, str]  # its kind, its table, and its SQL, evened out

_MASTER = "SELECT type, name, tbl_name, sql FROM sqlite_master"


@contextmanager
def _not_for_ever(connection: sqlite3.Connection) -> Iterator[None]:
    """End a statement of the block that takes more steps than looking at a schema can need."""
    left = _MOST_STEPS

    def count() -> int:
        nonlocal left
        left -= 1
        return int(left < 0)

    connection.set_progress_handler(count, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def compare(connection: sqlite3.Connection, migrations: Migrations, path: Path) -> tuple[str, ...]:
    """Compare a catalog with what its migrations make; return which of them were applied.

    Args:
        connection: Of the catalog.
        migrations: All that there are.
        path: The project.

    Raises:
        DamagedProjectError: Something is missing, more than was made, or made otherwise.
        ProjectVersionError: A newer version applied a migration that is not among them.
    """
    with _not_for_ever(connection):
        objects = dict(_objects(connection))
        if objects and objects.get(_MIGRATIONS, ("none",))[0] != "table":
            raise DamagedProjectError(path / CATALOG, "it has no tables, its log may be lost")
        named = f"SELECT name FROM {_MIGRATIONS} WHERE migration_set = ?"
        rows = connection.execute(named, [migrations.name]).fetchmany(_MOST) if objects else []
    applied = tuple(str(row[0]) for row in rows)
    known = [migration.name for migration in migrations._migrations]
    if unknown := set(applied) - set(known):
        raise ProjectVersionError(path, len(known) + len(unknown), len(known))
    expected = dict(_expected(migrations, applied)) if objects else {}
    differ = sorted(name for name in objects | expected if _differs(name, objects, expected))
    if differ:
        shown = ", ".join(_shown(name, objects, expected) for name in differ[:_MOST_SHOWN])
        raise DamagedProjectError(
            path / CATALOG,
            f"its tables are not those that this package makes ({shown})",
            "Something else has made or changed it: do not use it unless you trust where it is"
            " from. ragflow-local restore brings back a copy of your own",
        )
    return applied


def _differs(name: str, objects: dict[str, Thing], expected: dict[str, Thing]) -> bool:
    here, there = objects.get(name), expected.get(name)
    if here is None:  # a lost index costs time, and no more
        return there is not None and there[0] != "index"
    is_of_migrations = here[0] in ("table", "index") and here[1] == _MIGRATIONS
    return here != there and not is_of_migrations


def _shown(name: str, objects: dict[str, Thing], expected: dict[str, Thing]) -> str:
    kind = (objects.get(name) or expected[name])[0]
    how = "missing" if name not in objects else "not ours" if name not in expected else "changed"
    return f"{kind} {name[:60]!r} is {how}"


@cache
def _expected(migrations: Migrations, applied: tuple[str, ...]) -> tuple[tuple[str, Thing], ...]:
    """Return what is in an empty catalog to which these migrations were applied."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        database = Database(connection, execute_plugins=False)
        for migration in migrations._migrations:
            if migration.name in applied:
                migration.fn(database)
        return tuple(_objects(connection))
    finally:
        connection.close()


def _objects(connection: sqlite3.Connection) -> Iterator[tuple[str, Thing]]:
    """Yield each thing in a catalog by its name."""
    for kind, name, table, sql in connection.execute(_MASTER):
        if not (isinstance(name, str) and _OF_SQLITE.fullmatch(name)):
            yield str(name), (str(kind), str(table), _evened(str(sql)))


def _evened(sql: str) -> str:
    # Versions of SQLite and dumps differ in blanks and in quotes about names, and in nothing else.
    return " ".join(sql.replace('"', "").split())
