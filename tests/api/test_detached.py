"""Objects without an engine: copied, pickled, of a reader, or after close()."""

import copy
import pickle
from pathlib import Path

import pytest

from ragflow_local import Chunk, DataSet, InvalidValueError, Limits, Message, RAGFlow
from ragflow_local.errors import ProjectClosedError, ReadOnlyProjectError
from tests.conftest import Parse

QUESTION = "Where does the pump stand?"


@pytest.fixture
def answered(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> Message:
    parsed("a.txt", b"The pump stands in the cellar.")
    return rag.create_chat("c", knowledgebases=[dataset]).create_session().ask(QUESTION)


@pytest.mark.parametrize("how", ["pickled", "copied", "copied deeply"])
def test_chunks_and_messages_are_data(rag: RAGFlow, answered: Message, how: str) -> None:
    ways = {
        "pickled": lambda thing: pickle.loads(pickle.dumps(thing)),
        "copied": copy.copy,
        "copied deeply": copy.deepcopy,
    }
    (chunk,) = answered.reference
    for thing in (chunk, answered):
        found = ways[how](thing)
        assert found.to_dict() == thing.to_dict()
        assert repr(found) == repr(thing)
    found = ways[how](chunk)
    assert isinstance(found, Chunk)
    found.content = "changed"
    assert chunk.content != "changed"
    with pytest.raises(ProjectClosedError, match="no engine"):
        found.save()


def test_what_was_last_seen_stays_readable_after_close(rag: RAGFlow, answered: Message) -> None:
    document = rag.get_document(name="a.txt")
    before = document.to_dict()
    (chunk,) = answered.reference
    rag.close()
    assert document.to_dict() == before
    assert (document.run, document.chunk_count) == ("DONE", 1)
    assert "cellar" in chunk.content
    assert "cellar" in answered.content
    with pytest.raises(ProjectClosedError):
        document.download()


def test_a_reader_answers_and_keeps_nothing(rag: RAGFlow, answered: Message) -> None:
    rag.close()
    with RAGFlow(project_dir=rag.project_dir, read_only=True) as reader:
        chat = reader.list_chats(name="c")[0]
        session = chat.create_session()
        assert "cellar" in session.ask(QUESTION).content
        assert "cellar" in [*session.ask(QUESTION, stream=True)][-1].content
        roles = ["assistant", "user", "assistant", "user", "assistant"]
        assert [message.role for message in session.messages] == roles
        (kept,) = chat.list_sessions()
        kept.ask(QUESTION)
        assert len(kept.messages) == 5
        assert len(chat.list_sessions()[0].messages) == 3
        with pytest.raises(ReadOnlyProjectError):
            session.update({"name": "other"})


@pytest.mark.parametrize(
    "option",
    [
        {"workers": 2},
        {"models_dir": "elsewhere"},
        {"limits": Limits(document_bytes=10)},
        {"embedding_backend": "torch"},
        {"cache_dir": "elsewhere"},
        {"worker_python": "python9"},
    ],
    ids=lambda option: next(iter(option)),
)
def test_a_second_engine_with_other_options_is_told(
    rag: RAGFlow, option: dict[str, object]
) -> None:
    with pytest.raises(InvalidValueError, match="close that first"):
        RAGFlow(project_dir=rag.project_dir, **option)  # type: ignore[arg-type]  # one at a time
    with RAGFlow(project_dir=rag.project_dir, workers=1) as same:
        assert same.project is rag.project
    rag.list_datasets()


def test_a_second_engine_that_waits_for_no_disk_is_told(project_dir: Path) -> None:
    with (
        RAGFlow(project_dir=project_dir, workers=1),
        pytest.raises(InvalidValueError, match="close that first"),
    ):
        RAGFlow(project_dir=project_dir, durable=False)


def test_the_cache_may_be_named(
    tmp_path: Path, project_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RAGFlow(project_dir=project_dir, cache_dir=tmp_path / "a") as rag:
        assert rag.project.options.cache_dir == tmp_path / "a"
    monkeypatch.setenv("RAGFLOW_LOCAL_CACHE", str(tmp_path / "b"))
    with RAGFlow(project_dir=project_dir) as rag:
        assert rag.project.options.cache_dir == tmp_path / "b"
