"""Stores agents as they are given; their canvas is a program, which is not run here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ragflow_local.rest.call import Call
from ragflow_local.rest.chats import partly
from ragflow_local.rest.datasets import dates
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.refusals import ARGUMENT, DATA, OPERATION, Refusal
from ragflow_local.rest.routes import route
from ragflow_local.rest.spellings import TODAYS
from ragflow_local.stores.catalog import now_ms, things
from ragflow_local.stores.catalog.things import Thing

_NOT_RUN = (
    "An agent's canvas is kept by this engine, and not run. Ask a chat on the same datasets:"
    " create_chat(…).create_session().ask(…)."
)
_FIELDS = ("title", "dsl", "description", "canvas_type", "avatar", "canvas_category", "permission")


def _shown(thing: Thing, *, has_dsl: bool = True) -> dict[str, Any]:
    values = {
        "id": thing.id,
        "user_id": thing.tenant_id,
        "tenant_id": thing.tenant_id,
        "avatar": None,
        "description": None,
        "canvas_type": None,
        "canvas_category": "agent_canvas",
        "permission": "me",
        **thing.body,
        "title": thing.name,
        **dates(thing.create_time, thing.update_time),
    }
    if not has_dsl:
        values.pop("dsl", None)
    return values


def _agent(call: Call, id: str, refused: str = "canvas not found.") -> Thing:
    with call.reading() as reading:
        thing = things.get(reading, "agent", id)
    if thing is None or thing.tenant_id != call.tenant_id:
        raise Refusal(DATA, refused.format(id))
    return thing


@route("POST /agents")
def create(call: Call) -> Answer:
    """Store an agent."""
    fields = call.request.fields()
    if not fields.get("dsl"):
        raise Refusal(ARGUMENT, "No DSL data in request.")
    title = fields.get("title")
    if not isinstance(title, str) or not title.strip():
        raise Refusal(ARGUMENT, "No title in request.")
    title, now = title.strip(), now_ms()
    with call.writing() as connection:
        if things.is_named(connection, "agent", call.tenant_id, title):
            raise Refusal(DATA, f"{title} already exists.")
        body = _body(fields)
        id = uuid.uuid4().hex
        things.insert(connection, Thing(id, call.tenant_id, "agent", now, now, "", title, body))
    return done(True)


def _body(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in _FIELDS if name in fields and name != "title"}


@route("GET /agents")
def list_all(call: Call) -> Answer:
    """Return a page of the tenant's agents."""
    page = call.page()
    value = call.request.value
    with call.reading() as reading:
        agents = things.of_tenant(
            reading, "agent", call.tenant_id, keywords=value("keywords") or ""
        )
    id, title = value("id"), value("title")
    agents = [
        agent
        for agent in agents
        if (not id or agent.id == id) and (not title or agent.name == title)
    ]
    agents.sort(key=lambda agent: (agent.update_time, agent.number), reverse=page.desc)
    first = (page.number - 1) * page.size
    listed = [_shown(agent) for agent in agents[first : first + page.size]]
    if call.request.is_older_than(TODAYS):
        return done(listed)
    return done({"canvas": listed, "total": len(agents)}, total=len(agents))


@route("GET /agents/{agent_id}")
def get(call: Call, agent_id: str) -> Answer:
    """Return one agent."""
    return done(_shown(_agent(call, agent_id)))


@route("PUT /agents/{agent_id}", "PATCH /agents/{agent_id}")
def update(call: Call, agent_id: str) -> Answer:
    """Change the fields of an agent that the body names."""
    agent = _agent(call, agent_id)
    fields = {name: value for name, value in call.request.fields().items() if value is not None}
    title = str(fields.get("title", agent.name)).strip() or agent.name
    with call.writing() as connection:
        if things.is_named(connection, "agent", call.tenant_id, title, besides=agent.id):
            raise Refusal(DATA, f"{title} already exists.")
        body = {**agent.body, **_body(fields)}
        things.update(connection, replace(agent, name=title, body=body, update_time=now_ms()))
    return done(True)


