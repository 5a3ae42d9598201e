"""EPUB: the chapters in the order of its spine, each as the web page it is."""

from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import unquote

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import html
from ragflow_local.readers.data_address import of_address
from ragflow_local.readers.package import Package
from ragflow_local.records import Block

_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


def read(data: bytes, name: str = "") -> Iterator[Block]:
    """Yield title and author as fields, then the blocks of all chapters in reading order.

    Raises:
        DamagedFileError: The file is broken, protected or no EPUB.
    """
    package = Package(data, name)
    if "META-INF/rights.xml" in package or _is_protected(package):
        raise DamagedFileError(name, "chapters", "they are encrypted by a copy protection")
    container = package.xml("META-INF/container.xml")
    files = [element.get("full-path", "") for element in container.iter("{*}rootfile")]
    if not files:
        raise DamagedFileError(name, "META-INF/container.xml", "it names no book")
    book = package.xml(files[0])
    for field, tag in (("Title", "title"), ("Author", "creator")):
        for element in book.iter(f"{{http://purl.org/dc/elements/1.1/}}{tag}"):
            if text := "".join(element.itertext()).strip():
                yield Block("field", f"{field}: {text}")
    folder = PurePosixPath(files[0]).parent
    items = {item.get("id"): item for item in book.iter("{*}item")}
    read_parts = set()
    for reference in book.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and item.get("media-type") in _PAGES:
            part = _resolve(folder, item.get("href", ""))
            if part in package and part not in read_parts:  # no book says a chapter twice
                read_parts.add(part)
                pictures = partial(_picture, package, PurePosixPath(part).parent)
                yield from html.read(package.read(part), picture_of=pictures)


def _is_protected(package: Package) -> bool:
    """Return whether more than fonts is encrypted."""
    if "META-INF/encryption.xml" not in package:
        return False
    references = package.xml("META-INF/encryption.xml").iter("{*}CipherReference")
    return any(
        element.get("URI", "").lower().endswith((".xhtml", ".html", ".htm", ".opf"))
        for element in references
    )


def _picture(package: Package, folder: PurePosixPath, href: str) -> bytes:
    part = _resolve(folder, href)
    return package.read(part) if part in package else of_address(href)


def _resolve(folder: PurePosixPath, href: str) -> str:
    """Return the part that a link of the book's index means."""
    parts: list[str] = []
    for step in (folder / unquote(href.partition("#")[0])).parts:
        if step == ".." and parts:
            parts.pop()
        elif step not in (".", "..", "/"):
            parts.append(step)
    return "/".join(parts)
