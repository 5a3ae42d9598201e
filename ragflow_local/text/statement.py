"""A parsed statement: clauses, phrases with their markers, tokens and negations.

"Revenue was 274 in 2020 and 294 in 2021" has two parts; in the second, "294" has no marker and
"2021" the marker "in". That is enough to see which figure belongs to which year, and who did what
to whom. No grammar is known: function words, case and punctuation are what it goes by.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# Markers that are no word.
AGENT, PATIENT, SAID, FIGURE = "<agent>", "<patient>", "<said>", "<figure>"


@dataclass(slots=True)
class Token:
    """A word, a figure or a run of a script without spaces.

    Attributes:
        text: As it stands there.
        forms: What it is compared by.
        kind: ``word``, ``name``, ``run``, or what kind of figure: number, year, month, day.
        value: Of a figure.
        phrase: Number of its phrase.
        is_negated: Whether a negation stands over it.
    """

    text: str
    forms: frozenset[str]
    kind: str
    value: str = ""
    phrase: int = 0
    is_negated: bool = False

    @property
    def is_figure(self) -> bool:
        """Whether it is a number or a date."""
        return bool(self.value)


@dataclass(slots=True)
class Phrase:
    """Words that stand together.

    Attributes:
        marker: The function word before it, or one of ``AGENT``, ``PATIENT``, ``SAID``; "".
        part: Number of its part.
        sentence: Number of its sentence.
        tokens: Numbers of its tokens.
    """

    marker: str
    part: int
    sentence: int = 0
    tokens: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Statement:
    """A sentence, or two neighbours, taken apart.

    Attributes:
        text: As it is.
        language: Its two letters.
        tokens: Its content, in order.
        phrases: They in turn.
        levels: How far each part goes: part and class, such as ``all``, ``if``.
        kept: Function words that count: before, more.
        counted: Tokens right after a word like all and every.
        owned: Tokens right after a word like his and their.
        definite: Tokens right after an article.
        verbs: Tokens whose form shows that they are verbs.
        antecedents: Of parts such as "who came", the phrase that they are about.
        led: Such parts that say what it does: its verb comes first.
        passive: Parts that name who did it: by Ann.
        reasons: Tokens of a clause that says why.
        sides: The first tokens of what others are compared with: than the others.
        has_verb: Whether something is said of something, as far as its verbs are known.
    """

    text: str
    language: str
    tokens: list[Token] = field(default_factory=list)
    phrases: list[Phrase] = field(default_factory=list)
    levels: set[tuple[int, str]] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    counted: set[int] = field(default_factory=set)
    owned: set[int] = field(default_factory=set)
    definite: set[int] = field(default_factory=set)
    verbs: set[int] = field(default_factory=set)
    antecedents: dict[int, int] = field(default_factory=dict)
    led: set[int] = field(default_factory=set)
    passive: set[int] = field(default_factory=set)
    reasons: set[int] = field(default_factory=set)
    sides: set[int] = field(default_factory=set)
    has_verb: bool = False

    def phrase_of(self, index: int) -> Phrase:
        """Return the phrase of a token."""
        return self.phrases[self.tokens[index].phrase]

    def part_of(self, index: int) -> int:
        """Return the number of a token's part."""
        return self.phrase_of(index).part
