"""Q&A: a question with its answer is a chunk, and only the question is matched.

For sheets of two columns (a row a pair; more columns belong to the answer) and texts of two columns
with a tab between them, for texts with lines that begin Q: and A: or 问： and 答：, or whose
answers alone have such a mark, for paragraphs and lines that end in a question mark, and for texts
whose headings are the questions. A pair is cut only where it is larger than the model's window;
each part then begins with the question. What is no pair is packed like any text. Leaves out the
header row of a sheet where it names the columns (question, answer, in many languages), a column
that only counts the rows, the marks Q: and A:, and running heads and feet; the name of a sheet and
headings above questions stand in the heading path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ragflow_local.chunkers.compose import compose
from ragflow_local.chunkers.merge import Cutter, places_of
from ragflow_local.chunkers.outline import Path, full_sections, visible
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft, Notice
from ragflow_local.settings import ParserSettings

_MARK = r"\s*(?:[-*•]\s+)?(?:\d+\s*[.、)]\s*)?\**\s*"
_QUESTION = re.compile(
    rf"{_MARK}(?:(?:q|question|frage|pregunta)\s*\d*\s*[:：]|q\s*\d+\s*[.)、]|q\.\s"
    r"|[问問]题?\s*[0-9一二三四五六七八九十]*\s*[:：]|(?:问题|提问|[ご御]?質問)\s*\d*\s*[:：、])\**\s*",
    re.I,
)
_ANSWER = re.compile(
    rf"{_MARK}(?:(?:a|answer|ans|antwort|respuesta)\s*\d*\s*[:：]|a\s*\d+\s*[.)、]|a\.\s"
    r"|(?:答|答案|答え|[ご御]?回答)\s*[0-9一二三四五六七八九十]*\s*[:：])\**\s*",
    re.I,
)
# Names of columns, in the languages of common exports; of a longer name a word or its end.
_QUESTION_NAMES_SAID = """
    q question questions query queries ask prompt faq frage fragen pregunta preguntas domanda
    domande pergunta perguntas vraag vragen pytanie pytania вопрос вопросы soru sorular câu_hỏi
    pertanyaan fråga spørgsmål spørsmål kysymys otázka kérdés întrebare ερώτηση سؤال السؤال שאלה
    질문 문의 質問 問い 疑問 問題 问题 问 問 提问 提問 问句 疑问 咨询"""
_ANSWER_NAMES_SAID = """
    a answer answers response responses reply replies solution antwort antworten lösung respuesta
    respuestas risposta risposte réponse réponses reponse resposta respostas antwoord odpowiedź
    odpowiedzi ответ ответы cevap yanıt trả_lời jawaban svar vastaus odpověď válasz răspuns
    απάντηση جواب الجواب תשובה 답변 답 대답 回答 答え 解答 答案 答 答复
    回复 解决方案 解决办法 回應 解析"""
_QUESTION_NAMES = frozenset(name.replace("_", " ") for name in _QUESTION_NAMES_SAID.split())
_ANSWER_NAMES = frozenset(name.replace("_", " ") for name in _ANSWER_NAMES_SAID.split())
_NUMBER_NAMES_SAID = "# no nr id n° № num number nummer numéro número 序号 编号 番号 번호 項番"
_NUMBER_NAMES = frozenset(_NUMBER_NAMES_SAID.split())
_LONGEST_NAME = 40
_RUNNING = re.compile(r"\(?(\d{1,7})[.)、]?(?:\.0)?")
_NUMBERED = re.compile(r"\s*[（(]?\d{1,4}\s*[.、)）:：]\s*\S")
# A line that is a question without a mark; longer ones are prose that ends with one.
_ASKED = re.compile(r"\s*\S.{0,198}[?？][\s*_]*")
_LEAST_ASKED = 2
_ENDS = re.compile(r"[.!。！?？…:：)）\"”]\s*\Z")
_RUNNING_MARK = re.compile(r"^\s*[（(]?\d{1,4}\s*[.、)）:：]\s*")
_TABBED_SHARE = 0.8  # of the lines of a text that is two columns with a tab between them


@dataclass(frozen=True, slots=True)
class _Pair:
    question: str
    answer: str
    blocks: tuple[Block, ...]
    headings: tuple[str, ...] = ()


def chunk(
    blocks: Sequence[Block], config: ParserSettings, tools: Tools
) -> Iterator[Draft | Notice]:
    """Yield a draft for each pair; its ``match_text`` is the question."""
    narrow = Cutter.of(config, tools)
    wide = Cutter(config.delimiter, tools.max_tokens, tools)
    seen = visible(blocks)
    pair_count = 0
    for item in _items(seen):
        if isinstance(item, _Pair):
            pair_count += 1
            yield from _drafts(item, wide)
        else:
            yield from compose(item, narrow)
    if seen and not pair_count:
        yield Notice(
            "No questions with answers were found (two columns, lines that begin Q: and A:, or"
            " headings): the text was cut as by the method naive. Choose the method that suits it."
        )


def _items(blocks: Sequence[Block]) -> Iterator[_Pair | list[Block]]:
    """Yield the pairs, and the blocks between them that are none, in order."""
    is_marked = any(
        _QUESTION.match(line)
        for block in blocks
        if block.kind != "table"
        for line in block.text.split("\n")
    )
    has_columns = any(_columns(block) for block in blocks)
    if is_marked:
        yield from _marked(blocks)
    elif not has_columns and (answered := _answered(blocks)):
        yield from _marked(answered)
    elif has_columns:
        yield from _in_tables(blocks)
    elif _is_tabbed(blocks):
        yield from _in_tables(list(_as_tables(blocks)))
    elif _asks_in_text(parted := list(_parted(blocks))):
        yield from _asked(parted)
    else:
        yield from _under_headings(blocks)


def _answered(blocks: Sequence[Block]) -> list[Block]:
    """Return the lines with a mark put before each question, where only answers have one.

    A question is the lines from a number on, else the one line right above its answer.
    """
    lines = [(block, line) for block, line in _lines(blocks)]
    marked = [line for _, line in lines]
    last = pair_count = 0
    for at, (block, line) in enumerate(lines):
        if block.kind in ("table", "heading") or not _ANSWER.match(line):
            continue
        begins = [n for n in range(at - 1, last - 1, -1) if _NUMBERED.match(lines[n][1])]
        start = begins[0] if begins else at - 1
        if start >= last and at > 0 and lines[start][0].kind not in ("table", "heading"):
            marked[start] = f"Q: {_RUNNING_MARK.sub('', marked[start])}"
            pair_count += 1
        last = at + 1
    if pair_count < _LEAST_ASKED:
        return []
    return [
        block if block.kind == "table" else replace(block, text=line)
        for (block, _), line in zip(lines, marked, strict=True)
    ]


def _parted(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks, those that hold several questions parted at each that begins a line."""
    for block in blocks:
        lines = block.text.split("\n")
        begins = [
            at
            for at, line in enumerate(lines)
            if _ASKED.fullmatch(line)
            and (at == 0 or _NUMBERED.match(line) or _ENDS.search(lines[at - 1]))
        ]
        if block.kind == "table" or len(begins) < _LEAST_ASKED:
            yield block
            continue
        for start, end in pairwise([0, *begins, len(lines)]):
            if end > start:
                yield replace(block, text="\n".join(lines[start:end]))


