"""What SQLite does not see is told when it is read, however large the catalog."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine, repair
from ragflow_local.errors import DamagedProjectError
from ragflow_local.stores import directory
from ragflow_local.stores.catalog import checksums
from tests.invariants import check_invariants

TEXTS = ("The kraken sleeps.", "The squid swims.", "A whale eats the squid.")


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every catalog is too large to be read whole when it is opened."""
    monkeypatch.setattr(directory, "_HASHED_BYTES", 0)


@pytest.fixture
def closed(project_dir: Path) -> Path:
    with RAGFlow(project_dir=project_dir, embedding_model="hashing", workers=1) as rag:
        dataset = rag.create_dataset("kb")
        rag.add_document(dataset, "sea.txt", b"The sea.").add_chunks(list(TEXTS))
        chat = rag.create_chat("chat", knowledgebases=[dataset])
        chat.create_session("session").ask("Who eats the squid?", stream=False)
    return project_dir


def use(project: Path) -> None:
    """Read all that a user sees."""
    with RAGFlow(project_dir=project, workers=1) as rag:
        [dataset] = rag.list_datasets()
        for document in dataset.list_docs():
            document.list_chunks()
        for weight in (0.0, 1.0):
            rag.retrieval("Who eats the squid?", [dataset], vector_similarity_weight=weight)
        for chat in rag.list_chats():
            for session in chat.list_sessions():
                assert session.messages


def change(project: Path, sql: str) -> None:
    """Change the catalog as a flipped bit would: behind the engine, and with no trigger."""
    with sqlite3.connect(project / "catalog.sqlite3") as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = triggers.fetchall()
        for name, _ in kept:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(sql)
        for _, statement in kept:
            connection.execute(statement)
    connection.close()
    seal = project / "closed.json"
    size = (project / "catalog.sqlite3").stat().st_size
    seal.write_text(json.dumps({**json.loads(seal.read_text()), "size": size}))


TORN = {
    **{
        f"{table}.{column}": f"UPDATE {table} SET {column} = cast({column} AS TEXT) || 'x'"
        for table, column in [
            ("datasets", "name"),
            ("datasets", "description"),
            ("documents", "name"),
            ("documents", "progress_msg"),
            ("chunks", "content"),
            ("chunks", "match_text"),
            ("chats", "prompt"),
            ("sessions", "name"),
            ("messages", "content"),
        ]
    },
    "a vector": "UPDATE embeddings SET vector = zeroblob(length(vector))",
    "a checksum": "UPDATE chunks SET checksum = checksum + 1",
    "a number": "UPDATE chunks SET ordinal = ordinal + 1",
    "a vector's chunk": "UPDATE chunks SET embedding = 1",
    "a list of postings": "UPDATE postings_lists SET data = zeroblob(length(data))",
    "lists that changed places": "UPDATE postings_lists SET data = (SELECT data FROM"
    " postings_lists ORDER BY key LIMIT 1)",
    "runs of a segment": "UPDATE postings_segments SET runs = zeroblob(length(runs))",
    "what a segment has lost": "UPDATE postings_segments SET removed = x'0000'",
}


@pytest.mark.parametrize("sql", TORN.values(), ids=TORN)
def test_a_row_that_is_not_as_it_was_written_is_told_when_it_is_read(
    closed: Path, sql: str
) -> None:
    use(closed)
    change(closed, sql)
    with pytest.raises(DamagedProjectError, match="catalog"):
        use(closed)
    report = examine(closed)
    assert {problem.part for problem in report.problems} <= {"catalog", "words"}
    assert report.problems
    repair(closed)
    assert examine(closed).is_healthy


LOST = {
    "a lost chunk": "DELETE FROM chunks WHERE number = 2",
    "a lost vector": "DELETE FROM embeddings WHERE number = 2",
    "a lost message": "DELETE FROM messages WHERE number = 2",
    "an older row": "UPDATE checksums SET sum = sum - 7 WHERE name = 'documents'",
}


@pytest.mark.parametrize("sql", LOST.values(), ids=LOST)
def test_a_row_that_is_lost_is_found_by_doctor(closed: Path, sql: str) -> None:
    change(closed, sql)
    said = " ".join(problem.what for problem in examine(closed).problems)
    assert "are lost, or older" in said or "not those it was closed with" in said


def test_another_catalog_of_the_same_size_is_told_when_it_is_opened(
    closed: Path, tmp_path: Path
) -> None:
    older = (closed / "catalog.sqlite3").read_bytes()
    with RAGFlow(project_dir=closed, workers=1) as rag:
        rag.list_datasets()[0].update({"description": "changed since"})
    assert (closed / "catalog.sqlite3").stat().st_size == len(older)
    (closed / "catalog.sqlite3").write_bytes(older)
    for read_only in (True, False):
        with pytest.raises(DamagedProjectError, match="rows are not those it was closed with"):
            RAGFlow(project_dir=closed, workers=1, read_only=read_only)
    repair(closed)
    use(closed)


def test_a_large_catalog_is_not_read_whole_when_it_is_opened_or_closed(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []
    monkeypatch.setattr(directory, "sha256_of", hashed.append)
    use(closed)
    assert hashed == []


def test_every_change_keeps_the_checksums(closed: Path) -> None:
    def sound(step: Callable[[], object]) -> None:
        step()
        with rag.project.catalog.read() as reading:
            assert list(checksums.scrub(reading)) == []

    with RAGFlow(project_dir=closed, workers=1) as rag:
        [dataset] = rag.list_datasets()
        [document] = dataset.list_docs()
        [chat] = rag.list_chats()
        chunk = document.list_chunks()[0]
        chunk.content = "The kraken wakes."
        sound(chunk.save)
        sound(lambda: document.update({"name": "deep.txt", "meta_fields": {"year": 2020}}))
        sound(lambda: dataset.update({"description": "deep"}))
        sound(lambda: chat.update({"name": "deep"}))
        [session] = chat.list_sessions()
        sound(lambda: session.update({"name": "deep"}))
        sound(lambda: list(session.ask("Who wakes?", stream=True)))
        sound(chunk.delete)
        sound(document.async_parse)
        list(document.join(interval=0.01))
        sound(lambda: document.add_chunks(["One.", "Two."]))
        sound(lambda: document.update({"parse_method": "one"}))
        sound(document.delete)
        sound(lambda: rag.delete_chats([chat.id]))
        sound(lambda: rag.delete_datasets([dataset.id]))
        sound(rag.vacuum)
        check_invariants(rag)
