"""How long does it take to see that a folder has not changed, and what has?

    python -m benchmarks.sync [FILES]

A folder of small Markdown files is mirrored, without parsing: what is measured is the comparison,
not the reading. Each run opens the project anew, as the command line does.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import machine, write
from ragflow_local import RAGFlow
from ragflow_local.api.sync import Synced

FILES = 5_000
FOLDERS = 50


def made(folder: Path, files: int) -> None:
    """Write the files, as if they had lain there for a while."""
    for number in range(files):
        path = folder / f"{number % FOLDERS:02}" / f"{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# File {number}\nIt says {number * 7919 % 10_007}.\n")
        os.utime(path, (1_600_000_000, 1_600_000_000))


def touch(folder: Path) -> None:
    """Set the time of every file to now; no byte changes."""
    for path in folder.rglob("*.md"):
        os.utime(path)


def run(project: Path, folder: Path) -> tuple[float, Synced]:
    """Return the seconds of a run, opening and closing with it, and what it did."""
    begin = time.perf_counter()
    with RAGFlow(project_dir=project, embedding_model="hashing", workers=1) as rag:
        found = rag.list_datasets()
        dataset = found[0] if found else rag.create_dataset("files")
        done = dataset.sync(folder, parse=False)
    return time.perf_counter() - begin, done


def main() -> None:
    """Measure a first run, one without changes, and one of each change."""
    files = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as place:
        folder, project = Path(place) / "folder", Path(place) / "project"
        made(folder, files)
        first, changed, gone = (
            folder / "00" / "0.md",
            folder / "01" / "1.md",
            folder / "02" / "2.md",
        )
        steps: list[tuple[str, Callable[[], object]]] = [
            ("first run: all are new", lambda: time.sleep(2.1)),  # the files' ctime gets old
            ("nothing changed", lambda: None),
            ("every time changed, no byte", lambda: touch(folder)),
            ("nothing changed, 3 s later", lambda: time.sleep(3)),
            ("nothing changed, again", lambda: None),
            ("one file changed", lambda: changed.write_text("Other words.")),
            ("one file deleted", gone.unlink),
            ("one file renamed", lambda: first.rename(folder / "renamed.md")),
        ]
        figures = []
        for name, prepare in steps:
            prepare()
            seconds, done = run(project, folder)
            told = (len(done.added), len(done.changed), len(done.renamed), len(done.removed))
            figures.append({"step": name, "seconds": round(seconds, 2), "done": told})
            print(figures[-1], flush=True)
    lines = [
        "# Mirroring a folder",
        "",
        f"{machine()}. `python -m benchmarks.sync`. {files:,} Markdown files of some 30 bytes,"
        " nothing parsed; opening and closing the project is part of each run."
        f" Load of the machine at the end: {os.getloadavg()[0]:.0f}.",
        "",
        "| run | seconds | new | changed | renamed | removed |",
        "|---|---|---|---|---|---|",
        *(
            f"| {one['step']} | {one['seconds']} | {' | '.join(map(str, one['done']))} |"  # type: ignore[call-overload]
            for one in figures
        ),
    ]
    write("sync", "\n".join(lines), figures)


if __name__ == "__main__":
    main()
