"""What it takes to have and to run: disk of an installation, memory of each use.

    python -m benchmarks.footprint

Each use is a process of its own, on the documents in the box. Memory is the resident set, sampled
fifty times a second: of the process that opens the engine, and of it with all its workers.
"""

from __future__ import annotations

import argparse
import importlib.metadata as metadata
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.measure import machine, write
from benchmarks.projects import MODEL

ROOT = Path(__file__).parents[1]
BOX = ROOT / "ragflow_local/cli/demo_documents"
QUESTION = "How much diesel does the generator burn on a winter day?"
SAMPLE_SECONDS = 0.02
MIB = 1 << 20
SHOWN = 12  # packages of the table of disk


# ── disk ──


def installed() -> dict[str, metadata.Distribution]:
    return {canonicalize_name(one.metadata["Name"]): one for one in metadata.distributions()}


def closure(wanted: Iterable[str], known: dict[str, metadata.Distribution]) -> set[str]:
    """Return the names of installed packages that ``wanted`` need, themselves included."""
    found: set[str] = set()
    todo = [Requirement(one) for one in wanted]
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        key = f"{name}[{','.join(sorted(one.extras))}]"
        if key in found or name not in known:
            continue
        found |= {key, name}
        for text in known[name].requires or ():
            needed = Requirement(text)
            extras = one.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
                todo.append(needed)
    return {name for name in found if "[" not in name}


def size_of(package: metadata.Distribution) -> int:
    """Return the bytes of a package's files on the disk."""
    total = 0
    for file in package.files or ():
        path = Path(str(package.locate_file(file)))
        total += path.stat().st_size if path.is_file() else 0
    return total


def own_size() -> int:
    return sum(one.stat().st_size for one in (ROOT / "ragflow_local").rglob("*") if one.is_file())


def disk(loaded: set[str]) -> dict[str, Any]:
    """Return sizes in MiB: of each installation, of the largest packages, of what is loaded."""
    known = installed()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    sets = {
        "search and quotes (no extra)": project["dependencies"],
        "with [llm]": [*project["dependencies"], *extras["llm"]],
        "with [llm,ocr]": [*project["dependencies"], *extras["llm"], *extras["ocr"]],
    }
    names = {label: closure(wanted, known) for label, wanted in sets.items()}
    sizes = {name: size_of(known[name]) for name in set().union(*names.values())}
    base = names["search and quotes (no extra)"]
    largest = sorted(names["with [llm,ocr]"], key=lambda name: -sizes[name])[:SHOWN]
    return {
        "installations": {
            label: [len(of), round((sum(sizes[name] for name in of) + own_size()) / MIB)]
            for label, of in names.items()
        },
        "largest": {
            name: [known[name].version, round(sizes[name] / MIB, 1), name in base, name in loaded]
            for name in largest
        },
        "loaded": [len(loaded & base), round(sum(sizes[name] for name in loaded & base) / MIB)],
    }


# ── memory ──


def use(name: str, project: Path, model: str) -> None:
    """Do one use and print, as JSON, which packages it loaded."""
    if name != "this script alone":
        from ragflow_local import RAGFlow

        with RAGFlow(project_dir=project, workers=2, embedding_model=MODEL) as rag:
            USES[name](rag, model)
    roots = {module.split(".")[0] for module in list(sys.modules)}
    owners = metadata.packages_distributions()
    print(json.dumps(sorted({canonicalize_name(o) for r in roots for o in owners.get(r, ())})))


def parse(rag: Any, model: str) -> None:
    dataset = rag.create_dataset("box")
    for file in sorted(BOX.iterdir()):
        rag.create_document(dataset, file.name, file.read_bytes())
    assert all(document.run == "DONE" for document in dataset.parse())


def search(rag: Any, model: str) -> None:
    assert rag.retrieval(QUESTION, datasets=rag.list_datasets())


def ask(rag: Any, model: str) -> None:
    name = f"about {model}"
    chat = rag.create_chat(
        name, knowledgebases=rag.list_datasets(), llm={"model_name": model, "max_token": 64}
    )
    assert chat.create_session().ask(QUESTION).content


def draw(rag: Any, model: str) -> None:
    (chunk, *_) = [
        chunk
        for chunk in rag.retrieval(QUESTION, datasets=rag.list_datasets(), limit=30)
        if chunk.pages
    ]
    assert chunk.page_image()


