"""Batches: queries with candidate sentences, put together as the answerer will put them.

Each time a query comes up it has other passages beside its own, other sentences of them and another
order; sometimes the sentence that answers is left out, and nothing does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.reader import balance
from benchmarks.reader import pack as packed
from benchmarks.reader.pack import BEGIN, END, PADDING, Pack, Whole

WINDOW = 512
MOST_SENTENCES = 32
MOST_QUERY, MOST_SENTENCE, MOST_HEADING = 96, 160, 24  # tokens
_SIZES = tuple(range(64, WINDOW + 1, 64))  # tokens of a batch's rows
# How often the query of an answerable row is asked of what does not answer it: its own passage
# without the sentence, other passages alone, and altered.
_DROPPED, _ELSEWHERE, _ALTERED = 0.08, 0.12, 0.10
_WHOLE = 0.4  # whole passages, rather than the sentences that share words
_HEADED = 0.3
_WRITTEN_ELSEWHERE = 0.25  # of the written questions that have an answer
_ALONE = 0.6  # how often a written question's passage has no other beside it
_TRULY_NONE = 1.5  # how often a row that people made unanswerable comes up beside others
_EVEN = 0.5  # power of a language's rows


@dataclass(frozen=True, slots=True)
class Row:
    """One query with its candidates.

    Attributes:
        ids: Tokens.
        segment: (tokens,) number of the sentence, from 1; 0 for all else.
        right: Numbers of the sentences that answer.
        open: Those that neither count as right nor as wrong.
        span: First and last token of the answer; (0, 0) for none, (-1, -1) where it is not known.
        sentences: Of the pack, in their order.
    """

    ids: Whole
    segment: Whole
    right: tuple[int, ...]
    open: tuple[int, ...]
    span: tuple[int, int]
    sentences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences of about one length.

    Attributes:
        ids: (n, tokens).
        segment: (n, tokens).
        right: (n, 1 + MOST_SENTENCES) whether none (first) or a sentence is right.
        open: (n, 1 + MOST_SENTENCES) whether it counts: 1 for sentences that are there.
        span: (n, 2).
    """

    ids: Whole
    segment: Whole
    right: NDArray[np.bool_]
    open: NDArray[np.bool_]
    span: Whole


def _at(chosen: NDArray[np.bool_]) -> Whole:
    return np.flatnonzero(chosen).astype(np.int32)


