"""OpenAI's paths, called without a server: what models there are, answers, vectors, errors."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.api.streams import Stop
from ragflow_local.rest import Answer, ReleasedAPI, Request
from tests.model_server import ModelServer, running

QUESTION = "Where does the colossal squid live?"
SQUID = b"The colossal squid lives around Antarctica.\nIt was described in 1925.\n"


@pytest.fixture(scope="module")
def engine() -> Iterator[RAGFlow]:
    with RAGFlow.temporary(embedding_model="hashing", workers=1) as rag:
        for name in ("sea", "squids"):
            dataset = rag.create_dataset(name)
            document = rag.add_document(dataset, f"{name}.txt", SQUID)
            document.async_parse()
            list(document.join(interval=0.01, timeout=60))
        rag.create_chat("Miss R", knowledgebases=[dataset])
        rag.create_chat("sea", knowledgebases=[dataset])
        yield rag


@pytest.fixture(scope="module")
def api(engine: RAGFlow) -> ReleasedAPI:
    return ReleasedAPI(engine, tenant_id=engine.tenant_id)


@pytest.fixture
def sea(engine: RAGFlow) -> DataSet:
    return engine.get_dataset("sea")


def handled(
    api: ReleasedAPI, method: str, path: str, body: object = None, stop: Stop | None = None
) -> Answer:
    request = Request(method, f"/api/v1{path}", body=body, key="any", stop=stop)
    return api.handle(request)


def asked(api: ReleasedAPI, *messages: object, model: str = "squids", **fields: object) -> Any:
    given = [{"role": "user", "content": one} if isinstance(one, str) else one for one in messages]
    body = {"model": model, "messages": given, **fields}
    return handled(api, "POST", "/openai/chat/completions", body).envelope


def said(api: ReleasedAPI, *messages: object, **fields: Any) -> Any:
    envelope = asked(api, *messages, **fields)
    assert "error" not in envelope, envelope
    return envelope["choices"][0]["message"]


def error(envelope: Any) -> str:
    return str(envelope["error"]["message"])


def test_chats_datasets_and_embedding_models_are_models(api: ReleasedAPI) -> None:
    listed = handled(api, "GET", "/openai/models").envelope
    names = [(one["id"], one["kind"]) for one in listed["data"]]
    assert names == [
        ("Miss R", "chat"),
        ("sea", "chat"),
        ("dataset/sea", "dataset"),
        ("squids", "dataset"),
        ("ragflow-local", "datasets"),
        ("hashing", "embedding"),
    ]
    assert {one["object"] for one in listed["data"]} == {"model"}
    assert handled(api, "GET", "/openai/models/squids").envelope["id"] == "squids"
    missing = handled(api, "GET", "/openai/models/none")
    assert (missing.status, missing.envelope["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("model", "source"),
    [
        ("squids", "squids.txt"),
        ("SQUIDS", "squids.txt"),
        ("Miss R", "squids.txt"),
        ("dataset/sea", "sea.txt"),
        ("sea", "squids.txt"),
    ],
)
def test_a_model_is_a_chat_or_a_dataset_by_name(api: ReleasedAPI, model: str, source: str) -> None:
    message = said(api, QUESTION, model=model)
    assert "Antarctica. [ID:0]" in message["content"]
    assert message["reference"][0]["document_name"] == source
    assert message["content"].endswith(f"\n\nSources:\n[ID:0] {source}")


def test_ids_are_names_too_and_all_datasets_have_one(api: ReleasedAPI, sea: DataSet) -> None:
    assert said(api, QUESTION, model=sea.id)["reference"][0]["document_name"] == "sea.txt"
    assert "Antarctica" in said(api, QUESTION, model="ragflow-local")["content"]


def test_an_unknown_model_is_told_with_those_there_are(api: ReleasedAPI) -> None:
    answer = handled(
        api,
        "POST",
        "/openai/chat/completions",
        {"model": "gpt-4", "messages": [{"role": "user", "content": "x"}]},
    )
    assert answer.status == 404
    assert "Miss R, sea, dataset/sea, squids" in error(answer.envelope)


def test_nothing_of_a_conversation_is_kept(api: ReleasedAPI, engine: RAGFlow) -> None:
    said(api, QUESTION, model="Miss R")
    assert not engine.list_chats(name="Miss R")[0].list_sessions()
    assert len(engine.list_chats()) == 2


def test_sources_below_the_text_may_be_left_out(api: ReleasedAPI) -> None:
    assert "Sources" not in said(api, QUESTION, sources="none")["content"]


def test_what_has_no_effect_is_told_whole_and_in_the_last_piece(api: ReleasedAPI) -> None:
    idle: dict[str, Any] = {
        "stop": ["x"],
        "tools": [{"type": "function"}],
        "extra_body": {"top_k": 3},
    }
    line = "Without effect in this engine: stop, tools, top_k."
    assert asked(api, QUESTION, **idle)["remarks"] == line
    usual: dict[str, Any] = {
        "temperature": 0,
        "user": "me",
        "tool_choice": "auto",
        "stop": None,
        "logprobs": False,
    }
    assert "remarks" not in asked(api, QUESTION, **usual)
    body = {"model": "squids", "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    answer = handled(api, "POST", "/openai/chat/completions", {**body, **idle})
    *_, last, _ = b"".join(answer.parts()).decode().strip().split("\n\n")
    assert json.loads(last.removeprefix("data:"))["remarks"] == line


def test_earlier_turns_make_a_follow_up_whole(api: ReleasedAPI) -> None:
    first = said(api, QUESTION)["content"]
    history = ({"role": "user", "content": QUESTION}, {"role": "assistant", "content": first})
    assert "1925" in said(api, *history, "When was it described?")["content"]


def test_pieces_add_up_to_the_whole(api: ReleasedAPI) -> None:
    body = {
        "model": "squids",
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    answer = handled(api, "POST", "/openai/chat/completions", body)
    *lines, end = b"".join(answer.parts()).decode().strip().split("\n\n")
    assert end == "data: [DONE]"
    events = [json.loads(line.removeprefix("data:")) for line in lines]
    deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
    whole = said(api, QUESTION)
    assert "".join(delta.get("content", "") for delta in deltas) == whole["content"]
    assert deltas[-1]["reference"] == whole["reference"]
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert events[-1]["usage"]["total_tokens"] > 0
    assert len({event["id"] for event in events}) == 1


def test_ragflows_own_path_answers_by_the_chats_id(api: ReleasedAPI, engine: RAGFlow) -> None:
    chat = engine.list_chats(name="Miss R")[0]
    body = {"model": "model", "messages": [{"role": "user", "content": QUESTION}]}
    for path in (f"/chats_openai/{chat.id}", f"/openai/{chat.id}"):
        message = handled(api, "POST", f"{path}/chat/completions", body).envelope
        assert message["choices"][0]["message"]["content"].endswith("Antarctica. [ID:0]")
        assert "reference" not in message["choices"][0]["message"]
        wanted = {**body, "extra_body": {"reference": True}}
        message = handled(api, "POST", f"{path}/chat/completions", wanted).envelope
        assert message["choices"][0]["message"]["reference"]
    assert handled(api, "POST", "/openai/none/chat/completions", body).envelope["error"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"messages": "x"}, "a list of messages"),
        ({"messages": []}, "a last message of the user"),
        ({"messages": [3]}, "role and content"),
        ({"messages": [{"role": "user", "content": " "}]}, "a last message of the user"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "a last message of the user"),
        ({"messages": [{"role": "king", "content": "x"}]}, "system, user or assistant"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "of type text"),
        ({"n": 2}, "one answer is made"),
        ({"temperature": 9}, "temperature"),
        ({"max_tokens": 0}, "max_token"),
        ({"temperature": "hot"}, "temperature"),
        ({"response_format": {"type": "xml"}}, "json_schema"),
        ({"response_format": {"type": "json_object"}}, "extractive answerer writes no JSON"),
    ],
)
def test_what_is_not_allowed_is_told(
    api: ReleasedAPI, fields: dict[str, object], words: str
) -> None:
    body = {"model": "squids", "messages": [{"role": "user", "content": "x"}], **fields}
    answer = handled(api, "POST", "/openai/chat/completions", body)
    assert answer.status == 400
    assert words in error(answer.envelope)


def test_parts_of_type_text_are_one_text(api: ReleasedAPI) -> None:
    parts = [
        {"type": "text", "text": "Where does the colossal squid"},
        {"type": "text", "text": "live?"},
    ]
    assert "Antarctica" in said(api, {"role": "user", "content": parts})["content"]


# ── with a model ──


@pytest.fixture
def model(loopback: None, engine: RAGFlow) -> Iterator[ModelServer]:
    with running() as server:
        chat = engine.create_chat(
            "by model",
            knowledgebases=[engine.get_dataset("squids")],
            llm={"model_name": server.url},
        )
        yield server
        engine.delete_chats([chat.id])


def test_settings_instructions_and_history_reach_the_model(
    api: ReleasedAPI, model: ModelServer
) -> None:
    model.pieces = ["The colossal squid lives around Antarctica."]
    message = said(
        api,
        {"role": "system", "content": "Speak like a pirate."},
        {"role": "user", "content": "Hello squid?"},
        {"role": "assistant", "content": "Ahoy.\n\nSources:\n[ID:0] squids.txt"},
        {"role": "tool", "content": "42"},
        QUESTION,
        model="by model",
        temperature=0.5,
        max_completion_tokens=77,
    )
    assert "Antarctica. [ID:0]" in message["content"]
    body = model.requests[-1]
    assert (body["temperature"], body["max_tokens"]) == (0.5, 77)
    texts = [turn["content"] for turn in body["messages"]]
    assert "Speak like a pirate." in texts[0]
    assert "knowledge base" in texts[0]
    assert texts[1:] == ["Hello squid?", "Ahoy.", QUESTION]


def test_an_error_of_the_model_is_told_whole_or_as_a_piece(
    api: ReleasedAPI, model: ModelServer
) -> None:
    model.answers["/v1/chat/completions"] = (500, "application/json", b'{"error": "no memory"}')
    body = {"model": "by model", "messages": [{"role": "user", "content": QUESTION}]}
    answer = handled(api, "POST", "/openai/chat/completions", body)
    assert answer.status == 500
    assert "no memory" in error(answer.envelope)
    answer = handled(api, "POST", "/openai/chat/completions", {**body, "stream": True})
    *_, last, end = b"".join(answer.parts()).decode().strip().split("\n\n")
    assert "no memory" in error(json.loads(last.removeprefix("data:")))
    assert end == "data: [DONE]"


def test_json_by_a_schema_comes_without_sources_below_it(
    api: ReleasedAPI, model: ModelServer
) -> None:
    model.pieces = ['{"year": 1925}']
    schema = {"type": "object", "properties": {"year": {"type": "integer"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    message = said(api, QUESTION, model="by model", response_format=wanted)
    assert json.loads(message["content"]) == {"year": 1925}


def test_closing_the_answer_or_its_stop_ends_it_at_the_model(
    api: ReleasedAPI, model: ModelServer
) -> None:
    class Words(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            yield "The colossal squid "
            yield "lives around Antarctica. It "
            while not model.left.wait(0.02):
                yield {"role": "assistant"}

    model.pieces = Words()
    body = {"model": "by model", "messages": [{"role": "user", "content": QUESTION}]}
    answer = handled(api, "POST", "/openai/chat/completions", {**body, "stream": True})
    parts = answer.parts()
    while b"Antarctica" not in next(parts):
        pass
    answer.close()
    assert model.left.wait(30)
    model.left.clear()

    stop = Stop()
    model.pieces = [stop.set, *["word "] * 5]
    stopped = handled(api, "POST", "/openai/chat/completions", body, stop)
    assert stopped.envelope["choices"][0]["finish_reason"] == "length"


# ── embeddings ──


def embedded(api: ReleasedAPI, **fields: object) -> Answer:
    return handled(api, "POST", "/openai/embeddings", {"model": "hashing", **fields})


def test_texts_become_vectors_as_numbers_or_packed(api: ReleasedAPI, engine: RAGFlow) -> None:
    told = embedded(api, input=["squid", "ice"]).envelope
    vectors = np.array([one["embedding"] for one in told["data"]], dtype="<f4")
    expected = engine.project.embedder("hashing").embed(["squid", "ice"])
    assert np.allclose(vectors, expected)
    packed = embedded(api, input="squid", encoding_format="base64").envelope["data"][0]
    assert np.array_equal(np.frombuffer(base64.b64decode(packed["embedding"]), "<f4"), vectors[0])
    assert told["usage"]["prompt_tokens"] == 2


OTHER_INPUTS: list[dict[str, object]] = [
    {"input": []},
    {"input": [1, 2]},
    {"input": ""},
    {"input": None},
    {"input": ["x"] * 2049},
    {"input": "x", "dimensions": 3},
    {"input": "x", "model": "/etc"},
    {"input": "x", "model": 3},
]


@pytest.mark.parametrize("fields", OTHER_INPUTS)
def test_other_inputs_and_unknown_models_are_told(
    api: ReleasedAPI, fields: dict[str, object]
) -> None:
    answer = embedded(api, **fields)
    assert answer.status in (400, 404)
    assert error(answer.envelope)
