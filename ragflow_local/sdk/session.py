"""Sessions and messages of the released client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ragflow_local.errors import RefusedError
from ragflow_local.sdk.base import Base, Caller

_GREETING = "Hi! I am your assistant, can I help you?"


class Message(Base):
    """A message of an answer.

    Attributes:
        content: The text; of a stream all of it so far.
        reference: The chunks it rests on, as dicts; None until the end.
        role: ``assistant``.
    """

    content: str
    reference: list[dict[str, Any]] | None
    role: str
    prompt: Any
    id: str | None

    _DEFAULTS: ClassVar = {
        "content": _GREETING,
        "reference": None,
        "role": "assistant",
        "prompt": None,
        "id": None,
    }


class Session(Base):
    """A conversation with a chat or an agent.

    Attributes:
        messages: What was said when it was fetched, as dicts with ``role`` and ``content``.
    """

    id: str
    name: str
    messages: list[dict[str, Any]]
    chat_id: str
    agent_id: str

    _DEFAULTS: ClassVar = {
        "id": None,
        "name": "New session",
        "messages": [{"role": "assistant", "content": _GREETING}],
    }

    def ask(
        self,
        question: str = "",
        stream: bool = False,
        inputs: Mapping[str, Any] | None = None,
        release: bool | None = None,
        return_trace: bool | None = None,
        **more: Any,
    ) -> Iterator[Message]:
        """Yield the answer once, or with ``stream`` each time it has grown.

        Args:
            question: What is asked.
            stream: Whether to yield as it grows; ``content`` is always all of it so far, and
                the last has the ``reference``.
            inputs: Of an agent.
            release: Of an agent.
            return_trace: Of an agent.
            more: Goes along with the question.

        Raises:
            RefusedError: It cannot be answered; of an agent always, since a canvas is kept here,
                and not run.
        """
        of_agent = {"inputs": inputs, "release": release, "return_trace": return_trace}
        more |= {name: value for name, value in of_agent.items() if value is not None}
        if self.get_value("chat_id") is not None:
            body = {"question": question, "stream": stream, "session_id": self.id, **more}
            path = f"/chats/{self.chat_id}/completions"
        elif self.get_value("agent_id") is not None:
            body = {"agent_id": self.agent_id, "query": question, "stream": False, **more}
            path = "/agents/chat/completions"
        else:
            raise RefusedError(100, "Unknown session type")
        answer = self.rag.answer("POST", path, body)
        try:
            if answer.events is None:
                if answer.envelope.get("code"):
                    envelope = answer.envelope
                    raise RefusedError(envelope["code"], str(envelope.get("message")))
                yield _message(self.rag, answer.envelope["data"])
                return
            for event in answer.events:
                if event.get("data") is True:
                    return
                yield _message(self.rag, event["data"])
        finally:
            answer.close()

    def update(self, update_message: Mapping[str, Any]) -> None:
        """Rename the session."""
        path = f"/chats/{self.chat_id}/sessions/{self.id}"
        self.rag.data("PATCH", path, dict(update_message))


def _message(rag: Caller, data: Mapping[str, Any]) -> Message:
    values = {"id": data.get("id"), "content": data.get("answer", ""), "role": "assistant"}
    reference = data.get("reference")
    if isinstance(reference, Mapping) and "chunks" in reference:
        values["reference"] = reference["chunks"]
    return Message(rag, values)
