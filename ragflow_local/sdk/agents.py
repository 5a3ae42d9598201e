"""Agents of the released client, which are stored and not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ragflow_local.sdk.base import Base, Caller, named
from ragflow_local.sdk.session import Session


class Agent(Base):
    """An agent; asking it raises an error that says what to do instead."""

    class Dsl(Base):
        """The canvas of an agent."""

        _DEFAULTS: ClassVar = {
            "answer": [],
            "components": {},
            "graph": {"edges": [], "nodes": []},
            "history": [],
            "messages": [],
            "path": [],
            "reference": [],
        }

    id: str
    title: str
    avatar: str | None
    canvas_type: str | None
    description: str | None
    dsl: Base

    _DEFAULTS: ClassVar = {
        "id": None,
        "avatar": None,
        "canvas_type": None,
        "description": None,
        "dsl": None,
    }

    @property
    def _path(self) -> str:
        return f"/agents/{self.id}"

    def create_session(self, **more: Any) -> Session:
        """Create a session."""
        return Session(self.rag, self.rag.data("POST", f"{self._path}/sessions", more))

    def list_sessions(
        self,
        page: int = 1,
        page_size: int = 30,
        orderby: str = "create_time",
        desc: bool = True,
        id: str | None = None,
    ) -> list[Session]:
        """Return a page of the agent's sessions."""
        data = self.rag.data(
            "GET",
            f"{self._path}/sessions",
            page=page,
            page_size=page_size,
            orderby=orderby,
            desc=desc,
            id=id,
        )
        return [Session(self.rag, session) for session in data]

    def delete_sessions(self, ids: Sequence[str] | None = None, delete_all: bool = False) -> None:
        """Delete sessions by their ids, or all; without either, none."""
        self.rag.data("DELETE", f"{self._path}/sessions", named(ids, delete_all))


class AgentCalls(Caller):
    """The calls of ``RAGFlow`` for agents."""

    def list_agents(
        self,
        page: int = 1,
        page_size: int = 30,
        orderby: str = "update_time",
        desc: bool = True,
        id: str | None = None,
        title: str | None = None,
    ) -> list[Agent]:
        """Return a page of the tenant's agents."""
        data = self.data(
            "GET",
            "/agents",
            page=page,
            page_size=page_size,
            orderby=orderby,
            desc=desc,
            id=id,
            title=title,
        )
        return [Agent(self, agent) for agent in data["canvas"]]

    def get_agent(self, agent_id: str) -> Agent:
        """Return an agent."""
        return Agent(self, self.data("GET", f"/agents/{agent_id}"))

    def create_agent(
        self,
        title: str,
        dsl: Mapping[str, Any],
        description: str | None = None,
        canvas_type: str | None = None,
    ) -> None:
        """Create an agent."""
        self.data("POST", "/agents", _given(title, description, dsl, canvas_type))

    def update_agent(
        self,
        agent_id: str,
        title: str | None = None,
        description: str | None = None,
        dsl: Mapping[str, Any] | None = None,
        canvas_type: str | None = None,
    ) -> None:
        """Change the named fields of an agent."""
        self.data("PUT", f"/agents/{agent_id}", _given(title, description, dsl, canvas_type))

    def delete_agent(self, agent_id: str) -> None:
        """Delete an agent with its sessions."""
        self.data("DELETE", f"/agents/{agent_id}", {})


def _given(title: object, description: object, dsl: object, canvas_type: object) -> dict[str, Any]:
    values = {
        "title": title,
        "description": description,
        "dsl": dsl.to_json() if isinstance(dsl, Base) else dsl,
        "canvas_type": canvas_type,
    }
    return {name: value for name, value in values.items() if value is not None}
