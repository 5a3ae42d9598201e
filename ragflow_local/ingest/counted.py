"""What is counted of chunks: tokens and terms, by whoever has their text at hand.

A worker counts them beside the cutting, on a core of its own, and sends them with the chunks; the
engine counts what comes without. Both are this code, so both give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ragflow_local.errors import DamagedFileError
from ragflow_local.ingest import wire
from ragflow_local.text.bags import Bags, Numbers
from ragflow_local.text.terms import Searchable, language_of_chunk, terms_of_chunk

_SENT = np.dtype("<u4")
# What NFKC makes of one letter at most, each of its pairs once and itself, and a keyword twice:
# more than that no text gives.
_MOST_OF_A_LETTER = 18 * 2 * 2
_LONGEST_LANGUAGE = 3


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted of some chunks.

    Attributes:
        tokens: Of each content, by the model of the dataset.
        languages: In which the words of each are stemmed.
        bags: The terms that each is found by.
    """

    tokens: Sequence[int]
    languages: Sequence[str]
    bags: Bags

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory."""
        words = sum(map(len, self.bags.vocabulary)) + 56 * len(self.bags.vocabulary)
        return words + 16 * len(self.bags.terms) + 96 * len(self.tokens)


def counted_of(
    texts: Sequence[Searchable], name: str, count_tokens: Callable[[str], int]
) -> Counted:
    """Return what is counted of chunks.

    Args:
        texts: The chunks.
        name: Of their document, by which they are found too.
        count_tokens: Of the dataset's embedding model.
    """
    languages = [language_of_chunk(text) for text in texts]
    bags = [
        terms_of_chunk(text, name, language)
        for text, language in zip(texts, languages, strict=True)
    ]
    return Counted([count_tokens(text.content) for text in texts], languages, Bags.of(bags))


def sent(counted: Counted) -> wire.Counted:
    """Return it as it goes over the pipe."""
    bags = counted.bags
    arrays = (array.astype(_SENT).tobytes() for array in (bags.terms, bags.counts, bags.sizes))
    return wire.Counted(list(counted.tokens), list(counted.languages), [*bags.vocabulary], *arrays)


def received(frame: wire.Counted, texts: Sequence[Searchable], name: str) -> Counted:
    """Return what a worker counted.

    Args:
        frame: From its pipe: a worker has read bytes from anywhere.
        texts: The chunks that came with it.
        name: The document's name.

    Raises:
        DamagedFileError: It cannot be of these chunks.
    """
    terms, counts, sizes = (_array(data) for data in (frame.terms, frame.counts, frame.sizes))
    bags = Bags(frame.vocabulary, terms, counts, sizes)
    counted = Counted(frame.tokens, frame.languages, bags)
    if not _can_be(counted, texts, name):
        raise DamagedFileError(
            name, "while reading", "what was counted of its chunks is not theirs"
        )
    return counted


def _array(data: bytes) -> Numbers:
    return np.frombuffer(data[: len(data) // 4 * 4], _SENT).astype(np.int64)


def _can_be(counted: Counted, texts: Sequence[Searchable], name: str) -> bool:
    """Return whether it is of as many chunks, and of no more words than they can have."""
    bags = counted.bags
    is_paired = (
        len(counted.tokens) == len(counted.languages) == len(bags.sizes) == len(texts)
        and len(bags.terms) == len(bags.counts) == int(bags.sizes.sum())
        and len(set(bags.vocabulary)) == len(bags.vocabulary)
        and "" not in bags.vocabulary
    )
    if not is_paired or any(len(language) > _LONGEST_LANGUAGE for language in counted.languages):
        return False
    most = [_MOST_OF_A_LETTER * (_letters(text) + len(name) + 1) for text in texts]
    if any(not 0 <= count <= limit for count, limit in zip(counted.tokens, most, strict=True)):
        return False
    return sum(map(len, bags.vocabulary)) <= sum(most) and _are_bags(bags, np.array(most))


def _are_bags(bags: Bags, most: Numbers) -> bool:
    """Return whether each has no more than ``most`` terms, each of them once."""
    if not len(bags.terms):
        return True
    words = len(bags.vocabulary)
    places = np.repeat(np.arange(len(bags.sizes)), bags.sizes)
    return bool(
        bags.terms.max() < words
        and bags.counts.min() > 0
        and (np.bincount(places, bags.counts, len(most)) <= most).all()
        and (np.diff(np.sort(places * words + bags.terms)) > 0).all()  # faster than np.unique
    )


def _letters(text: Searchable) -> int:
    others = (*text.headings, *text.keywords, *text.questions)
    return len(text.content) + len(text.match_text) + sum(map(len, others))
