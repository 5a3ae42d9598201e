"""Shards: several projects that are asked as if they were one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ragflow_local.api.chat import Chat
from ragflow_local.api.chunk import Chunk
from ragflow_local.api.opening import models_of, tenant_of
from ragflow_local.api.shard_chat import ShardChat
from ragflow_local.api.shard_places import Shard, places_of, wire_to
from ragflow_local.embedders import Backend, Embedder, cache_folder
from ragflow_local.errors import (
    ChangedModelError,
    ForkedError,
    InvalidValueError,
    ProjectClosedError,
    ShardError,
)
from ragflow_local.models import ModelPlaces, Models
from ragflow_local.project import Options, Project
from ragflow_local.records import ChunkRow, Hit
from ragflow_local.retrieve.filters import check_conditions
from ragflow_local.retrieve.search import SearchOptions, search_parts
from ragflow_local.scale.shard_frames import Begin, Open, encode
from ragflow_local.scale.shard_parts import ShardParts
from ragflow_local.scale.shard_process import serve
from ragflow_local.scale.shard_questions import Questions, Wanted
from ragflow_local.settings import (
    LLMSettings,
    PromptSettings,
    check_neighbours,
    check_number,
    check_text,
)


class _Owner:
    """The client of the chunks of one shard: its project is opened when a chunk asks for it."""

    def __init__(self, shards: Shards, directory: Path | None, name: str) -> None:
        self.tenant_id = shards.tenant_id
        self.name = name
        self._shards = shards
        self._directory = directory
        self._project: Project | None = None

    @property
    def project(self) -> Project:
        """The project, open for reading."""
        self._shards.check_open()
        if self._directory is None:
            raise ShardError(self.name, "its files are not on this computer")
        if self._project is None or self._project.is_closed:
            options = Options(
                self._shards.models.places.models_dir,
                self._shards.models.places.cache_dir,
                workers=1,
                read_only=True,
            )
            self._project = Project.open(self._directory, options)
        return self._project

    def close(self) -> None:
        if self._project is not None and not self._project.is_closed:
            self._project.release()
        self._project = None


class Shards:
    """Several projects, open for reading, that answer a question as one project would.

    Each tells first how often it has the question's words; then all of them score by the sums. So
    the hits, their order and their similarities are those of one project with all the documents.
    Datasets of one name are one dataset.

        with Shards(["/data/2023", "/data/2024"]) as shards:
            for chunk in shards.retrieval("How is the pump bled?", ["manuals"]):
                print(shards.where(chunk), chunk.similarity, chunk.content)

    One question is answered at a time; open ``Shards`` twice for two. The projects may be written
    meanwhile: a question sees each as it was when it began.

    Args:
        shards: Directories of projects; for one on another computer the command that answers for
            it there, ``["ssh", "host", "ragflow-local", "shard", "/data/2024"]``; for one on a node
            of a Ray cluster ``"ray://HEAD:10001/data/2024"``.
        api_key: Names the tenant, as for ``RAGFlow``.
        models_dir: Where models are looked for by name, as for ``RAGFlow``; only here are any
            loaded.
        cache_dir: Where exported models are kept.
        embedding_backend: As for ``RAGFlow``.
        processes: Whether each directory is searched by a process of its own, all at once; else
            one after the other in this one.
        timeout_seconds: How long a shard may take for one step of a question.

    Raises:
        InvalidValueError: There is no shard, one is named twice, or a directory has no project.
        ShardError: A shard's process does not answer.
        StoreError: A project cannot be opened.
    """

    def __init__(
        self,
        shards: Sequence[Shard],
        *,
        api_key: str = "",
        models_dir: str | os.PathLike[str] | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        embedding_backend: Backend = "auto",
        processes: bool = True,
        timeout_seconds: float = 60.0,
    ) -> None:
        self._is_closed = True
        check_text("api_key", api_key)
        check_number("timeout_seconds", timeout_seconds, 0.001, 1e6)
        self.tenant_id = tenant_of(api_key)
        self.models = Models(
            ModelPlaces(models_of(models_dir), cache_folder(cache_dir), embedding_backend)
        )
        self._process_id = os.getpid()
        self._turn = threading.RLock()
        places = places_of(shards)
        wires = [wire_to(place, self.tenant_id, processes, timeout_seconds) for place in places]
        self._owners = [
            _Owner(self, place if isinstance(place, Path) else None, wire.name)
            for place, wire in zip(places, wires, strict=True)
        ]
        self._questions = Questions(wires)
        self._is_closed = False
        try:
            self._questions.open()
        except BaseException:
            self.close()
            raise

    # ── search ──

    def retrieval(
        self,
        question: str,
        datasets: Sequence[str] | str | None = None,
        documents: Sequence[str] | None = None,
        offset: int = 0,
        limit: int = 6,
        similarity_threshold: float = 0.1,
        vector_similarity_weight: float = 0.3,
        top_k: int = 1024,
        *,
        meta_fields: Mapping[str, object] | None = None,
        rerank_id: str | None = None,
        neighbours: int | str = 0,
    ) -> list[Chunk]:
        """Return the chunks most similar to a question, the most similar first.

        Args:
            question: Words or a sentence; empty finds nothing.
            datasets: Names or ids: each is searched in the shards that have it. None for all.
            documents: Only in these documents, given by id; None for all.
            offset: How many of the best to pass over.
            limit: Most to return.
            similarity_threshold: Least similarity, in [0, 1].
            vector_similarity_weight: As for ``RAGFlow.retrieval``; likewise what follows.
            top_k: Candidates taken from each of the two indexes, of all shards together.
            meta_fields: Conditions on what is noted about documents.
            rerank_id: A cross-encoder that reads the best again, in this process.
            neighbours: How many chunks before and after each come along.

        Raises:
            InvalidValueError: An argument is outside what is allowed, or the datasets have
                different embedding models.
            NotFoundError: No shard has a dataset or document.
            ShardError: A shard's process ended, or did not answer; the next question starts it
                anew.
        """
        check_text("question", question)
        options = SearchOptions(
            top_k, similarity_threshold, vector_similarity_weight, offset, limit
        )
        if rerank_id is not None:
            check_text("rerank_id", rerank_id)
        check_neighbours("neighbours", neighbours)
        if meta_fields is not None:
            check_conditions(meta_fields)
            _check_sendable(meta_fields)
        wanted = Wanted(
            _names("datasets", datasets), _names("documents", documents), meta_fields or {}
        )
        with self.question(wanted) as parts:
            hits = self.search(parts, question, options, rerank_id)
            beside = parts.around(hits, neighbours) if neighbours else [[] for _ in hits]
            return [
                Chunk(self.owner_of(parts, hit.chunk), hit.chunk, hit, question, rows)
                for hit, rows in zip(hits, beside, strict=True)
            ]

    @contextmanager
    def question(self, wanted: Wanted) -> Iterator[ShardParts]:
        """Give the shards as parts of one search, each in one snapshot meanwhile."""
        with self._turn:
            self.check_open()
            with self._questions.begun(wanted) as parts:
                yield parts

    def search(
        self,
        parts: ShardParts,
        question: str,
        options: SearchOptions,
        rerank_id: str | None = None,
    ) -> list[Hit]:
        """Return the hits for a question in parts of one search."""
        described = parts.datasets
        if not described:
            return []
        floor = next((known.floor for known in described if known.floor is not None), None)
        reranker = self.models.reranker(rerank_id) if rerank_id else None
        return search_parts(
            question,
            lambda: nullcontext(parts),
            lambda: self.embedder_of(parts),
            options,
            floor,
            reranker,
        )

    def embedder_of(self, parts: ShardParts) -> Embedder:
        """Return the embedding model of all parts.

        Raises:
            ChangedModelError: It is no longer the one their vectors are from.
        """
        embedder = self.models.embedder(parts.datasets[0].embedding_model)
        for known in parts.datasets:
            if known.fingerprint not in ("", embedder.fingerprint):
                raise ChangedModelError(known.embedding_model, known.name)
        return embedder

    def owner_of(self, parts: ShardParts, chunk: ChunkRow) -> _Owner:
        """Return the client of a chunk that was found."""
        return self._owners[parts.owner_of(chunk)]

    def where(self, chunk: Chunk) -> str:
        """Return the shard that a chunk is from, as it was named.

        Raises:
            InvalidValueError: It is from none of these.
        """
        owner = getattr(chunk, "_rag", None)
        if not isinstance(owner, _Owner) or owner not in self._owners:
            raise InvalidValueError("chunk", chunk, "a chunk that these shards returned")
        return owner.name

    def list_datasets(self) -> dict[str, dict[str, int]]:
        """Return how many chunks of each dataset are in which shard, by the dataset's name."""
        counts: dict[str, dict[str, int]] = {}
        with self._turn:
            self.check_open()
            for name, begun in self._questions.described():
                for dataset in begun.datasets:
                    where = counts.setdefault(dataset.name, {})
                    where[name] = where.get(name, 0) + dataset.chunks
        return counts

    # ── chats ──

    def create_chat(
        self,
        datasets: Sequence[str] | str | None = None,
        llm: Chat.LLM | dict[str, Any] | None = None,
        prompt: Chat.Prompt | dict[str, Any] | str | None = None,
    ) -> ShardChat:
        """Begin a conversation over all shards; it lives as long as its object.

        Args:
            datasets: Names or ids; None for all.
            llm: How its model writes; None for the built-in answerer, which quotes.
            prompt: What it is told and what is searched for it; a text sets the prompt alone.

        Raises:
            InvalidValueError: An argument is not allowed.
            NotFoundError: No shard has a dataset.
        """
        wanted = Wanted(_names("datasets", datasets))
        with self.question(wanted):
            pass  # it raises where there is none
        settings = Chat.LLM.of(llm).to_dict(), Chat.Prompt.of(prompt).to_dict()
        return ShardChat(
            self, wanted, LLMSettings.from_dict(settings[0]), PromptSettings.from_dict(settings[1])
        )

    # ── the end ──

    def check_open(self) -> None:
        """Raise unless it can be asked.

        Raises:
            ForkedError: This process is a fork of the one that opened it.
            ProjectClosedError: ``close`` was called.
        """
        if os.getpid() != self._process_id:
            raise ForkedError(Path("Shards"))
        if self._is_closed:
            raise ProjectClosedError(Path("Shards"))

    def close(self) -> None:
        """End all shards' processes; closing twice is fine."""
        if self._is_closed or os.getpid() != self._process_id:
            return
        with self._turn:
            self._is_closed = True
            self._questions.close()
            for owner in self._owners:
                owner.close()
            self.models.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Shards({[owner.name for owner in self._owners]})"


def answer_for(directory: Path) -> None:
    """Answer for a project over standard input and output, until that ends; see ``Shards``.

    Raises:
        StoreError: It cannot be opened.
    """
    serve(Open(str(directory.absolute()), tenant_of("")))


def _check_sendable(meta_fields: Mapping[str, object]) -> None:
    """Raise unless conditions can be told to another process."""
    try:
        encode(Begin(None, None, dict(meta_fields)))
    except (OverflowError, TypeError, ValueError) as error:
        allowed = f"values of 64 bits ({error})"
        raise InvalidValueError("meta_fields", meta_fields, allowed) from None


def _names(name: str, given: object) -> tuple[str, ...] | None:
    """Return names or ids as they are searched by; None for all."""
    if given is None:
        return None
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, Sequence) or (not names and name == "datasets"):
        raise InvalidValueError(name, given, "a list of names or ids, or None for all")
    for entry in names:
        if not isinstance(entry, str):
            raise InvalidValueError(name, entry, "names or ids")
        check_text(name, entry)
    return tuple(dict.fromkeys(names))
