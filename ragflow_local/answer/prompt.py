"""Builds the messages for a chat model and fits them into its context window.

What stays the same from turn to turn comes first: a model that has read it need not read it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ragflow_local.answer.citations import strip_marks
from ragflow_local.answer.context import format_context, in_reading_order, without_duplicates
from ragflow_local.errors import ContextTooSmallError
from ragflow_local.records import ChatMessage, Hit
from ragflow_local.settings import PromptSettings

CITE = (
    "After each sentence of your answer put the mark of the chunk it rests on, as it stands"
    " before the chunk, such as [ID:0]. Never make up a mark."
)
_VARIABLE = "{knowledge}"
_MOST_KEPT = 16  # chunks kept from turns before; they are read already, but not for nothing
_MOST_NEW = 0.375  # share of those found now that are read beside what was read before
_LEAST_ROOM = 64  # tokens for the answer, however full the context is
_HISTORY_SHARE = 0.5  # of what is left beside the first chunk: chunks answer, history only helps

Count = Callable[[Sequence[ChatMessage]], int]


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages for a model, and the hits they contain.

    Attributes:
        messages: System, history, question.
        hits: The chunks in it, as they are read; their index is their ``[ID:i]``.
        tokens: Of the whole, template included.
    """

    messages: tuple[ChatMessage, ...]
    hits: tuple[Hit, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of a prompt besides hits and history.

    Attributes:
        ending: Stands at the end of the system message, in place of the call for citations.
        earlier: Chunks of the turn before: they stay where they were, so that the model reads
            on after them; dropped where not all fit beside what was found now.
        calls_for_marks: Whether the model is told to cite; small ones fail at it.
    """

    ending: str = ""
    earlier: Sequence[Hit] = ()
    calls_for_marks: bool = True


PLAIN = Shape()


def build(
    question: str,
    hits: Sequence[Hit],
    history: Sequence[ChatMessage],
    settings: PromptSettings,
    window: Window,
    shape: Shape = PLAIN,
) -> Prompt:
    """Return the messages that fit, with as many chunks and as much history as fit.

    Args:
        question: As the user asked it.
        hits: Best first.
        history: Earlier turns, oldest first, the question not among them.
        settings: The system message, and whether the model is told to cite.
        window: What the model can read.
        shape: What else stands in it.

    Raises:
        ContextTooSmallError: The question does not fit even alone.
    """
    room = window.room()
    turns = _turns_of(history)
    chosen, known = _ordered(without_duplicates(hits), shape.earlier)

    def read(hit_count: int) -> list[Hit]:
        return [*chosen[:known][:hit_count], *in_reading_order(chosen[known:hit_count])]

    def made(hit_count: int, turn_count: int) -> tuple[ChatMessage, ...]:
        history = [message for turn in turns[len(turns) - turn_count :] for message in turn]
        system = _system_of(settings, read(hit_count), shape)
        return (ChatMessage("system", system), *history, ChatMessage("user", question))

    bare = window.count(made(0, 0))
    if bare > window.context_tokens - _LEAST_ROOM:
        raise ContextTooSmallError(bare + _LEAST_ROOM, window.context_tokens)
    room = max(room, bare)

    def fits(hit_count: int, turn_count: int) -> bool:
        return window.count(made(hit_count, turn_count)) <= room

    if len(chosen) > len(hits) and not fits(len(chosen), min(1, len(turns))):
        chosen, known = without_duplicates(hits), 0  # no room for what was only read before
    fitting = 1 if chosen and fits(1, 0) else 0
    hit_count = _most(lambda count: fits(count, 0), fitting, len(chosen))
    turn_count = _most(lambda count: fits(hit_count, count), 0, len(turns))
    if turn_count < min(1, len(turns)) and hit_count > 1:
        # The turn before is what a follow-up is about: it is worth half of the chunks.
        least = max(1, int(hit_count * _HISTORY_SHARE))
        turn_count = 1 if fits(least, 1) else 0
        hit_count = _most(lambda count: fits(count, turn_count), least, hit_count)
    messages = made(hit_count, turn_count)
    return Prompt(messages, tuple(read(hit_count)), window.count(messages))


@dataclass(frozen=True, slots=True)
class Window:
    """The token limits of a model.

    Attributes:
        context_tokens: Prompt and answer together.
        answer_tokens: What the answer may need; kept free as far as that is at most half.
        count: Exact tokens of messages, by the model's own tokenizer and template.
    """

    context_tokens: int
    answer_tokens: int
    count: Count

    def room(self) -> int:
        """Return the most tokens a prompt should have."""
        return self.context_tokens - min(self.answer_tokens, self.context_tokens // 2)


def _most(fits: Callable[[int], bool], least: int, most: int) -> int:
    """Return the largest count in [least, most] that fits; ``least`` is known to."""
    while least < most:
        middle = (least + most + 1) // 2
        if fits(middle):
            least = middle
        else:
            most = middle - 1
    return least


def _ordered(hits: Sequence[Hit], earlier: Sequence[Hit]) -> tuple[list[Hit], int]:
    """Return the chunks of the turn before in their order, the best new ones, how many are known.

    Where none was found again, or they have become too many, the conversation has moved on, and
    only what was found now is given.
    """
    now = {hit.chunk.number: hit for hit in hits}
    known = without_duplicates([now.pop(hit.chunk.number, hit) for hit in earlier])
    if len(now) == len(hits) or len(known) > _MOST_KEPT:
        return list(hits), 0
    new = list(now.values())[: max(1, int(_MOST_NEW * len(hits)))]
    return without_duplicates([*known, *new]), len(known)


def _system_of(settings: PromptSettings, hits: Sequence[Hit], shape: Shape) -> str:
    """Return the system message; of its braces only ``{knowledge}`` is replaced."""
    text = settings.prompt.replace(_VARIABLE, format_context(hits)) + shape.ending
    is_told = settings.show_quote and shape.calls_for_marks and hits and not shape.ending
    return f"{CITE}\n{text}" if is_told else text


def _turns_of(history: Sequence[ChatMessage]) -> list[list[ChatMessage]]:
    """Return the history as turns, each from a question on, without citation marks."""
    turns: list[list[ChatMessage]] = []
    for message in history:
        plain = ChatMessage(message.role, strip_marks(message.content).strip())
        if not plain.content:
            continue
        if message.role == "user":
            turns.append([plain])
        elif turns:
            turns[-1].append(plain)
    # A question that never got its answer would run into the next one.
    return [turn for turn in turns if len(turn) > 1]
