"""Email: the body packed, each part under the header fields; attachments after it.

For mails and mailboxes. Leaves out the history that a mail quotes: lines that begin with >, and
what follows "On … wrote:", "-----Original Message-----", or a quoted header (From: … Sent: …,
发件人：…). What a mail forwards is no history, nor is it one where the mail says nothing else.
Fields that come again on each part are From, To, Date and Subject; all stand on the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ragflow_local.chunkers.compose import compose
from ragflow_local.chunkers.merge import Cutter, places_of
from ragflow_local.chunkers.outline import visible
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings

# What mail programs put before the subject of what is forwarded, in languages of their menus.
_FORWARDED = re.compile(
    r"subject\s*:\s*(?:re\s*:\s*)?(?:fw|fwd|wg|tr|rv|enc|doorst|pd|vb|vl|vs|ynt|i|转发|轉寄|转寄|転送)\s*[:：]",
    re.I,
)
_FORWARD_MARK = re.compile(
    r"^\s*-{2,}\s*(?:forwarded message|weitergeleitete nachricht|message (?:transféré|réexpédié)"
    r"|mensaje reenviado|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht"
    r"|转发的?邮件|转发邮件信息|轉寄郵件|転送(?:された)?メッセージ|пересылаемое сообщение"
    r"|переслан\w+ сообщение)|^begin forwarded message\s*:",
    re.I | re.M,
)
# Said above what is forwarded, where nothing else is.
_FILLER = re.compile(
    r"\b(?:f\.?y\.?i\.?|for your information|(?:please )?see (?:below|attached)|as below"
    r"|thanks|best"
    r"|z\.?\s?k\.?|zur (?:info(?:rmation)?|kenntnis(?:nahme)?)|siehe unten|pour info(?:rmation)?"
    r"|voir ci-dessous|para su información|vedi sotto|ter info(?:rmatie)?)\b"
    r"|供参考|请看下面|见下文?|如下|參考",
    re.I,
)
_REPEATED = re.compile(r"(?:from|to|date|subject)\s*:", re.I)
_SUBJECT = re.compile(r"subject\s*:", re.I)
_QUOTED = re.compile(r"\s{0,3}>")
# What stands above a quoted mail, in the languages of common mail programs.
_HISTORY = (
    re.compile(
        r"\s*-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|原始邮件"
        r"|原始郵件|元のメッセージ|转发邮件信息|転送メッセージ|forwarded message)\s*-{2,}",
        re.I,
    ),
    re.compile(r"\s*on\b.{5,200}\bwrote\s*[:：]\s*$", re.I | re.S),
    re.compile(
        r"\s*(?:am|le|el)\b.{5,200}\b(?:schrieb|a écrit|escribió)\b.{0,80}[:：]\s*$", re.I | re.S
    ),
    re.compile(r"\s*在?\s*.{0,80}\d.{0,80}写道\s*[:：]\s*$", re.S),
    re.compile(r"\s*_{20,}\s*$"),
)
# In any language, above lines that are quoted: a date, and who wrote with the address.
_SAID_BY = re.compile(r"\s*(?=.{0,120}\d\D{1,3}\d).{5,160}<[^<>\s]+@[^<>\s]+>.{0,40}[:：]\s*$")
_HEADER_BEGIN = re.compile(r"\s*\**(?:from|von|de|发件人|寄件者|差出人)\s*[:：]\**", re.I)
_HEADER_NEXT = re.compile(
    r"\s*\**(?:sent|date|to|gesendet|envoyé|发送时间|收件人|日期|主题|送信日時|宛先|件名)\s*[:：]",
    re.I,
)


def chunk(blocks: Sequence[Block], config: ParserSettings, tools: Tools) -> Iterator[Draft]:
    """Yield drafts of each mail, then of its attachments, each under the mail's fields."""
    for mail in _mails(visible(blocks), is_box=tools.kind == "mbox"):
        yield from _mail(mail, config, tools)


def _mails(blocks: Sequence[Block], is_box: bool) -> Iterator[Sequence[Block]]:
    """Yield the blocks of each mail: of a mailbox, fields behind a body begin the next."""
    start = 0
    for at in range(1, len(blocks) if is_box else 0):
        if blocks[at].kind == "field" and blocks[at - 1].kind != "field":
            yield blocks[start:at]
            start = at
    yield blocks[start:]


