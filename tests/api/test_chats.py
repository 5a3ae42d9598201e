"""Chats, sessions and answers, as decided where the reference is silent."""

from typing import Any

import pytest

from ragflow_local import (
    Chat,
    DataSet,
    InvalidValueError,
    MissingModelError,
    NameTakenError,
    NotFoundError,
    RAGFlow,
)
from tests.conftest import Parse


@pytest.fixture
def chat(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> Chat:
    parsed("kraken.txt", b"The kraken sleeps in the deep sea. It wakes in May.")
    return rag.create_chat("Miss R", knowledgebases=[dataset], llm={"model_name": "extractive"})


def test_a_plain_text_sets_the_prompt(rag: RAGFlow, dataset: DataSet) -> None:
    chat = rag.create_chat("a", knowledgebases=[dataset], prompt="Say {this}: {knowledge}")
    assert chat.prompt.prompt == "Say {this}: {knowledge}"
    assert chat.prompt.top_n == 8
    with pytest.raises(InvalidValueError, match="knowledge"):
        chat.update({"prompt": "Say nothing"})
    assert chat.prompt.prompt == "Say {this}: {knowledge}"


def test_nothing_found_gives_the_empty_response(chat: Chat) -> None:
    message = chat.create_session().ask("quantum chromodynamics lattice")
    assert message.content == ("The answer you are looking for is not found in the knowledge base!")
    assert message.reference == []
    assert message.model == ""


def test_an_answer_cites_the_chunk_it_rests_on(chat: Chat) -> None:
    message = chat.create_session().ask("Where does the kraken sleep?")
    assert "The kraken sleeps in the deep sea. [ID:0]" in message.content
    assert message.reference[0].document_name == "kraken.txt"
    assert message.model == "extractive"


def test_show_quote_off_leaves_citations_out(chat: Chat) -> None:
    chat.update({"prompt": {"show_quote": False}})
    assert "[ID:" not in chat.create_session().ask("Where does the kraken sleep?").content


def test_messages_are_there_after_reopening(rag: RAGFlow, chat: Chat) -> None:
    session = chat.create_session()
    answer = session.ask("Where does the kraken sleep?")
    rag.close()
    with RAGFlow(project_dir=rag.project_dir) as again:
        messages = again.list_chats()[0].list_sessions()[0].messages
        assert [message.role for message in messages] == ["assistant", "user", "assistant"]
        assert messages[2].content == answer.content
        assert messages[2].reference[0].content == answer.reference[0].content


def test_an_error_while_answering_keeps_the_question(chat: Chat) -> None:
    chat.update({"llm": {"model_name": "nobody.gguf"}})
    session = chat.create_session()
    with pytest.raises(MissingModelError, match=r"nobody\.gguf"):
        session.ask("Where does the kraken sleep?")
    assert [message.role for message in session.messages] == ["assistant", "user"]


def test_a_stream_that_is_closed_keeps_the_question(chat: Chat) -> None:
    session = chat.create_session()
    stream: Any = session.ask("Where does the kraken sleep?", stream=True)
    next(stream)
    stream.close()
    assert session.messages[1].content == "Where does the kraken sleep?"


def test_chat_settings_out_of_range_are_refused(rag: RAGFlow, dataset: DataSet, chat: Chat) -> None:
    for wrong in ({"temperature": -1}, {"top_p": 2}, {"max_token": 0}, {"colour": 1}):
        with pytest.raises(InvalidValueError, match=next(iter(wrong))):
            chat.update({"llm": wrong})
    with pytest.raises(NameTakenError):
        rag.create_chat("miss r", knowledgebases=[dataset])
    with pytest.raises(NotFoundError):
        rag.create_chat("other")
