"""``ask``: streams the answer to a question, with its sources as footnotes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragflow_local.answer.citations import Footnotes, certain_length, renumbered
from ragflow_local.cli.options import Dataset, Json, Models, Project, dataset_of, open_project
from ragflow_local.cli.output import say, say_json, source_of, tell
from ragflow_local.cli.report import Report, check_report, write_report
from ragflow_local.cli.search import Question, hit_of

if TYPE_CHECKING:
    from ragflow_local.api.chat import Chat
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.ragflow import RAGFlow
    from ragflow_local.api.session import Message

_CHAT = "command line"  # each question is a session of this chat, so answers are kept
_MAX_NAME = 255  # of a session, by the API's rule

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        show_default=False,
        help="A GGUF file, or its name under models/. Default: $RAGFLOW_LOCAL_LLM, else the only"
        " one under models/, else the built-in extractive answerer.",
    ),
]


def ask(
    context: typer.Context,
    question: Question,
    project: Project = None,
    dataset: Dataset = None,
    model: Model = None,
    models: Models = None,
    as_json: Json = False,
    report: Report = None,
) -> None:
    """Answer a question from the documents, naming the sources."""
    check_report(report)
    with open_project(context, project, models=models) as rag:
        chat = chat_on(rag, dataset_of(rag, dataset), model)
        show = _stream_json if as_json else show_answer
        last = show(stream_of(chat, question))
        if report is not None and last is not None:
            write_report(report, last)


def chat_on(rag: RAGFlow, dataset: DataSet, model: str | None) -> Chat:
    """Return the command line's own chat, set to a dataset and a model."""
    chats = rag.list_chats(name=_CHAT)
    chat = chats[0] if chats else rag.create_chat(_CHAT, knowledgebases=[dataset])
    chat.update({"knowledgebases": [dataset.id], "llm": {"model_name": model}})
    return chat


def stream_of(chat: Chat, question: str) -> Iterable[Message]:
    """Return a stream of answers, in a session of its own."""
    name = " ".join(question.split())[:_MAX_NAME] or "question"
    return chat.create_session(name).ask(question, stream=True)


def show_answer(messages: Iterable[Message]) -> Message | None:
    """Write an answer as it is streamed, then its sources; return the whole answer."""
    notes = _Footnotes()
    last: Message | None = None
    for last in messages:
        say(notes.more(last.content), end="")
    if last is None:
        return None
    say(notes.more(last.content, whole=True))
    sources = merged_sources([chunk.to_dict() for chunk in last.reference], notes.numbers)
    if sources:
        say()
    for line in sources:
        say(f"  {line}")
    if last.model:
        tell(f"Answered by {last.model}.")
    return last


def merged_sources(chunks: Sequence[Mapping[str, Any]], numbers: Mapping[int, int]) -> list[str]:
    """Return a line for each document and page that is cited, its footnotes' numbers before it.

    Args:
        chunks: The reference of an answer.
        numbers: Index of a cited chunk to its number in the text.
    """
    merged: dict[str, list[int]] = {}
    for index, number in numbers.items():
        if index < len(chunks):
            merged.setdefault(source_of(chunks[index]), []).append(number)
    return [f"[{', '.join(map(str, of))}] {source}" for source, of in merged.items()]


def _stream_json(messages: Iterable[Message]) -> Message | None:
    shown = 0
    last: Message | None = None
    for last in messages:
        if len(last.content) > shown:
            say_json({"delta": last.content[shown:]}, indent=None)
            shown = len(last.content)
    if last is not None:
        say_json(answer_of(last), indent=None)
    return last


def answer_of(message: Message) -> dict[str, Any]:
    """Return the ``--json`` output of an answer."""
    return {
        "content": message.content,
        "model": message.model,
        "reference": [hit_of(chunk.to_dict()) for chunk in message.reference],
        "unsupported": message.unsupported,
    }


class _Footnotes(Footnotes):
    """Renumbers the marks of a streamed answer by appearance: ``[ID:4]`` becomes ``[1]``."""

    def __init__(self) -> None:
        super().__init__()
        self._said = 0  # letters of the answer, not of what was shown

    def more(self, content: str, *, whole: bool = False) -> str:
        """Return what is new in ``content``, but for a mark that is only begun."""
        end = len(content)
        if not whole:
            end = max(self._said, certain_length(content))
        new, self._said = content[self._said : end], end
        return renumbered(new, lambda index: f"[{self.number(index)}]")
