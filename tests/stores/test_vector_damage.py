import errno
from pathlib import Path

import pytest

from ragflow_local.errors import DamagedProjectError, DiskError
from ragflow_local.stores.vector_damage import telling_damage


class PanicException(BaseException):
    """As pyo3 names what a panic of Rust becomes."""


TABLE = Path("vectors/a.lance")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("lance error: Invalid manifest"),
        ValueError("no column"),
        LookupError("vector"),
        MemoryError("capacity overflow"),
        PanicException("index out of bounds"),
        OSError(errno.ENOENT, "a data file is gone"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_is_wrong_with_its_files_is_damage(error: BaseException) -> None:
    forgotten: list[bool] = []
    with (
        pytest.raises(DamagedProjectError, match=r"a\.lance"),
        telling_damage(TABLE, lambda: forgotten.append(True)),
    ):
        raise error
    assert forgotten == [True]


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "full"), RuntimeError("IO: No space left (os error 28)")],
    ids=["by number", "in the words of Rust"],
)
def test_a_disk_that_refuses_is_told_as_the_disk(error: Exception) -> None:
    with pytest.raises(DiskError), telling_damage(TABLE, lambda: None):
        raise error


def test_anything_else_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[bool] = []
    with pytest.raises(KeyboardInterrupt), telling_damage(TABLE, lambda: forgotten.append(True)):
        raise KeyboardInterrupt
    assert not forgotten


def test_a_long_message_is_cut_to_its_first_line() -> None:
    with pytest.raises(DamagedProjectError) as told, telling_damage(TABLE, lambda: None):
        raise RuntimeError("first line" + "." * 400 + "\nsecond line")
    assert "second line" not in str(told.value)
