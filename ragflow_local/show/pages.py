"""Draws pages of documents with their chunks highlighted."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from ragflow_local.errors import NotFoundError
from ragflow_local.ingest import wire
from ragflow_local.ingest.pictures import Pictures
from ragflow_local.records import ChunkRow, DocumentRow, Region
from ragflow_local.settings import check_number
from ragflow_local.stores.catalog import Catalog, documents
from ragflow_local.stores.deleted import reading_files_of
from ragflow_local.stores.files import Files

# Kinds whose pages can be drawn.
DRAWN = frozenset({"pdf", "pptx", "image"})

_MOST_DPI = 2400  # a page is never drawn larger than 40 megapixels, whatever is asked for


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page that an answer cites, with the passages marked.

    Attributes:
        document_id: The document.
        document_name: Its name.
        page: The page, from 1.
        citations: Which chunks of ``message.reference`` stand on it: their indices.
        png: The picture.
    """

    document_id: str
    document_name: str
    page: int
    citations: tuple[int, ...]
    png: bytes

    def _repr_png_(self) -> bytes:
        return self.png


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """The resolution, format and time limit of a picture.

    Attributes:
        dpi: Pixels of an inch.
        is_small: Whether it may be WebP, which takes less room than PNG.
        seconds: How long to wait for it at most; None for as long as it takes.
    """

    dpi: float
    is_small: bool = False
    seconds: float | None = None


def check_dpi(dpi: object) -> None:
    """Raise ``InvalidValueError`` unless ``dpi`` is a number from 1 to 2400."""
    check_number("dpi", dpi, 1, _MOST_DPI)


@dataclass(frozen=True, slots=True)
class PageSource:
    """Where pictures of pages come from: rows, the bytes behind them, and who draws."""

    catalog: Catalog
    files: Files
    pictures: Pictures

    def draw_page(
        self, document_id: str, page: int, options: RenderOptions, rows: Sequence[ChunkRow]
    ) -> bytes:
        """Return a picture of a page with what the chunks ``rows`` have on it marked.

        Empty where the document has no such page, or its format no pages.

        Raises:
            NotFoundError: The document has been deleted.
            ReadError: The page cannot be drawn.
        """
        document = self._document(document_id)
        passages = tuple(
            wire.Passage(row.content, places)
            for row in rows
            if (places := tuple(dict.fromkeys(part for part in row.places if part.page == page)))
        )
        return self._draw(document, page, options, None, passages)

    def draw_region(self, row: ChunkRow, options: RenderOptions) -> bytes:
        """Return a picture of where a chunk stands on its first page; empty where it has none.

        Raises:
            NotFoundError: The document has been deleted.
            ReadError: The page cannot be drawn.
        """
        if not row.places:
            return b""
        page = row.places[0].page
        parts = [place for place in row.places if place.page == page]
        box = Region(
            page,
            min(part.x0 for part in parts),
            min(part.top for part in parts),
            max(part.x1 for part in parts),
            max(part.bottom for part in parts),
        )
        return self._draw(self._document(row.document_id), page, options, box, ())

    def draw_thumbnail(self, document: DocumentRow, options: RenderOptions) -> bytes:
        """Return a small picture of a document's first page; empty where it has none."""
        return self._draw(document, 0, options, None, ())

    def own_picture(self, row: ChunkRow) -> bytes:
        """Return the picture that a chunk itself has, such as a slide's; empty for none.

        Raises:
            NotFoundError: The chunk has been deleted.
            DamagedProjectError: The picture is missing or torn.
        """
        if not row.image:
            return b""
        with reading_files_of(self.catalog, "chunk", row.id):
            return self.files.get_image(row.id)

    def _document(self, document_id: str) -> DocumentRow:
        with self.catalog.read() as reading:
            row = documents.get(reading, document_id)
        if row is None:
            raise NotFoundError("document", document_id)
        return row

    def _draw(
        self,
        document: DocumentRow,
        page: int,
        options: RenderOptions,
        box: Region | None,
        passages: tuple[wire.Passage, ...],
    ) -> bytes:
        if document.kind not in DRAWN:
            return b""
        path = str(self.files.path_of(document.sha256))
        kind, name, dpi = document.kind, document.name, options.dpi
        request = wire.Picture(path, kind, name, page, dpi, box, passages, options.is_small)
        with reading_files_of(self.catalog, "document", document.id):
            return self.pictures.draw(request, options.seconds)


def data_uri(picture: bytes) -> str:
    """Return a picture as a ``data:`` URI, its type told by its own bytes; "" for none."""
    if not picture:
        return ""
    kind = "jpeg" if picture.startswith(b"\xff\xd8") else "png"
    kind = "webp" if picture[8:12] == b"WEBP" else kind
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
