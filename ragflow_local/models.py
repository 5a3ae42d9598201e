"""The loaded models of an open project: each is loaded once, when it is first needed.

One model never waits for another: a chat model takes minutes to load, and a search needs none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ragflow_local.embedders import (
    Backend,
    Embedder,
    Reader,
    Reranker,
    describe,
    open_embedder,
    open_reader,
    open_reranker,
)
from ragflow_local.errors import ModelClosedError, ModelTooLargeError
from ragflow_local.generators import Generator, ServerAddress, open_generator, resolve_generator
from ragflow_local.settings import LLMSettings

Key = TypeVar("Key")
Model = TypeVar("Model")

# File or server, context length, threads.
_Wanted = tuple[Path | ServerAddress, int | None, int | None]


@dataclass(frozen=True, slots=True)
class ModelPlaces:
    """The directories of a project's models.

    Attributes:
        models_dir: Where models are looked for by name.
        cache_dir: Where exported models are kept, for all projects.
        backend: ``auto``, or one of the embedders' backends by name.
    """

    models_dir: Path
    cache_dir: Path
    backend: Backend = "auto"


class Once(Generic[Key, Model]):
    """A cache that loads each key once; threads that ask meanwhile wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[Key, Future[Model]] = {}

    def get(self, key: Key, load: Callable[[], Model]) -> Model:
        """Return what was loaded for a key; a load that failed is tried again by the next.

        Raises:
            Exception: What ``load`` raised, to all who waited for it.
        """
        while True:
            with self._lock:
                entry = self._loaded.get(key)
                if entry is None:
                    own = self._loaded[key] = Future[Model]()
            if entry is None:
                return self._load(key, own, load)
            try:
                return entry.result()
            except CancelledError:
                continue  # its thread was interrupted: this one loads it

    def _load(self, key: Key, own: Future[Model], load: Callable[[], Model]) -> Model:
        try:
            model = load()
        except BaseException as error:
            with self._lock:
                self._loaded.pop(key, None)
            if isinstance(error, Exception):
                own.set_exception(error)
            else:
                own.cancel()
            raise
        own.set_result(model)
        return model


class Models:
    """The embedders, rerankers and generators that a project has loaded.

    Args:
        places: Where they are looked for.
    """

    def __init__(self, places: ModelPlaces) -> None:
        self.places = places
        self._embedders: Once[str, Embedder] = Once()
        self._rerankers: Once[str, Reranker] = Once()
        self._readers: Once[str, Reader | None] = Once()
        self._generator_turn = threading.Lock()  # one loads at a time
        self._generator_lock = threading.Lock()
        self._generators: dict[_Wanted, Generator] = {}  # that last used last
        self._closed = threading.Event()

    def embedder(self, name: str) -> Embedder:
        """Return the embedding model of that name, loaded once.

        Raises:
            MissingModelError: It is neither a folder nor found by name.
        """
        places = self.places
        return self._embedders.get(
            name,
            lambda: open_embedder(
                name, places.models_dir, cache_dir=places.cache_dir, backend=places.backend
            ),
        )

    def reranker(self, name: str) -> Reranker:
        """Return the cross-encoder of that name, loaded once.

        Raises:
            MissingModelError: It is neither a folder nor found by name.
        """
        places = self.places
        return self._rerankers.get(
            name, lambda: open_reranker(name, places.models_dir, cache_dir=places.cache_dir)
        )

    def reader(self) -> Reader | None:
        """Return the reader, loaded once; None where the multilingual weights are not there."""
        return self._readers.get("", lambda: open_reader(self.places.models_dir))

    def check_embedder(self, name: str) -> None:
        """Raise ``MissingModelError`` unless there is an embedding model of that name."""
        describe(name, self.places.models_dir, self.places.cache_dir)

    def tokenizer_of(self, name: str) -> tuple[Path | None, int]:
        """Return the tokenizer file of an embedding model and its window, without loading it."""
        description = describe(name, self.places.models_dir, self.places.cache_dir)
        return description.tokenizer_file, description.max_tokens

    def generator(self, llm: LLMSettings) -> Generator | None:
        """Return the chat model, loaded once; None means the extractive answerer.

        Several are kept where memory allows. Where it does not, one that is not needed makes
        room, as soon as the answer it writes is whole.

        Raises:
            MissingModelError: There is no such file, or llama-cpp-python is not installed.
            ModelTooLargeError: It does not fit, even alone.
            ModelServerError: The server that runs it does not answer.
            ModelClosedError: The project was closed while it was loaded.
        """
        path = resolve_generator(llm.model_name, self.places.models_dir)
        if path is None:
            return None
        wanted = (path, llm.context_tokens, llm.threads)
        held = self._held(wanted)
        if held is not None:
            return held
        with self._generator_turn:
            held = self._held(wanted)  # another thread may have loaded it meanwhile
            if held is not None:
                return held
            model = self._load(wanted)
            with self._generator_lock:
                if not self._closed.is_set():
                    self._generators[wanted] = model
                    return model
        model.close()
        raise ModelClosedError(path.name)

    def _held(self, wanted: _Wanted) -> Generator | None:
        with self._generator_lock:
            if self._closed.is_set():
                raise ModelClosedError(wanted[0].name)
            held = self._generators.pop(wanted, None)
            if held is not None:
                self._generators[wanted] = held
            return held

    def _load(self, wanted: _Wanted) -> Generator:
        """Load a chat model; where there is no room, after the others have made some."""
        path, context_tokens, threads = wanted
        while True:
            try:
                return open_generator(path, context_tokens=context_tokens, threads=threads)
            except ModelTooLargeError:
                with self._generator_lock:
                    oldest = next(iter(self._generators), None)
                    other = self._generators.pop(oldest) if oldest is not None else None
                if other is None:
                    raise
            other.retire()

    def close(self) -> None:
        """Free the chat models; one that is being loaded is freed as soon as it is."""
        with self._generator_lock:
            self._closed.set()
            held = list(self._generators.values())
            self._generators.clear()
        for model in held:
            model.close()
