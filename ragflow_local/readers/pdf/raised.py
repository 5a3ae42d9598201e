"""Raised and lowered signs of a PDF line: ``106`` that is printed as 10⁶ to ``10⁶``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ragflow_local.readers.inline import lowered, raised
from ragflow_local.readers.pdf.math_fonts import Found
from ragflow_local.readers.pdf.words import run_key

# A sign is raised or lowered where it is this small and this far off the line, in type sizes.
_SMALLER, _OFF = 0.85, 0.08


@dataclass(frozen=True, slots=True)
class Sign:
    """A span above or below its line."""

    box: tuple[float, float, float, float]
    text: str
    is_raised: bool


def with_raised(content: Any, words: list[Found]) -> list[Found]:
    """Return ``words`` with raised and lowered signs written as such.

    Args:
        content: The page's ``dict``, which has size and base line of each span.
        words: Box, text, numbers of block, line and word.
    """
    signs: dict[tuple[int, int], list[Sign]] = defaultdict(list)
    for key, sign in _signs(content):
        signs[key].append(sign)
    return [_marked(word, signs[run_key(word)]) for word in words] if signs else words


def _signs(content: Any) -> Iterator[tuple[tuple[int, int], Sign]]:
    """Yield the spans that stand above or below their line."""
    for block_number, block in enumerate(content.get("blocks", ())):
        for line_number, line in enumerate(block.get("lines", ())):
            spans = [span for span in line["spans"] if span["text"].strip()]
            if len(spans) < 2 or abs(line["dir"][1]) > 0.01:
                continue
            main = max(spans, key=lambda span: (span["size"], len(span["text"])))
            for span in spans:
                off = (main["origin"][1] - span["origin"][1]) / max(main["size"], 1.0)
                if span["size"] <= _SMALLER * main["size"] and abs(off) > _OFF:
                    yield (block_number, line_number), Sign(span["bbox"], span["text"], off > 0)


def _marked(word: Found, signs: Sequence[Sign]) -> Found:
    """Return a word with the signs that stand in it, found by how far to the right they are."""
    text = word[4]
    width = max(word[2] - word[0], 0.1)
    for sign in signs:
        middle = (sign.box[0] + sign.box[2]) / 2
        if not word[0] - 0.1 <= middle <= word[2] + 0.1:
            continue
        plain = sign.text.strip()
        spots = [i for i in range(len(text)) if text.startswith(plain, i)]
        if spots:
            aim = (middle - word[0]) / width * len(text) - len(plain) / 2
            spot = min(spots, key=lambda i: abs(i - aim))
            before, after = text[:spot], text[spot + len(plain) :]
            written = (raised if sign.is_raised else lowered)(before, plain)
            text = f"{before}{written}{after}"
    return (*word[:4], text, *word[5:]) if text != word[4] else word
