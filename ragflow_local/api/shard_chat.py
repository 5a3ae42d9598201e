"""ShardChat: a conversation over several projects; nothing of it is kept on the disk."""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator as Yields
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload

from ragflow_local.answer import ask as answering
from ragflow_local.answer.sayings import DocumentStates
from ragflow_local.answer.structured import check_schema
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.entity import Client, pages_of
from ragflow_local.api.message import Message
from ragflow_local.api.session import history_of, may_read
from ragflow_local.api.streams import Stop, Stream
from ragflow_local.errors import InvalidValueError
from ragflow_local.records import Answer, ChunkRow, Hit, MessageRow
from ragflow_local.retrieve import duplicates
from ragflow_local.retrieve.neighbours import LIST_REACH, with_rows
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.scale.shard_parts import ShardParts
from ragflow_local.scale.shard_questions import Wanted
from ragflow_local.settings import LLMSettings, PromptSettings, check_text
from ragflow_local.show.pages import RenderOptions
from ragflow_local.show.report import PageDrawer
from ragflow_local.stores.catalog import now_ms

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ragflow_local.embedders import Embedder
    from ragflow_local.models import Models


class Asker(Protocol):
    """What a conversation needs of the ``Shards`` it is over."""

    models: Models

    def question(self, wanted: Wanted) -> AbstractContextManager[ShardParts]:
        """Give the shards as parts of one search."""
        ...

    def search(
        self,
        parts: ShardParts,
        question: str,
        options: SearchOptions,
        rerank_id: str | None = None,
    ) -> list[Hit]:
        """Return the hits for a question."""
        ...

    def embedder_of(self, parts: ShardParts) -> Embedder:
        """Return the embedding model of all parts."""
        ...

    def owner_of(self, parts: ShardParts, chunk: ChunkRow) -> Client:
        """Return the client of a chunk that was found."""
        ...


class ShardMessage(Message):
    """One message of a conversation over shards; attributes as those of ``Message``."""

    _clients: Mapping[str, Client]

    def __init__(
        self,
        rag: Client,
        row: MessageRow,
        clients: Mapping[str, Client],
        usage: dict[str, float] | None = None,
        question: str = "",
    ) -> None:
        super().__init__(rag, row, usage, question)
        reference = [
            Chunk(clients[hit.chunk.document_id], hit.chunk, hit, question) for hit in row.hits
        ]
        self._set(reference=reference, _clients=clients)

    def _open_pages(self) -> PageDrawer:
        return _Pages(self._clients)


class _Pages:
    """Draws each page in the project that its document is in."""

    def __init__(self, clients: Mapping[str, Client]) -> None:
        self._clients = clients

    def draw_page(
        self, document_id: str, page: int, options: RenderOptions, rows: Sequence[ChunkRow]
    ) -> bytes:
        return pages_of(self._clients[document_id]).draw_page(document_id, page, options, rows)

    def own_picture(self, row: ChunkRow) -> bytes:
        return pages_of(self._clients[row.document_id]).own_picture(row)


class _NoClient:
    """The client of messages that no chunk stands behind."""

    tenant_id = ""

    @property
    def project(self) -> Any:
        raise InvalidValueError("message", "", "one with a reference: it belongs to no project")


