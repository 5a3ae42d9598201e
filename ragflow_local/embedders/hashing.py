"""The hashing embedder: it needs no weights, for tests and machines without a model.

Each word adds +1 or -1 to one of ``dim`` buckets, chosen by its hash, so texts that share
words are near. It knows no meaning: use it where speed or reproducibility matters more.

Source: Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009,
https://arxiv.org/abs/0902.2206
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ragflow_local.embedders.calibration import Calibrated
from ragflow_local.records import Matrix, Vector

# Kana, Han and Hangul, of which pairs of characters stand for words. They are part of the rules
# that the fingerprint names, so they stay as they are, whatever ``text/scripts.py`` comes to hold.
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]+|[^\W{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")


def _words(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text.casefold()):
        word = match.group()
        if len(word) > 1 and _IS_CJK.match(word):
            yield from (word[at : at + 2] for at in range(len(word) - 1))
        else:
            yield word


@lru_cache(maxsize=1 << 16)
def _code(word: str) -> int:
    # blake2b and not hash(): the same in every process. A lone surrogate is a word like any.
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


class HashingEmbedder(Calibrated):
    """Bag of hashed words, scaled to length 1; it reads every script, and cosines begin at 0."""

    name = "hashing"
    max_tokens = 1 << 20

    def __init__(self, dim: int = 256) -> None:
        super().__init__()
        self.prompts = ("", "")
        self.tokenizer_file: Path | None = None
        self.dim = dim
        self.fingerprint = f"hashing-{dim}-1"  # 1: the rules by which words are cut and hashed

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dim) float32, each row of length 1 (0 for a text without words)."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            codes = np.fromiter((_code(word) for word in _words(text)), dtype=np.uint64)
            signs = np.where(codes >> np.uint64(63), np.float32(1), np.float32(-1))
            buckets = (codes % np.uint64(self.dim)).astype(np.int64)
            row[:] = np.bincount(buckets, weights=signs, minlength=self.dim)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, lengths, out=vectors, where=lengths > 0)
        return vectors

    def embed_query(self, question: str) -> Vector:
        """Return (dim,) float32: a question is embedded like any text."""
        return self.embed([question]).reshape(-1)
