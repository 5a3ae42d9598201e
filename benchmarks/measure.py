"""Measuring: how long, how often, on which machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """Return what the figures were taken on, in a line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"ragflow-local {_version()}, Python {platform.python_version()}, {platform.system()}"
        f" {platform.machine()}, {cores} cores"
    )


def _version() -> str:
    try:
        return version("ragflow-local")
    except PackageNotFoundError:
        return "from source"


def milliseconds(
    work: Callable[[int], object], repeats: int, warm_up: int = 3
) -> NDArray[np.float64]:
    """Return (repeats,) how long each call took; ``work`` gets the number of the call."""
    for number in range(warm_up):
        work(number)
    times = np.empty(repeats)
    for number in range(repeats):
        begun = time.perf_counter()
        work(warm_up + number)
        times[number] = (time.perf_counter() - begun) * 1000
    return times


# The package of one version, and the benchmark with what it imports of its own; the version's
# workers look for their package where this process does.
_OTHER = """
import sys, json, importlib, ragflow_local
sys.path.insert(0, sys.argv[1])
benchmark = importlib.import_module(sys.argv[2])
sys.path.remove(sys.argv[1])
print(json.dumps(benchmark.measured(*json.loads(sys.argv[3]))))
"""


def measured_in(version: Path, benchmark: str, *given: int) -> dict[str, float]:
    """Return what ``measured`` of a benchmark tells of a version, in a process of its own.

    Args:
        version: The folder of its source.
        benchmark: The module, of this source.
        given: What ``measured`` is given.
    """
    own = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", _OTHER, own, benchmark, json.dumps(given)]
    data = os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data")
    settings = {
        **os.environ,
        "PYTHONPATH": str(version),
        "RAGFLOW_LOCAL_DATA": str(Path(data).resolve()),
    }
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=settings, cwd=version
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def memory_mib() -> float:
    """Return the memory this process holds now."""
    return float(psutil.Process().memory_info().rss) / 2**20


def write(name: str, page: str, figures: object) -> None:
    """Write a page of results, and the figures beside it as JSON."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(page.rstrip() + "\n", encoding="utf-8")
    line = json.dumps({"machine": machine(), "figures": figures}, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(line + "\n", encoding="utf-8")
