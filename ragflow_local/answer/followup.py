"""Completes a follow-up question from earlier ones by rules, or has a chat model rewrite it.

"And in 2021?" after "What was Apple's revenue in 2020?" is completed to "What was Apple's revenue
in 2021?": the new topic takes the old one's place. "When was she born?" gets the name it points to.
The question as asked is searched as well, so that nothing is lost where it stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ragflow_local.answer.scorer import Nearness
from ragflow_local.records import ChatMessage
from ragflow_local.text.asking import ASIDES, COMMANDS, RUNS
from ragflow_local.text.content import asked_in_order
from ragflow_local.text.folding import fold
from ragflow_local.text.languages import function_words, language_of, question_words
from ragflow_local.text.leaning import CORRECTION, LEAD, POINTING, TAIL, TIES_ONLY_IN
from ragflow_local.text.terms import is_unspaced

_TASK = """\
Rewrite the user's last question so that it can be understood without the conversation: put names, \
years and things in the place of words that point back to them. Keep its language. If it can be \
understood as it is, repeat it. Write the question only."""
_LABEL = re.compile(r"^(?:user|question|rewritten question|standalone question)\s*[:：]\s*", re.I)
_TURNS_SHOWN, _MOST_LETTERS = 3, 600  # of the conversation; more is read for nothing
_LONGEST = 400  # letters of a rewritten question; a longer one is an answer
_FEW, _MANY = 3, 4  # terms of a question's own: so few lean, so many stand alone
_SEVERAL = 6  # terms of what follows "and" and asks for nothing
_TOKEN = re.compile(r"[^\s?？!！.,;:，。、؟¿¡()（）\"“”„«»]+")
# "a service" takes the place of "a tyre change", "for the Golf" that of "for the Tesla".
_ARTICLES_SAID = """
    a an the ein eine einen einem einer eines der die das den dem un une le la les el los las uno
    una il lo i gli um uma o os as een het"""
_ARTICLES = frozenset(_ARTICLES_SAID.split())
_OF = frozenset(("of", "de", "von", "du", "di", "do", "da", "van"))
_DEGREES = frozenset(("how", "wie", "hoe", "hur", "hvor"))
_WITHOUT_ARTICLES = ("ru", "uk", "pl", "cs", "sk", "sr")  # what follows "where" is a verb
_RUN = re.compile(r"\d+[年月日号號년월일]?|[^\s\d?？!！.,;:，。、؟（）()“”]+")
_NAME = re.compile(r"(?<=[\w,] )[A-ZÀ-ÞА-Я][\w’'-]+(?: [A-ZÀ-ÞА-Я\d][\w’'-]*)*")
_FIGURE = re.compile(r"\d")


# Says whether a text, a section or a row is about what a phrase names.
IsSubject = Callable[[str], bool]


