"""The setting ``delimiter``: where text may be cut, and where it is always cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_CLOSERS = "\"'”’»）)\\]】」』》〉}"
# Typed as two signs where a line end or a tab is meant; but \newpage is the author's own word.
_TYPED = re.compile(r"\\+([nrt])(?![A-Za-z])")
_MEANT = {"n": "\n", "r": "\n", "t": "\t"}
# Of these no end is one within a word: a.b, what?.x, x != y, page?lang=en.
_STOPS = ".!?…"
_BEHIND_STOP = rf"(?=[\s{_CLOSERS}\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|\Z)"
# An address is one word, whatever signs it has; what closes a sentence does not belong to it.
_ADDRESS = re.compile(
    r"\b(?:https?|ftp|file)://[^\s<>\"“”「」『』【】（）《》。，；！？、]+|\bwww\.[^\s<>\"“”]+"
)
_ADDRESS_TAIL = re.compile(r"[.,;:!?'’)\]]+\Z")


@dataclass(frozen=True, slots=True)
class Delimiter:
    """Where text may be cut.

    Attributes:
        marks: Single characters that text may be cut after.
        cuts: Longer texts after which it is always cut.
    """

    marks: str
    cuts: tuple[str, ...]

    @classmethod
    def parse(cls, delimiter: str) -> Delimiter:
        """Return what the setting ``delimiter`` says: characters, and texts in back-quotes."""
        delimiter = _TYPED.sub(lambda match: _MEANT[match[1]], delimiter)
        cuts = tuple(cut for cut in re.findall(r"`([^`]+)`", delimiter) if cut)
        marks = re.sub(r"`[^`]+`", "", delimiter)
        return cls("".join(dict.fromkeys(marks)), tuple(dict.fromkeys(cuts)))

    @property
    def is_cut_at_blocks(self) -> bool:
        """Whether the end of a block is a cut: empty lines are what readers part blocks at."""
        return any(not cut.strip("\n") for cut in self.cuts)

    def spans(self, text: str, written: Sequence[int] = ()) -> Iterator[tuple[int, int, bool]]:
        """Yield start, end and whether a longer delimiter ended it, of all pieces of ``text``.

        Args:
            text: Of a block.
            written: Where its author wrote a longer delimiter that the text does not show.
        """
        start = 0
        for end, is_cut in sorted(
            {**dict(self._ends(text)), **dict.fromkeys(written, True)}.items()
        ):
            if end > start:
                yield start, end, is_cut
                start = end
        if start < len(text):
            yield start, len(text), False

    def cuts_in_source(self, text: str, source: str) -> list[int]:
        """Return the places of ``text`` at which its author wrote a longer delimiter.

        Rendering takes marks away and leaves letters: what has as many letters behind it in the
        source as in the text is the same place.
        """
        hidden = [cut for cut in self.cuts if cut.strip() and cut not in text and cut in source]
        if not hidden:
            return []
        ends = [end for cut in hidden for end in _ends_of(cut, source)]
        places = []
        for end in ends:
            behind = sum(map(str.isalnum, source[end:]))
            at = len(text)
            while at and behind:
                at -= 1
                behind -= text[at].isalnum()
            is_whole = behind > 0 or not any(map(str.isalnum, text[:at]))
            places.append(0 if is_whole else at)
        return sorted(set(places))

    def is_used_in(self, text: str) -> bool:
        """Return whether a longer delimiter stands in ``text``."""
        return any(cut in text for cut in self.cuts)

    def _ends(self, text: str) -> Iterator[tuple[int, bool]]:
        choices = [f"(?P<cut>{'|'.join(map(re.escape, sorted(self.cuts, key=len, reverse=True)))})"]
        blanks = "".join(mark for mark in self.marks if mark.isspace())
        signs = "".join(mark for mark in self.marks if not mark.isspace())
        if blanks:
            choices.append(f"[{re.escape(blanks)}]+")
        if signs:
            # What closes a quotation belongs to what it quotes, with the comma behind it; ?! is
            # one delimiter.
            choices.append(f"[{re.escape(signs)}]+(?:[{_CLOSERS}]+[{re.escape(signs)},，、.。]*)?")
        pattern = "|".join(choices if self.cuts else choices[1:])
        if not pattern:
            return
        kept = _addresses(text) if signs else []
        for match in re.finditer(pattern, text):
            is_cut = bool(self.cuts) and match["cut"] is not None
            if is_cut or not (_is_within_word(match, text) or _is_in(kept, match.end())):
                yield match.end(), is_cut


def _ends_of(cut: str, source: str) -> Iterator[int]:
    at = source.find(cut)
    while at >= 0:
        yield at + len(cut)
        at = source.find(cut, at + len(cut))


def _is_within_word(match: re.Match[str], text: str) -> bool:
    """Return whether a stop has a word behind it at once: then it ends no sentence."""
    is_stop = all(sign in _STOPS for sign in match[0])
    return is_stop and re.match(_BEHIND_STOP, text[match.end() : match.end() + 1] or "") is None


def _addresses(text: str) -> list[tuple[int, int]]:
    if "://" not in text and "www." not in text:
        return []
    addresses = []
    for match in _ADDRESS.finditer(text):
        tail = _ADDRESS_TAIL.search(match[0])
        addresses.append((match.start(), match.end() - (len(tail[0]) if tail else 0)))
    return addresses


def _is_in(spans: Sequence[tuple[int, int]], at: int) -> bool:
    """Return whether ``at`` is within one of the spans, which are in order."""
    low, high = 0, len(spans)
    while low < high:
        middle = (low + high) // 2
        if spans[middle][1] <= at:
            low = middle + 1
        else:
            high = middle
    return low < len(spans) and spans[low][0] < at
