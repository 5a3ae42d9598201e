"""A file that is missing because its row has been deleted meanwhile: told as that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from ragflow_local.errors import DamagedProjectError, NotFoundError
from ragflow_local.stores.catalog import Catalog, chunks, documents


@contextmanager
def reading_files_of(
    catalog: Catalog, kind: Literal["document", "chunk"], id: str
) -> Iterator[None]:
    """Tell that a document or chunk has been deleted meanwhile, not that its file is missing."""
    try:
        yield
    except DamagedProjectError:
        find = documents.get if kind == "document" else chunks.get
        with catalog.read() as reading:
            if find(reading, id) is None:
                raise NotFoundError(kind, id) from None
        raise
