"""Models on the disk: what their files say, whether they work, and how they are added."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ragflow_local import model_files as models
from ragflow_local.embedders import carried
from ragflow_local.errors import DamagedModelError, InvalidValueError, MissingModelError
from tests.embedders.tiny import DIM, make_model
from tests.generators import tiny_gguf


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A models' directory with three chat models, one of them torn."""
    path = tmp_path / "models"
    (path / "org").mkdir(parents=True)
    tiny_gguf.write(path / "chatml.gguf")
    tiny_gguf.write(path / "org" / "llama-3.gguf", tiny_gguf.LLAMA_3_MODEL)
    whole = (path / "chatml.gguf").read_bytes()
    (path / "torn.gguf").write_bytes(whole[: len(whole) // 2])
    yield path


def test_models_are_listed_with_what_their_files_say(folder: Path) -> None:
    chatml, llama, torn = models.models_in(folder)
    assert (chatml.name, chatml.kind, chatml.architecture) == ("chatml.gguf", "chat", "qwen3")
    assert (chatml.template, chatml.quantisation, chatml.license) == ("ChatML", "F32", "mit")
    assert chatml.context_tokens == 512
    assert chatml.parameters > 10_000
    assert chatml.memory_bytes > chatml.size_bytes
    assert (llama.name, llama.template) == ("org/llama-3.gguf", "Llama 3")
    assert (torn.name, torn.architecture) == ("torn.gguf", "")
    assert "not whole" in torn.problem


def test_an_empty_directory_and_none_have_no_models(tmp_path: Path) -> None:
    assert models.models_in(tmp_path) == []
    assert models.models_in(tmp_path / "nowhere") == []


@pytest.fixture
def default_model() -> Path:
    """The folder of the embedding model that comes with the installation."""
    from ragflow_local.embedders import resolve

    try:
        path = resolve("all-MiniLM-L6-v2", None)
    except MissingModelError:
        pytest.skip("the default embedding model is not installed")
    assert path is not None
    return path


def test_an_embedding_folder_is_listed_added_and_checked(folder: Path, tmp_path: Path) -> None:
    original = make_model(tmp_path / "original")
    source = tmp_path / "downloads" / "mini"
    source.parent.mkdir()
    source.symlink_to(original)
    added, digests = models.add_model(source, folder)
    assert (added.name, added.kind, added.architecture) == ("mini", "embedding", "BertModel")
    weights = (original / "model.safetensors").stat().st_size  # four bytes each, after a header
    assert 0.9 < 4 * added.parameters / weights < 1
    assert "model.safetensors" in digests
    assert models.models_in(folder)[-1] == added
    assert models.check_model("mini", folder, tmp_path / "cache").dim == DIM


def test_the_multilingual_model_is_listed_with_what_is_known_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / carried.FILE).write_bytes(b"weights")
    (tmp_path / "other.bin").write_bytes(b"not of the model")
    monkeypatch.setattr(models.listing, "installed_folders", lambda: {carried.NAME: tmp_path})
    [model] = models.models_here(tmp_path / "nothing")
    assert (model.name, model.architecture, model.context_tokens) == (
        "multilingual-e5-small", "BertModel", 512,
    )  # fmt: skip
    assert (model.parameters, model.quantisation, model.license) == (117_653_760, "int4", "mit")
    assert (model.size_bytes, model.problem) == (7, "")
    assert model.memory_bytes > model.parameters


def test_the_default_model_is_listed_and_checked_by_its_name(
    default_model: Path, tmp_path: Path
) -> None:
    model = models.find_model("all-MiniLM-L6-v2", tmp_path)
    assert (model.path, model.architecture, model.quantisation) == (
        default_model, "BertModel", "F32",
    )  # fmt: skip
    assert model in models.models_here(tmp_path)
    assert models.models_in(tmp_path) == []


def test_a_model_of_the_directory_stands_for_an_installed_one_of_its_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = {"chatml.gguf": tmp_path, "e5": tmp_path}
    monkeypatch.setattr(models.listing, "installed_folders", lambda: installed)
    here = {model.name: model.kind for model in models.models_here(folder)}
    assert (here["chatml.gguf"], here["e5"]) == ("chat", "embedding")


def test_a_chat_model_says_one_sentence(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="needs the extra llm: pip install ragflow-local[llm]")
    done = models.check_model("chatml", folder, tmp_path)
    assert done.said
    assert done.tokens > 0
    with pytest.raises(DamagedModelError):
        models.check_model("torn.gguf", folder, tmp_path)


def test_an_unknown_model_lists_where_it_was_looked_for(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingModelError) as caught:
        models.check_model("phi", folder, tmp_path)
    assert str(folder) in str(caught.value)
    assert "org/llama-3.gguf" in str(caught.value)


def test_a_file_is_copied_and_verified(folder: Path, tmp_path: Path) -> None:
    source = tiny_gguf.write(tmp_path / "new.gguf", replace(tiny_gguf.CHATML_MODEL, seed=9))
    added, digests = models.add_model(source, folder)
    assert added.path == folder / "new.gguf"
    assert added.path.read_bytes() == source.read_bytes()
    assert digests == {"new.gguf": hashlib.sha256(source.read_bytes()).hexdigest()}
    assert models.add_model(source, folder)[0] == added, "adding twice changes nothing"
    assert not list(folder.glob(".adding-*"))


def test_a_model_in_parts_is_copied_whole(folder: Path, tmp_path: Path) -> None:
    first = tiny_gguf.write(tmp_path / "big-00001-of-00002.gguf")
    tiny_gguf.write(tmp_path / "big-00002-of-00002.gguf")
    _, digests = models.add_model(first, folder)
    assert sorted(digests) == ["big-00001-of-00002.gguf", "big-00002-of-00002.gguf"]
    assert (folder / "big-00002-of-00002.gguf").is_file()


def test_what_is_broken_or_no_model_is_not_added(folder: Path, tmp_path: Path) -> None:
    before = sorted(folder.rglob("*"))
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.json").write_text(json.dumps({"hidden_size": 8}))
    with pytest.raises(InvalidValueError):
        models.add_model(tmp_path / "a.txt", folder)
    for name in ("empty", "config"):
        with pytest.raises(DamagedModelError):
            models.add_model(tmp_path / name, folder)
    with pytest.raises(DamagedModelError):
        models.add_model(folder / "torn.gguf", tmp_path / "other")
    assert sorted(folder.rglob("*")) == before


def test_another_model_of_that_name_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    before = (folder / "chatml.gguf").read_bytes()
    source = tiny_gguf.write(tmp_path / "chatml.gguf", replace(tiny_gguf.CHATML_MODEL, seed=9))
    with pytest.raises(InvalidValueError, match="other bytes"):
        models.add_model(source, folder)
    assert (folder / "chatml.gguf").read_bytes() == before


def test_a_copy_that_is_not_what_was_copied_is_removed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tiny_gguf.write(tmp_path / "new.gguf", replace(tiny_gguf.CHATML_MODEL, seed=9))

    def torn(_: object, target: object, *__: object) -> None:
        target.write(b"torn")  # type: ignore[attr-defined]

    monkeypatch.setattr("shutil.copyfileobj", torn)
    with pytest.raises(DamagedModelError, match="disk"):
        models.add_model(source, folder)
    assert not (folder / "new.gguf").exists()
    assert not list(folder.glob(".adding-*"))
