"""Reads the configuration of a sentence-transformers model folder, without its weights.

Nothing is loaded here: a dataset can be described, and a wrong folder refused, in milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ragflow_local.embedders import carried
from ragflow_local.errors import DamagedModelError

# What the words of a prompt are likely to be as tokens, to leave room for them in the window.
_PIECE = re.compile(r"\w+|[^\w\s]")

# What a folder that has only a form says of the weights it was made of.
SOURCE = "source.json"

_TOKENIZERS = (
    "tokenizer.json",
    "vocab.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "tokenizer.model",
    "vocab.json",
)

# Asymmetric models whose files do not name their prompts: (pattern of the name, question, passage).
# Source: the model cards of BAAI/bge-*-v1.5, BAAI/bge-*-zh, intfloat/e5-* and mixedbread-ai.
_KNOWN_PROMPTS = (
    (r"\bbge-m3|\bbge-.*reranker", "", ""),
    (r"\bbge-.*-zh", "为这个句子生成表示以用于检索相关文章：", ""),
    (r"\bbge-.*-en", "Represent this sentence for searching relevant passages: ", ""),
    (r"\bmxbai-embed", "Represent this sentence for searching relevant passages: ", ""),
    (r"\bsnowflake-arctic-embed", "Represent this sentence for searching relevant passages: ", ""),
    (r"\be5-.*instruct|\be5-mistral", "", ""),
    (r"\b(multilingual-)?e5-", "query: ", "passage: "),
    (r"\bnomic-embed", "search_query: ", "search_document: "),
)

_POOLING_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A local model as its json files describe it.

    Attributes:
        name: As the user calls it.
        path: Absolute.
        dim: Length of its vectors.
        window_tokens: Most tokens it reads, special tokens and prompt included.
        prompts: What is put before a question and before a passage.
        modules: Last part of the type of each module after the other: Transformer, Pooling, …
        tokenizer_file: ``tokenizer.json``, where there is one.
        files: All that decides what the model computes.
        kind: ``safetensors``; ``packed``: the file of ``carried``; ``form``: nothing but the fast
            form that ``models add`` has made of it.
        source: Of a form the SHA-256 of the weights it was made of; else empty.
    """

    name: str
    path: Path
    dim: int
    window_tokens: int
    prompts: tuple[str, str]
    modules: tuple[str, ...]
    tokenizer_file: Path | None
    files: tuple[Path, ...]
    kind: Literal["safetensors", "packed", "form"] = "safetensors"
    source: str = ""

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that are seen: the window without [CLS], [SEP] and the prompt."""
        room = max(len(_PIECE.findall(prompt)) for prompt in self.prompts)
        return max(1, self.window_tokens - 2 - room)


def read_folder(name: str, path: Path) -> ModelFolder:
    """Return the description of the model in the folder ``path``.

    Raises:
        DamagedModelError: A file is missing, torn, or says what no embedding model says.
    """
    path = path.absolute()
    if (path / carried.FILE).is_file():
        return _packed(name, path)
    if (path / SOURCE).is_file():
        return _form(name, path)
    modules = module_folders(name, path)
    transformer = modules[0][1]
    config = _json(name, transformer / "config.json")
    weights = _weights(name, transformer)
    tokenizers = [transformer / file for file in _TOKENIZERS if (transformer / file).is_file()]
    if not tokenizers:
        raise DamagedModelError(name, f"{transformer} has no {' or '.join(_TOKENIZERS[:3])}")
    files = [*sorted(path.glob("*.json")), *tokenizers, *weights]
    for _, folder in modules[1:]:
        files += [file for file in sorted(folder.glob("*")) if file.is_file()]
        _check_weights(name, folder)
    own = transformer / "tokenizer.json"
    return ModelFolder(
        name=name,
        path=path,
        dim=_dim(name, config, modules),
        window_tokens=_window(transformer, config),
        prompts=_prompts(name, path, config),
        modules=tuple(kind for kind, _ in modules),
        tokenizer_file=own if own in tokenizers else None,
        files=tuple(dict.fromkeys(files)),
    )


def _packed(name: str, path: Path) -> ModelFolder:
    file = path / carried.FILE
    modules = ("Transformer", "Pooling")
    sizes = (carried.HIDDEN, carried.WINDOW)
    return ModelFolder(
        name, path, *sizes, carried.PROMPTS, modules, file, (file,), "packed", carried.SHA256
    )


def _form(name: str, path: Path) -> ModelFolder:
    source, config = _json(name, path / SOURCE), _json(name, path / "config.json")
    files = source.get("files")
    window = _whole(_json(name, path / "form.json"), "window_tokens")
    if not isinstance(files, dict) or not files or window is None:
        raise DamagedModelError(name, f"{path / SOURCE} does not say what the form is made of")
    tokenizer = next(
        (path / file for file in ("pieces.bin", "tokenizer.json") if file in files), None
    )
    paths = tuple(path / Path(str(file)).name for file in files)
    for file in paths:
        if not file.is_file():
            raise DamagedModelError(name, f"{file} is missing")
    return ModelFolder(
        name=name,
        path=path,
        dim=_dim(name, config, []),
        window_tokens=window,
        prompts=_prompts(name, path, config),
        modules=("Transformer", "Pooling"),
        tokenizer_file=tokenizer,
        files=paths,
        kind="form",
        source=str(source.get("weights")),
    )


def digests_said(folder: ModelFolder) -> dict[str, str]:
    """Return the SHA-256 that each file must have, by its name: of a form, and of what is carried.

    What is in safetensors may be anything.
    """
    if folder.kind == "packed":
        return {carried.FILE: carried.SHA256}
    if folder.kind == "form":
        digests: dict[str, str] = _json(folder.name, folder.path / SOURCE)["files"]
        return digests
    return {}


def _json(name: str, file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise DamagedModelError(name, f"{file} is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedModelError(name, f"{file} cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise DamagedModelError(name, f"{file} holds no JSON object")
    return value


def _maybe_json(file: Path) -> dict[str, Any]:
    return _json(file.parent.name, file) if file.is_file() else {}


def module_folders(name: str, path: Path) -> list[tuple[str, Path]]:
    """Return kind and folder of each module; a folder without a list is a bare transformer."""
    listing = path / "modules.json"
    if not listing.is_file():
        return [("Transformer", path), ("Pooling", path / "1_Pooling")]
    try:
        entries = json.loads(listing.read_bytes())
        folders = [
            (str(entry["type"]).rsplit(".", 1)[-1], path / str(entry["path"])) for entry in entries
        ]
    except (OSError, ValueError, RecursionError, TypeError, KeyError) as error:
        raise DamagedModelError(name, f"{listing} cannot be read: {error!r}") from None
    if not folders or folders[0][0] != "Transformer":
        kind = folders[0][0] if folders else "no module"
        raise DamagedModelError(name, f"it begins with {kind}; only transformers are read")
    for _, folder in folders:
        if path not in (folder, *folder.parents) or ".." in folder.parts:
            raise DamagedModelError(name, f"{listing} names a folder outside the model's")
    return folders


def _weights(name: str, folder: Path) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards = _json(name, index).get("weight_map")
        if not isinstance(shards, dict) or not shards:
            raise DamagedModelError(name, f"{index} lists no file")
        shards_listed = [folder / Path(str(shard)).name for shard in sorted(set(shards.values()))]
    else:
        _check_no_pickle(name, folder)
        shards_listed = [folder / "model.safetensors"] * (folder / "model.safetensors").is_file()
    if not shards_listed:
        raise DamagedModelError(name, f"{folder} has no weights (model.safetensors)")
    for file in shards_listed:
        if not file.is_file():
            raise DamagedModelError(name, f"{file} is missing")
        _check_file(name, file)
    return shards_listed


def _check_weights(name: str, folder: Path) -> None:
    _check_no_pickle(name, folder)
    if (folder / "model.safetensors").is_file():
        _check_file(name, folder / "model.safetensors")


def _check_no_pickle(name: str, folder: Path) -> None:
    """Raise where the only weights are a pickle, which may hold a program as well."""
    if (folder / "pytorch_model.bin").is_file() and not (folder / "model.safetensors").is_file():
        raise DamagedModelError(
            name,
            f"the weights in {folder} are a pickle (pytorch_model.bin), which may hold a program."
            " Only model.safetensors is loaded, which most models have too",
        )


def _check_file(name: str, file: Path) -> None:
    """Raise unless ``file`` is as long as its own header says."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(40)
        if start.startswith(b"version https://git-lfs"):
            raise DamagedModelError(name, f"{file} is a Git LFS pointer, not the weights")
        length = int.from_bytes(start[:8], "little")
        if len(start) < 8 or not 2 <= length <= min(size - 8, 100_000_000):
            raise DamagedModelError(name, f"{file} is damaged: its header does not fit its size")
        stream.seek(8)
        try:
            header = json.loads(stream.read(length))
            ends = [
                entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"
            ]
            wanted = 8 + length + max(ends, default=0)
        except (ValueError, RecursionError, TypeError, KeyError, IndexError, AttributeError):
            raise DamagedModelError(name, f"{file} is damaged: its header cannot be read") from None
    if wanted != size:
        raise DamagedModelError(name, f"{file} is damaged: {size} bytes of {wanted}")


