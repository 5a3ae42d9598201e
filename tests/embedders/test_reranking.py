import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.embedders import open_reranker
from ragflow_local.embedders.folder import read_folder
from ragflow_local.embedders.onnx import OnnxReranker
from ragflow_local.embedders.sentence_transformers import CrossEncoder
from ragflow_local.errors import DamagedModelError, InvalidValueError, MissingModelError
from tests.embedders.tiny import make_cross_encoder, make_model

PASSAGES = ["the kraken sleeps", "tax law", "", "deep sea " * 60, "巨妖睡觉 \ud800"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cross_encoder(tmp_path_factory.mktemp("models") / "judge")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def test_the_fast_form_scores_as_the_original(folder: Path, cache: Path) -> None:
    fast = open_reranker("judge", folder.parent, cache_dir=cache)
    assert isinstance(fast, OnnxReranker)
    original = CrossEncoder(read_folder("judge", folder))
    found = fast.scores("where is the kraken?", PASSAGES)
    assert found.shape == (len(PASSAGES),)
    assert np.all((found > 0) & (found < 1))
    np.testing.assert_allclose(found, original.scores("where is the kraken?", PASSAGES), atol=0.05)
    assert len(fast.scores("nothing", [])) == 0


def test_the_form_that_is_kept_needs_no_torch(folder: Path, cache: Path) -> None:
    open_reranker("judge", folder.parent, cache_dir=cache)
    script = (
        "import sys; from pathlib import Path; from ragflow_local.embedders import open_reranker;"
        "judge = open_reranker(sys.argv[1], None, cache_dir=Path(sys.argv[2]));"
        "judge.scores('what', ['is', 'it']); print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(folder), str(cache)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"


def test_what_is_no_cross_encoder_is_refused(tmp_path: Path) -> None:
    two = make_cross_encoder(tmp_path / "two", labels=2)
    with pytest.raises(DamagedModelError, match="2 numbers"):
        open_reranker(str(two), None, cache_dir=tmp_path / "cache")
    with pytest.raises(MissingModelError):
        open_reranker("none", tmp_path, cache_dir=tmp_path / "cache")
    with pytest.raises(InvalidValueError, match="rerank_id"):
        open_reranker("hashing", tmp_path, cache_dir=tmp_path / "cache")


def test_an_embedding_model_is_no_reranker(tmp_path: Path) -> None:
    make_model(tmp_path / "plain")
    with pytest.raises(DamagedModelError, match="classifier"):
        open_reranker("plain", tmp_path, cache_dir=tmp_path / "cache")


def test_the_rerankers_score_takes_the_place_of_the_vector_similarity(
    rag: RAGFlow, dataset: DataSet, folder: Path
) -> None:
    texts = ["the kraken sleeps", "the kraken is tax law", "the sea"]
    rag.create_document(dataset, "a.txt", b"a")
    for text in texts:
        rag.get_document(name="a.txt").add_chunk(text)
    question = "what is the kraken?"
    plain = rag.retrieval(question, [dataset], similarity_threshold=0.0)
    found = rag.retrieval(question, [dataset], similarity_threshold=0.0, rerank_id=str(folder))
    assert {chunk.content for chunk in found} == set(texts) == {chunk.content for chunk in plain}
    judge = rag.project.models.reranker(str(folder))
    for chunk in found:
        assert chunk.term_similarity is not None
        (score,) = judge.scores(question, [chunk.content])
        assert chunk.vector_similarity == pytest.approx(score, abs=0.02)
        expected = 0.7 * chunk.term_similarity + 0.3 * float(score)
        assert chunk.similarity == pytest.approx(expected, abs=0.02)
    similarities = [chunk.similarity or 0.0 for chunk in found]
    assert similarities == sorted(similarities, reverse=True)
