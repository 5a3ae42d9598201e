"""Generates one answer with a llama.cpp model, token by token."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ragflow_local.errors import (
    AnswerTimeoutError,
    DamagedModelError,
    InvalidValueError,
    ModelClosedError,
)
from ragflow_local.generators.llama_model import BATCH, LlamaModel, Reading
from ragflow_local.generators.stream_text import StreamText
from ragflow_local.settings import LLMSettings

_PENALTY_WINDOW = 64  # llama.cpp's default: tokens that the penalties look back on
_IDLE_SECONDS = 10.0  # An answer nobody reads on for so long makes way for another question.


@dataclass(frozen=True, slots=True)
class Writing:
    """The sampling settings and limits of an answer.

    Attributes:
        settings: The user's.
        grammar: What it must fit; "" for nothing.
        stops: Texts that end it.
        time_limit_seconds: Of the model; the shorter one of both counts.
        is_thinking: Whether the prompt has opened the thinking.
    """

    settings: LLMSettings
    grammar: str
    stops: tuple[str, ...]
    time_limit_seconds: float
    is_thinking: bool = False


class Answering(Iterator[str]):
    """One answer being written.

    The model's one context goes from question to question: a second question waits until this
    answer is whole or closed. Only an answer that its own thread left off, or that nobody reads
    on, makes way; when it is read on, its text is read by the model anew, so it stays right.
    """

    def __init__(
        self,
        model: LlamaModel,
        reading: Reading,
        prompt: list[int],
        writing: Writing,
    ) -> None:
        self._model = model
        self._reading = reading
        self._prompt = prompt
        self._said: list[int] = []
        self._text = StreamText(writing.stops)
        self._opening = "<think>\n" if writing.is_thinking else ""
        settings = writing.settings
        self._most = min(settings.max_token, reading.tokens - len(prompt))
        self._limit = min(settings.time_limit_seconds, writing.time_limit_seconds)
        self._sampler = _sampler_of(model, settings, writing.grammar)
        self.finish_reason = ""
        self._is_cut = False
        self._stop = threading.Event()
        self._interrupt: BaseException | None = None
        self.is_busy = False
        self._is_done = False
        self._thread = 0
        self._last_read = self._began = time.monotonic()
        self.usage: dict[str, float] = {"prompt_tokens": len(prompt), "answer_tokens": 0}

    def __iter__(self) -> Answering:
        return self

    def __next__(self) -> str:
        if self._opening:
            opening, self._opening = self._opening, ""
            return opening
        while not self._is_done:
            self._take_turn()
            try:
                piece = self._step()
            finally:
                self._leave()
            if piece:
                return piece
        if self._is_cut and not self.finish_reason:
            raise ModelClosedError(self._model.name)
        raise StopIteration

    def cut(self) -> None:
        """Stop as soon as the running step allows; the reader gets an error."""
        self._is_cut = True
        self._stop.set()

    def close(self) -> None:
        """End the answer; the model is free for the next question."""
        self._stop.set()
        with self._model.turn:
            if not self.is_busy:
                self._finish()

    def __del__(self) -> None:
        if hasattr(self, "usage"):
            self.close()

    def _take_turn(self) -> None:
        """Wait until the model is free for this answer, and hold it."""
        model = self._model
        with model.turn:
            while not model.is_closed and not self._stop.is_set():
                owner = model.owner
                if owner is None or owner is self or owner.makes_way():
                    break
                model.turn.wait(0.5)
            if model.is_closed:
                self._finish()
                raise ModelClosedError(model.name)
            model.owner = self
            self.is_busy = True
            self._thread = threading.get_ident()

    def makes_way(self) -> bool:
        """Return whether its own thread left it off, or nobody reads it on."""
        if self.is_busy:
            return False
        return (
            self._thread == threading.get_ident()
            or time.monotonic() - self._last_read > _IDLE_SECONDS
        )

    def _leave(self) -> None:
        with self._model.turn:
            self.is_busy = False
            self._last_read = time.monotonic()
            if self._is_done or self._stop.is_set():
                self._finish()

    def _finish(self) -> None:
        """Give the model and the sampler back; called with the model's lock held."""
        self._is_done = True
        if self._sampler is not None:
            self._model.api.llama_sampler_free(self._sampler)
            self._sampler = None
        if self._model.owner is self:
            self._model.owner = None
        self._model.turn.notify_all()

    def _step(self) -> str:
        """Return what one more token adds to the text."""
        if self._stop.is_set() or not self._read():
            self._is_done = True
            return ""
        api, model, reading = self._model.api, self._model, self._reading
        token = api.llama_sampler_sample(self._sampler, reading.context, -1)
        now = time.monotonic()
        self.usage.setdefault("first_seconds", now - self._began)
        self.usage["seconds"] = now - self._began
        if api.llama_vocab_is_eog(model.vocab, token):
            self._is_done = True
            self.finish_reason = "stop"
            return self._text.feed(b"", is_last=True)
        self._said.append(token)
        self.usage["answer_tokens"] = len(self._said)
        if len(self._said) >= self._most:
            self.finish_reason = "length"
        elif self._is_late():
            self.finish_reason = "time"
        self._is_done = bool(self.finish_reason)
        piece = _piece_of(api, model.vocab, token)
        text = self._text.feed(piece, is_last=self._is_done)
        if self._text.is_stopped:
            self._is_done, self.finish_reason = True, "stop"
        return text

    def _is_late(self) -> bool:
        return time.monotonic() - self._began > self._limit

    def _read(self) -> bool:
        """Evaluate the tokens that are not in the cache; return False if it was stopped."""
        model, reading = self._model, self._reading
        wanted = self._prompt + self._said
        same = _common(reading.cached, wanted)
        # The last token is read again: only then are there fresh figures to choose the next by.
        same = min(same, len(wanted) - 1)
        if same < len(reading.cached) and not model.api.llama_memory_seq_rm(
            reading.memory, 0, same, -1
        ):
            model.api.llama_memory_clear(reading.memory, True)  # a model that cannot go back
            same = 0
        reading.cached = wanted[:same]
        self.usage.setdefault("reused_tokens", same)
        rest = wanted[same:]
        if len(rest) == 1:
            return self._decode(rest)
        return self._read_stoppably(rest)

    def _read_stoppably(self, tokens: list[int]) -> bool:
        api, reading = self._model.api, self._reading
        callback = api.ggml_abort_callback(self._asks_to_stop)
        api.llama_set_abort_callback(reading.context, callback, None)
        try:
            for start in range(0, len(tokens), BATCH):
                if not self._decode(tokens[start : start + BATCH]):
                    return False
        finally:
            api.llama_set_abort_callback(reading.context, api.ggml_abort_callback(), None)
            if self._interrupt is not None:
                raise self._interrupt
        return True

    def _asks_to_stop(self, _: object) -> bool:
        try:
            return self._stop.is_set() or self._is_late()
        except KeyboardInterrupt as interrupt:  # ctypes would write it away
            self._interrupt = interrupt
            return True

    def _decode(self, tokens: list[int]) -> bool:
        api, model, reading = self._model.api, self._model, self._reading
        held = (ctypes.c_int32 * len(tokens))(*tokens)  # the batch only points to it
        status = api.llama_decode(reading.context, api.llama_batch_get_one(held, len(tokens)))
        if status == 0:
            reading.cached.extend(tokens)
            return True
        # The cache may hold a part of the batch: back to what is known.
        if not api.llama_memory_seq_rm(reading.memory, 0, len(reading.cached), -1):
            api.llama_memory_clear(reading.memory, True)
            reading.cached = []
        if status != 2:  # 2: aborted on our wish
            raise DamagedModelError(model.name, f"llama.cpp stopped with status {status}")
        if self._is_late() and not self._said and not self._stop.is_set():
            raise AnswerTimeoutError(model.name, self._limit)
        return False


