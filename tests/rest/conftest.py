"""One engine for all rules: datasets and chats of other tests are in the way of none."""

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
