"""Checks whether a model fits into the memory that is free."""

from __future__ import annotations

from pathlib import Path

import psutil

from ragflow_local.errors import ModelTooLargeError
from ragflow_local.generators.gguf_header import GGUFHeader
from ragflow_local.generators.resolve import parts_of

_CGROUP = Path("/sys/fs/cgroup")


def check_memory(path: Path, header: GGUFHeader, context_tokens: int) -> None:
    """Raise ``ModelTooLargeError`` for a model that does not fit into the free memory."""
    weights = sum(part.stat().st_size for part in parts_of(path))
    needed = header.memory_bytes(context_tokens) - header.size_bytes + weights
    available = available_bytes()
    if needed > available:
        raise ModelTooLargeError(path.name, needed, available)


def available_bytes() -> int:
    """Return the memory this process may still use: of the machine, or of its container."""
    available = int(psutil.virtual_memory().available)
    try:
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        stat = (_CGROUP / "memory.stat").read_text().split()
    except (OSError, ValueError):  # no container, or one without a limit
        return available
    # Files that were read count as used, but are given back when memory is wanted.
    cached = int(stat[stat.index("inactive_file") + 1]) if "inactive_file" in stat else 0
    return min(available, max(limit - used + cached, 0))
