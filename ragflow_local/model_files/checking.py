"""Checks a model: it is loaded, and writes or embeds one sentence."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ragflow_local.embedders import open_embedder
from ragflow_local.errors import DamagedModelError
from ragflow_local.generators import (
    Generator,
    ServerAddress,
    open_generator,
    resolve_generator,
)
from ragflow_local.model_files.listing import Model, find_model
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings

_SENTENCE = "The kraken sleeps in the deep sea."
_ASKED = "Say in one short sentence what a kraken is."
_CHECK = LLMSettings(temperature=0, max_token=40)
_CHECK_CONTEXT = 1024


@dataclass(frozen=True, slots=True)
class Check:
    """The result of checking a model.

    Attributes:
        model: Which.
        said: The sentence a chat model wrote.
        dim: Length of an embedding model's vectors.
        load_seconds: To load it.
        seconds: To write, or to embed one sentence.
        tokens: That were written.
    """

    model: Model
    said: str = ""
    dim: int = 0
    load_seconds: float = 0.0
    seconds: float = 0.0
    tokens: int = 0


def check_model(name: str, models_dir: Path, cache_dir: Path) -> Check:
    """Load a model and have it write or embed one sentence.

    Args:
        name: Its name in the directory, with or without ``.gguf``, a path, or the address of a
            server that runs it.
        models_dir: Where models lie.
        cache_dir: Where the ONNX form of an embedding model is kept.

    Raises:
        MissingModelError: There is no such model.
        ModelError: There is one, and it cannot be used.
    """
    began = time.monotonic()
    if name.startswith(("http://", "https://")):
        return _check_server(name, models_dir, began)
    model = find_model(name, models_dir)
    if model.kind == "embedding":
        embedder = open_embedder(str(model.path), models_dir, cache_dir=cache_dir)
        loaded = time.monotonic()
        vector = embedder.embed([_SENTENCE])[0]
        if not 0.99 < float(vector @ vector) < 1.01:  # NaN too
            raise DamagedModelError(model.name, "its vector of a sentence has not the length 1")
        return Check(
            model,
            dim=len(vector),
            load_seconds=loaded - began,
            seconds=time.monotonic() - loaded,
        )
    context = min(_CHECK_CONTEXT, model.context_tokens or _CHECK_CONTEXT)
    return _check_chat(model, open_generator(model.path, context_tokens=context), began)


def _check_server(name: str, models_dir: Path, began: float) -> Check:
    address = resolve_generator(name, models_dir)
    assert isinstance(address, ServerAddress)
    generator = open_generator(address)
    model = Model(name, "chat", Path(), context_tokens=generator.context_tokens)
    return _check_chat(model, generator, began)


def _check_chat(model: Model, generator: Generator, began: float) -> Check:
    try:
        loaded = time.monotonic()
        pieces = list(generator.generate([ChatMessage("user", _ASKED)], _CHECK))
    finally:
        generator.close()
    return Check(
        model,
        said="".join(pieces).strip(),
        load_seconds=loaded - began,
        seconds=time.monotonic() - loaded,
        tokens=len(pieces),
    )
