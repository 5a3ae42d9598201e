"""Model: layers above the reader's lower ones, and a head on what claim and passage mean."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.reader.model import Layer
from ragflow_local.embedders.reader import OF_CLAIM, OF_PASSAGE


class Checker(nn.Module):
    """Says with which chance a passage states a claim."""

    def __init__(self, layers: int, hidden: int, wide: int, heads: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(hidden, wide, heads) for _ in range(layers))
        self.joined = nn.Linear(3 * hidden, hidden)
        self.stated = nn.Linear(hidden, 1)

    def drop(self, share: float) -> None:
        """Leave out a share of what the layers give while training."""
        for part in self.modules():
            if isinstance(part, nn.Dropout):
                part.p = share

    def forward(self, x: Tensor, part: Tensor, mask: Tensor) -> Tensor:
        """Return (n,) logits.

        Args:
            x: (n, tokens, hidden) what the lower layers give.
            part: (n, tokens) ``OF_CLAIM``, ``OF_PASSAGE`` or 0.
            mask: (n, tokens) false for padding.
        """
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        parts = [x[:, 0]]
        for number in (OF_CLAIM, OF_PASSAGE):
            member = (part == number)[:, None, :].to(x.dtype)
            parts.append((member @ x / member.sum(-1, keepdim=True).clamp(min=1)).squeeze(1))
        joined = functional.gelu(self.joined(torch.cat(parts, -1)))
        logits: Tensor = self.stated(joined).squeeze(-1).float()
        return logits
