"""A shell that runs commands in this process, and a project for them to find."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.cli import main

HOUSE = """# Boiler
The boiler is inspected every second March. Its burner is cleaned each autumn.
# Pump
The pump is bled at the valve beside the tank, before the heating season begins.
"""


class Ended(NamedTuple):
    status: int
    out: str
    err: str


Shell = Callable[..., Ended]


@pytest.fixture
def shell(
    tmp_path: Path, warm: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """Run a command in an empty directory of its own, with the workers of the tests before."""
    hook = sys.excepthook
    monkeypatch.chdir(tmp_path)
    for name in ("RAGFLOW_LOCAL_PROJECT", "RAGFLOW_LOCAL_LLM", "RAGFLOW_LOCAL_MODELS"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(words)
        status = end.value.code
        return Ended(status if isinstance(status, int) else 0, *capsys.readouterr())

    yield run
    sys.excepthook = hook


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a document and a project that holds it, parsed."""
    directory = tmp_path_factory.mktemp("made")
    (directory / "house.md").write_text(HOUSE)
    with RAGFlow(project_dir=directory / "ragflow_project", embedding_model="hashing") as rag:
        document = rag.add_document(rag.create_dataset("documents"), "house.md", HOUSE.encode())
        document.async_parse()
        list(document.join(interval=0))
        assert document.run == "DONE"
    return directory


@pytest.fixture
def filled(shell: Shell, made: Path) -> Shell:
    """The same, where a project is that holds one parsed document."""
    shutil.copytree(made, Path.cwd(), dirs_exist_ok=True)
    return shell
