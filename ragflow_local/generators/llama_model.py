"""Weights that llama.cpp holds, its contexts, and whose turn it is to use them.

The low functions of llama-cpp-python are called, not its ``Llama``: that redirects the whole
process's output while it loads, cannot be stopped while it reads a prompt, and falls back to the
template of another model without a word.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ragflow_local.errors import (
    DamagedModelError,
    InvalidValueError,
    MissingModelError,
    ModelClosedError,
)

_log = logging.getLogger("ragflow_local.llama_cpp")

BATCH = 512  # llama.cpp's default
_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}

# What llama-cpp-python's converter ends with where it is given nonsense.
_NO_GRAMMAR = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)

# One callback for the process's life: llama.cpp keeps the pointer.
_log_callback: Any = None
_log_lock = threading.Lock()


@dataclass(slots=True)
class Reading:
    """A context of a model and the tokens in its cache, from which the next prompt continues.

    Attributes:
        context: llama.cpp's context.
        memory: Its cache.
        tokens: Its length.
        cached: What the cache holds.
    """

    context: Any
    memory: Any
    tokens: int
    cached: list[int] = field(default_factory=list)


class Owner(Protocol):
    """An answer that holds the model while a token is made."""

    is_busy: bool

    def makes_way(self) -> bool:
        """Say whether another may take the model."""
        ...

    def cut(self) -> None:
        """Let the step that is running end as soon as it can."""
        ...


class LlamaModel:
    """Loaded weights with a context for conversations, and one made when a side prompt comes.

    Attributes:
        name: The file's name.
        api: llama.cpp's functions.
        vocab: llama.cpp's pointer to the vocabulary.
        vocabulary: How many tokens it has.
        context_tokens: The length of a conversation.
        reading: The context of conversations.
        turn: Held while the owner changes; told of every change.
        owner: The answer that has the model; None for none.
        is_closed: Whether the weights have been freed.
    """

    def __init__(self, path: Path, context_tokens: int, threads: int | None = None) -> None:
        """Load the weights.

        Args:
            path: The GGUF file.
            context_tokens: Of a conversation: prompt and answer.
            threads: Of llama.cpp; None for as many as are fast.

        Raises:
            MissingModelError: llama-cpp-python is not installed.
            DamagedModelError: llama.cpp does not load the file.
        """
        self.name = path.name
        self.context_tokens = context_tokens
        self.turn = threading.Condition()
        self.owner: Owner | None = None
        self.is_closed = False
        self.api = api = _library(path)
        params = api.llama_model_default_params()
        params.use_extra_bufts = not _has_tiles()
        params.n_gpu_layers = int(os.environ.get("RAGFLOW_LOCAL_GPU_LAYERS", "0"))
        self._weights = api.llama_model_load_from_file(os.fsencode(path), params)
        if not self._weights:
            raise DamagedModelError(path.name, "llama.cpp does not load it; its log says why")
        self.vocab = api.llama_model_get_vocab(self._weights)
        settings = api.llama_context_default_params()
        # llama.cpp's threads wait for one another by spinning, so that writing, which waits for
        # memory, is not faster with all of them, and far slower beside other work.
        processors = os.cpu_count() or 1
        settings.n_threads = threads or max(1, processors // 2)
        settings.n_threads_batch = threads or processors
        settings.no_perf = True
        self._settings = settings
        reading = self._context(context_tokens)
        if reading is None:
            api.llama_model_free(self._weights)
            raise DamagedModelError(path.name, "llama.cpp gives it no context; its log says why")
        # The context may be padded up; the prompt is fitted into what was asked for.
        self.reading = reading
        self.vocabulary = api.llama_vocab_n_tokens(self.vocab)
        self._side: Reading | None = None

    def _context(self, tokens: int) -> Reading | None:
        settings = self._settings
        settings.n_ctx = tokens
        settings.n_batch = settings.n_ubatch = min(BATCH, tokens)
        context = self.api.llama_init_from_model(self._weights, settings)
        if not context:
            return None
        return Reading(context, self.api.llama_get_memory(context), tokens)

    def side_reading(self, tokens: int) -> Reading:
        """Return the context of side prompts, of so many tokens; else that of conversations."""
        with self.turn:
            if self._side is None and not self.is_closed:
                self._side = self._context(tokens)
            return self._side or self.reading

    def text_of(self, token: int) -> str:
        """Return the text of a token, control tokens included."""
        text = self.api.llama_vocab_get_text(self.vocab, token)
        return text.decode("utf-8", "replace") if text else ""

    def tokens_of(self, prompt: str, *, add_special: bool) -> list[int]:
        """Return the tokens of a prompt.

        Args:
            prompt: The text.
            add_special: Whether the first token of every text is put before it.

        Raises:
            ModelClosedError: The weights have been freed.
        """
        with self.turn:
            if self.is_closed:
                raise ModelClosedError(self.name)
            data = prompt.encode("utf-8", "replace")
            size = len(data) + 8
            tokens = (ctypes.c_int32 * size)()
            count = self.api.llama_tokenize(
                self.vocab, data, len(data), tokens, size, add_special, True
            )
            return list(tokens[: max(count, 0)])

    def retire(self) -> None:
        """Wait for the answer that is being written, or for its reader to leave it; free all."""
        with self.turn:
            while not self.is_closed and self.owner is not None and not self.owner.makes_way():
                self.turn.wait(0.2)
            self.close()

    def close(self) -> None:
        """Cut what is running and free the weights; nothing happens the second time."""
        with self.turn:
            if self.is_closed:
                return
            self.is_closed = True
            if self.owner is not None:
                self.owner.cut()
            while self.owner is not None and self.owner.is_busy:
                self.turn.wait(0.1)
            for reading in (self.reading, self._side):
                if reading is not None:
                    self.api.llama_free(reading.context)
            self.api.llama_model_free(self._weights)
            self.turn.notify_all()

    def __del__(self) -> None:
        if hasattr(self, "_side"):
            self.close()


def grammar_of(schema: Mapping[str, object]) -> str:
    """Return the grammar of a JSON schema.

    Raises:
        InvalidValueError: llama-cpp-python cannot make one of it.
    """
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(json.dumps(schema)))
    except _NO_GRAMMAR as error:
        why = str(error) or type(error).__name__
        allowed = f"a JSON schema that a grammar can be made of ({why})"
        raise InvalidValueError("schema", schema, allowed) from error


def _has_tiles() -> bool:
    """Return whether llama.cpp would multiply by AMX tiles, where it can end the whole process.

    It asks the system for them once, but virtual machines that show the tiles may not grant them
    to its threads: the first tile instruction is then a segmentation fault.
    """
    try:
        return "amx_tile" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def _library(path: Path) -> Any:
    """Return llama.cpp's functions, its log led to ``logging``."""
    try:
        import llama_cpp.llama_cpp as api
    except ImportError as error:
        raise MissingModelError(
            "llama-cpp-python",
            [path.parent],
            'It reads GGUF files: pip install "ragflow-local[llm]"',
        ) from error
    global _log_callback
    with _log_lock:
        if _log_callback is None:
            _log_callback = api.llama_log_callback(_write_log)
            api.llama_log_set(_log_callback, None)
            api.llama_backend_init()
    return api


def _write_log(level: int, text: bytes, _: object) -> None:
    if level in _LEVELS and _log.isEnabledFor(_LEVELS[level]):  # not the dots of a progress bar
        _log.log(_LEVELS[level], "%s", text.decode("utf-8", "replace").rstrip())
