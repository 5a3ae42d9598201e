"""Pack: all that training needs as arrays in one file, so that it can go to another machine."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int32]

BEGIN, PADDING, END = 0, 1, 2  # tokens of the multilingual model
SPECIAL = 4  # so many of its first tokens are no pieces of text

# Of a layer's parts the names in model.py and in BERT.
PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "out": "attention.output.dense",
    "after_attention": "attention.output.LayerNorm",
    "widen": "intermediate.dense",
    "narrow": "output.dense",
    "after": "output.LayerNorm",
}

# What a query is: a question with a span or sentences that answer it, or a claim.
SPAN, SENTENCES, CLAIM = 0, 1, 2
# How a query was written: about a passage, or about one of two versions of it.
ALONE, ONE_OF_TWINS = 1, 2
# What a query is for.
TRAIN, CHOOSE, REPORT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Pack:
    """Passages, queries and the vocabulary they use, as arrays.

    Attributes:
        tokens: Of all sentences, headings and queries, as rows of the vocabulary used.
        starts: (sentences + 1,) where each begins.
        passage: (passages + 1,) the first sentence of each passage.
        heading: (passages,) the sentence that is its heading; -1 for none.
        query: (queries,) the sentence that is its text; a prompt's tokens are part of it.
        of: (queries,) the passage it is about.
        kind: (queries,) SPAN, SENTENCES or CLAIM.
        use: (queries,) TRAIN, CHOOSE or REPORT.
        source: (queries,) number of the file it is from.
        language: (queries,) number of its language.
        altered: (queries,) 1 where the query was altered so that nothing answers it.
        written: (queries,) ALONE or ONE_OF_TWINS where it was written for the training; else 0.
        right: (queries + 1,) and ``right_at``: sentences that answer.
        open: (queries + 1,) and ``open_at``: sentences that hold the answer's letters by chance.
        span: (queries, 3) sentence, first and last token of an answer; -1 for none.
        negatives: (queries, n) passages that look as if they answered; -1 for none.
        vocabulary: (rows,) numbers of the vocabulary's rows that are used.
    """

    tokens: Whole
    starts: Whole
    passage: Whole
    heading: Whole
    query: Whole
    of: Whole
    kind: Whole
    use: Whole
    source: Whole
    language: Whole
    altered: Whole
    written: Whole
    right: Whole
    right_at: Whole
    open: Whole
    open_at: Whole
    span: Whole
    negatives: Whole
    vocabulary: Whole

    def write(self, path: Path) -> None:
        """Write it as one compressed file."""
        np.savez_compressed(path, **{item.name: getattr(self, item.name) for item in fields(self)})

    @classmethod
    def read(cls, path: Path) -> Pack:
        """Return what a file holds."""
        with np.load(path) as kept:
            return cls(**{item.name: kept[item.name] for item in fields(cls)})

    def text(self, sentence: int) -> Whole:
        """Return the tokens of a sentence, heading or query."""
        return self.tokens[self.starts[sentence] : self.starts[sentence + 1]]
