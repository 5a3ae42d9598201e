"""Narrows highlights on a PDF page to the words of the passage.

A place is a whole paragraph or table, and a passage may be a part of it. The words in the place
are compared with those of the passage, in their order, and only what agrees is marked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from ragflow_local.readers.pdf import open_document
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.lines import FLAGS
from ragflow_local.records import Region
from ragflow_local.text.terms import is_unspaced

_FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufefc]")
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


def narrowed(data: bytes, marks: Sequence[Region], text: str, name: str = "") -> list[Region]:
    """Return the highlights of a passage on one page, narrowed to its words.

    Where the words on the page cannot be compared, such as those of a scan, a mark stays as it is.

    Args:
        data: The PDF file's bytes.
        marks: Places of the passage, all of one page.
        text: The passage.
        name: The document's name, for messages.

    Raises:
        DamagedFileError: The file is broken or encrypted.
    """
    passage_words = _split(text)
    if not marks or not passage_words:
        return list(marks)
    with open_document(data, name) as document:
        number = marks[0].page
        if not 1 <= number <= document.page_count:
            return list(marks)
        words = list(_words_of(document[number - 1]))
    joined = f" {' '.join(passage_words)} "
    if len(passage_words) > _MOST_WORDS:
        passage_words = passage_words[: _MOST_WORDS // 2] + passage_words[-_MOST_WORDS // 2 :]
    insides = [[word for word in words if _is_in(word, mark)] for mark in marks]
    agreeing = [
        _agreeing([word.text for word in inside], passage_words, joined) for inside in insides
    ]
    left = Counter(passage_words)
    for inside, runs in zip(insides, agreeing, strict=True):
        left.subtract(word.text for start, end in runs or () for word in inside[start:end])
    regions: list[Region] = []
    covered = 0
    for mark, inside, runs in zip(marks, insides, agreeing, strict=True):
        rows = [] if runs and _sum(runs) == len(inside) else list(_rows(inside, runs or (), left))
        if runs is None and _sum(rows) < _LEAST * sum(max(n, 0) for n in left.values()):
            regions.append(mark)
            continue
        left.subtract(word.text for start, end in rows for word in inside[start:end])
        both = _joined([*(runs or ()), *rows])
        whole = not both or _sum(both) >= _WHOLE * len(inside)
        regions += [mark] if whole else _lines(mark.page, inside, both)
        covered += len(inside) if whole else _sum(both)
    # On a page words from right to left may stand in the order of the eye, and fit badly.
    fewest = _WHOLE * min(len(passage_words), sum(map(len, insides)))
    return list(marks) if _FROM_RIGHT.search(text) and covered < fewest else regions


def _agreeing(
    texts: Sequence[str], words: Sequence[str], joined: str
) -> list[tuple[int, int]] | None:
    """Return the runs of a region's words that are in the passage; None where that is unclear."""
    if not texts:
        return None
    if f" {' '.join(texts)} " in joined:
        return [(0, len(texts))]
    blocks = SequenceMatcher(None, texts, words, autojunk=False).get_matching_blocks()[:-1]
    fewest = min(_FEWEST, len(words))
    runs = [(run.a, run.a + run.size) for run in blocks if run.size >= fewest]
    if _sum(runs) >= _LEAST * min(len(texts), len(words)):
        return runs
    # A passage begins at the end of a paragraph, or ends at its beginning, with few words.
    long = [run for run in blocks if run.size >= fewest]
    if long:
        ends = long[0].a <= _GAP and long[-1].b + long[-1].size >= len(words) - _GAP
        begins = long[-1].a + long[-1].size >= len(texts) - _GAP and long[0].b <= _GAP
        return runs if ends or begins else None
    return _at_an_end(texts, words)


def _at_an_end(texts: Sequence[str], words: Sequence[str]) -> list[tuple[int, int]] | None:
    """Return the one or two words that a passage has of a place's beginning or end."""
    for size in range(min(_FEWEST, len(texts), len(words)) - 1, 0, -1):
        if list(texts[:size]) == list(words[-size:]):
            return [(0, size)]
        if list(texts[-size:]) == list(words[:size]):
            return [(len(texts) - size, len(texts))]
    return None


def _rows(
    inside: Sequence[_Word], runs: Iterable[tuple[int, int]], left: Counter[str]
) -> Iterator[tuple[int, int]]:
    """Yield lines all of whose words the passage has and no run holds.

    The cells of a table's head stand in another order on the page than in the passage.
    """
    left = left.copy()
    held = {index for start, end in runs for index in range(start, end)}
    for _, of_line in groupby(range(len(inside)), key=lambda index: inside[index].line):
        indices = list(of_line)
        needed = Counter(inside[index].text for index in indices)
        if held.isdisjoint(indices) and all(left[text] >= n for text, n in needed.items()):
            left.subtract(needed)
            yield indices[0], indices[-1] + 1


def _sum(runs: Iterable[tuple[int, int]]) -> int:
    return sum(end - start for start, end in runs)


def _joined(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return runs in order, without the small gaps between them."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted(runs):
        if spans and start - spans[-1][1] <= _GAP:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _lines(page: int, inside: Sequence[_Word], runs: Iterable[tuple[int, int]]) -> Iterator[Region]:
    """Yield a place for each line of each run."""
    for start, end in runs:
        for _, of_line in groupby(inside[start:end], key=lambda word: word.line):
            words = list(of_line)
            yield Region(
                page,
                min(word.x0 for word in words),
                min(word.top for word in words),
                max(word.x1 for word in words),
                max(word.bottom for word in words),
            )


def _is_in(word: _Word, place: Region) -> bool:
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
