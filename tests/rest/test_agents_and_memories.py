"""Agents and memories, kept and searched, in the released API's words."""

from typing import Any

import pytest

from ragflow_local.rest import Request
from tests.rest.conftest import Asked

KEY = "ragflow-agents"
NOBODY = "f" * 32
DSL = {"components": {"begin": {"obj": {"params": {"prologue": "Good day."}}}}}


@pytest.fixture
def own(ask: Asked) -> Asked:
    return Asked(ask.api, KEY)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"title": "a"}, "No DSL data in request."),
        ({"dsl": DSL}, "No title in request."),
    ],
)
def test_a_wrong_agent_is_refused(own: Asked, given: Any, message: str) -> None:
    answer = own("POST", "/agents", given)
    assert (answer["code"], answer["message"]) == (101, message)


def test_an_agent_is_kept_and_says_that_it_is_not_run(own: Asked) -> None:
    own.data("POST", "/agents", {"title": "kept", "dsl": DSL, "description": "d"})
    assert (
        own("POST", "/agents", {"title": "kept", "dsl": DSL})["message"] == "kept already exists."
    )
    [agent] = own.data("GET", "/agents")["canvas"]
    path = f"/agents/{agent['id']}"
    assert (agent["title"], agent["dsl"], agent["description"]) == ("kept", DSL, "d")
    own.data("PUT", path, {"title": "renamed", "description": None})
    assert own.data("GET", path)["title"] == "renamed"
    session = own.data("POST", f"{path}/sessions", {"user_id": "u"})
    assert (session["agent_id"], session["user_id"]) == (agent["id"], "u")
    assert session["messages"] == [{"role": "assistant", "content": "Good day."}]
    body = {"agent_id": agent["id"], "query": "x", "stream": False}
    answer = own("POST", "/agents/chat/completions", body)
    assert (answer["code"], "not run" in answer["message"]) == (103, True)
    asked = Request(
        "POST", "/api/v1/agents/chat/completions", body={**body, "stream": True}, key=KEY
    )
    assert b"not run" in b"".join(own.api.handle(asked).parts())
    answer = own("DELETE", f"{path}/sessions", {"ids": [NOBODY]})
    assert answer["message"] == f"The agent doesn't own the session {NOBODY}"
    assert own("DELETE", f"{path}/sessions", {"ids": [session["id"]]})["code"] == 0
    assert own.data("GET", f"{path}/sessions") == []
    assert own("DELETE", path, {})["code"] == 0
    assert own("GET", path)["message"] == "canvas not found."
    for method, below in (("GET", "sessions"), ("POST", "sessions"), ("DELETE", "sessions")):
        answer = own(method, f"/agents/{NOBODY}/{below}", {})
        assert answer["message"] == f"You don't own the agent {NOBODY}"


MEMORY = {"name": "m", "memory_type": ["raw"], "embd_id": "e@p", "llm_id": "l@p"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": " "}, "Memory name cannot be empty or whitespace."),
        ({"name": "n" * 129}, f"Memory name '{'n' * 129}' exceeds limit of 128."),
        ({"memory_type": ["something"]}, "Memory type '{'something'}' is not supported."),
        ({"memory_type": "raw"}, "Memory type must be a list."),
        ({"permissions": "all"}, "Unknown permission 'all'."),
        ({"memory_size": 0}, "memory_size should be in range"),
        ({"memory_size": 10_485_761}, "memory_size should be in range"),
        ({"temperature": 1.1}, "temperature should be in range"),
        ({"forgetting_policy": "LRU"}, "Forgetting policy 'LRU' is not supported."),
    ],
)
def test_a_wrong_memory_is_refused(own: Asked, given: Any, message: str) -> None:
    memory = own.data("POST", "/memories", MEMORY)
    calls = [("PUT", f"/memories/{memory['id']}", given)]
    if not set(given) - set(MEMORY):
        calls.append(("POST", "/memories", {**MEMORY, **given}))
    for method, path, body in calls:
        answer = own(method, path, body)
        assert (answer["code"], message in answer["message"]) == (101, True)
    own("DELETE", f"/memories/{memory['id']}", {})