@dataclass(slots=True)
class _Open:
    """A pair whose last line was not read yet."""

    question: list[str]
    answer: list[str]
    blocks: list[Block]
    headings: tuple[str, ...] = ()


def _marked(blocks: Sequence[Block]) -> Iterator[_Pair | list[Block]]:
    """Yield pairs of a text whose lines say which is which."""
    before: list[Block] = []
    pair: _Open | None = None
    path = Path()
    for block, line in _lines(blocks):
        if begin := _QUESTION.match(line):
            yield from _done(pair, _below(before, path.now))
            before, pair = [], _Open([line[begin.end() :]], [], [block], path.now)
        elif pair is None or block.kind == "heading":
            yield from _done(pair, ()) if pair is not None else ()
            before, pair = before if pair is None else [], None
            before.append(block if block.kind == "table" else replace(block, text=line))
            if block.kind == "heading":
                path.enter(block)
        else:
            begin = _ANSWER.match(line)
            is_answer = begin is not None or bool(pair.answer)
            (pair.answer if is_answer else pair.question).append(
                line[begin.end() if begin else 0 :]
            )
            pair.blocks.append(block)
    yield from _done(pair, before)


def _below(blocks: Sequence[Block], path: tuple[str, ...]) -> list[Block]:
    """Return ``blocks`` without the headings at their end that are in the path of what follows."""
    end = len(blocks)
    while end and blocks[end - 1].kind == "heading":
        if " ".join(blocks[end - 1].text.split()) not in path:
            break
        end -= 1
    return list(blocks[:end])


