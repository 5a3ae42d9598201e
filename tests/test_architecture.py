"""The shape of the package: who may import whom, how large a file may grow, what is tested."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ragflow_local

PACKAGE = Path(ragflow_local.__file__).parent
TESTS = Path(__file__).parent

# From the ground up. A module imports from lower floors and from its own room, nothing else.
FLOORS = (
    ("errors",),
    ("records", "settings"),
    ("text", "processes"),
    ("readers", "chunkers", "embedders", "generators", "stores"),
    ("rendering",),
    ("ingest", "retrieve"),
    ("answer",),
    ("models", "model_files"),
    ("project", "doctor", "show"),
    ("api",),
    ("rest",),
    ("sdk", "adapters", "evaluation"),
    ("testing",),
    ("cli",),
    ("__init__", "__main__"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
MAX_LINES = 400

MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(module: str) -> str:
    """``ragflow_local.readers.pdf`` -> ``readers``; the package itself -> ``__init__``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "ragflow_local":
            yield from (f"ragflow_local.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for module in imports_of(path):
        if module.split(".")[0] == "ragflow_local":
            room = room_of(module)
            assert room == own or FLOOR[room] < FLOOR[own], (
                f"{name_of(path)} imports {module}: {own} stands on floor {FLOOR[own]},"
                f" {room} on {FLOOR[room]}. Pass it in as an argument, or move it down."
            )


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_stay_readable(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= MAX_LINES, f"{name_of(path)} has {lines} lines: it holds more than one thing."


def test_every_chunk_method_has_its_file() -> None:
    from ragflow_local.chunkers import METHODS

    for method in METHODS:
        assert (PACKAGE / "chunkers" / f"{method}.py").exists()


def test_every_reader_has_its_file_or_folder() -> None:
    from ragflow_local.readers import ENDINGS

    for kind in ENDINGS:
        places = (PACKAGE / "readers" / f"{kind}.py", PACKAGE / "readers" / kind / "__init__.py")
        assert any(place.exists() for place in places)


def test_public_names_are_sorted() -> None:
    assert ragflow_local.__all__ == sorted(ragflow_local.__all__)


def test_import_is_light() -> None:
    heavy = "{'torch', 'lancedb', 'pymupdf', 'llama_cpp', 'sentence_transformers', 'onnxruntime'}"
    code = f"import sys, ragflow_local; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
