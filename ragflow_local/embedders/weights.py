"""Reads tensors from safetensors files by name, as float32."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ragflow_local.records import Matrix

_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "BF16": "<u2"}


@dataclass(frozen=True, slots=True)
class Packed:
    """A matrix in 4 bits: ``(code - 8) * scale``, two codes a byte, the first in the low half.

    Attributes:
        codes: (rows, columns / 2) uint8.
        scales: (rows, columns / block) float32.
        block: Columns that share a scale.
    """

    codes: NDArray[np.uint8]
    scales: Matrix
    block: int


class Weights(Protocol):
    """Where a graph takes its numbers from."""

    def __contains__(self, name: str) -> bool:
        """Return whether there is a tensor of that name."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        ...

    def tensor(self, name: str) -> Matrix:
        """Return the tensor ``name`` as float32.

        Raises:
            KeyError: There is none.
        """
        ...

    def packed(self, name: str) -> Packed | None:
        """Return the matrix ``name`` in 4 bits, where it is kept so."""
        ...


class Safetensors:
    """The tensors of one or several safetensors files, in 16 or 32 bits.

    Source: https://huggingface.co/docs/safetensors, "Format"
    """

    def __init__(self, files: Iterable[Path]) -> None:
        """Read the files' headers; ``embedders.folder`` has checked that they fit the files."""
        self._where: dict[str, tuple[Path, dict[str, Any], int]] = {}
        for file in files:
            with file.open("rb") as stream:
                length = int.from_bytes(stream.read(8), "little")
                header = json.loads(stream.read(length))
            for name, entry in header.items():
                if name != "__metadata__":
                    self._where[name] = file, entry, 8 + length

    def __contains__(self, name: str) -> bool:
        return name in self._where

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def tensor(self, name: str) -> Matrix:
        """Return the tensor ``name`` as float32."""
        file, entry, start = self._where[name]
        kind = _TYPES.get(entry["dtype"])
        if kind is None:
            raise ValueError(f"{name} is in {entry['dtype']}, which is not read")
        begin, end = entry["data_offsets"]
        with file.open("rb") as stream:
            stream.seek(start + begin)
            values = np.frombuffer(stream.read(end - begin), kind)
        if entry["dtype"] == "BF16":  # the upper half of a float32
            values = (values.astype("<u4") << 16).view("<f4")
        tensor: Matrix = values.astype(np.float32).reshape(entry["shape"])
        return tensor

    def packed(self, name: str) -> Packed | None:
        """Return None: they are kept in floating point."""
        return None
