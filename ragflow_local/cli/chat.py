"""``chat``: an interactive conversation with the documents."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ragflow_local.answer.citations import footnotes_of, strip_marks
from ragflow_local.cli.ask import Model, chat_on, show_answer
from ragflow_local.cli.chats import chat_named
from ragflow_local.cli.options import Dataset, Models, Project, dataset_of, open_project
from ragflow_local.cli.output import for_a_terminal, say, say_passage, source_of, tell
from ragflow_local.cli.show import say_chunk, scores_of, show_picture
from ragflow_local.errors import InvalidValueError, ModelError, NotFoundError, ReadError

if TYPE_CHECKING:
    from ragflow_local.api.chat import Chat
    from ragflow_local.api.chunk import Chunk
    from ragflow_local.api.ragflow import RAGFlow
    from ragflow_local.api.session import Message, Session

_PROMPT = "? "
_HINT = "/sources shows what the last answer rests on, /help says more, /quit ends."
_HELP = """\
/sources   what the last answer rests on, numbered as in its text
/open N    source N whole, and its page as a picture where it has pages
/history   this conversation so far
/new       begin anew: the next question knows nothing of those before
/help      this
/quit      end; so does Ctrl-D. Ctrl-C stops an answer."""
_MAX_NAME = 255  # of a session, by the API's rule
_MOST_LINES = 6  # of a source in the list; /open gives all of it
_REMEMBERED = 20  # sessions whose questions the arrow keys bring back

ChatName = Annotated[
    str | None,
    typer.Option(
        "--chat",
        metavar="NAME",
        show_default=False,
        help="A chat of the project, with its own datasets, model and prompt.",
    ),
]
Go = Annotated[
    bool, typer.Option("--continue", help="Go on with the latest session instead of a new one.")
]


def chat(
    context: typer.Context,
    project: Project = None,
    dataset: Dataset = None,
    model: Model = None,
    models: Models = None,
    chat_name: ChatName = None,
    go_on: Go = False,
) -> None:
    """Ask question after question; each knows those before it.

    Questions are read from the terminal, or one a line from a pipe. /help says what else.
    """
    with open_project(context, project, models=models) as rag:
        assistant = _assistant(rag, chat_name, dataset, model)
        earlier = assistant.list_sessions(page_size=1) if go_on else []
        talk = _Talk(assistant, earlier[0] if earlier else None)
        is_terminal = sys.stdin.isatty()
        if is_terminal:
            _bring_back(assistant)
            say(assistant.get_prologue())
            tell(_HINT)
        while (line := _read(is_terminal)) is not None and line not in ("/quit", "/exit"):
            if line.startswith("/"):
                talk.command(line)
            elif line:
                if not is_terminal:
                    say(f"{_PROMPT}{line}")  # so that what is piped out can be read
                talk.ask(line)


def _assistant(rag: RAGFlow, name: str | None, dataset: str | None, model: str | None) -> Chat:
    """Return the chat named, as it is; or the command line's own, set to dataset and model."""
    if name is None:
        return chat_on(rag, dataset_of(rag, dataset), model)
    if dataset is not None or model is not None:
        raise typer.BadParameter(
            "it has its own datasets and model: ragflow-local chats update", param_hint="--chat"
        )
    return chat_named(rag, name)


class _Talk:
    """A conversation: its session, and the last answer."""

    def __init__(self, assistant: Chat, session: Session | None) -> None:
        self._assistant = assistant
        self._session = session
        self._last: Message | None = None

    def ask(self, question: str) -> None:
        """Show the answer; Ctrl-C ends the answer, not the conversation."""
        name = " ".join(question.split())[:_MAX_NAME]
        self._session = self._session or self._assistant.create_session(name)
        stream = self._session.ask(question, stream=True)
        try:
            self._last = show_answer(stream) or self._last
        except KeyboardInterrupt:
            say(" …")
        except (ModelError, InvalidValueError, NotFoundError) as error:
            tell(f"Error: {for_a_terminal(str(error))}", is_bad=True)
        finally:
            stream.close()

    def command(self, line: str) -> None:
        """Run a command, a line that begins with a slash."""
        name, _, rest = line.partition(" ")
        if name == "/sources":
            self._show_sources()
        elif name == "/open":
            self._open(rest.strip())
        elif name == "/history":
            self._show_history()
        elif name == "/new":
            self._session, self._last = None, None
        elif name == "/help":
            say(_HELP)
        else:
            tell(f"There is no command {name}. {_HINT}")

    def _show_sources(self) -> None:
        sources = sources_of(self._last)
        if not sources:
            tell("No answer yet that rests on anything.")
        for number, chunk in enumerate(sources, start=1):
            say(f"{number}. {source_of(chunk.to_dict())}  ·  {scores_of(chunk)}")
            say_passage(chunk.content, (), "   ", _MOST_LINES)

    def _open(self, word: str) -> None:
        sources = sources_of(self._last)
        if not sources:
            tell("No answer yet that rests on anything.")
            return
        if not (word.isdecimal() and 1 <= int(word) <= len(sources)):
            tell(f"/open takes a number from 1 to {len(sources)}; /sources shows which.")
            return
        chunk = sources[int(word) - 1]
        say_chunk(chunk)
        try:
            picture = chunk.page_image()
        except (ReadError, NotFoundError) as error:
            tell(f"Error: {for_a_terminal(str(error))}", is_bad=True)
            return
        if picture:
            show_picture(picture, None, open_it=sys.stdout.isatty())

    def _show_history(self) -> None:
        messages = self._session.messages if self._session else []
        if not any(message.role == "user" for message in messages):
            tell("Nothing was asked yet.")
            return
        for message in messages:
            if message.role == "user":
                say(f"{_PROMPT}{message.content}")
            else:
                say(strip_marks(message.content))


def sources_of(message: Message | None) -> list[Chunk]:
    """Return what an answer was given: the cited chunks as its text numbers them, then the rest."""
    if message is None:
        return []
    sources = message.reference
    order = dict.fromkeys([*footnotes_of(message.content, len(sources)), *range(len(sources))])
    return [sources[index] for index in order]


def _bring_back(assistant: Chat) -> None:
    """Enable line editing and the history of earlier questions."""
    with contextlib.suppress(ImportError):
        import readline

        for session in reversed(assistant.list_sessions(page_size=_REMEMBERED)):
            for message in session.messages:
                if message.role == "user" and "\n" not in message.content:
                    readline.add_history(message.content)


def _read(is_terminal: bool) -> str | None:
    """Return the next line, or None at the end of the input."""
    if not is_terminal:
        line = sys.stdin.readline()
        return line.strip() if line else None
    try:
        return input(_PROMPT).strip()
    except EOFError:
        say()
        return None
    except KeyboardInterrupt:  # as shells do: a new line, not the end
        say()
        return ""
