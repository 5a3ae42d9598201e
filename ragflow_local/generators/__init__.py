"""Generates text from messages as a stream, one file for each library.

A generator knows messages and weights and nothing else: no hit, no chat, no store; what the
messages say is made in ``answer/prompt.py``. To add a library, add its file here, a branch in
``open_generator``, and its door in the linter's list.

``extractive`` stands here too, but is no generator: it answers without a prompt, by quoting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ragflow_local.generators.resolve import EXTRACTIVE, list_models, parts_of, resolve_generator
from ragflow_local.generators.server_address import ServerAddress

if TYPE_CHECKING:  # the process that renders templates needs neither
    from ragflow_local.records import ChatMessage
    from ragflow_local.settings import LLMSettings

__all__ = [
    "EXTRACTIVE",
    "Generator",
    "ServerAddress",
    "Stream",
    "list_models",
    "open_generator",
    "parts_of",
    "resolve_generator",
]


class Generator(Protocol):
    """The interface of a generator.

    Attributes:
        name: Who answers, as ``Message.model`` shows it: the file name of the weights, or
            the model's name at its server.
        context_tokens: Length of its context window: prompt and answer together.
    """

    name: str
    context_tokens: int

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Return the tokens of the prompt that ``messages`` make, template included.

        They are exact but of a server that does not count: then rather too many.
        """
        ...

    def generate(
        self,
        messages: Sequence[ChatMessage],
        settings: LLMSettings,
        *,
        schema: Mapping[str, object] | None = None,
        is_side: bool = False,
    ) -> Iterator[str]:
        """Yield the answer piece by piece; closing the iterator stops the model.

        What a thinking model thinks comes between ``<think>`` and ``</think>``. With a JSON
        schema the answer is JSON that fits it, and nothing is thought. What ``is_side`` is a
        task beside the conversation: the prompt of the last answer stays read.

        Raises:
            ContextTooSmallError: The messages alone do not fit the context.
            InvalidValueError: The schema says what no grammar can.
            AnswerTimeoutError: The time ended before the first word.
            ModelClosedError: The model was closed meanwhile.
            ModelServerError: The server that runs it does not answer as it should.
        """
        ...

    def retire(self) -> None:
        """Free the weights once the answer that is being written is whole."""
        ...

    def close(self) -> None:
        """Free the weights; an answer that is being written ends with ``ModelClosedError``."""
        ...


class Stream(Iterator[str], Protocol):
    """What ``generate`` of a real model returns: it can be stopped from another thread.

    Attributes:
        usage: Counts and seconds so far: ``prompt_tokens``, ``reused_tokens``,
            ``answer_tokens``, ``first_seconds``, ``seconds``.
        finish_reason: Why the text ended: ``stop``, ``length``, ``time``; else empty.
    """

    usage: Mapping[str, float]
    finish_reason: str

    def close(self) -> None:
        """Stop within one token, while the prompt is read too; once is enough."""
        ...


def open_generator(
    path: Path | ServerAddress,
    *,
    context_tokens: int | None = None,
    time_limit_seconds: float = 600.0,
    threads: int | None = None,
) -> Generator:
    """Return the chat model in a GGUF file, loaded; or the one that runs at an address.

    Args:
        path: The file, of a model in parts the first; or the address of a server.
        context_tokens: Window to use; None: the model's own, at most 8,192.
        time_limit_seconds: Longest time for one answer; it then ends where it is.
        threads: Processor threads to use; None: all to read a prompt, half of them to write.

    Raises:
        MissingModelError: There is no such file, or llama-cpp-python is not installed.
        DamagedModelError: The file is no GGUF, is cut short, or is no chat model.
        ModelTooLargeError: It needs more memory than the machine has.
        ModelServerError: The server is not there, not allowed, or has no such model.
    """
    if isinstance(path, ServerAddress):
        from ragflow_local.generators.model_server import ModelServer

        return ModelServer(
            path, context_tokens=context_tokens, time_limit_seconds=time_limit_seconds
        )
    from ragflow_local.generators.llama_cpp import LlamaCpp

    return LlamaCpp(
        path,
        context_tokens=context_tokens,
        time_limit_seconds=time_limit_seconds,
        threads=threads,
    )
