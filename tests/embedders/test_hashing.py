import os
import subprocess
import sys

import numpy as np

from ragflow_local.embedders.hashing import HashingEmbedder


def test_rows_have_length_one() -> None:
    vectors = HashingEmbedder().embed(["the kraken sleeps", "krill"])
    assert vectors.shape == (2, 256)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-6)


def test_shared_words_are_nearer() -> None:
    embedder = HashingEmbedder()
    near, far = embedder.embed(["the kraken sleeps deep", "tax law of 1994"])
    question = embedder.embed_query("where the kraken sleeps")
    assert question @ near > question @ far


def test_chinese_words_are_found_inside_longer_text() -> None:
    embedder = HashingEmbedder()
    near, far = embedder.embed(["北海巨妖在睡觉", "一九九四年税法"])
    question = embedder.embed_query("巨妖")
    assert question @ near > 0.3
    assert question @ far == 0.0


def test_case_and_punctuation_do_not_count() -> None:
    one, other = HashingEmbedder().embed(["The Kraken, asleep!", "the KRAKEN asleep"])
    np.testing.assert_allclose(one, other)


def test_another_process_hashes_alike() -> None:
    code = (
        "from ragflow_local.embedders.hashing import HashingEmbedder;"
        "print(HashingEmbedder().embed_query('the kraken sleeps 巨妖').tobytes().hex())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert (
        other.stdout.strip()
        == HashingEmbedder().embed_query("the kraken sleeps 巨妖").tobytes().hex()
    )


def test_signs_without_words_make_a_row_of_zeros() -> None:
    assert not HashingEmbedder().embed(["?!… \n", ""]).any()
