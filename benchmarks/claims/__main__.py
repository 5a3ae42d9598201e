"""The model of claims: whether a passage states a claim.

    python -m benchmarks.claims WORK [--data FOLDER] [--minutes N] [--start READER]
    python -m benchmarks.claims WORK --shipped models/reader
    python -m benchmarks.claims WORK --export models/reader

Trains it on the written units and the rows of FOLDER, above the reader's lower layers.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/reading"))
    parser.add_argument("--lower", type=Path, default=Path("models/reader/lower.onnx"))
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--tokens", type=int, default=3072)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--frozen", type=int, default=6)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, default=None, help="a reader's weights")
    parser.add_argument("--onward", type=Path, default=None, help="weights to go on from")
    parser.add_argument("--most", type=int, default=None, help="most pairs of a source")
    parser.add_argument("--few", action="store_true", help="of each written unit some claims")
    parser.add_argument("--shipped", type=Path, help="write its layers as weights to WORK, no more")
    parser.add_argument("--only-make", action="store_true", help="make what is trained on, no more")
    parser.add_argument("--export", type=Path, help="write WORK's weights as layers there, no more")
    given = parser.parse_args()
    if given.export is not None:
        from benchmarks.claims.export import export

        export(given.work, given.export)
        return
    if given.shipped is not None:
        from benchmarks.claims.shipped import write_shipped

        write_shipped(given.shipped / "claims.onnx", given.work)
        return
    from benchmarks.claims.train import Plan, make, train

    plan = Plan(
        given.minutes,
        given.tokens,
        given.rate,
        given.frozen,
        given.dropout,
        given.seed,
        given.start,
        given.onward,
        given.most,
    )
    made = make(given.data, given.lower, given.work, given.most, given.few)
    if not given.only_make:
        train(made, given.work, plan)


if __name__ == "__main__":
    main()
