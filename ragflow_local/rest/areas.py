"""All areas of the released API: importing one adds its paths."""

from __future__ import annotations

from importlib import import_module

_AREAS = (
    "system",
    "datasets",
    "documents",
    "document_update",
    "parsing",
    "chunks",
    "retrieval",
    "chats",
    "sessions",
    "asking",
    "agents",
    "memories",
    "memory_messages",
    "openai",
)


def load() -> None:
    """Import every area; once is enough."""
    for name in _AREAS:
        import_module(f"ragflow_local.rest.{name}")
