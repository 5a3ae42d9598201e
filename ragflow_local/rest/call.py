"""One call of the API: its request, its tenant and the open project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ragflow_local.project import Project
from ragflow_local.records import ChatRow, ChunkRow, DatasetRow, DocumentRow
from ragflow_local.rest.exchange import Request
from ragflow_local.rest.names import ModelNames
from ragflow_local.rest.refusals import ARGUMENT, DATA, UNAUTHORISED_FOR, Refusal
from ragflow_local.stores.catalog import Connection, chats, chunks, datasets, documents
from ragflow_local.stores.catalog.pages import Page

_PAGE_SIZE = 30
_ORDERS = ("create_time", "update_time", "name")


@dataclass(frozen=True, slots=True)
class Call:
    """A request of one tenant, and the open project.

    Attributes:
        project: The project.
        tenant_id: Whose key it has.
        request: What is asked for.
        names: What models are called in scripts.
        issue: Returns a new key.
    """

    project: Project
    tenant_id: str
    request: Request
    names: ModelNames
    issue: Callable[[], str]

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a snapshot of the catalog."""
        return self.project.catalog.read()

    def writing(self) -> AbstractContextManager[Connection]:
        """Open a writing transaction of the catalog."""
        return self.project.catalog.write()

    # ── what is named ──

    def lacks_permission(self, what: str) -> Refusal:
        """Return the refusal for a dataset that is missing or another tenant's."""
        return Refusal(DATA, f"User '{self.tenant_id}' lacks permission for dataset '{what}'")

    def dataset(self, id: str) -> DatasetRow | None:
        """Return a dataset of the tenant, or None."""
        with self.reading() as reading:
            return datasets.visible(reading, self.tenant_id, [id]).get(id)

    def own_dataset(self, id: str, refused: str = "You don't own the dataset {}. ") -> DatasetRow:
        """Return a dataset of the tenant, or raise ``Refusal``.

        Raises:
            Refusal: There is none, in the words given.
        """
        row = self.dataset(id)
        if row is None:
            raise Refusal(DATA, refused.format(id))
        return row

    def document(self, dataset_id: str, id: str) -> DocumentRow:
        """Return a document of a dataset, or raise ``Refusal``.

        Raises:
            Refusal: The dataset has none of that id.
        """
        with self.reading() as reading:
            row = documents.get(reading, id)
        if row is None or row.dataset_id != dataset_id:
            raise Refusal(DATA, f"you don't own the document {id}")
        return row

    def chunk(self, document: DocumentRow, id: str) -> ChunkRow | None:
        """Return a chunk of a document, or None."""
        with self.reading() as reading:
            row = chunks.get(reading, id)
        return row if row is not None and row.document_id == document.id else None

    def chat(self, id: str) -> ChatRow:
        """Return a chat of the tenant, or raise ``Refusal``.

        Raises:
            Refusal: There is none.
        """
        with self.reading() as reading:
            row = chats.get(reading, id)
        if row is None or row.tenant_id != self.tenant_id:
            raise Refusal(UNAUTHORISED_FOR, "no authorization")
        return row

    # ── paging ──

    def page(self) -> Page:
        """Return the page of a list that a query asks for; a value that is no number is ignored.

        Clients of 0.13 say ``offset``, by which they mean the page, and ``limit``.

        Raises:
            Refusal: It is to be in an order that there is not.
        """
        value = self.request.value
        number = counted(value("page") or value("offset"), 1)
        size = counted(value("page_size") or value("limit"), _PAGE_SIZE)
        orderby = value("orderby") or "create_time"
        if orderby not in _ORDERS:
            raise Refusal(ARGUMENT, f"invalid orderby field: {orderby}")
        return Page(number, size, orderby, (value("desc") or "").lower() != "false")

    # ── bodies ──

    def ids(self, *names: str) -> list[str] | None:
        """Return the list of ids in the body under the first of several names, or None."""
        fields = self.request.fields()
        for name in names:
            if fields.get(name) is not None:
                return texts(name, fields[name])
        return None

    def twice(self, ids: Sequence[str]) -> list[str]:
        """Return the message about ids that a list repeats."""
        return [f"Duplicate ids: {id}" for id in doubles(ids)]

    def all_named(self) -> bool:
        """Return whether the body asks for everything by ``delete_all``."""
        return bool(self.request.fields().get("delete_all"))


def counted(given: object, otherwise: int) -> int:
    """Return a whole number of at least 1 from a number or a text, or else ``otherwise``."""
    try:
        number = int(given)  # type: ignore[call-overload]  # whatever JSON has
    except (TypeError, ValueError):
        return otherwise
    return min(int(number), 2**31 - 1) if number >= 1 else otherwise


def texts(name: str, given: object) -> list[str]:
    """Return a list of texts, or raise ``Refusal``.

    Raises:
        Refusal: It is something else.
    """
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise Refusal(ARGUMENT, f"`{name}` should be a list of texts")
    return given


def doubles(ids: Sequence[str]) -> list[str]:
    """Return the values that a list repeats, each once, in order."""
    return [id for id, count in Counter(ids).items() if count > 1]
