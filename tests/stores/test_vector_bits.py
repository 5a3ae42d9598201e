"""Codes of a bit a coordinate: what is near differs in few of them."""

import numpy as np
import pytest

from ragflow_local.records import Matrix
from ragflow_local.stores.vector_bits import Asked, codes_of, words_of
from ragflow_local.stores.vector_memory import unit


def vectors(count: int, dim: int, seed: int = 0) -> Matrix:
    chance = np.random.default_rng(seed)
    # All on one side, as those of some models are.
    return unit((chance.standard_normal((count, dim)) + 3).astype(np.float32))


@pytest.mark.parametrize("dim", [1, 7, 64, 100, 384])
def test_no_bit_differs_from_what_is_the_same(dim: int) -> None:
    matrix = vectors(50, dim)
    centre = matrix.mean(axis=0)
    codes = codes_of(matrix, centre)
    assert codes.shape == (words_of(dim), 50)
    for at in range(0, 50, 7):
        assert Asked(matrix[at], centre).differing(codes)[at] == 0


def test_the_nearest_are_among_those_of_few_differing_bits_and_first_by_the_products() -> None:
    matrix = vectors(5000, 384)
    centre = matrix.mean(axis=0)
    codes = codes_of(matrix, centre)
    chance = np.random.default_rng(1)
    ranks, products = [], []
    for at in range(0, 5000, 250):
        near = matrix[at] + 0.03 * chance.standard_normal(384).astype(np.float32)
        direction = unit(near[np.newaxis])[0]
        asked = Asked(direction, centre)
        best = np.argsort(-(matrix @ direction))[:10]
        place = np.argsort(np.argsort(asked.differing(codes), kind="stable"))
        ranks.append(np.median(place[best]))
        place = np.argsort(np.argsort(-asked.products(codes)))
        products.append(np.median(place[best]))
    assert np.mean(ranks) < 400
    assert np.mean(products) < 0.5 * np.mean(ranks)


def test_how_many_bits_differ_is_counted_over_all_words_and_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ragflow_local.stores import vector_bits

    matrix = vectors(100, 130)
    centre = matrix.mean(axis=0)
    codes = codes_of(matrix, centre)
    whole = Asked(matrix[3], centre)
    expected, products = whole.differing(codes), whole.products(codes)
    bits = np.unpackbits(np.ascontiguousarray(codes.T).view(np.uint8), axis=1)
    assert expected.tolist() == (bits ^ bits[3]).sum(axis=1).tolist()
    monkeypatch.setattr(vector_bits, "_AT_ONCE", 7)
    monkeypatch.setattr(vector_bits, "_PRODUCTS_AT_ONCE", 9)
    assert np.array_equal(whole.differing(codes), expected)
    assert np.array_equal(whole.products(codes), products)


@pytest.mark.parametrize("odd", ["zeros", "all the same"])
def test_vectors_that_say_nothing_have_codes_too(odd: str) -> None:
    matrix = np.zeros((5, 10), np.float32) if odd == "zeros" else np.ones((5, 10), np.float32)
    centre = matrix.mean(axis=0)
    asked = Asked(matrix[0], centre)
    assert len(set(asked.differing(codes_of(matrix, centre)).tolist())) == 1
    assert np.isfinite(asked.products(codes_of(matrix, centre))).all()