def _common(left: list[int], right: list[int]) -> int:
    """Return how many tokens two texts have in common at their start."""
    if left == right[: len(left)]:
        return len(left)
    for index, (left_token, other) in enumerate(zip(left, right, strict=False)):
        if left_token != other:
            return index
    return min(len(left), len(right))


def _sampler_of(model: LlamaModel, settings: LLMSettings, grammar: str) -> Any:
    api = model.api
    chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
    if grammar:
        rules = api.llama_sampler_init_grammar(model.vocab, grammar.encode(), b"root")
        if not rules:
            api.llama_sampler_free(chain)
            allowed = "a JSON schema that llama.cpp can make a grammar of: fewer and smaller parts"
            raise InvalidValueError("schema", "…", allowed)
        api.llama_sampler_chain_add(chain, rules)
    penalties = api.llama_sampler_init_penalties(
        model.vocabulary,
        _PENALTY_WINDOW,
        1.0,
        settings.frequency_penalty,
        settings.presence_penalty,
    )
    steps = [penalties]
    if settings.temperature == 0:
        steps.append(api.llama_sampler_init_greedy())
    else:
        # The largest seed means "another each time" to llama.cpp.
        seed = 0xFFFFFFFF if settings.seed is None else min(settings.seed, 0xFFFFFFFE)
        steps.append(api.llama_sampler_init_top_p(settings.top_p, 1))
        steps.append(api.llama_sampler_init_temp(settings.temperature))
        steps.append(api.llama_sampler_init_dist(seed))
    for step in steps:
        api.llama_sampler_chain_add(chain, step)
    return chain


def _piece_of(api: Any, vocab: Any, token: int) -> bytes:
    """Return the bytes a token stands for; none for a control token."""
    for size in (64, 4096):
        buffer = ctypes.create_string_buffer(size)
        length = api.llama_token_to_piece(vocab, token, buffer, size, 0, False)
        if length >= 0:
            return buffer.raw[:length]
    return b""
