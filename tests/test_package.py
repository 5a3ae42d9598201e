"""What a program that embeds the package can rely on: it is silent, and it is typed."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import ragflow_local

PACKAGE = Path(ragflow_local.__file__).parent
WARN = "logging.getLogger('ragflow_local.ingest').warning('slow'); "


def err_of(code: str) -> str:
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return ended.stderr


def test_the_package_says_nothing_unless_it_is_given_a_handler() -> None:
    assert err_of(f"import logging, ragflow_local; {WARN}") == ""
    heard = err_of(f"import logging, ragflow_local; logging.basicConfig(); {WARN}")
    assert heard == "WARNING:ragflow_local.ingest:slow\n"


def test_the_package_never_configures_logging() -> None:
    code = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    assert not re.search(r"basicConfig|dictConfig|StreamHandler", code)
    assert logging.getLogger("ragflow_local").level == logging.NOTSET


def test_every_logger_is_below_one_name() -> None:
    used = {
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r"^\w+ = logging\.getLogger\((.*)\)$", path.read_text(), re.M)
    }
    assert used
    assert all(name.startswith('"ragflow_local') for name in used), used


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
