"""A place on threads of this process, and a queue with workers in its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.settings import Limits
from tests.ingest.away import Threads
from tests.ingest.job_queue import Queue, Slot


@pytest.fixture
def place(rag: RAGFlow) -> Iterator[Threads]:
    made = Threads()
    yield made
    made.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    Slot.faults, Slot.faults_together, Slot.asked = [], [], []
    Slot.is_asked.clear()
    Slot.may_go_on.set()
    made = Queue(tmp_path, Limits(document_pages=3))
    yield made
    made.index.go_on.set()
    made.jobs.close()
