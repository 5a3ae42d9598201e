"""Which texts become names on the disk: those that this package gives, and no others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragflow_local.errors import DamagedProjectError
from ragflow_local.stores.files import Files
from ragflow_local.stores.names import path_of_id, path_of_sha256
from ragflow_local.stores.vectors import Vectors

ID, SHA256 = "a" * 32, "0" * 64
ODD: list[object] = [
    "",
    ".",
    "..",
    "../../victim",
    "/etc/passwd",
    "a" * 31,
    "a" * 33,
    "A" * 32,
    "g" * 32,
    "a" * 32 + "\n",
    "a" * 31 + "\0",
    "a" * 30 + "/b",
    "/" + "a" * 31,
    "a" * 28 + "/../",
    "C:\\" + "a" * 29,
    "\\\\host\\" + "a" * 25,
    "а" * 32,  # Cyrillic
    "１" * 32,  # digits, to Python
    "a" * 31 + "\u202e",
    " " + "a" * 31,
    "~" + "a" * 31,
    "*" * 32,
    ID.encode(),
    7,
    None,
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("way", ["id", "sha256", "get", "remove", "image", "drop", "table"])
def test_what_is_no_name_becomes_no_path(tmp_path: Path, odd: Any, way: str) -> None:
    files, vectors = Files(tmp_path), Vectors(tmp_path / "vectors")
    ways: dict[str, Callable[[], object]] = {
        "id": lambda: path_of_id(tmp_path, odd, ".png"),
        "sha256": lambda: path_of_sha256(tmp_path, odd * 2 if isinstance(odd, str) else odd),
        "get": lambda: files.get(odd),
        "remove": lambda: files.remove(odd),
        "image": lambda: files.remove_image(odd),
        "drop": lambda: vectors.drop(odd),
        "table": lambda: vectors.paths_of(odd),
    }
    with pytest.raises(DamagedProjectError):
        ways[way]()


def test_names_of_this_package_are_paths(tmp_path: Path) -> None:
    assert path_of_id(tmp_path, ID, ".png") == tmp_path / f"{ID}.png"
    assert path_of_sha256(tmp_path, SHA256) == tmp_path / SHA256
