"""A unigram tokenizer that opens a vocabulary of 250,000 pieces in a tenth of a second.

The pieces are read from a file as they are: the head of a model of the form E5S1, little-endian.

    "E5S1", u32 version; i32 × 7, f32, i32: the model's sizes
    i32 pieces, begin, end, padding, unknown; u64 bytes of all pieces
    u32 × (pieces + 1) where each begins; f32 × pieces, their logarithmic probabilities; the pieces
    i32 rules, u32 their bytes; each rule: u32 code point, u8 n, u32 × n what is read in its place

Source: Kudo, "Subword Regularization", 2018, https://arxiv.org/abs/1804.10959
"""

from __future__ import annotations

import hashlib
import re
import struct
import threading
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

MAGIC = b"E5S1"
_SIZES = struct.Struct("<4sI7ifi5iQ")
# What a token that is no piece weighs below the rarest piece, as in SentencePiece.
_UNKNOWN_BELOW = 10.0
# Kept as it is by the tables that XLM-RoBERTa was trained with, where NFKC makes "~" of it.
_WIDE_TILDE = "\uff5e"
_SPACES = re.compile(" {2,}")
_MOST_KEPT = 100_000  # words; about 20 MB
_LONGEST_KEPT = 24


class Unigram:
    """The most probable pieces of each word; safe to call from several threads.

    Attributes:
        begin, end, padding: The tokens about a text, and what fills a batch.
    """

    def __init__(self, file: Path) -> None:
        """Read the pieces.

        Raises:
            ValueError: The file is torn, or is something else.
        """
        data = np.memmap(file, np.uint8, "r")
        try:
            self._read(data)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise ValueError(f"{file} is damaged: {error}") from None

    def _read(self, data: np.ndarray) -> None:
        magic, _, *_, count, self.begin, self.end, self.padding, self._unknown, size = (
            _SIZES.unpack(data[: _SIZES.size].tobytes())
        )
        if magic != MAGIC:
            raise ValueError("it does not begin with E5S1")
        at = _SIZES.size
        starts = np.frombuffer(data[at : at + 4 * (count + 1)].tobytes(), "<u4")
        at += 4 * (count + 1)
        scores = np.frombuffer(data[at : at + 4 * count].tobytes(), "<f4")
        at += 4 * count
        pieces = _cut(data[at : at + size], starts)
        special = {self.begin, self.end, self.padding, self._unknown, count - 1}  # <mask> is last
        self._pieces = {piece: id for id, piece in enumerate(pieces) if id not in special}
        self._scores: list[float] = scores.astype(np.float64).tolist()
        self._unknown_score = float(scores.min()) - _UNKNOWN_BELOW
        self._longest: dict[str, int] = {}
        for piece in self._pieces:
            first = piece[0]
            if len(piece) > self._longest.get(first, 0):
                self._longest[first] = len(piece)
        self._rules = dict(_rules(data[at + size :].tobytes()))
        self._kept: dict[str, tuple[int, ...]] = {}

    def encode(self, text: str, window: int) -> list[int]:
        """Return the tokens of a text, the begin and the end among them, at most ``window``."""
        tokens = [self.begin]
        for word in self.normalized(text).split("\u2581")[1:]:
            tokens += self._of_word("\u2581" + word, window)
            if len(tokens) >= window:
                break
        return [*tokens[: window - 1], self.end]

    def count(self, text: str) -> int:
        """Return how many tokens a text has, without begin and end."""
        words = self.normalized(text).split("\u2581")[1:]
        return sum(len(self._of_word("\u2581" + word, len(word) + 1)) for word in words)

    def normalized(self, text: str) -> str:
        """Return a text as it is cut: composed, spaces made one, and marked at each word."""
        if text.isascii():
            text = text.translate(self._rules)
        else:
            parts = text.translate(self._rules).split(_WIDE_TILDE)
            text = _WIDE_TILDE.join(unicodedata.normalize("NFKC", part) for part in parts)
        text = _SPACES.sub(" ", text).strip(" ")
        return "\u2581" + text.replace(" ", "\u2581") if text else ""

    def _of_word(self, word: str, most: int) -> tuple[int, ...]:
        pieces = self._kept.get(word)
        if pieces is None:
            # No piece has more letters than sixteen: of a long word what is beyond is not seen.
            pieces = self._cut_word(word[: 16 * most + 16])
            if len(word) <= _LONGEST_KEPT:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[word] = pieces
        return pieces

    def _cut_word(self, word: str) -> tuple[int, ...]:
        """Return the pieces whose probabilities have the largest product (Viterbi)."""
        size = len(word)
        best = [0.0] + [-np.inf] * size
        came: list[tuple[int, int]] = [(0, 0)] * (size + 1)
        pieces, scores, longest = self._pieces, self._scores, self._longest
        for start in range(size):
            base = best[start]
            first = start + 1
            for end in range(first, min(size, start + longest.get(word[start], 1)) + 1):
                id = pieces.get(word[start:end])
                if id is not None and base + scores[id] > best[end]:
                    best[end], came[end] = base + scores[id], (start, id)
            if word[start] not in pieces and base + self._unknown_score > best[first]:
                best[first], came[first] = base + self._unknown_score, (start, self._unknown)
        tokens: list[int] = []
        at = size
        while at:
            at, id = came[at]
            if not (id == self._unknown and tokens and tokens[-1] == id):  # one for all in a row
                tokens.append(id)
        return tuple(reversed(tokens))


_opened: dict[str, Unigram] = {}
_opening = threading.Lock()


def open_unigram(file: Path) -> Unigram:
    """Return the pieces of a file; the same object for all files with the same pieces.

    Raises:
        ValueError: The file is torn, or is something else.
    """
    try:
        digest = hashlib.sha256(head_of(file)).hexdigest()
    except (struct.error, IndexError):
        return Unigram(file)  # which says what is wrong
    with _opening:
        if digest not in _opened:
            _opened[digest] = Unigram(file)
        return _opened[digest]


def _cut(data: np.ndarray, starts: np.ndarray) -> list[str]:
    """Return the texts that begin at ``starts`` in UTF-8, decoded all at once."""
    is_first = np.asarray((data & 0xC0) != 0x80)
    letters = np.concatenate([[0], np.cumsum(is_first)])[starts].tolist()
    text = data.tobytes().decode()
    return [text[a:b] for a, b in pairwise(letters)]


def _rules(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield the code points that are read otherwise than by NFKC, and what they are read as."""
    count, _ = struct.unpack_from("<iI", data)
    at = 8
    for _ in range(count):
        point, size = struct.unpack_from("<IB", data, at)
        text = "".join(map(chr, struct.unpack_from(f"<{size}I", data, at + 5)))
        at += 5 + 4 * size
        if text != unicodedata.normalize("NFKC", chr(point)):
            yield point, text


def head_of(file: Path) -> bytes:
    """Return the part of a model's file that this module reads."""
    data = np.memmap(file, np.uint8, "r")
    *_, count, _, _, _, _, size = _SIZES.unpack(data[: _SIZES.size].tobytes())
    at = _SIZES.size + 4 * (count + 1) + 4 * count + size
    _, rules = struct.unpack("<iI", data[at : at + 8].tobytes())
    return data[: at + 8 + rules].tobytes()
