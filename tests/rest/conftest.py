"""One engine for all rules: datasets and chats of other tests are in the way of none."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ragflow_local import RAGFlow
from ragflow_local.rest import File, ReleasedAPI, Request

MODELS = {
    "embedding-3@ZHIPU-AI": "hashing",
    "e@p": "hashing",
    "glm-4-flash@ZHIPU-AI": "extractive",
}
KEY = "ragflow-tests"
NOBODY = "f" * 32
NO_IDS: tuple[Any, ...] = ({}, {"ids": None}, {"ids": []})


@dataclass(frozen=True)
class Asked:
    """Calls of the released API, as a client would send them."""

    api: ReleasedAPI
    key: str = KEY

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: list[tuple[str, bytes]] | None = None,
        key: str | None = None,
        **query: object,
    ) -> Any:
        """Return the envelope."""
        given = tuple(File(name, data) for name, data in files) if files is not None else None
        texts = {
            name: [str(one) for one in (value if isinstance(value, list) else [value])]
            for name, value in query.items()
            if value is not None
        }
        key = self.key if key is None else key
        request = Request(method, f"/api/v1{path}", texts, body, given, key)
        return self.api.handle(request).envelope

    def data(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """Return the data of a call that must be done."""
        envelope = self(method, path, body, **more)
        assert envelope["code"] == 0, envelope
        return envelope.get("data")


@pytest.fixture(scope="session")
def engine() -> Iterator[RAGFlow]:
    with RAGFlow.temporary(embedding_model="hashing", workers=1) as rag:
        yield rag


@pytest.fixture(scope="session")
def api(engine: RAGFlow) -> ReleasedAPI:
    return ReleasedAPI(engine, models=MODELS)


@pytest.fixture(scope="session")
def ask(api: ReleasedAPI) -> Asked:
    return Asked(api)


def documents(ask: Asked, dataset: Any, **query: object) -> list[Any]:
    listed: list[Any] = ask.data("GET", f"/datasets/{dataset['id']}/documents", **query)["docs"]
    return listed


def wait(ask: Asked, dataset: Any) -> list[Any]:
    for _ in range(600):
        listed = documents(ask, dataset, page_size=100)
        if all(document["run"] != "RUNNING" for document in listed):
            return listed
        time.sleep(0.02)
    raise AssertionError(listed)


def contents(ask: Asked, path: str, **query: object) -> list[str]:
    return [chunk["content"] for chunk in ask.data("GET", path, **query)["chunks"]]


def dataset_of_five_chunks(ask: Asked, name: str) -> Any:
    """Add a dataset with one parsed file that does not say the word, and four chunks that do."""
    made = ask.data("POST", "/datasets", {"name": name})
    path = f"/datasets/{made['id']}/documents"
    files = [("ragflow_test.txt", b"Whales are large animals that live in the sea.")]
    [document] = ask.data("POST", path, files=files)
    ask.data("POST", f"/datasets/{made['id']}/chunks", {"document_ids": [document["id"]]})
    wait(ask, made)
    for number in range(4):
        content = {"content": f"chunk test {number}"}
        ask.data("POST", f"{path}/{document['id']}/chunks", content)
    return {**made, "document": document["id"], "path": f"{path}/{document['id']}/chunks"}
