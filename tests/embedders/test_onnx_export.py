import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.embedders import Backend, onnx_export, open_embedder
from ragflow_local.embedders.folder import read_folder
from ragflow_local.embedders.onnx import OnnxEmbedder
from ragflow_local.embedders.probe import PROBE
from ragflow_local.embedders.quantize import quantize
from ragflow_local.embedders.sentence_transformers import SentenceTransformersEmbedder
from ragflow_local.errors import DamagedModelError, MissingModelError
from tests.embedders.tiny import make_model

TEXTS = [
    "the kraken sleeps",
    "tax law",
    "",
    "what is in a library?",
    "巨妖睡觉 " * 90,
    "sea " * 400,
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model and a cache in which its ONNX form has been made; tests copy what they change."""
    folder = tmp_path_factory.mktemp("tiny")
    make_model(folder / "model", prompts={"query": "query: ", "passage": "passage: "})
    open_embedder(str(folder / "model"), None, cache_dir=folder / "cache")
    return folder


def opened(
    folder: Path, cache: Path, backend: Backend = "auto"
) -> OnnxEmbedder | SentenceTransformersEmbedder:
    found = open_embedder(str(folder), None, cache_dir=cache, backend=backend)
    assert isinstance(found, OnnxEmbedder | SentenceTransformersEmbedder)
    return found


def test_the_fast_form_agrees_with_the_original(tiny: Path) -> None:
    fast = opened(tiny / "model", tiny / "cache")
    original = opened(tiny / "model", tiny / "cache", "torch")
    assert (fast.backend, original.backend) == ("onnx-int8", "torch")
    cosines = np.sum(fast.embed(TEXTS) * original.embed(TEXTS), axis=1)
    assert cosines.min() > 0.99
    assert fast.embed_query("the sea") @ original.embed_query("the sea") > 0.99
    assert fast.fingerprint == original.fingerprint


@pytest.mark.parametrize(
    ("pooling", "dense"),
    [
        (["cls_token"], 0),
        pytest.param(["max_tokens"], 0, marks=pytest.mark.slow),
        pytest.param(["mean_sqrt_len_tokens"], 0, marks=pytest.mark.slow),
        pytest.param(["weightedmean_tokens"], 0, marks=pytest.mark.slow),
        (["lasttoken"], 0),
        (["mean_tokens"], 16),
        (["cls_token", "mean_tokens"], 24),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else f"dense {value}",
)
def test_every_pooling_goes_into_the_fast_form(
    pooling: Sequence[str], dense: int, tmp_path: Path
) -> None:
    folder = make_model(tmp_path / "model", pooling=pooling, dense=dense)
    fast = opened(folder, tmp_path / "cache", "onnx")
    original = opened(folder, tmp_path / "cache", "torch")
    np.testing.assert_allclose(fast.embed(TEXTS), original.embed(TEXTS), atol=1e-4)


def test_the_second_opening_needs_neither_torch_nor_transformers(tiny: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ragflow_local.embedders import open_embedder;"
        f"cache = Path({str(tiny / 'cache')!r});"
        f"e = open_embedder({str(tiny / 'model')!r}, None, cache_dir=cache);"
        "assert e.embed(['the sea']).shape == (1, 32);"
        "sys.exit(', '.join({'torch', 'transformers', 'onnx'} & set(sys.modules)) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert (found.returncode, found.stderr) == (0, b"")


@pytest.mark.slow
def test_making_the_fast_form_says_nothing(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    code = (
        "from pathlib import Path; from ragflow_local.embedders import open_embedder;"
        f"open_embedder({str(folder)!r}, None, cache_dir=Path({str(tmp_path / 'cache')!r}))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert (found.stdout, found.stderr) == (b"", b"")


def test_a_text_has_the_same_vector_in_whatever_company(tiny: Path) -> None:
    fast = opened(tiny / "model", tiny / "cache", "onnx-int8")
    others = ["An ox.", "No. " * 40, "42, 43 and 44 are numbers; the sea is blue."]
    alone = fast.embed(["the sea"])[0]
    np.testing.assert_allclose(fast.embed([*others, "the sea"])[3], alone, atol=1e-5)


def test_an_error_in_one_of_many_batches_is_told(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        calls = 0

        def run(self, *given: object) -> object:
            self.calls += 1
            if self.calls > 2:
                raise RuntimeError("no memory")
            return session.run(*given)

    fast = opened(tiny / "model", tiny / "cache", "onnx-int8")
    assert isinstance(fast, OnnxEmbedder)
    session = fast._session
    monkeypatch.setattr(fast, "_session", Failing())
    with pytest.raises(RuntimeError, match="no memory"):
        fast.embed(["the sea " * 30] * 100)
    monkeypatch.undo()
    assert fast.embed(["the sea " * 30] * 100).shape == (100, 32)


def test_a_question_has_another_prompt_than_a_passage(tiny: Path) -> None:
    bare = make_model(tiny / "bare")
    for backend in ("onnx-int8", "torch"):
        with_prompts = opened(tiny / "model", tiny / "cache", backend)
        without = opened(bare, tiny / "cache", backend)
        expected = without.embed(["query: the sea", "passage: the sea"])
        np.testing.assert_allclose(with_prompts.embed_query("the sea"), expected[0], atol=1e-2)
        np.testing.assert_allclose(with_prompts.embed(["the sea"])[0], expected[1], atol=1e-2)


def test_a_form_that_differs_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_model(tmp_path / "model")
    # 1: each weight is rounded to -1, 0 or 1.
    monkeypatch.setattr(
        onnx_export,
        "quantize",
        lambda source, target, feeds, largest: quantize(source, target, feeds, 1),
    )
    with caplog.at_level(logging.WARNING, "ragflow_local"):
        assert opened(folder, tmp_path / "cache").backend == "onnx"
    assert "differs from the original" in caplog.text
    caplog.clear()
    monkeypatch.setattr(onnx_export, "_Making", None)
    assert opened(folder, tmp_path / "cache").backend == "onnx"


def test_a_model_that_cannot_be_exported_stays_with_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_model(tmp_path / "model")
    monkeypatch.setattr(onnx_export, "write_exact", lambda folder, target: "another architecture")
    monkeypatch.setattr(
        SentenceTransformersEmbedder, "export", lambda self, target: "no such operator"
    )
    with caplog.at_level(logging.WARNING, "ragflow_local"):
        found = opened(folder, tmp_path / "cache")
    assert found.backend == "torch"
    assert "no such operator" in caplog.text
    verdict = json.loads(next(tmp_path.glob("cache/*/verdict.json")).read_bytes())
    assert (verdict["backend"], verdict["problem"]) == ("torch", "no such operator")
    with pytest.raises(DamagedModelError, match="no such operator"):
        opened(folder, tmp_path / "cache", "onnx")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "form.json"])
def test_a_torn_form_is_made_anew(name: str, tiny: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(tiny / "cache", cache)
    fingerprint = opened(tiny / "model", cache).fingerprint  # other models are kept there too
    [file] = cache.glob(f"{fingerprint}-*/onnx-int8/{name}")
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:40])
    assert opened(tiny / "model", cache).backend == "onnx-int8"
    assert file.stat().st_size == size


def test_what_only_torch_can_read_is_made_by_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_model(tmp_path / "model")
    monkeypatch.setattr(onnx_export, "write_exact", lambda folder, target: "another architecture")
    fast, original = (
        opened(folder, tmp_path / "cache", "onnx"),
        opened(folder, tmp_path / "cache", "torch"),
    )
    np.testing.assert_allclose(fast.embed(TEXTS), original.embed(TEXTS), atol=1e-4)


def test_without_torch_such_a_model_is_missing_and_says_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_model(tmp_path / "model")
    monkeypatch.setattr(onnx_export, "write_exact", lambda folder, target: "its architecture is t5")
    for name in ("torch", "sentence_transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingModelError, match=r"architecture is t5.*ragflow-local\[torch\]"):
        opened(folder, tmp_path / "cache")


def test_where_the_cache_cannot_be_written_the_fast_form_is_made_elsewhere(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    with pytest.warns(RuntimeWarning, match="cannot be written"):
        assert opened(tiny / "model", tmp_path / "cache").backend == "onnx-int8"
    assert len(list(tmp_path.glob("ragflow_local-*/*/verdict.json"))) == 1


def test_another_maker_that_was_first_is_accepted(tiny: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(tiny / "cache", cache)
    next(cache.glob("*/verdict.json")).unlink()
    assert opened(tiny / "model", cache).backend == "onnx-int8"
    assert not list(cache.glob("*/.*"))


def test_threads_embed_at_once(tiny: Path) -> None:
    for backend in ("onnx-int8", "torch"):
        embedder = opened(tiny / "model", tiny / "cache", backend)
        expected = embedder.embed(PROBE)
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(embedder.embed, [PROBE] * 12):
                np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_text_does_not_depend_on_its_neighbours(tiny: Path) -> None:
    embedder = opened(tiny / "model", tiny / "cache")
    together = embedder.embed(PROBE)
    alone = np.stack([embedder.embed([text])[0] for text in PROBE])
    assert np.sum(together * alone, axis=1).min() > 0.998


def test_weights_that_do_not_fit_their_config_are_damaged(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    config = json.loads((folder / "config.json").read_bytes())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "no_such_model"}))
    with pytest.raises(DamagedModelError, match="loading it failed"):
        SentenceTransformersEmbedder(read_folder("tiny", folder), "x")
