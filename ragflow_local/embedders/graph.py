"""Assembles an ONNX graph, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ragflow_local.embedders.weights import Packed
from ragflow_local.records import Matrix

if TYPE_CHECKING:
    import onnx

# 17, the last in which ReduceMax has its axes as an attribute, as the quantizer writes it.
OPSET = 17
CONTRIB = "com.microsoft"
_NONE: Mapping[str, int] = MappingProxyType({})


class Graph:
    """Operations and constants. Texts are the first axis, tokens the second."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._count = 0

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operation; return the name of what it gives."""
        from onnx import helper

        self._count += 1
        name = f"{kind}.{self._count}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values: Any, kind: Any = np.float32, name: str = "") -> str:
        """Add a constant; return its name."""
        from onnx import numpy_helper

        self._count += 1
        name = name or f"constant.{self._count}"
        array = np.array(values, dtype=kind, order="C")
        self._constants[name] = numpy_helper.from_array(array, name)
        return name

    def whole(self, *numbers: int) -> str:
        """Add whole numbers, as shapes and places are given."""
        return self.constant(numbers, np.int64)

    def linear(self, x: str, weight: Matrix, bias: Matrix | None, name: str) -> str:
        """Return x · weightᵀ + bias."""
        product = self.add("MatMul", x, self.constant(weight.T, name=name))
        return product if bias is None else self.add("Add", product, self.constant(bias))

    def norm(self, x: str, weight: Matrix, bias: Matrix | None, epsilon: float) -> str:
        """Return x with mean 0 and deviation 1 along its features, scaled."""
        given = [x, self.constant(weight)] + ([] if bias is None else [self.constant(bias)])
        return self.add("LayerNormalization", *given, axis=-1, epsilon=epsilon)

    def rows(self, table: Matrix | Packed, numbers: str, name: str) -> str:
        """Return the rows of a table whose numbers are given."""
        if isinstance(table, Packed):
            codes = self.constant(table.codes, np.uint8, name)
            scales = self.constant(table.scales, np.float32, f"{name}.scales")
            return self.add(
                "GatherBlockQuantized",
                *(codes, numbers, scales),
                domain=CONTRIB,
                bits=4,
                block_size=table.block,
                gather_axis=0,
                quantize_axis=1,
            )
        return self.add("Gather", self.constant(table, name=name), numbers, axis=0)

    def first(self, table: Matrix, count: str) -> str:
        """Return the first ``count`` rows of a table."""
        return self.add("Slice", self.constant(table), self.whole(0), count, self.whole(0))

    def activated(self, x: str, kind: str) -> str:
        """Return an activation of x.

        Raises:
            ValueError: It is none of those known here.
        """
        if kind == "relu":
            return self.add("Relu", x)
        if kind == "tanh":
            return self.add("Tanh", x)
        if kind == "sigmoid":
            return self.add("Sigmoid", x)
        half = self.add("Mul", x, self.constant(0.5))
        if kind == "gelu":
            inner = self.add("Erf", self.add("Div", x, self.constant(np.sqrt(2.0))))
        elif kind in ("gelu_new", "gelu_pytorch_tanh", "gelu_fast"):
            # Source: Hendrycks & Gimpel, 2016, https://arxiv.org/abs/1606.08415
            cube = self.add("Mul", self.add("Mul", x, x), x)
            sum_ = self.add("Add", x, self.add("Mul", cube, self.constant(0.044715)))
            inner = self.add("Tanh", self.add("Mul", sum_, self.constant(np.sqrt(2 / np.pi))))
        else:
            raise ValueError(f"its activation is {kind}")
        return self.add("Mul", half, self.add("Add", inner, self.constant(1.0)))

    def write(
        self, file: Path, inputs: tuple[str, ...], output: str, vectors: Mapping[str, int] = _NONE
    ) -> None:
        """Write the model: (texts, tokens) in, ``output`` out.

        Args:
            file: Where it goes.
            inputs: Names of whole numbers.
            output: What is given out, as ``embedding``.
            vectors: Names of numbers (texts, tokens, features), and how many features.
        """
        import onnx
        from onnx import TensorProto, helper

        self._nodes.append(helper.make_node("Identity", [output], ["embedding"]))
        shape: list[str | int | None] = ["texts", "tokens"]
        graph = helper.make_graph(
            self._nodes,
            "model",
            [
                *(helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in inputs),
                *(
                    helper.make_tensor_value_info(name, TensorProto.FLOAT, [*shape, size])
                    for name, size in vectors.items()
                ),
            ],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", None])],
            list(self._constants.values()),
        )
        sets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        onnx.save(helper.make_model(graph, opset_imports=sets, ir_version=8), str(file))
