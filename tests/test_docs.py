"""The pages under docs/: every block of Python runs, in its order, and prints what it should."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ragflow_local.settings import Limits, LLMSettings, ParserConfig, PromptSettings

ROOT = Path(__file__).parents[1]
PAGES = sorted(ROOT.glob("docs/*.md"))
PRINTED = {
    "web.md": ["cellar", "cellar", "ForkedError 1"],
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_in_order_without_weights(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", text, flags=re.M | re.S))
    without_weights = code.replace("RAGFlow(project", 'RAGFlow(embedding_model="hashing", project')
    environment = {name: value for name, value in os.environ.items() if "RAGFLOW" not in name}
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", without_weights],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    printed = iter(ended.stdout.splitlines())
    for words in PRINTED.get(page.name, []):
        assert any(words in line for line in printed), ended.stdout


SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [Limits, LLMSettings, ParserConfig, PromptSettings])
def test_each_setting_stands_on_the_page_of_settings(kind: Any) -> None:
    missing = [field.name for field in fields(kind) if f"`{field.name}`" not in SETTINGS]
    assert not missing


def test_each_environment_variable_stands_on_the_page_of_settings() -> None:
    names = {
        name
        for folder in ("ragflow_local", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"(?<!_)RAGFLOW_LOCAL_[A-Z_]+", path.read_text(encoding="utf-8"))
    }
    assert "RAGFLOW_LOCAL_PROJECT" in names
    assert not [name for name in sorted(names) if f"`{name}`" not in SETTINGS]


def test_links_of_pages_lead_somewhere() -> None:
    for page in (*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
