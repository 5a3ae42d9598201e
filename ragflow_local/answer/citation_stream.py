"""Inserts citations into a model's text while it is streamed; what was given out never changes.

Pieces pass at once, but for what may become a mark, and the white space before it; at the end of
a sentence its marks are checked and set before the next sentence begins. A guarded text shows
nothing of a sentence before it is whole: one that no chunk says is replaced.
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
_ITEM = re.compile(r"^\s*(?:[-*•·▪‣–#>]+|\(?\d{1,3}[.)])\s+")
_LEADS_IN = (":", "：")

Check = Callable[[str, Sequence[int]], Sequence[int]]
Replace = Callable[[], tuple[str, int] | None]


class CitationStream:
    """A text with citations; ``feed`` adds to it, ``finish`` ends it."""

    def __init__(
        self,
        count: int,
        check: Check,
        *,
        has_marks: bool = True,
        replace: Replace | None = None,
        refusals: Sequence[str] = (),
    ) -> None:
        """Begin an empty text.

        Args:
            count: Number of hits; a mark with a larger index is left out.
            check: Returns the hits a sentence rests on, given it and the marks the model set.
            has_marks: Whether the text gets marks; without, those of the model are left out.
            replace: Returns what stands in place of a sentence without support, a quote and its
                hit, or None for nothing; without, such a sentence stays and is listed.
            refusals: Sentences that say that nothing was found: they claim nothing.
        """
        self.text = ""
        self.unsupported: list[str] = []
        self._count = count
        self._check = check
        self._has_marks = has_marks
        self._replace = replace
        self._refusals = tuple(_plain(refusal) for refusal in refusals if refusal.strip())
        self._held = ""
        self._space = ""  # white space that may stand before a mark
        self._lead = ""  # and before the sentence
        self._sentence = ""
        self._numbers: list[int] = []  # of the marks that the model set in this sentence
        self._is_ending = False  # the sentence may end here: the next letter says

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
        if self._sentence:
            self._space = ""  # of the space around a mark that after it is kept
            self._numbers += numbers
        # On a line of its own it belongs to a sentence whose marks are set already.

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
        self._write(letter)

    def _has_ended(self, following: str) -> bool:
        """Return whether what was said is a whole sentence, now that the next word is known."""
        tail = self._sentence[-_LOOKED_BACK:].lstrip()
        spans = sentence_spans(f"{tail}{self._space}{following}")
        return len(spans) > 1 and spans[-1][0] >= len(tail)

    def _write(self, letter: str) -> None:
        if not self._sentence:
            self._lead, self._space = self._space, ""
            if self._replace is None:
                self.text += self._lead
        if self._replace is None:
            self.text += self._space + letter
        self._sentence += self._space + letter
        self._space = ""

    def _end_sentence(self) -> None:
        """Put the marks after the sentence; the space before the next stays held."""
        sentence = _ITEM.sub("", self._sentence).strip()
        if any(map(str.isalnum, sentence)):
            self._settle(sentence)
        elif self._replace is not None:
            self.text += self._lead + self._sentence
        self._sentence = self._lead = ""
        self._numbers = []
        self._is_ending = False

    def _settle(self, sentence: str) -> None:
        """Mark a whole sentence, list it, or put a quote in its place."""
        is_claim = not self._is_refusal(sentence)
        numbers = list(self._check(sentence, self._numbers)) if is_claim else []
        if self._replace is None:
            if is_claim and not numbers and not sentence.endswith(_LEADS_IN):
                self.unsupported.append(sentence)
            self._mark(numbers)
        elif numbers or not is_claim:
            self.text += self._lead + self._sentence
            self._mark(numbers)
        else:
            self._quote()

    def _quote(self) -> None:
        assert self._replace is not None
        quote = self._replace()
        if quote is None:
            return
        item = _ITEM.match(self._sentence)
        lead = self._lead or ("" if not self.text or self.text[-1].isspace() else " ")
        self.text += f"{lead if self.text else ''}{item[0] if item else ''}{quote[0]}"
        self._mark([quote[1]])

    def _mark(self, numbers: Sequence[int]) -> None:
        if self._has_marks:
            self.text += format_marks(numbers)

    def _is_refusal(self, sentence: str) -> bool:
        plain = _plain(sentence)
        return (
            any(plain in refusal or refusal in plain for refusal in self._refusals)
            and len(plain) > _SHORT
        )


_SHORT = 8  # letters; fewer stand in a refusal by chance


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
