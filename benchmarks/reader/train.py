"""Train: a pack and a base to the weights of a reader, on an accelerator or a few cores.

The same seed, steps and workers give the same batches; with ``--minutes`` the learning rate falls
by the time that has passed, so that a run ends when it has to.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from benchmarks.reader import balance
from benchmarks.reader import pack as packed
from benchmarks.reader.batches import (
    Batch,
    Row,
    Sampler,
    batch_of,
    stream,
)
from benchmarks.reader.model import Reader, in_16_bits, loss_of, open_base, scores_of
from benchmarks.reader.pack import Pack

_WARM = 0.04  # share of the steps in which the rate rises
_LARGEST_PART = 14_500_000  # bytes of one file of weights
_CLIP = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train.

    Attributes:
        steps: Batches; with ``minutes`` no more than that.
        minutes: Time it may take; 0 for as long as the steps take.
        tokens: Of a batch.
        rate: The highest learning rate.
        frozen: Layers, from the lowest, that stay as they are.
        seed: Of everything.
        workers: Processes that make batches; 0 makes them here.
        average: Share of the averaged weights that a step leaves; 0 for no average.
        dropout: Share of what the layers give that is left out.
        written: Share of the rows that are written questions about one passage.
        twins: Share of the rows that are asked of two versions of a passage.
        start: A folder of weights to begin with; None for those of the base.
        looks: How often figures are told and a checkpoint is kept.
        checked: Most queries of a use that figures are told of.
    """

    steps: int
    minutes: float = 0.0
    tokens: int = 49_152
    rate: float = 1e-4
    frozen: int = 0
    seed: int = 1
    workers: int = 0
    average: float = 0.999
    dropout: float = 0.1
    written: float = 0.0
    twins: float = 0.0
    start: Path | None = None
    looks: int = 8
    checked: int = 1200


class _Stream(IterableDataset[Batch]):
    def __init__(self, sampler: Sampler, plan: Plan, begun: int) -> None:
        self._sampler, self._plan, self._begun = sampler, plan, begun

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        seed = (self._plan.seed, self._begun, worker.id if worker else 0)
        return stream(self._sampler, seed, self._plan.tokens)


