"""What all embedders keep to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.embedders import Backend, Embedder, describe, open_embedder
from tests.embedders.tiny import make_model

TEXTS = [
    "the kraken sleeps in the deep sea",
    "What is a tax?",
    "巨妖在深海里睡觉。",
    "def kraken(sea): return sea.deep",
    "sea " * 5000,
    "x",
    "a lone \ud800 surrogate and a \0 sign",
]

Opened = Callable[[str, Backend], Embedder]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    models = tmp_path_factory.mktemp("models")
    make_model(models / "tiny")
    known: dict[tuple[str, str], Embedder] = {}

    def at(name: str, backend: Backend) -> Embedder:
        if (name, backend) not in known:
            known[name, backend] = open_embedder(
                name, models, cache_dir=models / "cache", backend=backend
            )
        return known[name, backend]

    return at


BACKENDS: tuple[Backend, ...] = ("onnx-int8", "onnx", "torch")
EVERY = [
    pytest.param("hashing", "auto", id="hashing"),
    *(pytest.param("tiny", backend, id=f"tiny {backend}") for backend in BACKENDS),
    *(
        pytest.param("all-MiniLM-L6-v2", backend, id=f"MiniLM {backend}", marks=pytest.mark.slow)
        for backend in BACKENDS
    ),
]


every_embedder = pytest.mark.parametrize(("name", "backend"), EVERY)


@every_embedder
def test_vectors_are_unit_rows_of_the_said_length(
    name: str, backend: Backend, opened: Opened
) -> None:
    embedder = opened(name, backend)
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    question = embedder.embed_query(TEXTS[1])
    assert question.shape == (embedder.dim,)
    assert question.dtype == np.float32
    assert abs(np.linalg.norm(question) - 1) < 1e-5


@every_embedder
def test_same_in_same_out(name: str, backend: Backend, opened: Opened) -> None:
    embedder = opened(name, backend)
    np.testing.assert_array_equal(embedder.embed(TEXTS), embedder.embed(TEXTS))


@every_embedder
def test_order_does_not_count(name: str, backend: Backend, opened: Opened) -> None:
    embedder = opened(name, backend)
    there, back = embedder.embed(TEXTS), embedder.embed(TEXTS[::-1])[::-1]
    assert np.sum(there * back, axis=1).min() > 0.998


@every_embedder
def test_no_text_makes_no_row(name: str, backend: Backend, opened: Opened) -> None:
    embedder = opened(name, backend)
    assert embedder.embed([]).shape == (0, embedder.dim)
    assert embedder.embed([]).dtype == np.float32


@every_embedder
def test_an_empty_text_has_a_finite_vector(name: str, backend: Backend, opened: Opened) -> None:
    embedder = opened(name, backend)
    for text in ("", " ", "\n", "\0"):
        assert np.isfinite(embedder.embed([text])).all()
        assert np.isfinite(embedder.embed_query(text)).all()


@every_embedder
def test_a_text_is_nearest_to_itself(name: str, backend: Backend, opened: Opened) -> None:
    embedder = opened(name, backend)
    vectors = embedder.embed(TEXTS)
    for row, text in enumerate(TEXTS):
        assert int(np.argmax(vectors @ embedder.embed_query(text))) == row


@every_embedder
def test_the_description_is_the_embedders_own(name: str, backend: Backend, opened: Opened) -> None:
    embedder = opened(name, backend)
    models = Path(embedder.tokenizer_file).parent.parent if embedder.tokenizer_file else None
    said = describe(name, models)
    for field in ("name", "dim", "max_tokens", "prompts", "fingerprint", "tokenizer_file"):
        assert getattr(said, field) == getattr(embedder, field)
