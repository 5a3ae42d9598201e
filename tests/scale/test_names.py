"""The public names of the room, each loaded when it is first used."""

import subprocess
import sys

import pytest

from ragflow_local import scale


@pytest.mark.parametrize("name", scale.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(scale, name).__name__ == name


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Cluster'"):
        scale.Cluster  # noqa: B018


def test_importing_the_room_imports_no_library_of_a_cluster() -> None:
    script = "import sys, ragflow_local.scale; print(sorted({'ray', 'numpy'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert run.stdout == b"[]\n"
