"""A catalog of every release opens in this version: ``catalog_<migration>.sql`` is never changed.

Each is what ``sqlite3.Connection.iterdump`` gives of a project that the release itself made: three
documents, two of them parsed, a chunk added by hand, a chat with one question.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine, repair
from ragflow_local.errors import DamagedProjectError, ProjectVersionError
from ragflow_local.stores.catalog import checksums
from ragflow_local.stores.catalog.schema import catalog

RELEASES = sorted(Path(__file__).parent.glob("catalog_*.sql"))
_RELEASED = 3  # migrations of version 0.1.0
TEXTS = (b"The kraken sleeps.", b"The squid swims. It is fast.", b"The whale sings.")


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_catalog_of_an_earlier_release_opens(project_dir: Path, release: Path) -> None:
    project_dir.mkdir()
    with sqlite3.connect(project_dir / "catalog.sqlite3") as connection:
        connection.executescript(release.read_text())
    connection.close()
    with RAGFlow("key", project_dir=project_dir, workers=1) as rag:
        for text in TEXTS:
            rag.project.files.put(text)
        dataset = rag.get_dataset("kb")
        assert dataset.description == "of the first release"
        assert [document.run for document in dataset.list_docs()] == ["DONE", "DONE", "UNSTART"]
        assert rag.retrieval("kraken", [dataset])[0].document_name == "old.txt"
        assert rag.retrieval("reef", [dataset])[0].content == "By hand."
        by_meaning = rag.retrieval("squid", [dataset], vector_similarity_weight=1)
        assert by_meaning[0].document_name == "new.txt"
        [session] = rag.list_chats()[0].list_sessions()
        assert [message.role for message in session.messages] == ["assistant", "user", "assistant"]
        document = rag.get_document(name="unparsed.txt")
        document.async_parse()
        assert [*document.join(interval=0.01)][-1][0] == 100
    assert examine(project_dir).is_healthy


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_catalog_of_an_earlier_release_is_not_guessed_at_where_it_must_not_be_changed(
    project_dir: Path, release: Path
) -> None:
    project_dir.mkdir()
    with sqlite3.connect(project_dir / "catalog.sqlite3") as connection:
        connection.executescript(release.read_text())
        number = len([*connection.execute("SELECT name FROM _sqlite_migrations")])
    connection.close()
    if number == len(catalog._migrations):
        return
    assert [problem.part for problem in examine(project_dir).problems] == ["version"]
    with pytest.raises(ProjectVersionError, match="brings it up to date"):
        RAGFlow("key", project_dir=project_dir, read_only=True)
    repair(project_dir)
    assert "version" not in {problem.part for problem in examine(project_dir).problems}
    RAGFlow("key", project_dir=project_dir, read_only=True).close()


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Return what makes this the next version, which has a column more under each checksum."""

    def m9999_one_column_more(db: Database) -> None:
        db.execute("ALTER TABLE messages ADD COLUMN more TEXT NOT NULL DEFAULT 'x'")
        checksums.accept(db.conn, "messages")

    def begin() -> None:
        columns = {**checksums.COLUMNS, "messages": (*checksums.COLUMNS["messages"], "more")}
        monkeypatch.setattr(checksums, "COLUMNS", columns)
        catalog()(m9999_one_column_more)

    before = list(catalog._migrations)
    yield begin
    catalog._migrations[:] = before


def _close_one_that_has_talked(project_dir: Path) -> None:
    with RAGFlow("key", project_dir=project_dir, workers=1) as rag:
        rag.create_dataset("kb")
        rag.create_chat("chat", knowledgebases=rag.list_datasets()).create_session("session")


def test_a_project_that_was_closed_by_the_version_before_is_no_damage(
    project_dir: Path, next_version: Callable[[], None]
) -> None:
    _close_one_that_has_talked(project_dir)
    next_version()
    for _ in range(2):
        with RAGFlow("key", project_dir=project_dir) as rag:
            [session] = rag.list_chats()[0].list_sessions()
            assert len(session.messages) == 1
    assert examine(project_dir).is_healthy


def test_an_older_catalog_in_its_place_is_damage_though_it_has_to_be_migrated(
    project_dir: Path, next_version: Callable[[], None]
) -> None:
    _close_one_that_has_talked(project_dir)
    older = (project_dir / "catalog.sqlite3").read_bytes()
    with RAGFlow("key", project_dir=project_dir) as rag:
        rag.get_dataset("kb").update({"description": "changed"})
    (project_dir / "catalog.sqlite3").write_bytes(older)
    closed = json.loads((project_dir / "closed.json").read_text())
    # As of a catalog too large for its whole file to be hashed at each opening.
    closed |= {"size": len(older), "sha256": ""}
    (project_dir / "closed.json").write_text(json.dumps(closed))
    next_version()
    with pytest.raises(DamagedProjectError, match="not those it was closed with"):
        RAGFlow("key", project_dir=project_dir)


def test_a_catalog_without_tables_is_damage(project_dir: Path) -> None:
    project_dir.mkdir()
    with sqlite3.connect(project_dir / "catalog.sqlite3") as connection:
        connection.execute("CREATE TABLE other (a)")
    connection.close()
    assert [problem.part for problem in examine(project_dir).problems] == ["catalog"]
    with pytest.raises(DamagedProjectError, match="no tables"):
        RAGFlow("key", project_dir=project_dir, read_only=True)


def test_every_released_migration_has_a_catalog() -> None:
    # Those after it are of the version under way; each release adds its catalog and counts on.
    assert catalog._migrations[_RELEASED - 1].name == "m0003_files_of_folders"
    assert {int(path.stem[-4:]) for path in RELEASES} == set(range(1, _RELEASED + 1))