@route("DELETE /agents/{agent_id}")
def delete(call: Call, agent_id: str) -> Answer:
    """Delete an agent with its sessions."""
    agent = _agent(call, agent_id)
    with call.writing() as connection:
        things.delete(connection, agent.id)
    return done(True)


# ── sessions ──


def _shown_session(thing: Thing) -> dict[str, Any]:
    messages = thing.body.get("messages", [])
    return {
        "id": thing.id,
        "agent_id": thing.parent,
        "user_id": thing.body.get("user_id", ""),
        "name": thing.name,
        "message": messages,
        "messages": messages,
        "source": "agent",
        "dsl": thing.body.get("dsl"),
        **dates(thing.create_time, thing.update_time),
    }


@route("POST /agents/{agent_id}/sessions")
def create_session(call: Call, agent_id: str) -> Answer:
    """Store a session of an agent."""
    agent = _agent(call, agent_id, "You don't own the agent {}")
    fields = call.request.fields()
    prologue = _prologue(agent.body.get("dsl"))
    body = {
        "user_id": str(fields.get("user_id") or ""),
        "dsl": agent.body.get("dsl"),
        "messages": [{"role": "assistant", "content": prologue}] if prologue else [],
    }
    now, id, name = now_ms(), uuid.uuid4().hex, str(fields.get("name") or "New session")
    thing = Thing(id, call.tenant_id, "agent_session", now, now, agent.id, name, body)
    with call.writing() as connection:
        thing = things.insert(connection, thing)
    return done(_shown_session(thing))


def _prologue(dsl: object) -> str:
    """Return the greeting of a canvas, or "" if it has none."""
    components = dsl.get("components") if isinstance(dsl, Mapping) else None
    begin = components.get("begin") if isinstance(components, Mapping) else None
    inside = begin.get("obj") if isinstance(begin, Mapping) else None
    params = inside.get("params") if isinstance(inside, Mapping) else None
    return str(params.get("prologue") or "") if isinstance(params, Mapping) else ""


@route("GET /agents/{agent_id}/sessions")
def list_sessions(call: Call, agent_id: str) -> Answer:
    """Return a page of an agent's sessions."""
    agent, page = _agent(call, agent_id, "You don't own the agent {}"), call.page()
    with call.reading() as reading:
        sessions = things.of_parents(reading, "agent_session", [agent.id])
    id = call.request.value("id")
    sessions = [session for session in sessions if not id or session.id == id]
    if not page.desc:
        sessions.reverse()
    first = (page.number - 1) * page.size
    listed = sessions[first : first + page.size]
    return done([_shown_session(session) for session in listed], total=len(sessions))


@route("DELETE /agents/{agent_id}/sessions")
def delete_sessions(call: Call, agent_id: str) -> Answer:
    """Delete sessions of an agent, and tell which of those named do not exist."""
    agent = _agent(call, agent_id, "You don't own the agent {}")
    ids = call.ids("ids")
    with call.writing() as connection:
        known = {thing.id for thing in things.of_parents(connection, "agent_session", [agent.id])}
        if not ids and call.all_named():
            ids = list(known)
        wanted = list(dict.fromkeys(ids or ()))
        for id in known.intersection(wanted):
            things.delete(connection, id)
    missing = [f"The agent doesn't own the session {id}" for id in wanted if id not in known]
    return partly("sessions", len(wanted) - len(missing), [*missing, *call.twice(ids or ())])


@route("POST /agents/chat/completions", "POST /agents/{agent_id}/completions")
def ask(call: Call, agent_id: str = "") -> Answer:
    """Answer that a canvas is not run, in the form the client reads."""
    fields = call.request.fields()
    _agent(call, agent_id or str(fields.get("agent_id") or ""), "You don't own the agent {}")
    event = {
        "event": "message",
        "message_id": uuid.uuid4().hex,
        "session_id": fields.get("session_id"),
        "data": {"content": f"**ERROR**: {_NOT_RUN}", "reference": {}},
    }
    if fields.get("stream", True):
        return Answer(events=iter([event]))
    return Answer({"code": OPERATION, "message": _NOT_RUN, "data": event})
