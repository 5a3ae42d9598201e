"""``models``: what is shown of models, and how the commands end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragflow_local.cli import main
from tests.generators import tiny_gguf

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    hook = sys.excepthook

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(["models", *words])
        status = end.value.code
        return (status if isinstance(status, int) else 0, *capsys.readouterr())

    yield run
    sys.excepthook = hook


def test_a_model_is_added_listed_and_checked(shell: Shell, tmp_path: Path) -> None:
    source = tiny_gguf.write(tmp_path / "tiny.gguf")
    status, out, err = shell("add", str(source))
    assert status == 0, err
    assert out.split()[1] == "tiny.gguf"
    assert len(out.split()[0]) == 64
    status, out, err = shell()
    assert status == 0
    assert out.splitlines()[1].split("\t")[:3] == ["tiny.gguf", "chat", "qwen3"]
    assert out.splitlines()[1].endswith("mit")
    pytest.importorskip("llama_cpp", reason="needs the extra llm: pip install ragflow-local[llm]")
    status, out, err = shell("check", "tiny")
    assert (status, bool(out.strip())) == (0, True)
    assert "✓ tiny.gguf: loaded in" in err


def test_the_list_is_given_as_json_too(shell: Shell, tmp_path: Path) -> None:
    tiny_gguf.write(tmp_path / "a.gguf")
    found = json.loads(shell("--models", str(tmp_path), "--json")[1])
    assert found["models"][0]["name"] == "a.gguf"
    assert found["models"][0]["context_tokens"] == 512


def test_no_models_are_told_with_the_way_to_have_some(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragflow_local.model_files.listing.installed_folders", dict)
    status, out, err = shell()
    assert (status, out) == (0, "")
    assert "models add" in err


def test_models_that_are_installed_are_listed_and_that_answers_quote_without_a_chat_model(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    folders = {"all-MiniLM-L6-v2": tmp_path}
    monkeypatch.setattr("ragflow_local.model_files.listing.installed_folders", lambda: folders)
    status, out, err = shell()
    assert status == 0
    assert out.splitlines()[1].split("\t")[:2] == ["all-MiniLM-L6-v2", "embedding"]
    assert "No chat model" in err
    assert "models add" in err
    listed = json.loads(shell("--json")[1])["models"]
    assert [model["name"] for model in listed] == ["all-MiniLM-L6-v2"]


def test_an_unknown_model_ends_with_1_and_where_it_was_looked_for(shell: Shell) -> None:
    status, _, err = shell("check", "phi")
    assert status == 1
    assert err.startswith("Error: There is no model 'phi' in ")


def test_a_broken_model_is_listed_with_its_problem(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.gguf").write_bytes(b"GGUF")
    status, out, err = shell()
    assert status == 0
    assert "a.gguf" in out
    assert "a.gguf cannot be used: " in err
