"""A follow-up question made to stand alone: by rules on the questions before it, or by a model.

"And in 2021?" after "What was Apple's revenue in 2020?" is searched for as "What was Apple's
revenue in 2021?". A question that names what it is about is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragflow_local.records import ChatMessage
from ragflow_local.text.terms import STOP_WORDS, iterate

_LEAD = re.compile(
    r"^\s*(?:(?:and|but|so|then|ok(?:ay)?|well|also)\b[\s,]*)*"
    r"(?:(?:what|how)\s+about\b|and\b|what\s+of\b)?[\s,]*",
    re.IGNORECASE,
)
_IS_LED = re.compile(
    r"^\s*(?:(?:and|but|so|then|also|what\s+about|how\s+about|what\s+of|why|how\s+so)\b"
    r"|那么?|还有|以及|另外)",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|these|those|there"
    r"|the\s+(?:same|latter|former|other)|that(?=\s*(?:\?|$|one|year|company|period|time))|one)\b"
    r"|[它他她]们?|这|其(?!他|中|实|余)|那(?:里|个|些|年|时)|该",
    re.IGNORECASE,
)
_LED_ZH = re.compile(r"^\s*(?:那么?|还有|以及|另外|而)[，,]?|(?:呢|怎么样|如何)?[？?]?\s*$")
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20|21)\d{2}(?!\d)")
_QUARTER = re.compile(
    r"\bQ[1-4]\b|\b(?:first|second|third|fourth)\s+quarter\b|第[一二三四]季度", re.IGNORECASE
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_TASK = """\
Rewrite the user's last question so that it can be understood without the conversation: put names, \
years and things in the place of words that point back to them. Keep its language. If it can be \
understood as it is, repeat it. Write the question only."""
_LABEL = re.compile(r"^(?:user|question|rewritten question|standalone question)\s*[:：]\s*", re.I)
_TURNS_SHOWN, _MOST_LETTERS = 3, 600  # of the conversation; more is read for nothing
_LONGEST = 400  # letters of a rewritten question; a longer one is an answer
_FEW_TERMS = 3  # of meaning: a question with no more leans on the one before


def standalone(question: str, history: Sequence[ChatMessage]) -> str:
    """Return what to search for: ``question``, with what it leaves to earlier questions.

    Args:
        question: As the user asked it.
        history: Earlier messages, oldest first.
    """
    earlier = [message.content for message in history if message.role == "user"]
    if not earlier or not _leans_on_others(question):
        return question
    # The one before may lean on the one before it.
    previous = standalone(earlier[-1], [ChatMessage("user", text) for text in earlier[:-1]])
    rest = _rest_of(question)
    if not rest:
        return previous
    replaced = _with_its_time(previous, rest)
    left = _terms(rest) - _terms(replaced)
    if not left:
        return replaced
    return f"{_end(replaced)} {rest}"


def rewriting(question: str, history: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Return what a chat model is told, so that it writes the question that stands alone."""
    lines = [
        f"{'User' if message.role == 'user' else 'Assistant'}: {message.content[:_MOST_LETTERS]}"
        for message in history[-2 * _TURNS_SHOWN :]
    ]
    told = "\n".join([*lines, f"User: {question}"])
    return [ChatMessage("system", _TASK), ChatMessage("user", told)]


def rewritten(said: str, question: str, history: Sequence[ChatMessage]) -> str:
    """Return the question a chat model wrote; by rules where it wrote none."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    found = _LABEL.sub("", lines[0]).strip("\"'“”「」 ") if lines else ""
    if not found or len(found) > _LONGEST or not _terms(found):
        return standalone(question, history)
    return found


def _leans_on_others(question: str) -> bool:
    if _POINTS_BACK.search(question):
        return True
    few = len(_terms(question)) <= _FEW_TERMS
    return few and bool(_IS_LED.match(question) or question.rstrip(" ？?").endswith("呢"))


def _rest_of(question: str) -> str:
    """Return a question without the words that only tie it to the one before."""
    if _HAN.search(question):
        text = _LED_ZH.sub("", question) if len(question) < 16 else question
        return text.strip()
    return _LEAD.sub("", question, count=1).strip()


def _with_its_time(previous: str, rest: str) -> str:
    """Return the earlier question with the times of the later in place of its own."""
    for pattern in (_YEAR, _QUARTER):
        wanted = pattern.search(rest)
        if wanted:
            previous = pattern.sub(lambda _, time=wanted: time[0], previous, count=1)  # type: ignore[misc]  # mypy takes the default for a second argument
    return previous


def _terms(text: str) -> set[str]:
    return {
        term
        for term in iterate(text)
        if term not in STOP_WORDS and not (len(term) == 1 and _HAN.match(term))
    }


def _end(text: str) -> str:
    text = text.rstrip()
    return text if text.endswith(("?", "？", ".", "。", "!", "！")) else f"{text}?"
