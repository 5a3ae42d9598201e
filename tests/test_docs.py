"""The pages under docs/: every block of Python runs, in its order, and prints what it should."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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
