"""Finds where somebody begins to speak: in a transcript, a chat, a ticket, a play."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ragflow_local.text.questions import is_question

_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}[.,]?"
_TIME = (
    r"(?:(?:오전|오후|上午|下午|午前|午後) ?)?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?"
    r"(?: ?[AaPp]\.?[Mm]\.?)?"
)
_DAY = r"(?:[^\W\d_]{2,6}\.?,? )?"
# A time that nobody writes but over what is said then: with a date, in brackets, to the second.
_STAMP = (
    rf"(?:[\[(]{_DAY}(?:{_DATE}[T, ] ?)?{_TIME}[\])]|{_DAY}{_DATE}[T, ] ?{_TIME}|\d\d?:\d\d:\d\d)"
)
_NAME = r"(?:[^\W\d_][\w.’'-]{0,24}(?: (?:\([^()]{1,30}\)|[^\W\d_][\w.’'-]{0,24})){0,5})"
# Nobody writes so but before what somebody says.
_SURE = (
    re.compile(rf"^{_STAMP} ?(?:[-–—] )?({_NAME}) ?[:：] ?(?=\S)"),
    re.compile(rf"^(?:{_STAMP} )?<v(?:\.[\w.]{{1,20}})? ([^<>]{{1,40}})> ?(?=\S)"),
    re.compile(rf"^\[?{_TIME}\]? <([^<>]{{1,40}})> ?(?=\S)"),
    re.compile(rf"^\[([^\[\]]{{1,30}})\] \[{_TIME}\] ?(?=\S)"),
)
# A line of its own, over what is said.
_ABOVE = (
    re.compile(rf"^({_NAME})[,·|–-]? {_STAMP}$"),
    re.compile(rf"^({_NAME})[,·|–-]? \d\d?:\d\d ?[AaPp]\.?[Mm]\.?$"),
    re.compile(rf"^-{{2,}} ?(?:[^·|]{{1,30}}[·|] ?)?({_NAME}) ?[·|] ?{_DATE}[^·|]{{0,30}}$"),
)
# What a form or a list may have as well: taken where a text does so again and again.
_LIKELY = (
    re.compile(rf"^(?:[-*•] )?(?:\*\*)?({_NAME})(?:\*\*)? ?[:：](?:\*\*)? ?(?=\S)"),
    re.compile(rf"^\d\d?:\d\d ?(?:[-–—] )?({_NAME}) ?[:：] ?(?=\S)"),
    re.compile(r"^([A-Z]{2,3}) [–—-] (?=\S)"),
    re.compile(r"^([A-Z][A-Z’' ]{1,28}[A-Z])\. (?=\S)"),
)
_LONG = 40  # letters of a turn that is no value of a form
_LEAST_OF_ONE = 5  # turns where only one name comes again
_BEGINNING = 160  # letters of a line that are looked at
_SAID = re.compile(r"[.!?。！？…؟][\"'”’»）)\]]*\s*$")
_SMALL_SAID = "von van de der den da di du la le el al bin del della dos y und and"
_SMALL = frozenset(_SMALL_SAID.split())
# Labels of questions, remarks and fields: nobody speaks there.
_NOBODY_SAID = """
    q a f r p d question answer frage antwort réponse pregunta respuesta domanda risposta pergunta
    resposta vraag antwoord pytanie odpowiedź вопрос ответ soru cevap note notes hinweis tip tipp
    warning nota important wichtig caution achtung attention hint example beispiel exemple ejemplo
    remark remarque pro con pros cons price preis step result theorem proof lemma definition
    monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag
    freitag samstag sonntag opening closing date time place datum ort zeit info error warn debug
    问 答 問 質問 回答 문 답 질문 답변 日時 場所 时间 地点 일시 장소"""
NO_SPEAKERS = frozenset(_NOBODY_SAID.split())
# Over what a mail cites.
WROTE = re.compile(
    r"\b(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|napisała?|писала?|написала?"
    r"|yazdı|skrev)\b[^:：\n]{0,60}[:：]\s*$|写道\s*[:：]\s*$",
    re.I,
)


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A place where somebody begins to speak.

    Attributes:
        speaker: As the text names whoever speaks.
        is_above: Whether the line says nothing else.
    """

    speaker: str
    is_above: bool = False


def turns_in(lines: Sequence[str]) -> list[Turn | None]:
    """Return for each line the turn that it begins.

    Args:
        lines: Of a text, in their order.
    """
    begins = [" ".join(line[:_BEGINNING].split()) for line in lines]
    turns = _with_text([_sure(line) for line in begins], lines)
    likely = [
        None if turn is not None else _likely(line)
        for turn, line in zip(turns, begins, strict=True)
    ]
    labels = Counter(one[0] for one in likely if one is not None)
    said = [one[1] for one in likely if one is not None]
    again = [count for count in labels.values() if count > 1]
    is_talk = len(again) > 1 or (len(said) >= _LEAST_OF_ONE and 2 * sum(again) <= 1.3 * len(said))
    spoken = sum(_is_said(text) for text in said)
    if not again or not is_talk or 2 * spoken <= len(said):
        return turns
    return [
        turn or (Turn(one[0]) if one is not None else None)
        for turn, one in zip(turns, likely, strict=True)
    ]


def _with_text(turns: Sequence[Turn | None], lines: Sequence[str]) -> list[Turn | None]:
    """Return the turns without the lines that only name somebody, and nothing is said below."""
    known: list[Turn | None] = []
    is_over_text = False
    for turn, line in zip(reversed(turns), reversed(lines), strict=True):
        known.append(None if turn is not None and turn.is_above and not is_over_text else turn)
        is_over_text = turn is None if line.strip() else is_over_text
    return known[::-1]


def _sure(line: str) -> Turn | None:
    """Return the turn that a line with single spaces begins, whatever the others are."""
    for pattern in _SURE:
        if (match := pattern.match(line)) and ("<" in match[0] or _is_name(match[1])):
            return Turn(match[1].strip())
    for pattern in _ABOVE:
        if (match := pattern.match(line)) and _is_name(match[1]):
            return Turn(line.strip("-=—#* "), is_above=True)
    return None


def _likely(line: str) -> tuple[str, str] | None:
    """Return who may speak, and what is said."""
    for pattern in _LIKELY:
        match = pattern.match(line)
        if match and _is_name(match[1]):
            return match[1].strip(), line[match.end() :]
    return None


def _is_name(label: str) -> bool:
    """Return whether each word of a label may be one of a name."""
    words = re.sub(r"\([^()]*\)", " ", label).split()
    if label.casefold().strip(".") in NO_SPEAKERS:
        return False
    return bool(words) and all(word in _SMALL or not word[0].islower() for word in words)


def _is_said(text: str) -> bool:
    return len(text) > _LONG or bool(_SAID.search(text)) or is_question(text)
