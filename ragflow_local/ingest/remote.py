"""Reads, cuts and embeds documents for a project elsewhere: a batch in, a frame out.

``parse_batch`` knows no project and no cluster. Whatever can call a function with bytes can run it:
Ray, Spark, Dask, an executor. Files are read in isolated worker processes, as they are everywhere;
slots and models are kept for the next batch of the same process.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import platform
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import numpy as np

from ragflow_local.embedders import Embedder, cache_folder, describe, open_embedder
from ragflow_local.embedders.probe import PROBE
from ragflow_local.errors import (
    DiskError,
    InvalidValueError,
    ModelError,
    RagflowError,
    WorkerNotStartedError,
)
from ragflow_local.ingest import wire
from ragflow_local.ingest.embed import embed_texts, embedding_text
from ragflow_local.ingest.requests import (
    Source,
    check_pages,
    cut_request,
    first_request,
    read_request,
    spans,
)
from ragflow_local.ingest.slots import Slot
from ragflow_local.ingest.tasks import persistently
from ragflow_local.records import Block, Draft, Matrix
from ragflow_local.settings import Limits, ParserSettings
from ragflow_local.stores import crash

_PROBES = PROBE[-10:]  # in five scripts, prose, code and a table
_LEAST_COSINE = 0.9999  # of the same text by the same model on two processors
# A place that refuses answers at once; it must not draw all batches to itself.
_REFUSING_SECONDS = 1.0
SENT = np.dtype("<f2")  # as the catalog keeps vectors


class Setup(msgspec.Struct, frozen=True):
    """What a batch asks of the process that it comes to.

    Attributes:
        software: Versions of the package and of Python.
        model: The name of the embedding model.
        models_dir: Where the sender has models; where there is none, RAGFLOW_LOCAL_MODELS says.
        fingerprint: Of the model.
        dim: Length of its vectors.
        probe: The sender's vectors of ten texts, as 16-bit numbers.
        limits: How much one document may ask for.
    """

    software: str
    model: str
    models_dir: str
    fingerprint: str
    dim: int
    probe: bytes
    limits: Limits


class Item(msgspec.Struct, frozen=True):
    """A document: its bytes, or the path of them where the sender's files are seen too."""

    name: str
    kind: str
    method: str
    config: ParserSettings
    data: bytes = b""
    path: str = ""


class Batch(msgspec.Struct, frozen=True):
    """Documents of one dataset, and what they ask for."""

    setup: Setup
    items: list[Item]


class Outcome(msgspec.Struct, frozen=True):
    """What became of one document: chunks with vectors, or why there are none.

    Attributes:
        drafts: Its chunks.
        notices: For the user.
        counted: What was counted of the chunks; None where there are none because it failed.
        vectors: (n_drafts, dim) 16-bit numbers, little endian.
        pages: Of the file.
        failed: Why there are no chunks, and the way out.
    """

    drafts: list[Draft] = []
    notices: list[str] = []
    counted: wire.Counted | None = None
    vectors: bytes = b""
    pages: int = 0
    failed: str = ""


class Frame(msgspec.Struct, frozen=True):
    """The outcome of each document of a batch, in their order; or why it was refused."""

    outcomes: list[Outcome]
    refused: str = ""


encode = msgspec.msgpack.Encoder().encode
_batch = msgspec.msgpack.Decoder(Batch)
frame_of = msgspec.msgpack.Decoder(Frame).decode


def software() -> str:
    """Return the versions on which terms and chunks depend."""
    python = ".".join(platform.python_version_tuple()[:2])
    try:
        return f"ragflow-local {version('ragflow-local')} on Python {python}"
    except PackageNotFoundError:
        return f"ragflow-local on Python {python}"


def setup_of(embedder: Embedder, name: str, models_dir: Path, limits: Limits) -> Setup:
    """Return what batches of a dataset ask for.

    Args:
        embedder: The dataset's model, as it is here.
        name: By which it was opened.
        models_dir: Where models are looked for here.
        limits: How much one document may ask for.
    """
    probe = embed_texts(embedder, _PROBES).astype(SENT).tobytes()
    return Setup(
        software(), name, str(models_dir), embedder.fingerprint, embedder.dim, probe, limits
    )


def parse_batch(data: bytes) -> bytes:
    """Return the frame of a batch; both are MessagePack.

    Raises:
        msgspec.DecodeError: It is no batch.
    """
    return encode(parsed(_batch.decode(data)))


def parsed(batch: Batch) -> Frame:
    """Return the frame of a batch; one without items asks only whether it would be refused."""
    try:
        desk = _desk_for(encode(batch.setup))
    except _RefusedError as error:
        if batch.items:
            time.sleep(_REFUSING_SECONDS)
        return Frame([], str(error))
    with _slots.taken(batch.setup.limits) as slot:
        try:
            outcomes = [desk.read(slot, item) for item in batch.items]
        except WorkerNotStartedError as error:
            return Frame([], str(error))
    return Frame(desk.embedded(outcomes))


