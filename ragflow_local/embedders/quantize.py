"""Quantizes an ONNX model from float32 to 8 bits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ragflow_local.embedders.onnx import Feed, intermediate
from ragflow_local.records import Matrix, Vector

if TYPE_CHECKING:
    import onnx

# How much of what is hard to round moves from the activations to the weights: the paper's value
# where every row has a scale; more where all rows share one.
_SMOOTHING, _SMOOTHING_OF_EVEN = 0.5, 0.7
# Rows are even where the largest number of none is more than so many times what it is in most, and
# have one sign where the lowest number is less than such a share of the largest in most.
_EVEN, _ONE_SIGN = 1.8, 0.25
# A row of zeros divided by its largest number would be no number.
_TINY = 1e-12
_QUIET = 1e-5
_DAMPING = 1.0  # of 0.01, 0.1 and 1, the best on texts that are not of the probe
_CONTRIB = "com.microsoft"
# Smaller tables are positions and the like: they take no room.
_TABLE_ROWS, _TABLE_BLOCK = 4096, 64


def quantize(source: Path, target: Path, feeds: Iterable[Feed], largest: int = 127) -> None:
    """Write ``source`` with its matrix products and its vocabulary in 8 bits.

    Weights W have a scale for each column; an activation x, one of these:

    - ``even``: Its rows reach about as far, as those of a norm do, and several products share it.
      One scale for all of them, known beforehand: rounding is one operation, and the product has
      its scales and its bias in it.
    - ``one sign``: What a GELU or a ReLU gives, from just below zero to far above. A scale for each
      row, and a zero low enough for what is below.
    - ``uneven``: A few tokens (the first and the last of a text, above all) have numbers many times
      those of the others, which one scale for all would round to nothing. A scale for each row.

        x · W  =  r · (s_W · (q(x / (m r)) · q(m W)))        r = max |x / m| / 127

    Likewise a few features of every token stand out, where norms precede: they are divided by m_j,
    made of what they reach on ``feeds``, and their weights multiplied by it. No scale depends on
    the other texts of a batch: a text has the same vector in whatever company. Weights are rounded
    one after the other, each making up for what those before it lost on ``feeds`` (GPTQ).

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


