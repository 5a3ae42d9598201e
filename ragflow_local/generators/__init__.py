"""Generate text: messages in, text out, piece by piece. One file a library."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings


class Generator(Protocol):
    """What each generator offers.

    Attributes:
        name: Who answers, as ``Message.model`` shows it: the file name of the weights.
        context_tokens: Length of its context window: prompt and answer together.
    """

    name: str
    context_tokens: int

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Return the exact tokens of the prompt that ``messages`` make, template included."""
        ...

    def generate(self, messages: Sequence[ChatMessage], settings: LLMSettings) -> Iterator[str]:
        """Yield the answer piece by piece; closing the iterator stops the model.

        Raises:
            ContextTooSmallError: The messages alone do not fit the context.
        """
        ...

    def close(self) -> None:
        """Free the weights; nothing happens the second time."""
        ...
