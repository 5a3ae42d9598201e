"""Extracts entities and their relations from text by rules, for the knowledge graph.

Found by spelling alone: capitals inside a sentence, acronyms and what they stand for, codes, quoted
titles and 《book titles》. What is not spelled so is not found.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from ragflow_local.text.scripts import HAN
from ragflow_local.text.sentences import sentences
from ragflow_local.text.terms import STOP_WORDS

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀŁŚŠŽ][\w’'&-]*(?:\.(?=[A-Z]))?"
_BETWEEN = r"(?:(?:of|the|and|for|de|del|la|van|von|der|da|di|al|bin)\s+){0,2}"
_NAME = re.compile(rf"(?:[A-Z]\.\s?)*{_CAPITAL}(?:[ \t]+{_BETWEEN}(?:[A-Z]\.\s?)*{_CAPITAL})*")
_CODE = re.compile(r"\b(?:[A-Z]{2,}[A-Z0-9]*(?:-[A-Z0-9]+)*|[A-Z]+-?\d+[\w-]*|[a-z]+[A-Z]\w+)\b")
_TITLE = re.compile(
    r"《([^《》\n]{1,40})》|“([^“”\n]{2,60})”|「([^「」\n]{1,30})」|\"([A-Z][^\"\n]{2,60})\""
)
# What stands for an acronym is looked for among the ten words before it.
_DEFINED = re.compile(r"((?:\w+[ -]){1,9}\w+) ?[（(]([A-Z][A-Za-z]{0,8}[A-Z]s?)[)）]")
_CN_DEFINED = re.compile(
    rf"([{HAN}]{{4,20}})[（(](?:以下简称|下称|简称)[“\"「《]?([{HAN}A-Z]{{2,10}})"
    r"[”\"」》]?[)）]"
)
# Chinese has no capitals: what an institution's name ends in tells it, and where it begins is after
# the last word of grammar before it.
_CN_NAME = re.compile(
    rf"(?:(?![的了在是由被向或及其于为求可以与至])[{HAN}]){{2,10}}?"
    r"(?:公司|大学|学院|研究院|研究所|委员会|法院|检察院|银行|集团|协会|出版社)"
)
_POSSESSIVE = re.compile(r"['’]s$|['’]$")
_NOT_NAMES_SAID = """
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday mr mrs ms dr prof chapter section figure
    table article however although also since many several such other"""
_NOT_NAMES = STOP_WORDS | frozenset(_NOT_NAMES_SAID.split())
_MOST_WORDS = 8
_MOST_TITLES = 50  # looked for in every sentence


@dataclass(slots=True)
class Entity:
    """An entity: a name or term that texts mention.

    Attributes:
        name: As it is mostly written.
        aliases: Other ways of writing it, acronyms too.
        mentions: Text and sentence numbers of the sentences that speak of it.
    """

    name: str
    aliases: set[str] = field(default_factory=set)
    mentions: list[tuple[int, int]] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """The number of sentences that mention it."""
        return len(self.mentions)


@dataclass(frozen=True, slots=True)
class Graph:
    """The entities and relations of some texts.

    Attributes:
        sentences: Those of each text.
        entities: The most spoken of first.
        relations: Two entities, and the sentences that both are in; the most frequent first.
    """

    sentences: Sequence[Sequence[str]]
    entities: Sequence[Entity]
    relations: Sequence[tuple[Entity, Entity, Sequence[tuple[int, int]]]]


def find_graph(texts: Sequence[str], titles: Iterable[str], limit: int) -> Graph:
    """Return the entities of ``texts`` and their relations, at most ``limit`` of each.

    Args:
        texts: Parts of one document, in order.
        titles: Headings: what a document is headed with, it speaks of.
        limit: The least frequent beyond it are left out.
    """
    known = {" ".join(title.split()) for title in titles}
    split = [_sentences(text, known) for text in texts]
    spelled = Counter[str]()
    occurrences: list[tuple[tuple[int, int], str, bool]] = []
    for text_number, text_sentences in enumerate(split):
        for number, sentence in enumerate(text_sentences):
            for name, is_sure in _names(sentence):
                occurrences.append(((text_number, number), name, is_sure))
                spelled[name] += is_sure
    known = {title for title in known if _is_title(title)}
    occurrences.extend(_said_titles(split, known))
    occurrences.sort(key=lambda item: item[0])
    long_of = dict(_definitions(" ".join(s) for s in split))
    entities = _entities(occurrences, spelled, known, long_of)
    kept = _best(entities, known, limit)
    return Graph(split, kept, _relations(kept, limit))


def _said_titles(
    split: Sequence[Sequence[str]], titles: set[str]
) -> Iterator[tuple[tuple[int, int], str, bool]]:
    """Yield the mentions of titles, whatever their case."""
    folded = {title: title.casefold() for title in sorted(titles)[:_MOST_TITLES]}
    for text_number, text_sentences in enumerate(split):
        for number, sentence in enumerate(text_sentences):
            lower = sentence.casefold()
            for title, key in folded.items():
                if key in lower and sentence != title:
                    yield (text_number, number), title, True


def _sentences(text: str, titles: set[str]) -> list[str]:
    """Return the sentences of ``text``; a title is no part of the one below it."""
    lines = (f"{line}\n" if " ".join(line.split()) in titles else line for line in text.split("\n"))
    return sentences("\n".join(lines))


def _names(sentence: str) -> Iterator[tuple[str, bool]]:
    """Yield the names in a sentence, and whether their spelling alone shows that they are."""
    taken: list[tuple[int, int]] = []
    for match in _TITLE.finditer(sentence):
        title = next(group for group in match.groups() if group).strip(" ,.，。!?")
        if len(title.split()) <= _MOST_WORDS and title and not _is_speech(title):
            yield title, True
            taken.append(match.span())
    for pattern in (_NAME, _CODE, _CN_NAME):
        for match in pattern.finditer(sentence):
            if any(start <= match.start() < end for start, end in taken):
                continue
            name, start = _trimmed(match[0], match.start())
            if len(name) < 2 or name.isdigit():
                continue
            is_sure = start > 0 or " " in name or pattern is not _NAME
            taken.append((start, match.end()))
            yield name, is_sure


def _is_speech(title: str) -> bool:
    """Return whether a quotation is what somebody says, and no title."""
    return title[0].islower() or (" " in title and title[-1:] in ".!?。！？")


def _trimmed(name: str, start: int) -> tuple[str, int]:
    """Return ``name`` without function words at its ends ("The", "In"), and where it begins."""
    words = _POSSESSIVE.sub("", name.strip()).split()
    while words and words[0].lower().strip(".") in _NOT_NAMES:
        start += len(words[0]) + 1
        words = words[1:]
    while words and words[-1].lower() in _NOT_NAMES:
        words = words[:-1]
    return " ".join(words[:_MOST_WORDS]).strip(" -&'’"), start


def _is_title(title: str) -> bool:
    words = title.split()
    return bool(words) and len(words) <= _MOST_WORDS and 2 <= len(title.strip()) <= 60


def _definitions(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield acronyms with what they stand for."""
    for text in texts:
        for match in _DEFINED.finditer(text):
            if long := _initials_fit(match[1], match[2]):
                yield match[2], long
        for match in _CN_DEFINED.finditer(text):
            yield match[2], match[1]


