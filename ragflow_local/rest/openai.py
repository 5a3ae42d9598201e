"""Answers OpenAI's paths: models, chat completions and embeddings.

A server shows them as ``/v1/models``, ``/v1/chat/completions`` and ``/v1/embeddings``; two more are
RAGFlow's own, one for each chat. Errors have OpenAI's form, with HTTP's status.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ragflow_local.errors import (
    ContextTooSmallError,
    InvalidValueError,
    NotFoundError,
    RagflowError,
)
from ragflow_local.records import ChatRow, DatasetRow
from ragflow_local.rest import openai_chat
from ragflow_local.rest.call import Call
from ragflow_local.rest.exchange import Answer
from ragflow_local.rest.refusals import Refusal
from ragflow_local.rest.routes import route
from ragflow_local.settings import LLMSettings, PromptSettings
from ragflow_local.stores.catalog import chats, datasets
from ragflow_local.text.tokens import token_counter

_MOST_LISTED = 10_000
_MOST_TEXTS = 2048  # of a call for embeddings: OpenAI's limit
_ALL = {"page": 1, "page_size": _MOST_LISTED, "orderby": "create_time", "desc": False}
# All datasets together, where there are several.
EVERYTHING = "ragflow-local"
# What a dataset is called where a chat has its name, or an embedding model.
_DATASET = "dataset/"

Function = Callable[..., Answer]


def failed(status: int, message: str, code: str | None = None) -> Answer:
    """Return an error in OpenAI's form."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Answer({"error": error}, status=status)


def _with_errors(function: Function) -> Function:
    """Make a path answer every error of the engine in OpenAI's form."""

    @functools.wraps(function)
    def answer(call: Call, **names: str) -> Answer:
        try:
            return function(call, **names)
        except Refusal as refusal:
            return failed(404 if "not found" in refusal.message else 400, refusal.message)
        except NotFoundError as error:
            return failed(404, str(error), "model_not_found")
        except ContextTooSmallError as error:
            return failed(400, str(error), "context_length_exceeded")
        except InvalidValueError as error:
            return failed(400, str(error))
        except RagflowError as error:
            return failed(500, str(error))

    return answer


# ── models ──


@route("GET /openai/models")
@_with_errors
def list_models(call: Call) -> Answer:
    """Return the chats and datasets that answer questions, and the embedding models."""
    return Answer({"object": "list", "data": list(_models(call))})


@route("GET /openai/models/{model}")
@_with_errors
def get_model(call: Call, model: str) -> Answer:
    """Return the model of a name."""
    for entry in _models(call):
        if model in (entry["id"], entry["ragflow_id"]):
            return Answer(entry)
    return failed(
        404, f"The model {model!r} does not exist. GET /v1/models lists them.", "model_not_found"
    )


def _models(call: Call) -> Iterator[dict[str, Any]]:
    taken: set[str] = set()
    with call.reading() as reading:
        chat_rows = chats.list_of(reading, call.tenant_id, id=None, name=None, paging=_ALL)
        rows = datasets.list_visible(reading, call.tenant_id, id=None, name=None, paging=_ALL)
    embedding = sorted({row.embedding_model for row in rows} | {_default_embedding(call)})
    for chat in chat_rows:
        taken.add(chat.name)
        yield _model(chat.name, chat.id, "chat", chat.create_time)
    for row in rows:
        name = row.name if row.name not in {*taken, *embedding} else f"{_DATASET}{row.name}"
        yield _model(name, row.id, "dataset", row.create_time)
    if len(rows) > 1:
        yield _model(EVERYTHING, "", "datasets", 0)
    for name in embedding:
        yield _model(name, "", "embedding", 0)


def _model(name: str, id: str, kind: str, created_ms: int) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": created_ms // 1000,
        "owned_by": "ragflow-local",
        "ragflow_id": id,
        "kind": kind,
    }


