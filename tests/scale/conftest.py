"""A shared folder, workers in this process that beat quickly, and a Ray cluster."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local.ingest import remote
from ragflow_local.scale import folder as folder_place
from ragflow_local.scale import folder_work
from tests.scale.cluster import Cluster, running


@pytest.fixture(scope="module")
def lasting_readers() -> Iterator[None]:
    """Reading processes that this process starts go on from test to test."""
    yield
    remote.end_workers()


@pytest.fixture
def quick_pulses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers' pulses beat faster than the leases of these tests end, and all look often."""
    monkeypatch.setattr(folder_work, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(folder_work, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(folder_place, "_LOOK_SECONDS", 0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "shared"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One for all tests: each leaves it as it was."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    with running() as made:
        yield made