@dataclass(frozen=True, slots=True)
class _Rounding:
    """How an activation is rounded.

    Attributes:
        kind: ``even``, ``one sign`` or ``uneven``.
        zero: The byte that stands for 0.
        scale: What a step of a byte is worth; of rows with scales of their own, at least.
    """

    kind: str
    zero: int
    scale: float


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
        self.biased = self._biased()
        self.within: set[str] = set()  # sums with a bias that are in the product

    def _biased(self) -> dict[str, tuple[str, str]]:
        """Return the bias and the sum of each value whose only use is to be added to a bias."""
        uses = Counter(name for node in self.graph.node for name in node.input)
        uses.update(output.name for output in self.graph.output)
        found = {}
        for node in self.graph.node:
            if node.op_type != "Add":
                continue
            for x, bias in (node.input, reversed(node.input)):
                if uses[x] == 1 and bias in self.tensors and len(self.tensors[bias].dims) == 1:
                    found[x] = (bias, node.output[0])
        return found

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
            elif not self.within.intersection(node.output):
                self.nodes.append(node)
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
        from onnx import numpy_helper

        nodes = self.products[x]
        matrices: dict[str, Matrix] = {
            node.input[1]: numpy_helper.to_array(self.tensors[node.input[1]]) for node in nodes
        }
        rounding, smooth = _rounding(typical, list(matrices.values()))
        even = x
        if rounding.kind != "one sign":
            self._constant(f"{x}.smoothing", 1 / smooth)
            even = self._add("Mul", [x, f"{x}.smoothing"], f"{x}.smooth")
        self._constant(f"{x}.zero", np.array(rounding.zero, dtype=np.uint8))
        if rounding.kind == "even":
            self._constant(f"{x}.scale", np.array(rounding.scale, dtype=np.float32))
            self._add("QuantizeLinear", [even, f"{x}.scale", f"{x}.zero"], f"{x}.q")
        else:
            self._constant(f"{x}.scale", np.array(1, dtype=np.float32))
            self._round_rows(x, even, typical.shape[1], rounding)
        for name, matrix in matrices.items():
            self._weight(name, matrix * smooth[:, None], typical / smooth)
        for node in nodes:
            self._product(x, node.input[1], node.output[0], rounding.kind)

    def _round_rows(self, x: str, even: str, columns: int, rounding: _Rounding) -> None:
        """Round each row of ``even`` by a scale of its own, ``x``.row, of however many axes."""
        from onnx import numpy_helper

        last = {"axes": [-1], "keepdims": 1}
        reach = self._add("ReduceMax", [even], f"{x}.most", **last)
        if rounding.kind == "uneven":
            low = self._add("ReduceMin", [even], f"{x}.least", **last)
            low = self._add("Neg", [low], f"{x}.low")
            reach = self._add("Max", [reach, low], f"{x}.reach")
        self._constant(f"{x}.step", np.array(1 / (255 - rounding.zero), dtype=np.float32))
        self._constant(f"{x}.least_scale", np.array(rounding.scale, dtype=np.float32))
        scale = self._add("Mul", [reach, f"{x}.step"], f"{x}.wanted")
        scale = self._add("Max", [scale, f"{x}.least_scale"], f"{x}.row")
        # One operation rounds rows by scales that are computed, where there are no other axes.
        self._constant(f"{x}.two_axes", np.array([-1, columns], dtype=np.int64))
        self._constant(f"{x}.one_axis", np.array([-1], dtype=np.int64))
        flat = self._add("Reshape", [even, f"{x}.two_axes"], f"{x}.flat")
        scales = self._add("Reshape", [scale, f"{x}.one_axis"], f"{x}.scales")
        count = self._add("Shape", [scales], f"{x}.rows")
        zero = numpy_helper.from_array(np.array([rounding.zero], dtype=np.uint8))
        zeros = self._add("ConstantOfShape", [count], f"{x}.zeros", value=zero)
        codes = self._add("QuantizeLinear", [flat, scales, zeros], f"{x}.codes", axis=0)
        shape = self._add("Shape", [even], f"{x}.shape")
        self._add("Reshape", [codes, shape], f"{x}.q")

    def _weight(self, name: str, values: Matrix, typical: Matrix) -> None:
        largest = self.largest
        scales = np.maximum(np.abs(values).max(axis=0) / largest, _TINY).astype(np.float32)
        self._constant(f"{name}.q", _rounded(values, scales, typical, largest))
        self._constant(f"{name}.scale", scales)
        self._constant(f"{name}.zero", np.zeros(len(scales), dtype=np.int8))

    def _product(self, x: str, weight: str, y: str, kind: str) -> None:
        # One operation of ONNX Runtime's own: the product of bytes, its scales, and a bias.
        operation, contrib = "MatMulIntegerToFloat", {"domain": _CONTRIB}
        factors = [f"{x}.q", f"{weight}.q", f"{x}.scale", f"{weight}.scale"]
        given = [*factors, f"{x}.zero", f"{weight}.zero"]
        if kind != "even":
            product = self._add(operation, given, f"{y}.even", **contrib)
            self._add("Mul", [product, f"{x}.row"], y)
        elif y in self.biased:
            bias, sum_ = self.biased[y]
            self.within.add(sum_)
            self._add(operation, [*given, bias], sum_, **contrib)
        else:
            self._add(operation, given, y, **contrib)

    def _add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add an operation; return the name of what it gives."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

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


def _rounding(typical: Matrix, matrices: Sequence[Matrix]) -> tuple[_Rounding, Vector]:
    """Return how an activation is rounded, and (features,) what it is divided by before."""
    most, lowest = float(np.median(typical.max(axis=1))), -float(typical.min())
    if lowest < _ONE_SIGN * most:
        below = max(lowest, 0.0)
        zero = math.ceil(255 * below / (below + most))
        scale = max(below / max(zero, 1), _TINY)
        return _Rounding("one sign", zero, scale), np.ones(typical.shape[1], np.float32)
    peaks = np.abs(typical).max(axis=0)
    smooth = _smoothing(peaks, matrices, _SMOOTHING_OF_EVEN)
    reach = np.abs(typical / smooth).max(axis=1)
    # Where it pays: of one product alone, the clipping of texts like none of ``feeds`` costs more.
    if len(matrices) > 1 and reach.max() <= _EVEN * np.median(reach):
        return _Rounding("even", 128, max(float(reach.max()) / 127, _TINY)), smooth
    return _Rounding("uneven", 128, _TINY), _smoothing(peaks, matrices, _SMOOTHING)


def _smoothing(peaks: Vector, matrices: Iterable[Matrix], share: float) -> Vector:
    """Return (features,) what each feature is divided by, and its weights are multiplied by."""
    weight = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
    asked = np.maximum(peaks, _QUIET) ** share
    moved = asked / np.maximum(weight, _QUIET) ** (1 - share)
    # About 1: the numbers stay where float32 is exact, whatever the model's units are.
    smooth: Vector = (moved / np.exp(np.log(moved).mean())).astype(np.float32)
    return smooth
