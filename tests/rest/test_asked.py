"""What a question says of the model that answers, and the model that orders what is found."""

from typing import Any

import numpy as np
import pytest

from ragflow_local import RAGFlow
from ragflow_local.models import Models
from ragflow_local.rest import ReleasedAPI, Request
from ragflow_local.rest.asked import as_asked
from ragflow_local.rest.call import Call
from tests.rest.conftest import MODELS, Asked, wait

KEY = "ragflow-asked"
MODEL = "llm@p"
TEXTS = ("The pump stands in the cellar.", "The pump stands in the yard.")


@pytest.fixture(scope="module")
def own(engine: RAGFlow) -> Asked:
    return Asked(ReleasedAPI(engine, models={**MODELS, MODEL: "http://127.0.0.1:1/v1#m"}), KEY)


@pytest.fixture(scope="module")
def dataset(own: Asked) -> Any:
    made = own.data("POST", "/datasets", {"name": "asked"})
    path = f"/datasets/{made['id']}"
    files = [(f"{number}.md", text.encode()) for number, text in enumerate(TEXTS)]
    documents = own.data("POST", f"{path}/documents", files=files)
    own.data("POST", f"{path}/chunks", {"document_ids": [one["id"] for one in documents]})
    wait(own, made)
    return made


def chat_of(own: Asked, dataset: Any, name: str, **more: Any) -> str:
    body = {"name": name, "dataset_ids": [dataset["id"]], **more}
    return str(own.data("POST", "/chats", body)["id"])


def call_of(own: Asked) -> Call:
    api = own.api
    tenant_id = own.data("POST", "/datasets", {"name": "tenant"})["tenant_id"]
    return Call(api.engine.project, tenant_id, Request("GET", "/"), api.names, api.issue)


def test_a_question_may_name_another_model_and_other_settings(own: Asked, dataset: Any) -> None:
    call = call_of(own)
    chat = call.chat(chat_of(own, dataset, "settings", llm_setting={"temperature": 0.9}))
    assert as_asked(call, chat, {"question": "x"}) == chat
    settings = {"temperature": 0.5, "top_p": 0.25, "max_tokens": 7, "frequency_penalty": None}
    asked = as_asked(call, chat, {"llm_id": MODEL, **settings})
    llm = asked.llm
    assert llm.model_name == "http://127.0.0.1:1/v1#m"
    assert (llm.temperature, llm.top_p, llm.max_token) == (0.5, 0.25, 7)
    assert llm.frequency_penalty == chat.llm.frequency_penalty
    assert as_asked(call, chat, {"top_p": 0.5}).llm.temperature == 0.9
    assert call.chat(chat.id) == chat


def test_a_question_with_an_unknown_model_is_refused(own: Asked, dataset: Any) -> None:
    id = chat_of(own, dataset, "unknown model")
    for stream in (True, False):
        body = {"question": "Where is the pump?", "llm_id": "nobody@p", "stream": stream}
        answer = own("POST", f"/chats/{id}/completions", body)
        assert (answer["code"], answer["message"]) == (102, "`llm_id` nobody@p doesn't exist")


class Reader:
    """Reads what has a word as the only answer."""

    name = "reader"

    def __init__(self, word: str) -> None:
        self._word = word

    def scores(self, question: str, passages: list[str]) -> Any:
        return np.array([float(self._word in passage) for passage in passages], dtype=np.float32)


@pytest.mark.parametrize("word", ["yard", "cellar"])
def test_the_reranker_of_a_chat_orders_what_its_answers_rest_on(
    own: Asked, dataset: Any, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr(Models, "reranker", lambda models, name: Reader(word))
    id = chat_of(own, dataset, f"reranked {word}", rerank_id="reader@p", top_n=1)
    body = {"question": "Where does the pump stand?", "stream": False}
    answer = own.data("POST", f"/chats/{id}/completions", body)
    assert f"The pump stands in the {word}." in answer["answer"]


def test_a_reranker_that_is_not_there_is_told_and_left_out(
    own: Asked, dataset: Any, caplog: pytest.LogCaptureFixture
) -> None:
    id = chat_of(own, dataset, "not reranked", rerank_id="nobody")
    body = {"question": "Does the pump stand in the cellar?", "stream": False}
    answer = own.data("POST", f"/chats/{id}/completions", body)
    assert "cellar" in answer["answer"]
    assert "without effect in this engine: rerank_id nobody" in caplog.text
