"""Applies the model and the settings that a single question names to its chat."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ragflow_local.errors import MissingModelError
from ragflow_local.records import ChatRow
from ragflow_local.rest import chat_fields
from ragflow_local.rest.call import Call
from ragflow_local.settings import LLMSettings

_log = logging.getLogger("ragflow_local.rest")

_SETTINGS = (
    *("temperature", "top_p", "presence_penalty", "frequency_penalty"),
    *("max_tokens", "max_token"),
)


def as_asked(call: Call, chat: ChatRow, fields: Mapping[str, Any]) -> ChatRow:
    """Return a copy of a chat with the model and settings that a body names.

    Raises:
        Refusal: There is no such model.
    """
    chat = with_known_reranker(call, chat)
    setting = {name: fields[name] for name in _SETTINGS if fields.get(name) is not None}
    llm_id = fields.get("llm_id")
    if not setting and not llm_id:
        return chat
    given = chat_fields.given_of(chat)
    values = {
        "llm_id": str(llm_id or given["llm_id"] or ""),
        "llm_setting": {**given["llm_setting"], **setting},
    }
    own = chat_fields.own_llm(values, call.names)
    return replace(chat, llm=LLMSettings.from_dict(own))


def with_known_reranker(call: Call, chat: ChatRow) -> ChatRow:
    """Return a chat without its reranker if no such reranker exists."""
    name = chat.released.get("rerank_id")
    if not name:
        return chat
    try:
        call.project.models.reranker(str(name))
    except MissingModelError:
        _log.warning("%s: without effect in this engine: rerank_id %s", chat.name, name)
        return replace(chat, released={**chat.released, "rerank_id": ""})
    return chat
