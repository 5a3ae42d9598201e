from typing import cast

import pytest

from ragflow_local.ingest.drafts import Parsed
from ragflow_local.records import DocumentRow, Draft


class Sized:
    """Stands for a document of which the size alone is asked."""

    def __init__(self, size: int) -> None:
        self.size = size


def parsed(size: int = 9, drafts: int = 0, notices: tuple[str, ...] = ()) -> Parsed:
    document = cast(DocumentRow, Sized(size))
    return Parsed(document, [Draft("x")] * drafts, notices, lambda: False)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (parsed(0), "completed: 0 chunks, no text was found: the file is empty."),
        (parsed(), "completed: 0 chunks, no text was found: it is blank, or lines and fills."),
        (parsed(notices=("One picture.",)), "completed: 0 chunks, no text was found. One picture."),
        (parsed(drafts=2), "completed: 2 chunks."),
        (parsed(drafts=2, notices=("A.", "A.")), "completed: 2 chunks. A."),
    ],
    ids=["empty", "blank", "told", "chunks", "chunks and notices"],
)
def test_the_message_says_how_many_and_why_none(made: Parsed, said: str) -> None:
    assert made.message() == said