class _RefusedError(Exception):
    """This process cannot do what a batch asks for."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What one setup needs: the model, and its tokenizer for workers."""

    embedder: Embedder
    tokenizer: tuple[str, int]
    limits: Limits

    def read(self, slot: Slot, item: Item) -> Outcome:
        """Return a document's chunks without vectors, or why there are none.

        Raises:
            WorkerNotStartedError: No process could read it.
        """
        crash.point(f"parsing {item.name}")
        try:
            with _file_of(item) as path:
                slot.forget_file()  # a path may have been another file's a moment ago
                return self._chunked(
                    slot, Source(path, item.kind, item.name, item.method, item.config)
                )
        except WorkerNotStartedError:
            raise
        except RagflowError as error:
            return Outcome(failed=str(error))
        except OSError as error:
            return Outcome(failed=str(DiskError.of(error, Path(item.path or item.name))))

    def _chunked(self, slot: Slot, source: Source) -> Outcome:
        def ask(request: wire.Request) -> wire.Reply:
            return persistently(lambda again: slot.run(again, source.name, lambda: False), request)

        blocks, notices, pages = list[Block](), list[str](), 0
        first = first_request(source, self.limits)
        whole = first if isinstance(first, wire.Read) else None
        if whole is None and isinstance(plan := ask(first), wire.Planned):
            pages = plan.pages
            check_pages(source.name, pages, self.limits)
            for span in spans(pages, source.config.task_page_size):
                done = ask(read_request(source, *span, self.limits))
                if isinstance(done, wire.ReadDone):
                    blocks += done.blocks
                    notices += done.notices
        reply = ask(cut_request(source, blocks, self.tokenizer, whole))
        assert isinstance(reply, wire.Chunked), "what else answers this request is raised"
        return Outcome(reply.drafts, [*notices, *reply.notices], reply.counted, pages=pages)

    def embedded(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Return the outcomes with the vectors of their chunks; a text twice is embedded once."""
        texts = [embedding_text(draft) for outcome in outcomes for draft in outcome.drafts]
        places = {text: at for at, text in enumerate(dict.fromkeys(texts))}
        matrix = embed_texts(self.embedder, list(places)).astype(SENT)
        rows = iter(texts)
        return [
            msgspec.structs.replace(
                outcome,
                vectors=matrix[[places[next(rows)] for _ in outcome.drafts]].tobytes(),
            )
            for outcome in outcomes
        ]


@contextlib.contextmanager
def _file_of(item: Item) -> Iterator[str]:
    """Give the path of a document's bytes."""
    if item.path:
        yield item.path
        return
    descriptor, path = tempfile.mkstemp(prefix="ragflow_local-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(item.data)
        yield path
    finally:
        Path(path).unlink(missing_ok=True)


_opening = threading.Lock()


def _desk_for(setup: bytes) -> _Desk:
    with _opening:  # a model is loaded once, whoever asks
        return _open(setup)


@lru_cache(maxsize=4)
def _open(encoded: bytes) -> _Desk:
    setup = msgspec.msgpack.decode(encoded, type=Setup)
    if setup.software != software():
        raise _RefusedError(f"it has {software()}, not {setup.software}")
    folder = Path(os.environ.get("RAGFLOW_LOCAL_MODELS") or setup.models_dir)
    cache = cache_folder(None)
    try:
        embedder = open_embedder(setup.model, folder, cache_dir=cache)
        description = describe(setup.model, folder, cache)
    except (ModelError, InvalidValueError) as error:
        raise _RefusedError(str(error)) from error
    if embedder.fingerprint != setup.fingerprint:
        raise _RefusedError(
            f"its model {setup.model!r} is another: {embedder.fingerprint[:16]}, not"
            f" {setup.fingerprint[:16]}"
        )
    theirs = np.frombuffer(setup.probe, SENT).astype(np.float32).reshape(len(_PROBES), -1)
    cosine = _least_cosine(embed_texts(embedder, _PROBES), theirs)
    if cosine < _LEAST_COSINE:
        raise _RefusedError(
            f"its model {setup.model!r} gives other vectors: a cosine of {cosine:.5f} for the same"
            f" text, {_LEAST_COSINE} at least"
        )
    tokenizer = str(description.tokenizer_file or ""), description.max_tokens
    return _Desk(embedder, tokenizer, setup.limits)


def _least_cosine(ours: Matrix, theirs: Matrix) -> float:
    if ours.shape != theirs.shape:
        return 0.0
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return float(((ours * theirs).sum(axis=1) / np.maximum(lengths, 1e-9)).min())


class _Slots:
    """The slots of this process that no thread uses now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[tuple[Limits, Slot]] = []

    @contextlib.contextmanager
    def taken(self, limits: Limits) -> Iterator[Slot]:
        """Give a slot of these limits; it is free again where the block ends as it should."""
        with self._lock:
            fitting = [at for at, (other, _) in enumerate(self._free) if other == limits]
            slot = self._free.pop(fitting[0])[1] if fitting else Slot(limits)
        try:
            yield slot
        except BaseException:
            slot.stop()
            raise
        with self._lock:
            self._free.append((limits, slot))

    def stop(self) -> None:
        """End the workers of all free slots."""
        with self._lock:
            free, self._free = self._free, []
        for _, slot in free:
            slot.stop()


_slots = _Slots()
atexit.register(_slots.stop)


def end_workers() -> None:
    """End the worker processes that wait here for the next batch."""
    _slots.stop()