def _mail(seen: Sequence[Block], config: ParserSettings, tools: Tools) -> Iterator[Draft]:
    first = next((at for at, block in enumerate(seen) if block.kind != "field"), len(seen))
    fields = seen[:first]
    is_forward = any(_FORWARDED.match(block.text) for block in fields)
    body = list(seen[first:]) if is_forward else without_history(seen[first:])
    full = "\n".join(block.text for block in fields)
    short = "\n".join(block.text for block in fields if _REPEATED.match(block.text))
    cutter = Cutter.of(config, tools)
    short = _fitting(short, fields, cutter)
    subject = next((b.text.partition(":")[2].strip() for b in fields if _SUBJECT.match(b.text)), "")
    path = (subject,) if subject else ()
    drafts = list(compose(body, _beside(cutter, short, config, tools), path))
    lead = f"{full}\n{drafts[0].content}" if drafts else full
    if cutter.count(lead) <= cutter.window:
        if lead.strip():
            rest = drafts[0] if drafts else Draft("", (), path)
            whole = rest.below(full) if drafts else replace(rest, content=full)
            yield replace(whole, places=(*places_of(fields), *rest.places))
        drafts = drafts[1:]
    else:
        yield from compose(fields, cutter)
    for draft in drafts:
        yield draft.below(short)


def _fitting(short: str, fields: Sequence[Block], cutter: Cutter) -> str:
    """Return the fields to say again, or the subject alone, or none: half a chunk is the body's."""
    subject = next((block.text for block in fields if _SUBJECT.match(block.text)), "")
    for text in (short, subject):
        if cutter.count(text) * 2 <= min(cutter.budget, cutter.window):
            return text
    return ""


def _beside(cutter: Cutter, short: str, config: ParserSettings, tools: Tools) -> Cutter:
    """Return a cutter that leaves room for the fields said again.

    Its window is less too, since a table's row may fill it.
    """
    taken = cutter.count(short) + 1 if short else 0
    smaller = replace(tools, max_tokens=max(1, tools.max_tokens - taken))
    return Cutter(config.delimiter, max(1, cutter.budget - taken), smaller, config.overlap)


def without_history(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of a mail's body without what it quotes; attachments stay.

    Where nothing else was said, what is quoted is what the mail is about.
    """
    end = next((at for at, b in enumerate(blocks) if at and b.level == 1), len(blocks))
    text = "\n".join(block.text for block in blocks[:end])
    kept = _kept(blocks)
    own = "\n".join(b.text for b in kept[: len(kept) - (len(blocks) - end)])
    says_nothing = not re.sub(r"[\W_]+", "", _FILLER.sub("", own))
    return list(blocks) if says_nothing or _FORWARD_MARK.search(text) else kept


def _kept(blocks: Sequence[Block]) -> list[Block]:
    kept: list[Block] = []
    is_history = False
    for at, block in enumerate(blocks):
        if block.kind == "heading" and block.level == 1 and at:
            is_history = False  # the name of an attachment
        if is_history:
            continue
        if block.kind != "paragraph":
            kept.append(block)
            continue
        text, is_history = _own_text(block.text, "\n".join(b.text for b in blocks[at + 1 : at + 4]))
        if text.strip():
            kept.append(block if text == block.text else replace(block, text=text))
    return kept


def _own_text(text: str, after: str) -> tuple[str, bool]:
    """Return the lines before a quoted mail without quoted lines, and whether one begins."""
    lines = text.split("\n")
    own: list[str] = []
    for at, line in enumerate(lines):
        following = [*lines[at + 1 : at + 5], *after.split("\n")[:4]]
        if _begins_history(line, following):
            return "\n".join(own), True
        if not _QUOTED.match(line) and not _announces_quotes(line, following):
            own.append(line)
    return "\n".join(own), False


def _begins_history(line: str, following: Sequence[str]) -> bool:
    if _HEADER_BEGIN.match(line):
        return any(_HEADER_NEXT.match(other) for other in following[:2])
    if not any(pattern.match(line) for pattern in _HISTORY):
        return False
    if line.strip().startswith("_"):  # a rule, unless a quoted header is under it
        return any(_HEADER_BEGIN.match(other) for other in following[:2])
    # Lines quoted with > may have answers between them.
    return not any(_QUOTED.match(other) for other in following[:3])


def _announces_quotes(line: str, following: Sequence[str]) -> bool:
    """Return whether the line says whose the quoted lines under it are."""
    is_quoted_below = any(_QUOTED.match(other) for other in following[:3])
    return is_quoted_below and any(pattern.match(line) for pattern in (*_HISTORY, _SAID_BY))
