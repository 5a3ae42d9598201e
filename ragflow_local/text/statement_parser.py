"""Parses a sentence into a ``Statement``, in one pass over its words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ragflow_local.text import figure_values as figures
from ragflow_local.text.alike import forms_of
from ragflow_local.text.folding import fold
from ragflow_local.text.languages import negations
from ragflow_local.text.scripts import HAN_AND_KANA, SIGNS, SOUTH_EAST_ASIAN
from ragflow_local.text.statement import AGENT, FIGURE, PATIENT, SAID, Phrase, Statement, Token
from ragflow_local.text.statement_words import LEVELS, tying_words, words_of

_POSTPOSED = frozenset({"ja"})  # particles stand after their noun

_RUN = rf"[{HAN_AND_KANA}{SOUTH_EAST_ASIAN}]+"
_LETTER = rf"(?:(?!{_RUN})[^\W_]|[{SIGNS}])"
_PIECE = re.compile(
    rf"(?P<number>(?<!{_LETTER})(?:{figures.NUMBER.pattern})(?!{_LETTER}))"
    rf"|(?P<run>{_RUN})|(?P<word>{_LETTER}+(?:[-.’'&@/]{_LETTER}+)*)|(?P<mark>[^\s\w])"
)
_BREAKS = frozenset(",;:()[]–—，；：（）。、!?！？\t|·•*")
_CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "%": "percent", "¥": "yen"}
_PARTICLES = frozenset(["ab", "an", "auf", "aus", "bei", "ein", "zu", "los", "weg"])
_CLASSIFIERS = frozenset("个個名位台辆輛座家层層条條只件")
_UNITS = frozenset("元米公吨噸岁歲次倍天周小分秒美欧日页")
_LONG_UNITS = ("公里", "公斤", "小时", "分钟", "平方")


@lru_cache(maxsize=4096)
def parse(text: str, language: str) -> Statement:
    """Return what a sentence states; callers change nothing of it."""
    return _Parser(language).parse([text])


def parse_pair(first: str, second: str, language: str) -> Statement:
    """Return what two neighbours state together."""
    return _Parser(language).parse([first, second])


class _Parser:
    """Goes through a text once; see ``Statement``."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.function = tying_words(language)
        self.figure_words = figures.figure_words(language)
        self.negations = negations(language) - words_of(language, "without")
        self.said = Statement("", language)
        self.part = self.sentence = 0
        self.marker = ""
        self.is_open = False  # the phrase goes on
        self.negated_from: int | None = None
        self.part_began = 0
        self.soft: set[int] = set()  # parts that begin as the next of a list does
        self.is_first = True
        self.last_word = ""

    def parse(self, texts: list[str]) -> Statement:
        self.said.text = " ".join(texts)
        for number, text in enumerate(texts):
            self.sentence = number
            if number:
                self._end_part()
            self.is_first = True
            for match in _PIECE.finditer(unicodedata.normalize("NFKC", text)):
                self._take(match)
        self._end_part()
        _merge_single(self.said, self.soft)
        _split_repeated(self.said)
        _mark_roles(self.said)
        return self.said

    def _take(self, match: re.Match[str]) -> None:
        piece = match[0]
        if match["mark"]:
            if piece in _CURRENCIES:
                self._add(piece, "word", frozenset({_CURRENCIES[piece]}))
            elif piece in _BREAKS:
                self._end_part(is_soft=piece == "、")
            return
        if match["number"]:
            self._add_figure(piece, figures.value_of(piece, self.language))
        elif match["run"]:
            self._take_run(piece)
        else:
            self._take_word(piece)
        self.is_first = False

    def _take_run(self, run: str) -> None:
        """Part a run of a script without spaces at its function words and figures."""
        start = at = 0
        while at < len(run):
            number = figures.HAN_NUMBER.match(run, at) if self.language in ("zh", "ja") else None
            if number and number[0] not in ("一", "千", "百"):
                self._add_run(run[start:at])
                self._add_figure(number[0], figures.han_value(number[0]))
                start = at = number.end()
                continue
            word = next(
                (run[at : at + size] for size in (3, 2, 1) if self._is_function(run, at, size)), ""
            )
            if not word:
                at += 1
                continue
            self._add_run(run[start:at])
            self._take_function(word, fold(word))
            at += len(word)
            start = at
        self._add_run(run[start:])

    def _is_function(self, run: str, at: int, size: int) -> bool:
        word = run[at : at + size]
        if len(word) != size:
            return False
        return word in self.function or word in self.negations

    def _add_run(self, run: str) -> None:
        last = self.said.tokens[-1] if self.said.tokens else None
        if last is not None and last.is_figure and self.is_open and run:
            if run[0] in "月" and last.value.isdigit() and int(last.value) <= 12:
                last.value, last.kind = f"m{int(last.value)}", "month"
                last.forms = frozenset({last.value})
            bigger = figures.scaled(last.value, run[0], self.language)
            if bigger:
                last.value, last.forms, run = bigger, frozenset({bigger}), run[1:]
            elif run[0] in "年月日号號":
                run = run[1:]
            if run and run[0] in _CLASSIFIERS:
                run = run[1:]
            elif run and run[0] in _UNITS:
                size = 2 if run[:2] in _LONG_UNITS else 1
                self._add(run[:size], "run", frozenset({run[:size]}))
                run, self.is_open, self.marker = run[size:], False, SAID
        if run:
            self._add(run, "run", frozenset({fold(run)}))

    def _take_word(self, word: str) -> None:
        folded = self.last_word = fold(word.replace("’", "'"))
        bare = folded.replace("'", "")
        if bare.endswith("nt") and bare in self.negations and len(bare) > 3:
            self.negated_from = len(self.said.tokens)
            self._take_function(word, bare)
            return
        value = self.figure_words.get(folded) or self._inflected_figure(folded)
        if value and not self._is_plain_may(word, folded):
            self._add_figure(word, value)
            return
        last = self.said.tokens[-1] if self.said.tokens else None
        if last is not None and last.kind in ("number", "year") and self.is_open:
            bigger = figures.scaled(last.value, folded, self.language)
            if bigger:
                last.value, last.forms, last.kind = bigger, frozenset({bigger}), "number"
                return
        is_code = word.isupper() and not self.said.text.isupper()
        if len(word) == 1:  # group A, but not "A group" nor "I"
            is_code = is_code and not self.is_first and word != "I" and self.is_open
        if not is_code and (bare in self.function or folded in self.function):
            self._take_function(word, bare if bare in self.function else folded)
            return
        self._note_level(word, folded)
        self._add(word, self._kind(word), forms_of(word, self.language))

    def _is_plain_may(self, word: str, folded: str) -> bool:
        return folded == "may" and (word[0].islower() or self.is_first)

    def _inflected_figure(self, folded: str) -> str:
        """Return the value of a bent word: zweiten and zweiter in German, days in the plural."""
        day = self.figure_words.get(folded[:-1], "") if folded.endswith("s") else ""
        if day.startswith("d"):  # on Mondays, montags, les samedis
            return day
        if self.language == "de" and len(folded) > 5 and folded[-1] in "nrsm":
            return self.figure_words.get(folded[:-1], "")
        return ""

    def _kind(self, word: str) -> str:
        if not word[0].isupper() or self.language == "de":
            return "name" if any(letter.isdigit() for letter in word) else "word"
        if self.is_first and not (len(word) > 1 and word.isupper()):
            return "first"  # whether a name is not known
        return "name"

    def _take_function(self, word: str, folded: str) -> None:
        language = self.language
        if folded in self.negations:
            self.negated_from = len(self.said.tokens)
        self._note_level(word, folded)
        if folded in words_of(language, "keep"):
            self.said.kept.add(folded)
        if folded in words_of(language, "owner"):
            self.said.owned.add(len(self.said.tokens))
        if language in _POSTPOSED and self.is_open and self.said.phrases:
            self.said.phrases[-1].marker = folded
        self.is_open = False
        if folded in words_of(language, "join"):
            self._end_part(is_soft=True)
        elif folded in words_of(language, "agent"):
            self.marker = AGENT
        elif folded in words_of(language, "aux") or folded in self.negations:
            self.marker = SAID
            self.said.has_verb = True
        elif folded not in words_of(language, "article"):
            self.marker = folded

    def _note_level(self, word: str, folded: str) -> None:
        for level in LEVELS:
            is_month = folded == "may" and word[0].isupper() and not self.is_first
            if folded in words_of(self.language, level) and not is_month:
                self.said.levels.add((self.part, level))
                if level == "all":
                    self.said.counted.add(len(self.said.tokens))

    def _add_figure(self, text: str, value: str) -> None:
        self._add(text, figures.class_of(value), frozenset({value}), value)

    def _add(self, text: str, kind: str, forms: frozenset[str], value: str = "") -> None:
        statement = self.said
        last = statement.tokens[-1] if statement.tokens else None
        goes_on = self.is_open and last is not None
        if last is not None and last.kind in ("year", "month", "day") and not value:
            goes_on = False
        if goes_on and last is not None and value and not last.is_figure and last.kind != "name":
            goes_on, self.marker = False, ""
        if goes_on and last is not None and kind == "word" and self._is_verb_after(last):
            goes_on, self.marker = False, SAID
        if not goes_on:
            statement.phrases.append(Phrase(self.marker, self.part, self.sentence))
            statement.has_verb |= self.marker == SAID
            self.marker = ""
        phrase = len(statement.phrases) - 1
        statement.phrases[-1].tokens.append(len(statement.tokens))
        statement.tokens.append(Token(text, forms, kind, value, phrase))
        self.is_open = True

    def _is_verb_after(self, last: Token) -> bool:
        """Return whether a small word after a name begins what is said of it."""
        is_alone = len(self.said.phrases[-1].tokens) == 1
        return last.kind == "name" or (last.kind == "first" and is_alone)

    def _end_part(self, *, is_soft: bool = False) -> None:
        statement = self.said
        if self.negated_from is not None:
            start = self.negated_from
            if start >= len(statement.tokens):  # nothing after it: it is said of the whole part
                start = self.part_began
            for token in statement.tokens[start:]:
                token.is_negated = True
            self.negated_from = None
        if self.language == "de" and self.last_word in _PARTICLES and not self.is_open:
            statement.kept.add(self.last_word)  # nahm an, lehnte ab: one word in other forms
            for token in statement.tokens[self.part_began :]:
                if token.text[0].islower():
                    token.forms |= {self.last_word + form for form in token.forms}
        if len(statement.tokens) > self.part_began:
            self.part += 1
            self.part_began = len(statement.tokens)
        if is_soft:
            self.soft.add(self.part)
        self.is_open = False
        self.marker = ""


