"""A worker: a process of its own that reads, chunks and draws, one request after another.

It speaks ``wire`` on its standard input and output. It knows no project: bytes and settings come
with each request, blocks and drafts go back. A file that ends it ends nothing else.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from ragflow_local import chunkers, readers
from ragflow_local.chunkers.tools import Tools
from ragflow_local.errors import LimitError
from ragflow_local.ingest import wire
from ragflow_local.ingest.counted import counted_of, sent
from ragflow_local.processes import sandbox, starting
from ragflow_local.readers.ways import HowToRead
from ragflow_local.records import Block, Draft, Notice, Region
from ragflow_local.text.plurals import count_of
from ragflow_local.text.tokens import token_counter

_Answer = TypeVar("_Answer")

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PROGRESS_SECONDS = 0.1

# malloc.h of glibc. Left alone it raises the threshold to 32 MiB with what is freed, and keeps the
# arrays of a model between others: a worker that recognises text is then a third larger.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_GIVEN_BACK_BYTES = 4 << 20


def main(options: Mapping[str, Any]) -> None:
    """Answer requests until the pipe ends.

    Args:
        options: ``readable``, the files that may be read, and ``most_bytes``, the most memory.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the engine's to handle
    engine = _end_with_the_engine()
    _give_memory_back()
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the frames.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sys.stdout = sys.stderr
    lacks = sandbox.enter(options["readable"], options["most_bytes"])
    _watch(engine)
    replies.write(starting.GREETING)
    wire.send(replies, wire.Hello(lacks))
    files = wire.FileReceiver(requests)
    while (request := wire.receive_request(requests)) is not None:
        try:
            reply = _telling(lambda request=request: _answer(request, files, replies))  # type: ignore[misc]  # bound per loop
        except EOFError:
            return
        try:
            wire.send(replies, reply)
        except (OverflowError, ValueError, TypeError, struct.error) as error:
            # A number or a size that no frame holds: nothing of it was sent.
            wire.send(replies, wire.failure_of(error))


def _telling(answer: Callable[[], _Answer]) -> _Answer | wire.Failed:
    """Return an answer, or what failed: a reader's bug must not end the worker."""
    try:
        return answer()
    except EOFError:
        raise
    except MemoryError:
        return wire.Failed("", "there is not enough memory to read it")
    except RecursionError:
        return wire.Failed("", "it is nested too deeply")
    except Exception as error:  # noqa: BLE001  # whatever a library raises
        return wire.failure_of(error)


def _end_with_the_engine() -> int:
    """See to it that no worker outlives its engine, however that ended; return its number."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid()


def _watch(engine: int) -> None:
    def watch() -> None:
        while os.getppid() == engine:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="engine-watch").start()


def _give_memory_back() -> None:
    """See to it that large arrays go back to the system when they are freed, where libc can."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _GIVEN_BACK_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _GIVEN_BACK_BYTES)


def _answer(request: wire.Request, files: wire.FileReceiver, replies: IO[bytes]) -> wire.Reply:
    if isinstance(request, wire.Chunk):
        data = files.receive() if request.read else b""
        return _cut(request, data, replies)
    if isinstance(request, wire.Several):
        return wire.SeveralDone([_cut_short(one, replies) for one in request.documents])
    data = files.receive()
    if isinstance(request, wire.Read):
        return _read(request, data, replies)
    if isinstance(request, wire.Plan):
        module = cast(readers.PagedReader, readers.open_reader(request.kind))
        return wire.Planned(module.count_pages(data, request.name))
    return _draw(request, data)


def _read(request: wire.Read, data: bytes, replies: IO[bytes]) -> wire.ReadDone:
    if request.first:
        module = cast(readers.PagedReader, readers.open_reader(request.kind))
        items: Iterable[Block | Notice] = module.read_pages(
            data, request.first, request.last, name=request.name, how=_how(request, replies)
        )
    elif request.main_content and request.kind in readers.WITH_MAIN_CONTENT:
        pages = cast(readers.PageReader, readers.open_reader(request.kind))
        items = pages.read_main(data, request.name)
    else:
        items = readers.open_reader(request.kind).read(data, request.name)
    blocks: list[Block] = []
    notices: list[str] = []
    last_report, page, rows = time.monotonic(), request.first, 0
    for item in readers.cleaned(items):
        if isinstance(item, Notice):
            notices.append(item.text)
            continue
        blocks.append(item)
        rows += len(item.rows or ())
        if max(map(len, item.rows or ()), default=0) > request.most_columns:
            raise LimitError(
                request.name,
                f"a table of it has more than {count_of(request.most_columns, 'column')}",
                "document_columns in RAGFlow(limits=…)",
                "Turn its columns into rows",
            )
        if rows > request.most_rows:
            raise LimitError(
                request.name,
                f"its tables have more than {count_of(request.most_rows, 'row')}",
                "document_rows in RAGFlow(limits=…)",
            )
        page = max(page, item.place.page if item.place else 0)
        if time.monotonic() - last_report > _PROGRESS_SECONDS:
            last_report = time.monotonic()
            wire.send(replies, wire.PageDone(page))
    return wire.ReadDone(blocks, notices)


def _how(request: wire.Read, replies: IO[bytes]) -> HowToRead:
    def begins(page: int) -> None:
        wire.send(replies, wire.PageDone(page))

    return HowToRead(request.layout, request.plain, request.skipped, begins)


def _cut(request: wire.Chunk, data: bytes, replies: IO[bytes]) -> wire.Chunked:
    blocks, notices = request.blocks, list[str]()
    if request.read:
        reply = _read(request.read, data, replies)
        blocks, notices = reply.blocks, reply.notices
    if request.kind in readers.PAGED:
        blocks = cast(readers.PagedReader, readers.open_reader(request.kind)).join_pages(blocks)
    tokenizer = Path(request.tokenizer) if request.tokenizer else None
    tools = Tools(token_counter(tokenizer), request.max_tokens, request.kind, request.name)
    drafts: list[Draft] = []
    for item in chunkers.chunk(blocks, request.method, request.config, tools):
        if isinstance(item, Notice):
            notices.append(item.text)
        else:
            drafts.append(item)
    counted = counted_of(drafts, request.name, tools.count_tokens)
    return wire.Chunked(drafts, notices, sent(counted))


def _cut_short(short: wire.Short, replies: IO[bytes]) -> wire.Chunked | wire.Failed:
    try:
        return _telling(lambda: _cut(short.chunk, short.data, replies))
    except EOFError as error:  # a reader's, of a torn file: nothing of it is read from the pipe
        return wire.failure_of(error)


def _draw(request: wire.Picture, data: bytes) -> wire.Drawn:
    from ragflow_local.rendering import page as rendered

    if request.page == 0:
        picture = rendered.thumbnail(request.kind, data)
    else:
        marks: list[Region] = []
        for passage in request.passages:
            marks += rendered.narrowed(request.kind, data, passage.places, passage.text)
        picture = rendered.page_image(
            request.kind, data, request.page, request.dpi, box=request.box, marks=marks
        )
    return wire.Drawn(rendered.smaller(picture) if request.is_small else picture)