def _initials_fit(before: str, acronym: str) -> str:
    """Return the last words of ``before`` whose initials are ``acronym``; empty if none are."""
    letters = acronym.rstrip("s").lower()
    words = re.split(r"[\s-]+", before.strip())
    for count in range(len(letters), min(len(words), len(letters) + 2) + 1):
        tail = words[-count:]
        initials = "".join(word[0].lower() for word in tail)
        solid = "".join(word[0].lower() for word in tail if word.lower() not in STOP_WORDS)
        if letters in (initials, solid) and count > 1:
            return before.strip()[-len(" ".join(tail)) :]
    return ""


def _entities(
    occurrences: Sequence[tuple[tuple[int, int], str, bool]],
    spelled: Counter[str],
    known: set[str],
    long_of: dict[str, str],
) -> list[Entity]:
    """Return entities with their mentions, those written in several ways joined."""
    full = _full_names(name for _, name, _ in occurrences)
    by_key: dict[str, Entity] = {}
    for title in sorted(known):
        by_key.setdefault(title.casefold(), Entity(title))
    for mention, name, is_sure in occurrences:
        # The first word of a sentence is a name only if it is one elsewhere.
        is_known = spelled[name] or name in long_of or name in full or name.casefold() in by_key
        if not is_sure and not is_known:
            continue
        main = full.get(name, long_of.get(name, name))
        entity = by_key.setdefault(main.casefold(), Entity(main))
        if name != entity.name:
            entity.aliases.add(name)
        if not entity.mentions or entity.mentions[-1] != mention:
            entity.mentions.append(mention)
    return [entity for entity in by_key.values() if entity.mentions]


def _full_names(names: Iterable[str]) -> dict[str, str]:
    """Return last names with the only full name that ends in them."""
    ends: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        words = name.split()
        if 2 <= len(words) <= 3 and all(word[0].isupper() for word in words):
            ends[words[-1]].add(name)
    return {last: next(iter(full)) for last, full in ends.items() if len(full) == 1}


def _best(entities: Sequence[Entity], known: set[str], limit: int) -> list[Entity]:
    """Return the entities that are worth a chunk: said twice, or of several words, or defined."""
    worth = [
        entity
        for entity in entities
        if entity.weight > 1 or entity.aliases or " " in entity.name or entity.name in known
    ]
    order = sorted(worth, key=lambda entity: (-entity.weight, entity.mentions[0], entity.name))
    return order[:limit]


def _relations(
    entities: Sequence[Entity], limit: int
) -> list[tuple[Entity, Entity, Sequence[tuple[int, int]]]]:
    within: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for number, entity in enumerate(entities):
        for mention in entity.mentions:
            within[mention].append(number)
    together: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for mention, numbers in sorted(within.items()):
        for pair in combinations(sorted(set(numbers))[:12], 2):  # a list of names joins nobody
            together[pair].append(mention)
    order = sorted(together.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(entities[a], entities[b], mentions) for (a, b), mentions in order[:limit]]
