"""Prepare: rows to the arrays that training reads, with passages that only look as if.

Passages are put aside as wholes, with all that share a sentence with them; two files are put aside
altogether. Nothing here needs torch, and training needs nothing of the data but what is made here.
"""

from __future__ import annotations

import multiprocessing
import random
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]  # it brings no types

from benchmarks.reader import pack
from benchmarks.reader.altered import altered
from benchmarks.reader.pack import SPECIAL, Pack, Whole
from benchmarks.reader.rows import Query, Rows, read_all
from ragflow_local.embedders.carried import PROMPTS
from ragflow_local.text.unigram import Unigram

# Whole files, and of the others a part of the passages, on which nothing is trained. Thresholds
# are chosen on some files and reported on others.
_WHOLE = {"norquad": pack.CHOOSE, "faquad": pack.REPORT}
_CHOSEN_ON = frozenset(
    ("tydiqa_goldp", "fairytaleqa", "drcd_test", "heq", "piaf", "iapp_wiki_qa", "omos_qa")
)
_ASIDE = 0.05
_WRITTEN_ASIDE = 0.06, 0.06  # of the written questions: to choose by, to report
_SHARED = 30  # letters of a sentence that two passages have in common only as copies
_NEGATIVES = 10
_K1, _B = 1.2, 0.75
_MOST_TOKENS = 160  # of a sentence
_KINDS = {"span": pack.SPAN, "sentences": pack.SENTENCES, "claim": pack.CLAIM}


def prepare(folder: Path, pieces: Path, seed: int, most: int | None = None) -> Pack:
    """Return the pack of all files of ``folder``.

    Args:
        folder: With the rows.
        pieces: A file that ``text/unigram.py`` reads.
        seed: Of what is altered.
        most: Most rows of a file, for a trial.
    """
    rows = read_all(folder, most)
    groups = passage_groups(rows)
    uses = [use_of(query, groups[query.passage]) for query in rows.queries]
    rows.queries += _altered(rows, uses, seed)
    uses += [pack.TRAIN] * (len(rows.queries) - len(uses))
    texts = _Texts(rows)
    tokens = _tokenized(texts.texts, pieces)
    # The tokens of SPECIAL are the first rows, whatever else is used.
    used = np.concatenate([np.arange(SPECIAL, dtype=np.int32), *tokens])
    vocabulary, flat = np.unique(used, return_inverse=True)
    starts = np.cumsum([0, *map(len, tokens)])
    negatives = _negatives(rows, groups, tokens, texts)
    right = [[texts.first[query.passage] + at for at in query.right] for query in rows.queries]
    by_chance = [
        _open(query, rows, texts, wrong)
        for query, wrong in zip(rows.queries, negatives, strict=True)
    ]
    spans = _spans(rows.queries, texts, pieces)
    files = sorted({query.file for query in rows.queries})
    languages = sorted({query.language for query in rows.queries})
    return Pack(
        tokens=flat[SPECIAL:].astype(np.int32),
        starts=starts.astype(np.int32),
        passage=_whole([*texts.first, texts.sentences]),
        heading=_whole(texts.heading),
        query=_whole(texts.query),
        of=_whole(query.passage for query in rows.queries),
        kind=_whole(_KINDS[query.kind] for query in rows.queries),
        use=_whole(uses),
        source=_whole(files.index(query.file) for query in rows.queries),
        language=_whole(languages.index(query.language) for query in rows.queries),
        altered=_whole(query.is_altered for query in rows.queries),
        written=_whole(query.is_written + query.is_twin for query in rows.queries),
        right=_whole(np.cumsum([0, *map(len, right)])),
        right_at=_whole(at for one in right for at in one),
        open=_whole(np.cumsum([0, *map(len, by_chance)])),
        open_at=_whole(at for one in by_chance for at in one),
        span=np.array(spans, np.int32).reshape(-1, 3),
        negatives=np.array(negatives, np.int32),
        vocabulary=vocabulary.astype(np.int32),
    )


def _whole(numbers: Iterable[int]) -> Whole:
    return np.array([int(number) for number in numbers], np.int32)


class _Texts:
    """All texts in one list: sentences first, then headings, then queries."""

    def __init__(self, rows: Rows) -> None:
        self.texts: list[str] = []
        self.first: list[int] = []
        for passage in rows.passages:
            self.first.append(len(self.texts))
            self.texts += passage.sentences
        self.sentences = len(self.texts)
        self.heading = [self._added(one.heading) if one.heading else -1 for one in rows.passages]
        self.query = [self._added(PROMPTS[one.kind == "claim"] + one.text) for one in rows.queries]

    def _added(self, text: str) -> int:
        self.texts.append(text)
        return len(self.texts) - 1


