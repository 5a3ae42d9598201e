"""Chats of the released client, by the names of all its versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ragflow_local.errors import RefusedError
from ragflow_local.sdk.base import Base, named, plain
from ragflow_local.sdk.session import Session
from ragflow_local.settings import DEFAULT_PROMPT


class Chat(Base):
    """An assistant that answers from datasets, as it was when it was fetched.

    It has the attributes of today (``llm_setting``, ``prompt_config``, ``icon`` …) and those of
    clients up to 0.24 (``llm``, ``prompt``, ``avatar``).
    """

    class LLM(Base):
        """The model settings of clients up to 0.24."""

        _DEFAULTS: ClassVar = {
            "model_name": None,
            "temperature": 0.1,
            "top_p": 0.3,
            "presence_penalty": 0.4,
            "frequency_penalty": 0.7,
            "max_tokens": 512,
        }

    class Prompt(Base):
        """The settings of prompt and search of clients up to 0.24."""

        _DEFAULTS: ClassVar = {
            "similarity_threshold": 0.2,
            "keywords_similarity_weight": 0.7,
            "top_n": 8,
            "top_k": 1024,
            "variables": [{"key": "knowledge", "optional": True}],
            "rerank_model": "",
            "empty_response": None,
            "opener": "Hi! I'm your assistant. What can I do for you?",
            "show_quote": True,
            "prompt": DEFAULT_PROMPT,
        }

    id: str
    name: str
    icon: str
    dataset_ids: list[str]
    llm_id: str | None
    llm_setting: Base
    prompt_config: Base
    similarity_threshold: float
    vector_similarity_weight: float
    top_n: int
    top_k: int
    rerank_id: str
    avatar: str
    llm: Base
    prompt: Base

    _DEFAULTS: ClassVar = {
        "id": "",
        "name": "assistant",
        "icon": "",
        "dataset_ids": [],
        "llm_id": None,
        "llm_setting": {},
        "prompt_config": {},
        "similarity_threshold": 0.2,
        "vector_similarity_weight": 0.3,
        "top_n": 6,
        "top_k": 1024,
        "rerank_id": "",
    }

    @property
    def _path(self) -> str:
        return f"/chats/{self.id}"

    def update(self, update_message: Mapping[str, Any]) -> None:
        """Change the named fields, settings merged; this object stays as it was fetched.

        Raises:
            RefusedError: It is refused; the message says why.
        """
        if not isinstance(update_message, Mapping):
            raise RefusedError(101, "ValueError('`update_message` must be a dict')")
        for name in ("llm", "prompt"):
            if update_message.get(name) == {}:
                raise RefusedError(101, f"ValueError('`{name}` cannot be empty')")
        body = {name: plain(value) for name, value in update_message.items()}
        self.rag.data("PATCH", self._path, body)

    def create_session(self, name: str = "New session", **more: Any) -> Session:
        """Start a conversation."""
        data = self.rag.data("POST", f"{self._path}/sessions", {"name": name, **more})
        return Session(self.rag, data)

    def list_sessions(
        self,
        page: int = 1,
        page_size: int = 30,
        orderby: str = "create_time",
        desc: bool = True,
        id: str | None = None,
        name: str | None = None,
        user_id: str | None = None,
    ) -> list[Session]:
        """Return a page of the chat's sessions."""
        data = self.rag.data(
            "GET",
            f"{self._path}/sessions",
            page=page,
            page_size=page_size,
            orderby=orderby,
            desc=desc,
            id=id,
            name=name,
            user_id=user_id,
        )
        return [Session(self.rag, session) for session in data]

    def delete_sessions(self, ids: Sequence[str] | None = None, delete_all: bool = False) -> None:
        """Delete sessions by their ids, or all; without either, none."""
        self.rag.data("DELETE", f"{self._path}/sessions", named(ids, delete_all))
