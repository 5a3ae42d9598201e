"""A store of objects that ends at a chosen call, as a network or a process does."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.fs

How = Literal["before", "halfway", "after"]


class EndedError(OSError):
    """The store has ended."""


class _Upload(io.BytesIO):
    """What is written appears when it is closed."""

    def __init__(self, finish: Callable[[bytes], None]) -> None:
        super().__init__()
        self._finish = finish

    def close(self) -> None:
        if not self.closed:
            data = self.getvalue()
            super().close()
            self._finish(data)


class Store(pyarrow.fs.FileSystemHandler):  # type: ignore[misc]  # pyarrow has no types
    """A folder behind ``pyarrow.fs``, written in place.

    Attributes:
        calls: What was asked for, in order.
        end_at: Which call is the last; what it does is done not at all, by half, or whole. From
            then on all calls fail, as after the end of a process.
        on_call: Called before each.
    """

    def __init__(self, end_at: int | None = None, how: How = "before") -> None:
        self._folder = pyarrow.fs.LocalFileSystem()
        self.calls: list[str] = []
        self.end_at = end_at
        self.how = how
        self.on_call: Callable[[str], None] = lambda call: None

    @property
    def filesystem(self) -> Any:
        return pyarrow.fs.PyFileSystem(self)

    @property
    def has_ended(self) -> bool:
        return self.end_at is not None and len(self.calls) > self.end_at

    def _call(self, name: str, path: str) -> bool:
        """Note a call; return whether it is the last one."""
        call = f"{name} {path}"
        self.on_call(call)
        self.calls.append(call)
        last = self.end_at is not None and len(self.calls) == self.end_at + 1
        if self.has_ended and not (last and self.how != "before"):
            raise EndedError(f"the store ended at {call}")
        return last

    def _done(self, last: bool) -> None:
        if last:
            raise EndedError("the store ended")

    def get_type_name(self) -> str:
        return "odd"

    def normalize_path(self, path: str) -> str:
        return path

    def open_input_stream(self, path: str) -> Any:
        last = self._call("read", path)
        data = Path(path).read_bytes()
        self._done(last and self.how == "after")
        return pa.BufferReader(data[: len(data) // 2] if last else data)

    def open_output_stream(self, path: str, metadata: Any) -> Any:
        return pa.PythonFile(_Upload(lambda data: self._finish(path, data)), mode="w")

    def _finish(self, path: str, data: bytes) -> None:
        last = self._call("write", path)
        Path(path).write_bytes(data[: len(data) // 2] if last and self.how == "halfway" else data)
        self._done(last)

    def create_dir(self, path: str, recursive: bool) -> None:
        last = self._call("make", path)
        self._folder.create_dir(path, recursive=recursive)
        self._done(last)

    def get_file_info(self, paths: list[str]) -> Any:
        last = self._call("look", " ".join(paths))
        found = self._folder.get_file_info(paths)
        self._done(last)
        return found

    def get_file_info_selector(self, selector: Any) -> Any:
        last = self._call("list", selector.base_dir)
        found = self._folder.get_file_info(selector)
        self._done(last)
        return found

    def delete_file(self, path: str) -> None:
        last = self._call("delete", path)
        Path(path).unlink()
        self._done(last)

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("snapshots need no such thing")

    delete_dir = delete_dir_contents = delete_root_dir_contents = move = copy_file = _refuse
    open_input_file = open_append_stream = _refuse


def copied(folder: Path, to: Path) -> Path:
    """Return a copy of a published folder."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to)
    return to