def passage_groups(rows: Rows) -> list[int]:
    """Return a number for each passage, the same for those that share a sentence."""
    parent = list(range(len(rows.passages)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    seen: dict[str, int] = {}
    for number, passage in enumerate(rows.passages):
        marks = [one.casefold() for one in passage.sentences if len(one) >= _SHARED]
        for mark in (*marks, *([passage.twin] if passage.twin else [])):
            parent[root(number)] = root(seen.setdefault(mark, number))
    return [root(number) for number in range(len(parent))]


def use_of(query: Query, group: int) -> int:
    """Return what a query is for, the same for all passages of a group."""
    if query.file in _WHOLE:
        return _WHOLE[query.file]
    if query.is_written and (place := zlib.crc32(f"written {group}".encode()) / 2**32) < sum(
        _WRITTEN_ASIDE
    ):
        return pack.CHOOSE if place < _WRITTEN_ASIDE[0] else pack.REPORT
    if zlib.crc32(f"group {group}".encode()) / 2**32 >= _ASIDE:
        return pack.TRAIN
    return pack.CHOOSE if query.file in _CHOSEN_ON else pack.REPORT


def _altered(rows: Rows, uses: Sequence[int], seed: int) -> list[Query]:
    """Return questions that nothing answers, made of those to train on."""
    chance = random.Random(seed)
    made: list[Query] = []
    for query, use in zip(rows.queries, uses, strict=True):
        if query.is_written or use != pack.TRAIN or query.kind != "span" or not query.right:
            continue
        passage = " ".join(rows.passages[query.passage].sentences)
        text = altered(query.text, passage, query.language, chance)
        if text:
            made.append(
                Query(text, query.passage, "span", query.language, query.file, is_altered=True)
            )
    return made


_unigram: Unigram | None = None


def _open_pieces(file: Path) -> None:
    global _unigram
    _unigram = Unigram(file)


def _encode(text: str) -> list[int]:
    assert _unigram is not None
    return _unigram.encode(text, _MOST_TOKENS + 2)[1:-1]


def _count(text: str) -> int:
    assert _unigram is not None
    return _unigram.count(text)


def _tokenized(texts: Sequence[str], pieces: Path) -> list[Whole]:
    with multiprocessing.Pool(2, _open_pieces, (pieces,)) as pool:
        found = pool.map(_encode, texts, chunksize=2000)
    return [np.array(tokens or [3], np.int32) for tokens in found]


def _spans(queries: Sequence[Query], texts: _Texts, pieces: Path) -> list[tuple[int, int, int]]:
    """Return sentence, first and last token of each query's answer."""
    asked: list[str] = []
    for query in queries:
        if query.span is not None:
            number, start, end = query.span
            text = texts.texts[texts.first[query.passage] + number]
            asked += [text[:start], text[:end]]
    with multiprocessing.Pool(2, _open_pieces, (pieces,)) as pool:
        counts = iter(pool.map(_count, asked, chunksize=2000))
    found: list[tuple[int, int, int]] = []
    for query in queries:
        if query.span is None:
            found.append((-1, -1, -1))
            continue
        sentence = texts.first[query.passage] + query.span[0]
        before, after = next(counts), next(counts)
        found.append((sentence, before, max(before, after - 1)))
    return found


def _negatives(
    rows: Rows, groups: Sequence[int], tokens: Sequence[Whole], texts: _Texts
) -> list[list[int]]:
    """Return for each query the passages of its file that BM25 finds, its own left out."""
    found = [[-1] * _NEGATIVES for _ in rows.queries]
    pools: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, query in enumerate(rows.queries):
        if query.kind != "claim":
            pools[query.file, query.language].append(number)
    for numbers in pools.values():
        passages = sorted({rows.queries[number].passage for number in numbers})
        bags = [np.concatenate([tokens[at] for at in _sentences(one, texts)]) for one in passages]
        asked = [tokens[texts.query[number]] for number in numbers]
        of_group = np.array([groups[one] for one in passages])
        for number, scores in zip(numbers, _bm25(bags, asked), strict=True):
            scores[of_group == groups[rows.queries[number].passage]] = -1.0
            order = np.argsort(-scores)[:_NEGATIVES]
            best = [passages[at] for at in order if scores[at] >= 0]
            found[number][: len(best)] = best
    return found


def _sentences(passage: int, texts: _Texts) -> range:
    end = texts.first[passage + 1] if passage + 1 < len(texts.first) else texts.sentences
    return range(texts.first[passage], end)


def _bm25(bags: Sequence[Whole], asked: Sequence[Whole]) -> np.ndarray:
    """Return (asked, bags) scores of tokens."""
    size = int(max(one.max() for one in (*bags, *asked))) + 1
    counts = _matrix(bags, size)
    length = np.asarray(counts.sum(axis=1)).ravel()
    frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log1p((len(bags) - frequency + 0.5) / (frequency + 0.5))
    rows = np.repeat(np.arange(len(bags)), np.diff(counts.indptr))
    damp = _K1 * (1 - _B + _B * length[rows] / length.mean())
    counts.data = idf[counts.indices] * counts.data * (_K1 + 1) / (counts.data + damp)
    found: np.ndarray = (_matrix(asked, size) @ counts.T).toarray()
    return found


def _matrix(bags: Sequence[Whole], size: int) -> sparse.csr_matrix:
    rows = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    ones = np.ones(len(rows))
    return sparse.csr_matrix((ones, (rows, np.concatenate(bags))), shape=(len(bags), size))


def _open(query: Query, rows: Rows, texts: _Texts, wrong: Sequence[int]) -> list[int]:
    """Return sentences that hold a gold answer's letters and are not said to answer."""
    golds = [gold.casefold() for gold in query.golds]
    if not golds:
        return []
    right = {texts.first[query.passage] + at for at in query.right}
    return [
        at
        for passage in (query.passage, *wrong)
        if passage >= 0
        for at in _sentences(passage, texts)
        if at not in right and any(gold in texts.texts[at].casefold() for gold in golds)
    ]
