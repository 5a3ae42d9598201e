"""Mutated files of every kind: each is read or refused in words, and the engine stays as it was."""

import io
import os
import random
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image, ImageDraw

from ragflow_local import RAGFlow
from ragflow_local.chunkers.kinds import KINDS
from ragflow_local.errors import DamagedFileError, LimitError, RagflowError, UnsupportedFileError
from ragflow_local.ingest import wire
from ragflow_local.ingest.slots import Slot
from ragflow_local.readers import ENDINGS, PAGED, kind_of
from ragflow_local.settings import PARSE_METHODS, Limits, ParserSettings
from tests.invariants import check_invariants
from tests.mutations import mutated
from tests.samples import file_of

FEW, MANY = 4, 2000
# Of the changes: with another one other files are made. A failure names its file's number.
SEED = os.environ.get("RAGFLOW_LOCAL_SEED", "0")
# Of files people have, where there are some: larger ones take longer and are changed no better.
MOST_BYTES = 100_000

every_kind = pytest.mark.parametrize("kind", sorted(ENDINGS))


@pytest.fixture(scope="module")
def slot() -> Iterator[Slot]:
    slot = Slot(Limits(task_seconds=60, worker_bytes=2 << 30))
    yield slot
    slot.stop()


@cache
def seeds_of(kind: str) -> list[bytes]:
    """Return whole files of a kind: one made here, and those of a folder of real ones if set."""
    # Recognising the text in real pictures and scanned pages takes seconds each.
    if kind == "image":
        return pictures()
    seeds = [file_of(kind)[1]]
    folder = os.environ.get("RAGFLOW_LOCAL_DATA")
    for path in sorted(Path(folder).glob("documents/**/*")) if folder else ():
        if path.is_file() and 0 < path.stat().st_size <= MOST_BYTES:
            data = path.read_bytes()
            try:
                if kind_of(path.name, data) == kind and not (kind == "pdf" and b"/Image" in data):
                    seeds.append(data)
            except UnsupportedFileError:
                pass
    return [*seeds, *map(unpacked, seeds)] if kind == "pdf" else seeds


def unpacked(data: bytes) -> bytes:
    """Return a PDF file whose drawing operators can be read, and so changed."""
    pymupdf: Any = import_module("pymupdf")  # has no types
    try:
        with pymupdf.open(stream=data) as document:
            return data if document.needs_pass else bytes(document.tobytes(expand=255))
    except RuntimeError:  # a damaged one, as there are among real ones
        return data


def pictures() -> list[bytes]:
    """Return one small picture in every format, in colour and in two shades."""
    made = []
    for mode in ("RGB", "1"):
        picture = Image.new(mode, (60, 24), "white")
        ImageDraw.Draw(picture).text((4, 4), "Kraken", fill="black")
        for ending in ("PNG", "JPEG", "TIFF", "BMP", "WEBP"):
            if (mode, ending) != ("1", "WEBP"):
                out = io.BytesIO()
                picture.save(out, ending)
                made.append(out.getvalue())
    return made


def read(slot: Slot, kind: str, path: Path, name: str, number: int) -> None:
    """Do with a file what a parse does with it, and draw its picture."""
    if kind in PAGED:
        planned = slot.run(wire.Plan(str(path), kind, name), name, lambda: False)
        assert isinstance(planned, wire.Planned)
        request = wire.Read(str(path), kind, name, 1, min(planned.pages, 3), number % 10 == 9)
    else:
        request = wire.Read(str(path), kind, name, 0, 0, True)
    done = slot.run(request, name, lambda: False)
    assert isinstance(done, wire.ReadDone)
    methods = [method for method in PARSE_METHODS if kind in KINDS.get(method, ENDINGS)]
    method = methods[number % len(methods)]
    cut = wire.Chunk(done.blocks, kind, name, method, ParserSettings(), "", 256)
    assert isinstance(slot.run(cut, name, lambda: False), wire.Chunked)
    slot.run(wire.Picture(str(path), kind, name, 0, 72), name, lambda: False)


def read_mutated(slot: Slot, kind: str, seeds: list[bytes], count: int, path: Path) -> None:
    name = f"mutated{ENDINGS[kind][0]}"
    for number in range(count):
        data = mutated(f"{SEED} {kind} {number}", kind, seeds)
        if not data:
            continue
        path.write_bytes(data)
        try:
            read(slot, kind, path, name, number)
        except (DamagedFileError, LimitError) as error:
            told = str(error)
            assert name in told, f"{kind} {number}: {told}"
            # An exception nobody foresaw is told by its class; lsdException is a tag of Word's.
            named = re.search(r"\w(Error|Exception|Warning)\b", told.replace("lsdException", ""))
            assert not named, f"{kind} {number}: {told}"
        except RagflowError as error:
            raise AssertionError(f"{kind} {number}: {error}") from error


@every_kind
def test_a_mutated_file_is_read_or_refused_in_words(tmp_path: Path, slot: Slot, kind: str) -> None:
    read_mutated(slot, kind, seeds_of(kind)[:1], FEW, tmp_path / "mutated")


@pytest.mark.slow
@every_kind
def test_thousands_of_mutated_files_are_read_or_refused_in_words(
    tmp_path: Path, slot: Slot, kind: str
) -> None:
    read_mutated(slot, kind, seeds_of(kind), MANY, tmp_path / "mutated")


@pytest.mark.slow
def test_memory_and_open_files_level_over_hundreds_of_mutated_documents(rag: RAGFlow) -> None:
    kinds = [kind for kind in ENDINGS if kind != "image"]
    dataset = rag.create_dataset("kb")
    engine = psutil.Process()
    files, held = [], []
    for number in range(300):
        kind = random.Random(number).choice(kinds)
        data = mutated(f"{SEED} {kind} {number}", kind, [file_of(kind)[1]]) or b"nothing"
        try:
            document = rag.add_document(dataset, f"{number}{ENDINGS[kind][0]}", data)
        except UnsupportedFileError:
            continue
        document.async_parse()
        *_, (_, message) = document.join(interval=1)
        assert document.run in ("DONE", "FAIL"), message
        files.append(engine.num_fds())
        held.append(engine.memory_info().rss + sum(c.memory_info().rss for c in engine.children()))
    check_invariants(rag)
    middle, end = len(held) // 2, len(held)
    print([n >> 20 for n in held[::20]], files[::20])  # noqa: T201  # shown with a failure
    assert max(files[middle:end]) <= max(files[:middle])
    # The vectors and caches of the second half, with room for what an allocator keeps.
    assert min(held[end - 20 :]) < max(held[:middle]) + (48 << 20)