class Sampler:
    """Draws queries, language by language, and puts candidates beside them."""

    def __init__(self, pack: Pack, written: float = 0.0, twins: float = 0.0) -> None:
        """Read the pack.

        Args:
            pack: Of all queries.
            written: Share of the draws that are written questions about one passage.
            twins: Share of the draws that are asked of two versions of a passage.
        """
        self.pack = pack
        is_train = pack.use == packed.TRAIN
        self._written = _at(is_train & (pack.written == packed.ALONE))
        self._twins = _at(is_train & (pack.written == packed.ONE_OF_TWINS))
        self._twins_share = twins if len(self._twins) else 0.0
        self._twins_left: list[int] = []
        self._written_share = written if len(self._written) else 0.0
        self._often = balance.weights(pack, self._written) if self._written_share else np.zeros(0)
        self._left: list[int] = []  # of the written ones, those not drawn yet
        self.is_right = np.diff(pack.right) > 0
        sentences = int(pack.passage[-1])
        counts = np.bincount(pack.tokens[: pack.starts[sentences]], minlength=len(pack.vocabulary))
        self._rarity = np.log1p(counts.sum() / (counts + 1.0)).astype(np.float32)
        self._asked = np.zeros(len(pack.vocabulary), np.bool_)
        self._altered: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for query in np.flatnonzero(pack.altered):
            self._altered[self._key(int(query))].append(int(query))
        self._languages: list[tuple[Whole, NDArray[np.float64]]] = []
        amounts: list[float] = []
        train = is_train & (pack.altered == 0) & (pack.written == 0)
        for language in np.unique(pack.language[train]):
            rows = np.flatnonzero(train & (pack.language == language)).astype(np.int32)
            weights = np.where(self.is_right[rows], 1.0, _TRULY_NONE)
            self._languages.append((rows, np.cumsum(weights) / weights.sum()))
            amounts.append(float(weights.sum()) ** _EVEN)
        self._shares = np.cumsum(amounts) / sum(amounts)

    def _key(self, query: int) -> tuple[int, int, int]:
        pack = self.pack
        return int(pack.of[query]), int(pack.language[query]), int(pack.source[query])

    def draw(self, chance: np.random.Generator) -> Row:
        """Return a query to train on."""
        way = chance.random()
        if way >= 1 - self._twins_share:
            return self._draw_twin(chance)
        if way < self._written_share:
            return self._draw_written(chance)
        return self._draw_found(chance)

    def _draw_found(self, chance: np.random.Generator) -> Row:
        at = min(int(np.searchsorted(self._shares, chance.random())), len(self._shares) - 1)
        rows, shares = self._languages[at]
        query = int(rows[min(int(np.searchsorted(shares, chance.random())), len(rows) - 1)])
        way = chance.random()
        if not self.is_right[query] or self.pack.kind[query] == packed.CLAIM:
            return self.put(query, chance)
        if way < _DROPPED:
            return self.put(query, chance, is_dropped=True)
        if way < _DROPPED + _ELSEWHERE:
            return self.put(query, chance, is_elsewhere=True)
        if way < _DROPPED + _ELSEWHERE + _ALTERED and (made := self._altered.get(self._key(query))):
            return self.put(made[int(chance.integers(len(made)))], chance)
        return self.put(query, chance)

    def _draw_twin(self, chance: np.random.Generator) -> Row:
        if not self._twins_left:
            self._twins_left = chance.permutation(self._twins).tolist()
        return self.put(self._twins_left.pop(), chance, is_short=True)

    def _draw_written(self, chance: np.random.Generator) -> Row:
        if not self._left:
            # As many as there are, each as often as its weight says.
            times = np.floor(self._often + chance.random(len(self._often))).astype(np.int64)
            self._left = chance.permutation(np.repeat(self._written, times)).tolist()
        query = self._left.pop()
        is_elsewhere = bool(self.is_right[query]) and chance.random() < _WRITTEN_ELSEWHERE
        return self.put(query, chance, is_elsewhere=is_elsewhere, is_short=True)

    def put(
        self,
        query: int,
        chance: np.random.Generator,
        is_dropped: bool = False,
        is_elsewhere: bool = False,
        like_engine: bool = False,
        is_short: bool = False,
    ) -> Row:
        """Return a query with candidates.

        Args:
            query: Its number.
            chance: Of the other passages, which sentences, and their order.
            is_dropped: Whether the sentences that answer are left out.
            is_elsewhere: Whether its own passage is.
            is_short: Whether few other passages are beside its own, and that is whole.
            like_engine: Whether all passages found are searched for the sentences with most words.
        """
        pack = self.pack
        right = {int(at) for at in pack.right_at[pack.right[query] : pack.right[query + 1]]}
        by_chance = {int(at) for at in pack.open_at[pack.open[query] : pack.open[query + 1]]}
        own = int(pack.of[query])
        others = [int(one) for one in pack.negatives[query] if one >= 0]
        is_whole = is_short or (not like_engine and chance.random() < _WHOLE)
        if not like_engine:
            most = int(chance.integers(0, 4)) if is_whole else int(chance.integers(1, 9))
            if is_elsewhere:
                most = max(1, most)
            elif is_short and chance.random() < _ALONE:
                most = 0
            others = (
                others[:most]
                if chance.random() < 0.7
                else list(map(int, chance.permutation(others)[:most]))
            )
        else:
            others = others[:7]
        groups = [*([] if is_elsewhere else [own]), *others]
        left_out = right | by_chance if is_dropped or is_elsewhere else set()
        order = [groups[at] for at in chance.permutation(len(groups))]
        pool = [
            (place, at)
            for place, group in enumerate(order)
            for at in range(int(pack.passage[group]), int(pack.passage[group + 1]))
            if at not in left_out
        ]
        keep = right if not left_out and not like_engine else set()
        ranked = self._ranked(query, pool, keep, is_whole, like_engine, chance)
        cap = 20 if like_engine else int(chance.integers(6, 25))
        headed = set() if like_engine else {g for g in order if chance.random() < _HEADED}
        kept = self._fitting(query, ranked, MOST_SENTENCES if is_whole else cap, order, headed)
        return self._joined(query, sorted(kept), order, headed, right, by_chance)

    def _ranked(
        self,
        query: int,
        pool: Sequence[tuple[int, int]],
        keep: set[int],
        is_whole: bool,
        like_engine: bool,
        chance: np.random.Generator,
    ) -> list[tuple[int, int]]:
        """Return the pool, what is taken first in front: what must be kept, then the best."""
        if not pool:
            return []
        words = self._words(query, [at for _, at in pool])
        if is_whole:
            far = [min((abs(at - one) for one in keep), default=0) for _, at in pool]
            worth = -np.array(far, np.float32)
        else:
            worth = words + 0.25 * (np.r_[words[1:], 0.0] + np.r_[0.0, words[:-1]])
            if not like_engine:
                spread = float(worth.std()) * float(chance.choice((0.2, 1.0)))
                worth = worth + chance.normal(0, spread + 1e-6, len(worth))
        worth = worth + np.array([1e6 * (at in keep) for _, at in pool])
        return [pool[at] for at in np.argsort(-worth, kind="stable")]

    def _words(self, query: int, sentences: Sequence[int]) -> NDArray[np.float32]:
        """Return how much of the rare tokens of a query each sentence holds."""
        pack = self.pack
        asked = pack.text(int(pack.query[query]))
        self._asked[asked] = True
        texts = [pack.text(at) for at in sentences]
        whole = np.concatenate(texts)
        held = np.where(self._asked[whole], self._rarity[whole], 0.0)
        self._asked[asked] = False
        starts = np.cumsum([0, *(len(one) for one in texts[:-1])])
        return np.add.reduceat(held, starts).astype(np.float32)

    def _fitting(
        self,
        query: int,
        ranked: Sequence[tuple[int, int]],
        most: int,
        order: Sequence[int],
        headed: set[int],
    ) -> list[tuple[int, int]]:
        """Return as many of the ranked sentences as go into the window."""
        pack = self.pack
        left = WINDOW - min(len(pack.text(int(pack.query[query]))), MOST_QUERY) - 2
        left -= (MOST_HEADING + 1) * len(headed)
        kept: list[tuple[int, int]] = []
        for place, at in ranked:
            size = 1 + min(len(pack.text(at)), MOST_SENTENCE)
            if size <= left and len(kept) < most:
                kept.append((place, at))
                left -= size
        return kept

    def _joined(
        self,
        query: int,
        kept: Sequence[tuple[int, int]],
        order: Sequence[int],
        headed: set[int],
        right: set[int],
        by_chance: set[int],
    ) -> Row:
        pack = self.pack
        asked = pack.text(int(pack.query[query]))[:MOST_QUERY]
        parts: list[Whole] = [np.array([BEGIN], np.int32), asked, np.array([END], np.int32)]
        segments = [0] * (len(asked) + 2)
        holder, first, last = (int(one) for one in pack.span[query])
        span, group = (0, 0), -1
        for number, (place, at) in enumerate(kept, 1):
            if place != group and order[place] in headed:
                head = self._heading(order[place])
                parts += [np.array([END], np.int32), head]
                segments += [0] * (len(head) + 1)
            group = place
            text = pack.text(at)[:MOST_SENTENCE]
            if at == holder and first < len(text):
                begin = len(segments) + 1
                span = begin + first, begin + min(last, len(text) - 1)
            parts += [np.array([END], np.int32), text]
            segments += [number] * (len(text) + 1)
        numbers = [at for _, at in kept]
        is_right = tuple(number for number, at in enumerate(numbers, 1) if at in right)
        is_open = tuple(number for number, at in enumerate(numbers, 1) if at in by_chance)
        if is_right and span == (0, 0):
            span = -1, -1
        ids = np.concatenate(parts)
        return Row(ids, np.array(segments, np.int32), is_right, is_open, span, tuple(numbers))

    def _heading(self, passage: int) -> Whole:
        """Return a passage's heading; where it has none, its first words, often a name."""
        pack = self.pack
        if pack.heading[passage] >= 0:
            return pack.text(int(pack.heading[passage]))[:MOST_HEADING]
        return pack.text(int(pack.passage[passage]))[:5]


