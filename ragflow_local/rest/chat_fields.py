"""Translates the released API's fields of a chat to this engine's settings and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragflow_local.records import ChatRow
from ragflow_local.rest.names import ModelNames
from ragflow_local.settings import DEFAULT_PROMPT, LLMSettings, PromptSettings

# What is kept of a chat under its own name, with what it is where nothing is given.
DEFAULTS: Mapping[str, Any] = {
    "description": "A helpful Assistant",
    "icon": "",
    "llm_id": None,
    "llm_setting": {},
    "prompt_config": {},
    "similarity_threshold": 0.1,
    "vector_similarity_weight": 0.3,
    "top_n": 6,
    "top_k": 1024,
    "rerank_id": "",
    "meta_data_filter": {},
}
_PROMPT: Mapping[str, Any] = {
    "system": DEFAULT_PROMPT,
    "prologue": "Hi! I'm your assistant. What can I do for you?",
    "parameters": [{"key": "knowledge", "optional": False}, {"key": "date", "optional": True}],
    "empty_response": "Sorry! No relevant content was found in the knowledge base!",
    "quote": True,
    "tts": False,
    "refine_multiturn": True,
    "use_kg": False,
    "reasoning": False,
    "cross_languages": [],
    "toc_enhance": False,
    "keyword": False,
}
_KNOWLEDGE = "{knowledge}"


def filled(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ``prompt_config`` with defaults filled in; a blank system text counts as none."""
    values = {name: _copied(value) for name, value in _PROMPT.items()} | dict(given)
    if not str(values["system"] or "").strip():
        values["system"] = _PROMPT["system"]
    return values


def _copied(value: Any) -> Any:
    return [dict(item) for item in value] if isinstance(value, list) else value


# ── shapes of clients up to 0.24 ──

_FORMER_PROMPT = {
    "prompt": "system",
    "opener": "prologue",
    "show_quote": "quote",
    "empty_response": "empty_response",
    "variables": "parameters",
    "refine_multiturn": "refine_multiturn",
    "tts": "tts",
}
_FORMER_SEARCH = ("similarity_threshold", "top_n", "top_k")


def modern(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body of clients up to 0.24 (``llm``, ``prompt``, ``avatar``) in today's shape."""
    values = {name: value for name, value in fields.items() if name not in _FORMER}
    if "avatar" in fields:
        values.setdefault("icon", fields["avatar"])
    if isinstance(fields.get("llm"), Mapping):
        setting = dict(fields["llm"])
        name = setting.pop("model_name", None)
        if name:
            values.setdefault("llm_id", name)
        values.setdefault("llm_setting", setting)
    if isinstance(fields.get("prompt"), Mapping):
        _modernise_prompt(fields["prompt"], values)
    if "knowledgebases" in fields:
        values.setdefault("dataset_ids", fields["knowledgebases"])
    return values


_FORMER = ("avatar", "llm", "prompt", "knowledgebases")


def _modernise_prompt(prompt: Mapping[str, Any], values: dict[str, Any]) -> None:
    config = {
        new: prompt[old]
        for old, new in _FORMER_PROMPT.items()
        if old in prompt and prompt[old] is not None
    }
    values.setdefault("prompt_config", config)
    for name in _FORMER_SEARCH:
        if prompt.get(name) is not None:
            values.setdefault(name, prompt[name])
    weight = prompt.get("keywords_similarity_weight")
    if isinstance(weight, int | float):
        values.setdefault("vector_similarity_weight", round(1 - weight, 9))
    if prompt.get("rerank_model"):
        values.setdefault("rerank_id", prompt["rerank_model"])


def former(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the additional fields that clients up to 0.24 read."""
    prompt = values["prompt_config"]
    weight = _share(values["vector_similarity_weight"], 0.3)
    shown = {old: prompt.get(new) for old, new in _FORMER_PROMPT.items() if new in prompt}
    return {
        "avatar": values["icon"],
        "llm": {**values["llm_setting"], "model_name": values["llm_id"]},
        "prompt": {
            **shown,
            **{name: values[name] for name in _FORMER_SEARCH},
            "keywords_similarity_weight": round(1 - weight, 9),
            "rerank_model": values["rerank_id"],
        },
    }


# ── as this engine says it ──


def own_llm(values: Mapping[str, Any], names: ModelNames) -> dict[str, Any]:
    """Return this engine's settings of the model, each within its bounds."""
    setting = values["llm_setting"]
    own: dict[str, Any] = {"model_name": names.chat(values["llm_id"] or names.default_chat)}
    for name, low, high in (
        ("temperature", 0.0, 5.0),
        ("top_p", 0.0, 1.0),
        ("presence_penalty", -2.0, 2.0),
        ("frequency_penalty", -2.0, 2.0),
    ):
        number = setting.get(name)
        if _is_number(number):
            own[name] = min(max(float(number), low), high)
    most = setting.get("max_tokens", setting.get("max_token"))
    if _is_number(most) and most >= 1:  # 0 leaves it to the model
        own["max_token"] = min(int(most), 1_000_000)
    return LLMSettings.from_dict(own).to_dict()


def own_prompt(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return this engine's settings of prompt and search."""
    prompt = filled(values["prompt_config"])
    system = str(prompt["system"])
    if _KNOWLEDGE not in system:
        system = f"{system}\n{_KNOWLEDGE}"
    weight = _share(values["vector_similarity_weight"], 0.3)
    top_n = values["top_n"]
    own = PromptSettings(
        prompt=system,
        similarity_threshold=_share(values["similarity_threshold"], 0.1),
        keywords_similarity_weight=round(1 - weight, 9),
        top_n=min(max(int(top_n), 1), 1024) if _is_number(top_n) else 6,
        empty_response=str(prompt["empty_response"] or ""),
        opener=str(prompt["prologue"] or ""),
        show_quote=bool(prompt["quote"]),
        refine_multiturn=bool(prompt["refine_multiturn"]),
    )
    return own.to_dict()


def _share(given: object, otherwise: float) -> float:
    return min(max(float(given), 0.0), 1.0) if _is_number(given) else otherwise  # type: ignore[arg-type]  # it is one


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def given_of(row: ChatRow) -> dict[str, Any]:
    """Return the fields of a chat in the released names, however the chat was made."""
    values = {**DEFAULTS, **row.released}
    if row.released:
        return values
    prompt, llm = row.prompt, row.llm
    values |= {
        "icon": row.avatar,
        "llm_id": llm.model_name,
        "llm_setting": {
            "temperature": llm.temperature,
            "top_p": llm.top_p,
            "presence_penalty": llm.presence_penalty,
            "frequency_penalty": llm.frequency_penalty,
            "max_tokens": llm.max_token,
        },
        "prompt_config": filled(
            {
                "system": prompt.prompt,
                "prologue": prompt.opener,
                "empty_response": prompt.empty_response,
                "quote": prompt.show_quote,
                "refine_multiturn": prompt.refine_multiturn,
            }
        ),
        "similarity_threshold": prompt.similarity_threshold,
        "vector_similarity_weight": round(1 - prompt.keywords_similarity_weight, 9),
        "top_n": prompt.top_n,
    }
    return values
