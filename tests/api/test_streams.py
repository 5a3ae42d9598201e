"""Twins for asyncio: what they return, and what ends when a task is cancelled."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import threading
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import Chat, DataSet, Document, InvalidValueError, NotFoundError, RAGFlow
from ragflow_local import Session as ChatSession
from ragflow_local.api.streams import Stop, Stream
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings
from tests.conftest import Parse

QUESTION = "Where does the kraken sleep?"


class Endless:
    """A chat model that writes until it is stopped, and says when it did what."""

    name = "endless"
    context_tokens = 100_000

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.has_ended = threading.Event()
        self.pieces = 0

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return 1

    def generate(
        self,
        messages: Sequence[ChatMessage],
        settings: LLMSettings,
        *,
        schema: Mapping[str, object] | None = None,
        is_side: bool = False,
    ) -> Iterator[str]:
        try:
            while True:
                self.pieces += 1
                self.has_begun.set()
                yield "It sleeps. "
        finally:
            self.has_ended.set()

    def retire(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def chat(rag: RAGFlow, dataset: DataSet, parsed: Parse) -> Chat:
    parsed("kraken.txt", b"The kraken sleeps in the deep sea. It wakes in May.")
    return rag.create_chat("Miss R", knowledgebases=[dataset])


@pytest.fixture
def model(rag: RAGFlow, monkeypatch: pytest.MonkeyPatch) -> Endless:
    endless = Endless()
    monkeypatch.setattr(rag.project, "generator", lambda _: endless)
    return endless


def within(seconds: float, task: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(task, seconds))


def join_steps() -> None:
    """Wait until the threads of cancelled streams have left what they were in."""
    for thread in threading.enumerate():
        if thread.name.startswith("ragflow-steps"):
            thread.join(10)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    ("call", "twin"),
    [
        (RAGFlow.retrieval, RAGFlow.aretrieval),
        (Document.join, Document.ajoin),
        (ChatSession.ask, ChatSession.aask),
    ],
    ids=["retrieval", "join", "ask"],
)
def test_a_twin_takes_what_its_call_takes(
    call: Callable[..., Any], twin: Callable[..., Any]
) -> None:
    assert inspect.signature(twin).parameters == inspect.signature(call).parameters
    assert twin.__name__ == f"a{call.__name__}"
    assert twin.__qualname__ == call.__qualname__.replace(call.__name__, twin.__name__)
    assert call.__name__ in str(twin.__doc__)


def test_awaiting_gives_what_the_call_gives(rag: RAGFlow, chat: Chat, dataset: DataSet) -> None:
    async def both() -> None:
        found = await rag.aretrieval(QUESTION, [dataset], limit=1)
        assert [chunk.id for chunk in found] == [
            chunk.id for chunk in rag.retrieval(QUESTION, [dataset], limit=1)
        ]
        session = chat.create_session()
        answer = await session.aask(QUESTION)
        assert answer.content == chat.create_session().ask(QUESTION).content
        assert [message.content for message in session.messages][-1] == answer.content
        grown = [message async for message in session.aask(QUESTION, stream=True)]
        assert grown[-1].reference
        assert all(b.content.startswith(a.content) for a, b in itertools.pairwise(grown))

    within(60, both())


def test_joining_lets_the_loop_go_on(rag: RAGFlow, dataset: DataSet) -> None:
    document = rag.add_document(dataset, "a.txt", b"The kraken sleeps.")

    async def parse() -> list[tuple[float, str]]:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        document.async_parse()
        seen = [pair async for pair in document.ajoin(interval=0.01)]
        counting.cancel()
        assert turns > len(seen)
        return seen

    assert within(60, parse())[-1][0] == 100
    assert document.run == "DONE"


def test_an_error_comes_to_who_awaits(rag: RAGFlow, chat: Chat, dataset: DataSet) -> None:
    session = chat.create_session()
    chat.delete_sessions([session.id])

    async def all_three() -> None:
        with pytest.raises(NotFoundError):
            await session.aask(QUESTION)
        with pytest.raises(InvalidValueError):
            await rag.aretrieval(QUESTION, [dataset], limit=-1)
        with pytest.raises(InvalidValueError):
            [pair async for pair in rag.get_document(name="kraken.txt").ajoin(interval=-1)]

    within(60, all_three())


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_a_cancelled_task_stops_the_model(chat: Chat, model: Endless, stream: bool) -> None:
    session = chat.create_session()

    async def read() -> None:
        if stream:
            async for _ in session.aask(QUESTION, stream=True):
                pass
        else:
            await session.aask(QUESTION)

    async def cancel() -> None:
        task = asyncio.create_task(read())
        await asyncio.to_thread(model.has_begun.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    within(60, cancel())
    assert model.has_ended.wait(10)
    assert [message.role for message in session.messages] == ["assistant", "user"]


def test_a_cancelled_task_leaves_a_real_model_free(
    rag: RAGFlow, chat: Chat, tmp_path: Path
) -> None:
    pytest.importorskip("llama_cpp", reason="needs the extra llm: pip install ragflow-local[llm]")
    pytest.importorskip("gguf")
    from ragflow_local.generators.llama_cpp import LlamaCpp
    from tests.generators import tiny_gguf

    path = tiny_gguf.write(tmp_path / "tiny.gguf")
    chat.update({"llm": {"model_name": str(path), "max_token": 4000}})
    session = chat.create_session()

    async def cancel() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60) as patience:
                async for _ in session.aask(QUESTION, stream=True):
                    patience.reschedule(0)  # as soon as it has begun

    asyncio.run(cancel())
    join_steps()
    model = rag.project.generator(LLMSettings(model_name=str(path)))
    assert isinstance(model, LlamaCpp)
    assert model._model.owner is None
    chat.update({"llm": {"max_token": 4}})
    assert within(60, session.aask(QUESTION)).model == "tiny.gguf"


def test_who_stops_reading_stops_the_model(chat: Chat, model: Endless) -> None:
    async def read_one() -> None:
        async for _ in chat.create_session().aask(QUESTION, stream=True):
            break

    within(60, read_one())
    assert model.has_ended.wait(10)


def test_a_task_cancelled_while_it_searches_asks_no_model(
    rag: RAGFlow, chat: Chat, model: Endless, monkeypatch: pytest.MonkeyPatch
) -> None:
    searching, go_on, done = threading.Event(), threading.Event(), threading.Event()
    search = rag.project.search

    def slowly(*args: Any) -> Any:
        searching.set()
        go_on.wait(10)
        return search(*args)

    def opened(_: object) -> Endless:
        done.set()
        return model

    monkeypatch.setattr(rag.project, "search", slowly)
    monkeypatch.setattr(rag.project, "generator", opened)

    async def cancel() -> None:
        task = asyncio.create_task(chat.create_session().aask(QUESTION))
        await asyncio.to_thread(searching.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    within(60, cancel())
    go_on.set()
    done.wait(10)
    join_steps()
    assert model.pieces == 0


def test_a_join_that_is_cancelled_leaves_no_thread_waiting(
    rag: RAGFlow, dataset: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = rag.add_document(dataset, "a.txt", b"The kraken sleeps.")
    monkeypatch.setattr(Document, "_state", lambda self: ("RUNNING", 1.0, "Reading"))

    async def cancel() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                async for _ in document.ajoin(interval=3600):
                    pass

    asyncio.run(cancel())
    join_steps()


def test_a_stream_may_be_closed_while_another_thread_waits_for_it() -> None:
    inside = threading.Event()

    def items(stop: Stop) -> Generator[int, None, None]:
        yield 1
        inside.set()
        stop.wait(10)

    stream = Stream(items)
    assert next(stream) == 1
    rest: list[int] = []
    reading = threading.Thread(target=lambda: rest.extend(stream))
    reading.start()
    inside.wait(10)
    stream.close()
    reading.join(10)
    assert not reading.is_alive()
    assert rest == []
    assert list(stream) == []
