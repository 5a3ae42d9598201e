"""Renders messages with a model's own chat template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ragflow_local.errors import DamagedModelError
from ragflow_local.generators.template_process import (
    TemplateEndlessError,
    TemplateError,
    TemplateProcess,
)
from ragflow_local.records import ChatMessage

# For a model that knows ChatML's tokens, but came without a template.
CHATML = """\
{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}<|im_start|>assistant{{ '\\n' }}"""
# For a model that knows no roles at all: text to be continued.
PLAIN = """\
{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}

{% else %}{{ message.role | capitalize }}: {{ message.content }}
{% endif %}{% endfor %}Assistant:"""
PLAIN_STOPS = ("\nUser:", "\nAssistant:")

_SYSTEM_PROBE, _USER_PROBE = "a7f3 system probe", "b8e4 user probe"


class ChatTemplate:
    """A compiled chat template and its capabilities."""

    def __init__(self, source: str, name: str, *, bos: str = "", eos: str = "") -> None:
        """Compile ``source``.

        Args:
            source: Jinja, as the GGUF carries it.
            name: The model's name, for messages.
            bos: Text of the token that begins a text.
            eos: Text of the token that ends one.

        Raises:
            DamagedModelError: It is no template, or refuses even a lone question.
        """
        self._special = {"bos_token": bos, "eos_token": eos}
        self._name = name
        self._source = source
        self._process = TemplateProcess()
        try:
            self.has_system = self._takes_system()
            alone = self._rendered([ChatMessage("user", _USER_PROBE)])
        except TemplateError as error:
            raise DamagedModelError(name, f"its chat template fails: {error}") from error
        if _USER_PROBE not in alone:
            raise DamagedModelError(name, "its chat template leaves the question out")

    def _takes_system(self) -> bool:
        """Return whether the template writes a system message; some refuse it, some drop it."""
        probe = [ChatMessage("system", _SYSTEM_PROBE), ChatMessage("user", _USER_PROBE)]
        try:
            return _SYSTEM_PROBE in self._rendered(probe)
        except TemplateEndlessError:
            raise
        except TemplateError:
            return False

    def _rendered(self, messages: Iterable[ChatMessage]) -> str:
        plain = [{"role": message.role, "content": message.content} for message in messages]
        values = {"messages": plain, "add_generation_prompt": True, **self._special}
        return self._process.render(self._source, values)

    def render(self, messages: Sequence[ChatMessage]) -> str:
        """Return the prompt that makes the model write the next assistant message.

        Raises:
            DamagedModelError: The template refuses the conversation.
        """
        try:
            return self._rendered(arrange(messages, has_system=self.has_system))
        except TemplateError as error:
            raise DamagedModelError(self._name, f"its chat template fails: {error}") from error


def arrange(messages: Sequence[ChatMessage], *, has_system: bool) -> list[ChatMessage]:
    """Return the messages in a form that every template accepts.

    System texts come first as one message, or at the head of the first question where the
    template has no such role; then user and assistant in turn, the user first.
    """
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    turns: list[ChatMessage] = []
    for message in messages:
        if message.role == "system" or (message.role == "assistant" and not turns):
            continue  # an opener that answers nothing: many templates refuse it
        if turns and turns[-1].role == message.role:
            joined = f"{turns[-1].content}\n\n{message.content}"
            turns[-1] = ChatMessage(message.role, joined)
        else:
            turns.append(message)
    if not system:
        return turns
    if has_system:
        return [ChatMessage("system", system), *turns]
    first = f"{system}\n\n{turns[0].content}" if turns else system
    return [ChatMessage("user", first), *turns[1:]]


class ControlWords:
    """Texts that are control tokens of a model, kept out of what documents and users say."""

    def __init__(self, words: Iterable[str]) -> None:
        # One letter or a space is no control word, whatever a vocabulary calls it.
        known = sorted({word for word in words if len(word) > 2}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, known))) if known else None

    def defuse(self, message: ChatMessage) -> ChatMessage:
        """Return the message with each control word broken, so that it is read as text."""
        if self._pattern is None or not self._pattern.search(message.content):
            return message
        broken = self._pattern.sub(lambda word: f"{word[0][0]} {word[0][1:]}", message.content)
        return ChatMessage(message.role, broken)
