"""Reads sentences: which of them answers a question, or none, and which of them state a claim.

A question is read with all its candidates in one pass of 512 tokens, a claim with each passage by
itself. Both have the lower layers in common, and layers of their own above them; all lie in
``models/reader``. The vocabulary is the multilingual model's, whose rows are looked up where they
lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ragflow_local.embedders.carried import FILE, PROMPTS, WINDOW, package_folder
from ragflow_local.embedders.onnx import MODEL, PIECES, logistic, open_session
from ragflow_local.embedders.packed import PackedFile
from ragflow_local.embedders.sections import Reading, Section
from ragflow_local.embedders.vectors import encodable
from ragflow_local.errors import DamagedModelError
from ragflow_local.records import Matrix, Vector
from ragflow_local.text.sentences import sentences
from ragflow_local.text.unigram import open_unigram

NAME = "reader"
# The layers that both uses share, and those of each.
LOWER, QUESTIONS, CLAIMS = "lower.onnx", "questions.onnx", "claims.onnx"
STATES = "states"  # what the lower layers give and the upper ones are given
MOST_SENTENCES = 32
# As it was trained: what is longer is cut.
MOST_QUERY, MOST_SENTENCE, MOST_HEADING = 96, 160, 24
MOST_CLAIM, MOST_STATING, MOST_PAIR = 96, 120, 256
# What a token of a pair belongs to.
OF_CLAIM, OF_PASSAGE = 1, 2
_TOGETHER = 8  # pairs of a run
# In the package, or in the repository it is run from.
_PLACES = (
    Path(__file__).parents[1] / "reader_model",
    Path(__file__).parents[2] / "models" / NAME,
)


class Pieces(Protocol):
    """What cuts a text into tokens; see ``text/unigram.py``."""

    begin: int
    end: int

    def encode(self, text: str, window: int) -> list[int]:
        """Return the tokens of a text, the begin and the end among them, at most ``window``."""
        ...


class Vocabulary(Protocol):
    """The multilingual model's vocabulary."""

    def rows(self, numbers: NDArray[np.int64]) -> Matrix:
        """Return (len(numbers), features)."""
        ...


class Reader:
    """The reader, open; calls may come from any thread."""

    name = NAME

    def __init__(self, folder: Path, pieces: Pieces, vocabulary: Vocabulary) -> None:
        """Open the layers; those of claims when the first claim is read.

        Raises:
            DamagedModelError: A file does not open.
        """
        self._folder, self._pieces, self._vocabulary = folder, pieces, vocabulary
        self._lower, self._questions = self._open(LOWER), self._open(QUESTIONS)

    @cached_property
    def _claims(self) -> Any:
        return self._open(CLAIMS)

    def _open(self, name: str) -> Any:
        try:
            return open_session(self._folder / name)
        except ValueError as error:
            raise DamagedModelError(NAME, str(error)) from None

    def read(
        self, question: str, sections: Sequence[Section], worth: Sequence[float] = ()
    ) -> Reading:
        """Return a score for each sentence and one for none.

        Args:
            question: As it was asked.
            sections: Sentences, in their order.
            worth: Of each sentence of all sections: where not all have room, those of most worth
                are read; without it the first.
        """
        tokens = self._tokens("query: " + question, MOST_QUERY)
        heads = [self._tokens(section.heading, MOST_HEADING) for section in sections]
        texts = [
            (number, self._tokens(sentence, MOST_SENTENCE))
            for number, section in enumerate(sections)
            for sentence in section.sentences
        ]
        room = WINDOW - len(tokens) - 2
        chosen = _fitting(heads, texts, worth or [-float(at) for at in range(len(texts))], room)
        ids = [self._pieces.begin, *tokens, self._pieces.end]
        segment, last = [0] * len(ids), -1
        for count, at in enumerate(chosen, 1):
            number, text = texts[at]
            before = [self._pieces.end, *heads[number]] if heads[number] and number != last else []
            last = number
            ids += [*before, self._pieces.end, *text]
            segment += [0] * len(before) + [count] * (1 + len(text))
        numbers = self._run(ids, segment)
        scores = np.full(len(texts), -np.inf, np.float32)
        scores[chosen] = numbers[1 : 1 + len(chosen)]
        return Reading(scores, float(numbers[0]))

    def scores(self, question: str, passages: Sequence[str]) -> Vector:
        """Return (len(passages),) float32 in [0, 1]: the chance that each answers."""
        leads = [
            self.read(question, [Section(tuple(sentences(passage)))]).lead for passage in passages
        ]
        return logistic(np.array(leads, np.float32))

    def stated(self, claim: str, passages: Sequence[Section]) -> Vector:
        """Return (len(passages),) float32 in [0, 1]: the chance that each states the claim.

        Args:
            claim: A sentence.
            passages: Some sentences of one text each, and the heading they stand under.

        Raises:
            DamagedModelError: The layers of claims do not open.
        """
        asked = claim_tokens(self._pieces, claim)
        pairs = [pair_of(self._pieces, asked, passage) for passage in passages]
        found = np.zeros(len(pairs), np.float32)
        for rows in _alike([len(ids) for ids, _ in pairs]):
            found[rows] = self._run_pairs([pairs[row] for row in rows])
        return logistic(found)

    def _run_pairs(self, pairs: Sequence[tuple[list[int], list[int]]]) -> Vector:
        width = max(len(ids) for ids, _ in pairs)
        numbers = np.full((len(pairs), width), self._pieces.end, np.int64)
        parts, mask = np.zeros_like(numbers), np.zeros_like(numbers)
        for row, (ids, part) in enumerate(pairs):
            numbers[row, : len(ids)], parts[row, : len(ids)] = ids, part
            mask[row, : len(ids)] = 1
        words = self._vocabulary.rows(numbers.ravel()).reshape(*numbers.shape, -1)
        states = self._lower.run(None, {"words": words, "attention_mask": mask})[0]
        feed = {STATES: states, "attention_mask": mask, "part": parts}
        found: Vector = self._claims.run(None, feed)[0]
        return found

    def _tokens(self, text: str, most: int) -> list[int]:
        return _tokens(self._pieces, text, most)

    def _run(self, ids: Sequence[int], segment: Sequence[int]) -> Vector:
        feed = feed_of(np.array(ids), np.array(segment), self._vocabulary)
        sections = feed.pop("segment")
        feed[STATES] = self._lower.run(None, feed)[0]
        del feed["words"]
        scores: Vector = self._questions.run(None, {**feed, "segment": sections})[0][0]
        return scores


