"""What a test with the pytest plugin costs: an engine, a parsed document, and pytest's start.

    python -m benchmarks.testing

Wall time and processor time: the latter is what is left on a busy machine.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.measure import machine, milliseconds, write
from ragflow_local.testing.spans import Span, spans

_NOTE = b"# Pump\nThe pump stands in the cellar, beside the tank.\n"
_PLUGIN = (
    "import sys, time, pytest; begun = time.process_time(); import ragflow_local.testing;"
    "print(1000 * (time.process_time() - begun))"
)


def engine(_: int) -> None:
    """Open a fresh engine as the fixture does, and end its test."""
    from ragflow_local.testing.engine import ScriptedRAGFlow

    spans.now = Span()
    ScriptedRAGFlow().close()
    spans.now.close()


def parse(_: int) -> None:
    """Likewise, with a dataset and a parsed document."""
    from ragflow_local.testing.engine import ScriptedRAGFlow

    spans.now = Span()
    with ScriptedRAGFlow() as rag:
        document = rag.add_document(rag.create_dataset("notes"), "pump.md", _NOTE)
        document.async_parse()
        list(document.join(interval=0.01))
    spans.now.close()


def plugin(_: int) -> float:
    """Return the milliseconds that pytest's start takes longer."""
    ended = subprocess.run([sys.executable, "-c", _PLUGIN], capture_output=True, check=True)
    return float(ended.stdout)


def both(work: Callable[[int], object], repeats: int) -> tuple[list[float], float]:
    """Return median and 95th percentile of the wall, and the mean of the processor, in ms."""
    work(-1)
    begun = time.process_time()
    wall = milliseconds(work, repeats, warm_up=0)
    used = 1000 * (time.process_time() - begun) / repeats
    return [float(np.percentile(wall, share)) for share in (50, 95)], used


def main() -> None:
    """Measure, and write the page."""
    figures = {}
    lines = []
    for name, work, repeats in (
        ("a fresh engine, opened and closed", engine, 200),
        ("and a document parsed in it", parse, 50),
    ):
        (median, late), used = both(work, repeats)
        figures[name] = {"median_ms": median, "p95_ms": late, "processor_ms": used}
        lines.append(f"| {name} | {median:.1f} | {late:.1f} | {used:.1f} |")
    started = float(np.median([plugin(number) for number in range(5)]))
    figures["pytest's start"] = {"processor_ms": started}
    lines.append(f"| pytest's start, longer by | | | {started:.1f} |")
    page = [
        "# What a test costs",
        "",
        f"{machine()}. `python -m benchmarks.testing`",
        "",
        "Milliseconds, after the first (which imports the engine and starts the worker).",
        "",
        "| step | median | 95th percentile | processor |",
        "|---|---|---|---|",
        *lines,
    ]
    write("testing", "\n".join(page), figures)


if __name__ == "__main__":
    main()
