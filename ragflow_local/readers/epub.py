"""EPUB: the chapters in the order of its spine, under the titles that its contents give them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import html
from ragflow_local.readers.data_address import of_address
from ragflow_local.readers.package import Package
from ragflow_local.records import Block

_FROM_CONTENTS = "\0contents"  # a mark of a heading that this module drops again
_LONGEST_TITLE = 200  # characters
_NO_LETTER = re.compile(r"[\W_]+")
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
    titles = _titles(package, book, folder, items)
    read_parts = set()
    for reference in book.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and item.get("media-type") in _PAGES:
            part = _resolve(folder, item.get("href", ""))
            if part in package and part not in read_parts:  # no book says a chapter twice
                read_parts.add(part)
                pictures = partial(_picture, package, PurePosixPath(part).parent)
                marks = titles.get(part.lower(), {})
                yield from _chapter(package.read(part), marks, pictures)


def _chapter(data: bytes, titles: Mapping[str, Block], pictures: html.PictureOf) -> Iterator[Block]:
    """Yield a chapter; a title of the contents stands above it, unless the page has it itself."""
    blocks = list(html.read(data, titles=titles, picture_of=pictures))
    if "" in titles:
        blocks.insert(0, titles[""])
    for at, block in enumerate(blocks):
        if block.source != _FROM_CONTENTS:
            yield block
        elif not any(_is_same(block.text, other.text) for other in _near(blocks, at)):
            yield replace(block, source="")


def _near(blocks: Sequence[Block], at: int) -> list[Block]:
    """Return what stands right behind a title, and may be it: a number and a name, say."""
    return [block for block in blocks[at + 1 : at + 4] if len(block.text) <= _LONGEST_TITLE]


def _is_same(title: str, text: str) -> bool:
    first, two = (_NO_LETTER.sub("", side).lower() for side in (title, text))
    return bool(two) and (first in two or two in first)


def _titles(
    package: Package, book: Any, folder: PurePosixPath, items: Mapping[str, Any]
) -> dict[str, dict[str, Block]]:
    """Return the titles of the table of contents: by part, then by the id that each begins at."""
    titles: dict[str, dict[str, Block]] = {}
    for item in items.values():
        part = _resolve(folder, item.get("href", ""))
        is_nav = "nav" in (item.get("properties") or "").split()
        is_ncx = item.get("media-type") == "application/x-dtbncx+xml"
        if not (is_nav or is_ncx) or part not in package or (is_ncx and titles):
            continue
        try:
            root = package.xml(part)
        except DamagedFileError:  # the chapters may be whole
            continue
        entries = _ncx_entries(root) if is_ncx else _nav_entries(root)
        for href, title, level in entries:
            path, _, id = href.partition("#")
            target = _resolve(PurePosixPath(part).parent, path)
            block = Block("heading", title, level=min(level, 6), source=_FROM_CONTENTS)
            titles.setdefault(target.lower(), {}).setdefault(id, block)
    return titles


def _ncx_entries(root: Any) -> Iterator[tuple[str, str, int]]:
    for point in root.iter("{*}navPoint"):
        title = (
            " ".join("".join(point.find("{*}navLabel").itertext()).split())
            if (point.find("{*}navLabel") is not None)
            else ""
        )
        content = point.find("{*}content")
        level = 1 + sum(1 for _ in point.iterancestors("{*}navPoint"))
        if title and content is not None:
            yield content.get("src", ""), title, level


def _nav_entries(root: Any) -> Iterator[tuple[str, str, int]]:
    for nav in root.iter("{*}nav"):
        kind = next((value for key, value in nav.attrib.items() if key.endswith("type")), "toc")
        for link in nav.iter("{*}a") if kind == "toc" else ():
            level = sum(1 for _ in link.iterancestors("{*}ol")) or 1
            if title := " ".join("".join(link.itertext()).split()):
                yield link.get("href", ""), title, level


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
