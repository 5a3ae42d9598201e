"""How long does an examination take? A healthy project of 100,000 chunks, looked at by doctor.

    python -m benchmarks.doctor [--kept FOLDER]

The project is made up as in ``benchmarks.search``, and opened and closed once by ``RAGFlow``, which
seals it; with ``--kept``, a copy of one that was filled before is examined.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.corpora import Zipf
from benchmarks.measure import machine, write
from benchmarks.projects import Project
from benchmarks.search import BATCH, DIM, matrices
from ragflow_local import RAGFlow

SIZE = 100_000
REPEATS = 3

_EXAMINE = """
import sys, time
from pathlib import Path
from ragflow_local.doctor import examine
begun, used = time.perf_counter(), time.process_time()
report = examine(Path(sys.argv[1]))
print(time.perf_counter() - begun, time.process_time() - used, report.counts["chunks"])
print(*{problem.part for problem in report.problems})
"""


def examined(folder: Path) -> tuple[float, float, int, str]:
    """Return seconds, seconds of a core, chunks and what was wrong, in a process of its own."""
    command = [sys.executable, "-c", _EXAMINE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, _, parts = done.stdout.partition("\n")
    seconds, used, chunks = first.split()
    return float(seconds), float(used), int(chunks), parts.strip()


def main() -> None:
    """Measure, and write the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kept", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        if given.kept:
            shutil.copytree(given.kept, folder)
        else:
            project = Project(folder, DIM)
            project.fill(Zipf().chunks(SIZE), matrices(), BATCH)
            project.close()
        RAGFlow(project_dir=folder).close()
        load = os.getloadavg()[0]
        runs = [examined(folder) for _ in range(REPEATS)]
        begun = time.perf_counter()
        RAGFlow(project_dir=folder).close()
        opening = time.perf_counter() - begun
    seconds, used, chunks, parts = min(runs)
    figures = {
        "chunks": chunks,
        "seconds": seconds,
        "core seconds": used,
        "open and close": opening,
    }
    print(figures, parts, [round(run[0], 1) for run in runs], load)
    page = (
        f"# Doctor\n\n{machine()}. `python -m benchmarks.doctor`. A project of {chunks:,} chunks of"
        f" 384 dimensions: examined in {seconds:.1f} s ({used:.1f} s of a core), the best of"
        f" {REPEATS}; opened and closed in {opening:.2f} s. Load before: {load:.2f}. Aim: 10 s."
    )
    write("doctor", page, {**figures, "load before": load})


if __name__ == "__main__":
    main()
