"""A power cut at each step of a fetch: the snapshot that counts is whole on the disk."""

import os
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.errors import FetchedProjectError
from ragflow_local.stores.snapshots.fetched import current
from tests.power import Disk
from tests.stores.snapshots.conftest import Put
from tests.stores.snapshots.test_fetching import fetched, says


class Cuts:
    """A cut after each wait for the disk, and after each rename that reaches it by itself.

    Args:
        disk: The disk.
        folder: Where what is left each time is put.
    """

    def __init__(self, disk: Disk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: list[Path] = []
        self._disk = disk
        self._folder = folder
        fsync, rename, replace = os.fsync, os.rename, os.replace

        def synced(descriptor: int) -> None:
            fsync(descriptor)
            self.cut()

        def renamed(source: Path, target: Path) -> None:
            rename(source, target)
            self.cut(Path(target))

        def replaced(source: Path, target: Path) -> None:
            replace(source, target)
            self.cut(Path(target))

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(os, "rename", renamed)
        monkeypatch.setattr(os, "replace", replaced)

    def cut(self, early: Path | None = None) -> None:
        self.left.append(self._folder / str(len(self.left)))
        self._disk.cut(self.left[-1], early)


@pytest.mark.parametrize("is_new", [True, False], ids=["a new file", "no new file"])
def test_a_power_cut_leaves_a_snapshot_whole_and_the_next_fetch_makes_the_newest(
    rag: RAGFlow,
    put: Put,
    store: Path,
    readers: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_new: bool,
) -> None:
    put("a.txt", "A kraken.", image=b"PNG of a kraken")
    put("b.txt", "A whale.", image=b"PNG of a whale")
    rag.publish(store)
    disk = Disk(readers, monkeypatch)
    fetched(store, readers)
    if is_new:
        put("c.txt", "A squid.", image=b"PNG of a squid")
    rag.get_document(name="b.txt").delete()
    rag.publish(store)
    cuts = Cuts(disk, tmp_path / "cuts", monkeypatch)
    fetched(store, readers)
    cuts.cut()
    monkeypatch.undo()
    old, new = ["A kraken.", "A whale."], ["A kraken.", "A squid."][: 1 + is_new]
    found = [said_whole(left) for left in cuts.left]
    assert found[0] == old
    assert found[-1] == new
    assert found == [old] * found.count(old) + [new] * found.count(new)
    for left in cuts.left:
        fetched(store, left)
        assert said_whole(left) == new


def said_whole(directory: Path) -> list[str]:
    """Return the texts of a fetched project in which nothing is missing."""
    assert examine(directory).is_healthy
    with pytest.raises(FetchedProjectError):
        RAGFlow(project_dir=current(directory))
    return says(directory)
