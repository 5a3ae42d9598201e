"""Crash points, at which a test ends the process to see what a crash leaves behind."""

from __future__ import annotations

import os

# In the order in which a document's life passes them.
POINTS = (
    "file written",
    "document added",
    "parse begun",
    "chunks embedded",
    "chunks written",
    "chunks committed",
    "vectors moved",
    "watermark raised",
    "removed vectors taken out",
    "document deleted",
    "file deleted",
)


def point(name: str) -> None:
    """End the process at once, as ``kill -9`` would, where ``RAGFLOW_LOCAL_CRASH_AT`` says so."""
    if os.environ.get("RAGFLOW_LOCAL_CRASH_AT") == name:
        os._exit(86)
