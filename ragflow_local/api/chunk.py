"""Chunk: a passage of a document, as the API shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ragflow_local.api.entity import ApiObject, Client, pages_of
from ragflow_local.errors import InvalidValueError
from ragflow_local.records import ChunkRow, Hit
from ragflow_local.retrieve.graph import sources_of
from ragflow_local.settings import check_bool, check_text, check_whole
from ragflow_local.show import html
from ragflow_local.show.pages import RenderOptions, check_dpi


class Chunk(ApiObject):
    """A passage of a document.

    Attributes:
        id: The chunk's id.
        content: Its text; set it and call ``save``. Also as ``chunk["content"]``.
        document_id: The document it was cut from.
        document_name: That document's name.
        dataset_id: The dataset of that document; also ``knowledgebase_id``.
        image_id: Id of its picture; empty where its format has no pictures.
        position: ``[page, x0, x1, top, bottom]`` of each part, page from 1, in points (1/72 inch)
            from the top left; also ``positions``. ``pages`` has the pages alone.
        keywords: Words it is also found by; set them and call ``save``.
        questions: Questions it is also found by, likewise.
        headings: The headings it stands under, the topmost first.
        available: Whether it is found; set it and call ``save``.
        token_count: Tokens of the content, by the dataset's embedding model.
        kind: ``text``, or ``entity`` or ``relation`` of a knowledge graph.
        data: Typed columns of a table row as JSON; of an entity or relation its name, aliases,
            weight and sources, the ids of the chunks it rests on; empty for everything else.
        similarity: How well it answers the question it was retrieved for, in [0, 1], larger is
            better; None for a chunk that was not retrieved. Likewise ``vector_similarity`` and
            ``term_similarity``.
        neighbours: The chunks around it in its document, where ``retrieval(neighbours=…)`` asked
            for them.
        remarks: Sentences on how it was found, where that is not the usual way: by its words
            alone, say, for the model cannot read the script of the question.
    """

    id: str
    content: str
    document_id: str
    document_name: str
    dataset_id: str
    image_id: str
    position: list[list[float]]
    keywords: list[str]
    questions: list[str]
    headings: list[str]
    available: bool
    token_count: int
    kind: str
    data: str
    similarity: float | None
    vector_similarity: float | None
    term_similarity: float | None
    remarks: list[str]
    neighbours: list[Chunk]

    _SHOWN: ClassVar = (
        "id",
        "content",
        "document_id",
        "document_name",
        "dataset_id",
        "knowledgebase_id",
        "image_id",
        "similarity",
        "vector_similarity",
        "term_similarity",
        "position",
        "keywords",
        "questions",
        "headings",
        "available",
        "token_count",
        "kind",
        "data",
        "remarks",
    )
    _CHANGEABLE: ClassVar = frozenset({"content", "keywords", "questions", "available"})
    _SPELLINGS: ClassVar = {
        "knowledgebase_id": "dataset_id",
        "positions": "position",
        "content_with_weight": "content",
        "important_keywords": "keywords",
    }
    _BRIEF: ClassVar = ("id", "document_name", "similarity", "content")

    def __init__(
        self,
        rag: Client,
        row: ChunkRow,
        hit: Hit | None = None,
        question: str = "",
        beside: Sequence[ChunkRow] = (),
    ) -> None:
        self._set(_rag=rag, _hit=hit, _question=question)
        self._load(row)
        self._set(
            similarity=hit.similarity if hit else None,
            vector_similarity=hit.vector_similarity if hit else None,
            term_similarity=hit.term_similarity if hit else None,
            remarks=list(hit.remarks) if hit else [],
            neighbours=[Chunk(rag, other) for other in beside],
        )

    def _load(self, row: ChunkRow) -> None:
        self._set(
            _row=row,
            id=row.id,
            content=row.content,
            document_id=row.document_id,
            document_name=row.document_name,
            dataset_id=row.dataset_id,
            image_id=row.id if row.image or row.places else "",
            position=[[p.page, p.x0, p.x1, p.top, p.bottom] for p in row.places],
            keywords=list(row.keywords),
            questions=list(row.questions),
            headings=list(row.headings),
            available=row.available,
            token_count=row.token_count,
            kind=row.kind,
            data=row.data,
        )

    def __getitem__(self, name: str) -> Any:
        if name not in self._SHOWN and name not in self._SPELLINGS:
            raise KeyError(name)
        return getattr(self, name)

    def save(self) -> bool:
        """Store what was changed, and make the chunk findable under it.

        Raises:
            InvalidValueError: The content is empty, or keywords are no list of texts.
            NotFoundError: The chunk has been deleted.
        """
        content = checked_content(self.content)
        changes = {
            "content": content,
            "keywords": checked_texts("keywords", self.keywords),
            "questions": checked_texts("questions", self.questions),
            "available": check_bool("available", self.available),
        }
        self._load(self._rag.project.indexer.replace_chunk(self.id, changes))
        return True

    def delete(self) -> bool:
        """Remove the chunk from its document and from every index.

        Raises:
            NotFoundError: It has been deleted already.
        """
        self._rag.project.indexer.remove_chunks([self.id])
        return True

    def sources(self) -> list[Chunk]:
        """Return the chunks an entity or relation rests on, of all documents; none for a text."""
        if self._row.kind == "text" or not self._row.data:
            return []
        with self._rag.project.catalog.read() as reading:
            return [Chunk(self._rag, row) for row in sources_of(reading, self._row)]

    @property
    def pages(self) -> list[int]:
        """The pages it stands on, in order; none where its format has no pages."""
        return sorted({place.page for place in self._row.places})

    def image(self, dpi: float = 150) -> bytes:
        """Return a picture of the passage itself.

        It is a PNG of the part of its first page that it stands on; of a slide the picture that
        the slide shows, PNG or JPEG; empty where its format has neither.

        Args:
            dpi: Pixels of an inch, from 1 to 2400.

        Raises:
            InvalidValueError: ``dpi`` is not allowed.
            NotFoundError: The document, or this chunk of it, has been deleted.
            ReadError: The page cannot be drawn.
        """
        check_dpi(dpi)
        pages = pages_of(self._rag)
        if self._row.image:
            return pages.own_picture(self._row)
        return pages.draw_region(self._row, RenderOptions(dpi))

    def page_image(self, dpi: float = 100, page: int | None = None) -> bytes:
        """Return a PNG of a page of its document, with every part of the passage on it marked.

        Empty where its format has no pages that can be drawn: PDF files, pictures and slides have.

        Args:
            dpi: Pixels of an inch, from 1 to 2400; a page is drawn smaller where it would be
                beyond 40 megapixels.
            page: Which page, from 1: one of ``pages``, or any other, which has no mark then;
                None for the first that the passage stands on.

        Raises:
            InvalidValueError: ``dpi`` or ``page`` is not allowed.
            NotFoundError: The document has been deleted.
            ReadError: The page cannot be drawn.
        """
        check_dpi(dpi)
        if page is not None:
            check_whole("page", page, 1, 2**31 - 1)
        elif not self._row.places:
            return b""
        else:
            page = self._row.places[0].page
        pages = pages_of(self._rag)
        return pages.draw_page(self.document_id, page, RenderOptions(dpi), [self._row])

    def _repr_html_(self) -> str:
        row = replace(self._row, content=str(self.content), available=bool(self.available))
        return html.chunk(row, self._hit, self._question)


def checked_content(content: object) -> str:
    """Return the content of a chunk where it is a text that says something."""
    check_text("content", content)
    if not isinstance(content, str) or not content.strip():
        raise InvalidValueError("content", content, "a text that is not empty")
    return content


def checked_texts(name: str, values: object) -> tuple[str, ...]:
    """Return a list of texts as a tuple."""
    if not isinstance(values, list | tuple) or not all(isinstance(item, str) for item in values):
        raise InvalidValueError(name, values, "a list of texts")
    for item in values:
        check_text(name, item)
    return tuple(item for item in values if item.strip())
