"""Lists the models on this computer, as their files describe them."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ragflow_local.embedders import SOURCE, carried, installed_folders, list_folders, read_folder
from ragflow_local.errors import DamagedModelError, MissingModelError
from ragflow_local.generators import list_models, parts_of
from ragflow_local.generators.gguf_header import GGUFHeader, read_header

Kind = Literal["chat", "embedding"]

_MOST_CONTEXT = 8192  # what a chat takes at most, see generators/llama_cpp.py
_TEMPLATES = (
    ("<|im_start|>", "ChatML"),
    ("<|start_header_id|>", "Llama 3"),
    ("<start_of_turn>", "Gemma"),
    ("[INST]", "Mistral"),
    ("<|assistant|>", "Phi"),
)
_LICENSE = re.compile(r"^license(?:_name)?:\s*[\"']?([^\s\"'\[]+)", re.MULTILINE)


_FEWEST_TO_WRITE = 500_000_000  # parameters; below, most sentences are not what chunks say
TOO_SMALL = (
    "too small to write answers (under half a billion parameters): what it writes is replaced by"
    " quotes where no chunk says it"
)


@dataclass(frozen=True, slots=True)
class Model:
    """A model on the disk, as its files describe it; what they do not say is empty or 0.

    Attributes:
        name: As it is named in settings: its path below the models' directory.
        kind: What it is for.
        path: Its file or folder.
        architecture: ``qwen3``, ``BertModel``, ….
        parameters: Numbers in it.
        quantisation: ``Q4_K_M``, ``F32``, ….
        context_tokens: Most tokens it reads.
        template: Kind of its chat template; ``own`` for one without a name, empty for none.
        size_bytes: Of its files.
        memory_bytes: What it needs while it runs; of a chat model with 8,192 tokens of context,
            or fewer where it reads fewer.
        license: As its files say it.
        problem: Why it cannot be used; empty where nothing is known against it.
        remark: What is to be known before it is used; mostly empty.
    """

    name: str
    kind: Kind
    path: Path
    architecture: str = ""
    parameters: int = 0
    quantisation: str = ""
    context_tokens: int = 0
    template: str = ""
    size_bytes: int = 0
    memory_bytes: int = 0
    license: str = ""
    problem: str = ""
    remark: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return its attributes as plain values."""
        return {**asdict(self), "path": str(self.path)}


def models_in(models_dir: Path) -> list[Model]:
    """Return what is in a directory, chat models first."""
    chats = [_chat_model(path, models_dir) for path in list_models(models_dir)]
    return [*chats, *(_embedding_model(path, models_dir) for path in list_folders(models_dir))]


def models_here(models_dir: Path) -> list[Model]:
    """Return all that can be named: what is in a directory, and what is installed as packages."""
    there = models_in(models_dir)
    names = {model.name for model in there}
    return there + [
        replace(_embedding_model(path, path.parent), name=name)
        for name, path in installed_folders().items()
        if name not in names
    ]


def find_model(name: str, models_dir: Path) -> Model:
    """Return the model of that name, of either kind.

    Raises:
        MissingModelError: There is none; it says where it was looked for.
    """
    there = models_here(models_dir)
    for model in there:
        if name in (model.name, model.path.name, model.path.stem, str(model.path)):
            return model
    path = Path(name).expanduser()
    if path.is_file() and path.suffix.lower() == ".gguf":
        return _chat_model(path.absolute(), models_dir)
    if (path / "config.json").is_file():
        return _embedding_model(path.absolute(), models_dir)
    known = ", ".join(model.name for model in there)
    remedy = f"There is: {known}." if known else "ragflow-local models add FILE puts one there."
    raise MissingModelError(name, [models_dir.absolute(), path.absolute()], remedy)


# ── what files say ──


def _name_of(path: Path, models_dir: Path) -> str:
    root = models_dir.absolute()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _chat_model(path: Path, models_dir: Path) -> Model:
    parts = parts_of(path)
    size = sum(part.stat().st_size for part in parts)
    model = Model(_name_of(path, models_dir), "chat", path, size_bytes=size)
    try:
        header = read_header(path)
        parameters = header.parameters + sum(read_header(part).parameters for part in parts[1:])
    except DamagedModelError as error:
        return replace(model, problem=error.problem)
    context = min(header.context_tokens or _MOST_CONTEXT, _MOST_CONTEXT)
    return replace(
        model,
        architecture=header.architecture,
        parameters=parameters,
        quantisation=header.quantisation,
        context_tokens=header.context_tokens,
        template=_template_of(header),
        memory_bytes=header.memory_bytes(context) - header.size_bytes + size,
        license=header.license,
        problem="" if len(parts) == header.parts else f"{len(parts)} of {header.parts} parts",
        remark=TOO_SMALL if 0 < parameters < _FEWEST_TO_WRITE else "",
    )


def _template_of(header: GGUFHeader) -> str:
    named = (name for mark, name in _TEMPLATES if mark in header.chat_template)
    return next(named, "own") if header.chat_template else ""


def _embedding_model(path: Path, models_dir: Path) -> Model:
    name = _name_of(path, models_dir)
    model = Model(name, "embedding", path, size_bytes=sum(map(_size, path.rglob("*"))))
    if (path / carried.FILE).is_file():
        return _carried_model(model, path / carried.FILE)
    try:
        folder = read_folder(name, path)
        config = json.loads((path / "config.json").read_bytes())
    except DamagedModelError as error:
        return replace(model, problem=error.problem)
    except (OSError, ValueError):
        config = {}
    parameters, kind, weights = _weights_of(path)
    architectures = config.get("architectures") or [config.get("model_type") or ""]
    return replace(
        model,
        architecture=str(architectures[0]),
        parameters=parameters,
        quantisation=kind,
        context_tokens=folder.window_tokens,
        memory_bytes=2 * weights,  # measured: twice the weights while it runs
        license=_license_of(path),
    )


def _carried_model(model: Model, weights: Path) -> Model:
    """Return the multilingual model, whose package describes it nowhere."""
    return replace(
        model,
        architecture=carried.ARCHITECTURE,
        parameters=carried.PARAMETERS,
        quantisation="int4",
        context_tokens=carried.WINDOW,
        size_bytes=_size(weights),
        memory_bytes=2 * carried.PARAMETERS,  # a byte each, twice: see above
        license=carried.LICENSE,
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _weights_of(path: Path) -> tuple[int, str, int]:
    """Return parameters, their type, and bytes of the weights in a folder."""
    parameters, size = 0, 0
    types: Counter[str] = Counter()
    for file in sorted(path.glob("*.safetensors")):
        size += file.stat().st_size
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            header = json.loads(opened.read(length))
        for name, tensor in header.items():
            if name != "__metadata__":
                count = math.prod(tensor["shape"])
                parameters += count
                types[str(tensor["dtype"])] += count
    kind = max(types, key=lambda name: types[name], default="")
    if (path / SOURCE).is_file():
        return parameters, "int8", sum(_size(file) for file in path.glob("*.onnx"))
    return parameters, kind, size or sum(_size(file) for file in path.glob("pytorch_model*.bin"))


def _license_of(path: Path) -> str:
    try:
        text = (path / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    head = text[3:].partition("\n---")[0] if text.startswith("---") else ""
    match = _LICENSE.search(head)
    return match[1] if match else ""