def _is_no_subject(phrase: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Completed:
    """A question as asked, and completed from the conversation.

    Attributes:
        asked: As the user asked it.
        whole: Completed; the same where it stands alone.
        share: How much of what is meant the question says itself, in (0, 1]: what its own hits
            are worth beside those of the completed one.
    """

    asked: str
    whole: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words of a question that belong together: a name, a figure, a thing."""

    text: str
    start: int
    end: int
    kind: str
    before: str  # the small word before it


def completed(
    question: str,
    history: Sequence[ChatMessage],
    nearness: Nearness | None = None,
    is_subject: IsSubject = _is_no_subject,
) -> Completed:
    """Return the question completed from the conversation.

    Args:
        question: As the user asked it.
        history: Earlier messages, oldest first.
        nearness: Says which of the old topics a new one is nearest to.
        is_subject: Says whether a text, a section or a row is about what a phrase names: then it
            takes the place of another subject, and never that of what is asked about it.
    """
    earlier = [at for at, message in enumerate(history) if message.role == "user"]
    if not earlier:
        return Completed(question, question)
    own = _terms(question)
    rest = _without_lead_in(question)
    asks = _asks(question)
    is_led = rest is not None and (len(own) <= _FEW or (not asks and len(own) <= _SEVERAL))
    if not is_led and own and (not POINTING.search(question) or _stands_alone(question, own)):
        return Completed(question, question)
    # The one before may lean on the one before it.
    before = history[earlier[-1]].content
    previous = completed(before, history[: earlier[-1]], nearness, is_subject).whole
    if is_led and own and not (asks and _asks(rest or question)):
        whole = _replaced(previous, rest or question, nearness, is_subject)
    elif own or (POINTING.search(question) and asks):
        answers = [m.content for m in history[earlier[-1] :] if m.role == "assistant"]
        whole = f"{question} {_subject_of(previous, answers, is_subject)}".strip()
    else:
        whole = previous
    every = len(_terms(whole)) or 1
    return Completed(question, whole, min(1.0, max(len(own), 0.5) / every))


def standalone(question: str, history: Sequence[ChatMessage]) -> str:
    """Return a question that stands alone, completed by rules."""
    return completed(question, history).whole


def rewriting(question: str, history: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Return the prompt that has a chat model rewrite a question to stand alone."""
    lines = [
        f"{'User' if message.role == 'user' else 'Assistant'}: {message.content[:_MOST_LETTERS]}"
        for message in history[-2 * _TURNS_SHOWN :]
    ]
    conversation = "\n".join([*lines, f"User: {question}"])
    return [ChatMessage("system", _TASK), ChatMessage("user", conversation)]


def rewritten(reply: str, question: str, history: Sequence[ChatMessage]) -> str:
    """Return the question that a chat model rewrote; else the one completed by rules."""
    lines = [line.strip() for line in reply.splitlines() if line.strip()]
    rewritten_question = _LABEL.sub("", lines[0]).strip("\"'“”「」 ") if lines else ""
    if (
        not rewritten_question
        or len(rewritten_question) > _LONGEST
        or not asked_in_order(rewritten_question)
    ):
        return standalone(question, history)
    return rewritten_question


def _terms(question: str) -> tuple[str, ...]:
    """Return the terms of a question's own, of scripts without spaces every second pair."""
    terms = asked_in_order(POINTING.sub(" ", question))
    pairs = [term for term in terms if is_unspaced(term)]
    return (*(term for term in terms if not is_unspaced(term)), *pairs[::2])


def _asks(question: str) -> bool:
    """Return whether a question has a question word, so that it asks anew."""
    asking = question_words(language_of(question))
    return any(fold(word) in asking for word in _TOKEN.findall(question))


def _stands_alone(question: str, own: Sequence[str]) -> bool:
    """Return whether what a question refers to is likely in the question itself."""
    points = POINTING.search(question)
    named = points is not None and any(
        phrase.kind != "thing" for phrase in _phrases(question[: points.start()])
    )
    return named or len(own) >= _MANY


def _without_lead_in(question: str) -> str | None:
    """Return a question without its tie to the one before; None where there is none."""
    if (correction := CORRECTION.match(question)) is not None:
        return question[correction.end() :].strip(" .!。！") or None
    lead = LEAD.match(question)
    assert lead is not None  # it may match nothing
    first = fold(lead[0].strip(" ¿¡,").partition(" ")[0])
    if first in TIES_ONLY_IN and language_of(question) not in TIES_ONLY_IN[first]:
        return None
    tail = TAIL.search(question, lead.end())
    end = tail.start() if tail else len(question)
    is_tied = bool(lead[0].strip(" ¿¡")) or (tail is not None and bool(tail[0].strip(" ?？؟!.")))
    return question[lead.end() : end].strip() if is_tied else None


def _phrases(question: str, language: str = "") -> list[_Phrase]:
    """Return the phrases of a question: runs of words that mean something, parted by the rest.

    Args:
        question: Or a part of one, of which the language is given: then its first word is not
            in upper case because it is the first.
        language: Of the question a part is from.
    """
    is_whole = not language
    language = language or language_of(question)
    if language in RUNS:
        return _runs(question, language)
    small = function_words(language) | {fold(word) for word in (COMMANDS + ASIDES).split()}
    phrases: list[_Phrase] = []
    asking = question_words(language)
    before, is_open, is_degree = "", False, False
    for number, match in enumerate(_TOKEN.finditer(question)):
        word = match[0]
        if fold(word) in small and not (word.isupper() and len(word) > 1):
            before, is_open = fold(word), False
            continue
        if before in _DEGREES and word.islower():
            before, is_open, is_degree = fold(word), False, True  # "how long", "wie viel"
            continue
        is_verb = language in _WITHOUT_ARTICLES and before in asking
        kind = "verb" if is_verb else _kind_of(word, is_first=is_whole and number == 0)
        if (
            language == "de"
            and kind == "name"
            and (before in _ARTICLES or before in asking or is_degree)
        ):
            # Nouns are in upper case as well; names have no "ein", "welche", "wie viel" before.
            kind = "thing"
        is_degree = False
        last = phrases[-1] if phrases and is_open else None
        if last is not None and (last.kind == kind or (last.kind == "name" and kind == "figure")):
            text = question[last.start : match.end()]
            phrases[-1] = _Phrase(text, last.start, match.end(), last.kind, last.before)
        else:
            phrases.append(_Phrase(word, match.start(), match.end(), kind, before))
        before, is_open = "", question[match.end() : match.end() + 1] == " "
    return phrases


def _runs(question: str, language: str) -> list[_Phrase]:
    """Return the runs of letters between those that ask or tie."""
    bare = re.sub(RUNS[language], lambda match: " " * len(match[0]), question)
    return [
        _Phrase(match[0], match.start(), match.end(), _kind_of(match[0]), "")
        for match in _RUN.finditer(bare)
    ]


def _kind_of(word: str, *, is_first: bool = False) -> str:
    if _FIGURE.search(word):
        return "figure"
    return "name" if word[:1].isupper() and not is_first else "thing"


def _replaced(
    previous: str,
    rest: str,
    nearness: Nearness | None,
    is_subject: IsSubject,
) -> str:
    """Return the earlier question with the new topics in the place of the old ones.

    What names a subject and what is asked of it is a question of its own; only a figure, as the
    year, may be left out in it.
    """
    new = _phrases(rest, language_of(f"{previous} {rest}"))
    named = {one: is_subject(one.text) for one in new if one.kind != "figure"}
    if len(set(named.values())) == 2 and not is_subject(rest):
        figures = [one.text for one in _phrases(previous) if one.kind == "figure"]
        return " ".join([rest, *([] if _FIGURE.search(rest) else figures)])
    left: list[str] = []
    for phrase in new:
        old = _phrases(previous)
        if phrase in named:  # a subject for a subject, what is asked for what was
            old = [other for other in old if is_subject(other.text) == named[phrase]]
        place = _place_for(phrase, old, nearness, is_subject=named.get(phrase, False))
        if place is None:
            left.append(phrase.text)
        elif place.text != phrase.text:
            end = _end_with_complement(previous, place, is_subject)
            previous = previous[: place.start] + phrase.text + previous[end:]
    return " ".join([previous, *left])


def _end_with_complement(question: str, old: _Phrase, is_subject: IsSubject) -> int:
    """Return where a noun phrase ends with its complement, as in "change of tyres".

    What a text is about is no part of it: "dose of ibuprofen".
    """
    following = [phrase for phrase in _phrases(question) if phrase.start >= old.end]
    is_thing = bool(following) and following[0].kind == "thing"
    if old.kind == "thing" and is_thing and not is_subject(following[0].text):
        between = question[old.end : following[0].start].strip()
        if fold(between) in _OF:
            return following[0].end
    return old.end


def _place_for(
    new: _Phrase, old: Sequence[_Phrase], nearness: Nearness | None, *, is_subject: bool
) -> _Phrase | None:
    """Return the phrase of the earlier question that a new one takes the place of.

    One of its kind; where both are what a text is about a name, or else of any kind.
    """
    alike = [phrase for phrase in old if phrase.kind == new.kind]
    if is_subject:
        alike = [phrase for phrase in old if phrase.kind == "name"] or alike or list(old)
    if not alike:
        return None
    near = [0.0] * len(alike)
    if nearness is not None and len(alike) > 1:
        near = nearness(new.text, [phrase.text for phrase in alike]).tolist()
    worth = [
        value
        + (0.3 if _is_led_alike(phrase.before, new.before) else 0.0)
        + (0.1 if phrase.before else 0.0)
        for phrase, value in zip(alike, near, strict=True)
    ]
    # The later of two alike; of runs, the earlier: what is asked of it stands at the end.
    later = -1 if is_unspaced(new.text[:1]) else 1
    return alike[max(range(len(alike)), key=lambda at: (worth[at], later * at))]


def _is_led_alike(word: str, other: str) -> bool:
    """Return whether two small words before phrases are the same, or both articles."""
    return bool(word) and (word == other or {word, other} <= _ARTICLES)


def _subject_of(previous: str, answers: Sequence[str], is_subject: IsSubject) -> str:
    """Return what the earlier question is about: its names, those of its answer, or its things.

    Of several things those that a text is about.
    """
    phrases = _phrases(previous)
    names = [phrase.text for phrase in phrases if phrase.kind == "name"]
    if not names and answers:
        names = _NAME.findall(answers[-1])[:1]
    things = [phrase.text for phrase in phrases if phrase.kind == "thing"]
    subjects = [text for text in things if is_subject(text)]
    return " ".join([*names, *subjects] or things)