def train(pack: Pack, base: Path, out: Path, plan: Plan) -> Reader:
    """Return a trained model; its weights, a checkpoint and ``log.jsonl`` are written to ``out``.

    A checkpoint that lies there is gone on from.
    """
    torch.manual_seed(plan.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = open_base(base)
    model.freeze(plan.frozen)
    model.drop(plan.dropout)
    if plan.start is not None:
        read_weights(model, plan.start)
    model.to(device)
    run = _Run(model, plan, out, device)
    begun = run.resume()
    batches = DataLoader(
        _Stream(Sampler(pack, plan.written, plan.twins), plan, begun),
        batch_size=None,
        num_workers=plan.workers,
        prefetch_factor=4 if plan.workers else None,
        collate_fn=lambda one: one,
    )
    looked = {
        "choose": checks(pack, packed.CHOOSE, plan.checked),
        "report": checks(pack, packed.REPORT, plan.checked),
        "written": checks(pack, packed.CHOOSE, plan.checked, packed.ALONE),
        "written, reported": checks(pack, packed.REPORT, plan.checked, packed.ALONE),
        "twins": checks(pack, packed.CHOOSE, plan.checked, packed.ONE_OF_TWINS),
        "twins, reported": checks(pack, packed.REPORT, plan.checked, packed.ONE_OF_TWINS),
    }
    checked = {use: some for use, some in looked.items() if some}
    for step, batch in enumerate(batches, begun):
        if run.progress(step) >= 1:
            break
        run.step(step, batch)
        if run.is_due(step):
            figures = {
                use: figures_of(run.averaged(), some, device) for use, some in checked.items()
            }
            run.log(step, figures)
            run.save(step + 1)
    model = run.averaged()
    run.log(-1, {use: figures_of(model, some, device) for use, some in checked.items()})
    write_weights(model, out)
    return model


class _Run:
    """The state of a training: optimizer, averaged weights, time."""

    def __init__(self, model: Reader, plan: Plan, out: Path, device: str) -> None:
        self.model, self.plan, self.out, self.device = model, plan, out, device
        out.mkdir(parents=True, exist_ok=True)
        trained = [one for _, one in model.trained()]
        flat = [one for one in trained if one.ndim < 2]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [one for one in trained if one.ndim >= 2], "weight_decay": 0.01},
                {"params": flat, "weight_decay": 0.0},
            ],
            lr=plan.rate,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.mean = [one.detach().clone() for one in trained]
        self.start = self.told = time.monotonic()
        self.losses: list[torch.Tensor] = []
        self.tokens = 0
        self.checks = 0

    def progress(self, step: int) -> float:
        passed = (time.monotonic() - self.start) / 60
        return max(step / self.plan.steps, passed / self.plan.minutes if self.plan.minutes else 0.0)

    def step(self, step: int, batch: Batch) -> None:
        done = self.progress(step)
        rate = self.plan.rate * min(max(done, 1e-3) / _WARM, (1 - done) / (1 - _WARM))
        for group in self.optimizer.param_groups:
            group["lr"] = max(rate, 0.0)
        self.model.train()
        with in_16_bits(self.device):
            loss = loss_of(self.model, batch, self.device)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own stubs
        trained = [one for _, one in self.model.trained()]
        torch.nn.utils.clip_grad_norm_(trained, _CLIP)
        self.optimizer.step()
        with torch.no_grad():
            kept = min(self.plan.average, (1 + step) / (10 + step))
            torch._foreach_lerp_(self.mean, list[torch.Tensor](trained), 1 - kept)
        self.losses.append(loss.detach())
        self.tokens += batch.ids.size

    def is_due(self, step: int) -> bool:
        """Return whether it is time for the next look."""
        if self.progress(step + 1) * self.plan.looks < self.checks + 1:
            return False
        self.checks += 1
        return True

    def averaged(self) -> Reader:
        """Return a copy of the model with the mean of its last weights."""
        import copy

        found = copy.deepcopy(self.model)
        with torch.no_grad():
            for (_, one), mean in zip(found.trained(), self.mean, strict=True):
                one.copy_(mean)
        return found.eval()

    def log(self, step: int, figures: dict[str, dict[str, float]]) -> None:
        loss = float(torch.stack(self.losses).mean()) if self.losses else math.nan
        seconds = time.monotonic() - self.told
        row = {
            "step": step,
            "minutes": round((time.monotonic() - self.start) / 60, 2),
            "loss": round(loss, 4),
            "tokens_a_second": round(self.tokens / max(seconds, 1e-9)),
            **figures,
        }
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)
        self.losses.clear()
        self.tokens, self.told = 0, time.monotonic()

    def save(self, step: int) -> None:
        kept = {
            "step": step,
            "trained": {name: one.detach().cpu() for name, one in self.model.trained()},
            "mean": [one.cpu() for one in self.mean],
            "optimizer": self.optimizer.state_dict(),
            "passed": time.monotonic() - self.start,
            "checks": self.checks,
        }
        scratch = self.out / "checkpoint.tmp"
        torch.save(kept, scratch)
        scratch.replace(self.out / "checkpoint.pt")

    def resume(self) -> int:
        """Return the step to go on with."""
        path = self.out / "checkpoint.pt"
        if not path.exists():
            return 0
        kept = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(kept["trained"], strict=False)
        self.mean = [one.to(self.device) for one in kept["mean"]]
        self.optimizer.load_state_dict(kept["optimizer"])
        self.start -= kept["passed"]
        self.checks = kept["checks"]
        return int(kept["step"])


