"""A program in a pseudo-terminal: what it shows, and what is typed."""

from __future__ import annotations

import os
import re
import select
import struct
import subprocess
import sys
import time
from pathlib import Path


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "RAGFLOW" not in name}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "dumb"}


_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def command_line(*words: str) -> list[str]:
    return [sys.executable, "-c", "from ragflow_local.cli import main; main()", *words]


class Terminal:
    """A program in a pseudo-terminal of its own, which it controls: Ctrl-C reaches it."""

    def __init__(
        self, words: list[str], *, columns: int = 80, cwd: Path | None = None, **more: str
    ) -> None:
        import fcntl
        import pty
        import termios

        self.out = ""
        self._own, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

        def take_control() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            words,
            stdin=other,
            stdout=other,
            stderr=other,
            env={**environment(), **more},
            cwd=cwd,
            close_fds=True,
            start_new_session=True,
            preexec_fn=take_control,
        )
        os.close(other)

    def wait_for(self, text: str, seconds: float = 90.0) -> None:
        assert self.says(text, seconds), self.out

    def says(self, text: str, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while text not in self.out:
            if time.monotonic() > end:
                return False
            if select.select([self._own], [], [], 0.2)[0] and not self._read():
                return text in self.out
        return True

    def interrupt(self, until: str) -> None:
        """Press Ctrl-C until the program says so: Python may miss it between prompt and reading."""
        for _ in range(30):
            self.type("\x03")
            if self.says(until, 3):
                return
        raise AssertionError(self.out)

    def leave(self) -> int:
        """Press Ctrl-D until the program has ended, and return how.

        Between the prompt and reading, the terminal takes it, and the program does not see it.
        """
        for _ in range(30):
            self.type("\x04")
            end = time.monotonic() + 3
            while time.monotonic() < end:
                if select.select([self._own], [], [], 0.2)[0] and not self._read():
                    return self.close()
                if self.process.poll() is not None:
                    return self.close()
        raise AssertionError(self.out)

    def _read(self) -> bool:
        """Take what is there; False at the end."""
        try:
            data = os.read(self._own, 4096)
        except OSError:  # Linux says so when the other side is closed
            return False
        self.out += data.decode("utf-8", "replace")
        return bool(data)

    def type(self, text: str) -> None:
        self.out = ""
        os.write(self._own, text.encode())

    def close(self) -> int:
        """Take what is still said, and return how the program ended."""
        end = time.monotonic() + 90
        while time.monotonic() < end:
            if select.select([self._own], [], [], 0.2)[0]:
                if not self._read():
                    break
            elif self.process.poll() is not None:
                break
        status = self.process.wait(60)
        os.close(self._own)
        return status

    def kill(self) -> None:
        """End a program that a test which failed left behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def shown(self) -> str:
        """What a person reads: without what steers the terminal."""
        return _ESCAPES.sub("", self.out).replace("\r", "")
