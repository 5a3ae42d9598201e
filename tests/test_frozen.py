"""A program that PyInstaller makes parses with workers that are itself, started as workers."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import sys
from ragflow_local import RAGFlow, worker_main

worker_main()
with open(sys.argv[2], "a") as starts:
    starts.write("started\\n")
with RAGFlow(project_dir=sys.argv[1], embedding_model="hashing", workers=2) as rag:
    dataset = rag.create_dataset("d")
    document = rag.add_document(dataset, "a.md", b"# House\\nThe pump stands in the cellar.")
    document.async_parse()
    print(list(document.join(interval=0.1))[-1], flush=True)
    print(rag.retrieval("Where is the pump?", [dataset])[0].content, flush=True)
"""


@pytest.mark.slow
def test_a_frozen_program_parses_and_is_started_once(tmp_path: Path) -> None:
    if importlib.util.find_spec("PyInstaller") is None:
        pytest.skip("needs PyInstaller: pip install pyinstaller")
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    heavy = ("torch", "transformers", "sentence_transformers", "pytest", "mypy", "playwright")
    subprocess.run(
        [
            *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--onedir", "--log-level=ERROR"),
            *("--distpath", str(tmp_path / "dist"), "--workpath", str(tmp_path / "work")),
            *("--specpath", str(tmp_path), "--paths", str(ROOT)),
            *("--collect-submodules", "ragflow_local", "--collect-data", "ragflow_local"),
            *(part for name in heavy for part in ("--exclude-module", name)),
            str(script),
        ],
        check=True,
        cwd=tmp_path,
        timeout=1500,
    )
    program = tmp_path / "dist" / "program" / "program"
    starts = tmp_path / "starts"
    ended = subprocess.run(
        [program, tmp_path / "project", starts],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=300,
        check=False,
    )
    assert "100.0" in ended.stdout, ended.stdout + ended.stderr
    assert "The pump stands in the cellar." in ended.stdout
    assert starts.read_text().splitlines() == ["started"]
    assert ended.returncode == 0, ended.stderr
