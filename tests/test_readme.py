"""The README's code: what it shows is what happens."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ragflow_local import RAGFlow

pytest_plugins = ["pytester"]

README = Path(__file__).parents[1] / "README.md"


def blocks(language: str) -> list[str]:
    """Return the code of a language; what begins with a file's name is a file, not a script."""
    found = re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), flags=re.M | re.S)
    return [code for code in found if not re.match(r"# [\w.]+\n", code)]


def files() -> dict[str, str]:
    """Return the blocks that begin with a file's name."""
    return dict(re.findall(r"^```python\n# ([\w.]+)\n(.*?)^```", README.read_text(), re.M | re.S))


def run(code: str, directory: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if "RAGFLOW" not in name}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=directory,
        env=environment | {"PYTHONPATH": str(README.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_python_blocks_run_in_order_without_weights(tmp_path: Path) -> None:
    code = "\n".join(blocks("python"))
    without_weights = code.replace("RAGFlow(project", 'RAGFlow(embedding_model="hashing", project')
    shown = run(without_weights, tmp_path)
    assert shown.startswith("DONE 100")
    assert "every second March" in shown


@pytest.mark.slow
def test_the_first_block_prints_what_stands_below_it(tmp_path: Path) -> None:
    assert run(blocks("python")[0], tmp_path) == blocks("text")[0]


def test_the_example_of_a_test_passes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name, code in files().items():
        pytester.path.joinpath(name).write_text(code)
    pytester.syspathinsert(README.parent)
    pytester.syspathinsert()
    ended = pytester.runpytest_subprocess("-p", "ragflow_local.testing", "--ragflow-local")
    ended.assert_outcomes(passed=1)


def test_every_command_at_the_terminal_exists() -> None:
    from ragflow_local.cli import app

    known = {command.name for command in app.registered_commands}
    said = set(re.findall(r"^\$ ragflow-local (\w+)", "\n".join(blocks("console")), flags=re.M))
    assert said
    assert said <= known


def test_a_script_of_the_server_runs_with_another_import_line(tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(files()["ask.py"])
    with RAGFlow("KEY", project_dir=tmp_path / "my_project", embedding_model="hashing") as rag:
        note = rag.add_document(rag.create_dataset("notes"), "house.md", b"-")
        note.add_chunk("The boiler is inspected in March.")
    (moving,) = (block for block in blocks("console") if "sed -i" in block)
    ended = subprocess.run(
        ["bash", "-ec", moving.replace("$ ", "").replace(" python ", f" {sys.executable} ")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(README.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "house.md The boiler is inspected in March.\n", ended.stderr


def test_what_an_assistant_is_told_is_a_command() -> None:
    from ragflow_local.cli import app

    (told,) = (json.loads(block) for block in blocks("json"))
    (server,) = told["mcpServers"].values()
    assert server["command"] == "ragflow-local"
    assert server["args"][0] in {command.name for command in app.registered_commands}


def test_every_parse_method_is_explained() -> None:
    from ragflow_local.settings import PARSE_METHODS

    table = re.findall(r"^\| `(\w+)` \|", README.read_text(), flags=re.M)
    assert tuple(table) == PARSE_METHODS


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", README.read_text()))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (README.parent / link).exists()
