"""Starts a process: its program, its first message and its environment.

A worker is a new Python interpreter. A frozen program, or one that embeds Python, is none: started
as one it would run itself again. So it is started only where it has said that it answers, by
calling ``worker_main`` first; else an interpreter is looked for, or there is none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import IO

from ragflow_local.errors import WorkerNotStartedError

ENVIRONMENT = "RAGFLOW_LOCAL_PYTHON"
_MARK = "--ragflow-local-worker"

# What a worker says before all else; what says anything else is no worker.
GREETING = b"ragflow_local worker\n"

# The worker sees the engine's sys.path, so a package found through it is found there too; the
# module is run by name, not as __main__ of a script of the user's.
BOOT = (
    "import sys, json; asked = json.loads(sys.argv[1]); sys.path[:] = asked['path'];"
    "del sys.argv[1:]; import importlib; importlib.import_module(asked['module']).main(asked)"
)
# What loading a library may need; nothing else of the engine's environment is a worker's business.
_KEPT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "LANG", "LC_ALL")

_answers = False


def worker_main() -> None:
    """Run as a worker if this process was started as one; otherwise return at once.

    For a program that is frozen (PyInstaller, Nuitka), as its very first call, as
    ``multiprocessing.freeze_support()`` is: without it such a program can start no workers.
    """
    global _answers
    _answers = True
    if len(sys.argv) == 3 and sys.argv[1] == _MARK:
        command = json.loads(sys.argv[2])
        del sys.argv[1:]
        import_module(command["module"]).main(command)
        sys.exit(0)


def start(
    module: str, python: str, readable: Iterable[str], most_bytes: int
) -> subprocess.Popen[bytes]:
    """Start a process and return it; its first output is ``GREETING``.

    Args:
        module: Whose ``main`` it runs.
        python: The interpreter; empty: the one that runs this program, where it is one.
        readable: Files that it may read, beside its libraries.
        most_bytes: The memory it may hold.

    Raises:
        WorkerNotStartedError: There is no interpreter.
    """
    request = {
        "module": module,
        "path": _paths(),
        "readable": sorted(readable),
        "most_bytes": most_bytes,
    }
    command = _command(python, json.dumps(request))
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # One: threads that a library starts while it is imported would have all rights.
    environment["OPENBLAS_NUM_THREADS"] = "1"
    try:
        # Neither forked (threads of the engine hold locks) nor spawned by multiprocessing (a
        # script without a __main__ guard would run again).
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/" if os.name == "posix" else None,
        )
    except OSError as error:
        raise WorkerNotStartedError(command[0], str(error)) from error


def start_helper(
    module: str, asked: Mapping[str, str], log: IO[bytes], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a process of the engine's own, which may do all that the engine may.

    Args:
        module: Whose ``main`` it runs.
        asked: What that is given.
        log: Takes what it prints besides its frames.
        environment: What is set besides the engine's environment.

    Raises:
        WorkerNotStartedError: There is no interpreter.
    """
    command = _command("", json.dumps({**asked, "module": module, "path": _paths()}))
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **environment},
        )
    except OSError as error:
        raise WorkerNotStartedError(command[0], str(error)) from error


def _command(python: str, asked: str) -> list[str]:
    named = python or os.environ.get(ENVIRONMENT, "")
    if named:
        return [named, "-c", BOOT, asked]
    if _answers and getattr(sys, "frozen", False):
        return [sys.executable, _MARK, asked]
    interpreter = _interpreter()
    if interpreter:
        return [interpreter, "-c", BOOT, asked]
    if _answers:
        return [sys.executable, _MARK, asked]
    raise WorkerNotStartedError(sys.executable or sys.argv[0], "it is no Python interpreter")


def _interpreter() -> str:
    """Return the interpreter that runs this program; empty for a frozen program."""
    if getattr(sys, "frozen", False):
        return ""
    if _is_named_python(sys.executable):
        return sys.executable
    # A program that embeds Python, as uWSGI does: the interpreter of its environment.
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = [f"bin/{version}", "bin/python3", "python.exe", "Scripts/python.exe"]
    for prefix in (sys.prefix, sys.base_prefix):
        for place in places:
            if (Path(prefix) / place).is_file():
                return str(Path(prefix) / place)
    return ""


def _is_named_python(program: str | None) -> bool:
    return bool(program) and Path(program or "").name.lower().startswith(("python", "pypy"))


def _paths() -> list[str]:
    paths = []
    for entry in sys.path:
        try:
            paths.append(entry or os.getcwd())  # noqa: PTH109  # Path.cwd() is no shorter
        except FileNotFoundError:  # the working folder was removed
            continue
    return paths
