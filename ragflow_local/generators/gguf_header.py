"""Reads the header of a GGUF file: architecture, size, context and template, without weights.

Source: the format's description, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from ragflow_local.errors import DamagedModelError

_MAGIC = b"GGUF"
_STRING, _ARRAY, _BOOL = 8, 9, 7
_NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    10: "Q",
    11: "q",
    12: "d",
}
# Values of a tensor type in a block, bytes of a block; what is missing here is not checked.
_BLOCKS = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    30: ("BF16", 1, 2),
    39: ("MXFP4", 32, 17),
}
_KEPT_ITEMS = 64  # of an array; vocabularies are counted, not kept
_MAX_DEPTH = 4  # of arrays within arrays
_MAX_DIMENSIONS = 4  # ggml's own limit
# The names of general.file_type as llama.cpp prints them.
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GGUFHeader:
    """The header of a GGUF file.

    Attributes:
        architecture: ``llama``, ``qwen3``, …; ``bert`` and ``clip`` are no chat models.
        context_tokens: The window it was trained with; 0 where it does not say.
        parameters: Numbers in its tensors; of a file in parts, in this part.
        size_bytes: Of the file.
        cache_bytes_per_token: What its attention keeps for each token of context, at 16 bits.
        chat_template: In Jinja, or empty.
        license: As the file says it, or empty.
        parts: Of how many files the model is.
    """

    name: str
    architecture: str
    context_tokens: int
    parameters: int
    quantisation: str
    size_bytes: int
    cache_bytes_per_token: int
    chat_template: str
    license: str
    vocabulary: int
    parts: int = 1
    values: dict[str, object] = field(default_factory=dict, repr=False)

    def memory_bytes(self, context_tokens: int) -> int:
        """Return the memory that loading needs: weights, and the cache of ``context_tokens``."""
        # 64 MiB: buffers of one batch, measured for models of 0.1 to 8 billion parameters.
        return self.size_bytes + self.cache_bytes_per_token * context_tokens + (64 << 20)


def read_header(path: Path) -> GGUFHeader:
    """Return the header of the GGUF file at ``path``.

    Raises:
        DamagedModelError: It is no GGUF file, is cut short, or its header makes no sense.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if size < 24:
                raise DamagedModelError(path.name, f"it has {size} bytes: no GGUF file is so short")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reading(data, path.name).header()
    except OSError as error:
        raise DamagedModelError(path.name, error.strerror or str(error)) from error


