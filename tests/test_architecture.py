"""The shape of the package: who may import whom, how large a file may grow, what is tested."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import ragflow_local

PACKAGE = Path(ragflow_local.__file__).parent
TESTS = Path(__file__).parent

# From the ground up. A module imports from lower floors and from its own room, nothing else.
FLOORS = (
    ("errors",),
    ("settings",),
    ("records",),
    ("text", "processes"),
    ("readers", "chunkers", "embedders", "generators", "stores"),
    ("rendering",),
    ("ingest", "retrieve"),
    ("answer",),
    ("models", "model_files"),
    ("project", "doctor", "show"),
    ("scale",),
    ("api",),
    ("rest",),
    ("sdk", "adapters", "evaluation", "serve"),
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


def test_the_table_of_rooms_is_that_of_the_floors() -> None:
    text = (TESTS.parent / "ARCHITECTURE.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (`[^|]+) \|", text, re.MULTILINE)
    told = {room: int(floor) for floor, rooms in rows for room in re.findall(r"`(\w+)`", rooms)}
    assert told == FLOOR


def imported_by(module: str) -> set[str]:
    """Return the modules of the package that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(NAMED[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}": node.module for alias in node.names}
            found |= {name if name in NAMED else package for name, package in names.items()}
    return found & NAMED.keys() - {module}


def dotted_name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMED = {dotted_name_of(path): path for path in MODULES}


def circles_in(imports: Mapping[str, set[str]]) -> list[str]:
    """Return what cannot be put in an order in which each module follows those it imports."""
    try:
        tuple(TopologicalSorter(imports).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_one_another_in_a_circle() -> None:
    circle = circles_in({module: imported_by(module) for module in NAMED})
    assert not circle, " imports ".join(reversed(circle))


def test_deferred_and_type_only_imports_make_a_circle_too() -> None:
    assert "ragflow_local.api.ragflow" in imported_by("ragflow_local.cli.options")  # in a function
    assert "ragflow_local.testing.engine" in imported_by("ragflow_local.testing")  # for types
    assert circles_in({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert not circles_in({"a": {"b", "c"}, "b": {"c"}, "c": set()})


def test_every_chunk_method_has_its_file() -> None:
    from ragflow_local.chunkers import METHODS

    for method in METHODS:
        assert (PACKAGE / "chunkers" / f"{method}.py").exists()


def test_every_reader_has_its_file_or_folder() -> None:
    from ragflow_local.readers import ENDINGS

    for kind in ENDINGS:
        places = (PACKAGE / "readers" / f"{kind}.py", PACKAGE / "readers" / kind / "__init__.py")
        assert any(place.exists() for place in places)


# What a document passes on its way to an answer: each step is tested by itself.
TESTED_BY_MODULE = ("ingest", "retrieve", "answer", "stores")


@pytest.mark.parametrize(
    "path",
    [
        path
        for room in TESTED_BY_MODULE
        for path in sorted((PACKAGE / room).rglob("*.py"))
        if path.name != "__init__.py"
    ],
    ids=name_of,
)
def test_each_step_to_an_answer_has_tests_of_its_name(path: Path) -> None:
    room = TESTS / path.relative_to(PACKAGE).parts[0]
    assert list(room.rglob(f"test_{path.name}")), f"{name_of(path)} has no tests of its own"


# A command calls the API; records, errors and the words of a text are no calls.
OF_A_COMMAND = (
    "cli", "api", "adapters", "evaluation", "doctor", "model_files", "answer.citations",
    "records", "settings", "errors", "text", "sdk", "rest", "serve", "scale.folder_work",
)  # fmt: skip


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=name_of)
def test_a_command_calls_the_api_only(path: Path) -> None:
    rooms = tuple(f"ragflow_local.{room}" for room in OF_A_COMMAND)
    for module in imports_of(path):
        if module.startswith("ragflow_local."):
            assert module.startswith(rooms), f"{name_of(path)} imports {module}"
    reached = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    assert "project" not in reached, f"{name_of(path)} reaches behind the API"


def test_public_names_are_sorted() -> None:
    assert ragflow_local.__all__ == sorted(ragflow_local.__all__)


def test_import_is_light() -> None:
    heavy = "{'torch', 'lancedb', 'pymupdf', 'llama_cpp', 'sentence_transformers', 'onnxruntime'}"
    code = f"import sys, ragflow_local; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
