"""A process that has imported the engine and forks once for each program: to import takes a second.

The child is as if started anew with ``python -W ignore -c PROGRAM``: its folder, environment,
output and ``__main__`` are its own, and it ends as any interpreter does.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import IO, cast

ROOT = Path(__file__).parents[1]
PATIENCE = 300  # seconds for a program


def run_program(program: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Return how a program ended, and what it wrote to its output and its error output."""
    out, err = (folder / ".tools" / name for name in ("out", "err"))
    order = [program, str(folder), dict(environment), str(out), str(err)]
    process = _process()
    cast(IO[bytes], process.stdin).write(json.dumps(order).encode() + b"\n")
    cast(IO[bytes], process.stdin).flush()
    status = int(cast(IO[bytes], process.stdout).readline())
    return status, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")


@cache
def _process() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.page_process"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.communicate()


def _become(folder: str, environment: Mapping[str, str], out: str, err: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((0, os.devnull), (1, out), (2, err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # one that has read nothing yet
    sys.argv = ["-c"]
    sys.path[:1] = ["", str(ROOT)]
    sys.modules["__main__"] = ModuleType("__main__")
    signal.alarm(PATIENCE)


def main() -> None:
    for module in ("ragflow_local.api.ragflow", "ragflow_local.cli", "tests.pages"):
        import_module(module)
    warnings.simplefilter("ignore")
    for line in iter(sys.stdin.buffer.readline, b""):
        program, *place = json.loads(line)
        child = os.fork()
        if not child:
            _become(*place)
            exec(compile(program, "<string>", "exec"), vars(sys.modules["__main__"]))
            return
        _, status = os.waitpid(child, 0)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
