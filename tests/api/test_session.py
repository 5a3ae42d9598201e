"""A session's answers: what they carry, and what happens when several ask, or somebody deletes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import Chat, DataSet, InvalidValueError, NotFoundError, RAGFlow
from ragflow_local.answer.writing import Writing
from ragflow_local.api import session as sessions
from ragflow_local.errors import CutOffAnswerError
from tests.answer.made import Scripted
from tests.conftest import Parse

QUESTION = "Where does the kraken sleep?"
SCHEMA = {
    "type": "object",
    "properties": {"where": {"type": "string"}, "month": {"type": "string"}},
    "required": ["where", "month"],
}


@pytest.fixture
def chat(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> Chat:
    parsed("kraken.txt", b"The kraken sleeps in the deep sea. It wakes in May.")
    return rag.create_chat("Miss R", knowledgebases=[dataset], llm={"model_name": "extractive"})


def speak(rag: RAGFlow, monkeypatch: pytest.MonkeyPatch, *pieces: str) -> Scripted:
    model = Scripted(*pieces)
    monkeypatch.setattr(rag.project, "generator", lambda _: model)
    return model


def contents(session: Any) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in session.messages]


def test_sentences_that_no_chunk_supports_are_listed_and_kept(
    rag: RAGFlow, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(rag, monkeypatch, "The kraken sleeps in the deep sea. ", "It likes jazz and poker games.")
    session = chat.create_session()
    assert session.ask(QUESTION).unsupported == ["It likes jazz and poker games."]
    assert session.messages[-1].unsupported == ["It likes jazz and poker games."]


def test_why_an_answer_ended_is_kept_with_it(
    rag: RAGFlow, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writing, "finish_reason", lambda writing: "length")
    speak(rag, monkeypatch, "The kraken sleeps in the deep sea.")
    session = chat.create_session()
    assert session.ask(QUESTION).finish_reason == "length"
    assert [message.finish_reason for message in session.messages[-2:]] == ["", "length"]


# ── deleted while it answers ──


@pytest.mark.parametrize("what", ["session", "chat"])
@pytest.mark.parametrize("seconds", [0.0, 60.0], ids=["seen at once", "seen at the end"])
def test_what_is_deleted_while_it_answers_ends_the_answer(
    rag: RAGFlow, chat: Chat, monkeypatch: pytest.MonkeyPatch, what: str, seconds: float
) -> None:
    model = speak(rag, monkeypatch, *["It sleeps. "] * 50)
    monkeypatch.setattr(sessions, "_LOOK_SECONDS", seconds)
    session = chat.create_session()
    stream = session.ask(QUESTION, stream=True)
    next(stream)
    if what == "chat":
        rag.delete_chats([chat.id])
    else:
        chat.delete_sessions([session.id])
    with pytest.raises(NotFoundError, match="session"):
        list(stream)
    assert model.closed == 1
    with pytest.raises(NotFoundError):
        session.ask(QUESTION)


def test_a_dataset_deleted_while_it_answers_leaves_the_answer_whole(
    rag: RAGFlow, chat: Chat, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(rag, monkeypatch, "It sleeps ", "in the deep sea [ID:0].")
    stream = chat.create_session().ask(QUESTION, stream=True)
    next(stream)
    rag.delete_datasets([dataset.id])
    *_, last = stream
    assert last.content == "It sleeps in the deep sea. [ID:0]"
    assert last.reference[0].content.startswith("The kraken sleeps")


# ── several at once ──


def in_threads(count: int, work: Any) -> None:
    errors: list[Exception] = []

    def run(number: int) -> None:
        try:
            work(number)
        except Exception as error:  # noqa: BLE001 - told to the test, whatever it is
            errors.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert errors == []


def test_two_threads_on_one_session_each_get_their_answer_after_their_question(chat: Chat) -> None:
    session = chat.create_session()
    questions = [QUESTION, "When does the kraken wake?"]
    answers: dict[str, str] = {}

    def work(number: int) -> None:
        for _ in range(3):
            answers[questions[number]] = session.ask(questions[number]).content

    in_threads(2, work)
    kept = contents(session)[1:]
    assert len(kept) == 12
    for (asker, question), (answerer, content) in zip(kept[::2], kept[1::2], strict=True):
        assert (asker, answerer) == ("user", "assistant")
        assert content == answers[question]


def test_answers_read_in_turn_on_one_session_stand_after_their_questions(
    rag: RAGFlow, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(rag, monkeypatch, "One. ", "Two.")
    session = chat.create_session()
    first = session.ask(QUESTION, stream=True)
    second = session.ask("When does the kraken wake?", stream=True)
    next(first)
    next(second)
    list(second)
    list(first)
    assert [role for role, _ in contents(session)] == ["assistant", *["user", "assistant"] * 2]
    assert contents(session)[1][1] == "When does the kraken wake?"
    assert contents(session)[3][1] == QUESTION


def test_two_threads_on_two_sessions_do_not_mix(chat: Chat) -> None:
    asked = [chat.create_session(), chat.create_session()]
    in_threads(2, lambda number: [asked[number].ask(f"{QUESTION} {number}") for _ in range(3)])
    for number, session in enumerate(asked):
        said = [content for role, content in contents(session) if role == "user"]
        assert said == [f"{QUESTION} {number}"] * 3


def test_ten_sessions_in_turn(chat: Chat) -> None:
    asked = [chat.create_session(f"s{number}") for number in range(10)]
    first = [session.ask(QUESTION).content for session in asked]
    again = [session.ask("When does it wake?").content for session in asked]
    assert len(set(first)) == len(set(again)) == 1
    assert "May" in again[0]
    assert {len(session.messages) for session in asked} == {5}


# ── JSON by a schema ──


def test_an_answer_by_a_schema_is_json_with_the_chunks_it_is_from(
    rag: RAGFlow, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = speak(rag, monkeypatch, '{"where": "in the deep sea", ', '"month": "July"}')
    message = chat.create_session().ask(QUESTION, schema=SCHEMA)
    assert json.loads(message.content) == {"where": "in the deep sea", "month": "July"}
    assert [chunk.document_name for chunk in message.reference] == ["kraken.txt"]
    assert message.unsupported == ["July"]
    assert model.schema == SCHEMA
    assert model.messages[0].content.endswith(json.dumps(SCHEMA))
    assert message.usage["prompt_tokens"] > 0


def test_a_schema_takes_a_chat_model(chat: Chat) -> None:
    with pytest.raises(InvalidValueError, match=r"extractive.*model_name"):
        chat.create_session().ask(QUESTION, schema=SCHEMA)


def test_json_that_is_cut_off_is_an_error(
    rag: RAGFlow, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak(rag, monkeypatch, '{"where": "in the')
    session = chat.create_session()
    with pytest.raises(CutOffAnswerError):
        session.ask(QUESTION, schema=SCHEMA)
    assert contents(session)[-1] == ("user", QUESTION)


@pytest.mark.parametrize(
    "schema",
    ["{}", {"type": {1, 2}}, {"$ref": "https://example.org/a.json"}, 3],
    ids=["a text", "no JSON", "something to fetch", "a number"],
)
def test_what_is_no_schema_is_refused_before_anything_is_kept(chat: Chat, schema: Any) -> None:
    session = chat.create_session()
    with pytest.raises(InvalidValueError, match="schema"):
        session.ask(QUESTION, schema=schema)
    assert len(session.messages) == 1


@pytest.fixture
def tiny(rag: RAGFlow, chat: Chat, tmp_path: Path) -> Iterator[Chat]:
    """The chat with a real model, of random weights."""
    pytest.importorskip("llama_cpp", reason="needs the extra llm: pip install ragflow-local[llm]")
    from tests.generators import tiny_gguf

    path = tiny_gguf.write(
        tmp_path / "tiny.gguf", tiny_gguf.with_template(tiny_gguf.CHATML, context=2048)
    )
    chat.update({"llm": {"model_name": str(path), "max_token": 120, "seed": 3}})
    yield chat


def test_a_real_model_keeps_to_a_schema(tiny: Chat) -> None:
    schema = {
        "type": "object",
        "properties": {"month": {"enum": ["May", "July"]}, "is_asleep": {"type": "boolean"}},
        "required": ["month", "is_asleep"],
    }
    message = tiny.create_session().ask(QUESTION, schema=schema)
    found = json.loads(message.content)
    assert found["month"] in ("May", "July")
    assert isinstance(found["is_asleep"], bool)
    assert message.usage["answer_tokens"] > 0


def test_a_schema_without_a_grammar_is_refused(tiny: Chat) -> None:
    with pytest.raises(InvalidValueError, match="schema"):
        tiny.create_session().ask(QUESTION, schema={"type": "nonsense"})


def test_threads_and_sessions_take_turns_at_a_real_model(tiny: Chat) -> None:
    asked = [tiny.create_session(), tiny.create_session()]
    in_threads(2, lambda number: asked[number].ask(QUESTION))
    assert {len(session.messages) for session in asked} == {3}