USES = {
    "first parse, which makes the model's ONNX form": parse,
    "add and parse a PDF of 11 pages and three small files": parse,
    "open": lambda rag, model: rag.list_datasets(),
    "open and search": search,
    "search, and draw the page": draw,
    "ask, quoted by extractive": ask,
    "ask, written by a GGUF": ask,
}


def measured(name: str, project: Path, model: str, cache: Path | None) -> dict[str, Any]:
    """Return peak memory in MiB and seconds of one use, in a process of its own."""
    environment = dict(os.environ)
    if cache is not None:
        environment["XDG_CACHE_HOME"] = str(cache)
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.footprint", "--use", name]
    child = subprocess.Popen(
        [*command, "--project", str(project), "--model", model],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
        text=True,
    )
    engine, tree = 0, 0
    process = psutil.Process(child.pid)
    while child.poll() is None:
        own, of_all = resident(process)
        engine, tree = max(engine, own), max(tree, of_all)
        time.sleep(SAMPLE_SECONDS)
    assert child.stdout is not None
    said = child.stdout.read()
    if child.returncode:
        raise SystemExit(f"{name} failed")
    return {
        "engine": round(engine / MIB),
        "tree": round(tree / MIB),
        "seconds": round(time.perf_counter() - began, 1),
        "loaded": json.loads(said.splitlines()[-1]),
    }


def resident(process: psutil.Process) -> tuple[int, int]:
    """Return the resident bytes of a process, and of it with all below it."""
    try:
        own = process.memory_info().rss
        below = process.children(recursive=True)
    except psutil.Error:
        return 0, 0
    total = own
    for one in below:
        try:
            total += one.memory_info().rss
        except psutil.Error:
            continue  # it has just ended
    return own, total


# ── the page ──


def page(figures: dict[str, Any], model_mib: int) -> str:
    disk_of, memory = figures["disk"], figures["memory"]
    lines = [
        "# What it takes",
        "",
        f"{machine()}. `python -m benchmarks.footprint`",
        "",
        "## Disk",
        "",
        "Packages of this environment that an installation needs, all of their files; torch is the",
        "build for CPUs. Not counted: a cache of pip's.",
        "",
        "| installation | packages | MiB |",
        "|---|---|---|",
        *(f"| {label} | {n} | {size:,} |" for label, (n, size) in disk_of["installations"].items()),
        "",
        f"To open a project and search it, {disk_of['loaded'][0]} of these packages are loaded, of"
        f" {disk_of['loaded'][1]:,} MiB together; torch and LanceDB are not among them.",
        "",
        "| largest packages | version | MiB | without extras | loaded for a search |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {version} | {size:,} | {'yes' if base else ''} | {'yes' if used else ''} |"
            for name, (version, size, base, used) in disk_of["largest"].items()
        ),
        "",
        "## Memory",
        "",
        "Peak resident memory, MiB, of a new process a use, on the four documents in the box, by",
        "the default embedding model. *All*: with the workers that read files and draw pages, what",
        f"they share counted in each. The GGUF has random weights ({model_mib} MiB): another needs",
        "its file's size instead. Seconds were taken while other work ran: no measure of speed.",
        "",
        "| use | the engine | all | seconds |",
        "|---|---|---|---|",
        *(
            f"| {name} | {one['engine']:,} | {one['tree']:,} | {one['seconds']} |"
            for name, one in memory.items()
        ),
        "",
        "Larger collections: `search.md` has the memory of 100,000 chunks. Every file of the test",
        "data at once, scans among them: `everything.md`.",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--use")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--model", default="extractive")
    given = parser.parse_args()
    if given.use:
        use(given.use, given.project, given.model)
        return
    from benchmarks.chat_model import write_model

    memory = {}
    with tempfile.TemporaryDirectory() as folder:
        gguf = write_model(Path(folder) / "random.gguf")
        model_mib = round(gguf.stat().st_size / MIB)
        cache = Path(folder) / "cache"
        for name in ("this script alone", *USES):
            # Each parse makes a project anew; what follows uses the last one.
            project = Path(folder) / ("first" if name.startswith("first") else "project")
            model = str(gguf) if name.endswith("GGUF") else "extractive"
            memory[name] = measured(name, project, model, cache)
            print(f"{name}: {memory[name]['engine']} MiB", flush=True)
    loaded = set(memory["open and search"].pop("loaded"))
    for one in memory.values():
        one.pop("loaded", None)
    figures = {"disk": disk(loaded), "memory": memory}
    write("footprint", page(figures, model_mib), figures)


if __name__ == "__main__":
    main()
