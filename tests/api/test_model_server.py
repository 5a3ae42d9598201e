"""A chat whose model runs already: cited and checked like any, and ended with the engine."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ragflow_local import Chat, DataSet, RAGFlow
from ragflow_local.errors import ModelClosedError, ModelError, ModelServerError
from tests.conftest import Parse
from tests.model_server import PATIENCE, ModelServer, running

pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with running() as made:
        yield made


@pytest.fixture
def chat(rag: RAGFlow, dataset: DataSet, parsed: Parse, server: ModelServer) -> Chat:
    parsed("squid.txt", b"The colossal squid lives around Antarctica.\nIt was described in 1925.\n")
    llm = {"model_name": server.url}
    return rag.create_chat("Miss R", knowledgebases=[dataset], llm=llm)


def test_its_answer_has_citations_and_what_no_chunk_says_is_told(
    chat: Chat, server: ModelServer
) -> None:
    server.pieces = ["The colossal squid was described", " in 1925.", " It weighs nine tons."]
    message = chat.create_session().ask("When was the colossal squid described?")
    assert message.content == (
        "The colossal squid was described in 1925. [ID:0] It weighs nine tons."
    )
    assert message.unsupported == ["It weighs nine tons."]
    assert message.model == "tiny"
    assert message.reference[0].document_name == "squid.txt"
    assert "lives around Antarctica" in server.requests[0]["messages"][0]["content"]


def test_what_a_small_model_makes_up_is_replaced_by_a_quote(
    chat: Chat, server: ModelServer
) -> None:
    server.models = [{"id": "tiny", "meta": {"n_params": 135_000_000}}]
    server.pieces = ["It was described in 1931."]
    message = chat.create_session().ask("When was the colossal squid described?")
    assert "1931" not in message.content
    assert "1925" in message.content


def test_chunks_are_left_out_until_its_window_holds_the_prompt(
    rag: RAGFlow, dataset: DataSet, parsed: Parse, server: ModelServer
) -> None:
    lines = "".join(f"Squid number {n} lives around island {n}. {'Ice. ' * 60}\n" for n in range(9))
    parsed("many.txt", lines.encode())
    llm = {"model_name": server.url, "context_tokens": 1024, "max_token": 100}
    chat = rag.create_chat("Miss R", knowledgebases=[dataset], llm=llm)
    chat.create_session().ask("Where do squids live?")
    prompt = server.requests[0]["messages"][0]["content"]
    assert 1 <= prompt.count("many.txt") < 8
    assert len(prompt) / 3 < 1024


def test_closing_the_engine_ends_an_answer_and_tells(
    rag: RAGFlow, chat: Chat, server: ModelServer
) -> None:
    class Words(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            yield "The colossal squid "
            yield "lives around Antarctica. It "
            while not server.left.wait(0.02):
                yield {"role": "assistant"}

    server.pieces = Words()
    stream = chat.create_session().ask("Where does the colossal squid live?", stream=True)
    assert next(stream).content
    raised: list[ModelError] = []

    def read() -> None:
        try:
            list(stream)
        except ModelError as error:
            raised.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    rag.close()
    reading.join(PATIENCE)
    assert [type(error) for error in raised] == [ModelClosedError]
    assert server.left.wait(PATIENCE)


def test_an_error_of_the_server_is_told_and_the_question_kept(
    chat: Chat, server: ModelServer
) -> None:
    server.answers["/v1/chat/completions"] = (500, "application/json", b'{"error": "no memory"}')
    session = chat.create_session()
    with pytest.raises(ModelServerError, match="no memory"):
        session.ask("Where does the colossal squid live?")
    assert [message.role for message in session.messages] == ["assistant", "user"]
    del server.answers["/v1/chat/completions"]
    server.pieces = ["The colossal squid lives around Antarctica."]
    assert "[ID:0]" in session.ask("Where does the colossal squid live?").content
