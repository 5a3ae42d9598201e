"""Runs a local GGUF model through llama.cpp.

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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragflow_local.errors import (
    ContextTooSmallError,
    DamagedModelError,
    InvalidValueError,
    MissingModelError,
    ModelClosedError,
)
from ragflow_local.generators.answering import BATCH, Answering, Reading, Writing
from ragflow_local.generators.chat_template import (
    CHATML,
    PLAIN,
    PLAIN_STOPS,
    ChatTemplate,
    ControlWords,
)
from ragflow_local.generators.gguf_header import GGUFHeader, read_header
from ragflow_local.generators.memory import check_memory
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings

_log = logging.getLogger("ragflow_local.llama_cpp")

_MOST_CONTEXT = 8192  # Eight chunks and a long history fit; more costs memory and patience.
_SIDE_CONTEXT = 2048  # of prompts beside a conversation: to rewrite a question, to judge
_UNKNOWN_CONTEXT = 2048  # For a file that does not say; every chat model reads that much.
_NO_CHAT = frozenset({"bert", "nomic-bert", "jina-bert-v2", "clip", "t5encoder"})
_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}

_NO_THOUGHT = "\n</think>\n\n"  # where a template opens the thinking, and JSON is wanted at once
# What llama-cpp-python's converter ends with where it is given nonsense.
_NO_GRAMMAR = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)

# One callback for the process's life: llama.cpp keeps the pointer.
_log_callback: Any = None
_log_lock = threading.Lock()


class LlamaCpp:
    """A loaded model: answers one question at a time, a second waits."""

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int | None = None,
        time_limit_seconds: float = 600.0,
        threads: int | None = None,
    ) -> None:
        """Load the weights; see ``open_generator``."""
        self.name = path.name
        self.time_limit_seconds = time_limit_seconds
        if not path.is_file():
            raise MissingModelError(str(path), [path.parent], "Give the path of a GGUF file.")
        header = read_header(path)
        if header.architecture in _NO_CHAT:
            raise DamagedModelError(path.name, f"a model of kind {header.architecture} cannot chat")
        self.parameters = header.parameters * header.parts
        self.context_tokens = context_tokens or min(
            header.context_tokens or _UNKNOWN_CONTEXT, _MOST_CONTEXT
        )
        check_memory(path, header, self.context_tokens)
        self.api = _library(path)
        self.turn = threading.Condition()
        self.owner: Answering | None = None
        self.is_closed = False
        self._load(path, threads)
        self._bos = self.api.llama_vocab_bos(self.vocab)
        self._choose_template(header)
        self._side: Reading | None = None

    def _load(self, path: Path, threads: int | None) -> None:
        api = self.api
        params = api.llama_model_default_params()
        params.use_extra_bufts = not _has_tiles()
        params.n_gpu_layers = int(os.environ.get("RAGFLOW_LOCAL_GPU_LAYERS", "0"))
        self._model = api.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise DamagedModelError(path.name, "llama.cpp does not load it; its log says why")
        self.vocab = api.llama_model_get_vocab(self._model)
        settings = api.llama_context_default_params()
        # llama.cpp's threads wait for one another by spinning, so that writing, which waits for
        # memory, is not faster with all of them, and far slower beside other work.
        processors = os.cpu_count() or 1
        settings.n_threads = threads or max(1, processors // 2)
        settings.n_threads_batch = threads or processors
        settings.no_perf = True
        self._settings = settings
        reading = self._reading(self.context_tokens)
        if reading is None:
            api.llama_model_free(self._model)
            raise DamagedModelError(path.name, "llama.cpp gives it no context; its log says why")
        self.reading = reading
        # The context may be padded up; the prompt is fitted into what was asked for.
        self.vocabulary = api.llama_vocab_n_tokens(self.vocab)

    def _reading(self, context_tokens: int) -> Reading | None:
        settings = self._settings
        settings.n_ctx = context_tokens
        settings.n_batch = settings.n_ubatch = min(BATCH, context_tokens)
        context = self.api.llama_init_from_model(self._model, settings)
        if not context:
            return None
        return Reading(context, self.api.llama_get_memory(context), context_tokens)

    def _beside(self, needed: int) -> Reading:
        """Return where a side prompt is read; with the conversation, where it is too long."""
        if needed > min(_SIDE_CONTEXT, self.context_tokens):
            return self.reading
        with self.turn:
            if self._side is None and not self.is_closed:
                self._side = self._reading(min(_SIDE_CONTEXT, self.context_tokens))
            return self._side or self.reading

    def _choose_template(self, header: GGUFHeader) -> None:
        """Take the model's own template; else the one whose words are tokens of its own."""
        api = self.api
        control = [
            _text_of(api, self.vocab, token)
            for token in range(self.vocabulary)
            if api.llama_vocab_is_control(self.vocab, token)
        ]
        self._control = ControlWords(control)
        self.stops: tuple[str, ...] = ()
        source = header.chat_template
        if not source:
            has_chatml = {"<|im_start|>", "<|im_end|>"} <= set(control)
            source = CHATML if has_chatml else PLAIN
            self.stops = () if has_chatml else PLAIN_STOPS
            kind = "ChatML" if has_chatml else "plain text"
            _log.warning("%s has no chat template; its prompts are written as %s", self.name, kind)
        bos = _text_of(api, self.vocab, self._bos) if self._bos >= 0 else ""
        end = api.llama_vocab_eos(self.vocab)
        eos = _text_of(api, self.vocab, end) if end >= 0 else ""
        self._bos_text = bos
        self._template = ChatTemplate(source, self.name, bos=bos, eos=eos)

    # ── prompt ──

    def prompt_of(self, messages: Sequence[ChatMessage]) -> str:
        """Return the exact text that the model reads."""
        return self._template.render([self._control.defuse(message) for message in messages])

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Return the exact tokens of the prompt that ``messages`` make, template included."""
        return len(self._tokens_of(self.prompt_of(messages)))

    def _tokens_of(self, prompt: str) -> list[int]:
        with self.turn:
            if self.is_closed:
                raise ModelClosedError(self.name)
            data = prompt.encode("utf-8", "replace")
            # A template that writes the first token itself must not get a second one.
            add_special = not (self._bos_text and prompt.startswith(self._bos_text))
            size = len(data) + 8
            tokens = (ctypes.c_int32 * size)()
            count = self.api.llama_tokenize(
                self.vocab, data, len(data), tokens, size, add_special, True
            )
            return list(tokens[: max(count, 0)])

    # ── answer ──

    def generate(
        self,
        messages: Sequence[ChatMessage],
        settings: LLMSettings,
        *,
        schema: Mapping[str, object] | None = None,
        is_side: bool = False,
    ) -> Iterator[str]:
        """Return the answer as a stream of pieces; it may be closed from any thread.

        Args:
            messages: The conversation.
            settings: How to write.
            schema: A JSON schema that the answer must fit.
            is_side: Whether it is beside a conversation, whose prompt is to stay read.

        Raises:
            ContextTooSmallError: The messages alone do not fit the context.
            InvalidValueError: The schema says what no grammar can.
        """
        prompt = self.prompt_of(messages)
        grammar = _grammar_of(schema) if schema is not None else ""
        if grammar and prompt.rstrip().endswith("<think>"):
            prompt += _NO_THOUGHT
        tokens = self._tokens_of(prompt)
        if len(tokens) >= self.context_tokens:
            raise ContextTooSmallError(len(tokens), self.context_tokens)
        is_thinking = prompt.rstrip().endswith("<think>")
        needed = len(tokens) + settings.max_token
        reading = self._beside(needed) if is_side else self.reading
        writing = Writing(settings, grammar=grammar, is_thinking=is_thinking)
        return Answering(self, reading, tokens, writing)

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
            self.api.llama_model_free(self._model)
            self.turn.notify_all()

    def __del__(self) -> None:
        if hasattr(self, "_side"):
            self.close()


def _grammar_of(schema: Mapping[str, object]) -> str:
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


def _text_of(api: Any, vocab: Any, token: int) -> str:
    text = api.llama_vocab_get_text(vocab, token)
    return text.decode("utf-8", "replace") if text else ""


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
