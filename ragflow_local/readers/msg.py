"""Outlook mails (.msg): header fields, the body, attachments as their own kinds."""

import io
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import olefile

from ragflow_local.errors import DamagedFileError
from ragflow_local.readers import html, rtf
from ragflow_local.readers.attachments import MAX_DEPTH, attached
from ragflow_local.readers.error_text import error_text
from ragflow_local.readers.text import paragraphs
from ragflow_local.records import Block, Notice
from ragflow_local.text.encoding import decode, tidy

# What olefile raises on files that end early or whose sectors lead nowhere.
_TORN = (OSError, ValueError, IndexError, KeyError, TypeError, struct.error, RecursionError)
# Properties by their tags. Source: [MS-OXPROPS], https://learn.microsoft.com/openspecs/
_SUBJECT, _TO, _CC, _BCC = "0037", "0E04", "0E03", "0E02"
_SENDER, _SENDER_ADDRESS, _SMTP_ADDRESS = "0C1A", "0C1F", "5D01"
_BODY, _HTML, _RTF = "1000", "1013", "1009"
_LONG_NAME, _SHORT_NAME, _ATTACHED = "3707", "3704", "3701"
_SENT_AT, _ARRIVED_AT, _CODE_PAGE = 0x0039, 0x0E06, 0x3FFD
_MESSAGE_HEADER, _INNER_HEADER = 32, 24  # bytes before the fixed properties
# What every compressed RTF may refer to before its own beginning. Source: [MS-OXRTFCP] 2.1.3.1
_RTF_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def read(data: bytes, name: str = "", depth: int = 0) -> Iterator[Block | Notice]:
    """Yield a mail's fields, its body, and the blocks of its attachments.

    Args:
        data: The mail's bytes.
        name: The file's name, for messages only.
        depth: In how many files it lies; 0 for a mail that is a file itself.

    Raises:
        DamagedFileError: The file is broken or no Outlook mail.
    """
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            blocks = list(_Mail(file, [], depth).blocks())
    except _TORN as error:
        raise DamagedFileError(name, "whole file", f"it is damaged: {error_text(error)}") from error
    yield from blocks


class _Mail:
    """A mail in a file, or one within another: ``path`` says where its streams lie."""

    def __init__(self, file: Any, path: list[str], depth: int) -> None:
        self._file = file
        self._path = path
        self._depth = depth
        self._fixed = self._fixed_properties()
        page = int.from_bytes(self._fixed.get(_CODE_PAGE, b"")[:4], "little")
        self._charset = f"cp{page}" if page not in (0, 65001) else ""

    def blocks(self) -> Iterator[Block | Notice]:
        """Yield fields, body and attachments."""
        address = self._text(_SMTP_ADDRESS) or self._text(_SENDER_ADDRESS)
        sender = self._text(_SENDER)
        if "@" in address and address != sender:
            sender = f"{sender} <{address}>".strip()
        for field, value in (
            ("From", sender),
            ("To", self._text(_TO)),
            ("Cc", self._text(_CC)),
            ("Bcc", self._text(_BCC)),
            ("Date", self._date()),
            ("Subject", self._text(_SUBJECT)),
        ):
            if value:
                yield Block("field", f"{field}: {value}")
        yield from self._body()
        for storage in self._storages("__attach_version1.0_"):
            yield from self._attachment(storage)

    def _body(self) -> Iterator[Block]:
        plain = self._text(_BODY)
        if plain.strip():
            yield from paragraphs(plain)
            return
        markup = self._stream(f"__substg1.0_{_HTML}0102")
        if markup or self._text(_HTML):
            yield from html.read(markup) if markup else html.blocks_of(self._text(_HTML))
        elif packed := self._stream(f"__substg1.0_{_RTF}0102"):
            yield from rtf.read(unpack_rtf(packed))

    def _attachment(self, storage: str) -> Iterator[Block | Notice]:
        inner = _Mail(self._file, [*self._path, storage], self._depth)
        name = inner._text(_LONG_NAME) or inner._text(_SHORT_NAME) or "attachment"
        if data := inner._stream(f"__substg1.0_{_ATTACHED}0102"):
            yield from attached(name, data, self._depth + 1)
            return
        message = f"__substg1.0_{_ATTACHED}000D"
        if not inner._storages(message):
            return
        if self._depth >= MAX_DEPTH:
            yield Notice(f"The attachment {name!r} lies too deep to be read; add it as a file.")
            return
        yield Block("heading", name, level=1)
        yield from _Mail(self._file, [*inner._path, message], self._depth + 1).blocks()

    def _storages(self, prefix: str) -> list[str]:
        """Return the folders right within this mail whose names begin with ``prefix``."""
        at = len(self._path)
        storages = {
            entry[at]: None
            for entry in self._file.listdir(streams=False, storages=True)
            if len(entry) == at + 1 and entry[:at] == self._path and entry[at].startswith(prefix)
        }
        return list(storages)

    def _stream(self, name: str) -> bytes:
        path = [*self._path, name]
        if not self._file.exists(path) or self._file.get_type(path) != olefile.STGTY_STREAM:
            return b""
        data: bytes = self._file.openstream(path).read()
        return data

    def _text(self, tag: str) -> str:
        """Return a text property, in whichever of the two encodings it is there."""
        if wide := self._stream(f"__substg1.0_{tag}001F"):
            text = wide.decode("utf-16-le", errors="replace")
        else:
            text = decode(self._stream(f"__substg1.0_{tag}001E"), self._charset)
        return tidy(text).strip()

    def _fixed_properties(self) -> dict[int, bytes]:
        """Return the properties of fixed length: 8 bytes each, by their tag."""
        data = self._stream("__properties_version1.0")
        header = _INNER_HEADER if self._path else _MESSAGE_HEADER
        fixed = {}
        for at in range(header, len(data) - 15, 16):
            fixed[int.from_bytes(data[at + 2 : at + 4], "little")] = data[at + 8 : at + 16]
        return fixed

    def _date(self) -> str:
        value = self._fixed.get(_SENT_AT) or self._fixed.get(_ARRIVED_AT) or b""
        ticks = int.from_bytes(value, "little")  # 100 ns each since 1601
        if not 0 < ticks < 1 << 61:
            return ""
        moment = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
        return moment.strftime("%a, %d %b %Y %H:%M:%S +0000")


def unpack_rtf(data: bytes) -> bytes:
    """Return the RTF that Outlook keeps compressed; what of it there is where it ends early.

    Source: [MS-OXRTFCP], "LZFu"
    """
    if data[8:12] == b"MELA":
        return data[16:]
    window = bytearray(_RTF_START) + bytearray(4096 - len(_RTF_START))
    write, out, at = len(_RTF_START), bytearray(), 16
    size = min(int.from_bytes(data[4:8], "little"), 50_000_000)
    while at < len(data) and len(out) < size:
        flags = data[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                piece = data[at : at + 1]
                at += 1
            else:
                token = int.from_bytes(data[at : at + 2], "big")
                at += 2
                start, length = token >> 4, (token & 15) + 2
                if start == write:
                    return bytes(out)
                piece = b""
                for offset in range(length):
                    # What is copied may be what this very copy has just written.
                    byte = window[(start + offset) % 4096]
                    window[(write + offset) % 4096] = byte
                    piece += bytes((byte,))
            for byte in piece:
                window[write] = byte
                write = (write + 1) % 4096
            out += piece
    return bytes(out)
