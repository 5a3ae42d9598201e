"""Arabic and Hebrew on a PDF page: the letters of a line in the order they are read.

MuPDF turns runs of such letters around, and what stands between them stays where the file has it:
a comma comes into the middle of a word, the two letters of a ligature in the wrong order, blanks
before the last word. So a line's letters are put in order by where they stand, from the right;
numbers and words of other scripts in it, from the left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ragflow_local.readers.pdf.math_fonts import Found

_RIGHT_TO_LEFT = ("R", "AL")
_NUMBERS = ("EN", "AN")
# Between digits they belong to a number; between words of Latin letters to a phrase.
_IN_NUMBERS = ("ES", "CS", "ET")
_IN_PHRASES = ("WS", "ON", *_IN_NUMBERS)
# Some files name a bracket by its shape, which is the other one's in this direction.
_MIRRORED = str.maketrans("()[]{}", ")(][}{")
_CLOSES = {")": "(", "]": "[", "}": "{"}
# Letters this far apart, against their height, have a space between them.
_GAP_SHARE = 0.2
_LONGEST_LINE = 2_000  # letters; more is no line of text, and would take long


@dataclass(frozen=True, slots=True)
class _Letter:
    """A glyph: what it stands for, which may be several letters, and its box."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def way(self) -> str:
        """Return the bidirectional class of its first letter."""
        return unicodedata.bidirectional(self.text[0])


def righted(page: Any, content: Any, textpage: Any, words: list[Found]) -> list[Found]:
    """Return the words of a page, those of lines with Arabic or Hebrew in them set anew.

    Args:
        page: The page.
        content: Its ``dict``, which tells whether there are any.
        textpage: What ``content`` and ``words`` are from.
        words: Box, text, numbers of block, line and word.
    """
    if not any(_is_turned(span["text"]) for *_, line in _lines(content) for span in line["spans"]):
        return words
    anew: dict[tuple[int, int], list[Found]] = {}
    for block, number, line in _lines(page.get_text("rawdict", textpage=textpage)):
        chars = [char for span in line["spans"] for char in span["chars"]]
        level = abs(line["dir"][1]) < 0.01 and line["dir"][0] > 0
        if (
            level
            and len(chars) <= _LONGEST_LINE
            and _is_turned("".join(char["c"] for char in chars))
        ):
            anew[block, number] = [
                (*box, text, block, number, n)
                for n, (box, text) in enumerate(_words(_in_order(_letters(chars))))
            ]
    result: list[Found] = []
    for word in words:
        key = (word[5], word[6])
        if key not in anew:
            result.append(word)
        else:
            result += anew[key]
            anew[key] = []
    return result


def _lines(content: Any) -> Iterator[tuple[int, int, Any]]:
    for block_number, block in enumerate(content.get("blocks", ())):
        for line_number, line in enumerate(block.get("lines", ())):
            yield block_number, line_number, line


def _is_turned(text: str) -> bool:
    return any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)


def _letters(chars: Sequence[Any]) -> list[_Letter]:
    """Return the glyphs; the further letters of a ligature, which have no width, with its first."""
    letters: list[_Letter] = []
    added: list[tuple[str, float]] = []
    for char in chars:
        x0, top, x1, bottom = char["bbox"]
        is_mark = unicodedata.combining(char["c"]) > 0
        if x1 - x0 > 0.01 and not is_mark:
            letters.append(_Letter(char["c"], x0, top, x1, bottom))
        else:
            added.append((char["c"], (x0 + x1) / 2 if is_mark else x0))
    for text, x in added:
        hosts = [i for i, it in enumerate(letters) if it.text.strip() and it.x0 <= x <= it.x1 + 0.5]
        # A ligature's second letter stands where its glyph ends, on the right.
        host = min(hosts, key=lambda i: abs(letters[i].x1 - x), default=None)
        if host is not None:
            letters[host] = replace(letters[host], text=letters[host].text + text)
    return letters


def _in_order(letters: Sequence[_Letter]) -> list[_Letter]:
    """Return glyphs from right to left, but runs of numbers and other scripts from the left."""
    standing = sorted(letters, key=lambda letter: -(letter.x0 + letter.x1))
    result: list[_Letter] = []
    at = 0
    while at < len(standing):
        end = _run_end(standing, at)
        if end > at:
            result += reversed(standing[at:end])
            at = end
            continue
        result.append(standing[at])
        at += 1
    mirrored = [replace(letter, text=letter.text.translate(_MIRRORED)) for letter in result]
    return mirrored if _unmatched(mirrored) < _unmatched(result) else result


def _unmatched(letters: Sequence[_Letter]) -> int:
    """Return how many brackets stand without their other half."""
    waiting: list[str] = []
    unmatched = 0
    for letter in letters:
        if letter.text in _CLOSES.values():
            waiting.append(letter.text)
        elif letter.text in _CLOSES:
            if waiting and waiting[-1] == _CLOSES[letter.text]:
                waiting.pop()
            else:
                unmatched += 1
    return unmatched + len(waiting)


def _run_end(letters: Sequence[_Letter], start: int) -> int:
    """Return where the run ends that is read from the left and begins at ``start``."""
    end = at = start
    while at < len(letters):
        way = letters[at].way
        if way == "L" or way in _NUMBERS:
            at += 1
            end = at
        elif end > start and way in _IN_PHRASES:
            at += 1
        else:
            break
    is_phrase = any(letter.way == "L" for letter in letters[start:end])
    return end if is_phrase else _number_end(letters, start)


def _number_end(letters: Sequence[_Letter], start: int) -> int:
    end = at = start
    while at < len(letters) and letters[at].way in (*_NUMBERS, *_IN_NUMBERS):
        at += 1
        if letters[at - 1].way in _NUMBERS:
            end = at
    return end


def _words(letters: Sequence[_Letter]) -> Iterator[tuple[tuple[float, float, float, float], str]]:
    run: list[_Letter] = []
    for letter in letters:
        if run and (not letter.text.strip() or _gap(run[-1], letter) > _widest(letter)):
            yield _word(run)
            run = []
        if letter.text.strip():
            run.append(letter)
    if run:
        yield _word(run)


def _word(run: Sequence[_Letter]) -> tuple[tuple[float, float, float, float], str]:
    box = (
        min(letter.x0 for letter in run),
        min(letter.top for letter in run),
        max(letter.x1 for letter in run),
        max(letter.bottom for letter in run),
    )
    return box, "".join(letter.text for letter in run)


def _gap(letter: _Letter, other: _Letter) -> float:
    return max(letter.x0, other.x0) - min(letter.x1, other.x1)


def _widest(letter: _Letter) -> float:
    return _GAP_SHARE * (letter.bottom - letter.top)