class ShardChat:
    """A conversation over several projects; it lives as long as this object.

    Attributes:
        llm: How its model writes.
        prompt: What it is told, and what is searched for it.
    """

    def __init__(
        self, shards: Asker, wanted: Wanted, llm: LLMSettings, prompt: PromptSettings
    ) -> None:
        """Begin a conversation; see ``Shards.create_chat``."""
        self._shards = shards
        self._wanted = wanted
        self.llm = llm
        self.prompt = prompt
        self._rows: list[MessageRow] = []
        self._clients: dict[str, Client] = {}  # of the chunks that were found, by document
        self._last: list[tuple[int, int]] = []

    @property
    def messages(self) -> list[Message]:
        """Its messages as they are now, the first first."""
        messages: list[Message] = []
        question = ""
        for row in self._rows:
            is_answer = row.role == "assistant"
            messages.append(self._message(row, question if is_answer else ""))
            question = "" if is_answer else row.content
        return messages

    def _message(
        self, row: MessageRow, question: str, usage: dict[str, float] | None = None
    ) -> ShardMessage:
        return ShardMessage(_NoClient(), row, self._clients, usage, question)

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

    def ask(
        self, question: str, stream: bool = False, *, schema: Mapping[str, Any] | None = None
    ) -> Message | Stream[Message]:
        """Answer a question from all shards, with citations; see ``Session.ask``.

        Args:
            question: A text that is not empty.
            stream: Whether to return an iterator of Messages whose ``content`` only ever grows.
            schema: A JSON schema that ``content`` then fits.

        Raises:
            InvalidValueError: The question is empty or no text; the schema is none, or there is
                no chat model to write by it.
            ShardError: A shard does not answer.
            ModelError: The chat's model is not there or cannot answer.
        """
        check_text("question", question)
        if not question.strip():
            raise InvalidValueError("question", question, "a text that is not empty")
        if schema is not None:
            check_schema(schema)
        history = list(self._rows)
        self._rows.append(_row(len(history), "user", question))
        answers = Stream[Message](lambda stop: self._answer(question, history, schema, stop))
        if stream:
            return answers
        *_, last = answers
        return last

    def _answer(
        self,
        question: str,
        history: Sequence[MessageRow],
        schema: Mapping[str, Any] | None,
        stop: Stop,
    ) -> Yields[Message]:
        began = time.monotonic()
        stream = answering.answer(replace(self._turn(question, history, schema), began=began))
        stop.ends(stream.close)
        row = _row(len(history) + 1, "assistant", "")
        last: Answer | None = None
        try:
            for last in stream:
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
                    yield self._message(row, question, last.usage)
        finally:
            stream.close()
        if last is not None and last.is_last:
            row = replace(row, create_time=now_ms())
            self._rows.append(row)
            yield self._message(row, question, last.usage)

    def _turn(
        self,
        question: str,
        history: Sequence[MessageRow],
        schema: Mapping[str, Any] | None,
    ) -> answering.Turn:
        models, llm = self._shards.models, self.llm
        with self._shards.question(self._wanted) as parts:
            embedder = self._shards.embedder_of(parts) if parts.datasets else None
            names = [known.embedding_model for known in parts.datasets]
            earlier = self._earlier(parts, history)
        return answering.Turn(
            question=question,
            history=history_of(history),
            prompt=self.prompt,
            llm=llm,
            search=self._search,
            open_generator=lambda: models.generator(llm),
            embedder=embedder,
            open_reader=models.reader if may_read(self.prompt.reader, names) else lambda: None,
            schema=schema,
            earlier=earlier,
            beside=self._beside,
            documents=cache(self._documents),
            reading=cache(self._reading),
            standing=self._standing,
        )

    def _search(self, question: str) -> list[Hit]:
        prompt = self.prompt
        options = SearchOptions(
            threshold=0.0,  # what is found is decided by the answer: by words or by meaning
            vector_weight=round(1 - prompt.keywords_similarity_weight, 9),
            limit=prompt.top_n * duplicates.DEPTH,
        )
        with self._shards.question(self._wanted) as parts:
            hits = self._shards.search(parts, question, options)
            hits = duplicates.ordered(hits, parts.vectors(hits), prompt.top_n)
            if prompt.neighbours:
                hits = with_rows(hits, parts.around(hits, prompt.neighbours))
            for hit in hits:
                owner = self._shards.owner_of(parts, hit.chunk)
                self._clients[hit.chunk.document_id] = owner
            return hits

    def _beside(self, hit: Hit) -> list[ChunkRow]:
        """Return the chunks around a hit in its document."""
        with self._shards.question(self._wanted) as parts:
            return parts.around([hit], LIST_REACH)[0]

    def _documents(self) -> dict[str, str]:
        """Return the names of the documents that have chunks, by their ids."""
        with self._shards.question(self._wanted) as parts:
            return parts.documents()

    def _reading(self, document_id: str, most: int) -> list[ChunkRow]:
        """Return the first chunks of a document in reading order, at most so many."""
        with self._shards.question(self._wanted) as parts:
            rows = parts.reading(document_id, most)
            for row in rows[:1]:
                self._clients[document_id] = self._shards.owner_of(parts, row)
            return rows

    def _earlier(self, parts: ShardParts, history: Sequence[MessageRow]) -> tuple[Hit, ...]:
        """Return the chunks that the last answer was given, where they are still so."""
        last = next((row for row in reversed(history) if row.role == "assistant"), None)
        hits = last.hits if last is not None else ()
        return hits if parts.are_there([hit.chunk for hit in hits]) else ()

    def _standing(self) -> DocumentStates:
        """Return what there is to answer from."""
        with self._shards.question(self._wanted) as parts:
            names = parts.standing()
            count = len({known.name.casefold() for known in parts.datasets})
        waiting = [name for run in ("UNSTART", "RUNNING", "CANCEL") for name in names.get(run, ())]
        done, failed = tuple(names.get("DONE", ())), tuple(names.get("FAIL", ()))
        return DocumentStates(done, tuple(waiting), failed, count, False)


def _row(ordinal: int, role: Literal["user", "assistant"], content: str) -> MessageRow:
    return MessageRow(uuid.uuid4().hex, "", ordinal, role, content, create_time=now_ms())
