"""Memories of the released client, and their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from ragflow_local.sdk.base import Base, Caller


class Memory(Base):
    """A memory: messages of agents that are searched."""

    id: str
    name: str
    avatar: str | None
    tenant_id: str
    owner_name: str
    memory_type: list[str]
    storage_type: str
    embd_id: str
    llm_id: str
    permissions: str
    description: str | None
    memory_size: int
    forgetting_policy: str
    temperature: float
    system_prompt: str
    user_prompt: str

    _KEEPS_ALL: ClassVar = False
    _DEFAULTS: ClassVar = {
        "id": "",
        "name": "",
        "avatar": None,
        "tenant_id": None,
        "owner_name": "",
        "memory_type": ["raw"],
        "storage_type": "table",
        "embd_id": "",
        "llm_id": "",
        "permissions": "me",
        "description": "",
        "memory_size": 5 * 1024 * 1024,
        "forgetting_policy": "FIFO",
        "temperature": 0.5,
        "system_prompt": "",
        "user_prompt": "",
    }

    @property
    def _path(self) -> str:
        return f"/memories/{self.id}"

    def _take(self, data: Mapping[str, Any]) -> Self:
        known = {name: value for name, value in data.items() if name in self._DEFAULTS}
        self._update_from_dict(self.rag, known)
        return self

    def update(self, update_dict: Mapping[str, Any]) -> Self:
        """Change the named fields."""
        return self._take(self.rag.data("PUT", self._path, dict(update_dict)))

    def get_config(self) -> Self:
        """Fetch the memory anew."""
        return self._take(self.rag.data("GET", f"{self._path}/config"))

    def list_memory_messages(
        self,
        agent_id: str | Sequence[str] | None = None,
        keywords: str | None = None,
        page: int = 1,
        page_size: int = 50,
    ) -> dict[str, Any]:
        """Return a page of the messages, newest first; ``keywords`` is part of a session id."""
        data = self.rag.data(
            "GET",
            self._path,
            agent_id=agent_id,
            keywords=keywords,
            page=page,
            page_size=page_size,
        )
        return dict(data)

    def forget_message(self, message_id: int) -> bool:
        """Take a message out of search."""
        self.rag.data("DELETE", f"/messages/{self.id}:{message_id}", {})
        return True

    def update_message_status(self, message_id: int, status: bool) -> bool:
        """Switch a message on or off for search."""
        self.rag.data("PUT", f"/messages/{self.id}:{message_id}", {"status": status})
        return True

    def get_message_content(self, message_id: int) -> dict[str, Any]:
        """Return one message with its vector."""
        return dict(self.rag.data("GET", f"/messages/{self.id}:{message_id}/content"))


class MemoryCalls(Caller):
    """The calls of ``RAGFlow`` for memories."""

    def create_memory(
        self, name: str, memory_type: Sequence[str], embd_id: str, llm_id: str
    ) -> Memory:
        """Create a memory; a taken name gets a number."""
        body = {
            "name": name,
            "memory_type": list(memory_type) if isinstance(memory_type, tuple) else memory_type,
            "embd_id": embd_id,
            "llm_id": llm_id,
        }
        return Memory(self, self.data("POST", "/memories", body))

    def list_memory(
        self,
        page: int = 1,
        page_size: int = 50,
        tenant_id: str | Sequence[str] | None = None,
        memory_type: str | Sequence[str] | None = None,
        storage_type: str | None = None,
        keywords: str | None = None,
    ) -> dict[str, Any]:
        """Return a page of the tenant's memories, the newest first, and how many there are."""
        data = self.data(
            "GET",
            "/memories",
            page=page,
            page_size=page_size,
            tenant_id=tenant_id,
            memory_type=memory_type,
            storage_type=storage_type,
            keywords=keywords,
        )
        memories = [Memory(self, memory) for memory in data["memory_list"]]
        total = data["total_count"]
        return {"code": 0, "message": True, "memory_list": memories, "total_count": total}

    def delete_memory(self, memory_id: str) -> None:
        """Delete a memory with its messages."""
        self.data("DELETE", f"/memories/{memory_id}", {})

    def add_message(
        self,
        memory_id: Sequence[str],
        agent_id: str,
        session_id: str,
        user_input: str,
        agent_response: str,
        user_id: str = "",
    ) -> str:
        """Add a message to each of several memories, and return the message of the answer."""
        body = {
            "memory_id": list(memory_id) if isinstance(memory_id, tuple) else memory_id,
            "agent_id": agent_id,
            "session_id": session_id,
            "user_input": user_input,
            "agent_response": agent_response,
            "user_id": user_id,
        }
        self.data("POST", "/messages", body)
        return "All add to task."

    def search_message(
        self,
        query: str,
        memory_id: Sequence[str],
        agent_id: str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        similarity_threshold: float = 0.2,
        keywords_similarity_weight: float = 0.7,
        top_n: int = 10,
    ) -> list[dict[str, Any]]:
        """Return the messages most similar to a question."""
        data = self.data(
            "GET",
            "/messages/search",
            query=query,
            memory_id=memory_id,
            agent_id=agent_id,
            session_id=session_id,
            user_id=user_id,
            similarity_threshold=similarity_threshold,
            keywords_similarity_weight=keywords_similarity_weight,
            top_n=top_n,
        )
        return list(data)

    def get_recent_messages(
        self,
        memory_id: Sequence[str],
        agent_id: str | None = None,
        session_id: str | None = None,
        limit: int = 10,
    ) -> list[dict[str, Any]]:
        """Return the newest messages."""
        data = self.data(
            "GET",
            "/messages",
            memory_id=memory_id,
            agent_id=agent_id,
            session_id=session_id,
            limit=limit,
        )
        return list(data)
