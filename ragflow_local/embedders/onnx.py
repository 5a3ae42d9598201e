"""ONNX: texts through the fast form of a model, on ONNX Runtime and tokenizers, without torch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ragflow_local.embedders.folder import ModelFolder
from ragflow_local.embedders.vectors import encodable, unit_rows
from ragflow_local.errors import DamagedModelError
from ragflow_local.records import Matrix, Vector

if TYPE_CHECKING:
    import onnx

# 1024: eight texts of 128 tokens; larger batches were no faster and take more memory.
_BATCH_TOKENS = 1024
# Texts tokenized at a time: what they take in memory stays small for any number of texts.
_SLICE = 2048
# A row of zeros divided by its largest number would be no number.
_TINY = 1e-12

MODEL, TOKENIZER, SETTINGS = "model.onnx", "tokenizer.json", "form.json"


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


class OnnxEmbedder:
    """The fast form of a model. ONNX Runtime and the tokenizer take calls from any thread."""

    def __init__(self, folder: ModelFolder, fingerprint: str, path: Path, backend: str) -> None:
        self.name = folder.name
        self.dim = folder.dim
        self.max_tokens = folder.max_tokens
        self.prompts = folder.prompts
        self.fingerprint = fingerprint
        self.tokenizer_file: Path | None = folder.tokenizer_file or path / TOKENIZER
        self.backend = backend
        try:
            self._form = Form(**json.loads((path / SETTINGS).read_bytes()))
            self._tokenizer = _open_tokenizer(path / TOKENIZER, self._form.window_tokens)
            self._session = _open_session(path / MODEL)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise DamagedModelError(folder.name, f"its fast form does not open: {error}") from None
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
        ready = [prompt + encodable(text) for text in texts]
        if self._form.lowercase:
            ready = [text.lower() for text in ready]
        tokens = [item.ids for item in self._tokenizer.encode_batch_fast(ready)]
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for rows in _batches([len(ids) for ids in tokens]):
            vectors[rows] = self._run([tokens[row] for row in rows])
        return unit_rows(vectors)

    def _run(self, tokens: Sequence[Sequence[int]]) -> Matrix:
        # A tokenizer without special tokens makes none of an empty text; the model needs one.
        longest = max(1, *(len(ids) for ids in tokens))
        ids = np.full((len(tokens), longest), self._form.pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, own in enumerate(tokens):
            where = slice(longest - len(own), None) if self._form.pads_left else slice(len(own))
            ids[row, where], mask[row, where] = own, 1
            mask[row, -1 if self._form.pads_left else 0] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        wanted = {name: values for name, values in feed.items() if name in self._inputs}
        return np.asarray(self._session.run(None, wanted)[0], dtype=np.float32)


class OnnxReranker:
    """The fast form of a cross-encoder: one number for question and passage together."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        try:
            form = Form(**json.loads((path / SETTINGS).read_bytes()))
            self._pad_id = form.pad_id
            self._tokenizer = _open_tokenizer(path / TOKENIZER, form.window_tokens)
            self._session = _open_session(path / MODEL)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise DamagedModelError(name, f"its fast form does not open: {error}") from None
        self._inputs = frozenset(item.name for item in self._session.get_inputs())

    def scores(self, question: str, passages: Sequence[str]) -> Vector:
        """Return (len(passages),) float32 in [0, 1], made from the model's numbers."""
        asked = encodable(question)
        pairs = [(asked, encodable(passage)) for passage in passages]
        encoded = self._tokenizer.encode_batch_fast(pairs)
        found = np.zeros(len(passages), dtype=np.float32)
        for rows in _batches([len(item.ids) for item in encoded]):
            longest = max(1, *(len(encoded[row].ids) for row in rows))
            ids = np.full((len(rows), longest), self._pad_id, dtype=np.int64)
            mask, kinds = np.zeros_like(ids), np.zeros_like(ids)
            for at, row in enumerate(rows):
                own = encoded[row]
                where = slice(len(own.ids))
                ids[at, where], mask[at, where], kinds[at, where] = own.ids, 1, own.type_ids
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}
            wanted = {name: values for name, values in feed.items() if name in self._inputs}
            found[rows] = np.asarray(self._session.run(None, wanted)[0]).reshape(len(rows))
        return logistic(found)


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


