"""Finds where somebody begins to speak: in a transcript, a chat, a ticket, a play."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ragflow_local.text.questions import is_question

_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}[.,]*"
_STAMP = (
    rf"[\[(]?(?:[^\W\d_]{{2,6}}\.?,?\s+)?(?:{_DATE}(?:T|[,\s]\s*))?"
    r"(?:(?:오전|오후|上午|下午|午前|午後)\s*)?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:[.,]\d{1,3})?"
    r"(?:\s*[AaPp]\.?[Mm]\.?)?[\])]?"
)
_NAME = r"(?:[^\W\d_][\w.’'-]*(?:\s+(?:\([^()\n]{1,30}\)|[^\W\d_][\w.’'-]*)){0,5})"
# Nobody writes so but before what somebody says.
_SURE = (
    re.compile(rf"^{_STAMP}\s*[-–—]?\s*({_NAME})\s*[:：]\s*(?=\S)"),
    re.compile(rf"^(?:{_STAMP}\s*)?<(?:v(?:\.[\w.]+)?\s+)([^<>\n]{{1,40}})>\s*(?=\S)"),
    re.compile(rf"^{_STAMP}\s*<([^<>\n]{{1,40}})>\s*(?=\S)"),
    re.compile(rf"^\[([^\[\]\n]{{1,30}})\]\s*\[{_STAMP}\s*(?=\S)"),
)
# A line of its own, over what is said.
_ABOVE = (
    re.compile(rf"^({_NAME})\s*[\s,·|–-]\s*{_STAMP}\s*$"),
    re.compile(
        rf"^[-=—#*\s]*(?:[^\n·|]{{1,30}}[·|]\s*)?({_NAME})\s*[·|]\s*(?:{_DATE}|{_STAMP})[^\n]{{0,30}}$"
    ),
)
# What a form or a list may have as well: taken where a text does so again and again.
_LIKELY = (
    re.compile(rf"^(?:[-*•]\s+)?(?:\*\*)?({_NAME})(?:\*\*)?\s*(?:[:：](?:\*\*)?)\s*(?=\S)"),
    re.compile(r"^([A-Z]{2,3})\s+[–—-]\s+(?=\S)"),
    re.compile(r"^([A-Z][A-Z’' ]{1,28}[A-Z])\.\s+(?=\S)"),
)
# Over what a mail cites.
WROTE = re.compile(
    r"\b(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|napisała?|писала?|написала?"
    r"|yazdı|skrev)\b[^:：\n]{0,60}[:：]\s*$|写道\s*[:：]\s*$",
    re.I,
)
_LEAST_TURNS, _LONG = 4, 40  # turns of a text, and letters of one that is no value of a form
_SAID = re.compile(r"[.!?。！？…؟][\"'”’»）)\]]*\s*$")
_SMALL_SAID = "von van de der den da di du la le el al bin del della dos y und and"
_SMALL = frozenset(_SMALL_SAID.split())
# Labels of pages of frequent questions: who asks there is nobody.
_ASKING_SAID = """
    q a f r p d question answer frage antwort réponse pregunta respuesta domanda risposta pergunta
    resposta vraag antwoord pytanie odpowiedź вопрос ответ soru cevap note notes hinweis tip
    warning nota 问 答 問 質問 回答 문 답 질문 답변"""
_ASKING = frozenset(_ASKING_SAID.split())


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
    turns = [_sure(line.strip()) for line in lines]
    likely = [
        None if turn else _likely(line.strip()) for turn, line in zip(turns, lines, strict=True)
    ]
    labels = Counter(label for one in likely if one for label, _ in [one])
    said = [text for one in likely if one for _, text in [one]]
    is_repeated = len(labels) > 1 and labels.most_common(1)[0][1] > 1
    spoken = sum(_is_said(text) for text in said)
    is_talk = len(said) >= _LEAST_TURNS and is_repeated and 2 * spoken > len(said)
    if not is_talk:
        return turns
    return [
        turn or (Turn(one[0]) if one is not None else None)
        for turn, one in zip(turns, likely, strict=True)
    ]


def _sure(line: str) -> Turn | None:
    for pattern in _SURE:
        if match := pattern.match(line):
            return Turn(match[1].strip())
    for pattern in _ABOVE:
        if (match := pattern.match(line)) and _is_name(match[1]):
            return Turn(line.strip("-=—#* "), is_above=True)
    return None


def _likely(line: str) -> tuple[str, str] | None:
    """Return who may speak, and what is said."""
    for pattern in _LIKELY:
        match = pattern.match(line)
        if match and _is_name(match[1]) and match[1].casefold().strip(".") not in _ASKING:
            return match[1].strip(), line[match.end() :]
    return None


def _is_name(label: str) -> bool:
    """Return whether each word of a label may be one of a name."""
    words = re.sub(r"\([^()]*\)", " ", label).split()
    return bool(words) and all(word in _SMALL or not word[0].islower() for word in words)


def _is_said(text: str) -> bool:
    return len(text) > _LONG or bool(_SAID.search(text)) or is_question(text)
