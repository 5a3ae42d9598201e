"""The wheel and the source archive, built and installed by themselves: no extra, no torch."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MIB = 1 << 20
# LanceDB, PyMuPDF, ONNX Runtime, numpy and the weights take 700 of them.
MOST_BYTES = 1000 * MIB


def run(*command: object, at: Path) -> str:
    """Return what a command says, without the settings of this one."""
    ours = ("PYTHON", "RAGFLOW", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    ended = subprocess.run(
        list(map(str, command)),
        cwd=at,
        env=environment | {"XDG_CACHE_HOME": str(at / "cache")},
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def build(tools: Path, target: Path, source: Path, *kinds: str) -> None:
    """Build a package as pip would, by the build tool in a folder."""
    calls = "; ".join(f"build_{kind}({str(target)!r})" for kind in kinds)
    code = f"import sys; sys.path.insert(0, {str(tools)!r}); from hatchling.build import *; {calls}"
    run(sys.executable, "-c", code, at=source)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive."""
    home = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "pip", "install", "-q", "-t", home / "tools", "hatchling", at=home)
    build(home / "tools", home, ROOT, "sdist", "wheel")
    return home


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it needs."""
    home = tmp_path_factory.mktemp("alone") / "env"
    venv.create(home, with_pip=True)
    [wheel] = built.glob("*.whl")
    constraints = ROOT / "constraints.txt"
    run(home / "bin/pip", "install", "-q", "-c", constraints, wheel, at=built)
    return home


@pytest.mark.slow
def test_the_source_archive_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    [archive], [wheel] = built.glob("*.tar.gz"), built.glob("*.whl")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    [source] = [path for path in tmp_path.iterdir() if path.is_dir()]
    build(built / "tools", tmp_path, source, "wheel")
    [again] = tmp_path.glob("*.whl")
    names = [sorted(zipfile.ZipFile(path).namelist()) for path in (wheel, again)]
    assert names[0] == names[1]
    assert "ragflow_local/py.typed" in names[0]
    assert "ragflow_local/text/function_words.txt" in names[0]
    assert not [name for name in names[0] if name.startswith(("tests/", "benchmarks/"))]


@pytest.mark.slow
def test_the_wheel_answers_from_a_link_in_an_empty_directory(
    installed: Path, tmp_path: Path
) -> None:
    """As pipx and uvx start it: an environment of its own, a link to the program elsewhere."""
    link = tmp_path / "bin" / "ragflow-local"
    link.parent.mkdir()
    link.symlink_to(installed / "bin" / "ragflow-local")
    at = tmp_path / "elsewhere"
    at.mkdir()
    said = run(link, "demo", at=at)
    assert "turns back at a significant wave height of 1.8 metres" in said


@pytest.mark.slow
def test_the_installation_has_no_torch_and_is_small(installed: Path) -> None:
    names = ("torch", "transformers", "sentence_transformers", "scipy", "pandas", "trafilatura")
    code = f"from importlib.util import find_spec; print([n for n in {names} if find_spec(n)])"
    assert run(installed / "bin/python", "-c", code, at=installed) == "[]\n"
    size = sum(path.lstat().st_size for path in installed.rglob("*") if path.is_file())
    assert size < MOST_BYTES, f"{size / MIB:.0f} MiB"


@pytest.mark.slow
def test_the_installation_embeds_by_meaning(installed: Path, tmp_path: Path) -> None:
    code = """
from ragflow_local import RAGFlow
with RAGFlow(project_dir="p") as rag:
    dataset = rag.create_dataset("d")
    assert dataset.embedding_model == "all-MiniLM-L6-v2", dataset.embedding_model
    rag.create_document(dataset, "a.txt", b"Lions and elephants live in the national park.")
    rag.create_document(dataset, "b.txt", b"The fare by rail is twenty euros.")
    assert all(document.run == "DONE" for document in dataset.parse())
    [hit, *_] = rag.retrieval("What does a train ticket cost?", [dataset])
    print(hit.document_name, hit.vector_similarity > 0.3)
"""
    assert run(installed / "bin/python", "-c", code, at=tmp_path) == "b.txt True\n"
