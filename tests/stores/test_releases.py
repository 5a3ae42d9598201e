"""A catalog of every release opens in this version: ``catalog_<migration>.sql`` is never changed.

Each is what ``sqlite3.Connection.iterdump`` gives of a project that the release itself made: three
documents, two of them parsed, a chunk added by hand, a chat with one question.
"""

import sqlite3
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.stores.catalog.schema import catalog

RELEASES = sorted(Path(__file__).parent.glob("catalog_*.sql"))
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


def test_the_newest_migration_has_a_catalog_when_it_is_released() -> None:
    newest = len(catalog._migrations)
    # A migration under way has none yet; two without one means that a release was forgotten.
    assert len(RELEASES) >= newest - 1
