"""States: what the reader's lower layers make of pairs, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.claims.batches import Encoded
from ragflow_local.embedders.onnx import open_session
from ragflow_local.embedders.packed import PackedFile

_TOGETHER = 16


class States:
    """Holds the states of the tokens of pairs, one after the other, in 16 bits."""

    def __init__(self, texts: Sequence[Encoded], lower: Path, weights: PackedFile) -> None:
        """Run the lower layers.

        Args:
            texts: Pairs as tokens of the whole vocabulary.
            lower: The lower layers, as they are shipped.
            weights: The multilingual model, whose vocabulary they read.
        """
        sizes = [len(one.ids) for one in texts]
        self.starts = np.cumsum([0, *sizes])
        session = open_session(lower)
        self._values = torch.zeros(int(self.starts[-1]), 384, dtype=torch.bfloat16)
        order = sorted(range(len(texts)), key=lambda at: sizes[at])
        for begin in range(0, len(order), _TOGETHER):
            part = order[begin : begin + _TOGETHER]
            width = max(sizes[at] for at in part)
            ids = np.ones((len(part), width), np.int64)
            mask = np.zeros_like(ids)
            for row, at in enumerate(part):
                ids[row, : sizes[at]] = texts[at].ids
                mask[row, : sizes[at]] = 1
            words = weights.rows(ids.ravel()).reshape(*ids.shape, -1)
            found = session.run(None, {"words": words, "attention_mask": mask})[0]
            for row, at in enumerate(part):
                self._values[self.starts[at] : self.starts[at + 1]] = torch.from_numpy(
                    found[row, : sizes[at]]
                )

    def batch(self, numbers: Sequence[int], width: int) -> torch.Tensor:
        """Return (numbers, width, features), zeros after each pair's end."""
        found = torch.zeros(len(numbers), width, self._values.shape[1])
        for row, at in enumerate(numbers):
            begin, end = int(self.starts[at]), int(self.starts[at + 1])
            found[row, : end - begin] = self._values[begin:end]
        return found
