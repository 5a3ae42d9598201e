"""Renders chat templates in a process of its own: a template is a program, maybe a stranger's.

Jinja's sandbox keeps a template from the system, not from the processor and the memory: three loops
in one another, or a power of a power, have no end. So it runs where it can be ended: a process with
the few rights of ``processes.sandbox``, and a limit of time and memory for each rendering.
"""

from __future__ import annotations

import datetime
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any, cast

from ragflow_local.errors import WorkerNotStartedError
from ragflow_local.processes import ending, sandbox, starting

# Of the processor's time, so that a busy machine changes nothing: the longest templates that models
# come with take 0.01.
_SECONDS = 1.5
_PATIENCE_SECONDS = 60.0  # of the clock, for what waits and does nothing
_MOST_BYTES = 512 << 20
_MOST_LETTERS = 32 << 20  # of a prompt: more than any context holds


class TemplateError(Exception):
    """A template cannot be rendered; what it said, or how it ended."""


class TemplateEndlessError(TemplateError):
    """A template takes too much time or memory; trying again would not help."""


class TemplateProcess:
    """A process that renders, started when it is needed; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def render(self, source: str, values: Mapping[str, object]) -> str:
        """Render a template.

        Raises:
            TemplateError: It is none, refuses them, or takes too much time or memory.
        """
        asked = {"source": source, "values": values, "seconds": _SECONDS}
        request = json.dumps(asked).encode() + b"\n"
        with self._lock:
            answer = self._ask(request)
        if not answer.endswith(b"\n"):
            raise TemplateEndlessError("it takes too long, or too much memory")
        data = json.loads(answer)
        if "failed" in data:
            raise TemplateError(str(data["failed"]))
        text = str(data["text"])
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise TemplateError("it writes half a letter (a lone surrogate)")
        return text

    def close(self) -> None:
        """End the process; the next rendering starts another."""
        process, self._process = self._process, None
        if process is not None:
            ending.end(process)

    def __del__(self) -> None:
        self.close()

    def _ask(self, request: bytes) -> bytes:
        """Return the line that the process answers; less than a line where it ended."""
        process = self._started()
        # Killed, its pipe ends, and with it the waiting.
        watch = threading.Timer(_PATIENCE_SECONDS, process.kill)
        watch.daemon = True
        watch.start()
        try:
            cast(IO[bytes], process.stdin).write(request)
            cast(IO[bytes], process.stdin).flush()
            answer = cast(IO[bytes], process.stdout).readline()
        except OSError:
            answer = b""
        finally:
            watch.cancel()
        if not answer.endswith(b"\n"):
            self.close()
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        try:
            process = starting.start(__name__, "", [], _MOST_BYTES)
        except WorkerNotStartedError as error:
            raise TemplateError(f"no process can run it: {error}") from error
        self._process = process
        watch = threading.Timer(_PATIENCE_SECONDS, process.kill)
        watch.daemon = True
        watch.start()
        greeting = cast(IO[bytes], process.stdout).readline(len(starting.GREETING))
        watch.cancel()
        if greeting != starting.GREETING:
            self.close()
            program = str(cast(list[str], process.args)[0])
            raise TemplateError(f"{program!r} starts no process that could run it")
        return process


def main(options: Mapping[str, Any]) -> None:
    """Render templates, one line of JSON after another, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the engine's to handle
    import jinja2.sandbox  # noqa: F401  # before the walls stand: imports are quicker

    sandbox.enter([], options["most_bytes"])
    _limit_memory(options["most_bytes"])
    replies = sys.stdout.buffer
    replies.write(starting.GREETING)
    replies.flush()
    renders: dict[str, Callable[..., str]] = {}
    for line in sys.stdin.buffer:
        try:
            request = json.loads(line)
            _count_seconds(request["seconds"])
            source = request["source"]
            if source not in renders:
                renders[source] = _compile(source)
            text = renders[source](**request["values"])
            if len(text) > _MOST_LETTERS:
                raise ValueError(f"it writes {len(text)} letters")
            answer = json.dumps({"text": text}).encode() + b"\n"
        except Exception as error:  # noqa: BLE001  # whatever a template does is its failure
            failed = f"{error}" if isinstance(error, TemplateError) else _error_text(error)
            answer = json.dumps({"failed": failed}).encode() + b"\n"
        _count_seconds(0)
        replies.write(answer)
        replies.flush()


def _error_text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _limit_memory(most_bytes: int) -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))


def _count_seconds(seconds: float) -> None:
    """End this process when it has computed so long; 0 takes that back."""
    if sys.platform != "win32":
        # The system's own action: a handler of Python's would wait for the end of a C function.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _compile(source: str) -> Callable[..., str]:
    """Return what renders ``source``, in Jinja's sandbox."""
    import jinja2
    import jinja2.ext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class GenerationTags(jinja2.ext.Extension):
        """The ``generation`` tag of Transformers, which changes no text."""

        tags = {"generation"}  # noqa: RUF012 - jinja2 declares it so

        def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[GenerationTags, "jinja2.ext.loopcontrols"],
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = _now
    return environment.from_string(source).render


def _to_json(value: object, indent: int | None = None, **_: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _now(layout: str) -> str:
    return datetime.datetime.now().astimezone().strftime(layout)
