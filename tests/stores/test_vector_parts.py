"""Parts of codes: what is read is what was written, or nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.stores import vector_parts
from ragflow_local.stores.vector_memory import unit
from ragflow_local.stores.vector_parts import Content, TornPartError, name_of, span_of

DIM = 10


def content(count: int = 20, after: int = 0) -> Content:
    halves = np.random.default_rng(after).standard_normal((count, DIM)).astype(np.float16)
    numbers = after + 1 + 2 * np.arange(count)
    return Content(
        after,
        int(numbers[-1]),
        unit(halves.astype(np.float32)).mean(axis=0),
        numbers,
        numbers // 7,
        halves,
    )


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written = content()
    part = vector_parts.read(vector_parts.write(tmp_path, written), DIM)
    assert (part.after, part.last) == (written.after, written.last)
    assert np.array_equal(part.numbers, written.numbers)
    assert np.array_equal(part.documents, written.documents)
    assert np.array_equal(part.halves(), written.halves)
    assert np.array_equal(part.halves(np.array([3])), written.halves[[3]])
    assert np.array_equal(part.halves(np.arange(15)), written.halves[:15])
    assert not list(tmp_path.glob(".new-*"))


def test_a_part_whose_chunks_are_all_gone_is_read(tmp_path: Path) -> None:
    none = np.empty(0, np.int64)
    empty = Content(4, 9, np.zeros(DIM, np.float32), none, none, np.empty((0, DIM), np.float16))
    part = vector_parts.read(vector_parts.write(tmp_path, empty), DIM)
    assert (part.after, part.last, len(part.numbers)) == (4, 9, 0)
    assert part.halves().shape == (0, DIM)


def test_any_flipped_bit_is_told(tmp_path: Path) -> None:
    path = vector_parts.write(tmp_path, content(5))
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        with pytest.raises(TornPartError):
            vector_parts.read(path, DIM).halves()
        with pytest.raises(TornPartError):
            part = vector_parts.read(path, DIM)
            for row in range(5):
                part.halves(np.array([row]))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_file_cut_short_is_told(tmp_path: Path, share: float) -> None:
    path = vector_parts.write(tmp_path, content())
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(TornPartError):
        vector_parts.read(path, DIM)


def test_one_that_is_cut_short_after_it_was_opened_is_told(tmp_path: Path) -> None:
    path = vector_parts.write(tmp_path, content())
    part = vector_parts.read(path, DIM)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)
    with pytest.raises(TornPartError):
        part.halves(np.array([19]))
    with pytest.raises(TornPartError):
        part.halves()


def test_a_part_of_another_place_kind_or_length_is_none(tmp_path: Path) -> None:
    path = vector_parts.write(tmp_path, content())
    with pytest.raises(TornPartError):
        vector_parts.read(path, DIM + 1)
    other = path.with_name(name_of(0, 99))
    path.rename(other)
    with pytest.raises(TornPartError):
        vector_parts.read(other, DIM)
    (tmp_path / "link").symlink_to(other)
    with pytest.raises(OSError, match="symbolic links"):
        vector_parts.read(tmp_path / "link", DIM)


def test_who_has_a_part_in_hand_reads_on_when_another_has_its_name(tmp_path: Path) -> None:
    written = content()
    part = vector_parts.read(vector_parts.write(tmp_path, written), DIM)
    fewer = replace(
        written,
        numbers=written.numbers[:1],
        documents=written.documents[:1],
        halves=written.halves[:1],
    )
    path = vector_parts.write(tmp_path, fewer)
    assert len(vector_parts.read(path, DIM).numbers) == 1
    assert np.array_equal(part.halves(), written.halves)
    path.unlink()
    assert np.array_equal(part.halves(np.array([7])), written.halves[[7]])


@pytest.mark.parametrize(
    "name", ["", "-", "1", "5-4", "4-4", "0x1-2", "01-2", ".new-abcdefgh", "A-B"]
)
def test_other_names_are_of_no_part(name: str) -> None:
    assert span_of(name) is None
    assert span_of(name_of(4, 31)) == (4, 31)
