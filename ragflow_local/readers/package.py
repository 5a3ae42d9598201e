"""A zip of XML parts (docx, pptx, odt, epub), checked before it is unpacked."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from lxml import etree

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers.error_text import error_text

# What a document of thousands of pages unpacks to stays far below; what exceeds it is no document.
_MAX_BYTES = 1 << 30
_MAX_PARTS = 100_000
# XML of repeated rows packs to 1:200 at most; a bomb to 1:1000 and more. Small ones do no harm.
_MAX_RATIO = 400
_SMALL_BYTES = 50_000_000
# What the name of an attribute that holds a relation's id begins with.
REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_OLE2 = b"\xd0\xcf\x11\xe0"

# "Strict" Office files use other names for the same things.
_STRICT = (
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"officeDocument/2006/relationships",
    ),
    (b"http://purl.oclc.org/ooxml/officeDocument/math", b"officeDocument/2006/math"),
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", b"wordprocessingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/drawingml/main", b"drawingml/2006/main"),
    (b"http://purl.oclc.org/ooxml/drawingml/chart", b"drawingml/2006/chart"),
    (b"http://purl.oclc.org/ooxml/drawingml/diagram", b"drawingml/2006/diagram"),
    (
        b"http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing",
        b"drawingml/2006/wordprocessingDrawing",
    ),
    (b"http://purl.oclc.org/ooxml/presentationml/main", b"presentationml/2006/main"),
)
_TRANSITIONAL = b"http://schemas.openxmlformats.org/"


class Package:
    """The parts of a zip file, each read when it is asked for.

    Args:
        data: The file's bytes.
        name: The file's name, for messages only.

    Raises:
        DamagedFileError: No zip, encrypted, or unpacking to more than a document ever does.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        if data.startswith(_OLE2):
            raise DamagedFileError(name, "whole file", "it is encrypted with a password")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DamagedFileError(
                name, "whole file", f"its archive is damaged: {error_text(error)}"
            ) from error
        parts = self._zip.infolist()
        unpacked = sum(part.file_size for part in parts)
        is_bomb = unpacked > _SMALL_BYTES and unpacked > _MAX_RATIO * max(len(data), 1)
        if unpacked > _MAX_BYTES or len(parts) > _MAX_PARTS or is_bomb:
            raise DamagedFileError(
                name, "whole file", f"its {len(parts)} parts unpack to {unpacked:,} bytes"
            )
        # Office does not mind the case of names, nor which way their slashes lean.
        self._parts = {part.filename.replace("\\", "/").lower(): part for part in parts}

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._parts

    @property
    def parts(self) -> list[str]:
        """Names of all parts, in the order of the file."""
        return [part.filename for part in self._parts.values()]

    def read(self, part: str) -> bytes:
        """Return the bytes of ``part``.

        Raises:
            DamagedFileError: It is not there, torn, encrypted, or larger than it says.
        """
        info = self._parts.get(part.lower())
        if info is None:
            raise DamagedFileError(self.name, part, "this part is missing")
        if info.flag_bits & 1:
            raise DamagedFileError(self.name, part, "it is encrypted with a password")
        try:
            # A size that lies ends here: no more is read than was declared and checked.
            with self._zip.open(info) as file:
                return file.read(info.file_size)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise DamagedFileError(
                self.name, part, f"this part is damaged: {error_text(error)}"
            ) from error

    def xml(self, part: str) -> Any:
        """Return the root element of an XML part, Strict names turned into the usual ones.

        Raises:
            DamagedFileError: It is not there or no XML.
        """
        data = self.read(part)
        if b"http://purl.oclc.org/ooxml/" in data:
            for strict, usual in _STRICT:
                data = data.replace(strict, _TRANSITIONAL + usual)
        return parse_xml(data, self.name, part)

    def relations(self, part: str) -> Mapping[str, "Relation"]:
        """Return what ``part`` refers to, by the id it uses; empty where it refers to nothing."""
        folder, base = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{base}.rels")
        if rels not in self:
            return {}
        relations = {}
        for element in self.xml(rels).iter("{*}Relationship"):
            target = unquote(element.get("Target", ""))
            is_outside = element.get("TargetMode") == "External"
            if not is_outside:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = element.get("Type", "").rsplit("/", 1)[-1]
            relations[element.get("Id", "")] = Relation(kind, target, is_outside)
        return relations

    def find(self, part: str, kind: str) -> list[str]:
        """Return the parts of ``kind`` (``styles``, ``chart``, …) that ``part`` refers to."""
        return [
            relation.target
            for relation in self.relations(part).values()
            if relation.kind == kind and not relation.is_outside and relation.target in self
        ]


class Relation:
    """A reference from one part to another, or to something outside the file."""

    __slots__ = ("is_outside", "kind", "target")

    def __init__(self, kind: str, target: str, is_outside: bool) -> None:
        self.kind = kind
        self.target = target
        self.is_outside = is_outside


def parse_xml(data: bytes, name: str, part: str) -> Any:
    """Return the root element of ``data``; entities and outside references are never followed.

    Raises:
        DamagedFileError: It is no XML.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DamagedFileError(name, part, f"this part is no XML: {said_by(error)}") from error
    if root is None:
        raise DamagedFileError(name, part, "this part is empty")
    if b"<!ENTITY" in data:
        # Not followed, they stand in the tree as nodes without a tag, which nobody looks for.
        etree.strip_elements(root, etree.Entity, with_tail=False)
    return root


def written(element: Any) -> bytes:
    """Return the XML of ``element`` and all within it."""
    data: bytes = etree.tostring(element)
    return data


def said_by(error: Exception) -> str:
    """Return what the parser says of a place in a text, without the name it has for the text."""
    return str(error).partition(" (<string>")[0]


def count_of(value: str | None, default: int) -> int:
    """Return a count as a file gives it; ``default`` where it is none that a document can have."""
    is_count = value is not None and value.strip().isdecimal() and len(value) < 10
    return int(value or "") if is_count else default
