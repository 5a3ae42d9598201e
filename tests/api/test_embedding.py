"""Vectors of any texts."""

import numpy as np

from ragflow_local import RAGFlow
from ragflow_local.api.embedding import embed


def test_texts_have_vectors_of_length_one(rag: RAGFlow) -> None:
    vectors = embed(rag, ["The kraken sleeps.", "The squid swims."])
    assert vectors.shape[0] == 2
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
