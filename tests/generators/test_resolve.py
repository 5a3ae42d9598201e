from __future__ import annotations

import builtins
from pathlib import Path

import pytest

from ragflow_local.errors import MissingModelError
from ragflow_local.generators import list_models, open_generator, resolve_generator
from tests.generators import tiny_gguf


@pytest.fixture
def models(tmp_path: Path) -> Path:
    path = tmp_path / "models"
    (path / "qwen").mkdir(parents=True)
    (path / "qwen" / "qwen3-4b.gguf").touch()
    return path


def test_the_only_gguf_is_the_default(models: Path) -> None:
    assert resolve_generator(None, models) == models / "qwen" / "qwen3-4b.gguf"


def test_several_are_no_choice_and_none_is_extractive(models: Path, tmp_path: Path) -> None:
    (models / "other.gguf").touch()
    assert resolve_generator(None, models) is None
    assert resolve_generator(None, tmp_path / "nowhere") is None
    assert resolve_generator(None, None) is None


def test_a_model_in_parts_is_one_and_eyes_are_none(models: Path) -> None:
    (models / "qwen" / "qwen3-4b.gguf").unlink()
    for part in (1, 2, 3):
        (models / f"big-{part:05}-of-00003.gguf").touch()
    (models / "mmproj-big.gguf").touch()
    assert resolve_generator(None, models) == models / "big-00001-of-00003.gguf"


@pytest.mark.parametrize(
    "name", ["qwen3-4b", "qwen3-4b.gguf", "qwen/qwen3-4b", "qwen/qwen3-4b.gguf", "qwen", "QWEN3-4B"]
)
def test_a_name_is_found_in_models_dir(models: Path, name: str) -> None:
    assert resolve_generator(name, models) == models / "qwen" / "qwen3-4b.gguf"


def test_a_path_is_taken_as_it_is(models: Path) -> None:
    path = models / "qwen" / "qwen3-4b.gguf"
    assert resolve_generator(str(path), None) == path


def test_the_environment_names_a_default(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (models / "other.gguf").touch()
    monkeypatch.setenv("RAGFLOW_LOCAL_LLM", "other")
    assert resolve_generator(None, models) == models / "other.gguf"
    monkeypatch.setenv("RAGFLOW_LOCAL_LLM", "extractive")
    assert resolve_generator(None, models) is None
    assert resolve_generator("qwen3-4b", models) == models / "qwen" / "qwen3-4b.gguf"


def test_extractive_may_be_named(models: Path) -> None:
    assert resolve_generator("extractive", models) is None


def test_an_unknown_name_lists_where_it_was_looked_for(models: Path) -> None:
    with pytest.raises(MissingModelError) as caught:
        resolve_generator("phi", models)
    assert str(models / "phi.gguf") in str(caught.value)
    assert "qwen3-4b.gguf" in str(caught.value)


def test_models_are_listed_in_order(models: Path) -> None:
    (models / "a.GGUF").touch()
    (models / "readme.md").touch()
    assert [path.name for path in list_models(models)] == ["a.GGUF", "qwen3-4b.gguf"]


def test_without_the_library_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_gguf.write(tmp_path / "a.gguf")
    real = builtins.__import__

    def refuse(name: str, *args: object, **kwargs: object) -> object:
        if name.startswith("llama_cpp"):
            raise ImportError(name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingModelError, match=r'pip install "ragflow-local\[llm\]"'):
        open_generator(path)
