"""Sentence-transformers: texts through any local model folder on torch; exports the fast form."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ragflow_local.embedders.folder import ModelFolder
from ragflow_local.embedders.vectors import encodable, unit_rows
from ragflow_local.errors import DamagedModelError, MissingModelError
from ragflow_local.records import Matrix, Vector

# 16 and not the library's 32: 32 texts of 512 tokens in a large model take gigabytes.
BATCH = 16


class SentenceTransformersEmbedder:
    """A model as its authors published it: exact, but torch takes seconds to load."""

    def __init__(self, folder: ModelFolder, fingerprint: str) -> None:
        self.name = folder.name
        self.dim = folder.dim
        self.max_tokens = folder.max_tokens
        self.prompts = folder.prompts
        self.tokenizer_file = folder.tokenizer_file
        self.fingerprint = fingerprint
        self.backend = "torch"
        self._model = _load(folder)
        # Its tokenizer keeps padding and truncation as state, so two threads would race.
        self._lock = threading.Lock()
        width = self._encode(["width"], "").shape[1]
        if width != folder.dim:
            raise DamagedModelError(
                folder.name, f"its vectors have {width} numbers, its files say {folder.dim}"
            )

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dim) float32, each row of length 1."""
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        return self._encode(texts, self.prompts[1])

    def embed_query(self, question: str) -> Vector:
        """Return (dim,) float32 of length 1, of the question with its own prompt."""
        return self._encode([question], self.prompts[0]).reshape(-1)

    def _encode(self, texts: Sequence[str], prompt: str) -> Matrix:
        with self._lock:
            vectors = self._model.encode(
                [encodable(text) for text in texts],
                prompt=prompt,  # "" and not None: None would take the folder's default prompt
                batch_size=BATCH,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
        return unit_rows(np.asarray(vectors, dtype=np.float32).reshape(len(texts), -1))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the libraries say while loading from the user's terminal."""
    import transformers.utils.logging

    speech: Any = transformers.utils.logging

    loggers = [logging.getLogger(name) for name in ("sentence_transformers", "torch.onnx")]
    levels = [logger.level for logger in loggers]
    level, has_bars = speech.get_verbosity(), speech.is_progress_bar_enabled()
    speech.set_verbosity_error()
    speech.disable_progress_bar()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # Deprecations between these libraries: nothing that a user could act on.
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, before in zip(loggers, levels, strict=True):
            logger.setLevel(before)
        speech.set_verbosity(level)
        if has_bars:
            speech.enable_progress_bar()


def _load(folder: ModelFolder) -> Any:
    # Before the import: the libraries read these once, and would otherwise call home.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    try:
        import safetensors
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingModelError(
            folder.name,
            [folder.path],
            f"Its library is not installed ({error}): pip install sentence-transformers",
        ) from None
    with _quiet():
        try:
            return SentenceTransformer(
                str(folder.path), device="cpu", local_files_only=True, trust_remote_code=False
            ).eval()
        except (
            OSError,
            ValueError,
            RuntimeError,
            KeyError,
            TypeError,
            AttributeError,
            ImportError,
            safetensors.SafetensorError,
        ) as error:
            raise DamagedModelError(folder.name, f"loading it failed: {error}") from error
