"""A sentence-transformers folder with random weights, small enough to make in every test run."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

WORDS = ["the", "kraken", "sleeps", "deep", "sea", "tax", "law", "of", "query", "passage", "what"]
WORDS += ["is", "?", ".", ":", "巨", "妖", "睡", "觉", "in", "library"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
DIM, WINDOW = 32, 48


def write_json(file: Path, value: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value), encoding="utf-8")


def write_safetensors(file: Path, tensors: Mapping[str, np.ndarray[Any, Any]]) -> None:
    header: dict[str, object] = {}
    data = b""
    for name, values in tensors.items():
        own = values.astype(np.float32).tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(values.shape),
            "data_offsets": [len(data), len(data) + len(own)],
        }
        data += own
    head = json.dumps(header).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(len(head).to_bytes(8, "little") + head + data)


def _bert(seed: int) -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.default_rng(seed)
    vocabulary = len(SPECIAL) + len(_vocabulary())

    def some(*shape: int) -> np.ndarray[Any, Any]:
        return random.normal(0, 0.3, shape)

    tensors = {
        "embeddings.word_embeddings.weight": some(vocabulary, DIM),
        "embeddings.position_embeddings.weight": some(64, DIM),
        "embeddings.token_type_embeddings.weight": some(2, DIM),
        "embeddings.LayerNorm.weight": np.ones(DIM),
        "embeddings.LayerNorm.bias": some(DIM),
        "pooler.dense.weight": some(DIM, DIM),
        "pooler.dense.bias": some(DIM),
    }
    for layer in ("encoder.layer.0", "encoder.layer.1"):
        for part, (rows, columns) in {
            "attention.self.query": (DIM, DIM),
            "attention.self.key": (DIM, DIM),
            "attention.self.value": (DIM, DIM),
            "attention.output.dense": (DIM, DIM),
            "intermediate.dense": (64, DIM),
            "output.dense": (DIM, 64),
        }.items():
            tensors[f"{layer}.{part}.weight"] = some(rows, columns)
            tensors[f"{layer}.{part}.bias"] = some(rows)
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            tensors[f"{layer}.{norm}.weight"] = np.ones(DIM)
            tensors[f"{layer}.{norm}.bias"] = some(DIM)
    return tensors


def _vocabulary() -> list[str]:
    # Single letters and digits, so that words it does not know still differ.
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)] + list("0123456789")
    return list(dict.fromkeys([*WORDS, *letters, *(f"##{letter}" for letter in letters)]))


def make_model(
    folder: Path,
    *,
    pooling: Sequence[str] = ("mean",),
    dense: int = 0,
    prompts: Mapping[str, str] | None = None,
    seed: int = 1,
) -> Path:
    """Write a two-layer BERT with its tokenizer and modules; no library is needed for it."""
    modules = ["", "1_Pooling", *(["2_Dense"] if dense else []), "3_Normalize"]
    write_json(
        folder / "modules.json",
        [
            {
                "idx": number,
                "name": str(number),
                "path": path,
                "type": f"sentence_transformers.models.{path.partition('_')[2] or 'Transformer'}",
            }
            for number, path in enumerate(modules)
        ],
    )
    write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": DIM,
            "intermediate_size": 64,
            "num_attention_heads": 4,
            "num_hidden_layers": 2,
            "max_position_embeddings": 64,
            "type_vocab_size": 2,
            "vocab_size": len(SPECIAL) + len(_vocabulary()),
        },
    )
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": WINDOW})
    write_json(folder / "config_sentence_transformers.json", {"prompts": dict(prompts or {})})
    write_json(
        folder / "1_Pooling/config.json",
        {"word_embedding_dimension": DIM}
        | {f"pooling_mode_{name}": name in pooling for name in POOLING},
    )
    (folder / "3_Normalize").mkdir(exist_ok=True)
    if dense:
        _add_dense(folder / "2_Dense", DIM * len(pooling), dense)
    write_safetensors(folder / "model.safetensors", _bert(seed))
    _add_tokenizer(folder)
    return folder


def make_cross_encoder(folder: Path, *, labels: int = 1, seed: int = 3) -> Path:
    """Write a two-layer BERT that gives a pair of texts ``labels`` numbers."""
    make_model(folder, seed=seed)
    for file in ("modules.json", "sentence_bert_config.json", "1_Pooling/config.json"):
        (folder / file).unlink()
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["BertForSequenceClassification"]
    config["id2label"] = {str(number): f"LABEL_{number}" for number in range(labels)}
    config["label2id"] = {f"LABEL_{number}": number for number in range(labels)}
    write_json(folder / "config.json", config)
    random = np.random.default_rng(seed)
    tensors = {f"bert.{name}": values for name, values in _bert(seed).items()}
    tensors["classifier.weight"] = random.normal(0, 0.3, (labels, DIM))
    tensors["classifier.bias"] = np.zeros(labels)
    write_safetensors(folder / "model.safetensors", tensors)
    return folder


POOLING = (
    "cls_token",
    "max_tokens",
    "mean_tokens",
    "mean_sqrt_len_tokens",
    "weightedmean_tokens",
    "lasttoken",
)


def _add_dense(folder: Path, width: int, dim: int) -> None:
    write_json(
        folder / "config.json",
        {
            "in_features": width,
            "out_features": dim,
            "bias": True,
            "activation_function": "torch.nn.modules.activation.Tanh",
        },
    )
    random = np.random.default_rng(7)
    write_safetensors(
        folder / "model.safetensors",
        {"linear.weight": random.normal(0, 0.3, (dim, width)), "linear.bias": np.zeros(dim)},
    )


def _add_tokenizer(folder: Path) -> None:
    names = [*SPECIAL, *_vocabulary()]
    write_json(
        folder / "tokenizer.json",
        {
            "version": "1.0",
            "added_tokens": [
                {
                    "id": number,
                    "content": name,
                    "special": True,
                    "single_word": False,
                    "lstrip": False,
                    "rstrip": False,
                    "normalized": False,
                }
                for number, name in enumerate(SPECIAL)
            ],
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": True,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {
                "type": "BertProcessing",
                "cls": ["[CLS]", 2],
                "sep": ["[SEP]", 3],
            },
            "decoder": None,
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": {name: number for number, name in enumerate(names)},
            },
        },
    )
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 64,
            "pad_token": "[PAD]",
            "unk_token": "[UNK]",
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
            "mask_token": "[MASK]",
        },
    )
