"""The engine for tests: temporary projects, no weights, scripted answers."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.embedders import Embedder, Reranker
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.errors import InvalidValueError, NoAnswerLeftError
from ragflow_local.generators import Generator
from ragflow_local.ingest import wire
from ragflow_local.ingest.slots import Slot
from ragflow_local.models import Models
from ragflow_local.project import Options, Project
from ragflow_local.records import ChatMessage, Vector
from ragflow_local.settings import Limits, LLMSettings
from ragflow_local.testing.spans import spans

_MOST_WARM = 2  # workers that wait for the next test
_REMOVING = ThreadPoolExecutor(1)


class ScriptedRAGFlow(RAGFlow):
    """``RAGFlow`` on a temporary project of the test that runs now.

    Args:
        api_key: The tenant.
        base_url: Which of the test's projects; an engine with the same one sees the same data.
        version: As for ``RAGFlow``.
        options: As for ``RAGFlow``; with ``project_dir`` the engine is an ordinary one.
    """

    def __init__(
        self, api_key: str = "", base_url: str = "", version: str = "v1", **options: Any
    ) -> None:
        self._is_ordinary = options.get("project_dir") is not None
        self._address = base_url
        # One that a module makes when it is imported, or the first test, serves all tests.
        self._span = spans.now if spans.is_wide else None
        if not self._is_ordinary:
            base_url = ""
            here = {"embedding_model": "hashing", "durable": False, "workers": 1}
            options = {**here, **options, "project_dir": self._projects.folder}
        super().__init__(api_key, base_url, version, **options)
        if not self._is_ordinary:
            self._finalizer.detach()  # the project is the test's, not this engine's

    @property
    def _projects(self) -> Projects:
        return (self._span or spans.now).keep(Projects)

    def _open(self, options: Options) -> Project:
        if self._is_ordinary:
            return super()._open(options)
        self._options = options
        return self._projects.at(self._address, options)

    @property
    def project(self) -> Project:
        """The project of the test that runs now; raises ``ProjectClosedError`` when closed."""
        if not self._is_ordinary:
            self._project = self._projects.at(self._address, self._options)
            self.project_dir = self._project.path
        return super().project

    def close(self, wait: bool = False) -> None:
        """Close the engine; its project is there for others until the test ends."""
        if self._is_ordinary:
            super().close(wait)
        elif not self._closed:
            if wait:
                self.project.jobs.wait_for_all()
            self._closed = True

    def answers(self, *answers: str) -> None:
        """Let the chat models of this test give these answers, one a question, in this order.

        ``[ID:0]`` in one cites the first chunk that was found. A question for which nothing is
        found is not put to a model, so it takes none of them. Where none were ever given, the
        built-in answerer quotes.

        Raises:
            InvalidValueError: One is no text.
        """
        for answer in answers:
            if not isinstance(answer, str):
                raise InvalidValueError("answers", answer, "texts")
        self._projects.script.add(answers)

    @property
    def prompts(self) -> list[list[dict[str, str]]]:
        """What the chat models of this test were told so far, a list of messages a question."""
        return [
            [{"role": message.role, "content": message.content} for message in messages]
            for messages in self._projects.script.prompts
        ]


class Projects:
    """The temporary projects of one test, by the address they are asked for."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ragflow_local-"))
        self.script = Script()
        self._open: dict[str, Project] = {}
        self._lock = threading.Lock()

    def at(self, address: str, options: Options) -> Project:
        """Return the project of an address, made when it is first asked for."""
        key = address.rstrip("/").casefold()
        with self._lock:
            if key not in self._open:
                project = _Weightless.open(self.folder / str(len(self._open)), options)
                assert isinstance(project, _Weightless)  # nobody else knows that folder
                project.script = self.script
                self._open[key] = project
            return self._open[key]

    def close(self) -> None:
        """Close and remove them all."""
        for project in self._open.values():
            project.close()
        # The next test does not wait for the disk.
        _REMOVING.submit(shutil.rmtree, self.folder, ignore_errors=True)


