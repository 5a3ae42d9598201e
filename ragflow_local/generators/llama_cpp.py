"""Answer by a local GGUF file through llama.cpp: its template, its prompts, its answers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ragflow_local.errors import ContextTooSmallError, DamagedModelError, MissingModelError
from ragflow_local.generators.answering import Answering, Writing
from ragflow_local.generators.chat_template import (
    CHATML,
    PLAIN,
    PLAIN_STOPS,
    ChatTemplate,
    ControlWords,
)
from ragflow_local.generators.gguf_header import GGUFHeader, read_header
from ragflow_local.generators.llama_model import LlamaModel, Reading, grammar_of
from ragflow_local.generators.memory import check_memory
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings

_log = logging.getLogger("ragflow_local.llama_cpp")

_MOST_CONTEXT = 8192  # Eight chunks and a long history fit; more costs memory and patience.
_SIDE_CONTEXT = 2048  # of prompts beside a conversation: to rewrite a question, to judge
_UNKNOWN_CONTEXT = 2048  # For a file that does not say; every chat model reads that much.
_NO_CHAT = frozenset({"bert", "nomic-bert", "jina-bert-v2", "clip", "t5encoder"})

_NO_THOUGHT = "\n</think>\n\n"  # where a template opens the thinking, and JSON is wanted at once


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
        self._model = LlamaModel(path, self.context_tokens, threads)
        self._choose_template(header)

    def _choose_template(self, header: GGUFHeader) -> None:
        """Take the model's own template; else the one whose words are tokens of its own."""
        model, api = self._model, self._model.api
        control = [
            model.text_of(token)
            for token in range(model.vocabulary)
            if api.llama_vocab_is_control(model.vocab, token)
        ]
        self._control = ControlWords(control)
        self._stops: tuple[str, ...] = ()
        source = header.chat_template
        if not source:
            has_chatml = {"<|im_start|>", "<|im_end|>"} <= set(control)
            source = CHATML if has_chatml else PLAIN
            self._stops = () if has_chatml else PLAIN_STOPS
            kind = "ChatML" if has_chatml else "plain text"
            _log.warning("%s has no chat template; its prompts are written as %s", self.name, kind)
        first, end = api.llama_vocab_bos(model.vocab), api.llama_vocab_eos(model.vocab)
        self._bos = model.text_of(first) if first >= 0 else ""
        eos = model.text_of(end) if end >= 0 else ""
        self._template = ChatTemplate(source, self.name, bos=self._bos, eos=eos)

    # ── prompt ──

    def prompt_of(self, messages: Sequence[ChatMessage]) -> str:
        """Return the exact text that the model reads."""
        return self._template.render([self._control.defuse(message) for message in messages])

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Return the exact tokens of the prompt that ``messages`` make, template included."""
        return len(self._tokens_of(self.prompt_of(messages)))

    def _tokens_of(self, prompt: str) -> list[int]:
        # A template that writes the first token itself must not get a second one.
        add_special = not (self._bos and prompt.startswith(self._bos))
        return self._model.tokens_of(prompt, add_special=add_special)

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
        grammar = grammar_of(schema) if schema is not None else ""
        if grammar and prompt.rstrip().endswith("<think>"):
            prompt += _NO_THOUGHT
        tokens = self._tokens_of(prompt)
        if len(tokens) >= self.context_tokens:
            raise ContextTooSmallError(len(tokens), self.context_tokens)
        is_thinking = prompt.rstrip().endswith("<think>")
        needed = len(tokens) + settings.max_token
        reading = self._beside(needed) if is_side else self._model.reading
        writing = Writing(
            settings, grammar, self._stops, self.time_limit_seconds, is_thinking=is_thinking
        )
        return Answering(self._model, reading, tokens, writing)

    def _beside(self, needed: int) -> Reading:
        """Return where a side prompt is read; with the conversation, where it is too long."""
        room = min(_SIDE_CONTEXT, self.context_tokens)
        return self._model.reading if needed > room else self._model.side_reading(room)

    @property
    def is_closed(self) -> bool:
        """Whether the weights have been freed."""
        return self._model.is_closed

    def retire(self) -> None:
        """Wait for the answer that is being written, or for its reader to leave it; free all."""
        self._model.retire()

    def close(self) -> None:
        """Cut what is running and free the weights; nothing happens the second time."""
        self._model.close()
