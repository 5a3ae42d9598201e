"""Runs the ONNX form of a model on ONNX Runtime, without torch."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragflow_local.embedders.calibration import Calibrated
from ragflow_local.embedders.folder import ModelFolder
from ragflow_local.embedders.vectors import encodable, unit_rows
from ragflow_local.errors import DamagedModelError
from ragflow_local.records import Matrix, Vector
from ragflow_local.text.unigram import open_unigram

Feed = dict[str, NDArray[np.int64]]

# Two texts of 128 tokens: what a layer computes of them stays in a core's cache, little is padding,
# and the last of many batches leaves other cores idle for a short time only. A text takes least
# with 128 and 256, of these, 512 and 1,024.
_BATCH_TOKENS = 256
# Texts tokenized at a time: what they take in memory stays small for any number of texts.
_SLICE = 2048
MODEL, TOKENIZER, SETTINGS = "model.onnx", "tokenizer.json", "form.json"
PIECES = "pieces.bin"  # in place of the tokenizer: a vocabulary that text/unigram.py reads

Tokenize = Callable[[Sequence[str]], list[list[int]]]


@dataclass(frozen=True, slots=True)
class Form:
    """How the exported model wants its input.

    Attributes:
        window_tokens: Where a text is cut, special tokens included.
        pad_id: What fills the shorter rows of a batch.
        pads_left: Whether it stands before the text.
        lowercase: Whether the text is lowered before it is cut into tokens.
    """

    window_tokens: int
    pad_id: int
    pads_left: bool
    lowercase: bool

    def write(self, folder: Path) -> None:
        """Write it beside the model."""
        (folder / SETTINGS).write_text(json.dumps(asdict(self)), encoding="utf-8")


class OnnxEmbedder(Calibrated):
    """The ONNX form of a model. ONNX Runtime and the tokenizer take calls from any thread."""

    def __init__(self, folder: ModelFolder, fingerprint: str, path: Path, backend: str) -> None:
        super().__init__()
        self.name = folder.name
        self.dim = folder.dim
        self.max_tokens = folder.max_tokens
        self.prompts = folder.prompts
        self.fingerprint = fingerprint
        self.tokenizer_file: Path | None = folder.tokenizer_file or path / TOKENIZER
        self.backend = backend
        try:
            self._form = Form(**json.loads((path / SETTINGS).read_bytes()))
            self._tokenize = _open_tokenize(path, self._form.window_tokens)
            self._session = open_session(path / MODEL)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise DamagedModelError(folder.name, f"its ONNX form does not open: {error}") from None
        self._inputs = frozenset(item.name for item in self._session.get_inputs())

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return (len(texts), dim) float32, each row of length 1."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), _SLICE):
            part = texts[start : start + _SLICE]
            vectors[start : start + len(part)] = self._encode(part, self.prompts[1])
        return vectors

    def embed_query(self, question: str) -> Vector:
        """Return (dim,) float32 of length 1, of the question with its own prompt."""
        return self._encode([question], self.prompts[0]).reshape(-1)

    def _encode(self, texts: Sequence[str], prompt: str) -> Matrix:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for rows, output in _run_all(self._session, self.feeds(texts, prompt)):
            vectors[rows] = output
        return unit_rows(vectors)

    def feeds(self, texts: Sequence[str], prompt: str = "") -> Iterator[tuple[list[int], Feed]]:
        """Yield what the model is given of texts of about one length, and which ones they are."""
        ready = [prompt + encodable(text) for text in texts]
        if self._form.lowercase:
            ready = [text.lower() for text in ready]
        tokens = self._tokenize(ready)
        for rows in _batches([len(ids) for ids in tokens]):
            yield rows, self._feed([tokens[row] for row in rows])

    def _feed(self, tokens: Sequence[Sequence[int]]) -> Feed:
        # A tokenizer without special tokens makes none of an empty text; the model needs one.
        longest = max(1, *(len(ids) for ids in tokens))
        ids = np.full((len(tokens), longest), self._form.pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, own in enumerate(tokens):
            where = slice(longest - len(own), None) if self._form.pads_left else slice(len(own))
            ids[row, where], mask[row, where] = own, 1
            mask[row, -1 if self._form.pads_left else 0] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return {name: values for name, values in feed.items() if name in self._inputs}


class OnnxReranker:
    """The ONNX form of a cross-encoder: one number for question and passage together."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        try:
            form = Form(**json.loads((path / SETTINGS).read_bytes()))
            self._pad_id = form.pad_id
            self._tokenizer = _open_tokenizer(path / TOKENIZER, form.window_tokens)
            self._session = open_session(path / MODEL)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise DamagedModelError(name, f"its ONNX form does not open: {error}") from None
        self._inputs = frozenset(item.name for item in self._session.get_inputs())

    def scores(self, question: str, passages: Sequence[str]) -> Vector:
        """Return (len(passages),) float32 in [0, 1], made from the model's numbers."""
        scores_ = np.zeros(len(passages), dtype=np.float32)
        for rows, numbers in _run_all(self._session, self.feeds(question, passages)):
            scores_[rows] = numbers.reshape(len(rows))
        return logistic(scores_)

    def feeds(self, question: str, passages: Sequence[str]) -> Iterator[tuple[list[int], Feed]]:
        """Yield what the model is given of pairs of about one length, and which ones they are."""
        asked = encodable(question)
        pairs = [(asked, encodable(passage)) for passage in passages]
        encoded = self._tokenizer.encode_batch_fast(pairs)
        for rows in _batches([len(item.ids) for item in encoded]):
            longest = max(1, *(len(encoded[row].ids) for row in rows))
            ids = np.full((len(rows), longest), self._pad_id, dtype=np.int64)
            mask, kinds = np.zeros_like(ids), np.zeros_like(ids)
            for at, row in enumerate(rows):
                own = encoded[row]
                where = slice(len(own.ids))
                ids[at, where], mask[at, where], kinds[at, where] = own.ids, 1, own.type_ids
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}
            yield rows, {name: values for name, values in feed.items() if name in self._inputs}


