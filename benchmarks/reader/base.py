"""Base: the multilingual model's weights for training, of its vocabulary only the rows used."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.reader.pack import PARTS, Whole
from ragflow_local.embedders.carried import CONFIG
from ragflow_local.embedders.packed import PackedFile

_WORDS = "embeddings.word_embeddings.weight"


def write_base(file: Path, vocabulary: Whole, target: Path) -> None:
    """Write what ``model.open_base`` reads."""
    weights = PackedFile(file)
    words = weights.packed(_WORDS)
    assert words is not None
    kinds = weights.tensor("embeddings.token_type_embeddings.weight")
    arrays: dict[str, np.ndarray] = {
        "word.weight.codes": words.codes[vocabulary],
        "word.weight.scales": words.scales[vocabulary].astype(np.float16),
        "place.weight": weights.tensor("embeddings.position_embeddings.weight") + kinds[0],
        "norm.weight": weights.tensor("embeddings.LayerNorm.weight"),
        "norm.bias": weights.tensor("embeddings.LayerNorm.bias"),
    }
    for number in range(int(str(CONFIG["num_hidden_layers"]))):
        for part, name in PARTS.items():
            for kind in ("weight", "bias"):
                tensor = weights.tensor(f"encoder.layer.{number}.{name}.{kind}")
                own = f"layers.{number}.{part}.{kind}"
                if tensor.ndim == 1:
                    arrays[own] = tensor
                    continue
                codes, scales = weights.blocks(f"encoder.layer.{number}.{name}.{kind}")
                arrays[f"{own}.codes"] = (codes[:, ::2] | (codes[:, 1::2] << 4)).reshape(
                    len(tensor), -1
                )
                arrays[f"{own}.scales"] = scales.reshape(len(tensor), -1).astype(np.float16)
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]  # the stubs know no names
