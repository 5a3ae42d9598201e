"""Session: a conversation with a chat."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from collections.abc import Generator as Yields
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar, Literal, overload

from ragflow_local.answer import ask as answering
from ragflow_local.answer.citations import strip_marks
from ragflow_local.answer.structured import check_schema
from ragflow_local.api import checks
from ragflow_local.api.entity import ApiObject, Client, pages_of
from ragflow_local.api.message import Message
from ragflow_local.api.retrieval import retrieve
from ragflow_local.api.sources import Sources
from ragflow_local.api.streams import Stop, Stream, last_of, steps
from ragflow_local.errors import InvalidValueError, NotFoundError
from ragflow_local.project import Project
from ragflow_local.records import (
    Answer,
    ChatMessage,
    ChatRow,
    Hit,
    MessageRow,
    SessionRow,
)
from ragflow_local.retrieve import duplicates
from ragflow_local.retrieve.filters import DocumentFilter
from ragflow_local.retrieve.neighbours import with_neighbours
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.settings import check_name, check_text
from ragflow_local.show import notebook
from ragflow_local.stores.catalog import (
    Connection,
    chats,
    chunks,
    datasets,
    now_ms,
    sessions,
)

__all__ = ["Message", "Session"]  # whoever has sessions has messages

_LOOK_SECONDS = 1.0  # how often an answer looks whether its session is still there


class Session(ApiObject):
    """A conversation.

    Attributes:
        id: Its id.
        name: Its name.
        chat_id: The chat it belongs to.
        messages: Its messages as they are now, the first first.
        create_time: Milliseconds since 1970, UTC; likewise ``update_time``.
    """

    _unkept: list[MessageRow] | None
    _chat: ChatRow | None
    id: str
    name: str
    chat_id: str
    create_time: int
    update_time: int

    _SHOWN: ClassVar = ("id", "name", "chat_id", "messages", "create_time", "update_time")

    def __init__(
        self,
        rag: Client,
        row: SessionRow,
        unkept: list[MessageRow] | None = None,
        chat: ChatRow | None = None,
    ) -> None:
        """Make the object of a session.

        Args:
            rag: The open engine.
            row: The session.
            unkept: Its messages, where they live with this object alone.
            chat: Its chat, where that is nowhere kept either: made for one question.
        """
        self._set(_rag=rag, _unkept=unkept, _chat=chat)
        self._load(row)

    def _load(self, row: SessionRow) -> None:
        self._set(
            id=row.id,
            name=row.name,
            chat_id=row.chat_id,
            create_time=row.create_time,
            update_time=row.update_time,
        )

    def _not_kept(self) -> list[MessageRow] | None:
        """Return the messages that live with this object alone, as all do in a reader's session."""
        catalog = self._rag.project.catalog
        if self._unkept is None and catalog.read_only:
            with catalog.read() as reading:
                self._check_in(reading)
                self._set(_unkept=sessions.messages_of(reading, self.id))
        return self._unkept

    def _message_rows(self) -> list[MessageRow]:
        if (unkept := self._not_kept()) is not None:
            return list(unkept)
        with self._rag.project.catalog.read() as reading:
            if sessions.get(reading, self.id) is None:
                raise NotFoundError("session", self.id)
            return sessions.messages_of(reading, self.id)

    @property
    def messages(self) -> list[Message]:
        """Its messages as they are now."""
        messages, question = [], ""
        for row in self._message_rows():
            is_answer = row.role == "assistant"
            messages.append(Message(self._rag, row, question=question if is_answer else ""))
            question = "" if is_answer else row.content
        return messages

    def _repr_html_(self) -> str:
        return notebook.shown(
            "Session",
            lambda: notebook.session(
                self.name,
                [message._reply() for message in self.messages],
                lambda: pages_of(self._rag),
            ),
        )

    def update(self, update_message: dict[str, Any]) -> None:
        """Change its ``name``.

        Raises:
            InvalidValueError: Another key, or a name that is not allowed.
            NotFoundError: The session has been deleted.
        """
        fixed = {"id": self.id, "chat_id": self.chat_id}
        values = checks.changes(update_message, ("name",), {}, fixed)
        with self._rag.project.catalog.write() as connection:
            if sessions.get(connection, self.id) is None:
                raise NotFoundError("session", self.id)
            if "name" in values:
                sessions.rename(connection, self.id, check_name(values["name"]), now_ms())
            row = sessions.get(connection, self.id)
        assert row is not None
        self._load(row)

    @overload
    def ask(
        self,
        question: str,
        stream: Literal[False] = False,
        *,
        schema: Mapping[str, Any] | None = None,
    ) -> Message: ...

    @overload
    def ask(
        self, question: str, stream: Literal[True], *, schema: Mapping[str, Any] | None = None
    ) -> Stream[Message]: ...

    @overload
    def ask(
        self, question: str, stream: bool, *, schema: Mapping[str, Any] | None = None
    ) -> Message | Stream[Message]: ...

    def ask(
        self, question: str, stream: bool = False, *, schema: Mapping[str, Any] | None = None
    ) -> Message | Stream[Message]:
        """Answer a question from the chat's datasets, with citations, and remember both.

        Args:
            question: A text that is not empty.
            stream: Whether to return an iterator of Messages whose ``content`` only ever grows;
                the last has the ``reference``. Closing it stops the model.
            schema: A JSON schema: ``content`` is then JSON that fits it, without citation marks;
                ``reference`` has the chunks its values are from, ``unsupported`` the values that
                no chunk has. Where nothing is found, ``content`` is the empty response as ever.
                It takes a chat model.

        Raises:
            InvalidValueError: The question is empty or no text; the schema is none, or there is
                no chat model to write by it.
            NotFoundError: The session or its chat has been deleted, before or meanwhile.
            CutOffAnswerError: ``max_token`` ended the answer before its JSON was whole.
            ModelError: The chat's model is not there or cannot answer; the question is kept.
        """
        check_text("question", question)
        if not question.strip():
            raise InvalidValueError("question", question, "a text that is not empty")
        if schema is not None:
            check_schema(schema)
        chat, history, message = self._ask(question)
        answers = Stream(
            lambda stop: self._answer(
                message, lambda: self._turn(message, chat, history, schema), stop
            )
        )
        if stream:
            return answers
        *_, last = answers
        return last

    def _ask(self, question: str) -> tuple[ChatRow, list[MessageRow], MessageRow]:
        """Note a question; return its chat, what was said before, and the question."""
        catalog, unkept = self._rag.project.catalog, self._not_kept()
        with catalog.write() if unkept is None else catalog.read() as connection:
            if unkept is None:
                self._check_in(connection)
            chat = self._chat or chats.get(connection, self.chat_id)
            if chat is None:
                raise NotFoundError("chat", self.chat_id)
            history = sessions.messages_of(connection, self.id) if unkept is None else list(unkept)
            message = MessageRow(
                uuid.uuid4().hex, self.id, len(history), "user", question, create_time=now_ms()
            )
            if unkept is None:
                sessions.add_message(connection, message)
            else:
                unkept.append(message)
        return chat, history, message

    @overload
    def aask(
        self,
        question: str,
        stream: Literal[False] = False,
        *,
        schema: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, Message]: ...

    @overload
    def aask(
        self, question: str, stream: Literal[True], *, schema: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Message, None]: ...

    @overload
    def aask(
        self, question: str, stream: bool, *, schema: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Message] | AsyncGenerator[Message, None]: ...

    def aask(
        self, question: str, stream: bool = False, *, schema: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, Message] | AsyncGenerator[Message, None]:
        """Answer like ``ask``: for ``await``, with ``stream`` for ``async for``.

        Cancelling the task that waits, or ending the loop, stops the model; the question is kept.
        """
        messages = steps(lambda: self.ask(question, stream=True, schema=schema))
        return messages if stream else last_of(messages)

    def _answer(
        self, message: MessageRow, turn: Callable[[], answering.Turn], stop: Stop
    ) -> Yields[Message]:
        project = self._rag.project
        began = time.monotonic()
        stream = answering.answer(replace(turn(), began=began))
        stop.ends(stream.close)
        row = MessageRow(uuid.uuid4().hex, self.id, 0, "assistant", "", create_time=now_ms())
        last: Answer | None = None
        looked = time.monotonic()
        try:
            for last in stream:
                if time.monotonic() - looked > _LOOK_SECONDS:
                    looked = time.monotonic()
                    with project.catalog.read() as reading:
                        self._check_in(reading)
                row = replace(
                    row,
                    content=last.content,
                    hits=last.hits,
                    model=last.model,
                    thinking=last.thinking,
                    unsupported=last.unsupported,
                    finish_reason=last.finish_reason,
                )
                if not last.is_last:
                    yield Message(self._rag, row, last.usage, message.content)
        finally:
            stream.close()
        if last is None or not last.is_last:
            return
        row = replace(row, create_time=now_ms())
        if self._unkept is not None:
            self._unkept.append(row)
            yield Message(self._rag, row, last.usage, message.content)
            return
        with project.catalog.write() as connection:
            self._check_in(connection)
            # Where two asked at once, each answer still stands after its own question.
            sessions.move_to_end(connection, message.id)
            sessions.add_message(connection, row)
        yield Message(self._rag, row, last.usage, message.content)

    def _turn(
        self,
        message: MessageRow,
        chat: ChatRow,
        history: Sequence[MessageRow],
        schema: Mapping[str, Any] | None,
    ) -> answering.Turn:
        project = self._rag.project
        prompt, llm = chat.prompt, chat.llm
        with project.catalog.read() as reading:
            dataset_rows = (datasets.get(reading, id) for id in chat.dataset_ids)
            rows = [row for row in dataset_rows if row is not None]

        wanted = SearchOptions(
            threshold=0.0,  # what is found is decided by the answer: by words or by meaning
            # Rounded: 1 - 0.7 is not 0.3 in binary, and the two would rank apart.
            vector_weight=round(1 - prompt.keywords_similarity_weight, 9),
            limit=prompt.top_n * duplicates.DEPTH,
        )

        models = [row.embedding_model for row in rows]
        sources = Sources(project, rows, len(chat.dataset_ids))
        rerank_id = str(chat.released.get("rerank_id") or "") or None

        def search(standalone: str) -> list[Hit]:
            hits = retrieve(project, standalone, rows, DocumentFilter(), wanted, rerank_id)
            with project.catalog.read() as reading:
                dim = rows[0].embedding_dim if rows else 0
                hits = duplicates.behind(reading, hits, dim, prompt.top_n)
                if not prompt.neighbours:
                    return hits
                return with_neighbours(reading, hits, prompt.neighbours)

        return answering.Turn(
            question=message.content,
            history=history_of(history),
            prompt=prompt,
            llm=llm,
            search=search,
            open_generator=lambda: project.generator(llm),
            embedder=project.embedder_of(rows[0]) if rows else None,
            open_reader=project.models.reader if may_read(prompt.reader, models) else lambda: None,
            schema=schema,
            earlier=_earlier(project, history, [row.id for row in rows]),
            beside=sources.beside,
            documents=cache(sources.documents),
            reading=cache(sources.reading),
            standing=sources.standing,
        )

    def _check_in(self, connection: Connection) -> None:
        if self._unkept is None and sessions.get(connection, self.id) is None:
            raise NotFoundError("session", self.id)


def may_read(is_wanted: bool, embedding_models: Iterable[str]) -> bool:
    """Return whether a reader is asked for: never of a dataset that wants no model."""
    return is_wanted and any(model != "hashing" for model in embedding_models)


def history_of(rows: Sequence[MessageRow]) -> list[ChatMessage]:
    """Return earlier turns for the model: no opener before the first question, no marks."""
    first = next((index for index, row in enumerate(rows) if row.role == "user"), len(rows))
    return [ChatMessage(row.role, strip_marks(row.content)) for row in rows[first:]]


def _earlier(
    project: Project, history: Sequence[MessageRow], dataset_ids: Sequence[str]
) -> tuple[Hit, ...]:
    """Return the chunks of the last answer, or none where one of them has changed since."""
    last = next((row for row in reversed(history) if row.role == "assistant"), None)
    hits = last.hits if last is not None else ()
    with project.catalog.read() as reading:
        live = chunks.by_numbers(reading, [hit.chunk.number for hit in hits])
    numbers = {
        row.number for row in live.values() if row.available and row.dataset_id in dataset_ids
    }
    return hits if len(numbers) == len(hits) else ()
