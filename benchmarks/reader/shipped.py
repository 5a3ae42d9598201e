"""Shipped: the layers in 8 bits that ``export.py`` wrote, as weights to go on training from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from benchmarks.reader.pack import PARTS
from ragflow_local.embedders.carried import CONFIG, HIDDEN

HEADS = int(str(CONFIG["num_attention_heads"]))

_HEADS = ("dense", "none_dense"), ("score", "none_score")
_HEAD = HIDDEN // HEADS  # features of a head of attention
NORMS = ("after_attention", "after")


def write_shipped(folder: Path, target: Path) -> None:
    """Write ``weights-0.npz`` to ``target``: what the layers in ``folder`` stand for.

    Args:
        folder: With the files of ``models/reader``.
        target: A folder that ``train.Plan.start`` may name.
    """
    found: dict[str, np.ndarray] = {}
    layer = 0
    for file in ("lower.onnx", "questions.onnx"):
        graph = onnx.load(str(folder / file)).graph
        layer = _read(graph, layer, found)
    target.mkdir(parents=True, exist_ok=True)
    kept = {name: values.astype(np.float16) for name, values in found.items()}
    np.savez(target / "weights-0.npz", **kept)  # type: ignore[arg-type]  # no names there


def _read(graph: onnx.GraphProto, layer: int, found: dict[str, np.ndarray]) -> int:
    """Add a graph's weights to ``found``; return the number of the next layer."""
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    names = {f"{of_bert}.weight": own for own, of_bert in PARTS.items()}
    names |= {f"{head}.weight": head for head in _HEADS[0]}
    biases = {
        node.input[0]: values[node.input[1]]
        for node in graph.node
        if node.op_type == "Add" and node.input[1] in values
    }
    products: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            products.setdefault(node.input[1].rsplit(".", 2)[0], []).append(node)
    for weight, parts in products.items():
        _, _, rest = weight.partition("encoder.layer.")
        number, _, kind = rest.partition(".")
        own = f"layers.{number}.{names[kind]}" if rest else names[weight]
        scale = _HEAD**0.5 if kind.endswith("query.weight") else 1.0  # export put it in there
        found[f"{own}.weight"] = _product(parts, values).T * scale
        found[f"{own}.bias"] = biases[parts[0].output[0].rsplit(".", 2)[0]] * scale
    norms = [node for node in graph.node if node.op_type == "LayerNormalization"]
    for at, node in enumerate(norms[len(norms) % 2 :]):  # an odd one is that of the vocabulary
        for kind, name in zip(("weight", "bias"), node.input[1:], strict=True):
            found[f"layers.{layer + at // 2}.{NORMS[at % 2]}.{kind}"] = values[name]
    sums = [node for node in graph.node if node.op_type == "ReduceSum"]
    makers = {node.output[0]: node for node in graph.node}
    for node in sums:
        maker = makers.get(node.input[0])
        if maker is not None and maker.op_type == "Mul" and maker.input[1] in values:
            head = "score" if "score.weight" not in found else "none_score"
            found[f"{head}.weight"] = values[maker.input[1]].reshape(1, -1)
            found[f"{head}.bias"] = biases[node.output[0]].reshape(1)
    return layer + len(norms) // 2


def _product(parts: list[onnx.NodeProto], values: dict[str, np.ndarray]) -> np.ndarray:
    """Return (in, out) of a product that is one, or the sum of several over a part of the rows."""
    rows = []
    for node in sorted(parts, key=lambda one: int(one.input[1].split(".")[-2])):
        codes, scale, zero = (values[node.input[at]].astype(np.float32) for at in (1, 3, 5))
        rows.append((codes - zero) * scale)
    taken = parts[0].input[0].split(".smooth")[0]
    smoothing = values.get(f"{taken}.smoothing")
    whole = np.concatenate(rows)
    return whole if smoothing is None else whole * smoothing.reshape(-1, 1)
