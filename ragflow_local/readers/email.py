"""Mails (.eml): header fields, the body, attachments as their own kinds."""

import email
import email.policy
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from typing import TypeAlias

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import calendar, html
from ragflow_local.readers.attachments import attached
from ragflow_local.readers.signed import content_of
from ragflow_local.readers.text import paragraphs
from ragflow_local.records import Block, Notice
from ragflow_local.text.encoding import decode, find_encoding

_Mail: TypeAlias = "Message[str, str]"
FIELDS = ("From", "To", "Cc", "Bcc", "Date", "Subject")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURES = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
)
_WORD = re.compile(r"\w+")
_SAID_ADDRESS = re.compile(r"\S*://\S*|\S+@\S+")
# Of the words of the HTML part, as many may be missing in the plain one before it is poor.
_MISSING_SHARE, _FEW_WORDS = 0.15, 8
_FOLDED = re.compile(r"\s*\n\s*")
_FLOWED = re.compile(r" \n(?!\n)")


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield a mail's fields, its body, and the blocks of its attachments.

    Args:
        data: The mail's bytes.
        name: The file's name, for messages only.
        depth: In how many files it lies; 0 for a mail that is a file itself.

    Raises:
        DamagedFileError: The file is no mail.
    """
    if find_encoding(data[:4096]).startswith(("utf-16", "utf-32")):
        data = decode(data).encode()  # mails saved as "Unicode text"
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not data:
        return
    mail = email.message_from_bytes(data, policy=email.policy.compat32)
    if not mail.keys():
        raise DamagedFileError(name, "header", "it has no header fields, so it is no mail")
    yield from _message(mail, depth)


def _message(mail: _Mail, depth: int) -> Iterator[Block | Notice]:
    """Yield the blocks of a mail and of what is attached to it."""
    for field in FIELDS:
        values = [text for value in mail.get_all(field, ()) if (text := header_text(value))]
        if values:
            yield Block("field", f"{field}: {', '.join(values)}")
    later: list[_Mail] = []
    yield from _body(mail, later)
    for part in later:
        yield from _attachment(part, depth + 1)


def header_text(value: object) -> str:
    """Return a header field as text: encoded words decoded, folded lines joined."""
    raw = str(value)
    try:
        pieces = decode_header(raw)
    except (HeaderParseError, ValueError):
        pieces = [(raw, None)]
    texts = [
        piece if isinstance(piece, str) else decode(piece, charset or "")
        for piece, charset in pieces
    ]
    text = _FOLDED.sub(" ", "".join(texts)).strip()
    # Bytes beyond ASCII in a header arrive as surrogates.
    if any("\ud800" <= character <= "\udfff" for character in text):
        text = decode(text.encode("utf-8", "surrogateescape"))
    return text


def _body(part: _Mail, later: list[_Mail]) -> Iterator[Block | Notice]:
    """Yield the text of a part; attachments within it are kept for ``later``."""
    kind = part.get_content_type()
    if kind in _SEALED or kind == "multipart/encrypted":
        yield from _sealed(part, later)
    elif kind in _SIGNATURES:
        return  # of a signature there is nothing to read
    elif part.get_content_disposition() == "attachment" or _file_name(part):
        later.append(part)
    elif kind == "multipart/alternative":
        yield from _best(_parts(part), later)
    elif part.is_multipart() and kind != "message/rfc822":
        for inner in _parts(part):
            yield from _body(inner, later)
    elif kind == "text/plain" or (kind.startswith("text/") and kind != "text/html"):
        to_blocks = calendar.blocks_of if kind == "text/calendar" else paragraphs
        yield from to_blocks(_text(part))
    elif kind == "text/html":
        yield from html.blocks_of(_text(part))
    else:
        later.append(part)


def _sealed(part: _Mail, later: list[_Mail]) -> Iterator[Block | Notice]:
    """Yield what was signed as a whole; what is encrypted is told."""
    content = None if part.is_multipart() else content_of(_bytes(part))
    if content is None:
        yield Notice(_ENCRYPTED)
        return
    yield from _body(email.message_from_bytes(content, policy=email.policy.compat32), later)


_ENCRYPTED = "The mail's body is encrypted; save the decrypted mail and add that."


def _best(versions: list[_Mail], later: list[_Mail]) -> Iterator[Block | Notice]:
    """Yield one of several versions of the same text: plain, unless another one says more.

    An invitation is no version of the text: its facts follow it.
    """
    read_versions = []
    for version in versions:
        inner_later: list[_Mail] = []
        blocks = list(_body(version, inner_later))
        read_versions.append((version.get_content_type(), blocks, inner_later))
    texts = [version for version in read_versions if version[0] != "text/calendar"]
    if texts:
        richest = max(texts, key=lambda version: len(_words(version[1])))
        plain = next((version for version in texts if version[0] == "text/plain"), richest)
        missing = _words(richest[1]) - _words(plain[1])
        is_poor = len(missing) > max(_FEW_WORDS, _MISSING_SHARE * len(_words(richest[1])))
        yield from (richest if is_poor or not _words(plain[1]) else plain)[1]
    for kind, blocks, inner_later in read_versions:
        if kind == "text/calendar":
            yield from blocks
        later.extend(inner_later)


def _words(items: list[Block | Notice]) -> set[str]:
    """Return the words that blocks say, without addresses: each version has its own."""
    text = " ".join(item.text for item in items if isinstance(item, Block))
    return set(_WORD.findall(_SAID_ADDRESS.sub(" ", text).lower()))


def _attachment(part: _Mail, depth: int) -> Iterator[Block | Notice]:
    """Yield the blocks of an attachment, a mail within the mail among them."""
    name = _file_name(part)
    if part.get_content_type() == "message/rfc822":
        inner = _parts(part)
        if inner:
            name = name or header_text(inner[0].get("Subject", "")) or "message"
            # It is read from its bytes, so that one depth holds for all ways into a mail.
            yield from attached(_with_ending(name, ".eml"), inner[0].as_bytes(), depth)
        return
    if part.is_multipart():
        later: list[_Mail] = []
        yield from _body_of_attached(part, later)
        return
    ending = _ENDINGS.get(part.get_content_type(), "")
    yield from attached(name or f"attachment{ending}", _bytes(part), depth)


def _body_of_attached(part: _Mail, later: list[_Mail]) -> Iterator[Block | Notice]:
    for inner in _parts(part):
        yield from _body(inner, later)


_ENDINGS = {"text/calendar": ".ics", "text/csv": ".csv", "application/json": ".json"}


def _with_ending(name: str, ending: str) -> str:
    return name if name.lower().endswith(ending) else name + ending


def _parts(part: _Mail) -> list[_Mail]:
    payload = part.get_payload()
    return (
        [inner for inner in payload if isinstance(inner, Message)]
        if (isinstance(payload, list))
        else []
    )


def _file_name(part: _Mail) -> str:
    try:
        name = part.get_filename()
    except (TypeError, ValueError, LookupError):  # names that claim an encoding nobody knows
        name = None
    return header_text(name) if name else ""


def _bytes(part: _Mail) -> bytes:
    """Return what a part holds, base64 and the like undone as far as it goes."""
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        payload = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return payload if isinstance(payload, bytes) else b""


def _text(part: _Mail) -> str:
    """Return the text of a part; lines wrapped by "format=flowed" are joined again."""
    try:
        charset = part.get_content_charset() or ""
    except (TypeError, ValueError, LookupError):
        charset = ""
    text = decode(_bytes(part), charset)
    is_flowed = "flowed" in str(part.get("Content-Type", "")).lower()
    return _FLOWED.sub(" ", text) if is_flowed else text