def _merge_single(statement: Statement, soft: set[int]) -> None:
    """Join a part of one phrase, as of a list, with its neighbour of the same sentence."""
    parts = sorted({phrase.part for phrase in statement.phrases})
    for part in parts:
        own = [phrase for phrase in statement.phrases if phrase.part == part]
        if len(own) != 1:
            continue
        kinds = {statement.tokens[index].is_figure for index in own[0].tokens}
        first = statement.tokens[own[0].tokens[0]]
        if len(kinds) > 1 or (first.kind == "run" and not soft & {part, part + 1}):
            continue  # a clause, where words are not parted
        later = [
            other
            for other in statement.phrases
            if other.part > part and other.sentence == own[0].sentence
        ]
        earlier = [
            other
            for other in statement.phrases
            if other.part < part and other.sentence == own[0].sentence
        ]
        belongs_before = part in soft and part + 1 not in soft  # runs it since 2016, B the other
        if earlier and (belongs_before or not later):
            target = earlier[-1].part
        else:
            target = later[0].part if later else part
        own[0].part = target
        statement.levels |= {(target, level) for at, level in statement.levels if at == part}


def _split_repeated(statement: Statement) -> None:
    """Part "from 3 in May to 5 in June" before its second pair."""
    highest = max((phrase.part for phrase in statement.phrases), default=0)
    at: dict[tuple[int, str], int] = {}
    kinds = [statement.tokens[phrase.tokens[0]].kind for phrase in statement.phrases]
    for index, phrase in enumerate(statement.phrases):
        key = (phrase.part, phrase.marker)
        is_dated = kinds[index] in ("number", "year", "month", "day", "name")
        if phrase.marker in ("", SAID) or not is_dated:
            continue
        if key not in at or kinds[at[key]] != kinds[index]:
            at[key] = index
            continue
        before, first = index - 1, at[key] - 1
        start = before if before > at[key] and kinds[before] == kinds[max(first, 0)] else index
        if start <= at[key]:
            continue
        highest += 1
        old = phrase.part
        for other in statement.phrases[start:]:
            if other.part == old:
                other.part = highest
        at[highest, phrase.marker] = index


def _mark_roles(statement: Statement) -> None:
    """Say of unmarked phrases who does and who suffers: the first, and those after it."""
    seen: set[int] = set()
    passive = {phrase.part for phrase in statement.phrases if phrase.marker == AGENT}
    for phrase in statement.phrases:
        if phrase.marker:
            continue
        if not _is_nominal(statement, phrase):
            phrase.marker = FIGURE
        elif phrase.part in seen or phrase.part in passive:
            phrase.marker = PATIENT
        else:
            phrase.marker = AGENT
        if phrase.marker != FIGURE:
            seen.add(phrase.part)


def _is_nominal(statement: Statement, phrase: Phrase) -> bool:
    return not statement.tokens[phrase.tokens[0]].is_figure
