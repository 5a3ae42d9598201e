"""Both embedding models in one run: speed and memory of each, against torch and each other.

    python -m benchmarks.two_models [--rounds 3]

Every form has a process of its own, and its turn in each round; the best of the rounds counts.
Processor seconds, so that what else the machine does hits all of them alike. torch runs the
multilingual model by the numbers of its package, as float32, on the tokens of our own tokenizer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.corpora import DATA, retrieval_set
from benchmarks.measure import machine, write
from benchmarks.projects import MODELS
from benchmarks.quality import CACHE
from ragflow_local.embedders import open_embedder
from ragflow_local.embedders.carried import CONFIG, PROMPTS, WINDOW, package_folder
from ragflow_local.embedders.vectors import unit_rows
from ragflow_local.records import Matrix

TEXTS, LETTERS, ASKED = 128, 500, 20
FORMS = ("ONNX form", "torch")

Embed = Callable[[Sequence[str]], Matrix]


def opened(model: str, form: str) -> tuple[Embed, Embed]:
    """Return what embeds passages and what embeds a question."""
    if form == "torch" and model == MODELS[1]:
        return _bert(PROMPTS[1]), _bert(PROMPTS[0])
    backend: Any = "torch" if form == "torch" else "auto"
    embedder = open_embedder(model, None, cache_dir=CACHE / "models", backend=backend)
    return embedder.embed, lambda texts: embedder.embed_query(texts[0]).reshape(1, -1)


_models: list[Any] = []


def _bert(prompt: str) -> Embed:
    """Return the multilingual model on torch, loaded once."""
    import torch
    from transformers import BertConfig, BertModel

    from ragflow_local.embedders.carried import FILE
    from ragflow_local.embedders.packed import PackedFile
    from ragflow_local.text.unigram import Unigram, head_of

    folder = package_folder()
    assert folder is not None
    if not _models:
        config: Any = BertConfig.from_dict(dict(CONFIG))
        net: Any = BertModel(config, add_pooling_layer=False)
        weights = PackedFile(folder / FILE)
        values = {name: torch.tensor(weights.tensor(name)) for name in net.state_dict()}
        net.load_state_dict(values)
        pieces = CACHE / "pieces.bin"
        pieces.write_bytes(head_of(folder / FILE))
        _models.extend((net.eval(), Unigram(pieces)))
    net, tokenizer = _models

    def embed(texts: Sequence[str]) -> Matrix:
        vectors = []
        with torch.inference_mode():
            for text in texts:
                ids = torch.tensor([tokenizer.encode(prompt + text, WINDOW)])
                vectors.append(net(input_ids=ids).last_hidden_state.mean(1)[0].numpy())
        return unit_rows(np.array(vectors, np.float32))

    return embed


def measured(model: str, form: str) -> dict[str, float]:
    """Return what this process sees of one form."""
    texts = [text[:LETTERS] for text in retrieval_set(DATA / "retrieval/hotpot100").documents]
    process = psutil.Process()
    before, began, wall = process.memory_info().rss, time.process_time(), time.perf_counter()
    embed, ask = opened(model, form)
    ask(["What is the capital of France?"])
    first, first_wall = time.process_time() - began, time.perf_counter() - wall
    embed(texts[TEXTS : TEXTS + 8])
    began = time.process_time()
    embed(texts[:TEXTS])
    passages = time.process_time() - began
    began = time.process_time()
    for number in range(ASKED):
        ask([f"How long does the kraken sleep in the sea {number}?"])
    return {
        "passage, CPU ms": 1000 * passages / TEXTS,
        "question, CPU ms": 1000 * (time.process_time() - began) / ASKED,
        "to the first vector, CPU s": first,
        "on the clock, s": first_wall,
        "resident, MiB": (process.memory_info().rss - before) / 2**20,
    }


def main() -> None:
    """Measure every form in turns, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(*given.one)))
        return
    forms = [(model, form) for model in MODELS for form in FORMS]
    rounds: dict[str, list[dict[str, float]]] = {f"{model}, {form}": [] for model, form in forms}
    for _ in range(given.rounds):
        for model, form in forms:
            command = [sys.executable, "-m", "benchmarks.two_models", "--one", model, form]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rounds[f"{model}, {form}"].append(json.loads(done.stdout.splitlines()[-1]))
            print(model, form, rounds[f"{model}, {form}"][-1], flush=True)
    figures = {
        name: {key: min(each[key] for each in found) for key in found[0]}
        for name, found in rounds.items()
    }
    write("two_models", page(figures, given.rounds), figures)


def page(figures: dict[str, dict[str, float]], rounds: int) -> str:
    """Return the page of results."""
    columns = list(next(iter(figures.values())))
    base = figures[f"{MODELS[0]}, {FORMS[0]}"]
    lines = [
        "# Both embedding models",
        "",
        f"{machine()}. `python -m benchmarks.two_models`: {TEXTS} passages of {LETTERS} letters,"
        f" {ASKED} questions; each form a process of its own, best of {rounds} rounds in turns."
        " Resident: more than before the model was opened, after all of it.",
        "",
        "| model | passage, times | " + " | ".join(columns) + " |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for name, row in figures.items():
        times = row[columns[0]] / base[columns[0]]
        cells = " | ".join(f"{row[column]:.2f}" for column in columns)
        lines.append(f"| {name} | {times:.2f} | {cells} |")
    sizes = []
    for model in MODELS:
        found = open_embedder(model, None, cache_dir=CACHE / "models")
        homes = (CACHE / "models").glob(f"{found.fingerprint}-*/onnx-int8")
        newest = max(homes, key=lambda home: home.stat().st_mtime, default=Path())
        size = sum(file.stat().st_size for file in newest.glob("*")) / 2**20
        sizes.append(f"{model} {size:.0f} MiB")
    lines += ["", "The ONNX form on the disk: " + ", ".join(sizes) + "."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
