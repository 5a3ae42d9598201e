from __future__ import annotations

import random
from pathlib import Path

import pytest

from ragflow_local.errors import DamagedModelError
from ragflow_local.generators.gguf_header import read_header
from tests.generators import tiny_gguf


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf.write(tmp_path_factory.mktemp("models") / "tiny.gguf")


def test_a_header_says_what_the_model_is(file: Path) -> None:
    header = read_header(file)
    assert header.architecture == "qwen3"
    assert header.name == "tiny"
    assert header.context_tokens == 512
    assert header.quantisation == "F32"
    assert header.license == "mit"
    assert header.chat_template == tiny_gguf.CHATML
    assert header.vocabulary > 256
    assert header.size_bytes == file.stat().st_size
    # 2 layers, 4 heads of 8 numbers, keys and values, 2 bytes each
    assert header.cache_bytes_per_token == 2 * 4 * (8 + 8) * 2


def test_parameters_are_counted_by_the_tensors(file: Path) -> None:
    header = read_header(file)
    embeddings = 2 * header.vocabulary * 32
    layer = 4 * 32 * 32 + 3 * 32 * 64 + 2 * 32 + 2 * 8
    assert header.parameters == embeddings + 2 * layer + 32


def test_memory_grows_with_the_context(file: Path) -> None:
    header = read_header(file)
    assert header.memory_bytes(1000) - header.memory_bytes(0) == 256_000


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.05, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_an_error(file: Path, tmp_path: Path, share: float) -> None:
    data = file.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DamagedModelError):
        read_header(cut)


def test_garbage_is_an_error_and_nothing_else(file: Path, tmp_path: Path) -> None:
    data = file.read_bytes()[:20_000]
    chance = random.Random(3)
    broken = tmp_path / "broken.gguf"
    for _ in range(300):
        torn = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            torn[chance.randrange(4, 400)] = chance.randrange(256)
        broken.write_bytes(torn)
        with pytest.raises(DamagedModelError):
            read_header(broken)


@pytest.mark.parametrize(
    "data", [b"", b"GGUF", b"GGML" + bytes(100), b"GGUF" + b"\xff" * 100], ids=repr
)
def test_what_is_no_gguf_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    with pytest.raises(DamagedModelError):
        read_header(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DamagedModelError):
        read_header(tmp_path / "none.gguf")
