"""Builds the ONNX graph of a transformer from its config.json and weights, without torch.

Four families: BERT with its kin (RoBERTa, XLM-RoBERTa, CamemBERT, DistilBERT), MPNet, ModernBERT.
What none of them is stays with sentence-transformers.

Source: Devlin et al., 2018, https://arxiv.org/abs/1810.04805; Song et al., 2020,
https://arxiv.org/abs/2004.09297; Warner et al., 2024, https://arxiv.org/abs/2412.13663
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragflow_local.embedders.graph import Graph
from ragflow_local.embedders.weights import Weights
from ragflow_local.records import Matrix

# What takes a masked token out of a softmax; finite, for a text of nothing but masked tokens.
_NEVER = -1e9
_BUCKETS, _FARTHEST = 32, 128  # of MPNet's distances: fixed in its published code


class UnknownArchitectureError(ValueError):
    """A model is of an architecture that is not supported without torch."""


@dataclass(frozen=True, slots=True)
class _Names:
    """The tensor names of an architecture.

    Attributes:
        layer: Of each layer, with its number to be filled in.
        query, key, value, out: Of the attention.
        after_attention, widen, narrow, after: The norms and the two products between them.
    """

    layer: str
    query: str
    key: str
    value: str
    out: str
    after_attention: str
    widen: str
    narrow: str
    after: str


_BERT = _Names(
    "encoder.layer.{}.",
    *("attention.self.query", "attention.self.key", "attention.self.value"),
    *("attention.output.dense", "attention.output.LayerNorm"),
    *("intermediate.dense", "output.dense", "output.LayerNorm"),
)
_MPNET = _Names(
    "encoder.layer.{}.",
    *("attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o"),
    *("attention.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"),
)
_DISTILBERT = _Names(
    "transformer.layer.{}.",
    *("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"),
    *("sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"),
)
# The family, and whether positions are counted from the padding's number on.
_FAMILIES = {
    "bert": (_BERT, False),
    "roberta": (_BERT, True),
    "xlm-roberta": (_BERT, True),
    "camembert": (_BERT, True),
    "mpnet": (_MPNET, True),
    "distilbert": (_DISTILBERT, False),
}


def encode(
    graph: Graph, config: Mapping[str, Any], weights: Weights, window: int, words: str = ""
) -> str:
    """Add a transformer; return the name of its hidden states (texts, tokens, features).

    Args:
        graph: With ``input_ids`` and ``attention_mask``; padding stands after the text.
        config: What config.json says.
        weights: The tensors.
        window: Most tokens of a text.
        words: What has the rows of the vocabulary already, of BERT and its kin; else they are
            looked up by ``input_ids``.

    Raises:
        UnknownArchitectureError: It is of no family written here.
        KeyError: A tensor is missing.
    """
    kind = str(config.get("model_type", ""))
    if kind == "modernbert":
        return _Modern(graph, config, weights, window).encoded()
    if kind not in _FAMILIES:
        raise UnknownArchitectureError(f"its architecture is {kind or 'not said'}")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise UnknownArchitectureError("its positions are relative")
    if config.get("is_decoder"):
        raise UnknownArchitectureError("it is a decoder")
    return _Post(graph, config, weights, kind, words).encoded()


def encode_above(
    graph: Graph, config: Mapping[str, Any], weights: Weights, states: str, first: int
) -> str:
    """Add the layers of a BERT model from number ``first`` on; return their output.

    Args:
        graph: With ``attention_mask``.
        config: What config.json says.
        weights: The tensors.
        states: What the layers below give.
        first: The lowest of these layers, counted from 0.
    """
    post = _Post(graph, config, weights, str(config["model_type"]), states)
    return post.layers_from(first, states, post.mask_bias())


def mask_of(graph: Graph) -> str:
    """Return (texts, tokens) 1.0 for a token, 0.0 for padding."""
    return graph.add("Cast", "attention_mask", to=1)


class _Encoder:
    """The parts that all architectures share: tensor lookup and attention."""

    def __init__(
        self, graph: Graph, config: Mapping[str, Any], weights: Weights, given: str = ""
    ) -> None:
        self.graph, self.config, self.weights = graph, config, weights
        self.hidden = self.number("hidden_size", "dim")
        self.layers = self.number("num_hidden_layers", "n_layers")
        self.heads = self.number("num_attention_heads", "n_heads")
        self.size = self.hidden // self.heads
        self.given = given
        shape = graph.add("Shape", given or "input_ids")
        self.tokens = graph.add("Slice", shape, graph.whole(1), graph.whole(2), graph.whole(0))

    def number(self, *keys: str) -> int:
        return int(next(self.config[key] for key in keys if key in self.config))

    def find_prefix(self, ending: str) -> None:
        names = [name for name in self.weights if name.endswith(ending)]
        if not names:
            raise KeyError(ending)
        self.prefix = min(names, key=len).removesuffix(ending)

    def get(self, name: str) -> Matrix:
        return self.weights.tensor(self.prefix + name)

    def maybe(self, name: str) -> Matrix | None:
        return self.get(name) if self.prefix + name in self.weights else None

    def linear(self, x: str, name: str, scale: float = 1.0) -> str:
        bias = self.maybe(f"{name}.bias")
        weight = self.get(f"{name}.weight") * np.float32(scale)
        bias = None if bias is None else bias * np.float32(scale)
        return self.graph.linear(x, weight, bias, f"{name}.weight")

    def norm(self, x: str, name: str, epsilon: float) -> str:
        if self.prefix + f"{name}.weight" in self.weights:
            return self.graph.norm(
                x, self.get(f"{name}.weight"), self.maybe(f"{name}.bias"), epsilon
            )
        # As the first BERTs called them.
        return self.graph.norm(x, self.get(f"{name}.gamma"), self.get(f"{name}.beta"), epsilon)

    def words(self, name: str) -> str:
        name = self.prefix + name
        table = self.weights.packed(name)
        return self.graph.rows(
            self.weights.tensor(name) if table is None else table, "input_ids", "vocabulary"
        )

    def split(self, x: str) -> str:
        """Return (texts, heads, tokens, size) of (texts, tokens, features)."""
        graph = self.graph
        apart = graph.add("Reshape", x, graph.whole(0, 0, self.heads, self.size))
        return graph.add("Transpose", apart, perm=[0, 2, 1, 3])

    def attend(self, query: str, key: str, value: str, bias: str) -> str:
        """Return the attention output; the query is scaled already."""
        graph = self.graph
        turned = graph.add("Transpose", key, perm=[0, 1, 3, 2])
        scores = graph.add("Add", graph.add("MatMul", query, turned), bias)
        shares = graph.add("Softmax", scores, axis=-1)
        taken = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
        return graph.add("Reshape", taken, graph.whole(0, 0, self.hidden))

    def mask_bias(self) -> str:
        """Return (texts, 1, 1, tokens) what is added to scores: nothing, or what ends them."""
        graph = self.graph
        missing = graph.add("Sub", graph.constant(1.0), mask_of(graph))
        row = graph.add("Mul", missing, graph.constant(_NEVER))
        return graph.add("Unsqueeze", row, graph.whole(1, 2))


class _Post(_Encoder):
    """BERT and its kin: positions are added to words, and norms follow each half of a layer."""

    def __init__(
        self, graph: Graph, config: Mapping[str, Any], weights: Weights, kind: str, given: str
    ) -> None:
        super().__init__(graph, config, weights, given)
        self.names, self.is_offset = _FAMILIES[kind]
        self.find_prefix("embeddings.word_embeddings.weight")
        self.epsilon = float(config.get("layer_norm_eps", 1e-12))
        self.activation = str(config.get("hidden_act") or config.get("activation") or "gelu")

    def encoded(self) -> str:
        graph = self.graph
        places = self.get("embeddings.position_embeddings.weight")
        if self.is_offset:
            places = places[int(self.config.get("pad_token_id") or 1) + 1 :]
        kinds = self.maybe("embeddings.token_type_embeddings.weight")
        if kinds is not None:
            places = places + kinds[0]  # a text alone is all of the first kind
        words = self.given or self.words("embeddings.word_embeddings.weight")
        x = graph.add("Add", words, graph.first(places, self.tokens))
        x = self.norm(x, "embeddings.LayerNorm", self.epsilon)
        bias = self.mask_bias()
        if self.names is _MPNET:
            bias = graph.add("Add", bias, self.distances(len(places)))
        return self.layers_from(0, x, bias)

    def layers_from(self, first: int, x: str, bias: str) -> str:
        for number in range(first, self.layers):
            x = self.layer(x, self.names.layer.format(number), bias)
        return x

    def layer(self, x: str, at: str, bias: str) -> str:
        graph, names = self.graph, self.names
        query = self.split(self.linear(x, at + names.query, self.size**-0.5))
        key, value = (self.split(self.linear(x, at + name)) for name in (names.key, names.value))
        taken = self.linear(self.attend(query, key, value, bias), at + names.out)
        x = self.norm(graph.add("Add", taken, x), at + names.after_attention, self.epsilon)
        wide = graph.activated(self.linear(x, at + names.widen), self.activation)
        narrow = self.linear(wide, at + names.narrow)
        return self.norm(graph.add("Add", narrow, x), at + names.after, self.epsilon)

    def distances(self, most: int) -> str:
        """Return (1, heads, tokens, tokens) what MPNet adds for the distance of two tokens."""
        graph = self.graph
        table = self.get("encoder.relative_attention_bias.weight")
        buckets = graph.constant(_buckets(most), np.int64)
        both = graph.add("Concat", self.tokens, self.tokens, axis=0)
        near = graph.add("Slice", buckets, graph.whole(0, 0), both, graph.whole(0, 1))
        biases = graph.add("Gather", graph.constant(table), near, axis=0)
        turned = graph.add("Transpose", biases, perm=[2, 0, 1])
        return graph.add("Unsqueeze", turned, graph.whole(0))


def _buckets(most: int) -> NDArray[np.int64]:
    """Return (most, most) the number of each distance: exact when near, by logarithm when far."""
    distance = np.arange(most)[None, :] - np.arange(most)[:, None]
    half, exact = _BUCKETS // 2, _BUCKETS // 4
    size = np.abs(distance)
    far = np.log(np.maximum(size, 1).astype(np.float32) / np.float32(exact))
    far = far / np.float32(math.log(_FARTHEST / exact)) * (half - exact)
    far = np.minimum(exact + far.astype(np.int64), half - 1)
    buckets: NDArray[np.int64] = np.where(distance > 0, half, 0) + np.where(size < exact, size, far)
    return buckets


class _Modern(_Encoder):
    """ModernBERT: positions turn queries and keys, norms come first, most layers look near."""

    def __init__(
        self, graph: Graph, config: Mapping[str, Any], weights: Weights, window: int
    ) -> None:
        super().__init__(graph, config, weights)
        self.find_prefix("embeddings.tok_embeddings.weight")
        self.epsilon = float(config.get("norm_eps", 1e-5))
        self.activation = str(config.get("hidden_activation", "gelu"))
        self.window = window
        self.turns: dict[float, tuple[str, str]] = {}

    def encoded(self) -> str:
        x = self.norm(
            self.words("embeddings.tok_embeddings.weight"), "embeddings.norm", self.epsilon
        )
        everywhere = self.mask_bias()
        near = self.graph.add("Add", everywhere, self.only_near())
        for number in range(self.layers):
            is_near = self.is_near(number)
            x = self.layer(x, number, near if is_near else everywhere, self.turn(is_near))
        return self.norm(x, "final_norm", self.epsilon)

    def is_near(self, number: int) -> bool:
        kinds = self.config.get("layer_types")
        if kinds:
            return bool(kinds[number] == "sliding_attention")
        return number % int(self.config.get("global_attn_every_n_layers", 3)) != 0

    def turn(self, is_near: bool) -> tuple[str, str]:
        """Return cosines and sines (tokens, size) by which positions turn queries and keys."""
        parameters = self.config.get("rope_parameters") or {}
        own = parameters.get("sliding_attention" if is_near else "full_attention") or {}
        named = "local_rope_theta" if is_near else "global_rope_theta"
        theta = float(
            own.get("rope_theta") or self.config.get(named) or (10_000 if is_near else 160_000)
        )
        if theta not in self.turns:
            steps = theta ** (-np.arange(0, self.size, 2) / self.size)
            angles = np.arange(self.window)[:, None] * steps[None, :]
            angles = np.concatenate([angles, angles], axis=1)
            self.turns[theta] = (
                self.graph.first(np.cos(angles).astype(np.float32), self.tokens),
                self.graph.first(np.sin(angles).astype(np.float32), self.tokens),
            )
        return self.turns[theta]

    def layer(self, x: str, number: int, bias: str, turn: tuple[str, str]) -> str:
        graph, at = self.graph, f"layers.{number}."
        even = x
        if self.prefix + f"{at}attn_norm.weight" in self.weights:  # the first layer has none
            even = self.norm(x, f"{at}attn_norm", self.epsilon)
        query, key, value = self.queries(even, at)
        taken = self.attend(self.turned(query, turn), self.turned(key, turn), value, bias)
        x = graph.add("Add", x, self.linear(taken, f"{at}attn.Wo"))
        wide = self.linear(self.norm(x, f"{at}mlp_norm", self.epsilon), f"{at}mlp.Wi")
        half = int(self.config["intermediate_size"])
        given = graph.add("Slice", wide, graph.whole(0), graph.whole(half), graph.whole(2))
        gate = graph.add("Slice", wide, graph.whole(half), graph.whole(2 * half), graph.whole(2))
        passed = graph.add("Mul", graph.activated(given, self.activation), gate)
        return graph.add("Add", x, self.linear(passed, f"{at}mlp.Wo"))

    def queries(self, x: str, at: str) -> list[str]:
        """Return query, key and value, which are one matrix in the weights."""
        weight, bias = self.get(f"{at}attn.Wqkv.weight"), self.maybe(f"{at}attn.Wqkv.bias")
        queries = []
        for part, scale in enumerate((self.size**-0.5, 1.0, 1.0)):
            rows = slice(part * self.hidden, (part + 1) * self.hidden)
            own = None if bias is None else bias[rows] * np.float32(scale)
            name = f"{at}attn.{part}"
            made = self.graph.linear(x, weight[rows] * np.float32(scale), own, name)
            queries.append(self.split(made))
        return queries

    def turned(self, x: str, turn: tuple[str, str]) -> str:
        graph, half = self.graph, self.size // 2
        low = graph.add("Slice", x, graph.whole(0), graph.whole(half), graph.whole(3))
        high = graph.add("Slice", x, graph.whole(half), graph.whole(self.size), graph.whole(3))
        swapped = graph.add("Concat", graph.add("Neg", high), low, axis=-1)
        return graph.add("Add", graph.add("Mul", x, turn[0]), graph.add("Mul", swapped, turn[1]))

    def only_near(self) -> str:
        """Return (tokens, tokens) what ends the scores of tokens that are far from one another."""
        graph = self.graph
        reach = int(self.config.get("local_attention", 128)) // 2
        count = graph.add("Squeeze", self.tokens, graph.whole(0))
        zero, step = graph.constant(0, np.int64), graph.constant(1, np.int64)
        places = graph.add("Range", zero, count, step)
        across = graph.add("Unsqueeze", places, graph.whole(0))
        down = graph.add("Unsqueeze", places, graph.whole(1))
        distance = graph.add("Abs", graph.add("Sub", across, down))
        is_far = graph.add("Greater", distance, graph.constant(reach, np.int64))
        return graph.add("Where", is_far, graph.constant(_NEVER), graph.constant(0.0))
