"""Answer by a model that already runs: a server that speaks as OpenAI's does, on this computer.

llama-server, Ollama, LM Studio and vLLM do. What they tell beyond that (their window, their
tokenizer) is used where they tell it, and guessed on the safe side where they do not.
"""

from __future__ import annotations

import json
import re
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException
from typing import Any

from ragflow_local.errors import (
    ContextTooSmallError,
    ModelClosedError,
    ModelError,
    ModelServerError,
)
from ragflow_local.generators.chat_template import ControlWords, arrange
from ragflow_local.generators.server_address import KEY, SERVERS, ServerAddress, connect, key_of
from ragflow_local.generators.server_answer import ServerAnswer, ServerRequest
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings

_MOST_CONTEXT = 8192  # as of a model that the engine loads itself
_UNKNOWN_CONTEXT = 4096  # Ollama's default, which it does not tell; it cuts off what is longer
_SECONDS = 10.0  # to be told of models, or to count tokens
_MOST_BYTES = 4 << 20  # of such an answer
_MOST_SHOWN = 10  # models in a message

# Tokens are counted too high rather than too low: English has 4 to 5 letters a token, numbers and
# names fewer; a letter beyond ASCII is one at most with the vocabularies of today.
_LETTERS_A_TOKEN = 3.0
_TOKENS_A_MESSAGE = 8  # of a chat template

_CONTEXTS = (
    "context_length",
    "max_model_len",
    "loaded_context_length",
    "n_ctx",
    "context_window",
    "max_context_length",
)
_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([bm])(?![a-z])", re.IGNORECASE)

# What chat templates are built of; a server reads it in a document as what it is.
_CONTROL_WORDS = (
    "<|im_start|> <|im_end|> <|endoftext|> <|begin_of_text|> <|end_of_text|> <|eot_id|> <|eom_id|>"
    " <|start_header_id|> <|end_header_id|> <start_of_turn> <end_of_turn> [INST] [/INST]"
    " [SYSTEM_PROMPT] [/SYSTEM_PROMPT] <<SYS>> <</SYS>> <s> </s> <bos> <eos> <|system|> <|user|>"
    " <|assistant|> <|end|> <|start|> <|channel|> <|message|> <|return|> <|call|>"
    " <|start_of_role|> <|end_of_role|> <|START_OF_TURN_TOKEN|> <|END_OF_TURN_TOKEN|>"
    " <｜User｜> <｜Assistant｜> <｜begin▁of▁sentence｜> <｜end▁of▁sentence｜>"
)


