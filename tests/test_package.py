"""What a program that embeds the package can rely on: it is silent, and it is typed."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import ragflow_local
from tests.embedders.tiny import make_model

PACKAGE = Path(ragflow_local.__file__).parent
WARN = "logging.getLogger('ragflow_local.ingest').warning('slow'); "


def err_of(code: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, text=True
    )
    assert ended.returncode == 0, ended.stderr
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


def test_parsing_and_searching_need_no_torch(tmp_path: Path) -> None:
    """With a model's folder of its own, from its first use on."""
    make_model(tmp_path / "models" / "tiny")
    code = f"""
import os, sys
os.environ["XDG_CACHE_HOME"] = {str(tmp_path / "cache")!r}
for name in ("torch", "transformers", "sentence_transformers"):
    sys.modules[name] = None
from pathlib import Path
from ragflow_local import RAGFlow
at = Path({str(tmp_path)!r})
where = dict(project_dir=at / "project", models_dir=at / "models")
with RAGFlow(embedding_model="tiny", workers=1, **where) as rag:
    dataset = rag.create_dataset("sea")
    rag.create_document(dataset, "kraken.txt", b"the kraken sleeps in the deep sea")
    document = rag.get_document(name="kraken.txt")
    document.async_parse()
    *_, (_, message) = document.join(interval=0.01, timeout=60)
    assert document.run == "DONE", message
    meaning = dict(vector_similarity_weight=1)
    [hit] = rag.retrieval("the kraken sleeps in the deep sea", [dataset], **meaning)
    assert hit.vector_similarity > 0.9
"""
    assert err_of(code) == ""


def test_the_package_tells_type_checkers_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
