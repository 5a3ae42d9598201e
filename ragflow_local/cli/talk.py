"""``chat``: a conversation with the documents, question by question."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.cli.chat import Model, chat_on, show_answer
from ragflow_local.cli.options import Dataset, Models, Project, dataset_of, open_project
from ragflow_local.cli.output import say, source_of, tell, wrap
from ragflow_local.errors import InvalidValueError, ModelError, NotFoundError

if TYPE_CHECKING:
    from ragflow_local.api.session import Message, Session

_PROMPT = "? "
_COMMANDS = "/sources shows what the last answer rests on, /new begins anew, /quit ends."
_MAX_NAME = 255  # of a session, by the API's rule
_SHOWN_LETTERS = 400  # of a chunk

Go = Annotated[
    bool, typer.Option("--continue", help="Go on with the latest session instead of a new one.")
]


def chat(
    context: typer.Context,
    project: Project = None,
    dataset: Dataset = None,
    model: Model = None,
    models: Models = None,
    go_on: Go = False,
) -> None:
    """Ask question after question; each knows those before it.

    Questions are read from the terminal, or one a line from a pipe.
    """
    with open_project(context, project, models=models) as rag:
        assistant = chat_on(rag, dataset_of(rag, dataset), model)
        earlier = assistant.list_sessions(page_size=1) if go_on else []
        is_terminal = sys.stdin.isatty()
        if is_terminal:
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401 - gives input() its history and editing
            say(assistant.get_prologue())
            tell(_COMMANDS)
        session: Session | None = earlier[0] if earlier else None
        last: Message | None = None
        while (question := _read(is_terminal)) is not None:
            if question in ("/quit", "/exit"):
                break
            if question == "/sources":
                _show_sources(last)
            elif question == "/new":
                session, last = None, None
            elif question.startswith("/"):
                tell(f"There is no command {question.split()[0]}. {_COMMANDS}")
            elif question:
                if not is_terminal:
                    say(f"{_PROMPT}{question}")  # so that what is piped out can be read
                session = session or assistant.create_session(_name_of(question))
                last = _answered(session, question) or last


def _name_of(question: str) -> str:
    return " ".join(question.split())[:_MAX_NAME]


def _read(is_terminal: bool) -> str | None:
    """Return the next question, or None at the end of the input."""
    try:
        if is_terminal:
            return input(_PROMPT).strip()
        line = sys.stdin.readline()
    except EOFError:
        say()
        return None
    if not line:
        return None
    return line.strip()


def _answered(session: Session, question: str) -> Message | None:
    """Show the answer; Ctrl-C ends the answer, not the conversation."""
    stream = session.ask(question, stream=True)
    try:
        return show_answer(stream)
    except KeyboardInterrupt:
        say(" …")
        return None
    except (ModelError, InvalidValueError, NotFoundError) as error:
        tell(f"Error: {error}")
        return None
    finally:
        stream.close()  # type: ignore[attr-defined]  # a generator: closing it stops the model


def _show_sources(last: Message | None) -> None:
    if last is None or not last.reference:
        tell("No answer yet that rests on anything.")
        return
    for number, chunk in enumerate(last.reference, start=1):
        say(f"{number}. {source_of(chunk.to_dict())}  ·  {chunk.similarity:.3f}")
        text = chunk.content
        say(wrap(text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]} …", "   "))
