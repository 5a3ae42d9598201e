"""Marks on a PDF page: of the paragraphs a passage stands in, the words that are the passage.

A place is a whole paragraph or table, and a passage may be a part of it. The words in the place
are compared with those of the passage, in their order, and only what agrees is marked.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from ragflow_local.readers.pdf import open_document
from ragflow_local.readers.pdf_lines import FLAGS, mupdf
from ragflow_local.records import Place
from ragflow_local.text.terms import is_unspaced

_SLACK = 1.0  # points a letter's middle may stand outside of its place
_FEWEST = 3  # words that agree in a row, where not all of the passage does: "of the" proves nothing
_GAP = 3  # words between two such runs that differ: a hyphen, a sign, a footnote
_WHOLE = 0.9  # share of a place's words from which on all of it is the passage
_LEAST = 0.3  # share of what could agree below which the comparison has failed
_MOST_WORDS = 4000  # of a passage that are compared, half of them from its end


@dataclass(frozen=True, slots=True)
class _Word:
    """A word on the page, or one character of a script without spaces."""

    text: str
    line: int
    x0: float
    top: float
    x1: float
    bottom: float


def narrowed(data: bytes, marks: Sequence[Place], text: str, name: str = "") -> list[Place]:
    """Return the marks of a passage on one page, each narrowed to the words that it has.

    Where the words on the page cannot be compared, such as those of a scan, a mark stays as it is.

    Args:
        data: The PDF file's bytes.
        marks: Places of the passage, all of one page.
        text: The passage.
        name: The document's name, for messages.

    Raises:
        DamagedFileError: The file is broken or encrypted.
    """
    said = _split(text)
    if not marks or not said:
        return list(marks)
    with open_document(data, name) as document:
        number = marks[0].page
        if not 1 <= number <= document.page_count:
            return list(marks)
        words = list(_words_of(document[number - 1]))
    joined = f" {' '.join(said)} "
    if len(said) > _MOST_WORDS:
        said = said[: _MOST_WORDS // 2] + said[-_MOST_WORDS // 2 :]
    found: list[Place] = []
    for mark in marks:
        inside = [word for word in words if _is_in(word, mark)]
        found += _narrow(mark, inside, said, joined)
    return found


def _narrow(mark: Place, inside: Sequence[_Word], said: Sequence[str], joined: str) -> list[Place]:
    """Return what of a place the passage has; the place itself where that is all, or unclear."""
    texts = [word.text for word in inside]
    if not texts or f" {' '.join(texts)} " in joined:
        return [mark]
    matcher = SequenceMatcher(None, texts, said, autojunk=False)
    runs = [
        (run.a, run.a + run.size)
        for run in matcher.get_matching_blocks()
        if run.size >= min(_FEWEST, len(said))
    ]
    agreeing = sum(end - start for start, end in runs)
    if agreeing >= _WHOLE * len(texts) or agreeing < _LEAST * min(len(texts), len(said)):
        return [mark]
    return list(_lines(mark.page, inside, _joined(runs)))


def _joined(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return runs without the small gaps between them."""
    found: list[tuple[int, int]] = []
    for start, end in runs:
        if found and start - found[-1][1] <= _GAP:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _lines(page: int, inside: Sequence[_Word], runs: Iterable[tuple[int, int]]) -> Iterator[Place]:
    """Yield a place for each line of each run."""
    for start, end in runs:
        for _, of_line in groupby(inside[start:end], key=lambda word: word.line):
            words = list(of_line)
            yield Place(
                page,
                min(word.x0 for word in words),
                min(word.top for word in words),
                max(word.x1 for word in words),
                max(word.bottom for word in words),
            )


def _is_in(word: _Word, place: Place) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
    across = place.x0 - _SLACK <= x <= place.x1 + _SLACK
    return across and place.top - _SLACK <= y <= place.bottom + _SLACK


def _words_of(page: Any) -> Iterator[_Word]:
    """Yield the words of a page in the file's order, boxes as the page is shown."""
    blocks = page.get_text("rawdict", flags=FLAGS)["blocks"]
    lines = [line for block in blocks for line in block.get("lines", ())]
    for number, line in enumerate(lines):
        letters = [letter for span in line["spans"] for letter in span["chars"]]
        for text, of_word in _grouped(letters):
            box = mupdf.Rect(of_word[0]["bbox"])
            for letter in of_word[1:]:
                box |= mupdf.Rect(letter["bbox"])
            box = box * page.rotation_matrix
            yield _Word(text, number, box.x0, box.y0, box.x1, box.y1)


def _grouped(letters: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield words with their letters: what stands between spaces and signs."""
    text, held = "", list[Any]()
    for letter in letters:
        folded = _folded(letter["c"])
        if text and (not folded or is_unspaced(folded)):
            yield text, held
            text, held = "", []
        if folded and is_unspaced(folded):
            yield folded, [letter]
        elif folded:
            text += folded
            held = [*held, letter]
    if text:
        yield text, held


def _split(text: str) -> list[str]:
    """Return the words of a text as ``_grouped`` makes them of a page."""
    return [word for word, _ in _grouped([{"c": letter} for letter in text])]


def _folded(letter: str) -> str:
    """Return a letter or digit without case and width; "" for signs and spaces."""
    return "".join(
        part for part in unicodedata.normalize("NFKC", letter).casefold() if part.isalnum()
    )
