"""Lists the areas of the released API; importing one registers its paths."""

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
    """Import every area, so that its paths are registered."""
    for name in _AREAS:
        import_module(f"ragflow_local.rest.{name}")
