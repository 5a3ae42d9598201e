"""Hits and scripted generators for tests of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ragflow_local.records import ChatMessage, ChunkRow, Hit, Region
from ragflow_local.settings import LLMSettings


def hit(
    content: str,
    number: int = 0,
    *,
    name: str = "report.pdf",
    page: int = 0,
    ordinal: int | None = None,
    headings: tuple[str, ...] = (),
) -> Hit:
    """Return a hit; without an ordinal no two are neighbours."""
    places = (Region(page, 0, 0, 1, 1),) if page else ()
    row = ChunkRow(
        number=number,
        id=f"c{number}",
        document_id=f"d-{name}",
        dataset_id="s",
        document_name=name,
        ordinal=3 * number if ordinal is None else ordinal,
        content=content,
        token_count=1,
        generation=1,
        places=places,
        headings=headings,
    )
    return Hit(row, 0.9 - number / 100, 0.9, 0.9)


def hits(*contents: str) -> list[Hit]:
    return [hit(content, number) for number, content in enumerate(contents)]


class Scripted:
    """A generator that says what it was told to; a token is a letter."""

    name = "scripted.gguf"

    def __init__(self, *pieces: str, context_tokens: int = 100_000) -> None:
        self.pieces = pieces
        self.context_tokens = context_tokens
        self.messages: list[ChatMessage] = []
        self.closed = 0

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(message.content) for message in messages)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        settings: LLMSettings,
        *,
        schema: Mapping[str, object] | None = None,
        is_side: bool = False,
    ) -> Iterator[str]:
        self.messages = list(messages)
        self.schema = schema
        try:
            yield from self.pieces
        finally:
            self.closed += 1

    def retire(self) -> None:
        pass

    def close(self) -> None:
        pass