class _Reading:
    """One pass over the bytes of a header."""

    def __init__(self, data: mmap.mmap, name: str) -> None:
        self._data = data
        self._name = name
        self._at = 4
        self._order = "<"
        if data[:4] != _MAGIC:
            self._damaged("it does not begin as a GGUF file does")

    def _damaged(self, problem: str) -> NoReturn:
        raise DamagedModelError(self._name, problem)

    def _number(self, code: str) -> int | float:
        layout = struct.Struct(self._order + code)
        if self._at + layout.size > len(self._data):
            self._damaged("it ends in the middle of its header")
        value: int | float = layout.unpack_from(self._data, self._at)[0]
        self._at += layout.size
        return value

    def _count(self, code: str = "Q") -> int:
        """Return a number of things that follow; each takes a byte at least."""
        count = int(self._number(code))
        if count > len(self._data) - self._at:
            self._damaged("it is cut short, or its header makes no sense")
        return count

    def _string(self) -> str:
        length = self._count()
        self._at += length
        return self._data[self._at - length : self._at].decode("utf-8", "replace")

    def _value(self, kind: int, depth: int = 0) -> object:
        if kind == _STRING:
            return self._string()
        if kind == _BOOL:
            return bool(self._number("B"))
        if kind == _ARRAY and depth < _MAX_DEPTH:
            return self._array(depth + 1)
        if kind not in _NUMBERS:
            self._damaged(f"its header has a value of unknown kind {kind}")
        return self._number(_NUMBERS[kind])

    def _array(self, depth: int) -> tuple[int, tuple[object, ...]]:
        """Return the length and the first items."""
        kind = int(self._number("I"))
        count = self._count()
        if kind in _NUMBERS or kind == _BOOL:
            code = _NUMBERS.get(kind, "B")
            end = self._at + count * struct.calcsize(self._order + code)
            items = tuple(self._number(code) for _ in range(min(count, _KEPT_ITEMS)))
            if end > len(self._data):
                self._damaged("it ends in the middle of its header")
            self._at = end
            return count, items
        first = [self._value(kind, depth) for _ in range(min(count, _KEPT_ITEMS))]
        for _ in range(count - len(first)):
            if kind == _STRING:
                length = self._count()
                self._at += length
            else:
                self._value(kind, depth)
        return count, tuple(first)

    def header(self) -> GGUFHeader:
        version = int(self._number("I"))
        if version not in (2, 3) and version.to_bytes(4, "little")[::-1] in (
            b"\x00\x00\x00\x02",
            b"\x00\x00\x00\x03",
        ):
            self._order = ">"  # written on a machine of the other byte order
        elif version not in (2, 3):
            self._damaged(f"its format has version {version}; this engine reads 2 and 3")
        tensor_count, value_count = self._count(), self._count()
        values: dict[str, object] = {}
        for _ in range(value_count):
            key = self._string()
            values[key] = self._value(int(self._number("I")))
        parameters, types, end = self._tensors(tensor_count)
        alignment = _whole(values, "general.alignment") or 32
        data_from = -(-self._at // alignment) * alignment
        if tensor_count and data_from + end > len(self._data):
            self._damaged(
                f"it has {len(self._data):,} bytes of {data_from + end:,}: the copy is not whole"
            )
        return self._of(values, parameters, types)

    def _tensors(self, count: int) -> tuple[int, Counter[str], int]:
        """Return the numbers in all tensors, how many of each type, and where the last ends."""
        parameters, end = 0, 0
        types: Counter[str] = Counter()
        for _ in range(count):
            self._string()
            dimensions = self._count("I")
            if dimensions > _MAX_DIMENSIONS:
                self._damaged(f"a tensor has {dimensions} dimensions")
            size = 1
            for _ in range(dimensions):
                size *= int(self._number("Q"))
            kind, offset = int(self._number("I")), int(self._number("Q"))
            name, per_block, block_bytes = _BLOCKS.get(kind, ("?", 1, 0))
            parameters += size
            types[name] += size
            end = max(end, offset + size // per_block * block_bytes)
        return parameters, types, end

    def _of(self, values: dict[str, object], parameters: int, types: Counter[str]) -> GGUFHeader:
        architecture = values.get("general.architecture")
        if not isinstance(architecture, str) or not architecture:
            self._damaged("it does not say its architecture")
        vocabulary = values.get("tokenizer.ggml.tokens")
        file_type = _FILE_TYPES.get(_whole(values, "general.file_type"))
        # A file that quantises some tensors only is named after what most of it is.
        common = types.most_common(1)[0][0] if types else "?"
        template = values.get("tokenizer.chat_template")
        return GGUFHeader(
            name=str(values.get("general.name") or ""),
            architecture=architecture,
            context_tokens=_whole(values, f"{architecture}.context_length"),
            parameters=parameters,
            quantisation=file_type if "general.file_type" in values and file_type else common,
            size_bytes=len(self._data),
            cache_bytes_per_token=_cache_bytes(values, architecture),
            chat_template=template if isinstance(template, str) else "",
            license=str(values.get("general.license") or ""),
            vocabulary=vocabulary[0] if isinstance(vocabulary, tuple) else 0,
            parts=max(1, _whole(values, "split.count")),
            values=values,
        )


def _whole(values: dict[str, object], key: str) -> int:
    """Return a number of the header; of one a layer, the largest; 0 where there is none."""
    value = values.get(key)
    if isinstance(value, tuple):
        numbers = [item for item in value[1] if isinstance(item, int)]
        return max(numbers, default=0)
    return value if isinstance(value, int) else 0


def _cache_bytes(values: dict[str, object], architecture: str) -> int:
    """Return bytes a token: keys and values of each layer and head, two bytes a number."""
    heads = _whole(values, f"{architecture}.attention.head_count")
    kept_heads = _whole(values, f"{architecture}.attention.head_count_kv") or heads
    width = _whole(values, f"{architecture}.embedding_length") // max(heads, 1)
    keys = _whole(values, f"{architecture}.attention.key_length") or width
    held = _whole(values, f"{architecture}.attention.value_length") or width
    return 2 * _whole(values, f"{architecture}.block_count") * kept_heads * (keys + held)
