"""Chat: an assistant over some datasets, with its own model and prompt settings."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ragflow_local.api import checks
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.entity import ApiObject, Client, SettingsObject
from ragflow_local.api.session import Session
from ragflow_local.errors import InvalidValueError, NameTakenError, NotFoundError
from ragflow_local.records import ChatRow, MessageRow, SessionRow
from ragflow_local.settings import LLMSettings, PromptSettings, Settings, check_name, check_text
from ragflow_local.stores.catalog import (
    Connection,
    IntegrityError,
    chats,
    datasets,
    now_ms,
    sessions,
)


class Chat(ApiObject):
    """A chat assistant.

    Attributes:
        id: Its id.
        name: Its name, unique among its tenant's chats without regard to case.
        avatar: An image as Base64.
        knowledgebases: The datasets it knows, those that are still there.
        llm: How its model writes.
        prompt: What it is told, and what is searched for it.
        create_time: Milliseconds since 1970, UTC; likewise ``update_time``.
    """

    class LLM(SettingsObject):
        """How a chat's model writes; see ``settings.LLMSettings`` for each value."""

        _KIND = LLMSettings

    class Prompt(SettingsObject):
        """What a chat tells its model and searches for it; see ``settings.PromptSettings``."""

        _KIND = PromptSettings

        @classmethod
        def of(cls, given: Any) -> Chat.Prompt:
            """Return prompt settings; a plain text sets ``prompt`` alone."""
            if isinstance(given, str):
                return cls({"prompt": given})
            return super().of(given)

    id: str
    name: str
    avatar: str
    llm: LLM
    prompt: Prompt
    create_time: int
    update_time: int

    _SHOWN: ClassVar = (
        "id",
        "name",
        "avatar",
        "knowledgebases",
        "llm",
        "prompt",
        "create_time",
        "update_time",
    )

    def __init__(self, rag: Client, row: ChatRow) -> None:
        self._set(_rag=rag)
        self._load(row)

    def _load(self, row: ChatRow) -> None:
        self._set(
            _row=row,
            id=row.id,
            name=row.name,
            avatar=row.avatar,
            llm=Chat.LLM.wrap(row.llm),
            prompt=Chat.Prompt.wrap(row.prompt),
            create_time=row.create_time,
            update_time=row.update_time,
        )

    @classmethod
    def create(
        cls,
        rag: Client,
        name: str,
        avatar: str,
        knowledgebases: Sequence[DataSet | str],
        llm: Any,
        prompt: Any,
    ) -> Chat:
        """Make a chat; see ``RAGFlow.create_chat``."""
        check_text("avatar", avatar)
        now = now_ms()
        values = {
            "id": uuid.uuid4().hex,
            "tenant_id": rag.tenant_id,
            "name": check_name(name),
            "avatar": avatar,
            "llm": Chat.LLM.of(llm)._settings,
            "prompt": Chat.Prompt.of(prompt)._settings,
            "create_time": now,
            "update_time": now,
        }
        try:
            with rag.project.catalog.write() as connection:
                ids = _dataset_ids(connection, rag.tenant_id, knowledgebases)
                chats.insert(connection, {**values, "dataset_ids": ids})
                row = chats.get(connection, str(values["id"]))
        except IntegrityError:
            raise NameTakenError("chat", name) from None
        assert row is not None
        return cls(rag, row)

    @property
    def knowledgebases(self) -> list[DataSet]:
        """The datasets it knows; one that was deleted is left out."""
        with self._rag.project.catalog.read() as reading:
            rows = [datasets.get(reading, id) for id in self._reload().dataset_ids]
        return [DataSet(self._rag, row) for row in rows if row is not None]

    def _reload(self) -> ChatRow:
        with self._rag.project.catalog.read() as reading:
            row = chats.get(reading, self.id)
        if row is None:
            raise NotFoundError("chat", self.id)
        return row

    def update(self, update_message: dict[str, Any]) -> None:
        """Change ``name``, ``avatar``, ``knowledgebases``, ``llm`` or ``prompt``.

        ``llm`` and ``prompt`` given as dicts are merged into what is there; ``prompt`` given as a
        text sets the prompt alone.

        Raises:
            InvalidValueError: A key is unknown, or a value is not allowed.
            NameTakenError: Another chat has that name.
            NotFoundError: The chat or a dataset does not exist.
        """
        row = self._reload()
        changeable = ("name", "avatar", "knowledgebases", "llm", "prompt")
        values = checks.changes(update_message, changeable, {}, {"id": self.id})
        if "name" in values:
            check_name(values["name"])
        if "avatar" in values:
            check_text("avatar", values["avatar"])
        if "llm" in values:
            values["llm"] = _merged(Chat.LLM.wrap(row.llm), values["llm"])
        if "prompt" in values:
            given = values["prompt"]
            given = {"prompt": given} if isinstance(given, str) else given
            values["prompt"] = _merged(Chat.Prompt.wrap(row.prompt), given)
        try:
            with self._rag.project.catalog.write() as connection:
                if "knowledgebases" in values:
                    given = values.pop("knowledgebases")
                    tenant_id = self._rag.tenant_id
                    values["dataset_ids"] = _dataset_ids(connection, tenant_id, given)
                chats.update(connection, self.id, {**values, "update_time": now_ms()})
        except IntegrityError:
            raise NameTakenError("chat", values["name"]) from None
        self._load(self._reload())

    def get_prologue(self) -> str:
        """Return what the assistant says first in every session."""
        return self._reload().prompt.opener

    def create_session(self, name: str = "New session") -> Session:
        """Start a conversation; its first message is the chat's opener.

        An engine that was opened with ``read_only=True`` keeps none: it lives with its object.

        Raises:
            InvalidValueError: The name is not allowed.
            NotFoundError: The chat has been deleted.
        """
        check_name(name)
        now = now_ms()
        row = SessionRow(uuid.uuid4().hex, self.id, name, now, now)
        opener = MessageRow(
            uuid.uuid4().hex, row.id, 0, "assistant", self.get_prologue(), create_time=now
        )
        if self._rag.project.catalog.read_only:
            return Session(self._rag, row, unkept=[opener])
        with self._rag.project.catalog.write() as connection:
            if chats.get(connection, self.id) is None:
                raise NotFoundError("chat", self.id)
            sessions.insert(connection, row)
            sessions.add_message(connection, opener)
        return Session(self._rag, row)

    def list_sessions(
        self,
        page: int = 1,
        page_size: int = 1024,
        orderby: str = "create_time",
        desc: bool = True,
        id: str | None = None,
        name: str | None = None,
        *,
        order_by: str | None = None,
    ) -> list[Session]:
        """Return one page of its sessions; see ``RAGFlow.list_datasets`` for the arguments."""
        self._reload()
        paging = checks.paging(page, page_size, order_by or orderby, desc)
        with self._rag.project.catalog.read() as reading:
            rows = sessions.list_of(reading, self.id, id=id, name=name, paging=paging)
        return [Session(self._rag, row) for row in rows]

    def delete_sessions(self, ids: list[str] | None = None) -> None:
        """Delete sessions, by id or name, with their messages: all of them, or none.

        Raises:
            InvalidValueError: ``ids`` is None or empty; nothing is deleted unless it was named.
            NotFoundError: An entry names no session of this chat; nothing is deleted.
        """
        session_ids: list[str] = []
        for entry in checks.named(ids):
            rows = self.list_sessions(id=entry) or self.list_sessions(name=entry)
            if not rows:
                raise NotFoundError("session", entry)
            session_ids += [row.id for row in rows]
        with self._rag.project.catalog.write() as connection:
            for id in session_ids:
                sessions.delete(connection, id)


