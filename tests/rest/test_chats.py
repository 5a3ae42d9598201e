"""Every rule of chats, sessions and asking, in the released API's words."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ragflow_local.rest import Request
from tests.rest.conftest import NO_IDS, Asked, wait

KEY = "ragflow-chats"
NOBODY = "f" * 32
REFUSED = {"code": 109, "message": "no authorization", "data": None}


@pytest.fixture(scope="module")
def own(ask: Asked) -> Asked:
    """Calls of a tenant without other chats."""
    return Asked(ask.api, KEY)


@pytest.fixture(scope="module")
def dataset(own: Asked) -> Any:
    made = own.data("POST", "/datasets", {"name": "chats"})
    path = f"/datasets/{made['id']}"
    files = [("pump.md", b"The pump stands in the cellar. It was built in 1987.")]
    [document] = own.data("POST", f"{path}/documents", files=files)
    own.data("POST", f"{path}/chunks", {"document_ids": [document["id"]]})
    wait(own, made)
    return made


@pytest.fixture
def chat(own: Asked, dataset: Any) -> Iterator[Any]:
    yield own.data("POST", "/chats", {"name": "Miss R", "dataset_ids": [dataset["id"]]})
    own.data("DELETE", "/chats", {"delete_all": True})


@pytest.fixture
def sessions(chat: Any) -> str:
    return f"/chats/{chat['id']}/sessions"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": ""}, "`name` is required"),
        ({"name": " "}, "`name` is required"),
        ({"name": None}, "`name` is required"),
        ({"name": 1}, "`name` is required"),
        ({"name": "é" * 128}, "chat name length is 256 which is larger than 255"),
        ({"name": "miss r"}, "duplicated chat name in creating chat"),
        ({"dataset_ids": [NOBODY]}, f"You don't own the dataset {NOBODY}"),
        ({"dataset_ids": "x"}, "`dataset_ids` should be a list."),
        ({"llm_id": "unknown@p"}, "`llm_id` unknown@p doesn't exist"),
        ({"prompt_config": "x"}, "`prompt_config` should be an object."),
        ({"llm_setting": []}, "`llm_setting` should be an object."),
        ({"tenant_id": "x"}, "`tenant_id` must not be provided"),
    ],
)
def test_a_wrong_chat_is_refused(own: Asked, chat: Any, given: Any, message: str) -> None:
    answer = own("POST", "/chats", {"name": "refused", **given})
    assert (answer["code"], answer["message"]) == (102, message)


@pytest.mark.parametrize("name", ["vector_similarity_weight", "similarity_threshold", "top_n"])
@pytest.mark.parametrize("value", ["a", -1, 10, [], True])
def test_a_number_of_another_kind_is_kept_and_answered_as_given(
    own: Asked, chat: Any, name: str, value: Any
) -> None:
    assert own.data("POST", "/chats", {"name": "odd", name: value})[name] == value


def test_a_dataset_without_chunks_is_refused(own: Asked) -> None:
    id = own.data("POST", "/datasets", {"name": "nothing parsed"})["id"]
    answer = own("POST", "/chats", {"name": "refused", "dataset_ids": [id]})
    assert answer["message"] == f"The dataset {id} doesn't own parsed file"


def test_a_chat_has_its_defaults(chat: Any, dataset: Any) -> None:
    expected = {
        "description": "A helpful Assistant",
        "icon": "",
        "top_n": 6,
        "top_k": 1024,
        "rerank_id": "",
        "similarity_threshold": 0.1,
        "vector_similarity_weight": 0.3,
        "llm_setting": {},
        "dataset_ids": [dataset["id"]],
        "kb_names": [dataset["name"]],
        "llm_id": "glm-4-flash@CI@ZHIPU-AI",
    }
    assert {name: chat[name] for name in expected} == expected
    prompt = chat["prompt_config"]
    assert prompt["prologue"] == "Hi! I'm your assistant. What can I do for you?"
    assert prompt["empty_response"] == "Sorry! No relevant content was found in the knowledge base!"
    assert (prompt["quote"], prompt["tts"], prompt["refine_multiturn"]) == (True, False, True)
    assert prompt["parameters"] == [
        {"key": "knowledge", "optional": False},
        {"key": "date", "optional": True},
    ]
    assert chat["create_time"] and chat["tenant_id"]


@pytest.mark.parametrize(
    "given",
    [
        {"icon": "any text"},
        {"llm_setting": {"temperature": 0, "top_p": 1, "max_tokens": 0, "presence_penalty": 0.5}},
        {"llm_setting": {"max_token": 0}},
        {"prompt_config": {"prologue": "", "empty_response": "", "quote": False, "own": 1}},
        {"prompt_config": {"system": "No place for it."}},
        {"top_n": 1, "top_k": 5, "similarity_threshold": 0.5, "vector_similarity_weight": 0.7},
        {"dataset_ids": []},
        {"llm_id": "glm-4-flash@ZHIPU-AI"},
    ],
    ids=str,
)
def test_what_is_given_is_answered(own: Asked, chat: Any, given: Any) -> None:
    made = own.data("POST", "/chats", {"name": "given", **given})
    changed = own.data("PATCH", f"/chats/{chat['id']}", {**given, "unknown": 1})
    for answered in (made, changed, own.data("GET", f"/chats/{made['id']}")):
        for name, value in given.items():
            if name == "prompt_config":
                assert {key: answered[name][key] for key in value} == value
            else:
                assert answered[name] == value
        assert "unknown" not in answered


def test_a_blank_system_text_is_the_default(own: Asked, chat: Any) -> None:
    path = f"/chats/{chat['id']}"
    changed = own.data("PATCH", path, {"prompt_config": {"system": " "}})
    assert changed["prompt_config"]["system"] == chat["prompt_config"]["system"]


def test_an_update_merges(own: Asked, chat: Any) -> None:
    path = f"/chats/{chat['id']}"
    own.data("PATCH", path, {"llm_setting": {"top_p": 0.5}, "prompt_config": {"quote": False}})
    merged = own.data("PATCH", path, {"llm_setting": {"temperature": 0.5}, "name": "Mr R"})
    assert merged["llm_setting"] == {"top_p": 0.5, "temperature": 0.5}
    assert merged["prompt_config"] == {**chat["prompt_config"], "quote": False}
    assert (merged["name"], merged["dataset_ids"]) == ("Mr R", chat["dataset_ids"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": ""}, "`name` cannot be empty"),
        ({"name": " "}, "`name` cannot be empty"),
        ({"name": "OTHER"}, "duplicated chat name in updating chat"),
        ({"llm_setting": "x"}, "`llm_setting` should be an object."),
        ({"prompt_config": 1}, "`prompt_config` should be an object."),
        ({"dataset_ids": [NOBODY]}, f"You don't own the dataset {NOBODY}"),
        ({"llm_id": "unknown"}, "`llm_id` unknown doesn't exist"),
    ],
)
def test_a_wrong_update_is_refused(own: Asked, chat: Any, given: Any, message: str) -> None:
    own.data("POST", "/chats", {"name": "other"})
    answer = own("PATCH", f"/chats/{chat['id']}", given)
    assert (answer["code"], answer["message"]) == (102, message)
    assert own.data("GET", f"/chats/{chat['id']}") == chat


def test_chats_are_listed(own: Asked, chat: Any) -> None:
    for name in ("a one", "b one"):
        own.data("POST", "/chats", {"name": name})

    def names(**query: object) -> list[str]:
        return [listed["name"] for listed in own.data("GET", "/chats", **query)["chats"]]

    newest_first = ["b one", "a one", "Miss R"]
    assert names() == newest_first
    assert names(desc="false") == newest_first[::-1]
    assert names(orderby="name", desc="false") == ["Miss R", "a one", "b one"]
    assert names(page=2, page_size=2) == ["Miss R"]
    assert names(page="x", page_size=0) == newest_first
    assert names(keywords="ONE") == ["b one", "a one"]
    assert names(id=chat["id"], keywords="one") == ["Miss R"]
    assert names(name="a one") == ["a one"]
    assert names(id=NOBODY) == names(name="nobody") == []
    assert own("GET", "/chats", orderby="x")["message"] == "invalid orderby field: x"
    former = Request("GET", "/api/v1/chats", key=KEY, client="0.24.0")
    assert len(own.api.handle(former).envelope["data"]) == 3


def test_a_chat_outlives_its_datasets(own: Asked, chat: Any, dataset: Any) -> None:
    made = own.data("POST", "/datasets", {"name": "gone soon"})
    path = f"/datasets/{made['id']}/documents"
    [document] = own.data("POST", path, files=[("a.txt", b"x")])
    own.data("POST", f"{path}/{document['id']}/chunks", {"content": "by hand"})
    ids = [dataset["id"], made["id"]]
    assert own.data("PATCH", f"/chats/{chat['id']}", {"dataset_ids": ids})["dataset_ids"] == ids
    own.data("DELETE", "/datasets", {"ids": [made["id"]]})
    assert own.data("GET", f"/chats/{chat['id']}")["dataset_ids"] == [dataset["id"]]


def test_chats_are_deleted_those_that_are_there(own: Asked, chat: Any, sessions: str) -> None:
    ids = [own.data("POST", "/chats", {"name": name})["id"] for name in "abc"]
    for nothing in NO_IDS:
        assert own("DELETE", "/chats", nothing)["code"] == 0
    answer = own("DELETE", "/chats", {"ids": ["x", "y"]})
    assert (answer["code"], answer["message"]) == (102, "Chat(x) not found.; Chat(y) not found.")
    answer = own("DELETE", "/chats", {"ids": ["x", ids[0]]})
    assert (answer["code"], answer["message"]) == (0, "Partially deleted 1 chats with 1 errors")
    assert own("DELETE", "/chats", {"ids": [ids[1], ids[1]]})["code"] == 0
    assert own.data("GET", "/chats")["total"] == 2
    own.data("DELETE", "/chats", {"ids": [chat["id"]]})
    for method, body in (("GET", None), ("POST", {"name": "s"}), ("DELETE", {"ids": ["x"]})):
        assert own(method, sessions, body) == REFUSED
    assert own("PATCH", f"{sessions}/x", {}) == REFUSED
    assert own("GET", f"/chats/{chat['id']}") == REFUSED
    assert own("POST", f"/chats/{chat['id']}/completions", {"question": "x"}) == REFUSED


def test_the_shapes_of_clients_up_to_0_24_are_taken_and_answered(own: Asked, chat: Any) -> None:
    body = {
        "name": "former",
        "avatar": "a",
        "llm": {"model_name": "glm-4-flash@ZHIPU-AI", "temperature": 0.3, "max_tokens": 9},
        "prompt": {
            "prompt": "Say {knowledge}",
            "opener": "Good day.",
            "show_quote": False,
            "top_n": 3,
            "keywords_similarity_weight": 0.6,
            "empty_response": None,
            "rerank_model": "",
            "variables": [{"key": "knowledge", "optional": True}],
        },
        "dataset_ids": [],
    }
    made = own.data("POST", "/chats", body)
    assert made["llm"] == {**body["llm"]}  # type: ignore[dict-item]  # it is a dict
    prompt = body["prompt"]
    assert isinstance(prompt, dict)
    for name in ("prompt", "opener", "show_quote", "top_n", "keywords_similarity_weight"):
        assert made["prompt"][name] == prompt[name]
    assert (made["icon"], made["prompt_config"]["prologue"]) == ("a", "Good day.")
    assert made["vector_similarity_weight"] == 0.4
    changed = own.data("PUT", f"/chats/{made['id']}", {"prompt": {"top_n": 5}, "name": "f2"})
    assert (changed["top_n"], changed["prompt"]["opener"]) == (5, "Good day.")


# ── sessions ──


@pytest.mark.parametrize("name", ["", " ", None, 1], ids=repr)
def test_a_session_must_have_a_name(own: Asked, sessions: str, name: object) -> None:
    made = own.data("POST", sessions, {})
    for method, path in (("POST", sessions), ("PATCH", f"{sessions}/{made['id']}")):
        answer = own(method, path, {"name": name})
        assert (answer["code"], answer["message"]) == (102, "`name` can not be empty")


def test_a_session_begins_with_the_prologue(own: Asked, chat: Any, sessions: str) -> None:
    made = own.data("POST", sessions, {"name": f" {'n' * 300} ", "user_id": "u1"})
    assert (made["name"], made["chat_id"], made["user_id"]) == ("n" * 255, chat["id"], "u1")
    [message] = made["messages"]
    assert message["role"] == "assistant"
    assert message["content"] == chat["prompt_config"]["prologue"]
    assert own.data("GET", f"{sessions}/{made['id']}") == made


def test_sessions_are_listed_changed_and_deleted(own: Asked, sessions: str) -> None:
    ids = [own.data("POST", sessions, {"name": name, "user_id": name})["id"] for name in "abb"]

    def names(**query: object) -> list[str]:
        return [session["name"] for session in own.data("GET", sessions, **query)]

    assert names() == ["b", "b", "a"]
    assert names(desc="False", page_size=0) == ["a", "b", "b"]
    assert names(page=2, page_size=2) == ["a"]
    assert names(id=ids[0]) == names(user_id="a") == ["a"]
    assert names(name="b") == ["b", "b"]
    assert names(id=NOBODY) == names(name="nobody") == []
    assert own("PATCH", f"{sessions}/{ids[0]}", {"name": "c", "unknown": 1})["code"] == 0
    assert own("PUT", f"{sessions}/{ids[0]}", {})["code"] == 0
    assert names(id=ids[0]) == ["c"]
    for name in ("messages", "reference"):
        answer = own("PATCH", f"{sessions}/{ids[0]}", {name: []})
        assert (answer["code"], answer["message"]) == (102, f"`{name}` cannot be changed")
    assert own("PATCH", f"{sessions}/{NOBODY}", {"name": "x"})["message"] == "Session not found!"
    for nothing in NO_IDS:
        assert own("DELETE", sessions, nothing)["code"] == 0
    answer = own("DELETE", sessions, {"ids": ["x"]})
    assert (answer["code"], answer["message"]) == (102, "The chat doesn't own the session x")
    assert own("DELETE", sessions, {"ids": ["x", ids[0]]})["code"] == 0
    assert own("DELETE", sessions, {"ids": [ids[1], ids[1]]})["code"] == 0
    assert own.data("GET", sessions)[0]["id"] == ids[2]
    assert own("DELETE", sessions, {"delete_all": True})["code"] == 0
    assert own.data("GET", sessions) == []


# ── asking ──

ANSWER = "The pump stands in the cellar. [ID:0]"


def events(own: Asked, chat: Any, body: object) -> list[Any]:
    request = Request("POST", f"/api/v1/chats/{chat['id']}/completions", body=body, key=KEY)
    lines = b"".join(own.api.handle(request).parts()).split(b"\n\n")
    assert lines.pop() == b""
    return [json.loads(line.removeprefix(b"data:")) for line in lines]


def test_an_answer_grows_and_ends_with_what_it_rests_on(own: Asked, chat: Any) -> None:
    heard = events(own, chat, {"question": "Where does the pump stand?", "stream": True})
    assert heard.pop() == {"code": 0, "message": "", "data": True}
    shown = ""
    for event in heard:
        assert event["data"]["answer"].startswith(shown)
        shown = event["data"]["answer"]
    assert shown == ANSWER
    assert [event["data"]["final"] for event in heard].count(True) == 1
    reference = heard[-1]["data"]["reference"]
    assert reference["chunks"][0]["document_name"] == "pump.md"
    assert reference["doc_aggs"][0]["doc_name"] == "pump.md"
    for name in (
        *("id", "content", "document_id", "document_name", "dataset_id", "image_id", "positions"),
        *("url", "similarity", "vector_similarity", "term_similarity", "doc_type"),
    ):
        assert name in reference["chunks"][0]


def test_a_session_remembers_what_was_asked(own: Asked, chat: Any, sessions: str) -> None:
    session = own.data("POST", sessions, {"name": "s"})
    body = {"question": "Where does the pump stand?", "stream": False, "session_id": session["id"]}
    data = own.data("POST", f"/chats/{chat['id']}/completions", body)
    assert (data["answer"], data["session_id"], data["chat_id"]) == (
        ANSWER,
        session["id"],
        chat["id"],
    )
    assert data["reference"]["chunks"] and data["id"] and data["created_at"]
    kept = own.data("GET", f"{sessions}/{session['id']}")["messages"]
    assert [message["role"] for message in kept] == ["assistant", "user", "assistant"]
    assert kept[-1]["reference"] == data["reference"]["chunks"]


def test_a_conversation_may_come_along(own: Asked, chat: Any, sessions: str) -> None:
    messages = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": "Where does the pump stand?"},
    ]
    data = own.data(
        "POST", f"/chats/{chat['id']}/completions", {"messages": messages, "stream": False}
    )
    assert data["answer"] == ANSWER
    kept = own.data("GET", f"{sessions}/{data['session_id']}")["messages"]
    assert [message["content"] for message in kept[1:4]] == [
        message["content"] for message in messages
    ]
    answer = own("POST", f"/chats/{chat['id']}/completions", {"messages": messages[:2]})
    assert answer["message"] == "The last content of this conversation is not from user."


def test_nothing_asked_is_answered_with_the_prologue(own: Asked, chat: Any) -> None:
    heard = events(own, chat, {"question": ""})
    assert heard[0]["data"]["answer"] == chat["prompt_config"]["prologue"]
    assert heard[-1]["data"] is True


def test_a_session_that_is_not_there_is_told(own: Asked, chat: Any) -> None:
    body = {"question": "x", "session_id": NOBODY}
    answer = own("POST", f"/chats/{chat['id']}/completions", body)
    assert (answer["code"], answer["message"]) == (102, f"You don't own the session {NOBODY}")


def test_nothing_found_is_the_empty_response(own: Asked, chat: Any) -> None:
    body = {"question": "Who painted the Mona Lisa?", "stream": False}
    data = own.data("POST", f"/chats/{chat['id']}/completions", body)
    assert data["answer"] == chat["prompt_config"]["empty_response"]


def test_an_error_is_told_inside_the_stream(
    own: Asked, chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ragflow_local.errors import ModelClosedError
    from ragflow_local.project import Project

    def fail(*given: object) -> None:
        raise ModelClosedError("gone")

    monkeypatch.setattr(Project, "search", fail)
    failed, end = events(own, chat, {"question": "Where does the pump stand?"})
    assert failed["code"] == 500
    assert failed["data"]["answer"].startswith("**ERROR**: The model 'gone' was closed")
    assert failed["data"]["reference"] == []
    assert end["data"] is True
