"""A model's text as it comes to text with citations, that only ever grows.

Pieces pass at once, but for what may become a mark, and the white space before it; at the end of
a sentence its mark is decided before the next sentence begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ragflow_local.answer.citations import (
    BARE_MARK,
    MARK,
    format_marks,
    is_begun,
    numbers_of,
)
from ragflow_local.text.sentences import sentence_spans

_LOOKED_BACK = 200  # letters that say whether a stop ends a sentence; a whole one costs more
_WORD = re.compile(r"\S+")
_OPENING = "[(（【#"
_ENDING = ".!?。！？…\n"
_CLOSING = "\"'”’」』）)]*_`"


class CitedText:
    """Text so far; ``feed`` adds to it, ``finish`` ends it."""

    def __init__(
        self, count: int, support: Callable[[str], Sequence[int]], *, has_marks: bool = True
    ) -> None:
        """Begin an empty text.

        Args:
            count: Number of hits; a mark with a larger index is left out.
            support: Returns the hits a sentence without a mark rests on.
            has_marks: Whether the text gets marks; without, those of the model are left out.
        """
        self.text = ""
        self.unsupported: list[str] = []
        self._count = count
        self._support = support
        self._has_marks = has_marks
        self._held = ""
        self._space = ""  # white space that may stand before a mark
        self._sentence = ""
        self._numbers: list[int] = []  # of the marks that wait for their place
        self._is_ending = False  # the sentence may end here: the next letter says
        self._is_marked = False

    def feed(self, piece: str) -> None:
        """Add what the model wrote."""
        self._held += piece
        self._advance(is_last=False)

    def finish(self) -> None:
        """End the text: what was held back is certain now."""
        self._advance(is_last=True)
        self._end_sentence()
        self._space = ""

    def _advance(self, *, is_last: bool) -> None:
        while self._held:
            letter = self._held[0]
            if letter in _OPENING:
                mark = MARK.match(self._held) or self._bare()
                if mark:
                    self._take_mark(numbers_of(mark[0], self._count))
                    self._held = self._held[mark.end() :]
                    continue
                if not is_last and is_begun(self._held):
                    return
            if self._is_ending and self._space and not letter.isspace():
                word = _WORD.match(self._held)
                assert word is not None
                if word.end() == len(self._held) and not is_last:
                    return  # whether a sentence begins is said by its whole first word
                if self._has_ended(word[0]):
                    self._end_sentence()
            self._held = self._held[1:]
            self._take(letter)

    def _take_mark(self, numbers: list[int]) -> None:
        self._numbers += numbers
        if self._sentence:
            self._space = ""  # of the space around a mark that after it is kept
            self._is_marked = True
        elif self.text:  # on a line of its own: it belongs to what was said before
            self._numbers = [one for one in self._numbers if not self._ends_with(one)]
            self._write_marks()

    def _ends_with(self, number: int) -> bool:
        return self.text.endswith(format_marks([number]))

    def _bare(self) -> re.Match[str] | None:
        if self._sentence and not self._space and not self._is_ending:
            return None  # a[0]
        mark = BARE_MARK.match(self._held)
        named = mark and numbers_of(mark[0], 1 << 30)
        if mark and named and max(named) < self._count and self._has_marks and self._sentence:
            return mark
        return None

    def _take(self, letter: str) -> None:
        if letter == "\n":
            if self._sentence.strip():
                self._end_sentence()
            self._space += letter
            return
        if letter.isspace():
            self._space += letter
            return
        if letter in _ENDING or (self._is_ending and letter in _CLOSING and not self._space):
            self._write(letter)
            self._is_ending = True
            return
        if self._is_ending and not self._space and self._has_ended(letter):
            self._end_sentence()
        self._is_ending = False
        if self._numbers:  # a mark in the middle of a sentence stays there
            self._write_marks()
        self._write(letter)

    def _has_ended(self, following: str) -> bool:
        """Say whether what was said is a whole sentence, now that the next word is known."""
        said = self._sentence[-_LOOKED_BACK:].lstrip()
        spans = sentence_spans(f"{said}{self._space}{following}")
        return len(spans) > 1 and spans[-1][0] >= len(said)

    def _write(self, letter: str) -> None:
        self.text += self._space + letter
        self._sentence += self._space + letter
        self._space = ""

    def _end_sentence(self) -> None:
        """Put the marks after the sentence; the space before the next stays held."""
        sentence = self._sentence.strip()
        if sentence and not self._is_marked and self._has_marks:
            self._numbers = list(self._support(sentence))
            if not self._numbers and any(map(str.isalnum, sentence)):
                self.unsupported.append(sentence)
        self._write_marks()
        self._sentence = ""
        self._is_ending = self._is_marked = False

    def _write_marks(self) -> None:
        if self._has_marks:
            self.text += format_marks(self._numbers)
        self._numbers = []