def _open_tokenizer(file: Path, window_tokens: int) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001  # the library raises nothing narrower
        raise ValueError(f"{file}: {error}") from None
    tokenizer.no_padding()
    tokenizer.enable_truncation(window_tokens)
    return tokenizer


def _open_session(file: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; its warnings about shapes go to stderr
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  # its errors have no class in common but this
        raise ValueError(f"{file}: {error}") from None


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def quantize(source: Path, target: Path, largest: int = 127) -> None:
    """Write ``source`` with its matrix products in 8 bits.

    Weights have a scale each column, activations one each row: a few tokens (the first and the
    last of a text, above all) have numbers a hundred times those of the others, which one scale
    for all would round to nothing. On all-MiniLM-L6-v2 that is the difference between a cosine of
    0.985 and 0.996 on Chinese, at no measurable cost.

        x · W  =  r · (s_x · s_W · (q(x / r) · q(W)))        r = max |x| of the row

    Args:
        source: A model in float32.
        target: Where the new one goes.
        largest: 127; 63 for processors whose sums of two products overflow 16 bits.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(source))
    graph = model.graph
    weights = {item.name: item for item in graph.initializer}
    scaled: dict[str, str] = {}
    quantized: set[str] = set()
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        weight = weights.get(node.input[1]) if node.op_type == "MatMul" else None
        if weight is None or len(weight.dims) != 2 or weight.data_type != onnx.TensorProto.FLOAT:
            nodes.append(node)
            continue
        if node.input[0] not in scaled:
            scaled[node.input[0]] = node.input[0]
            nodes += _activation_nodes(node.input[0])
        if weight.name not in quantized:
            quantized.add(weight.name)
            graph.initializer.extend(_weight_tensors(weight, largest))
        nodes += _product_nodes(node)
    limit = numpy_helper.from_array(np.array(_TINY, dtype=np.float32), "tiny")
    graph.initializer.append(limit)
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    for name in quantized - used:
        graph.initializer.remove(weights[name])
    onnx.save(model, str(target))


def _activation_nodes(x: str) -> list[onnx.NodeProto]:
    from onnx import helper

    return [
        helper.make_node("Abs", [x], [f"{x}.abs"]),
        helper.make_node("ReduceMax", [f"{x}.abs"], [f"{x}.max"], axes=[-1], keepdims=1),
        helper.make_node("Max", [f"{x}.max", "tiny"], [f"{x}.row"]),
        helper.make_node("Div", [x, f"{x}.row"], [f"{x}.even"]),
        helper.make_node(
            "DynamicQuantizeLinear", [f"{x}.even"], [f"{x}.q", f"{x}.scale", f"{x}.zero"]
        ),
    ]


def _weight_tensors(weight: onnx.TensorProto, largest: int) -> list[onnx.TensorProto]:
    from onnx import numpy_helper

    values = numpy_helper.to_array(weight)
    scales = np.maximum(np.abs(values).max(axis=0) / largest, _TINY).astype(np.float32)
    rounded = np.clip(np.rint(values / scales), -largest, largest).astype(np.int8)
    return [
        numpy_helper.from_array(rounded, f"{weight.name}.q"),
        numpy_helper.from_array(scales, f"{weight.name}.scale"),
        numpy_helper.from_array(np.zeros(len(scales), dtype=np.int8), f"{weight.name}.zero"),
    ]


def _product_nodes(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    # In the very shape that ONNX Runtime knows how to run as one operation.
    from onnx import TensorProto, helper

    x, weight, y = node.input[0], node.input[1], node.output[0]
    return [
        helper.make_node("Mul", [f"{x}.scale", f"{weight}.scale"], [f"{y}.scale"]),
        helper.make_node(
            "MatMulInteger", [f"{x}.q", f"{weight}.q", f"{x}.zero", f"{weight}.zero"], [f"{y}.sum"]
        ),
        helper.make_node("Cast", [f"{y}.sum"], [f"{y}.float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{y}.float", f"{y}.scale"], [f"{y}.even"]),
        helper.make_node("Mul", [f"{y}.even", f"{x}.row"], [y]),
    ]
