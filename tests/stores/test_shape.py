"""A catalog from elsewhere: what its migrations would not have made is seen before it is used."""

import sqlite3
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine, repair
from ragflow_local.errors import DamagedProjectError, ProjectVersionError

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n"
STRANGE = {
    "a trigger": "CREATE TRIGGER wipe AFTER INSERT ON documents BEGIN DELETE FROM documents; END",
    "another trigger of that name": (
        "DROP TRIGGER document_added; CREATE TRIGGER document_added AFTER INSERT ON documents"
        " BEGIN SELECT RAISE(ABORT, '\x1b[2J'); END"
    ),
    "a trigger fewer": "DROP TRIGGER document_added",
    "a view": f"CREATE VIEW more AS {ENDLESS}",
    "an endless view in the place of a table": (
        f"ALTER TABLE datasets RENAME TO was; CREATE VIEW datasets AS {ENDLESS}"
    ),
    "an endless view of migrations": (
        "ALTER TABLE _sqlite_migrations RENAME TO was; CREATE VIEW _sqlite_migrations AS"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i AS id, 'ragflow_local' AS migration_set, 'm0' AS name, '' AS applied_at FROM n"
    ),
    "a table": "CREATE TABLE more (a)",
    "a virtual table": "CREATE VIRTUAL TABLE more USING fts5(a)",
    "a table fewer": "DROP TABLE messages",
    "a column": "ALTER TABLE chats ADD COLUMN more TEXT DEFAULT (1)",
    "a generated column": "ALTER TABLE chats ADD COLUMN more AS (length(name))",
    "an index by an expression": "CREATE INDEX more ON chats (abs(create_time))",
    "other words for a column": (
        "DROP TABLE messages; CREATE TABLE messages (number INTEGER PRIMARY KEY AUTOINCREMENT)"
    ),
}


@pytest.fixture
def project(project_dir: Path) -> Path:
    with RAGFlow("key", project_dir=project_dir, embedding_model="hashing", workers=1) as rag:
        rag.create_dataset("kb")
    return project_dir


def change(project: Path, sql: str) -> None:
    with sqlite3.connect(project / "catalog.sqlite3") as connection:
        connection.executescript(sql)
    connection.close()
    (project / "closed.json").unlink()


@pytest.mark.parametrize("sql", STRANGE.values(), ids=STRANGE)
def test_what_a_stranger_added_is_refused(project: Path, sql: str) -> None:
    change(project, sql)
    for read_only in (True, False):
        with pytest.raises(DamagedProjectError) as told:
            RAGFlow("key", project_dir=project, read_only=read_only)
        assert "\x1b" not in str(told.value)
    assert [problem.part for problem in examine(project).problems] == ["catalog"]
    with pytest.raises(DamagedProjectError):
        repair(project)


def test_a_migration_of_a_newer_version_is_told_as_that(project: Path) -> None:
    change(
        project,
        "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('ragflow_local', 'm9999')",
    )
    with pytest.raises(ProjectVersionError):
        RAGFlow("key", project_dir=project)


def test_what_sqlite_counts_for_itself_is_no_stranger(project: Path) -> None:
    change(project, "ANALYZE; DROP INDEX chunks_by_dataset")
    with RAGFlow("key", project_dir=project, workers=1) as rag:
        assert rag.get_dataset("kb").name == "kb"


def test_the_file_itself_is_not_trusted(project: Path) -> None:
    with RAGFlow("key", project_dir=project, workers=1) as rag:
        with rag.project.catalog.read() as reading:
            asked = ["trusted_schema", "cell_size_check"]
            assert [reading.execute(f"PRAGMA {name}").fetchone()[0] for name in asked] == [0, 1]
        with rag.project.catalog.write() as writing:
            assert [writing.execute(f"PRAGMA {name}").fetchone()[0] for name in asked] == [0, 1]
