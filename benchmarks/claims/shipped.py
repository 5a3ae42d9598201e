"""Shipped: the layers of claims in 8 bits, as weights to go on training from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from benchmarks.reader.export import SHARED
from benchmarks.reader.pack import PARTS
from benchmarks.reader.shipped import HEADS, NORMS
from ragflow_local.embedders.carried import HIDDEN


def write_shipped(layers: Path, target: Path) -> None:
    """Write ``claims.npz`` to ``target``: what the layers in the file ``layers`` stand for."""
    graph = onnx.load(str(layers)).graph
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    added = {
        node.input[0]: node.input[1]
        for node in graph.node
        if node.op_type == "Add" and node.input[1] in values
    }
    names = {of_bert: own for own, of_bert in PARTS.items()}
    found: dict[str, np.ndarray] = {}
    norms = [node for node in graph.node if node.op_type == "LayerNormalization"]
    for at, node in enumerate(norms):
        for kind, name in zip(("weight", "bias"), node.input[1:], strict=True):
            found[f"layers.{at // 2}.{NORMS[at % 2]}.{kind}"] = values[name]
    for node in graph.node:
        if node.op_type != "MatMulIntegerToFloat":
            continue
        part = node.input[1].removesuffix(".weight.q")
        codes, scale, zero = (values[node.input[at]].astype(np.float32) for at in (1, 3, 5))
        weight = (codes - zero) * scale
        smoothing = values.get(f"{node.input[0].removesuffix('.q')}.smoothing")
        if smoothing is not None:
            weight *= smoothing.reshape(-1, 1)
        is_fused = len(node.input) > 6
        bias = values[node.input[6] if is_fused else added[node.output[0].removesuffix(".even")]]
        size = 1.0
        if part.startswith("encoder.layer."):
            number, _, kind = part.removeprefix("encoder.layer.").partition(".")
            size = (HIDDEN / HEADS) ** 0.5 if kind.endswith("query") else 1.0
            part = f"layers.{int(number) - SHARED}.{names[kind]}"
        found[f"{part}.weight"], found[f"{part}.bias"] = weight.T * size, bias * size
    *_, times, _, plus, _ = graph.node
    found["stated.weight"] = values[times.input[1]].reshape(1, -1)
    found["stated.bias"] = values[plus.input[1]].reshape(1)
    target.mkdir(parents=True, exist_ok=True)
    kept = {name: one.astype(np.float16) for name, one in found.items()}
    np.savez(target / "claims.npz", **kept)  # type: ignore[arg-type]  # no names there