class Script:
    """A chat model that gives prepared answers; safe to use from several threads."""

    name = "scripted"
    context_tokens = 1 << 20

    def __init__(self) -> None:
        self.prompts: list[list[ChatMessage]] = []
        self._left: deque[str] = deque()
        self.is_given = False
        self._lock = threading.Lock()

    def add(self, answers: Sequence[str]) -> None:
        """Add answers after those that are there."""
        with self._lock:
            self._left.extend(answers)
            self.is_given = self.is_given or bool(answers)

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Return the words of the messages."""
        return sum(len(message.content.split()) for message in messages)

    def generate(
        self,
        messages: Sequence[ChatMessage],
        settings: LLMSettings,
        *,
        schema: Mapping[str, object] | None = None,
        is_side: bool = False,
    ) -> Iterator[str]:
        """Yield the next answer, a word at a time.

        Raises:
            NoAnswerLeftError: There is none.
        """
        with self._lock:
            self.prompts.append(list(messages))
            if not self._left:
                raise NoAnswerLeftError(len(self.prompts))
            answer = self._left.popleft()
        words = answer.split(" ")
        yield words[0]
        for word in words[1:]:
            yield f" {word}"

    def retire(self) -> None:
        """Free nothing: it has no weights."""

    def close(self) -> None:
        """Do nothing: the next project of the test goes on with it."""


class WarmSlot(Slot):
    """A slot whose worker goes on to the next test: to start one takes half a second."""

    _warm: ClassVar[list[Slot]] = []
    _starting: ClassVar[ThreadPoolExecutor] = ThreadPoolExecutor(1)

    def __init__(self, limits: Limits, python: str = "") -> None:
        super().__init__(limits, python)
        self._is_idle = False

    def run(
        self,
        request: wire.Request,
        name: str,
        is_cancelled: Callable[[], bool],
        on_page: Callable[[int], None] = lambda page: None,
    ) -> wire.Reply:
        """Return the worker's reply, as ``Slot`` does."""
        self._is_idle = False
        reply = super().run(request, name, is_cancelled, on_page)
        self._is_idle = True
        return reply

    def stop(self) -> None:
        """Leave an idle worker to another slot; end any other at once."""
        if self._process is None or not self._is_idle or len(self._warm) >= _MOST_WARM:
            super().stop()
            return
        left = Slot(self._limits)
        left.take_over(self)
        self._warm.append(left)

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is None and not self._readable:
            with suppress(IndexError):  # none is left, or another thread was first
                self.take_over(self._warm.pop())
        # A worker ends with the thread that started it, so that is one that stays.
        return self._starting.submit(super()._ready).result()

    @classmethod
    def end_all(cls) -> None:
        """End the workers that wait for a test that does not come."""
        while cls._warm:
            cls._warm.pop().stop()


class _NoWeights(Models):
    """Models that need no weights, whatever they are called."""

    def embedder(self, name: str) -> Embedder:
        return HashingEmbedder()

    def check_embedder(self, name: str) -> None:
        pass

    def tokenizer_of(self, name: str) -> tuple[Path | None, int]:
        return None, HashingEmbedder.max_tokens

    def reranker(self, name: str) -> Reranker:
        return _ByWords(name)


class _Weightless(Project):
    """A project whose models need no weights, whatever they are called."""

    script: Script
    _slot: ClassVar[type[Slot]] = WarmSlot
    _models: ClassVar[type[Models]] = _NoWeights

    def generator(self, llm: LLMSettings) -> Generator | None:
        return self.script if self.script.is_given else None


class _ByWords:
    """A cross-encoder without weights: the share of words in common."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._embedder = HashingEmbedder()

    def scores(self, question: str, passages: Sequence[str]) -> Vector:
        cosines = self._embedder.embed(passages) @ self._embedder.embed_query(question)
        return cosines.clip(0, 1)
