"""Translates the fields of clients up to 0.24 to today's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The first version of the client that speaks as today's does.
TODAYS = (0, 25)

# What answers hold besides, and scripts send back with what they changed.
_OF_ANSWERS = ("table_context_size", "image_context_size", "llm_id")


def modern_config(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ``parser_config`` with today's names."""
    values = {name: value for name, value in given.items() if name not in _OF_ANSWERS}
    if "chunk_token_count" in values:
        count = values.pop("chunk_token_count")
        values.setdefault("chunk_token_num", count)
    raptor = values.get("raptor")
    if isinstance(raptor, Mapping) and "user_raptor" in raptor:
        # A slip of RAGFlow's documentation, which many scripts have copied.
        values["raptor"] = {
            "use_raptor" if name == "user_raptor" else name: value for name, value in raptor.items()
        }
    kinds = values.pop("entity_types", None)
    if kinds is not None:
        values["graphrag"] = {**(values.get("graphrag") or {}), "entity_types": kinds}
    return values


def modern_document(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an update of a document with today's names."""
    values = dict(given)
    if "parser_method" in values:
        values.setdefault("chunk_method", values.pop("parser_method"))
    config = values.get("parser_config")
    if config is not None and hasattr(config, "to_json"):
        config = config.to_json()
    if isinstance(config, Mapping):
        values["parser_config"] = modern_config(config)
    return values


def modern_dataset(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dataset, or an update of one, with today's names."""
    values = modern_document(given)
    if "parse_method" in values:
        values.setdefault("chunk_method", values.pop("parse_method"))
    return values
