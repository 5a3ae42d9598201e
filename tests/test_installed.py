"""The package as it is installed from the bundle, in an environment of its own, network off."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from tests.api.test_reference_examples import EXAMPLES

ROOT = Path(__file__).parents[1]


def run(*command: object, at: Path, has_network: bool = False) -> str:
    """Return what a command says; without a network where the system lets us take it away."""
    away = ["unshare", "-rn"]
    if has_network or subprocess.run([*away, "true"], check=False).returncode:
        away = []
    ours = ("PYTHON", "RAGFLOW", "PIP_", "VIRTUAL_ENV")
    kept = os.environ if has_network else {}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    ended = subprocess.run(
        [*away, *map(str, command)],
        cwd=at,
        env=environment | dict(kept),
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "bundle"
    run(sys.executable, ROOT / ".ci" / "bundle.py", folder, at=ROOT, has_network=True)
    return folder


@pytest.fixture(scope="module")
def bin(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that was installed without a network."""
    home = tmp_path_factory.mktemp("installed")
    run(sys.executable, bundle / "install.py", home / "env", at=home)
    return home / "env" / "bin"


@pytest.mark.slow
def test_the_bundle_installs_and_answers_without_a_network(bin: Path, tmp_path: Path) -> None:
    said = run(bin / "ragflow-local", "demo", at=tmp_path)
    assert "turns back at a significant wave height of 1.8 metres" in said
    assert "] station-handbook.pdf, page 3" in said


@pytest.mark.slow
def test_tests_of_a_project_with_scripts_for_the_server_pass(bin: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    get = ["-m", "pip", "download", "-q", "-d", wheels, "-c", ROOT / "constraints.txt", "pytest"]
    run(sys.executable, *get, at=ROOT, has_network=True)
    alone = ["--no-index", "--find-links", wheels]
    run(bin / "python", "-m", "pip", "install", "-q", *alone, "pytest", at=tmp_path)
    project = tmp_path / "project"
    project.mkdir()
    (project / "conftest.py").write_text(FILES)
    for number, script in enumerate(EXAMPLES.values()):
        code = textwrap.indent(inspect.cleandoc(script), "    ")
        (project / f"test_{number}.py").write_text(f"{HEAD}def test_it():\n{code}\n")
    said = run(bin / "pytest", "--ragflow-local", "-q", at=project)
    assert f"{len(EXAMPLES)} passed" in said


@pytest.mark.slow
def test_a_type_checker_sees_every_parameter(bin: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", bin / "python", "."],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    revealed = re.findall(r'program.py:\d+: note: Revealed type is "(.*)"', checked.stdout)
    call, twin, join, ask, message = revealed
    assert "similarity_threshold: float =" in call
    assert "rerank_id: str | None =" in call
    chunks = "list[ragflow_local.api.chunk.Chunk]"
    assert twin == call.replace(f"-> {chunks}", f"-> typing.Coroutine[Any, Any, {chunks}]")
    assert join.startswith("def (interval: float =, timeout: float =) -> typing.AsyncGenerator[")
    assert "stream: Literal[True]" in ask
    assert message.endswith(".Message")
    errors = re.findall(r"program.py:(\d+): error: (.*)", checked.stdout)
    assert [line for line, _ in errors] == ["8"], checked.stdout
    assert 'Unexpected keyword argument "limt"' in errors[0][1]


HEAD = """\
from ragflow import RAGFlow

API_KEY, HOST_ADDRESS = "key", "http://localhost:9380"


"""
FILES = """\
import pytest

@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ragflow.txt").write_text("RAGFlow is an engine for answers from documents.\\n")
    (tmp_path / "infinity.txt").write_text("Infinity is a database.\\n")
"""
PROGRAM = """\
from ragflow_local import Document, RAGFlow, Session

def find(rag: RAGFlow, document: Document, session: Session) -> None:
    reveal_type(rag.retrieval)
    reveal_type(rag.aretrieval)
    reveal_type(document.ajoin)
    reveal_type(session.aask)
    rag.retrieval("boiler", [], limt=3)

async def ask(rag: RAGFlow, session: Session) -> str:
    found = await rag.aretrieval("boiler", [], limit=3)
    async for message in session.aask("boiler?", stream=True):
        reveal_type(message)
    return (await session.aask(found[0].content)).content
"""


# ── the script that installs, where it refuses to ──


@pytest.fixture
def install(tmp_path: Path) -> ModuleType:
    """The script, in a folder of one wheel."""
    (tmp_path / "a.whl").write_bytes(b"wheel")
    copy = tmp_path / "install.py"
    copy.write_bytes((ROOT / ".ci" / "install.py").read_bytes())
    spec = importlib.util.spec_from_file_location("install", copy)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_damaged_or_incomplete_bundle_is_not_installed(install: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"a\.whl is damaged. Copy the folder again."):
        install.check_files({"a.whl": "0" * 64})
    with pytest.raises(SystemExit, match=r"b\.whl is missing."):
        install.check_files({"b.whl": "0" * 64})


def test_a_bundle_for_another_python_or_computer_says_for_which(install: ModuleType) -> None:
    install.check_machine(json.loads(json.dumps(this := install_here())))
    with pytest.raises(SystemExit, match=r"made for python 2\.7, this is 3\."):
        install.check_machine(this | {"python": "2.7"})
    with pytest.raises(SystemExit, match="made for platform amiga"):
        install.check_machine(this | {"platform": "amiga"})


def install_here() -> dict[str, str]:
    import sysconfig

    return {"python": sysconfig.get_python_version(), "platform": sysconfig.get_platform()}
