"""Balance: how often to draw a written question, so that reading is the only way to tell.

Those who write questions that nothing answers make them longer, nearer to the words of the
passage, and of other words than those that are answered. A model learns these marks first, and
they are no marks elsewhere. So it is fitted how likely a question is to be answerable by its
marks alone, and each is drawn by the inverse of its own chance: among what is drawn the marks
say nothing.

Source: Rosenbaum and Rubin, "The central role of the propensity score in observational studies
for causal effects", 1983, https://doi.org/10.1093/biomet/70.1.41
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.reader.pack import Pack, Whole

_FOLDS = 5
_SMOOTHED = 1.0  # counts added to each token's
_BINS = 1 << 18  # of hashed pairs of tokens
_STEPS = 25
_RIDGE = 1.0
_MOST = 4.0  # times the mean that one is drawn at most

Numbers = NDArray[np.float64]


def chances(pack: Pack, queries: Whole) -> Numbers:
    """Return the probability of each query to have an answer, by its marks alone.

    Each is judged by what was fitted on the other passages.

    Args:
        pack: Of all queries.
        queries: (n,) which of them.

    Returns:
        (n,) probabilities.
    """
    answered = (np.diff(pack.right) > 0)[queries].astype(np.float64)
    fold = (pack.of[queries].astype(np.int64) * 2654435761 >> 7) % _FOLDS
    bags = [_bag(pack, int(query)) for query in queries]
    said = np.zeros(len(queries))
    for held in range(_FOLDS):
        said[fold == held] = _by_words(bags, answered, fold == held)
    marks = np.array([_marks(pack, int(query)) for query in queries]).reshape(len(queries), -1)
    columns = np.c_[marks, said]
    columns = (columns - columns.mean(0)) / (columns.std(0) + 1e-9)
    crossed = [columns[:, one] * columns[:, other] for one, other in _pairs(columns.shape[1])]
    columns = np.c_[np.ones(len(queries)), columns, np.stack(crossed, 1)]
    found = np.zeros(len(queries))
    for held in range(_FOLDS):
        away = fold == held
        found[away] = _logistic(columns[~away], answered[~away], columns[away])
    return found


def weights(pack: Pack, queries: Whole) -> Numbers:
    """Return (n,) how often to draw each query: 1 on average, about ``_MOST`` times at most."""
    answered = (np.diff(pack.right) > 0)[queries]
    if answered.all() or not answered.any():
        return np.ones(len(queries))
    chance = chances(pack, queries)
    own = np.where(answered, answered.mean() / chance, (1 - answered.mean()) / (1 - chance))
    own = np.minimum(own / own.mean(), _MOST)
    for label in (True, False):
        own[answered == label] /= max(own[answered == label].mean(), 1e-9)
    found: Numbers = own
    return found


def _pairs(count: int) -> list[tuple[int, int]]:
    return [(one, other) for one in range(count) for other in range(one, count)]


def _marks(pack: Pack, query: int) -> list[float]:
    """Return lengths and shared words: of the passage, and of the sentence that has most."""
    asked = pack.text(int(pack.query[query]))
    own = int(pack.of[query])
    sentences = range(int(pack.passage[own]), int(pack.passage[own + 1]))
    texts = [pack.text(at) for at in sentences]
    kinds = np.unique(asked)
    shared = np.isin(kinds, np.concatenate(texts)).mean()
    best = max(np.isin(kinds, text).mean() for text in texts)
    return [float(len(asked)), float(shared), float(best), float(np.log1p(len(texts)))]


def _bag(pack: Pack, query: int) -> Whole:
    """Return numbers for the tokens of a query and their pairs."""
    asked = pack.text(int(pack.query[query])).astype(np.int64)
    pairs = (asked[:-1] * 1_000_003 + asked[1:] * 8191) % _BINS
    return np.unique(np.concatenate([asked % _BINS, pairs])).astype(np.int32)


def _by_words(bags: list[Whole], answered: Numbers, held: NDArray[np.bool_]) -> Numbers:
    """Return how much the words of the held queries speak for an answer (naive Bayes)."""
    counts = np.full((2, _BINS), _SMOOTHED)
    for bag, label, is_held in zip(bags, answered, held, strict=True):
        if not is_held:
            counts[int(label), bag] += 1
    ratio = np.log(counts[1] / counts[0])
    ratio -= np.log(max((answered[~held] == 1).sum(), 1) / max((answered[~held] == 0).sum(), 1))
    return np.array([ratio[bag].sum() for bag, is_held in zip(bags, held, strict=True) if is_held])


def _logistic(columns: Numbers, answered: Numbers, asked: Numbers) -> Numbers:
    """Return the probabilities of ``asked``'s rows by a regression on the others (Newton)."""
    weights = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        chance = _sigmoid(columns @ weights)
        gradient = columns.T @ (chance - answered) + _RIDGE * weights
        curve = (columns * (chance * (1 - chance))[:, None]).T @ columns
        step = np.linalg.solve(curve + _RIDGE * np.eye(len(weights)), gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-6:
            break
    return np.clip(_sigmoid(asked @ weights), 0.02, 0.98)


def _sigmoid(values: Numbers) -> Numbers:
    found: Numbers = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return found
