"""What the walls around a worker cost: the same files read with and without them, in turn.

    python -m benchmarks.sandbox [--pages 60] [--rounds 3]

One worker each; without walls it does not call ``sandbox.enter``, and is otherwise the same.
Counted is the worker's processor time, which what else the machine does changes little.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.corpora import DATA
from benchmarks.measure import machine, write
from ragflow_local.ingest import wire
from ragflow_local.ingest.slots import Slot
from ragflow_local.processes import starting
from ragflow_local.settings import Limits, ParserSettings

_WALLED = starting.BOOT
_BARE = _WALLED.replace(
    "import importlib;",
    "import importlib; from ragflow_local.processes import sandbox;"
    " sandbox.enter = lambda *given: [];",
)
TEXTS, PART = 400, 12


def worker_seconds(boot: str, work: Callable[[Slot], object]) -> tuple[float, float]:
    """Return the processor seconds of a worker for its start, and for some work."""
    starting.BOOT = boot
    slot = Slot(Limits())
    with tempfile.TemporaryDirectory() as name:
        small = Path(name) / "a.txt"
        small.write_text("It sleeps.")
        slot.run(wire.Read(str(small), "text", "a.txt", 0, 0, True), "a.txt", lambda: False)
    begun = _seconds_of(slot)
    work(slot)
    took = _seconds_of(slot) - begun
    slot.stop()
    return begun, took


def _seconds_of(slot: Slot) -> float:
    process = slot._process
    assert process is not None
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)


def read_pages(slot: Slot, file: Path, pages: int) -> None:
    """Read the first pages of a PDF, layout and all."""
    for first in range(1, pages + 1, PART):
        request = wire.Read(str(file), "pdf", file.name, first, first + PART - 1, True)
        slot.run(request, file.name, lambda: False)


def read_texts(slot: Slot, folder: Path) -> None:
    """Read and cut small files, one request each."""
    for number in range(TEXTS):
        path = folder / f"{number % 10}.txt"
        read = wire.Read(str(path), "text", path.name, 0, 0, True)
        request = wire.Chunk([], "text", path.name, "naive", ParserSettings(), "", 254, read)
        slot.run(request, path.name, lambda: False)


def main() -> None:
    """Measure in turn, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    filing = min((DATA / "filings").glob("*.pdf"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(10):
            text = " ".join(f"word{number * at % 997} swims." for at in range(600))
            (folder / f"{number}.txt").write_text(text)
        works: dict[str, Callable[[Slot], object]] = {
            f"{given.pages} pages of a filing (PDF)": lambda slot: read_pages(
                slot, filing, given.pages
            ),
            f"{TEXTS} texts of 1,200 words": lambda slot: read_texts(slot, folder),
        }
        figures: dict[str, dict[str, float]] = {}
        starts: dict[str, list[float]] = {"with": [], "without": []}
        for what, work in works.items():
            times: dict[str, list[float]] = {"with": [], "without": []}
            for number in range(given.rounds):
                turns = [("with", _WALLED), ("without", _BARE)]
                for walls, boot in turns if number % 2 else turns[::-1]:
                    start, took = worker_seconds(boot, work)
                    starts[walls].append(start)
                    times[walls].append(took)
                    print(what, walls, round(start, 3), round(took, 3), flush=True)
                    time.sleep(0.2)
            figures[what] = {walls: min(found) for walls, found in times.items()}
        figures["the start of a worker, median"] = {
            walls: statistics.median(found) for walls, found in starts.items()
        }
    write("sandbox", page(figures, given.rounds), figures)


def page(figures: dict[str, dict[str, float]], rounds: int) -> str:
    """Return the page of results."""
    lines = [
        "# What the walls around a worker cost",
        "",
        f"{machine()}. `python -m benchmarks.sandbox`: one worker reads the same files with and"
        f" without its sandbox (Landlock, seccomp, limits), in turn, the best of {rounds} rounds."
        " Processor seconds of the worker, its start apart.",
        "",
        "| | with | without | times |",
        "|---|---|---|---|",
    ]
    for what, found in figures.items():
        times = found["with"] / found["without"]
        lines.append(f"| {what} | {found['with']:.2f} | {found['without']:.2f} | {times:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
