"""Quantizes an ONNX model from float32 to 8 bits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ragflow_local.embedders.onnx import Feed, intermediate
from ragflow_local.records import Matrix, Vector

if TYPE_CHECKING:
    import onnx

# Rows of a weight that share a scale. On all-MiniLM-L6-v2, Chinese, with smoothing: cosine 0.9982
# without parts, 0.9986 in parts of 384, 0.9990 in parts of 192, which takes a third longer, twice
# as long where others use the cores, and ranks no better.
_PART_ROWS = 384
# How much of what is hard to round moves from the activations to the weights; the paper's value,
# and better here than 0.3 and 0.7.
_SMOOTHING = 0.5
# A row of zeros divided by its largest number would be no number.
_TINY = 1e-12
_QUIET = 1e-5
_DAMPING = 1.0  # of 0.01, 0.1 and 1, the best on texts that are not of the probe
_CONTRIB = "com.microsoft"
# Smaller tables are positions and the like: they take no room.
_TABLE_ROWS, _TABLE_BLOCK = 4096, 64


def quantize(source: Path, target: Path, feeds: Iterable[Feed], largest: int = 127) -> None:
    """Write ``source`` with its matrix products and its vocabulary in 8 bits.

    Weights have a scale each column, activations one each row: a few tokens (the first and the
    last of a text, above all) have numbers a hundred times those of the others, which one scale
    for all would round to nothing. Likewise a few features of every token: they are divided by
    what they reach on ``feeds``, and their weights multiplied by it. Long columns are cut into
    parts P with scales of their own.

        x · W  =  sum over P of  r_P · (s_x · s_W · (q(x_P / (m_P r_P)) · q(m_P W_P)))

        r_P = max |x_P / m_P| of the row        m_j = sqrt(max |x_j| / max |W_j|)

    What r_P has made even lies between -1 and 1. So no scale depends on the other texts of a
    batch: a text has the same vector in whatever company. Weights are rounded one after the
    other, each making up for what those before it lost on ``feeds`` (GPTQ).

    On all-MiniLM-L6-v2 the mean cosine to the original is 0.9994 on English and 0.9990 on
    Chinese; without making up 0.9993 and 0.9986.

    Args:
        source: A model in float32.
        target: Where the new one goes.
        feeds: What the model is given of typical texts.
        largest: 127; 63 for processors whose sums of two products overflow 16 bits.

    Source: Xiao et al., "SmoothQuant", 2022, https://arxiv.org/abs/2211.10438; Frantar et al.,
    "GPTQ", 2022, https://arxiv.org/abs/2210.17323
    """
    import onnx

    model = onnx.load(str(source))
    made = _Quantized(model.graph, largest)
    # Of every activation all rows: some MB, for texts as few as those of a probe.
    shown = _activations(model, list(made.products), target, feeds)
    made.rewrite(shown)
    made.shrink_tables()
    if not any(opset.domain == _CONTRIB for opset in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid(_CONTRIB, 1))
    onnx.save(model, str(target))


def _activations(
    model: onnx.ModelProto, names: list[str], scratch: Path, feeds: Iterable[Feed]
) -> dict[str, Matrix]:
    """Return (rows, features) the activations ``names`` of every token; padding is left out."""
    import onnx
    from onnx import helper

    told = onnx.ModelProto()
    told.CopyFrom(model)
    given = {output.name for output in told.graph.output}
    shown = [helper.make_empty_tensor_value_info(name) for name in names if name not in given]
    told.graph.output.extend(shown)
    onnx.save(told, str(scratch))
    activations: dict[str, list[Matrix]] = {name: [] for name in names}
    for feed, outputs in intermediate(scratch, names, feeds):
        mask = feed.get("attention_mask", np.empty((0, 0))).astype(bool)
        for name, values in zip(names, outputs, strict=True):
            # What is made of a whole text, and what a model without a mask makes, has no padding.
            rows = values[mask] if values.shape[:2] == mask.shape else values
            activations[name].append(rows.reshape(-1, values.shape[-1]))
    return {name: np.concatenate(rows) for name, rows in activations.items()}


class _Quantized:
    """A graph on its way to 8 bits."""

    def __init__(self, graph: onnx.GraphProto, largest: int) -> None:
        from onnx import TensorProto

        self.graph = graph
        self.largest = largest
        tensors = {item.name: item for item in graph.initializer}
        # Matrix products of an activation with a weight, by the activation.
        self.products: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            weight = tensors.get(node.input[1]) if node.op_type == "MatMul" else None
            if weight is None or len(weight.dims) != 2 or node.input[0] in tensors:
                continue
            if weight.data_type == TensorProto.FLOAT:
                self.products.setdefault(node.input[0], []).append(node)
        self.tensors = tensors
        self.nodes: list[onnx.NodeProto] = []

    def rewrite(self, activations: dict[str, Matrix]) -> None:
        """Replace the products, given what their activations are on typical texts."""
        wanted = {node.output[0] for nodes in self.products.values() for node in nodes}
        done: set[str] = set()
        for node in list(self.graph.node):
            if node.output and node.output[0] in wanted:
                # All products of an activation at the first of them: they share its roundings.
                if node.input[0] not in done:
                    done.add(node.input[0])
                    self._replace(node.input[0], activations[node.input[0]])
            else:
                self.nodes.append(node)
        self._constant("tiny", np.array(_TINY, dtype=np.float32))
        del self.graph.node[:]
        self.graph.node.extend(self.nodes)
        used = {name for node in self.nodes for name in node.input}
        unused = {node.input[1] for nodes in self.products.values() for node in nodes} - used
        for name in unused:
            self.graph.initializer.remove(self.tensors[name])

    def shrink_tables(self) -> None:
        """Put large tables, whose rows are looked up one by one, into 8 bits."""
        from onnx import TensorProto, helper, numpy_helper

        for at, node in enumerate(self.graph.node):
            table = self.tensors.get(node.input[0]) if node.op_type == "Gather" else None
            if table is None or len(table.dims) != 2 or table.data_type != TensorProto.FLOAT:
                continue
            if table.dims[0] < _TABLE_ROWS or any(
                table.name in other.input for other in self.graph.node if other is not node
            ):
                continue
            codes, scales = _eight_bits(numpy_helper.to_array(table))
            self._constant(f"{table.name}.q", codes)
            self._constant(f"{table.name}.scale", scales)
            looked_up = helper.make_node(
                "GatherBlockQuantized",
                [f"{table.name}.q", node.input[1], f"{table.name}.scale"],
                list(node.output),
                domain=_CONTRIB,
                bits=8,
                block_size=_TABLE_BLOCK,
                gather_axis=0,
                quantize_axis=1,
            )
            self.graph.initializer.remove(table)
            self.graph.node[at].CopyFrom(looked_up)

    def _replace(self, x: str, typical: Matrix) -> None:
        from onnx import helper, numpy_helper

        nodes = self.products[x]
        weights = {node.input[1] for node in nodes}
        matrices: dict[str, Matrix] = {
            name: numpy_helper.to_array(self.tensors[name]) for name in weights
        }
        smooth = _smoothing(np.abs(typical).max(axis=0), matrices.values())
        self._constant(f"{x}.smoothing", 1 / smooth)
        self.nodes.append(helper.make_node("Mul", [x, f"{x}.smoothing"], [f"{x}.smooth"]))
        parts = self._parts(f"{x}.smooth", len(smooth))
        seen = np.split(typical / smooth, len(parts), axis=1)
        for name, matrix in matrices.items():
            whole = matrix * smooth[:, None]
            for number, rows in enumerate(np.split(whole, len(parts))):
                self._weight(f"{name}.{number}", rows, seen[number])
        for node in nodes:
            sums = [f"{node.output[0]}.{number}" for number in range(len(parts))]
            if len(parts) == 1:
                # The sum of one would be a copy, of a twentieth of the time.
                sums = [node.output[0]]
            for number, (part, total) in enumerate(zip(parts, sums, strict=True)):
                self._product(part, f"{node.input[1]}.{number}", total)
            if len(parts) > 1:
                self.nodes.append(helper.make_node("Sum", sums, [node.output[0]]))

    def _parts(self, x: str, rows: int) -> list[str]:
        """Cut an activation into parts of one length, round each, and return their names."""
        from onnx import helper

        count = max(1, rows // _PART_ROWS)
        while rows % count:
            count -= 1
        parts = [f"{x}.{number}" for number in range(count)] if count > 1 else [x]
        if count > 1:
            sizes = f"{x}.sizes"
            self._constant(sizes, np.full(count, rows // count, dtype=np.int64))
            self.nodes.append(helper.make_node("Split", [x, sizes], parts, axis=-1))
        for part in parts:
            self._constant(f"{part}.scale", np.array(1 / 127, dtype=np.float32))
            self._constant(f"{part}.zero", np.array(128, dtype=np.uint8))
            self.nodes += [
                helper.make_node("Abs", [part], [f"{part}.abs"]),
                helper.make_node(
                    "ReduceMax", [f"{part}.abs"], [f"{part}.max"], axes=[-1], keepdims=1
                ),
                helper.make_node("Max", [f"{part}.max", "tiny"], [f"{part}.row"]),
                helper.make_node("Div", [part, f"{part}.row"], [f"{part}.even"]),
                helper.make_node(
                    "QuantizeLinear",
                    [f"{part}.even", f"{part}.scale", f"{part}.zero"],
                    [f"{part}.q"],
                ),
            ]
        return parts

    def _weight(self, name: str, values: Matrix, typical: Matrix) -> None:
        largest = self.largest
        scales = np.maximum(np.abs(values).max(axis=0) / largest, _TINY).astype(np.float32)
        self._constant(f"{name}.q", _rounded(values, scales, typical, largest))
        self._constant(f"{name}.scale", scales)
        self._constant(f"{name}.zero", np.zeros(len(scales), dtype=np.int8))

    def _product(self, x: str, weight: str, y: str) -> None:
        from onnx import helper

        factors = [f"{x}.q", f"{weight}.q", f"{x}.scale", f"{weight}.scale"]
        zeros = [f"{x}.zero", f"{weight}.zero"]
        # One operation of ONNX Runtime's own: the product of bytes, and its scales.
        self.nodes += [
            helper.make_node(
                "MatMulIntegerToFloat", [*factors, *zeros], [f"{y}.even"], domain=_CONTRIB
            ),
            helper.make_node("Mul", [f"{y}.even", f"{x}.row"], [y]),
        ]

    def _constant(self, name: str, values: np.ndarray) -> None:
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))


def _eight_bits(table: Matrix) -> tuple[NDArray[np.uint8], Matrix]:
    """Return (rows, columns) codes about 128 and the scale of each block of columns."""
    rows, columns = table.shape
    blocks = -(-columns // _TABLE_BLOCK)
    padded = np.zeros((rows, blocks * _TABLE_BLOCK), np.float32)
    padded[:, :columns] = table
    apart = padded.reshape(rows, blocks, _TABLE_BLOCK)
    scales = np.maximum(np.abs(apart).max(axis=2) / 127, _TINY).astype(np.float32)
    codes = np.rint(apart / scales[..., None]) + 128
    return codes.reshape(rows, -1)[:, :columns].astype(np.uint8), scales


def _rounded(weights: Matrix, scales: Vector, typical: Matrix, largest: int) -> NDArray[np.int8]:
    """Return (rows, columns) whole numbers whose products with ``typical`` keep close.

    GPTQ: with H = XᵀX and its inverse's factor U, inv(H) = UᵀU, what rounding row i loses is
    taken from the rows after it, in the ratio U[i, i+1:] / U[i, i].
    """
    products = (typical.T @ typical).astype(np.float64)
    # A few hundred tokens say little of directions they do not take.
    damping = max(_DAMPING * np.trace(products) / len(products), _TINY)
    products += damping * np.eye(len(products))
    factor = np.linalg.cholesky(np.linalg.inv(products)).T
    left = weights.astype(np.float64)
    rounded = np.empty(weights.shape, dtype=np.int8)
    for row in range(len(left)):
        rounded[row] = np.clip(np.rint(left[row] / scales), -largest, largest)
        lost = (left[row] - rounded[row] * scales) / factor[row, row]
        left[row + 1 :] -= np.outer(factor[row, row + 1 :], lost)
    return rounded


def _smoothing(peaks: Vector, matrices: Iterable[Matrix]) -> Vector:
    """Return (rows,) what each feature is divided by, and its weights are multiplied by."""
    weight = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
    asked = np.maximum(peaks, _QUIET) ** _SMOOTHING
    moved = asked / np.maximum(weight, _QUIET) ** (1 - _SMOOTHING)
    # About 1: the numbers stay where float32 is exact, whatever the model's units are.
    smooth: Vector = (moved / np.exp(np.log(moved).mean())).astype(np.float32)
    return smooth
