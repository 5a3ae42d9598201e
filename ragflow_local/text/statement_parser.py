"""Parses a sentence into a ``Statement``, in one pass over its words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ragflow_local.text import figures
from ragflow_local.text.alike import forms_of
from ragflow_local.text.folding import fold
from ragflow_local.text.languages import negations
from ragflow_local.text.scripts import HAN_AND_KANA, SIGNS, SOUTH_EAST_ASIAN
from ragflow_local.text.statement import AGENT, SAID, Phrase, Statement, Token
from ragflow_local.text.statement_parts import join_lists, mark_roles, merge_single, split_repeated
from ragflow_local.text.statement_words import LEVELS, comparatives, tying_words, words_of
from ragflow_local.text.verbs import is_verb
from ragflow_local.text.wordings import in_one_wording

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
        self.part = self.sentence = self.sentence_began = 0
        self.marker = ""
        self.is_open = False  # the phrase goes on
        self.negated_from: int | None = None
        self.part_began = 0
        self.soft: set[int] = set()  # parts that begin as the next of a list does
        self.listed: set[int] = set()  # parts after "and"
        self.firm: set[int] = set()  # parts that are clauses, with a verb of their own
        self.may_be_relative = -1  # a part that begins as a clause about a noun does
        self.verb = -1  # the phrase of a verb, which its object is no part of
        self.was_open = self.is_after_break = False
        self.guessed = -1  # a phrase that begins with a verb, if the word after a name is one
        self.reason_from = -1  # the token from which on it is said why
        self.compared = -1  # the part that has said more or less
        self.is_first = True
        self.last_word = self.last_function = ""

    def parse(self, texts: list[str]) -> Statement:
        self.said.text = " ".join(texts)
        for number, text in enumerate(texts):
            self.sentence = number
            if number:
                self._end_reason()
                self._end_part()
            self.is_first, self.sentence_began = True, len(self.said.tokens)
            plain = in_one_wording(unicodedata.normalize("NFKC", text), self.language)
            for match in _PIECE.finditer(plain):
                self._take(match)
        self._end_reason()
        self._end_part()
        join_lists(self.said, self.listed, self.firm)
        merge_single(self.said, self.soft, self.firm)
        split_repeated(self.said)
        mark_roles(self.said)
        return self.said

    def _take(self, match: re.Match[str]) -> None:
        piece = match[0]
        if match["mark"]:
            if piece in _CURRENCIES:
                self._add(piece, "word", frozenset({_CURRENCIES[piece]}))
            elif piece in _BREAKS:
                self._end_reason(is_over=False)
                self._end_part(is_soft=piece == "、")
                self.is_after_break = piece == ","
            return
        if match["number"]:
            before = match.string[max(0, match.start() - figures.NEAR) : match.start()]
            self._add_figure(piece, figures.value_of(piece, self.language, before))
        elif match["run"]:
            self._take_run(piece)
        else:
            self._take_word(piece)
        self.is_first = self.is_after_break = False

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
        if self.language == "ru" and folded in comparatives("ru"):
            self.is_open, self.marker = False, "чем"  # what follows stands in the genitive

    def _is_plain_may(self, word: str, folded: str) -> bool:
        return folded == "may" and (word[0].islower() or self.is_first)

    def _inflected_figure(self, folded: str) -> str:
        """Return the value of a bent word: zweiten, третьего, days in the plural."""
        day = self.figure_words.get(folded[:-1], "") if folded.endswith("s") else ""
        if day.startswith("d"):  # on Mondays, montags, les samedis
            return day
        if self.language == "de" and len(folded) > 5 and folded[-1] in "nrsm":
            return self.figure_words.get(folded[:-1], "")
        if self.language == "ru" and len(folded) > 4:
            return figures.place_of(folded)
        return ""

    def _kind(self, word: str) -> str:
        if not word[0].isupper() or self.language == "de":
            return "name" if any(letter.isdigit() for letter in word) else "word"
        if self.is_first and not (len(word) > 1 and word.isupper()):
            return "first"  # whether a name is not known
        return "name"

    def _take_function(self, word: str, folded: str) -> None:
        language = self.language
        self._note(word, folded)
        if language in _POSTPOSED and self.is_open and self.said.phrases:
            self.said.phrases[-1].marker = folded
        self.was_open, self.is_open = self.is_open, False
        if folded in words_of(language, "than") and self._compares():
            self.marker = folded
            self.said.sides.add(len(self.said.tokens))
        elif folded in words_of(language, "relative") and self._is_about(folded):
            self._begin_relative()
        elif folded in words_of(language, "join"):
            self._end_part(is_soft=True)
            self.listed |= {self.part} if folded in words_of(language, "and") else set()
        elif folded in words_of(language, "agent"):
            self.marker = AGENT
        elif folded in words_of(language, "aux") or folded in self.negations:
            self._is_no_verb()
            self.marker = SAID
            self.said.has_verb = True
            self.firm.add(self.part)
        elif not self._is_transparent(folded):
            self.marker = folded
        self.last_function = folded

    def _is_transparent(self, folded: str) -> bool:
        """Return whether a word stands before a noun and ties it to nothing: the, all, all of."""
        language = self.language
        amounts = (
            words_of(language, "all") | words_of(language, "most") | words_of(language, "some")
        )
        if folded in words_of(language, "of") and not self.was_open:
            return self.last_function in amounts
        return folded in amounts or folded in words_of(language, "article")

    def _note(self, word: str, folded: str) -> None:
        """Keep what a function word says of what follows it."""
        language, following = self.language, len(self.said.tokens)
        if folded in self.negations:
            self.negated_from = following
        self._note_level(word, folded)
        if folded in words_of(language, "why"):
            self.reason_from = following
        if folded in words_of(language, "so"):
            self.said.reasons.update(range(following))
        if folded in words_of(language, "keep"):
            self.said.kept.add(folded)
        if folded in words_of(language, "degree"):
            self.compared = self.part
        if folded in words_of(language, "owner"):
            self.said.owned.add(following)
        if folded in words_of(language, "article"):
            self.said.definite.add(following)

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
        if goes_on and last is not None and not value:
            goes_on = self._goes_on(text, kind, last)
        if not goes_on:
            if self.marker == AGENT and (value or fold(text) in words_of(self.language, "way")):
                self.marker = self.last_function  # by 2014, par an, by train: nobody did it
            statement.phrases.append(Phrase(self.marker, self.part, self.sentence))
            statement.has_verb |= self.marker == SAID
            self.marker = ""
        phrase = len(statement.phrases) - 1
        statement.phrases[-1].tokens.append(len(statement.tokens))
        statement.tokens.append(Token(text, forms, kind, value, phrase))
        self.is_open = True

    def _goes_on(self, word: str, kind: str, last: Token) -> bool:
        """Return whether a word belongs to the phrase before it: no verb does, nor its object."""
        number = len(self.said.phrases)
        if is_verb(word, last, self.language):
            self._is_no_verb()
            self.marker, self.verb = SAID, len(self.said.phrases)
            self.said.verbs.add(len(self.said.tokens))
            return False
        if self.verb == number - 1 and word[0].isupper() and last.text[0].islower():
            self.marker = ""
            return False
        if kind == "word" and self.language != "de" and self._is_likely_verb_after(last):
            self.marker, self.guessed, self.verb = SAID, number, number
            self.said.verbs.add(len(self.said.tokens))
            return False
        return True

    def _is_likely_verb_after(self, last: Token) -> bool:
        """Return whether a small word after a name begins what is said of it."""
        phrase = self.said.phrases[-1]
        is_alone = len(phrase.tokens) == 1
        has_verb = any(index >= self.part_began for index in self.said.verbs)
        if has_verb or phrase.marker in words_of(self.language, "than"):
            return False
        return last.kind == "name" or (last.kind == "first" and is_alone)

    def _is_no_verb(self) -> None:
        """Join what was taken for a verb to the name before it: the verb comes only now."""
        phrases = self.said.phrases
        if self.guessed != len(phrases) - 1 or self.guessed < 1:
            return
        for index in phrases.pop().tokens:
            self.said.verbs.discard(index)
            self.said.tokens[index].phrase = len(phrases) - 1
            phrases[-1].tokens.append(index)
        self.guessed = self.verb = -1

    def _is_about(self, pronoun: str) -> bool:
        """Return whether a pronoun goes on about the noun before it."""
        tokens = self.said.tokens
        if self.language == "de":
            return self.is_after_break and bool(tokens)
        if len(tokens) == self.part_began and not self.is_after_break:
            return False
        return bool(tokens) and (self.language != "en" or pronoun != "that" or self.was_open)

    def _compares(self) -> bool:
        """Return whether a part has said that something is more so: as in "longer than"."""
        if self.compared == self.part or self.language in ("en", "nl", "ru"):
            return True
        tokens = self.said.tokens[self.part_began :]
        return self.language == "de" and bool(tokens) and tokens[-1].text.endswith("er")

    def _begin_relative(self) -> None:
        if self.language == "de":  # whose verb decides, at the end
            self.may_be_relative = self.part
            return
        antecedent = len(self.said.phrases) - 1
        self._end_part()
        self.firm.add(self.part)
        self.said.antecedents[self.part] = antecedent

    def _ends_with_verb(self) -> bool:
        """Return whether the only verb of a part is its last word, as in German clauses."""
        tokens = range(self.part_began, len(self.said.tokens))
        verbs = [index for index in tokens if index in self.said.verbs]
        if not tokens or tokens[0] == 0:
            return False
        if self.last_word in words_of(self.language, "aux") and not self.is_open:
            return True
        return verbs == [tokens[-1]] and self.part not in self.firm

    def _end_reason(self, *, is_over: bool = True) -> None:
        """Note which words say why: to the end, or where they come first, to the next break."""
        tokens = len(self.said.tokens)
        if self.reason_from < 0 or (not is_over and self.reason_from > self.sentence_began):
            return
        self.said.reasons.update(range(self.reason_from, tokens))
        self.reason_from = -1

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
        if self.may_be_relative == self.part and self._ends_with_verb():
            first = next(at for at, one in enumerate(statement.phrases) if one.part == self.part)
            statement.antecedents[self.part] = first - 1
            self.firm.add(self.part)
        if len(statement.tokens) > self.part_began:
            self.part += 1
            self.part_began = len(statement.tokens)
        if is_soft:
            self.soft.add(self.part)
        self.is_open = False
        self.marker = ""
