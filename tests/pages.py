"""Pages of documentation as programs: every block is run, in its order, in one folder.

A block of Python that begins with ``# name.py`` is a file. In a console block ``$`` marks a
command, and what follows is what it prints, with ``…`` for what differs from run to run.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.page_process import run_program

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
_FILE = re.compile(r"# ([\w.]+\.py)\n")
_TOOLS = {
    "python": "",
    "pytest": "-m pytest -q -p ragflow_local.testing",
    "ragflow-local": "-m ragflow_local",
}


class Block(NamedTuple):
    language: str
    code: str


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [Block(*match) for match in _BLOCK.findall(page.read_text(encoding="utf-8"))]


def use_hashing() -> None:
    """Have engines embed without weights where no model is named."""
    from ragflow_local import RAGFlow

    defaults = RAGFlow.__init__.__kwdefaults__
    assert defaults is not None
    assert defaults["embedding_model"] is None
    defaults["embedding_model"] = "hashing"


def console(block: str, *, is_shown: bool = False) -> None:
    """Run the commands of a console block, each compared with what stands below it."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, expected = part.partition("\n")
        status, shown = _in_process(command) if _is_plain(command) else _in_a_shell(command)
        if is_shown:
            sys.stdout.write(f"$ {command}\n{shown}\n")
        assert not status, f"{command}\n{shown}"
        shown, expected = (" ".join(text.split()) for text in (shown, expected))
        pattern = ".*".join(map(re.escape, re.split(" ?… ?", expected)))
        assert not expected or re.fullmatch(pattern, shown), f"{shown}\nis not\n{expected}"


def _is_plain(command: str) -> bool:
    return bool(re.match(r"ragflow-local [^|>;&$]*$", command))


def _in_process(command: str) -> tuple[object, str]:
    """Run a command of ours here: a process for each would take a second."""
    from ragflow_local.cli import main

    out = io.StringIO()
    status: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main(tuple(shlex.split(command)[1:]))
        except SystemExit as end:
            status = end.code
    sys.excepthook = sys.__excepthook__
    return status, out.getvalue()


def _in_a_shell(command: str) -> tuple[object, str]:
    ended = subprocess.run(
        ["bash", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


def program_of(page: Path, *, before: str, without_weights: bool, is_shown: bool) -> str:
    """Return one program that does what the page says."""
    parts = [
        "from pathlib import Path",
        "from tests.pages import console as _console, use_hashing as _use_hashing",
        "_use_hashing()" if without_weights else "",
        before,
    ]
    for language, code in blocks_of(page):
        if language == "python" and (match := _FILE.match(code)):
            parts.append(f"Path({match[1]!r}).write_text({code!r})")
        elif language == "python":
            parts.append(code)
        elif language == "console":
            parts.append(f"_console({code!r}, is_shown={is_shown})")
    return "\n".join(parts)


def run_page(
    page: Path,
    folder: Path,
    *,
    before: str = "",
    without_weights: bool = True,
    is_shown: bool = False,
) -> str:
    """Run a page in a folder, and return what it prints.

    Args:
        page: A page in Markdown.
        folder: Where its files go.
        before: Code that makes what the page takes for granted.
        without_weights: Whether texts are embedded by the hashing embedder.
        is_shown: Whether what its commands print is printed too.

    Raises:
        AssertionError: A block failed, or printed something else than the page says.
    """
    program = program_of(page, before=before, without_weights=without_weights, is_shown=is_shown)
    tools = folder / ".tools"
    tools.mkdir()
    for name, command in _TOOLS.items():
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        (tools / name).chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if "RAGFLOW" not in name}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{tools}:{environment['PATH']}",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    status, out, err = run_program(program, folder, environment)
    assert status == 0, f"{out}\n{err}"
    return out
