from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from ragflow_local.embedders.graph import Graph
from ragflow_local.embedders.onnx import open_session
from ragflow_local.embedders.quantize import quantize
from ragflow_local.records import Matrix

WORDS, SIZE, WIDE = 40, 32, 64
IDS = np.arange(WORDS)[:, None]


def table(loud: float = 1.0) -> Matrix:
    """Rows of like length, but for the first, which is so many times as long."""
    rows = np.random.default_rng(1).standard_normal((WORDS, SIZE)).astype(np.float32)
    rows[0] *= loud
    return rows


def weight(seed: int, out: int = SIZE, given: int = SIZE) -> Matrix:
    values = np.random.default_rng(seed).standard_normal((out, given), dtype=np.float32)
    return values / np.float32(given**0.5)


def both(graph: Graph, x: str, folder: Path) -> tuple[Matrix, Matrix, onnx.GraphProto]:
    """Return what a graph gives of every word, in float and in 8 bits, and the latter's graph."""
    first = graph.add("Gather", x, graph.constant(0, np.int64), axis=1)
    graph.write(folder / "exact.onnx", ("input_ids", "attention_mask"), first)
    feed = {"input_ids": IDS, "attention_mask": np.ones_like(IDS)}
    quantize(folder / "exact.onnx", folder / "small.onnx", [feed])
    files = (folder / "exact.onnx", folder / "small.onnx")
    exact, small = (open_session(file).run(None, feed)[0] for file in files)
    return exact, small, onnx.load(str(folder / "small.onnx")).graph


def kinds(graph: onnx.GraphProto) -> list[str]:
    return [node.op_type for node in graph.node]


def worst(exact: Matrix, small: Matrix) -> float:
    """Return how far the worst row is off, as a share of its length."""
    off = np.linalg.norm(exact - small, axis=1) / np.linalg.norm(exact, axis=1)
    return float(off.max())


def three(graph: Graph, x: str) -> str:
    """Three products of one activation, each with a bias."""
    made = [graph.linear(x, weight(n), np.ones(SIZE, np.float32) * n, f"w{n}") for n in (2, 3, 4)]
    return graph.add("Sum", *made)


def test_rows_of_like_length_share_a_scale_and_their_bias_is_in_the_product(
    tmp_path: Path,
) -> None:
    graph = Graph()
    words = graph.rows(table(), "input_ids", "words")
    exact, small, made = both(graph, three(graph, words), tmp_path)
    assert worst(exact, small) < 0.02
    assert not {"ReduceMax", "Add"} & set(kinds(made))
    assert kinds(made).count("QuantizeLinear") == 1


def test_a_loud_row_costs_the_others_nothing(tmp_path: Path) -> None:
    graph = Graph()
    words = graph.rows(table(loud=300), "input_ids", "words")
    exact, small, made = both(graph, three(graph, words), tmp_path)
    assert worst(exact, small) < 0.03
    assert kinds(made).count("ReduceMax") == 1


def test_what_has_nearly_one_sign_is_rounded_with_nearly_all_of_a_byte(tmp_path: Path) -> None:
    graph = Graph()
    rows = table(loud=30)
    rows[1:5] *= 0.3
    words = graph.rows(rows, "input_ids", "words")
    wide = graph.activated(graph.linear(words, weight(2, WIDE), None, "widen"), "gelu")
    narrow = graph.linear(wide, weight(3, SIZE, WIDE), None, "narrow")
    exact, small, made = both(graph, narrow, tmp_path)
    assert worst(exact, small) < 0.05
    constants = [onnx.numpy_helper.to_array(item) for item in made.initializer]
    zeros = [int(value[0]) for value in constants if value.dtype == np.uint8]
    assert 0 < min(zeros) < 40


def test_a_value_that_is_used_without_its_bias_too_keeps_both(tmp_path: Path) -> None:
    graph = Graph()
    words = graph.rows(table(), "input_ids", "words")
    bare = graph.add("MatMul", words, graph.constant(weight(2).T, name="w"))
    other = graph.add("MatMul", words, graph.constant(weight(3).T, name="v"))
    biased = graph.add("Add", bare, graph.constant(np.full(SIZE, 5.0)))
    exact, small, _ = both(graph, graph.add("Sum", bare, other, biased), tmp_path)
    assert worst(exact, small) < 0.02


@pytest.mark.parametrize("change", [lambda x: x, lambda x: 0 * x], ids=["vectors", "zeros"])
def test_rows_without_a_second_axis_are_rounded_too(
    change: Callable[[Matrix], Matrix], tmp_path: Path
) -> None:
    graph = Graph()
    words = graph.rows(change(table(loud=50)), "input_ids", "words")
    one = graph.add("ReduceSum", words, graph.whole(1), keepdims=0)
    bias = np.ones(SIZE, np.float32)
    product = graph.linear(one, weight(2), bias, "dense")
    exact, small, made = both(graph, graph.add("Unsqueeze", product, graph.whole(1)), tmp_path)
    assert worst(exact, small) < 0.03
    assert "MatMulIntegerToFloat" in kinds(made)
