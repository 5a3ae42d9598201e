"""Which form of the term similarity ranks best beside meaning? Half chooses, half is told.

    python -m benchmarks.blend [SET …]

nDCG@10 at the default weight. Every second question chooses, the others are reported; of a set at
most 200. No form was fitted on anything else than the half that chooses.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.corpora import DATA, retrieval_set
from benchmarks.measure import RESULTS, machine
from benchmarks.projects import MODEL, Project
from benchmarks.quality import CACHE, DEFAULT, Known, embedded, ranked
from ragflow_local.embedders import open_embedder
from ragflow_local.evaluation.measures import ndcg
from ragflow_local.retrieve import candidates
from ragflow_local.retrieve.similarity import BM25Parts, Scores, term_similarity

SETS = "hotpot100 cisi lihua_half dureader_demo pubmedqa squad2_part cmrc2018_trial"
MOST = 200

Form = Callable[[BM25Parts, Scores, int], Scores]


def _share(matched: BM25Parts, weights: Scores) -> Scores:
    every = float(weights @ matched.idf)
    if every <= 0:
        return np.zeros(matched.parts.shape[1])
    share: Scores = np.clip(weights @ matched.parts / (every * (matched.k1 + 1)), 0.0, 1.0)
    return share


def power(exponent: float) -> Form:
    """Return the share to a power."""
    return lambda matched, weights, _: _share(matched, weights) ** exponent


def saturated(half: float) -> Form:
    """Return s / (s + half) of the sum s of BM25."""

    def form(matched: BM25Parts, weights: Scores, _: int) -> Scores:
        total = weights @ matched.parts
        found: Scores = total / (total + half)
        return found

    return form


def covered(matched: BM25Parts, weights: Scores, length: int) -> Scores:
    """Return the share, raised by coverage times brevity."""
    every = max(float(weights @ matched.idf), 1e-9)
    coverage = (weights * matched.idf) @ (matched.parts > 0) / every
    share = _share(matched, weights)
    found: Scores = share + (1 - share) * coverage * np.minimum(
        1.0, length / np.maximum(1.0, matched.lengths)
    )
    return found


def former(matched: BM25Parts, weights: Scores, length: int) -> Scores:
    """Return the form of the first release, with its exponents."""
    every = max(float(weights @ matched.idf), 1e-9)
    share = _share(matched, weights) ** 0.8
    coverage = (weights * matched.idf) @ (matched.parts > 0) / every
    brevity = np.minimum(1.0, length / np.maximum(1.0, matched.lengths))
    found: Scores = share + (1 - share) * coverage**8 * brevity**0.75
    return found


FORMS: dict[str, Form] = {
    "share ^ 0.8 and whole: chosen": term_similarity,
    "share": power(1.0),
    "share ^ 0.5": power(0.5),
    "share ^ 0.8": power(0.8),
    "s / (s + 10)": saturated(10.0),
    "share and coverage · brevity": covered,
    "share ^ 0.8 and coverage ^ 8 · brevity ^ 0.75: the first release": former,
}


def measure(name: str) -> dict[str, tuple[float, float]]:
    """Return each form's mean on the half that chooses and on the half that reports."""
    one = retrieval_set(DATA / "retrieval" / name)
    embedder = open_embedder(MODEL, None, cache_dir=CACHE / "models")
    matrix = embedded(embedder, one.documents, questions=False)
    asked = embedded(embedder, one.questions, questions=True)
    known = Known(embedder, dict(zip(one.questions, asked, strict=True)))
    del one.questions[MOST:]
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), matrix.shape[1])
        project.fill(one.documents, iter([matrix]), batch=len(one.documents))
        for form, function in FORMS.items():
            vars(candidates)["term_similarity"] = function
            ranks = ranked(project, known, one, DEFAULT)
            values = [ndcg(*pair) for pair in zip(ranks, one.relevant, strict=False)]
            found[form] = float(np.mean(values[::2])), float(np.mean(values[1::2]))
        vars(candidates)["term_similarity"] = term_similarity
        project.close()
    return found


def main() -> None:
    names = [name for name in sys.argv[1:] or SETS.split() if (DATA / "retrieval" / name).exists()]
    if not names:
        sys.exit(f"No retrieval set in {DATA / 'retrieval'}: set RAGFLOW_LOCAL_DATA.")
    figures = {name: measure(name) for name in names}
    lines = [
        "# Forms of the term similarity",
        "",
        f"{machine()}. `python -m benchmarks.blend`. nDCG@10 at weight {DEFAULT}, model {MODEL}:"
        " the half of the questions that chooses / the half that is reported.",
        "",
        "*share* is BM25 / (sum of idf · (k1 + 1)); *whole* makes a chunk that has every term and"
        " little else nearly 1; *coverage* is the share of the question's idf that a chunk has,"
        " *brevity* min(1, length of question / of chunk).",
        "",
        "| form | mean | " + " | ".join(names) + " |",
        "|---" * (len(names) + 2) + "|",
    ]
    for form in FORMS:
        pairs = [figures[name][form] for name in names]
        means = tuple(np.mean(pairs, axis=0))
        cells = [f"{chosen:.4f} / {told:.4f}" for chosen, told in [means, *pairs]]
        lines.append(f"| {form} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "The means differ by less than the intervals of any set. share ^ 0.8 is best on the half"
        " that chooses; *whole* moves next to no rank, it says how near to 1 a chunk is that is the"
        " question itself.",
    ]
    (RESULTS / "blend.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