def logistic(numbers: Vector) -> Vector:
    """Return 1 / (1 + exp(-x)) of each number."""
    scores: Vector = (0.5 * (1.0 + np.tanh(0.5 * numbers))).astype(np.float32)
    return scores


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the numbers of texts of about one length that are run together, longest first."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(order):
        size = max(1, _BATCH_TOKENS // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def _run_all(
    session: Any, feeds: Iterable[tuple[list[int], Feed]]
) -> Iterator[tuple[list[int], Matrix]]:
    """Yield what the model makes of each batch; several batches run on all cores."""
    batches = list(feeds)
    outputs: dict[int, Matrix] = {}
    errors: list[Exception] = []
    waiting = deque(range(len(batches)))

    def run() -> None:
        with contextlib.suppress(IndexError):  # all are taken
            while not errors:
                at = waiting.popleft()
                try:
                    outputs[at] = np.asarray(session.run(None, batches[at][1])[0], dtype=np.float32)
                except Exception as error:  # noqa: BLE001  # told by the thread that asked
                    errors.append(error)

    # No pool: its threads would hold up the end of the program until they are done.
    helpers = [
        threading.Thread(target=run, daemon=True, name="embedding")
        for _ in range(min(cores(), len(batches)) - 1)
    ]
    for helper in helpers:
        helper.start()
    try:
        run()
    finally:
        waiting.clear()  # of Ctrl-C the helpers know nothing
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[0]
    for at, (rows, _) in enumerate(batches):
        yield rows, outputs[at]


def _open_tokenize(path: Path, window_tokens: int) -> Tokenize:
    """Return what makes tokens of texts, the special ones among them."""
    if (path / PIECES).is_file():
        pieces = open_unigram(path / PIECES)
        return lambda texts: [pieces.encode(text, window_tokens) for text in texts]
    tokenizer = _open_tokenizer(path / TOKENIZER, window_tokens)
    return lambda texts: [item.ids for item in tokenizer.encode_batch_fast(texts)]


def _open_tokenizer(file: Path, window_tokens: int) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001  # the library raises nothing narrower
        raise ValueError(f"{file}: {error}") from None
    tokenizer.no_padding()
    tokenizer.enable_truncation(window_tokens)
    return tokenizer


def open_session(file: Path) -> Any:
    """Return a session of ONNX Runtime with one thread.

    Raises:
        ValueError: The file does not open.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # A batch a core, rather than all cores for one: threads within a batch wait for one another
    # after every layer, and where another process takes a core from one of them, all wait.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; its warnings about shapes go to stderr
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  # its errors have no class in common but this
        raise ValueError(f"{file}: {error}") from None


def intermediate(
    file: Path, names: Sequence[str], feeds: Iterable[Feed]
) -> Iterator[tuple[Feed, list[Matrix]]]:
    """Yield what a model that gives out its intermediate values has under ``names``, by feed."""
    session = open_session(file)
    for feed in feeds:
        yield feed, session.run(list(names), feed)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
