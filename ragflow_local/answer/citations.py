"""Parses and writes citation marks, `` [ID:i]`` after a sentence.

Models write marks in many ways. What can be read as a mark is mended; which mark a sentence gets is
said by ``answer/support.py``. Nothing else reads or writes marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

# [ID:0]  [ID: 0, 2]  (ID:0)  【ID：0】  [ID:0][ID:1]  ##0$$
_NUMBERS = r"\s*\d{1,4}(?:\s*[,，、;&]\s*(?:ID\s*[:：]?\s*)?\d{1,4})*\s*"
MARK = re.compile(
    rf"[\[\(（【]\s*ID\s*[:：#\s]?{_NUMBERS}[\]\)）】]|##\s*\d{{1,4}}\s*\$\$", re.IGNORECASE
)
# [0]: a mark only where there is such a chunk, else what the text says.
BARE_MARK = re.compile(rf"[\[【]{_NUMBERS}[\]】]")
_BEGUN = re.compile(
    r"(?:[\[\(（【]\s*(?:I|ID)?\s*|[\[\(（【]\s*(?:ID\s*[:：#\s]?)?[\s\d,，、;&IDid:：]*|#|##\s*\d{0,4}\s*\$?)$",
    re.IGNORECASE,
)
_STRIPPED = re.compile(rf"\s*(?:{MARK.pattern})", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")

# As an answer has it.
_BEGUN_MARK = re.compile(r" ?(\[(I(D(:\d*)?)?)?)?$")
_SET = re.compile(r"( ?)\[ID:(\d{1,4})\]")


def strip_marks(text: str) -> str:
    """Return an answer without its citation marks, as the next turn's history has it."""
    return _STRIPPED.sub("", text)


def is_begun(text: str) -> bool:
    """Return whether ``text``, from a bracket on, may still become a mark."""
    return len(text) < 40 and _BEGUN.fullmatch(text) is not None


def numbers_of(mark: str, count: int) -> list[int]:
    """Return the indices a mark names, without those that no hit has."""
    numbers = dict.fromkeys(int(digits) for digits in _DIGITS.findall(mark))
    return [number for number in numbers if number < count]


def format_marks(numbers: Sequence[int]) -> str:
    """Return marks as they follow a sentence."""
    return "".join(f" [ID:{number}]" for number in dict.fromkeys(numbers))


def cited_numbers(content: str) -> list[int]:
    """Return the indices an answer cites, in its order, each as often as it stands there."""
    return [int(mark[2]) for mark in _SET.finditer(content)]


class Footnotes:
    """Numbers what an answer cites, from 1, in the order in which it is first cited.

    Attributes:
        numbers: Index of each hit that is cited to its number.
    """

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    def number(self, index: int) -> int:
        """Return the number of a hit; the next one where it was not cited before."""
        return self.numbers.setdefault(index, len(self.numbers) + 1)


def footnotes_of(content: str, count: int) -> dict[int, int]:
    """Return the footnote number of each hit that an answer cites, by the hit's index."""
    notes = Footnotes()
    for index in cited_numbers(content):
        if index < count:
            notes.number(index)
    return notes.numbers


def split_marks(content: str) -> Iterator[str | int]:
    """Yield the texts of an answer and the indices of its marks, in their order.

    The space before a mark belongs to it.
    """
    end = 0
    for mark in _SET.finditer(content):
        yield content[end : mark.start()]
        yield int(mark[2])
        end = mark.end()
    yield content[end:]


def renumbered(content: str, number: Callable[[int], str]) -> str:
    """Return an answer with other marks, each after a space: what ``number`` makes of its index."""
    return "".join(
        part if isinstance(part, str) else f" {number(part)}" for part in split_marks(content)
    )


def certain_length(content: str) -> int:
    """Return how much of a growing answer holds no mark that is only begun."""
    begun = _BEGUN_MARK.search(content)
    return begun.start() if begun else len(content)
