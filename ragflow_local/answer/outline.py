"""Reads what a document is about off its chunks: title, first sentences, and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ragflow_local.answer.unit import STOP, Unit
from ragflow_local.answer.units import units_of
from ragflow_local.records import ChunkRow, Marked
from ragflow_local.text.items import ITEM

_LONGEST_LINE, _MOST_LINES = 100, 3  # letters and lines of a title
_DATED = re.compile(r"[\d:：]")  # a line more of it: a date, a subject
_LEAST_SENTENCE, _LEAST_UNSPACED = 10, 5  # letters, without the greeting
_MOST_WORDS = 3  # of a line that may be the heading of the first section
_LEAST_HEADINGS, _LEAST_UNMARKED = 2, 3  # fewer are no outline
_SECTION = re.compile(
    r"^\s*(?:\d{1,2}(?:\.|(?:\.\d{1,3})+\.?)\s|第[一二三四五六七八九十\d]+[章节節])"
)
_NUMBER = re.compile(r"^[\s\d.:)]+")
_SUMMARY = re.compile(
    r"^(?:abstract|(?:executive )?summary|overview|zusammenfassung|kurzfassung|überblick|résumé"
    r"|synthèse|resumen|riassunto|sommario|sintesi|resumo|sumário|samenvatting|streszczenie"
    r"|podsumowanie|аннотация|резюме|краткое содержание|özet|ملخص|الملخص"
    r"|摘要|概要|概述|內容摘要|内容摘要|要旨|要約|초록|요약|개요)\W*$",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"^(?:conclusions?|concluding remarks|findings|outcome|results and conclusions?|fazit|ergebnis"
    r"|schlussfolgerung(?:en)?|schluss|zusammenfassung und ausblick|conclusiones?|conclusión"
    r"|conclusion[ei]|conclusão|conclusões|considerações finais|conclusies?|wnioski|wniosek"
    r"|podsumowanie|выводы?|заключение|итоги|sonuç(?:lar)?|الخلاصة|خلاصة|الخاتمة|خاتمة|الاستنتاجات?"
    r"|结论|結論|结语|結語|総括|まとめ|おわりに|결론|맺음말)\W*$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^(?:[^。！？]{0,14}[：:]\s*(?:你们?好|您好)[！!。，]?|(?:dear|hello|hi"
    r"|liebe[rs]?|sehr geehrte[rs]?|hallo|guten tag|ch(?:er|ère)s?|bonjour|madame"
    r"|monsieur|estimad[oa]s?|querid[oa]s?|hola|gentil[ei]|car[oiae]s?|egregi[oa]?"
    r"|spettabile|exm[oa]s?\.?"
    r"|prezad[oa]s?|beste|geachte|szanown\w+|drog\w+|уважаем\w+|дорог\w+|здравствуйте|değerli|sayın"
    r"|sevgili|merhaba|عزيزي|عزيزتي|السيد|السيدة|السادة|تحية)(?!\w)[^,!:;.?。，！]{0,60}[,!:，،！.]"
    r"|你们?好[！!。，]?|您好[！!。，]?|拝啓|안녕하세요[.!]?|안녕하십니까[.!]?)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of a document, and the number of the chunk it stands in."""

    text: str
    chunk: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What a document is about, as far as its chunks show.

    Attributes:
        title: Its first lines, as far as they say no sentence; empty where there are none.
        opening: Its first sentences, or those of its summary.
        headings: Of its sections, in order.
        conclusion: The first sentences of the section that is called so; empty where none is.
    """

    title: str
    opening: tuple[Piece, ...]
    headings: tuple[Piece, ...]
    conclusion: tuple[Piece, ...] = ()


def outline_of(chunks: Sequence[ChunkRow], most_sentences: int, most_letters: int) -> Outline:
    """Return the outline of a document.

    Args:
        chunks: The first of the document, in reading order.
        most_sentences: Sentences of its opening, at most.
        most_letters: Letters of them together; the first sentence may be longer.
    """
    content, marked = _joined(chunks)
    lines = first_lines(content, marked)
    units = units_of(content, (), marked)
    has_marks = any(mark.depth for mark in marked)
    headings = tuple(_headings(units, chunks, lines))
    if not has_marks and len(lines) > 1 and _may_be_heading(lines[-1]):
        more = tuple(_headings(units, chunks, lines[:-1]))
        if len(more) >= _LEAST_UNMARKED:  # the first section begins right below the title
            lines, headings = lines[:-1], more
    least = _LEAST_HEADINGS if has_marks else _LEAST_UNMARKED
    return Outline(
        ", ".join(lines),
        tuple(_opening(units, chunks, lines, most_sentences, most_letters)),
        headings if len(headings) >= least else (),
        tuple(_of_section(_CONCLUSION, units, chunks, most_sentences, most_letters)),
    )


def _may_be_heading(line: str) -> bool:
    return len(line.split()) <= _MOST_WORDS and not _DATED.search(line)


def _joined(chunks: Sequence[ChunkRow]) -> tuple[str, tuple[Marked, ...]]:
    """Return the chunks as one text, so that a heading stands over what the next chunk says."""
    texts: list[str] = []
    marked: list[Marked] = []
    first = 0
    for chunk in chunks:
        marked += [replace(mark, first=mark.first + first) for mark in chunk.marked]
        texts.append(chunk.content)
        first += chunk.content.count("\n") + 1
    return "\n".join(texts), tuple(marked)


def first_lines(content: str, marked: Sequence[Marked]) -> list[str]:
    """Return the lines above the first sentence of a text: its title, and who and when it is of."""
    depths = {mark.first: mark.depth for mark in marked}
    lines: list[str] = []
    for number, whole in enumerate(content.split("\n")):
        line = whole.strip()
        if not any(map(str.isalnum, line)) or line.startswith("#!"):
            continue
        depth = depths.get(number)
        if depth == 1 and not lines:
            lines.append(line)
            continue
        is_section = bool(lines) and (bool(depth) or _SECTION.match(line))
        is_said = len(line) > _LONGEST_LINE or STOP.search(line) or "\t" in line
        is_code = depth == 0
        if is_section or is_said or is_code or ITEM.match(line) or _GREETING.match(line):
            break
        if len(lines) >= _MOST_LINES and not _DATED.search(line):
            break
        lines.append(line)
    return lines[: _MOST_LINES + 1]


def _opening(
    units: Sequence[Unit], chunks: Sequence[ChunkRow], lines: Sequence[str], most: int, letters: int
) -> list[Piece]:
    """Return the first sentences, or those of the summary; of a text without sentences its rows."""
    summary = list(_of_section(_SUMMARY, units, chunks, most, letters))
    said = [unit for unit in units if unit.kind in ("sentence", "item") and unit.text not in lines]
    return summary or list(_first(said or units, chunks, most, letters))


def _of_section(
    name: re.Pattern[str],
    units: Sequence[Unit],
    chunks: Sequence[ChunkRow],
    most: int,
    letters: int,
) -> Iterator[Piece]:
    """Yield the first sentences of the sections that are called so."""
    said = [
        unit
        for unit in units
        if unit.kind in ("sentence", "item")
        and any(name.match(_NUMBER.sub("", head)) for head in unit.heads)
    ]
    return _first(said, chunks, most, letters)


def _first(
    units: Sequence[Unit], chunks: Sequence[ChunkRow], most: int, letters: int
) -> Iterator[Piece]:
    place, count = 0, 0
    for unit in units:
        text = _without_greeting(unit.quoted)
        is_short = len(text) < (_LEAST_UNSPACED if text[:1] > "\u2e80" else _LEAST_SENTENCE)
        if is_short or _is_heading(unit):
            continue
        if count and (count == most or letters < len(text)):
            return
        place = _place_of(unit.text, chunks, place)
        count, letters = count + 1, letters - len(text)
        yield Piece(text, place)


def _without_greeting(text: str) -> str:
    rest = _GREETING.sub("", text)
    return text if rest == text else _without_greeting(rest)


def _is_heading(unit: Unit) -> bool:
    """Return whether an item is the heading of what follows: numbered, and no sentence."""
    is_short = len(unit.text) <= _LONGEST_LINE and not STOP.search(unit.text)
    return unit.kind == "item" and is_short and _SECTION.match(unit.text) is not None


def _headings(
    units: Sequence[Unit], chunks: Sequence[ChunkRow], lines: Sequence[str]
) -> Iterator[Piece]:
    """Yield the outermost headings that are not the title; of one section those in it."""
    known = set(lines)
    paths = [tuple(head for head in unit.heads if head not in known) for unit in units]
    for at, (unit, following) in enumerate(pairwise(units)):
        if _is_heading(unit) and not _is_heading(following):
            paths[at] = (unit.text,)
    depth = 0
    while len({path[: depth + 1] for path in paths if path}) == 1 and any(
        len(path) > depth + 1 for path in paths
    ):
        depth += 1
    seen: set[str] = set()
    place = 0
    for path in paths:
        if len(path) > depth and path[depth] not in seen:
            seen.add(path[depth])
            place = _place_of(path[depth], chunks, place)
            yield Piece(path[depth], place)


def _place_of(text: str, chunks: Sequence[ChunkRow], first: int) -> int:
    """Return the number of the chunk that a text begins in, from ``first`` on."""
    beginning = text[:30]
    return next(
        (at for at in range(first, len(chunks)) if beginning in chunks[at].content),
        first,
    )
