"""What a fetch shares with the snapshot before is on the disk already; its new names are not."""

from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.stores import durable
from tests.stores.snapshots.conftest import Put
from tests.stores.snapshots.test_fetching import fetched


@pytest.mark.parametrize("is_new", [True, False], ids=["a new file", "no new file"])
def test_only_what_is_new_is_written_through_to_the_disk(
    rag: RAGFlow,
    put: Put,
    store: Path,
    readers: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_new: bool,
) -> None:
    for number in range(20):
        put(f"{number}.txt", f"A kraken of {number} arms.", image=b"PNG %d" % number)
    rag.publish(store)
    fetched(store, readers)
    if is_new:
        put("new.txt", "A whale.", image=b"PNG of a whale")
    else:
        rag.get_document(name="3.txt").delete()
    rag.publish(store)
    synced: list[Path] = []
    real = durable._sync

    def sync(path: str, mode: int | None = None, flags: int | None = None) -> None:
        synced.append(Path(path))
        real(path, mode)

    monkeypatch.setattr(durable, "_sync", sync)
    directory = fetched(store, readers).directory
    made = [path.relative_to(path.parents[1]) for path in synced if ".new-" in str(path.parent)]
    inside = {path.name for path in synced if path.parent.name in ("files", "images")}
    assert len(inside) == (2 if is_new else 0)
    assert {"catalog.sqlite3", "files", "images", "snapshot.json"} <= {path.name for path in made}
    assert readers in synced
    for folder in ("files", "images"):
        assert (directory / folder).stat().st_mode & 0o777 == 0o700
    assert examine(readers).is_healthy
