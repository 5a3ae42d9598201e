"""Altered: questions that nothing answers, made of those that a passage answers.

A number of the question becomes another, or a name of it another name of the passage: what is
then asked looks answerable by every word.

Source: Zhu et al., "Learning to Ask Unanswerable Questions for Machine Reading Comprehension",
2019, https://arxiv.org/abs/1906.06045
"""

from __future__ import annotations

import random
import re

from ragflow_local.text.languages import question_words

_NUMBER = re.compile(r"\d+")
# A word with a capital letter that does not begin the text.
_NAME = re.compile(r"(?<=[^\W_][ ,])(?:[^\W\d_]\w{2,})")


def altered(question: str, passage: str, language: str, chance: random.Random) -> str:
    """Return a question that the passage no longer answers; empty where none can be made."""
    ways = [_other_number, _other_name]
    chance.shuffle(ways)
    for way in ways:
        if (made := way(question, passage, language, chance)) and made != question:
            return made
    return ""


def _other_number(question: str, passage: str, language: str, chance: random.Random) -> str:
    numbers = list(_NUMBER.finditer(question))
    if not numbers:
        return ""
    one = chance.choice(numbers)
    said = [number for number in _NUMBER.findall(passage) if len(number) == len(one[0])]
    others = [number for number in dict.fromkeys(said) if number not in question]
    if not others or chance.random() < 0.5:
        value = int(one[0]) + chance.choice((-20, -10, -3, -2, -1, 1, 2, 3, 10, 20))
        others = [str(abs(value))]
    other = chance.choice(others)
    if other == one[0] or (other in passage and len(other) < 3):
        return ""
    return f"{question[: one.start()]}{other}{question[one.end() :]}"


def _other_name(question: str, passage: str, language: str, chance: random.Random) -> str:
    asking = question_words(language)
    names = [one for one in _NAME.finditer(question) if one[0][0].isupper()]
    names = [one for one in names if one[0].casefold() not in asking]
    if not names:
        return ""
    one = chance.choice(names)
    said = [name for name in _NAME.findall(passage) if name[0].isupper()]
    others = [name for name in dict.fromkeys(said) if name.casefold() not in question.casefold()]
    others = [name for name in others if name[:4] != one[0][:4]]
    if not others:
        return ""
    return f"{question[: one.start()]}{chance.choice(others)}{question[one.end() :]}"
