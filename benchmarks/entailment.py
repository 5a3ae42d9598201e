"""How often the evidence check marks what a premise entails, and what it does not.

    python -m benchmarks.entailment [--pairs N]

The pairs of ``reading/entailment``: a hypothesis counts as marked where its premise supports it.
They were written to be hard for models: most entailed hypotheses are worded anew, so few of them
are marked; what counts here is that hardly any contradiction is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections import Counter
from pathlib import Path

from ragflow_local.answer.support import Support
from tests.answer.made import hit

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data")) / "reading" / "entailment"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    given = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit(f"{DATA} is not there: RAGFLOW_LOCAL_DATA names the data.")
    print("| set | language | entailed marked | neutral marked | contradicted marked |")
    print("|---|---|---|---|---|")
    for path in sorted(DATA.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        random.Random(1).shuffle(rows)
        marked, seen = Counter[str](), Counter[str]()
        for row in rows[: given.pairs]:
            if "premise" in row:
                texts, label = [row["premise"]], row["label"]
            else:
                texts = ["\n".join(row["sentences"])]
                label = {"supported": "entailment", "not_supported": "contradiction"}.get(
                    row["support"], "neutral"
                )
            found = Support([hit(text) for text in texts]).of(row["hypothesis"])
            seen[label] += 1
            marked[label] += bool(found)
        cells = [
            f"{marked[label] / max(1, seen[label]):.3f} of {seen[label]}"
            for label in ("entailment", "neutral", "contradiction")
        ]
        print(f"| {path.stem} | {rows[0]['language']} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
