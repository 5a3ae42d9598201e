"""A place on threads of this process."""

from collections.abc import Iterator

import pytest

from ragflow_local import RAGFlow
from tests.ingest.away import Threads


@pytest.fixture
def place(rag: RAGFlow) -> Iterator[Threads]:
    made = Threads()
    yield made
    made.close()