def _whole(config: Mapping[str, Any], *keys: str) -> int | None:
    for key in keys:
        value = config.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None


def _dim(name: str, config: Mapping[str, Any], modules: list[tuple[str, Path]]) -> int:
    dim = _whole(config, "hidden_size", "d_model", "dim", "n_embd")
    for kind, folder in modules[1:]:
        settings = _maybe_json(folder / "config.json")
        if kind == "Pooling" and dim is not None:
            dim *= max(1, len(pooling_modes(settings)))
        elif kind == "Dense":
            dim = _whole(settings, "out_features")
    if dim is None:
        raise DamagedModelError(name, "its config.json does not say how long its vectors are")
    return dim


def pooling_modes(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how tokens become one vector, from a pooling module's config; mean if it is silent."""
    named_mode = config.get("pooling_mode")
    if isinstance(named_mode, str):
        return (named_mode,)
    if isinstance(named_mode, list) and named_mode:
        return tuple(str(mode) for mode in named_mode)
    return tuple(mode for flag, mode in _POOLING_FLAGS.items() if config.get(flag)) or ("mean",)


def _window(folder: Path, config: Mapping[str, Any]) -> int:
    for file in ("sentence_bert_config.json", "sentence_roberta_config.json"):
        max_tokens = _whole(_maybe_json(folder / file), "max_seq_length")
        if max_tokens is not None:
            return max_tokens
    positions = _whole(config, "max_position_embeddings", "n_positions") or 512
    if "roberta" in str(config.get("model_type", "")) or config.get("model_type") == "mpnet":
        positions -= 2  # their positions are counted from the padding id on
    tokenizer = _whole(_maybe_json(folder / "tokenizer_config.json"), "model_max_length")
    return min(positions, tokenizer or positions)


def _prompts(name: str, path: Path, config: Mapping[str, Any]) -> tuple[str, str]:
    settings = _maybe_json(path / "config_sentence_transformers.json")
    prompts = settings.get("prompts") or {}
    prompts_by_name = {key: text for key, text in prompts.items() if isinstance(text, str)}
    if any(prompts_by_name.values()):
        rest = prompts_by_name.get(str(settings.get("default_prompt_name")), "")
        passage = next(
            (
                prompts_by_name[key]
                for key in ("passage", "document", "corpus")
                if key in prompts_by_name
            ),
            rest,
        )
        return prompts_by_name.get("query", rest), passage
    # The folder's own name last: a user may call a copy of the model what they like.
    for called in (name, str(config.get("_name_or_path", "")), f"{path.parent.name}/{path.name}"):
        for pattern, question, passage in _KNOWN_PROMPTS:
            if re.search(pattern, called.casefold()):
                return question, passage
    return "", ""


def digest(file: Path) -> str:
    """Return the sha256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def settings_of(folder: ModelFolder) -> Iterator[str]:
    """Yield what besides the files' content decides the vectors."""
    yield f"window {folder.window_tokens}"
    yield f"prompts {json.dumps(folder.prompts)}"
