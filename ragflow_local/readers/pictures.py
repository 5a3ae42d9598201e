"""Pictures inside documents: the text in them where it can be recognised, else a notice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ragflow_local.errors import ReadError
from ragflow_local.readers import image, ocr
from ragflow_local.records import Block, Notice

# Smaller ones are bullets, icons and rules.
_LEAST_SIDE_PIXELS, _LEAST_PIXELS = 24, 4_096
_MOST_PICTURES = 2_000  # of one document; what comes after is counted
_MOST_NAMED, _LONGEST_NAME = 5, 60
# What a chunk may keep as its picture.
_KEPT = (b"\x89PNG", b"\xff\xd8\xff")


@dataclass
class Pictures:
    """The pictures of one document; one that comes again, as a logo does, is read once.

    Attributes:
        known: Hashes of pictures that were met.
        unread: Names of those that were not looked at.
        failures: Why some could not be read, by name.
    """

    known: set[bytes] = field(default_factory=set)
    unread: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    def read(self, block: Block) -> Block:
        """Return a figure with the text of its picture under what its author wrote of it."""
        key = hashlib.sha256(block.image).digest()
        is_new = key not in self.known
        self.known.add(key)
        kept = block.image if block.image.startswith(_KEPT) else b""
        if not is_new or not _may_hold_text(block.image):
            return replace(block, image=kept)
        label = " ".join(block.text.split())[:_LONGEST_NAME]
        name = repr(label) if label else f"picture {len(self.known)}"
        if not ocr.is_installed() or len(self.known) > _MOST_PICTURES:
            self.unread.append(name)
            return replace(block, image=kept)
        try:
            texts = [item.text for item in image.read(block.image, name) if isinstance(item, Block)]
        except ReadError as error:
            self.failures[name] = str(error)
            return replace(block, image=kept)
        return replace(block, text="\n".join(filter(None, [block.text, *texts])), image=kept)

    def notices(self) -> Iterator[Notice]:
        """Yield what was not read, and the way out."""
        if self.unread:
            count = len(self.unread)
            what = "1 picture was" if count == 1 else f"{count} pictures were"
            more = ", …" if count > _MOST_NAMED else ""
            yield Notice(
                f"{what} not looked at ({', '.join(self.unread[:_MOST_NAMED])}{more});"
                f" text in {'it' if count == 1 else 'them'} is missing. To read it: {ocr.INSTALL}"
            )
        for name, why in list(self.failures.items())[:_MOST_NAMED]:
            yield Notice(f"The text of {name} was not read. {why}")


def _may_hold_text(data: bytes) -> bool:
    """Return whether a picture is large enough for words; one that nobody can open may be."""
    try:
        width, height = image.size_of(data)
    except ReadError:
        return True
    return min(width, height) >= _LEAST_SIDE_PIXELS and width * height >= _LEAST_PIXELS
