"""Exports a model folder to ONNX in float32, without torch.

The whole model goes into the graph, pooling and all that follows it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ragflow_local.embedders.architectures import UnknownArchitectureError, encode, mask_of
from ragflow_local.embedders.folder import ModelFolder, module_folders, pooling_modes
from ragflow_local.embedders.graph import Graph
from ragflow_local.embedders.onnx import MODEL, TOKENIZER, Form
from ragflow_local.embedders.weights import Safetensors, Weights

_INPUTS = ("input_ids", "attention_mask")
# Names that torch gives the activations of a Dense module.
_ACTIVATIONS = {"Tanh": "tanh", "ReLU": "relu", "GELU": "gelu", "Sigmoid": "sigmoid"}
# A file of ONNX is one message of Protocol Buffers, which ends at 2 GiB.
_LARGEST = 1_900_000_000


def write_form(folder: ModelFolder, target: Path) -> str:
    """Write model.onnx, a tokenizer and form.json into ``target``; return why that is not done.

    Args:
        folder: What was read of the model.
        target: An empty folder.
    """
    transformer = module_folders(folder.name, folder.path)[0][1]
    config = json.loads((transformer / "config.json").read_bytes())
    if folder.tokenizer_file is None:
        return "it has no tokenizer.json"
    files = [file for file in folder.files if file.suffix == ".safetensors"]
    own = [file for file in files if file.parent == transformer]
    if 2 * sum(file.stat().st_size for file in own) > 2 * _LARGEST:
        return "its weights are larger than a file of ONNX may be"
    try:
        graph = Graph()
        hidden = encode(graph, config, Safetensors(own), folder.window_tokens)
        output = _followed(graph, hidden, folder)
    except UnknownArchitectureError as error:
        return str(error)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        return f"its weights are not those of its architecture: {type(error).__name__}: {error}"
    graph.write(target / MODEL, _INPUTS, output)
    shutil.copyfile(folder.tokenizer_file, target / TOKENIZER)
    settings = transformer / "sentence_bert_config.json"
    values = json.loads(settings.read_bytes()) if settings.is_file() else {}
    Form(
        window_tokens=folder.window_tokens,
        pad_id=int(config.get("pad_token_id") or 0),
        pads_left=False,
        lowercase=bool(values.get("do_lower_case", False)),
    ).write(target)
    return ""


def _followed(graph: Graph, hidden: str, folder: ModelFolder) -> str:
    """Add what follows the transformer; return the name of the embedding (texts, features)."""
    output = ""
    for kind, path in module_folders(folder.name, folder.path)[1:]:
        file = path / "config.json"
        config = json.loads(file.read_bytes()) if file.is_file() else {}
        if kind == "Pooling":
            output = pooled(graph, hidden, config)
        elif kind == "Dense":
            output = _dense(graph, output, config, Safetensors([path / "model.safetensors"]))
        elif kind == "Normalize":
            output = _normalized(graph, output)
        elif kind != "Dropout":
            raise UnknownArchitectureError(f"it has a module {kind}")
        if not output:
            raise UnknownArchitectureError(f"its module {kind} comes before its pooling")
    return output


def pooled(graph: Graph, hidden: str, config: Mapping[str, Any]) -> str:
    """Return one vector of a text's tokens, or several one after the other.

    Raises:
        UnknownArchitectureError: They are put together in a way not written here.
    """
    if not config.get("include_prompt", True):
        raise UnknownArchitectureError("its pooling leaves out the prompt")
    pooled_vectors = [_Pooling(graph, hidden).by(mode) for mode in pooling_modes(config)]
    return (
        pooled_vectors[0]
        if len(pooled_vectors) == 1
        else graph.add("Concat", *pooled_vectors, axis=-1)
    )


class _Pooling:
    """Tokens to one vector."""

    def __init__(self, graph: Graph, hidden: str) -> None:
        self.graph, self.hidden = graph, hidden
        self.mask = mask_of(graph)
        self.column = graph.add("Unsqueeze", self.mask, graph.whole(2))

    def by(self, mode: str) -> str:
        graph = self.graph
        if mode == "cls":
            return graph.add("Gather", self.hidden, graph.constant(0, np.int64), axis=1)
        if mode == "max":
            low = graph.add("Sub", self.column, graph.constant(1.0))
            never = graph.add("Mul", low, graph.constant(1e9))
            masked = graph.add("Add", self.hidden, never)
            return graph.add("ReduceMax", masked, axes=[1], keepdims=0)
        if mode in ("mean", "mean_sqrt_len_tokens"):
            count = self.sum(self.column)
            count = graph.add("Sqrt", count) if mode != "mean" else count
            return graph.add("Div", self.sum(self.weighed(self.column)), count)
        if mode == "weightedmean":
            places = graph.add("CumSum", self.column, graph.constant(1, np.int64))
            weights = graph.add("Mul", places, self.column)
            return graph.add("Div", self.sum(self.weighed(weights)), self.sum(weights))
        if mode == "lasttoken":
            count = graph.add("ReduceSum", "attention_mask", graph.whole(1), keepdims=1)
            last = graph.add("Sub", count, graph.constant(1, np.int64))
            return graph.add("GatherND", self.hidden, last, batch_dims=1)
        raise UnknownArchitectureError(f"its pooling is {mode}")

    def weighed(self, weights: str) -> str:
        return self.graph.add("Mul", self.hidden, weights)

    def sum(self, x: str) -> str:
        graph = self.graph
        return graph.add("ReduceSum", x, graph.whole(1), keepdims=0)


def _dense(graph: Graph, x: str, config: Mapping[str, Any], weights: Weights) -> str:
    bias = weights.tensor("linear.bias") if "linear.bias" in weights else None
    product = graph.linear(x, weights.tensor("linear.weight"), bias, f"dense.{x}")
    activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh"))
    named = activation.rsplit(".", 1)[-1]
    if named == "Identity":
        return product
    if named not in _ACTIVATIONS:
        raise UnknownArchitectureError(f"its activation is {named}")
    return graph.activated(product, _ACTIVATIONS[named])


def _normalized(graph: Graph, x: str) -> str:
    length = graph.add("ReduceL2", x, axes=[-1], keepdims=1)
    return graph.add("Div", x, graph.add("Max", length, graph.constant(1e-12)))
