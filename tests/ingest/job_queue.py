"""A queue of documents whose workers run in its threads, and whose index only notes."""

import io
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from ragflow_local.errors import (
    ParseCancelledError,
)
from ragflow_local.ingest import wire, worker
from ragflow_local.ingest.drafts import Parsed
from ragflow_local.ingest.indexer import Indexer
from ragflow_local.ingest.jobs import Jobs
from ragflow_local.records import DocumentRow
from ragflow_local.settings import Limits
from ragflow_local.stores.files import Files
from tests.ingest.made import document_row


class Index:
    """Notes how parses end; ``go_on`` holds back the commits."""

    def __init__(self) -> None:
        self.done: dict[str, list[str]] = {}
        self.groups: list[list[str]] = []
        self.failed: dict[str, str] = {}
        self.cancelled: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.fault: Callable[[Sequence[Parsed]], None] = lambda parsed: None

    def tokenizer_of(self, dataset_id: str) -> tuple[str, int]:
        return "", 254

    def prepare(
        self, parsed: Sequence[Parsed], embedded: Callable[[int], None]
    ) -> Sequence[Parsed]:
        while not self.go_on.wait(0.01):
            embedded(1)
        return parsed

    def commit(self, parsed: Sequence[Parsed]) -> None:
        self.fault(parsed)
        self.groups.append([item.document.id for item in parsed])
        for item in parsed:
            self.done[item.document.id] = [draft.content for draft in item.drafts]

    def fail(self, id: str, message: str) -> None:
        self.failed[id] = message

    def cancel(self, id: str) -> None:
        self.cancelled.append(id)


class Slot:
    """A worker in the thread that asks; ``faults`` come first, one a request.

    A request for several documents together has faults of its own.
    """

    faults: list[Exception]
    faults_together: list[Exception]
    asked: list[wire.Request]
    is_asked, may_go_on = threading.Event(), threading.Event()

    def __init__(self, limits: Limits) -> None:
        pass

    def run(
        self,
        request: wire.Request,
        name: str,
        is_cancelled: Callable[[], bool],
        on_page: Callable[[int], None] = lambda page: None,
    ) -> wire.Reply:
        if is_cancelled():
            raise ParseCancelledError(name)
        Slot.asked.append(request)
        faults = Slot.faults_together if isinstance(request, wire.Several) else Slot.faults
        fault = faults.pop(0) if faults else None
        Slot.is_asked.set()
        while not Slot.may_go_on.wait(0.01):
            if is_cancelled():
                raise ParseCancelledError(name)
        if fault is not None:
            raise fault
        path = wire.file_of(request)
        data = Path(path).read_bytes() if path else b""
        pipe = io.BytesIO(len(data).to_bytes(8, "big") + data)
        return worker._answer(request, wire.FileReceiver(pipe), io.BytesIO())

    def stop(self) -> None:
        pass


class Queue:
    """A queue with its index and the files it reads."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.index, self.files = Index(), Files(folder)
        self.files.create()
        self.files.in_hand.take_up(was_clean=True)
        self.jobs = Jobs(
            cast(Indexer, self.index),
            self.files,
            workers=1,
            limits=limits,
            slot=cast(Any, Slot),
        )

    def document(self, id: str, data: bytes, **others: Any) -> DocumentRow:
        return document_row(id, **{"name": f"{id}.txt", "sha256": self.files.put(data), **others})

    def submit(self, *documents: DocumentRow) -> None:
        self.jobs.submit(documents)
        self.jobs.wait_for_all()

    def hold(self) -> None:
        """Have the worker busy until it is let go, so that what is submitted waits together."""
        Slot.may_go_on.clear()
        self.jobs.submit([self.document("first", b"x" * 50_000)])
        assert Slot.is_asked.wait(20)
        Slot.asked.clear()

    def let_go(self) -> None:
        Slot.may_go_on.set()
        self.jobs.wait_for_all()
        self.index.done.pop("first", None)