def _tokens(pieces: Pieces, text: str, most: int) -> list[int]:
    return pieces.encode(encodable(text), most + 2)[1:-1] if text else []


def claim_tokens(pieces: Pieces, claim: str) -> list[int]:
    """Return the tokens of a claim, which every pair with it begins with."""
    return _tokens(pieces, PROMPTS[1] + claim, MOST_CLAIM)


def pair_of(pieces: Pieces, claim: Sequence[int], passage: Section) -> tuple[list[int], list[int]]:
    """Return the tokens of a claim and a passage as one sequence, and what each belongs to.

    They are ``<s> CLAIM </s> [</s> HEADING] </s> SENTENCE </s> SENTENCE …``.

    Args:
        pieces: What cuts a text into tokens.
        claim: Its tokens.
        passage: Sentences, and the heading above them.

    Returns:
        (tokens,) numbers, and of each ``OF_CLAIM``, ``OF_PASSAGE`` or 0.
    """
    ids, part = [pieces.begin, *claim, pieces.end], [0, *([OF_CLAIM] * len(claim)), 0]
    if passage.heading:
        heading = _tokens(pieces, passage.heading, MOST_HEADING)
        ids += [pieces.end, *heading]
        part += [0] * (1 + len(heading))
    for sentence in passage.sentences:
        text = _tokens(pieces, sentence, MOST_STATING)
        ids += [pieces.end, *text]
        part += [OF_PASSAGE] * (1 + len(text))
    return ids[:MOST_PAIR], part[:MOST_PAIR]


def _alike(sizes: Sequence[int]) -> Iterator[list[int]]:
    """Yield which pairs are run together: those of about one length."""
    order = sorted(range(len(sizes)), key=lambda at: sizes[at])
    for start in range(0, len(order), _TOGETHER):
        yield order[start : start + _TOGETHER]


def _fitting(
    heads: Sequence[Sequence[int]],
    texts: Sequence[tuple[int, Sequence[int]]],
    worth: Sequence[float],
    room: int,
) -> list[int]:
    """Return, in order, which of the texts go into so many tokens, those of most worth first."""
    chosen: list[int] = []
    headed: set[int] = set()
    for at in sorted(range(len(texts)), key=lambda at: -worth[at]):
        number, text = texts[at]
        above = 1 + len(heads[number]) if heads[number] and number not in headed else 0
        size = above + 1 + len(text)
        if size > room or len(chosen) == MOST_SENTENCES:
            continue
        room -= size
        headed.add(number)
        chosen.append(at)
    return sorted(chosen)


def feed_of(
    ids: NDArray[np.int64], segment: NDArray[np.int64], vocabulary: Vocabulary
) -> dict[str, np.ndarray]:
    """Return what the model is given of one row of tokens."""
    return {
        "words": vocabulary.rows(ids)[None],
        "attention_mask": np.ones((1, len(ids)), np.int64),
        "segment": segment[None].astype(np.int64),
    }


class _FormTable:
    """The vocabulary inside a folder that has only the ONNX form, in 4 bits."""

    def __init__(self, file: Path) -> None:
        import onnx
        from onnx import numpy_helper

        stored = {item.name: item for item in onnx.load(str(file)).graph.initializer}
        self._codes = numpy_helper.to_array(stored["vocabulary"])
        self._scales = numpy_helper.to_array(stored["vocabulary.scales"])

    def rows(self, numbers: NDArray[np.int64]) -> Matrix:
        """Return (len(numbers), features)."""
        codes, scales = self._codes[numbers], self._scales[numbers]
        both = np.stack([codes & 15, codes >> 4], axis=-1).reshape(len(numbers), -1)
        wide = np.repeat(scales, both.shape[1] // scales.shape[1], axis=1)
        rows: Matrix = (both.astype(np.float32) - 8) * wide
        return rows


def open_reader(form: Path | None = None) -> Reader | None:
    """Return the reader; None where its layers or the multilingual weights are not there.

    Args:
        form: A folder with the multilingual model's ONNX form, for where its package is not.

    Raises:
        DamagedModelError: They are there, and cannot be used.
    """
    layers = next((place for place in _PLACES if (place / QUESTIONS).is_file()), None)
    package = package_folder()
    if layers is None:
        return None
    try:
        if package is not None:
            file = package / FILE
            return Reader(layers, open_unigram(file), PackedFile(file))
        if form is not None and (form / PIECES).is_file():
            return Reader(layers, open_unigram(form / PIECES), _FormTable(form / MODEL))
    except (OSError, ValueError, KeyError) as error:
        raise DamagedModelError(NAME, f"the multilingual weights do not open: {error}") from None
    return None
