"""Files nobody should have made: seeded changes of real ones, blind or by the format."""

import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]

_MOST_BYTES = 4 << 20
_DEEP = 30_000
# What stands in numbers that programs trust.
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1)
_NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"65536",
    b"2147483648",
    b"4294967295",
    b"99999999999999999999",
    b"1e308",
    b"-1e308",
    b"NaN",
    b"",
    b"0.0000001",
)
_ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(9))
    + b'<!ENTITY out SYSTEM "file:///etc/passwd">]>'
)
_TAG = re.compile(rb"<([A-Za-z][\w:.-]*)[^<>]*>")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")


def _span(rng: random.Random, data: bytes) -> tuple[int, int]:
    first = rng.randrange(len(data))
    return first, min(len(data), first + int(2 ** rng.uniform(0, 14)))


def flip_bits(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(int(2 ** rng.uniform(0, 7))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    first, last = _span(rng, data)
    filler = rng.choice([b"\0", b"\xff", b"", b"<", b"("])
    new = filler * (last - first) if filler else rng.randbytes(last - first)
    return data[:first] + new + data[last:]


def truncate(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(1, len(data) + 1)]


def behead(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    # The first bytes stay: they say what kind of file it is.
    return data[:8] + data[rng.randrange(len(data)) :]


def leave_out(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    first, last = _span(rng, data)
    return data[:first] + data[last:]


def repeat(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    first, last = _span(rng, data)
    most = max(1, _MOST_BYTES // max(1, last - first))
    return data[:last] + data[first:last] * min(int(2 ** rng.uniform(0, 13)), most) + data[last:]


def splice(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return data[: rng.randrange(len(data)) + 1] + other[rng.randrange(len(other)) :]


def insert(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    first, last = _span(rng, other)
    at = rng.randrange(len(data))
    return data[:at] + other[first:last] + data[at:]


def binary_extreme(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        size = rng.choice([1, 2, 4, 8])
        value = rng.choice(_EXTREMES) & ((1 << 8 * size) - 1)
        at = rng.randrange(len(changed))
        changed[at : at + size] = value.to_bytes(size, rng.choice(["little", "big"]))
    return bytes(changed)


def digit_extreme(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    found = list(_NUMBER.finditer(data[:_MOST_BYTES]))
    if not found:
        return binary_extreme(rng, data, others)
    for match in sorted(
        rng.sample(found, min(len(found), rng.randint(1, 5))), key=lambda m: -m.start()
    ):
        data = data[: match.start()] + rng.choice(_NUMBERS) + data[match.end() :]
    return data


def swap_lines(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    for _ in range(rng.randint(1, 5)):
        one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def nest(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Open something of the file a great many times."""
    tags = [match.group() for match in _TAG.finditer(data[:_MOST_BYTES])]
    choices = [b"(", b"[", b"{", b">", b"[[", b"<<", b'{"a":', b"\\{", b"* ", b"> "]
    piece = rng.choice(tags) if tags and rng.random() < 0.8 else rng.choice(choices)
    at = data.find(piece) if piece in tags else rng.randrange(len(data))
    deep = min(rng.choice([300, 3000, _DEEP]), _MOST_BYTES // len(piece))
    return data[:at] + piece * deep + data[at:]


def entities(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Entities that grow without end, and one that is a file of the computer."""
    at = data.find(b"?>") + 2 if data.startswith(b"<?xml") else 0
    data = data[:at] + _ENTITIES + data[at:]
    places = [match.end() for match in _TAG.finditer(data, at + len(_ENTITIES))]
    place = rng.choice(places) if places else len(data)
    return data[:place] + rng.choice([b"&j;", b"&out;", b"&nobody;"]) + data[place:]


def unbalance(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Leave tags out, or move them."""
    found = list(re.finditer(rb"</?[A-Za-z][^<>]*>", data[:_MOST_BYTES]))
    if not found:
        return swap_lines(rng, data, others)
    for _ in range(rng.randint(1, 6)):
        match = rng.choice(found)
        if rng.random() < 0.5:
            data = data[: match.start()] + data[match.end() :]
        else:
            at = rng.randrange(len(data))
            data = data[:at] + match.group() + data[at:]
    return data


ANY: tuple[Mutation, ...] = (
    flip_bits,
    overwrite,
    truncate,
    behead,
    leave_out,
    repeat,
    splice,
    insert,
    binary_extreme,
    digit_extreme,
)
TEXT: tuple[Mutation, ...] = (*ANY, digit_extreme, swap_lines, nest, entities, unbalance)


def in_zip(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change what a part of an archive says, or which parts there are, and pack it anew."""
    parts = unzipped(data)
    strangers = [list(unzipped(other).values()) for other in others[:3]]
    pool = [content for found in strangers for content in found if content] or [data]
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        names = [name for name, content in parts.items() if content]
        if not names:
            break
        likely = [name for name in names if name.endswith((".xml", ".rels", ".opf", "html"))]
        name = rng.choice(likely if likely and rng.random() < 0.9 else names)
        way = rng.random()
        if way < 0.06:
            del parts[name]
        elif way < 0.12:
            parts[name] = rng.choice(pool)
        else:
            parts[name] = rng.choice(TEXT)(rng, parts[name], pool)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError):
        return {}


ZIPPED = frozenset({"docx", "epub", "odt", "pptx", "xlsx"})
TEXTUAL = frozenset({"csv", "email", "html", "json", "markdown", "rtf", "text"})


def mutated(seed: str, kind: str, seeds: Sequence[bytes]) -> bytes:
    """Return a changed file of ``kind``; the same one for the same seed.

    Args:
        seed: Of the changes.
        kind: Of the reader.
        seeds: Whole files.
    """
    rng = random.Random(seed)
    data = rng.choice(seeds)
    ways: Sequence[Mutation] = TEXT if kind in TEXTUAL or kind == "pdf" else ANY
    if kind in ZIPPED and rng.random() < 0.75 and unzipped(data):
        return in_zip(rng, data, seeds)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        if not data:
            break
        data = rng.choice(ways)(rng, data, seeds)
    return data[: 2 * _MOST_BYTES]