def _merged(settings: SettingsObject, given: Any) -> Settings:
    if isinstance(given, Mapping):
        return settings.merged(given)._settings
    return type(settings).of(given)._settings


def delete_chats(rag: Client, ids: Sequence[str]) -> None:
    """Delete chats, by id or name: all of them or, where one does not exist, none."""
    paging = checks.paging(1, 1, "create_time", desc=True)
    with rag.project.catalog.write() as connection:
        for id in [_chat_id(connection, rag.tenant_id, entry, paging) for entry in ids]:
            chats.delete(connection, id)


def _chat_id(connection: Connection, tenant_id: str, entry: str, paging: dict[str, Any]) -> str:
    for key in ("id", "name"):
        named = {"id": None, "name": None, key: entry}
        for row in chats.list_of(connection, tenant_id, **named, paging=paging):
            return row.id
    raise NotFoundError("chat", entry)


def _dataset_ids(
    connection: Connection, tenant_id: str, given: Sequence[DataSet | str]
) -> tuple[str, ...]:
    """Return the ids of datasets given as objects, ids or names."""
    if isinstance(given, DataSet | str):
        given = [given]
    if not isinstance(given, Sequence):
        raise InvalidValueError("knowledgebases", given, "a list of DataSet objects, ids or names")
    paging = {"page": 1, "page_size": 1, "orderby": "create_time", "desc": False}
    ids = []
    for entry in given:
        key = entry.id if isinstance(entry, DataSet) else entry
        if not isinstance(key, str):
            raise InvalidValueError("knowledgebases", entry, "DataSet objects, ids or names")
        rows = datasets.list_visible(connection, tenant_id, id=key, name=None, paging=paging)
        rows = rows or datasets.list_visible(
            connection, tenant_id, id=None, name=key, paging=paging
        )
        if not rows:
            raise NotFoundError("dataset", key, by="id or name")
        ids.append(rows[0].id)
    return tuple(dict.fromkeys(ids))
