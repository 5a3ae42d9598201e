"""Opens a project directory for one tenant, and closes it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import tempfile
import warnings
import weakref
from collections.abc import Iterable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from ragflow_local.api.entity import released_door
from ragflow_local.embedders import Backend, cache_folder, default_model
from ragflow_local.errors import InvalidValueError, ProjectClosedError
from ragflow_local.ingest.interrupted import waiting_notice
from ragflow_local.project import Options, Project
from ragflow_local.settings import Limits, check_text, check_whole
from ragflow_local.stores.snapshots.fetched import current

DEFAULT_PROJECT = "ragflow_project"


class Opening:
    """An engine's directory: found, opened and closed; see ``RAGFlow`` for the arguments."""

    def __init__(
        self,
        api_key: str = "",
        base_url: str = "",
        version: str = "v1",
        *,
        project_dir: str | os.PathLike[str] | None = None,
        models_dir: str | os.PathLike[str] | None = None,
        workers: int | None = None,
        read_only: bool = False,
        resume: bool = True,
        embedding_backend: Backend = "auto",
        embedding_model: str | None = None,
        limits: Limits | None = None,
        durable: bool = True,
        worker_python: str | os.PathLike[str] | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        self._closed = True
        check_text("api_key", api_key)
        self.tenant_id = tenant_of(api_key)
        self.version = version
        self.project_dir = _directory(project_dir, base_url)
        self._given = {
            "workers": workers is not None,
            "models_dir": models_dir is not None,
            "cache_dir": cache_dir is not None,
            "limits": limits is not None,
            "embedding_backend": embedding_backend != "auto",
            "is_durable": not durable,
            "worker_python": worker_python is not None,
        }
        if workers is None:
            workers = max(1, min(4, os.cpu_count() or 1))
        check_whole("workers", workers, 1, 64)
        options = Options(
            models_dir=models_of(models_dir),
            cache_dir=cache_folder(cache_dir),
            workers=workers,
            read_only=read_only,
            resume=resume,
            embedding_backend=embedding_backend,
            limits=limits or Limits(),
            is_durable=durable,
            worker_python=os.fspath(worker_python or ""),
        )
        self.embedding_model = embedding_model or default_model(options.models_dir)
        self._project = self._open(options)
        self._closed = False
        self._remove_when_closed = False
        if waiting := waiting_notice(self._project.take_waiting()):
            warnings.warn(waiting, RuntimeWarning, stacklevel=2)
        # An engine that is dropped without close() gives its project back too.
        self._finalizer: weakref.finalize[..., Any] = self._released_with_me(self._project)

    def _open(self, options: Options) -> Project:
        given = [name for name, is_given in self._given.items() if is_given]
        return Project.open(current(self.project_dir), options, given)

    def _released_with_me(self, *projects: Project) -> weakref.finalize[..., Any]:
        finalizer = weakref.finalize(self, _release, projects)
        finalizer.atexit = False
        return finalizer

    @classmethod
    def temporary(cls, api_key: str = "", **options: Any) -> Self:
        """Return an engine on a new temporary directory, which ``close`` removes.

        Nothing waits for the disk there: what dies with the process need not outlive a power cut.
        """
        directory = tempfile.mkdtemp(prefix="ragflow_local-")
        try:
            rag = cls(api_key, project_dir=directory, **{"durable": False, **options})
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        rag._remove_when_closed = True
        return rag

    @property
    def project(self) -> Project:
        """The open project.

        Raises:
            ForkedError: This process is a fork of the one that opened it.
            ProjectClosedError: ``close`` was called.
        """
        self._project.check_process()
        if self._closed or self._project.is_closed:
            raise ProjectClosedError(self.project_dir)
        return self._project

    def close(self, wait: bool = False) -> None:
        """Stop the workers and give the directory free; closing twice is fine.

        Documents queued or being parsed keep their earlier chunks and are taken up again when the
        project is next opened for writing.

        Args:
            wait: Whether to wait until they are parsed instead.
        """
        if self._closed or self._project.is_inherited:
            return
        self._closed = True
        self._finalizer.detach()
        self._project.release(wait=wait)
        if self._remove_when_closed:
            shutil.rmtree(self.project_dir, ignore_errors=True)

    def close_on_signals(self, *numbers: int) -> None:
        """Have the program end as at its own end when it is told to, so that all is closed.

        What has a handler of the program's or its server's keeps it.

        Args:
            numbers: Of signals; none: SIGTERM, which ``docker stop`` and systemd send.

        Raises:
            InvalidValueError: This is not the main thread, or a signal cannot be heard.
        """
        for number in numbers or (signal.SIGTERM,):
            try:
                if signal.getsignal(number) in (signal.SIG_DFL, None):
                    signal.signal(number, _end)
            except (ValueError, OSError) as error:
                allowed = f"a signal, in the main thread ({error})"
                raise InvalidValueError("numbers", number, allowed) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        # Only reached where there is no such attribute.
        kind = type(self).__name__
        raise AttributeError(f"{kind} has no attribute {name!r}{released_door(name)}")

    def __repr__(self) -> str:
        return f"RAGFlow(project_dir={str(self.project_dir)!r})"


def _release(projects: Iterable[Project]) -> None:
    for project in projects:
        project.release()


def _end(number: int, _: FrameType | None) -> None:
    # As an exception, so that what is under way is ended where it can be; atexit closes projects.
    raise SystemExit(128 + number)


def tenant_of(api_key: str) -> str:
    """Return the id of the tenant whose key it is."""
    return hashlib.sha256(b"ragflow_local tenant\0" + api_key.encode()).hexdigest()[:32]


def models_of(models_dir: str | os.PathLike[str] | None) -> Path:
    """Return where models are looked for by name."""
    models = models_dir or os.environ.get("RAGFLOW_LOCAL_MODELS") or "models"
    return Path(models).expanduser().absolute()


def _directory(project_dir: str | os.PathLike[str] | None, base_url: str) -> Path:
    """Return the directory that the arguments and the environment name."""
    check_text("base_url", base_url)
    if project_dir is not None:
        return Path(project_dir).expanduser().absolute()
    scheme = urlsplit(base_url).scheme
    if base_url and scheme not in ("http", "https"):
        path = unquote(urlsplit(base_url).path) if scheme == "file" else base_url
        return Path(path).expanduser().absolute()
    from_environment = os.environ.get("RAGFLOW_LOCAL_PROJECT")
    if from_environment:
        return Path(from_environment).expanduser().absolute()
    if base_url:
        raise InvalidValueError(
            "base_url",
            base_url,
            "a directory: project_dir='…' or the environment variable RAGFLOW_LOCAL_PROJECT names"
            " it; this engine has no server and never uses a network",
        )
    return Path(DEFAULT_PROJECT).absolute()
