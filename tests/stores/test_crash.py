import subprocess
import sys

import pytest

from ragflow_local.stores import crash


def test_a_point_that_nobody_named_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGFLOW_LOCAL_CRASH_AT", "chunks committed")
    for name in crash.POINTS:
        if name != "chunks committed":
            crash.point(name)


def test_the_named_point_ends_the_process_before_anything_is_cleaned_up() -> None:
    code = (
        "import atexit, os; atexit.register(print, 'cleaned up')\n"
        "os.environ['RAGFLOW_LOCAL_CRASH_AT'] = 'file written'\n"
        "from ragflow_local.stores import crash; crash.point('file written'); print('alive')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (86, b"")