def test_a_memory_is_made_changed_and_listed(ask: Asked) -> None:
    own = Asked(ask.api, "ragflow-memories")
    answer = own("POST", "/memories", MEMORY)
    assert answer["message"] is True
    first = answer["data"]
    assert (first["memory_size"], first["forgetting_policy"]) == (5 * 1024 * 1024, "FIFO")
    second = own.data("POST", "/memories", {**MEMORY, "memory_type": ["raw", "semantic"]})
    assert second["name"] == "m(1)"
    path = f"/memories/{second['id']}"
    assert own.data("PUT", path, {"name": "m", "temperature": 0.1})["name"] == "m(1)"
    assert own.data("GET", f"{path}/config")["temperature"] == 0.1
    listed = own.data("GET", "/memories", memory_type=["semantic"])
    assert ([memory["name"] for memory in listed["memory_list"]], listed["total_count"]) == (
        ["m(1)"],
        1,
    )
    assert own.data("GET", "/memories", keywords="(1)")["total_count"] == 1
    assert own.data("GET", "/memories", page_size=1)["total_count"] == 2
    assert own("DELETE", path, {})["code"] == 0
    for method, where in (
        ("DELETE", path),
        ("GET", path),
        ("GET", f"{path}/config"),
        ("PUT", path),
    ):
        answer = own(method, where, {})
        assert (answer["code"], answer["message"]) == (404, f"Memory '{second['id']}' not found.")


def test_messages_are_found_until_they_are_forgotten(own: Asked) -> None:
    memory = own.data("POST", "/memories", MEMORY)
    path = f"/memories/{memory['id']}"

    def add(asked: str, answered: str, **more: str) -> None:
        given = {"agent_id": "a", "session_id": "s", "user_input": asked}
        body = {"memory_id": [memory["id"]], **given, "agent_response": answered, **more}
        assert own("POST", "/messages", body)["message"] == "All add to task."

    def search(**more: object) -> list[int]:
        asked = {"query": "Where is the pump?", "memory_id": memory["id"], **more}
        return [message["message_id"] for message in own.data("GET", "/messages/search", **asked)]

    add("Where is the pump?", "In the cellar.")
    add("When is the party?", "On Monday.", agent_id="b", session_id="other")
    listed = own.data("GET", path)["messages"]
    assert listed["total_count"] == 2
    newest, pump = listed["message_list"]
    assert (pump["message_type"], pump["extract"], "content" in pump) == ("raw", [], False)
    assert own.data("GET", path, agent_id="b")["messages"]["total_count"] == 1
    assert own.data("GET", path, keywords="OTH")["messages"]["total_count"] == 1
    assert search()[0] == pump["message_id"]
    assert search(agent_id="b", similarity_threshold=0) == [newest["message_id"]]
    assert search(top_n=1) == [pump["message_id"]]
    recent = own.data("GET", "/messages", memory_id=memory["id"], limit=1)
    assert recent[0]["content"] == "User Input: When is the party?\nAgent Response: On Monday."
    one = f"/messages/{memory['id']}:{pump['message_id']}"
    assert own.data("GET", f"{one}/content")["content_embed"]
    own.data("PUT", one, {"status": False})
    assert pump["message_id"] not in search(similarity_threshold=0)
    assert own.data("GET", f"{one}/content")["status"] is False
    own.data("PUT", one, {"status": True})
    own.data("DELETE", one, {})
    assert pump["message_id"] not in search(similarity_threshold=0)
    assert own.data("GET", f"{one}/content")["forget_at"]
    assert own("PUT", one, {"status": 1})["code"] == 101
    assert own("DELETE", f"/messages/{memory['id']}:999999", {})["code"] == 404
    answer = own("PUT", path, {"embd_id": "embedding-3@ZHIPU-AI"})
    assert answer["code"] == 101


def test_a_full_memory_forgets_the_oldest(own: Asked) -> None:
    memory = own.data("POST", "/memories", MEMORY)
    own.data("PUT", f"/memories/{memory['id']}", {"memory_size": 150})
    for number in range(5):
        text = {"user_input": f"question {number}", "agent_response": "x" * 20}
        own.data("POST", "/messages", {"memory_id": [memory["id"]], **text})
    listed = own.data("GET", "/messages", memory_id=memory["id"])
    assert [message["content"].split("\n")[0] for message in listed] == [
        "User Input: question 4",
        "User Input: question 3",
    ]