def _asked_chat(call: Call, model: object) -> ChatRow:
    """Return the chat of a model's name; that of a dataset is made for the call alone.

    Raises:
        Refusal: There is neither.
    """
    name = model if isinstance(model, str) else ""
    with call.reading() as reading:
        for by in ({"id": name, "name": None}, {"id": None, "name": name}):
            matching = chats.list_of(reading, call.tenant_id, paging=_ALL, **by)
            if matching:
                return matching[0]
        for by in ({"id": name, "name": None}, {"id": None, "name": name.removeprefix(_DATASET)}):
            rows = datasets.list_visible(reading, call.tenant_id, paging=_ALL, **by)
            if rows:
                return _chat_of(rows[0].name, [rows[0]], call.tenant_id)
        rows = datasets.list_visible(reading, call.tenant_id, id=None, name=None, paging=_ALL)
    if name == EVERYTHING and rows:
        return _chat_of(name, rows, call.tenant_id)
    names = ", ".join(entry["id"] for entry in _models(call) if entry["kind"] != "embedding")
    there = f"There is: {names}." if names else "The project has no dataset and no chat yet."
    raise Refusal(404, f"The model {name!r} is not found. {there}")


def _chat_of(name: str, rows: Sequence[DatasetRow], tenant_id: str) -> ChatRow:
    ids = tuple(row.id for row in rows)
    return ChatRow("", tenant_id, name, "", ids, LLMSettings(), PromptSettings(), 0, 0)


# ── answers ──


@route("POST /openai/chat/completions")
@_with_errors
def complete(call: Call) -> Answer:
    """Answer the last message of a conversation from a chat's documents, or a dataset's."""
    fields = call.request.fields()
    chat = _asked_chat(call, fields.get("model"))
    return openai_chat.complete(call, chat, openai_chat.ChatRequest.of(fields, has_footer=True))


@route("POST /chats_openai/{chat_id}/chat/completions", "POST /openai/{chat_id}/chat/completions")
@_with_errors
def complete_by_chat(call: Call, chat_id: str) -> Answer:
    """Answer by the chat whose id is in the path, whatever model the body names."""
    request = openai_chat.ChatRequest.of(call.request.fields(), has_footer=False)
    return openai_chat.complete(call, call.chat(chat_id), request)


# ── embeddings ──


@route("POST /openai/embeddings")
@_with_errors
def embed(call: Call) -> Answer:
    """Return the vectors of texts by the named embedding model."""
    fields = call.request.fields()
    given = fields.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise InvalidValueError("input", given, "a text, or a list of texts, none empty")
    if not 0 < len(texts) <= _MOST_TEXTS:
        raise InvalidValueError("input", f"{len(texts)} texts", f"1 to {_MOST_TEXTS} texts")
    name = _embedding_name(call, fields.get("model"))
    embedder = call.project.embedder(name)
    if fields.get("dimensions") not in (None, embedder.dim):
        raise InvalidValueError("dimensions", fields["dimensions"], f"{embedder.dim}, or nothing")
    if fields.get("input_type") == "query":
        vectors = [embedder.embed_query(text) for text in texts]
    else:
        vectors = list(embedder.embed(texts))
    is_packed = fields.get("encoding_format") == "base64"
    count = token_counter(embedder.tokenizer_file)
    tokens = sum(count(text) for text in texts)
    return Answer(
        {
            "object": "list",
            "data": [
                {
                    "object": "embedding",
                    "index": index,
                    "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode()
                    if is_packed
                    else vector.tolist(),
                }
                for index, vector in enumerate(vectors)
            ],
            "model": name,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


def _default_embedding(call: Call) -> str:
    return call.names.embedding(call.names.default_embedding)


def _embedding_name(call: Call, model: object) -> str:
    """Return the embedding model of a name that is in use or in the table of names.

    Raises:
        Refusal: It is neither; no other folder is opened because a client names it.
    """
    name = model if isinstance(model, str) else ""
    known = {entry["id"] for entry in _models(call) if entry["kind"] == "embedding"}
    return name if name in known else call.names.embedding(name)