def _lines(blocks: Sequence[Block]) -> Iterator[tuple[Block, str]]:
    for block in blocks:
        for line in [block.text] if block.kind == "table" else block.text.split("\n"):
            if line.strip():
                yield block, line


def _done(pair: _Open | None, before: Sequence[Block]) -> Iterator[_Pair | list[Block]]:
    if pair is not None:
        yield _pair(pair)
    elif any(block.kind == "heading" and _ASKED.fullmatch(block.text) for block in before):
        yield from _under_headings(before)
    elif before:
        yield list(before)


def _pair(pair: _Open) -> _Pair:
    blocks, headings = tuple(pair.blocks), pair.headings
    asked, *more = [line for line in pair.question if line.strip()] or [""]
    if not pair.answer and more:  # an answer without its mark
        return _Pair(asked.strip(" *"), "\n".join(more), blocks, headings)
    question = " ".join([asked, *more]).strip(" *")
    return _Pair(question, "\n".join(pair.answer), blocks, headings)


def _columns(block: Block) -> bool:
    return block.kind == "table" and any(len(row) >= 2 for row in block.rows)


def _in_tables(blocks: Sequence[Block]) -> Iterator[_Pair | list[Block]]:
    """Yield a pair for each row of two columns."""
    between: list[Block] = []
    headings: tuple[str, ...] = ()
    for block in blocks:
        if not _columns(block):
            between.append(block)
            continue
        headings = tuple(" ".join(heading.text.split()) for heading in between)
        if any(other.kind != "heading" for other in between):
            yield between
            headings = ()
        between = []
        yield from _rows(block, headings)
    if between:
        yield between


def _rows(table: Block, headings: tuple[str, ...]) -> Iterator[_Pair | list[Block]]:
    rows = list(table.rows)
    asks, answers, has_header = _which(rows[0])
    number = _number_column(rows, has_header)
    if not has_header and number == 0 and len(rows[0]) > 2:
        asks, answers = 1, 2
    for row in rows[1:] if has_header else rows:
        cells = [cell.strip() for cell in row]
        question = cells[asks] if asks < len(cells) else ""
        order = [answers, *(at for at in range(len(cells)) if at not in (asks, answers, number))]
        values = [cells[at] for at in order if at < len(cells) and cells[at]]
        if question and values:
            yield _Pair(question, "\n".join(values), (table,), headings)
        elif question or values:
            yield [replace(table, kind="paragraph", text="\n".join([question, *values]), rows=())]


def _number_column(rows: Sequence[Sequence[str]], has_header: bool) -> int:
    """Return the first column where it only counts the rows, else -1."""
    body = rows[1:] if has_header else rows
    if len(rows[0]) < 3 or (has_header and _name(rows[0][0]) not in _NUMBER_NAMES):
        return -1
    numbers = [_RUNNING.fullmatch(row[0].strip()) for row in body if row and row[0].strip()]
    counted = [int(match[1]) for match in numbers if match is not None]
    is_rising = all(low < two for low, two in pairwise(counted))
    return 0 if counted and len(counted) == len(numbers) and is_rising else -1


def _name(cell: str) -> str:
    return " ".join(cell.lower().split()).strip(" :：.*()（）")


def _which(header: Sequence[str]) -> tuple[int, int, bool]:
    """Return the columns of questions and answers, and whether ``header`` names them."""
    names = [_name(cell) for cell in header]
    asks = next((at for at, name in enumerate(names) if name in _QUESTION_NAMES), -1)
    answers = next((at for at, name in enumerate(names) if name in _ANSWER_NAMES), -1)
    if asks < 0 or answers < 0:  # a longer name has a word, or ends with it
        longer = [_kind_of_name(name) for name in names]
        two = (
            asks if asks >= 0 else longer.index("q") if "q" in longer else -1,
            answers if answers >= 0 else longer.index("a") if "a" in longer else -1,
        )
        if min(two) >= 0 and two[0] != two[1]:
            asks, answers = two
    if asks < 0 and answers < 0:
        return 0, 1, False
    if asks < 0:
        asks = 0 if answers else 1
    return asks, answers if answers >= 0 else (1 if asks == 0 else 0), True


