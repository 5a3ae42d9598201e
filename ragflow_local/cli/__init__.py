"""The command line: parses arguments, calls the public API, and prints text or JSON.

A command knows the API and how to show things: no store, no model, and of readers only which
endings they know.
Answers and hits go to standard output, progress and messages to standard error. The engine is
imported when a command runs, so help and wrong usage answer at once. To add a command, write
its function and register it in ``app``.
"""

import os
import sys
from collections.abc import Sequence
from types import TracebackType

import typer
from typer.main import get_command

from ragflow_local.cli.add import add
from ragflow_local.cli.ask import ask
from ragflow_local.cli.backup import backup, restore
from ragflow_local.cli.bench import bench
from ragflow_local.cli.chat import chat
from ragflow_local.cli.chats import chats
from ragflow_local.cli.completion import PROGRAM, answer_shell, completion
from ragflow_local.cli.datasets import datasets, list_
from ragflow_local.cli.demo import demo
from ragflow_local.cli.doctor import doctor
from ragflow_local.cli.documents import documents
from ragflow_local.cli.eval import eval_
from ragflow_local.cli.export import export, import_
from ragflow_local.cli.mcp import mcp
from ragflow_local.cli.models import models
from ragflow_local.cli.options import FAILED, RootProject
from ragflow_local.cli.output import for_a_terminal, tell
from ragflow_local.cli.parse import parse
from ragflow_local.cli.publish import fetch, publish
from ragflow_local.cli.search import search
from ragflow_local.cli.serve import serve
from ragflow_local.cli.shard import shard
from ragflow_local.cli.show import show
from ragflow_local.cli.sync import sync, watch
from ragflow_local.cli.vacuum import vacuum
from ragflow_local.cli.work import work
from ragflow_local.errors import RagflowError

app = typer.Typer(
    name="ragflow-local",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help stays readable in a narrow window; errors are one line
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nFirst steps:\n  ragflow-local add report.pdf notes/\n"
    "  ragflow-local ask 'What did we decide?'",
)
for function, name, example in (
    (add, "add", "ragflow-local add report.pdf notes/ --project work --dataset reports"),
    (parse, "parse", "ragflow-local parse report.pdf --method one"),
    (work, "work", "ragflow-local work /mnt/shared/parses --workers 4"),
    (sync, "sync", "ragflow-local sync notes/ --exclude drafts --exclude '*.tmp'"),
    (watch, "watch", "ragflow-local watch notes/ --dataset notes --include '*.md'"),
    (search, "search", "ragflow-local search 'boiler inspection' --limit 3 --json"),
    (shard, "shard", "ssh host ragflow-local shard /data/2024"),
    (show, "show", "ragflow-local show 4f1c09ab --question 'boiler' --out page.png"),
    (ask, "ask", "ragflow-local ask 'When is the boiler inspected?' --dataset reports"),
    (chat, "chat", "ragflow-local chat --dataset reports"),
    (list_, "list", "ragflow-local list --dataset reports"),
    (doctor, "doctor", "ragflow-local doctor --repair"),
    (backup, "backup", "ragflow-local backup /mnt/disk/backup-today"),
    (restore, "restore", "ragflow-local restore /mnt/disk/backup-today work"),
    (publish, "publish", "ragflow-local publish s3://bucket/reports --project work"),
    (fetch, "fetch", "ragflow-local fetch s3://bucket/reports reports"),
    (vacuum, "vacuum", "ragflow-local vacuum"),
    (export, "export", "ragflow-local export reports.zip --dataset reports"),
    (import_, "import", "ragflow-local import reports.zip --project elsewhere"),
    (eval_, "eval", "ragflow-local eval questions.csv --weight 0.3 --weight 0.7 --out compared"),
    (bench, "bench", "ragflow-local bench report.pdf --json"),
    (completion, "completion", 'eval "$(ragflow-local completion bash)"'),
    (mcp, "mcp", "ragflow-local mcp --project work"),
    (serve, "serve", "ragflow-local serve --project work"),
    (demo, "demo", "ragflow-local demo my.pdf notes/ --ask 'What is …?'"),
):
    app.command(name, epilog=f"\b\nExample:\n  {example}")(function)

for commands, name in (
    (datasets, "datasets"),
    (documents, "documents"),
    (chats, "chats"),
    (models, "models"),
):
    app.add_typer(commands, name=name)


@app.callback()
def root(context: typer.Context, project: RootProject = None) -> None:
    """Search and question documents in a project directory: no server, no account, no network."""
    context.obj = project


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status.

    Raises:
        SystemExit: Always: 0; 1 for an error that was told; 2 for wrong usage; 130 after Ctrl-C.
    """
    sys.excepthook = _tell_bug
    answer_shell()
    try:
        _run(arguments)
    except SystemExit as end:
        _flush()
        raise SystemExit(end.code) from None


def _run(arguments: Sequence[str] | None) -> None:
    try:
        # Not app() itself: that puts an excepthook of its own in place of ours.
        get_command(app)(args=None if arguments is None else list(arguments), prog_name=PROGRAM)
    except RagflowError as error:
        tell(f"Error: {for_a_terminal(str(error))}", is_bad=True)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        tell(f"Error: {where}{error.strerror or error}.", is_bad=True)
    raise SystemExit(FAILED)


def _flush() -> None:
    """Write out what is buffered; a reader that has left (``| head``) is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more on its way out and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Report an unexpected error in one line, or with its traceback where that is asked for."""
    if os.environ.get("RAGFLOW_LOCAL_DEBUG"):
        sys.__excepthook__(kind, error, trace)
        return
    tell(
        f"Error: {kind.__name__}: {error} This should not happen:"
        " RAGFLOW_LOCAL_DEBUG=1 shows where it does."
    )
