"""How many must be compared exactly? Recall of the ten nearest by codes of a bit a coordinate.

    python -m benchmarks.codes

Of the documents of several sets together, by the sets' own questions: the share of the ten nearest
that are among so many by the bits that differ (which choose whose products are guessed), and by
the guessed products (which choose whose vectors are read). What ``stores/vector_codes.py`` keeps
was chosen on the first group; the second was only measured. At a million: ``benchmarks.search``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import CHINESE, DATA, ENGLISH, retrieval_set
from benchmarks.measure import machine, write
from benchmarks.projects import MODELS
from benchmarks.quality import CACHE, embedded
from ragflow_local.embedders import open_embedder
from ragflow_local.records import Matrix
from ragflow_local.stores.vector_bits import Asked, codes_of
from ragflow_local.stores.vector_memory import unit

GROUPS = {"chosen on": ENGLISH, "measured": CHINESE}
KEPT = (40, 80, 160, 320, 640, 1280)
NEAREST = 10


def vectors(model: str, sets: tuple[str, ...]) -> tuple[Matrix, Matrix]:
    """Return the vectors of the sets' documents and of their questions."""
    embedder = open_embedder(model, None, cache_dir=CACHE / "models")
    read = [retrieval_set(DATA / "retrieval" / name) for name in sets]
    documents = [embedded(embedder, one.documents, False) for one in read]
    questions = [embedded(embedder, one.questions, True) for one in read]
    return unit(np.concatenate(documents)), unit(np.concatenate(questions))


def places(best: NDArray[np.intp], values: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the place of each of the best in the order of values, the least first."""
    order = np.empty(len(values), np.intp)
    order[np.argsort(values, kind="stable")] = np.arange(len(values))
    found: NDArray[np.intp] = order[best]
    return found


def recalls(documents: Matrix, questions: Matrix) -> dict[str, list[float]]:
    """Return the share of the nearest among the first of each order, for each of ``KEPT``."""
    centre = documents.mean(axis=0)
    codes = codes_of(documents, centre)
    found: dict[str, list[NDArray[np.intp]]] = {"bits": [], "products": []}
    for question in questions:
        asked = Asked(question, centre)
        best = np.argsort(-(documents @ question))[:NEAREST]
        found["bits"].append(places(best, asked.differing(codes).astype(np.float64)))
        found["products"].append(places(best, -asked.products(codes)))
    return {
        name: [float(np.mean(np.stack(every) < kept)) for kept in KEPT]
        for name, every in found.items()
    }


def main() -> None:
    """Measure both groups with each model, and write the page."""
    figures = {}
    lines = [
        "# Codes of a bit a coordinate",
        "",
        f"{machine()}. `python -m benchmarks.codes`. Share of the {NEAREST} nearest among the first"
        " so many, by the bits that differ and by the guessed products.",
        "",
        "| sets | model | chunks | questions | by | " + " | ".join(map(str, KEPT)) + " |",
        "|---" * (5 + len(KEPT)) + "|",
    ]
    for group, sets in GROUPS.items():
        for model in MODELS:
            documents, questions = vectors(model, sets)
            for name, shares in recalls(documents, questions).items():
                figures[f"{group} {model} {name}"] = shares
                told = f"{', '.join(sets)} ({group}) | {model} | {len(documents):,}"
                values = " | ".join(f"{share:.4f}" for share in shares)
                lines.append(f"| {told} | {len(questions)} | {name} | {values} |")
    write("codes", "\n".join(lines), figures)


if __name__ == "__main__":
    main()
