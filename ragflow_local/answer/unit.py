"""A part of a chunk that can be quoted by itself, and what stands above it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

UnitKind = Literal["sentence", "item", "row", "line", "code", "question"]

_CLOSED = r"[\"'”’」』）)\]*_]*$"
# What a line ends with that says something, or introduces what does; and what a sentence ends with.
STOP = re.compile(rf"[.!?。！？…:：]{_CLOSED}")
SENTENCE_END = re.compile(rf"[.!?。！？…]{_CLOSED}")
_INTRODUCES = re.compile(r"[:：][*_\s]*$")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading among the units of a chunk.

    Attributes:
        text: In one line.
        depth: How many headings stand above it, itself included; 0 where only its form tells that
            it is one.
        paragraph: As that of a unit.
    """

    text: str
    depth: int = 0
    paragraph: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, row or item that can be quoted by itself.

    Attributes:
        text: As it is quoted: of a row, each cell after its column's name.
        kind: What it is; a ``line`` is short and says little: of a form, a page's foot; ``code``
            is marked as such; a ``question`` is one that nothing in its chunk answers.
        heads: The headings it stands under, the outermost first; those of the chunk included.
        label: Of a row or record, its first cell: what it is about.
        names: Of a row or record, the names of its columns.
        cells: Of a row or record, its cells without the names.
        paragraph: Number of its paragraph in the chunk: one ends with a blank line, or a line with
            a sentence.
        question: That of the text which it stands under: of a page of frequent questions, a chat.
        begins_answer: Whether it comes next to that question, which is quoted with it.
        speaker: What its paragraph begins with before a colon, if another sentence does: who speaks
            in a transcript, who wrote a mail, what a note is on.
        begins_turn: Whether it is the first that the speaker says there.
        said_by: The same, also where the unit itself begins with it.
    """

    text: str
    kind: UnitKind = "sentence"
    heads: tuple[str, ...] = ()
    label: str = ""
    names: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    paragraph: int = 0
    question: str = ""
    begins_answer: bool = False
    speaker: str = ""
    begins_turn: bool = False
    said_by: str = ""

    @property
    def paragraph_key(self) -> tuple[tuple[str, ...], int]:
        """The key of its paragraph in the chunk: headings and number."""
        return self.heads, self.paragraph

    @property
    def said(self) -> str:
        """Its text, after who says it."""
        return f"{self.speaker}: {self.text}" if self.speaker else self.text

    @property
    def quoted(self) -> str:
        """Its text as it is quoted: after the question that it answers, and who says it."""
        text = (
            self.said if self.begins_turn or not self.speaker else f"{self.speaker}: … {self.text}"
        )
        return f"{self.question} {text}" if self.begins_answer else text


def introduces(text: str) -> bool:
    """Return whether a text ends with a colon, so that a list may follow."""
    return _INTRODUCES.search(text) is not None
