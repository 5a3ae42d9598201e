"""Which form of the term similarity ranks best beside meaning? Half chooses, half is told.

    python -m benchmarks.blend

nDCG@10 at the default weight, with each of two models. Every second question of the sets that
choose chooses, the others are reported, and so are sets that choose nothing; of a set at most 200.
Of forms that differ by less than the intervals the simplest is taken.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks.corpora import CHINESE, DATA, ENGLISH, retrieval_set
from benchmarks.measure import RESULTS, machine
from benchmarks.projects import MODELS, Project
from benchmarks.quality import CACHE, DEFAULT, Known, embedded, ranked
from ragflow_local.embedders import Embedder, open_embedder
from ragflow_local.evaluation.measures import ndcg
from ragflow_local.retrieve import candidates
from ragflow_local.retrieve.similarity import BM25Parts, Scores, term_similarity
from ragflow_local.stores.catalog.postings_list import K1

CHOOSING = (*ENGLISH, *CHINESE, "squad2_part")
ASIDE = ("xquad_de_part", "xquad_ru_part", "xquad_zh_part", "xquad_ar_part")
MOST = 200

Form = Callable[[BM25Parts, Scores, int], Scores]


def _share(matched: BM25Parts, weights: Scores) -> Scores:
    every = float(weights @ matched.idf)
    if every <= 0:
        return np.zeros(matched.parts.shape[1])
    share: Scores = np.clip(weights @ matched.parts / (every * (K1 + 1)), 0.0, 1.0)
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
    "share of what is asked, and whole: chosen": term_similarity,
    "share": power(1.0),
    "share ^ 0.5": power(0.5),
    "share ^ 0.8": power(0.8),
    "s / (s + 10)": saturated(10.0),
    "share and coverage · brevity": covered,
    "share ^ 0.8 and coverage ^ 8 · brevity ^ 0.75: the first release": former,
}

Halves = tuple[float, float]


def measure(name: str, embedder: Embedder) -> dict[str, Halves]:
    """Return each form's mean on every second question, and on the others."""
    one = retrieval_set(DATA / "retrieval" / name)
    matrix = embedded(embedder, one.documents, questions=False)
    asked = embedded(embedder, one.questions, questions=True)
    known = Known(embedder, dict(zip(one.questions, asked, strict=True)))
    del one.questions[MOST:]
    means: dict[str, Halves] = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), matrix.shape[1])
        project.fill(one.documents, iter([matrix]), batch=len(one.documents))
        for form, function in FORMS.items():
            vars(candidates)["term_similarity"] = function
            ranks = ranked(project, known, one, DEFAULT)
            values = [ndcg(*pair) for pair in zip(ranks, one.relevant, strict=False)]
            means[form] = float(np.mean(values[::2])), float(np.mean(values[1::2]))
        vars(candidates)["term_similarity"] = term_similarity
        project.close()
    return means


def table(figures: Mapping[str, dict[str, Halves]]) -> Iterator[str]:
    """Yield a model's rows: what chooses, and what is reported."""
    yield "| form | half that chooses | other half | kept aside | " + " | ".join(figures) + " |"
    yield "|---" * (len(figures) + 4) + "|"
    for form in FORMS:
        halves = np.array([figures[name][form] for name in CHOOSING])
        aside = np.array([figures[name][form] for name in ASIDE])
        chosen, told = halves.mean(axis=0)
        cells = [f"{value:.4f}" for value in (chosen, told, aside.mean())]
        cells += [f"{figures[name][form][1]:.3f}" for name in CHOOSING]
        cells += [f"{np.mean(figures[name][form]):.3f}" for name in ASIDE]
        yield f"| {form} | " + " | ".join(cells) + " |"


def main() -> None:
    if not (DATA / "retrieval").exists():
        sys.exit(f"No retrieval set in {DATA / 'retrieval'}: set RAGFLOW_LOCAL_DATA.")
    lines = [
        "# Forms of the term similarity",
        "",
        f"{machine()}. `python -m benchmarks.blend`. nDCG@10 at weight {DEFAULT}. Means of the"
        f" seven sets that choose, and of four that choose nothing ({', '.join(ASIDE)}); of each"
        " set what is reported.",
        "",
        "*share* is BM25 / (sum of idf · (k1 + 1)); *whole* makes a chunk that has every term and"
        " little else nearly 1; *coverage* is the share of the question's idf that a chunk has,"
        " *brevity* min(1, length of question / of chunk).",
    ]
    for model in MODELS:
        embedder = open_embedder(model, None, cache_dir=CACHE / "models")
        figures = {name: measure(name, embedder) for name in (*CHOOSING, *ASIDE)}
        lines += ["", f"## {model}", "", *table(figures)]
        print("\n".join(lines[-len(FORMS) - 2 :]), flush=True)
    lines += [
        "",
        "The means of the first four differ by less than the intervals of any set, on every half"
        " and with both models: the one without a constant is taken. *whole* moves next to no"
        " rank; it says how near to 1 a chunk is that is the question itself. What the share is of,"
        " and how it tells foreign questions: threshold_form.md.",
    ]
    (RESULTS / "blend.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
