"""Model: BERT's layers over a frozen vocabulary, a score for each sentence and one for none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.reader.batches import MOST_SENTENCES, Batch
from benchmarks.reader.pack import PADDING

HEADS = 12
_EPSILON = 1e-12
_DROPOUT = 0.1
_NEVER = -1e4
_SPAN_WEIGHT = 0.5


class Layer(nn.Module):
    """Attention and two products, a norm after each half."""

    def __init__(self, hidden: int, wide: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(hidden, hidden) for _ in range(3))
        self.out = nn.Linear(hidden, hidden)
        self.after_attention = nn.LayerNorm(hidden, _EPSILON)
        self.widen, self.narrow = nn.Linear(hidden, wide), nn.Linear(wide, hidden)
        self.after = nn.LayerNorm(hidden, _EPSILON)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return (n, tokens, hidden)."""
        count, tokens, hidden = x.shape

        def split(part: Tensor) -> Tensor:
            return part.view(count, tokens, self.heads, -1).transpose(1, 2)

        query, key, value = (split(part(x)) for part in (self.query, self.key, self.value))
        taken = _attended(query, key, value, mask, self.dropout.p if self.training else 0.0)
        taken = self.out(taken.transpose(1, 2).reshape(count, tokens, hidden))
        x = self.after_attention(x + self.dropout(taken))
        found: Tensor = self.after(x + self.dropout(self.narrow(functional.gelu(self.widen(x)))))
        return found


def in_16_bits(device: str) -> AbstractContextManager[object]:
    """Return the context of products in 16 bits; of 32 where a processor would only emulate them.

    Without AVX-512 BF16 or AMX a product in 16 bits takes twice to three times as long.
    """
    is_fast = device != "cpu" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device, torch.bfloat16, enabled=is_fast)


def _attended(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, dropout: float) -> Tensor:
    """Return what attention takes; on processors in 32 bits, where 16 are slow to train with."""
    is_slow = query.device.type == "cpu"
    if is_slow:
        query, key, value = query.float(), key.float(), value.float()
    with torch.autocast("cpu", enabled=False) if is_slow else contextlib.nullcontext():
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=dropout
        )


class Reader(nn.Module):
    """The whole model. What is frozen has no gradient; ``trained`` yields the rest."""

    def __init__(
        self, rows: int, hidden: int, wide: int, layers: int, window: int, heads: int = HEADS
    ) -> None:
        super().__init__()
        self.word = nn.Embedding(rows, hidden)
        self.place = nn.Embedding(window, hidden)
        self.norm = nn.LayerNorm(hidden, _EPSILON)
        self.layers = nn.ModuleList(Layer(hidden, wide, heads) for _ in range(layers))
        self.dense = nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1)
        self.none_dense = nn.Linear(hidden, hidden)
        self.none_score = nn.Linear(hidden, 1)
        self.ends = nn.Linear(hidden, 2)  # for training alone: where an answer begins and ends
        self.frozen = 0

    def freeze(self, frozen: int) -> None:
        """Train what is above the first ``frozen`` layers only."""
        self.frozen = frozen
        for part in (self.word, self.place, self.norm, *self.layers[:frozen]):
            part.requires_grad_(False)

    def drop(self, share: float) -> None:
        """Leave out a share of what the layers give while training; on few cores none is faster."""
        for part in self.modules():
            if isinstance(part, nn.Dropout):
                part.p = share

    def trained(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield what is trained, by name."""
        yield from ((name, one) for name, one in self.named_parameters() if one.requires_grad)

    def hidden(self, ids: Tensor) -> Tensor:
        """Return (n, tokens, hidden)."""
        mask = (ids != PADDING)[:, None, None, :]
        with torch.no_grad():
            x = self.norm(self.word(ids) + self.place.weight[: ids.shape[1]])
            for layer in self.layers[: self.frozen]:
                x = layer(x, mask)
        for layer in self.layers[self.frozen :]:
            x = layer(x, mask)
        found: Tensor = x
        return found

    def forward(self, ids: Tensor, segment: Tensor) -> tuple[Tensor, Tensor]:
        """Return (n, 1 + sentences) scores, none first, and (n, tokens, 2) of an answer's ends."""
        x = self.hidden(ids)
        numbers = torch.arange(1, MOST_SENTENCES + 1, device=ids.device)
        member = (segment[:, None, :] == numbers[None, :, None]).to(x.dtype)
        means = member @ x / member.sum(-1, keepdim=True).clamp(min=1)
        scores = self.score(functional.gelu(self.dense(means))).squeeze(-1)
        none = self.none_score(functional.gelu(self.none_dense(x[:, 0])))
        return torch.cat([none, scores], 1).float(), self.ends(x).float()


def loss_of(model: Reader, batch: Batch, device: str) -> Tensor:
    """Return the loss: which sentence, and half as much where in it.

    Of several right sentences any may be chosen: the logarithm of the sum of their chances.
    """
    ids = _on(batch.ids, device).long()
    scores, ends = model(ids, _on(batch.segment, device))
    right, counts = _on(batch.right, device), _on(batch.open, device)
    right = right & counts
    every = scores.masked_fill(~counts, _NEVER).logsumexp(1)
    loss = (every - scores.masked_fill(~right, _NEVER).logsumexp(1)).mean()
    ends = ends.masked_fill((ids == PADDING)[..., None], _NEVER)
    span = _on(batch.span, device).long()
    both = functional.cross_entropy(
        torch.cat([ends[..., 0], ends[..., 1]]),
        torch.cat([span[:, 0], span[:, 1]]),
        ignore_index=-1,
        reduction="sum",
    )
    known = (span[:, 0] >= 0).sum().clamp(min=1)
    whole: Tensor = loss + _SPAN_WEIGHT * both / (2 * known)
    return whole


def scores_of(model: Reader, batch: Batch, device: str) -> np.ndarray:
    """Return (n, 1 + sentences) scores; those of no sentence are very low."""
    with torch.no_grad(), in_16_bits(device):
        scores, _ = model(_on(batch.ids, device).long(), _on(batch.segment, device))
    found: np.ndarray = scores.cpu().numpy()
    found[np.arange(1 + MOST_SENTENCES)[None, :] > batch.segment.max(1)[:, None]] = _NEVER
    return found


def _on(values: np.ndarray, device: str) -> Tensor:
    tensor = torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device == "cuda" else tensor


def open_base(path: Path) -> Reader:
    """Return the model with the weights that ``base.py`` wrote, its heads new."""
    with np.load(path) as kept:
        state = {
            name: kept[name] for name in kept.files if not name.endswith((".codes", ".scales"))
        }
        for name in kept.files:
            if name.endswith(".codes"):
                own = name.removesuffix(".codes")
                state[own] = _unpacked(kept[name], kept[f"{own}.scales"])
    layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("layers."))
    rows, hidden = state["word.weight"].shape
    model = Reader(
        rows, hidden, len(state["layers.0.widen.bias"]), layers, len(state["place.weight"])
    )
    told = {name: torch.from_numpy(one.astype(np.float32)) for name, one in state.items()}
    model.load_state_dict({**model.state_dict(), **told})
    return model


def _unpacked(codes: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the numbers of rows in 4 bits, two a byte, the first in the low half."""
    both = np.stack([codes & 15, codes >> 4], -1).reshape(len(codes), -1).astype(np.float32)
    wide = np.repeat(scales.astype(np.float32), both.shape[1] // scales.shape[1], axis=1)
    found: np.ndarray = (both - 8) * wide
    return found
