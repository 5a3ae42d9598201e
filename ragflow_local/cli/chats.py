"""``chats``: lists, creates, changes, shows and deletes assistants and their sessions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragflow_local.answer.citations import Footnotes, renumbered
from ragflow_local.cli.groups import Yes, ask_first, given, group
from ragflow_local.cli.options import Json, Project, complete_dataset, open_project
from ragflow_local.cli.output import (
    say,
    say_facts,
    say_json,
    say_table,
    shown_value,
    source_of,
    tell,
    wrap,
)
from ragflow_local.errors import NotFoundError
from ragflow_local.text.plurals import count_of

if TYPE_CHECKING:
    from ragflow_local.api.chat import Chat
    from ragflow_local.api.ragflow import RAGFlow
    from ragflow_local.api.session import Message, Session


Name = Annotated[str, typer.Argument(metavar="CHAT", show_default=False, help="Name or id.")]
Names = Annotated[list[str], typer.Argument(metavar="CHATS", show_default=False)]
SessionName = Annotated[
    str | None,
    typer.Argument(metavar="SESSION", show_default=False, help="Name or id. Default: the latest."),
]
Knows = Annotated[
    list[str] | None,
    typer.Option(
        "--dataset",
        metavar="NAME",
        show_default=False,
        help="A dataset it knows; may be given again.",
        autocompletion=complete_dataset,
    ),
]
Other = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="A new name.", show_default=False)
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="A GGUF, or extractive.", show_default=False),
]
Prompt = Annotated[
    Path | None,
    typer.Option(
        "--prompt",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        show_default=False,
        help="A file with what it is told; {knowledge} stands for the passages found.",
    ),
]
PromptSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        show_default=False,
        help="prompt.KEY or llm.KEY, such as prompt.top_n=4 or llm.temperature=0; given again.",
    ),
]


def _all(context: typer.Context, project: Project = None, as_json: Json = False) -> None:
    """Show the chats of a project."""
    with open_project(context, project, read_only=True) as rag:
        chats_ = rag.list_chats(desc=False)
        if as_json:
            say_json([_entry(chat) for chat in chats_])
        elif chats_:
            say_table(
                ("chat", "datasets", "model", "sessions"),
                [
                    (
                        chat.name,
                        ", ".join(dataset.name for dataset in chat.knowledgebases),
                        chat.llm.model_name or "default",
                        str(len(chat.list_sessions())),
                    )
                    for chat in chats_
                ],
            )
        else:
            tell("No chats yet: ragflow-local chat, or ragflow-local chats create NAME")


chats = group(
    "List, make, change chats; show what was asked.",
    "ragflow-local chats show 'command line'",
    _all,
)
chats.command("list", epilog="\b\nExample:\n  ragflow-local chats list --json")(_all)


@chats.command(epilog="\b\nExample:\n  ragflow-local chats create lawyer --dataset laws")
def create(
    context: typer.Context,
    name: Name,
    project: Project = None,
    dataset: Knows = None,
    model: Model = None,
    prompt: Prompt = None,
    settings: PromptSettings = None,
    as_json: Json = False,
) -> None:
    """Create a chat on some datasets.

    The only one where none is named.
    """
    parts = _parts_of(model, prompt, settings)
    with open_project(context, project) as rag:
        knows = dataset or [item.name for item in rag.list_datasets()]
        if not dataset and len(knows) != 1:
            raise typer.BadParameter("name the datasets it knows", param_hint="--dataset")
        made = rag.create_chat(
            name, knowledgebases=knows, llm=parts.get("llm"), prompt=parts.get("prompt")
        )
        if as_json:
            say_json(_entry(made))
        tell(f"Made the chat {made.name}: ragflow-local chat --chat {made.name!r}")


@chats.command(
    epilog="\b\nExample:\n  ragflow-local chats update lawyer --set prompt.top_n=4 --model qwen3"
)
def update(
    context: typer.Context,
    name: Name,
    project: Project = None,
    other: Other = None,
    dataset: Knows = None,
    model: Model = None,
    prompt: Prompt = None,
    settings: PromptSettings = None,
) -> None:
    """Change a chat: name, datasets, model, prompt, settings."""
    changes = given(
        name=other, knowledgebases=dataset or None, **_parts_of(model, prompt, settings)
    )
    with open_project(context, project) as rag:
        chat_named(rag, name).update(changes)
        tell(f"Changed {', '.join(changes)} of {other or name}.")


@chats.command(epilog="\b\nExample:\n  ragflow-local chats delete lawyer --yes")
def delete(context: typer.Context, names: Names, project: Project = None, yes: Yes = False) -> None:
    """Delete chats with their sessions."""
    with open_project(context, project) as rag:
        chats_ = {chat.id: chat for chat in (chat_named(rag, name) for name in names)}
        held = sum(len(chat.list_sessions()) for chat in chats_.values())
        chat_names = ", ".join(chat.name for chat in chats_.values())
        ask_first(f"Delete {chat_names} with {count_of(held, 'session')}?", yes)
        rag.delete_chats(list(chats_))
        tell(f"Deleted {chat_names}.")


@chats.command(epilog="\b\nExample:\n  ragflow-local chats sessions 'command line'")
def sessions(
    context: typer.Context, name: Name, project: Project = None, as_json: Json = False
) -> None:
    """Show the sessions of a chat, the latest first."""
    with open_project(context, project, read_only=True) as rag:
        sessions_ = chat_named(rag, name).list_sessions()
        if as_json:
            say_json(
                [{**session.to_dict(), "messages": len(session.messages)} for session in sessions_]
            )
        else:
            say_table(
                ("session", "begun", "questions", "id"),
                [
                    (
                        session.name,
                        shown_value("create_time", session.create_time),
                        str(sum(message.role == "user" for message in session.messages)),
                        session.id,
                    )
                    for session in sessions_
                ],
            )


@chats.command(epilog="\b\nExample:\n  ragflow-local chats show 'command line'")
def show(
    context: typer.Context,
    name: Name,
    session: SessionName = None,
    project: Project = None,
    as_json: Json = False,
) -> None:
    """Show all messages of a session, with their sources.

    The latest where none is named; the chat itself where nothing was asked.
    """
    with open_project(context, project, read_only=True) as rag:
        chat = chat_named(rag, name)
        session_ = _session_of(chat, session)
        if as_json:
            say_json({**_entry(chat), "session": session_ and session_.to_dict()})
        elif session_ is None:
            entry = _entry(chat)
            say_facts({key: shown_value(key, value) for key, value in entry.items()})
        else:
            for message in session_.messages:
                _say_message(message)


def chat_named(rag: RAGFlow, name: str) -> Chat:
    """Return the chat of that name or id.

    Raises:
        NotFoundError: There is none.
    """
    matching = rag.list_chats(id=name) or rag.list_chats(name=name)
    if not matching:
        raise NotFoundError("chat", name, "name or id")
    return matching[0]


def _session_of(chat: Chat, name: str | None) -> Session | None:
    if name is None:
        latest = chat.list_sessions(page_size=1, orderby="update_time")
        return latest[0] if latest else None
    matching = chat.list_sessions(id=name) or chat.list_sessions(name=name)
    if not matching:
        raise NotFoundError("session", name, "name or id")
    return matching[0]


def _say_message(message: Message) -> None:
    if message.role == "user":
        say(wrap(f"? {message.content}", ""))
        say()
        return
    notes = Footnotes()
    text = renumbered(message.content, lambda index: f"[{notes.number(index)}]")
    say(wrap(text, ""))
    for index, number in notes.numbers.items():
        if index < len(message.reference):
            say(f"  [{number}] {source_of(message.reference[index].to_dict())}")
    say()


def _entry(chat: Chat) -> dict[str, Any]:
    return {
        "id": chat.id,
        "name": chat.name,
        "datasets": [dataset.name for dataset in chat.knowledgebases],
        **{f"llm.{key}": value for key, value in chat.llm.to_dict().items()},
        **{f"prompt.{key}": value for key, value in chat.prompt.to_dict().items()},
    }


def _parts_of(
    model: str | None, prompt: Path | None, settings: list[str] | None
) -> dict[str, dict[str, Any]]:
    """Return the changes of ``llm`` and ``prompt``; neither where nothing of it changes.

    Raises:
        BadParameter: A word is not prompt.KEY=VALUE or llm.KEY=VALUE.
    """
    parts: dict[str, dict[str, Any]] = {"llm": {}, "prompt": {}}
    for word in settings or ():
        key, equals, value = word.partition("=")
        part, dot, name = key.partition(".")
        if not (equals and dot and part in parts):
            raise typer.BadParameter(
                f"{word!r} is not prompt.KEY=VALUE or llm.KEY=VALUE", param_hint="--set"
            )
        try:
            parts[part][name] = json.loads(value)
        except ValueError:
            parts[part][name] = value
    if model is not None:
        parts["llm"]["model_name"] = model
    if prompt is not None:
        parts["prompt"]["prompt"] = prompt.read_text(encoding="utf-8")
    return {name: values for name, values in parts.items() if values}
