from pathlib import Path

import numpy as np
import pytest

from ragflow_local.embedders import carried, describe, open_embedder, read_folder
from ragflow_local.embedders.packed import PackedFile, _blocks
from ragflow_local.errors import DamagedModelError
from ragflow_local.text.unigram import Unigram

FOLDER = carried.package_folder()
installed = pytest.mark.skipif(FOLDER is None, reason="there is no wheel of it for this platform")


def test_a_block_is_a_scale_and_32_numbers_in_halves_of_bytes() -> None:
    block = np.concatenate([np.array([0.5], "<f2").view(np.uint8), np.arange(16, dtype=np.uint8)])
    block[2 + 3] = 0xF1  # numbers 3 and 19
    codes, scales = _blocks(block)
    assert scales.tolist() == [0.5]
    assert codes[0, :4].tolist() == [0, 1, 2, 1]
    assert codes[0, 16:20].tolist() == [0, 0, 0, 15]


@installed
def test_its_vocabulary_is_the_same_packed_and_in_numbers() -> None:
    assert FOLDER is not None
    weights = PackedFile(FOLDER / carried.FILE)
    name = "embeddings.word_embeddings.weight"
    packed = weights.packed(name)
    assert packed is not None
    few = packed.codes[:50]
    codes = np.stack([few & 15, few >> 4], axis=2).reshape(50, -1).astype(np.float32)
    numbers = (codes - 8) * np.repeat(packed.scales[:50], packed.block, axis=1)
    np.testing.assert_array_equal(numbers, weights.tensor(name)[:50])


@installed
def test_it_is_described_without_being_loaded() -> None:
    said = describe(carried.NAME, None)
    assert (said.dim, said.prompts) == (384, ("query: ", "passage: "))
    assert said.tokenizer_file is not None
    assert Unigram(said.tokenizer_file).count("Der Krake schläft.") in range(4, 12)


def test_other_bytes_under_its_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / carried.FILE).write_bytes(b"E5S1, but not the one")
    with pytest.raises(DamagedModelError, match="not what it should be"):
        describe(str(tmp_path), None)
    assert read_folder("m", tmp_path).kind == "packed"


@installed
@pytest.mark.slow
def test_it_reads_every_script_and_finds_across_languages(tmp_path: Path) -> None:
    model = open_embedder(carried.NAME, None, cache_dir=tmp_path)
    assert 0.74 < model.floor < 0.76
    assert model.knows("谁写了这本书？")
    passages = model.embed(
        ["Der Krake schläft in der Tiefsee.", "Die Steuer steigt um zwei Prozent."]
    )
    nearest = passages @ model.embed_query("Where does the kraken sleep?")
    assert nearest.argmax() == 0