def batch_of(sequences: Sequence[Row], width: int = 0) -> Batch:
    """Return sequences as one batch, ``width`` tokens wide or as wide as the longest."""
    width = width or max(len(one.ids) for one in sequences)
    shape = len(sequences), width
    ids, segment = np.full(shape, PADDING, np.int32), np.zeros(shape, np.int32)
    right = np.zeros((len(sequences), 1 + MOST_SENTENCES), np.bool_)
    counts = np.zeros_like(right)
    for row, one in enumerate(sequences):
        ids[row, : len(one.ids)] = one.ids
        segment[row, : len(one.ids)] = one.segment
        right[row, list(one.right) or [0]] = True
        counts[row, : 1 + len(one.sentences)] = True
        counts[row, [at for at in one.open if at not in one.right]] = False
    return Batch(ids, segment, right, counts, np.array([one.span for one in sequences], np.int32))


def stream(sampler: Sampler, seed: Sequence[int], tokens: int) -> Iterator[Batch]:
    """Yield batches of ``tokens`` tokens without end, the same ones for the same seed."""
    chance = np.random.default_rng(list(seed))
    waiting: dict[int, list[Row]] = {size: [] for size in _SIZES}
    while True:
        one = sampler.draw(chance)
        size = next(size for size in _SIZES if len(one.ids) <= size)
        waiting[size].append(one)
        if len(waiting[size]) >= max(1, tokens // size):
            yield batch_of(waiting[size], size)
            waiting[size] = []