class ModelServer:
    """One model of a server; each question is a request of its own, and the server queues them."""

    def __init__(
        self,
        address: ServerAddress,
        *,
        context_tokens: int | None = None,
        time_limit_seconds: float = 600.0,
    ) -> None:
        """Ask the server for its models; see ``open_generator``."""
        self.address = address
        self.time_limit_seconds = time_limit_seconds
        self.is_closed = False
        self._key = key_of(address)
        self._control = ControlWords(_CONTROL_WORDS.split())
        self._answers: weakref.WeakSet[ServerAnswer] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._scale = 1.0
        self._counted: tuple[Sequence[ChatMessage], int] | None = None
        model = self._model(self._models())
        self.name = str(model["id"])
        self.parameters = _parameters_of(model, self.name)
        self._has_tokenizer = self._counts()
        self.context_tokens = context_tokens or min(
            _context_of(model) or self._reported_context(), _MOST_CONTEXT
        )

    # ── what the server tells ──

    def _models(self) -> list[dict[str, Any]]:
        """Return the models the server lists; none where it lists none but one is named."""
        status, reply = self.request("GET", f"{self.address.path}/models")
        listed = reply.get("data") if isinstance(reply, dict) else None
        if status == 200 and isinstance(listed, list):
            return [entry for entry in listed if _is_model(entry)]
        if status in (404, 405, 501) and self.address.model:
            return []
        raise self.refused(status, reply, "it lists no models as OpenAI's servers do")

    def _model(self, listed: list[dict[str, Any]]) -> dict[str, Any]:
        wanted = self.address.model
        for entry in listed:
            if entry["id"] == wanted or (wanted and entry["id"] == f"{wanted}:latest"):
                return entry
        if wanted and not listed:
            return {"id": wanted}
        names = ", ".join(entry["id"] for entry in listed[:_MOST_SHOWN]) or "none"
        if wanted:
            raise ModelServerError(
                wanted, f"{self.address.origin} has no such model", f"It has: {names}."
            )
        if len(listed) != 1:
            raise ModelServerError(
                self.address.origin,
                "the server has several models, or none",
                f"Name one after #, as in {self.address.origin}/v1#MODEL; it has: {names}.",
            )
        return listed[0]

    def _counts(self) -> bool:
        """Return whether the server counts tokens, as llama-server does."""
        return self._tokens("a") is not None

    def _tokens(self, text: str) -> int | None:
        status, reply = self.request("POST", "/tokenize", {"content": text, "add_special": True})
        tokens = reply.get("tokens") if status == 200 and isinstance(reply, dict) else None
        return len(tokens) if isinstance(tokens, list) else None

    def _reported_context(self) -> int:
        """Return the window that llama-server runs with; of another a safe guess."""
        if self._has_tokenizer:
            status, reply = self.request("GET", "/props")
            settings = reply.get("default_generation_settings") if isinstance(reply, dict) else None
            if status == 200 and isinstance(settings, dict):
                return _context_of(settings) or _UNKNOWN_CONTEXT
        return _UNKNOWN_CONTEXT

    def request(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> tuple[int, Any]:
        """Return the status and the JSON of a short answer; None for what is no JSON.

        Raises:
            ModelServerError: Nobody answers.
        """
        try:
            connection = connect(self.address, _SECONDS)
            try:
                sent = json.dumps(body).encode() if body is not None else None
                connection.request(method, path, sent, self.headers())
                answer = connection.getresponse()
                data = answer.read(_MOST_BYTES)
            finally:
                connection.close()
        except (OSError, HTTPException) as error:
            raise self.unreachable(error) from error
        try:
            return answer.status, json.loads(data)
        except (ValueError, RecursionError):
            return answer.status, None

    def headers(self) -> dict[str, str]:
        """Return what each request says beside its body."""
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers

    def unreachable(self, error: Exception) -> ModelServerError:
        """Return the error of a server that does not answer."""
        why = str(error) or type(error).__name__
        return ModelServerError(
            self.address.name,
            f"no server answers at {self.address.origin} ({why})",
            "Start it (llama-server, ollama serve, LM Studio), or mend llm.model_name.",
        )

    def refused(self, status: int, reply: object, otherwise: str) -> ModelError:
        """Return the error that an answer which is none means."""
        message = _message_of(reply)
        if status in (401, 403):
            return ModelServerError(
                self.address.name,
                f"{self.address.origin} asks for a key ({message or status})",
                f"Set {KEY}, and name the server in {SERVERS}.",
            )
        if 300 <= status < 400:
            otherwise = "it leads elsewhere, and the engine does not follow"
        too_long = _overflow(reply)
        if too_long:
            needed, context = too_long
            self.context_tokens = min(self.context_tokens, context or self.context_tokens)
            return ContextTooSmallError(needed or self.context_tokens, self.context_tokens)
        problem = otherwise if status < 400 else f"it answers with an error: {message or status}"
        return ModelServerError(
            self.address.name, problem, f"Look into the log of the server at {self.address.origin}."
        )

    # ── prompt and answer ──

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Return the tokens of the prompt that ``messages`` make; rather too many than too few."""
        with self._lock:
            if self._counted is not None and self._counted[0] == messages:
                return self._counted[1]
        arranged = self._arranged(messages)
        count = self._exact(arranged) if self._has_tokenizer else None
        if count is None:
            count = int(estimated_tokens(arranged) * self._scale)
        with self._lock:
            self._counted = (messages, count)
        return count

    def _exact(self, messages: Sequence[ChatMessage]) -> int | None:
        status, reply = self.request("POST", "/apply-template", {"messages": _plain(messages)})
        prompt = reply.get("prompt") if status == 200 and isinstance(reply, dict) else None
        if isinstance(prompt, str):
            return self._tokens(prompt)
        count = self._tokens("\n".join(message.content for message in messages))
        return None if count is None else count + _TOKENS_A_MESSAGE * len(messages)

    def learn(self, messages: Sequence[ChatMessage], tokens: float) -> None:
        """Note how many tokens a prompt had, where they were only guessed."""
        guessed = estimated_tokens(self._arranged(messages))
        if guessed and not self._has_tokenizer:
            self._scale = max(self._scale, min(tokens / guessed, 4.0))

    def _arranged(self, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
        defused = [self._control.defuse(message) for message in messages]
        return arrange(defused, has_system=True)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        settings: LLMSettings,
        *,
        schema: Mapping[str, object] | None = None,
        is_side: bool = False,
    ) -> Iterator[str]:
        """Return the answer as a stream of pieces; it may be closed from any thread.

        Raises:
            ContextTooSmallError: The messages alone do not fit the context.
            ModelClosedError: The project was closed.
        """
        count = self.count_tokens(messages)
        if count >= self.context_tokens:
            raise ContextTooSmallError(count, self.context_tokens)
        body: dict[str, object] = {
            "model": self.name,
            "messages": _plain(self._arranged(messages)),
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "presence_penalty": settings.presence_penalty,
            "frequency_penalty": settings.frequency_penalty,
            "max_tokens": min(settings.max_token, self.context_tokens - count),
        }
        if settings.seed is not None:
            body["seed"] = settings.seed
        if schema is not None:
            wanted = {"name": "answer", "strict": True, "schema": dict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": wanted}
        limit = min(settings.time_limit_seconds, self.time_limit_seconds)
        request = ServerRequest(tuple(messages), body, count, limit, is_json=schema is not None)
        answer = ServerAnswer(self, request)
        with self._lock:
            if self.is_closed:
                raise ModelClosedError(self.name)
            self._answers.add(answer)
        return answer

    def retire(self) -> None:
        """Leave the server as it is: what it holds is its own."""

    def close(self) -> None:
        """Cut the answers that are being written; nothing happens the second time."""
        with self._lock:
            self.is_closed = True
            answers = list(self._answers)
        for answer in answers:
            answer.cut()


def estimated_tokens(messages: Sequence[ChatMessage]) -> int:
    """Return about how many tokens messages have, rather too many than too few."""
    total = 0.0
    for message in messages:
        ascii_letters = sum(letter < "\x80" for letter in message.content)
        total += ascii_letters / _LETTERS_A_TOKEN + len(message.content) - ascii_letters
    return int(total) + _TOKENS_A_MESSAGE * len(messages)


def _is_model(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)


def _plain(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _context_of(model: Mapping[str, Any]) -> int:
    """Return the window that a server tells of a model; 0 where it does not."""
    meta = model.get("meta")
    for place in (model, meta if isinstance(meta, dict) else {}):
        for name in _CONTEXTS:
            value = place.get(name)
            if isinstance(value, int) and value >= 256:
                return value
    return 0


def _parameters_of(model: Mapping[str, Any], name: str) -> int:
    """Return how many parameters a model has, as the server or its name tells; 0 for unknown."""
    meta = model.get("meta")
    count = meta.get("n_params") if isinstance(meta, dict) else None
    if isinstance(count, int):
        return count
    sizes = _SIZE.findall(name)
    if not sizes:
        return 0
    number, unit = sizes[-1]
    return int(float(number) * (1e9 if unit.lower() == "b" else 1e6))


def _message_of(reply: object) -> str:
    """Return what an error of a server says."""
    error = reply.get("error", reply.get("message", "")) if isinstance(reply, dict) else ""
    text = error.get("message", "") if isinstance(error, dict) else error
    return " ".join(str(text).split())[:300].rstrip(".")


def _overflow(reply: object) -> tuple[int, int] | None:
    """Return the tokens a prompt needed and could have, where that is the error."""
    error = reply.get("error") if isinstance(reply, dict) else None
    if not isinstance(error, dict):
        return None
    kinds = (error.get("type"), error.get("code"))
    if not {"exceed_context_size_error", "context_length_exceeded"} & {str(kind) for kind in kinds}:
        return None
    needed, context = error.get("n_prompt_tokens"), error.get("n_ctx")
    return (
        needed if isinstance(needed, int) else 0,
        context if isinstance(context, int) and context >= 256 else 0,
    )