def checks(pack: Pack, use: int, most: int, written: int = 0) -> list[tuple[Row, bool, bool]]:
    """Return queries as the engine asks them: whether one answers, and whether people said none.

    Each that has an answer is asked a second time of other passages alone. Those written about one
    passage are drawn so that their marks tell nothing (``balance``); those of twins have none.
    """
    chance = np.random.default_rng(use)
    sampler = Sampler(pack)
    queries = np.flatnonzero(
        (pack.use == use) & (pack.kind != packed.CLAIM) & (pack.written == written)
    )
    if written == packed.ALONE and len(queries):
        often = balance.weights(pack, queries.astype(np.int32))
        chosen = chance.choice(queries, min(most, len(queries) // 2), False, often / often.sum())
    else:
        chosen = chance.permutation(queries)[:most]
    chosen = np.sort(chosen)
    found: list[tuple[Row, bool, bool]] = []
    for query in map(int, chosen):
        one = sampler.put(query, chance, like_engine=True)
        found.append((one, bool(one.right), not sampler.is_right[query]))
        if sampler.is_right[query]:
            found.append(
                (sampler.put(query, chance, is_elsewhere=True, like_engine=True), False, False)
            )
    return found


def figures_of(model: Reader, some: list[tuple[Row, bool, bool]], device: str) -> dict[str, float]:
    """Return how often the best sentence is right, and how well none is told from some."""
    model.eval()
    lead: list[float] = []
    first: list[bool] = []
    order = sorted(range(len(some)), key=lambda at: len(some[at][0].ids))
    size = 64 if device == "cuda" else 16
    for start in range(0, len(order), size):
        part = [some[at][0] for at in order[start : start + size]]
        batch = batch_of(part)
        scores = scores_of(model, batch, device)
        best = 1 + scores[:, 1:].argmax(1)
        first += list(batch.right[np.arange(len(part)), best])
        lead += list(scores[:, 1:].max(1) - scores[:, 0])
    leads, firsts = np.array(lead), np.array(first)
    answerable = np.array([some[at][1] for at in order])
    said = np.array([some[at][2] for at in order])
    other = ~answerable & ~said
    low = float(np.quantile(leads[answerable], 0.1)) if answerable.any() else 0.0
    return {
        "right": round(float(firsts[answerable].mean()), 4),
        "area_said": round(area(leads[answerable], leads[said]), 4),
        "area_other": round(area(leads[answerable], leads[other]), 4),
        "refused_said": round(float((leads[said] < low).mean()), 4) if said.any() else 0.0,
        "refused_other": round(float((leads[other] < low).mean()), 4) if other.any() else 0.0,
        "lead": round(low, 3),
    }


def area(high: np.ndarray, low: np.ndarray) -> float:
    """Return how often one of the first is above one of the second."""
    if not len(high) or not len(low):
        return math.nan
    ranks = np.concatenate([high, low]).argsort(kind="stable").argsort(kind="stable")
    above = ranks[: len(high)].sum() - len(high) * (len(high) - 1) / 2
    return float(above / (len(high) * len(low)))


def read_weights(model: Reader, folder: Path) -> None:
    """Put weights that an earlier training wrote in the place of the model's."""
    for path in sorted(folder.glob("weights-*.npz")):
        with np.load(path) as kept:
            told = {name: torch.from_numpy(kept[name].astype(np.float32)) for name in kept.files}
        model.load_state_dict(told, strict=False)


def write_weights(model: Reader, out: Path) -> None:
    """Write what was trained as ``weights-N.npz``, in 16 bits, each file small enough to send."""
    parts: list[dict[str, np.ndarray]] = [{}]
    size = 0
    for name, one in model.named_parameters():
        if name.startswith(("word.", "place.", "norm.")):
            continue  # they stay as they are
        values = one.detach().cpu().numpy().astype(np.float16)
        if size + values.nbytes > _LARGEST_PART:
            parts.append({})
            size = 0
        parts[-1][name] = values
        size += values.nbytes
    for number, part in enumerate(parts):
        np.savez(out / f"weights-{number}.npz", **part)  # type: ignore[arg-type]  # no names there
