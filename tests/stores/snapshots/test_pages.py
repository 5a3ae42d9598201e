"""Pages of a catalog: cut, packed, shared, and put together again."""

import os
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.stores.snapshots import pages
from ragflow_local.stores.snapshots.manifest import KEY, PAGE, Contents, Pack


def packed(path: Path, kept: dict[bytes, tuple[Pack, int]]) -> dict[str, bytes]:
    """Note new packs among those that are kept; return them."""
    keys, _ = pages.keys_of(path)
    new = {number: key for key, number in pages.new_pages(keys, kept)}
    packs = {}
    for count, (data, numbers) in enumerate(pages.packs_of(path, list(new))):
        name = f"{path.name}-{count}"
        packs[name] = data
        for within, number in enumerate(numbers):
            kept[new[number]] = Pack(name, len(data), len(numbers)), within
    return packs


@pytest.mark.parametrize("size", [1, PAGE - 1, PAGE, PAGE + 1, 300 * PAGE, 300 * PAGE + 7])
def test_pages_come_back_from_their_packs(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    path = tmp_path / "catalog"
    path.write_bytes(data)
    kept: dict[bytes, tuple[Pack, int]] = {}
    packs = packed(path, kept)
    keys, _ = pages.keys_of(path)
    places, named = pages.placed(keys, kept)
    raw = [pages.unpacked(packs[pack.sha256], pack.pages) for pack in named]
    back = b"".join(raw[pack][at * PAGE : (at + 1) * PAGE] for pack, at in places.tolist())
    assert back[:size] == data
    assert not back[size:].strip(b"\0")


def test_a_page_is_packed_once_however_often_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "catalog").write_bytes(bytes(1000 * PAGE))
    [data] = packed(tmp_path / "catalog", {}).values()
    assert len(pages.unpacked(data, 1)) == PAGE


def test_a_pack_with_other_pages_than_it_says_is_none(tmp_path: Path) -> None:
    (tmp_path / "catalog").write_bytes(os.urandom(9 * PAGE))
    [data] = packed(tmp_path / "catalog", {}).values()
    for wrong in (1, 8, 10, 4096):
        with pytest.raises(ValueError):
            pages.unpacked(data, wrong)
    for torn in (b"", data[:-1], os.urandom(len(data))):
        with pytest.raises(ValueError):
            pages.unpacked(torn, 9)


def contents_of(packs: list[Pack], live: list[int]) -> Contents:
    places = [(pack, at) for pack, count in enumerate(live) for at in range(count)]
    keys = np.frombuffer(os.urandom(KEY * len(places)), np.uint8).reshape(-1, KEY)
    return Contents(keys, np.array(places, np.uint32).reshape(-1, 2), tuple(packs), {}, {})


def test_what_lives_in_a_pack_that_is_mostly_dead_is_written_anew() -> None:
    packs = [Pack("a", 1, 256), Pack("b", 1, 256), Pack("c", 1, 256)]
    kept = pages.kept_places(contents_of(packs, [256, 63, 64]), {"a", "b", "c"})
    assert {pack.sha256 for pack, _ in kept.values()} == {"a", "c"}


def test_many_small_packs_are_put_together() -> None:
    packs = [Pack(str(number), 1, 8) for number in range(33)]
    names = {pack.sha256 for pack in packs}
    assert len(pages.kept_places(contents_of(packs[:32], [8] * 32), names)) == 32 * 8
    assert pages.kept_places(contents_of(packs, [8] * 33), names) == {}


def test_pages_of_a_pack_that_is_gone_are_new() -> None:
    packs = [Pack("a", 1, 8), Pack("b", 1, 8)]
    kept = pages.kept_places(contents_of(packs, [8, 8]), {"a"})
    assert {pack.sha256 for pack, _ in kept.values()} == {"a"}
    assert pages.kept_places(None, {"a"}) == {}
