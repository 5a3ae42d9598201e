import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ragflow_local.ingest.heal import heal
from ragflow_local.project import Options, Project

PATIENCE = 30


def options(path: Path) -> Options:
    return Options(path / "models", path / "cache", is_durable=False)


def test_healing_one_project_does_not_hold_up_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.open(tmp_path / "crashed", options(tmp_path)).release()
    (tmp_path / "crashed" / "open.json").write_text("{}")
    begun, go_on = threading.Event(), threading.Event()

    def slowly(*args: object) -> object:
        begun.set()
        assert go_on.wait(PATIENCE)
        return heal(*args)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr("ragflow_local.project.heal", slowly)
    with ThreadPoolExecutor(4) as pool:
        healing = pool.submit(Project.open, tmp_path / "crashed", options(tmp_path))
        assert begun.wait(PATIENCE)
        same = pool.submit(Project.open, tmp_path / "crashed", options(tmp_path))
        other = pool.submit(Project.open, tmp_path / "other", options(tmp_path))
        other.result(PATIENCE).release()
        assert not healing.done()
        assert not same.done()
        go_on.set()
        assert healing.result(PATIENCE) is same.result(PATIENCE)
    for _ in range(2):
        assert not healing.result().is_closed
        healing.result().release()
    assert healing.result().is_closed


def test_the_last_user_who_waits_does_not_close_it_for_one_who_came_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Project.open(tmp_path / "p", options(tmp_path))
    others: list[Project] = []
    monkeypatch.setattr(
        first.jobs,
        "wait_for_all",
        lambda: others.append(Project.open(tmp_path / "p", options(tmp_path))),
    )
    first.release(wait=True)
    assert others == [first]
    assert not first.is_closed
    first.release()
    assert first.is_closed
