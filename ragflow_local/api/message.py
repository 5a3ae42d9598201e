"""Message: a question or an answer of a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ragflow_local.api.chunk import Chunk
from ragflow_local.api.entity import ApiObject, Client, pages_of
from ragflow_local.records import MessageRow
from ragflow_local.show import notebook, report
from ragflow_local.show.pages import PagePicture, check_dpi
from ragflow_local.show.report import Reply


class Message(ApiObject):
    """One message of a session.

    Attributes:
        id: Its id.
        role: ``user`` or ``assistant``.
        content: Its text; `` [ID:i]`` after a sentence cites ``reference[i]``. Also as
            ``message["content"]``.
        question: What it answers; "" where it answers nothing.
        reference: The chunks an answer was given, with their similarities.
        model: Who answered: a GGUF's file name; ``extractive``, or ``extractive+reader`` where a
            small model read the candidates; "" where no model ran.
        thinking: What a thinking model wrote before its answer.
        unsupported: Sentences of the answer that no chunk supports.
        usage: Seconds and tokens of the answer, where it was just made: all that was waited for,
            search, loading and rewriting included.
        finish_reason: Why a chat model's text ended: ``stop``, ``length`` where ``max_token``
            ended it, ``time`` where the time limit did; "" where no model wrote.
        create_time: Milliseconds since 1970, UTC.
    """

    _row: MessageRow
    id: str
    role: str
    content: str
    question: str
    reference: list[Chunk]
    model: str
    thinking: str
    unsupported: list[str]
    usage: dict[str, float]
    finish_reason: str
    create_time: int

    _SHOWN: ClassVar = (
        "id",
        "role",
        "content",
        "question",
        "reference",
        "model",
        "thinking",
        "unsupported",
        "usage",
        "finish_reason",
        "create_time",
    )
    _SPELLINGS: ClassVar = {"content_with_weight": "content"}
    _BRIEF: ClassVar = ("role", "content")

    def __init__(
        self,
        rag: Client,
        row: MessageRow,
        usage: dict[str, float] | None = None,
        question: str = "",
    ) -> None:
        self._set(
            _rag=rag,
            _row=row,
            id=row.id,
            role=row.role,
            content=row.content,
            question=question,
            reference=[Chunk(rag, hit.chunk, hit, question) for hit in row.hits],
            model=row.model,
            thinking=row.thinking,
            unsupported=list(row.unsupported),
            usage=dict(usage or {}),
            finish_reason=row.finish_reason,
            create_time=row.create_time,
        )

    def __iter__(self) -> Iterator[Message]:
        """Yield the message itself, once: RAGFlow's client gives answers one after the other."""
        yield self

    def __getitem__(self, name: str) -> Any:
        if name not in self._SHOWN and name not in self._SPELLINGS:
            raise KeyError(name)
        return getattr(self, name)

    def page_images(self, dpi: float = 100) -> list[PagePicture]:
        """Return the pages the answer cites, each once, with all it cites on them marked.

        Pages of PDF files, pictures and slides: other formats have none that can be drawn. Of a
        passage the first three pages are drawn. An answer without citation marks, such as JSON,
        gives the pages of all its reference.

        Args:
            dpi: Pixels of an inch, from 1 to 2400.

        Raises:
            InvalidValueError: ``dpi`` is not allowed.
            NotFoundError: A document has been deleted.
            ReadError: A page cannot be drawn.
        """
        check_dpi(dpi)
        return list(report.page_pictures(self._row, dpi, self._open_pages))

    def to_html(self, *, pictures: bool = True) -> str:
        """Return the answer as one HTML page, to be written to a file as UTF-8.

        It has the question, the answer with footnotes, and each source with its document, page,
        passage and similarities. It loads nothing and runs nothing; all it shows is in it.

        Args:
            pictures: Whether it has pictures of the cited pages, the passages marked; about
                100 KB each. A page that cannot be drawn any more is told in its place.
        """
        return report.report(self._reply(), self._open_pages, pictures=pictures)

    def _repr_html_(self) -> str:
        return notebook.shown("Message", lambda: notebook.message(self._reply(), self._open_pages))

    def _reply(self) -> Reply:
        return Reply(self._row, self.question)

    def _open_pages(self) -> report.PageDrawer:
        return pages_of(self._rag)