def _kind_of_name(name: str) -> str:
    """Return ``q`` or ``a`` for a column's longer name, "" for what is none."""
    if not name or len(name) > _LONGEST_NAME or name.endswith(("?", "？")):
        return ""
    words = set(re.split(r"[\W_]+", name))
    for kind, names in (("a", _ANSWER_NAMES), ("q", _QUESTION_NAMES)):
        if words & {known for known in names if len(known) > 1}:
            return kind
        if any(name.endswith(known) for known in names if known > "\u2e80" and len(known) > 1):
            return kind
    return ""


def _is_tabbed(blocks: Sequence[Block]) -> bool:
    texts = [line for block in blocks if block.kind != "heading" for _, line in _lines([block])]
    tabbed = sum(line.strip().count("\t") == 1 for line in texts)
    return tabbed >= max(1, _TABBED_SHARE * len(texts))


def _as_tables(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield paragraphs as tables of two columns; a line without a tab goes on with the answer."""
    for block in blocks:
        rows: list[tuple[str, str]] = []
        for _, line in _lines([block]) if block.kind != "heading" else ():
            asked, tab, answer = line.partition("\t")
            if tab:
                rows.append((asked.strip(), answer.strip()))
            elif rows:
                rows[-1] = (rows[-1][0], f"{rows[-1][1]}\n{line.strip()}")
            else:
                rows.append((line.strip(), ""))
        yield replace(block, kind="table", rows=tuple(rows)) if rows else block


def _asks_in_text(blocks: Sequence[Block]) -> bool:
    """Return whether more paragraphs than headings are questions."""
    asked = [block for block in blocks if _ASKED.fullmatch(block.text.split("\n")[0])]
    in_text = sum(block.kind != "heading" for block in asked)
    return in_text >= max(_LEAST_ASKED, len(asked) - in_text + 1)


def _asked(blocks: Sequence[Block]) -> Iterator[_Pair | list[Block]]:
    """Yield pairs of a text whose paragraphs begin with their question, or are it."""
    before: list[Block] = []
    pair: _Open | None = None
    path = Path()
    for block in blocks:
        asked, _, rest = block.text.partition("\n")
        if block.kind != "table" and _ASKED.fullmatch(asked):
            yield from _done(pair, _below(before, path.now))
            before, pair = [], _Open([asked], [rest] if rest else [], [block], path.now)
        elif pair is None or block.kind == "heading":
            yield from _done(pair, ()) if pair is not None else ()
            before, pair = [*before, block] if pair is None else [block], None
            if block.kind == "heading":
                path.enter(block)
        else:
            pair.answer.append(block.text)
            pair.blocks.append(block)
    yield from _done(pair, before)


def _under_headings(blocks: Sequence[Block]) -> Iterator[_Pair | list[Block]]:
    """Yield a pair for each heading and the text under it."""
    for section in full_sections(blocks):
        above = [block for block in section.blocks if block.kind == "heading"]
        body = [block for block in section.blocks if block.kind != "heading"]
        if not above or not body:
            yield list(section.blocks)
            continue
        # A heading that nothing stands under by itself is above the question.
        *over, question = (" ".join(block.text.split()) for block in above)
        answer = "\n".join(block.text for block in body)
        yield _Pair(question, answer, section.blocks, (*section.path[:-1], *over))


def _drafts(pair: _Pair, cutter: Cutter) -> Iterator[Draft]:
    """Yield the draft of a pair, or parts of it that each begin with the question."""
    content = f"{pair.question}\n{pair.answer}".strip()
    if not content:
        return
    places = places_of(pair.blocks)
    if cutter.count(content) <= cutter.window:
        yield Draft(content, places, pair.headings, match_text=pair.question)
        return
    question = pair.question
    room = cutter.window - cutter.count(question) - 2
    if room < cutter.window // 4:  # so long a question is part of the text it asks about
        question, room = "", cutter.window
    answer = pair.answer if question else content
    parts = Cutter(cutter.delimiter, room, cutter.tools).texts(answer)
    matched = Cutter(cutter.delimiter, cutter.window, cutter.tools).texts(pair.question)[:1]
    for part in parts:
        yield Draft(
            f"{question}\n{part}".strip(), places, pair.headings, match_text="".join(matched)
        )
