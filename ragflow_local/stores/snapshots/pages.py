"""Cuts a catalog into pages, puts new pages into packs, and puts a catalog together again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragflow_local.stores.snapshots.manifest import KEY, PAGE, Contents, Pack

Keys: TypeAlias = NDArray[np.uint8]  # (n, 16)
Places: TypeAlias = NDArray[np.uint32]  # (n, 2): pack and index in it

PACK = 256  # pages: a megabyte, for which an object store takes about as long as for a byte
_READ = 256  # pages read at once
_LEVEL = 6  # of zstd: half of a catalog's bytes; higher ones take longer and gain a percent

# A pack with fewer live pages is not named any more: what lives in it is written anew.
_LEAST_LIVE = 0.25
# Of packs with less than this, as many as a small publish makes, so many are kept; then they are
# written anew together, so that who fetches all does not ask for thousands.
_SMALL, _MOST_SMALL = 64, 32


def keys_of(path: Path) -> tuple[Keys, str]:
    """Return the key of each page of a file, and the SHA-256 of all of it."""
    whole = hashlib.sha256()
    keys = bytearray()
    for block in _blocks(path):
        whole.update(block)
        for start in range(0, len(block), PAGE):
            keys += hashlib.sha256(block[start : start + PAGE]).digest()[:KEY]
    return np.frombuffer(bytes(keys), np.uint8).reshape(-1, KEY), whole.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_READ * PAGE):
            yield block


def kept_places(contents: Contents | None, there: set[str]) -> dict[bytes, tuple[Pack, int]]:
    """Return where pages lie that need not be written again, by their key.

    Args:
        contents: Of the last snapshot.
        there: The hashes of the packs that are whole.
    """
    if contents is None:
        return {}
    live = np.bincount(contents.places[:, 0], minlength=len(contents.packs)).tolist()
    small = [n for n, pack in enumerate(contents.packs) if pack.pages < _SMALL]
    dropped = set(small) if len(small) > _MOST_SMALL else set()
    for number, pack in enumerate(contents.packs):
        if live[number] < _LEAST_LIVE * pack.pages or pack.sha256 not in there:
            dropped.add(number)
    keys = contents.pages.tobytes()
    return {
        keys[n * KEY : (n + 1) * KEY]: (contents.packs[pack], within)
        for n, (pack, within) in enumerate(contents.places.tolist())
        if pack not in dropped
    }


def new_pages(keys: Keys, places: dict[bytes, tuple[Pack, int]]) -> list[tuple[bytes, int]]:
    """Return the key and the number of each page that is nowhere yet, each key once."""
    data = keys.tobytes()
    new: dict[bytes, int] = {}
    for number in range(len(keys)):
        key = data[number * KEY : (number + 1) * KEY]
        if key not in places:
            new.setdefault(key, number)
    return list(new.items())


def packs_of(path: Path, numbers: Sequence[int]) -> Iterator[tuple[bytes, list[int]]]:
    """Yield packs, each with the numbers of its pages."""
    codec = _codec()
    with path.open("rb") as file:
        for start in range(0, len(numbers), PACK):
            taken = list(numbers[start : start + PACK])
            pages = []
            for number in taken:
                file.seek(number * PAGE)
                pages.append(file.read(PAGE).ljust(PAGE, b"\0"))
            yield codec.compress(b"".join(pages), asbytes=True), taken


def unpacked(data: bytes, pages: int) -> bytes:
    """Return the pages of a pack.

    Raises:
        ValueError: It has more of them, or fewer, or is no pack.
    """
    try:
        raw: bytes = _codec().decompress(data, decompressed_size=pages * PAGE, asbytes=True)
    except OSError as error:  # Arrow's word for what zstd cannot read
        raise ValueError(str(error)) from error
    if len(raw) != pages * PAGE:
        raise ValueError("it has another number of pages")
    return raw


def placed(keys: Keys, known: dict[bytes, tuple[Pack, int]]) -> tuple[Places, tuple[Pack, ...]]:
    """Return where each page lies, and the packs that have one."""
    packs: dict[Pack, int] = {}
    places = np.empty((len(keys), 2), np.uint32)
    data = keys.tobytes()
    for number in range(len(keys)):
        pack, within = known[data[number * KEY : (number + 1) * KEY]]
        places[number] = packs.setdefault(pack, len(packs)), within
    return places, tuple(packs)


def _codec() -> Any:
    import pyarrow

    return pyarrow.Codec("zstd", compression_level=_LEVEL)
