"""Models of every family written here, with random weights, against sentence-transformers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragflow_local.embedders.direct import write_form
from ragflow_local.embedders.folder import read_folder
from ragflow_local.embedders.onnx import OnnxEmbedder
from ragflow_local.embedders.sentence_transformers import SentenceTransformersEmbedder
from tests.embedders.tiny import WINDOW, make_model, write_safetensors

TEXTS = ["the kraken sleeps", "tax law", "", "x", "what is in a library? " * 9, "巨妖睡觉 " * 90]
SMALL: dict[str, Any] = {"vocab_size": 99, "pad_token_id": 0, "intermediate_size": 64}
SIZES: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4}


def _bert(**more: Any) -> Any:
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(**SMALL, **SIZES, **more))


def _xlm_roberta(**more: Any) -> Any:
    from transformers import XLMRobertaConfig, XLMRobertaModel

    sizes = {**SMALL, "pad_token_id": 1, "max_position_embeddings": 66, "type_vocab_size": 1}
    return XLMRobertaModel(XLMRobertaConfig(**{**sizes, **SIZES, **more}))


def _mpnet(**more: Any) -> Any:
    from transformers import MPNetConfig, MPNetModel

    sizes = {**SMALL, "pad_token_id": 1, "max_position_embeddings": 66}
    return MPNetModel(MPNetConfig(**{**sizes, **SIZES, **more}))


def _distilbert(**more: Any) -> Any:
    from transformers import DistilBertConfig, DistilBertModel

    sizes: dict[str, Any] = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    return DistilBertModel(DistilBertConfig(vocab_size=99, pad_token_id=0, **sizes, **more))


def _modern(**more: Any) -> Any:
    from transformers import ModernBertConfig, ModernBertModel

    config = ModernBertConfig(
        **{**SMALL, **SIZES, "local_attention": 8, "max_position_embeddings": 64, **more},
        bos_token_id=2,
        eos_token_id=3,
        cls_token_id=2,
        sep_token_id=3,
    )
    return ModernBertModel(config)


def _made(folder: Path, make: Callable[..., Any], kind: str = "F32", **more: Any) -> Path:
    import torch

    make_model(folder)
    torch.manual_seed(1)
    model = make(**more)
    with torch.no_grad():
        for values in model.parameters():  # larger than they begin: so that every part counts
            if values.dim() > 1:
                values.normal_(0, 0.3)
            else:
                values.add_(torch.randn_like(values) * 0.1)
    types = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    model = model.to(types[kind])
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("make", "more"),
    [
        pytest.param(_bert, {}, id="BERT"),
        pytest.param(_bert, {"hidden_act": "gelu_new"}, id="another activation"),
        pytest.param(_xlm_roberta, {}, id="XLM-RoBERTa"),
        pytest.param(_mpnet, {}, id="MPNet"),
        pytest.param(_distilbert, {}, id="DistilBERT"),
        pytest.param(_modern, {}, id="ModernBERT"),
        pytest.param(_modern, {"global_attn_every_n_layers": 2}, id="ModernBERT, other layers"),
    ],
)
def test_every_family_gives_what_its_own_library_gives(
    make: Callable[..., Any], more: dict[str, Any], tmp_path: Path
) -> None:
    folder = read_folder("model", _made(tmp_path / "model", make, **more))
    target = tmp_path / "form"
    target.mkdir()
    assert write_form(folder, target) == ""
    direct = OnnxEmbedder(folder, "", target, "onnx")
    original = SentenceTransformersEmbedder(folder, "")
    assert min(np.sum(direct.embed(TEXTS) * original.embed(TEXTS), axis=1)) > 0.9999
    apart = original.embed(TEXTS) @ original.embed(TEXTS).T
    assert apart[np.triu_indices(len(TEXTS), 1)].min() < 0.99  # else nothing was shown
    np.testing.assert_allclose(direct.embed(TEXTS), original.embed(TEXTS), atol=1e-4)


@pytest.mark.parametrize("kind", ["F16", "BF16"])
def test_weights_in_16_bits_are_read(kind: str, tmp_path: Path) -> None:
    folder = read_folder("model", _made(tmp_path / "model", _bert, kind))
    target = tmp_path / "form"
    target.mkdir()
    assert write_form(folder, target) == ""
    direct = OnnxEmbedder(folder, "", target, "onnx").embed(TEXTS)
    original = SentenceTransformersEmbedder(folder, "").embed(TEXTS)
    assert min(np.sum(direct * original, axis=1)) > 0.9999


def _changed(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **values}))

    return change


def _without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").rename(folder / "vocab.txt")


def _other_module(folder: Path) -> None:
    file = folder / "modules.json"
    file.write_text(file.read_text().replace("models.Normalize", "models.CNN"))


def _no_tensors(folder: Path) -> None:
    write_safetensors(folder / "model.safetensors", {"x": np.zeros(1)})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param(_changed(model_type="t5"), "architecture is t5", id="another family"),
        pytest.param(
            _changed(position_embedding_type="relative_key"), "relative", id="other positions"
        ),
        pytest.param(_changed(hidden_act="swish"), "swish", id="another activation"),
        pytest.param(_other_module, "module CNN", id="another module"),
        pytest.param(_without_tokenizer, "tokenizer.json", id="no fast tokenizer"),
        pytest.param(_no_tensors, "not those of its architecture", id="other weights"),
    ],
)
def test_what_is_not_written_here_says_why(
    change: Callable[[Path], None], problem: str, tmp_path: Path
) -> None:
    change(make_model(tmp_path / "model"))
    (tmp_path / "form").mkdir()
    assert problem in write_form(read_folder("m", tmp_path / "model"), tmp_path / "form")


def test_the_window_of_the_folder_is_that_of_the_form(tmp_path: Path) -> None:
    folder = read_folder("m", make_model(tmp_path / "model"))
    (tmp_path / "form").mkdir()
    write_form(folder, tmp_path / "form")
    assert json.loads((tmp_path / "form/form.json").read_text())["window_tokens"] == WINDOW
