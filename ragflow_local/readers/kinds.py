"""A file's kind, found by its content first and by its ending second; standard library only."""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath

from ragflow_local.errors import UnsupportedFileError

# Source code and settings are read as the text they are.
_CODE = (
    "py pyi c h cc cpp cxx hpp cs java kt kts scala go rs swift m mm r jl lua pl pm rb php js mjs"
    " cjs jsx ts tsx vue css scss less sh bash zsh fish ps1 bat cmd sql hs ml ex exs erl clj lisp"
    " el f90 f asm s v vhd ini cfg conf toml yaml yml xsl xsd proto gradle cmake mk diff patch"
    " properties env"
)
CODE_ENDINGS = frozenset(f".{ending}" for ending in _CODE.split())
_OTHER_TEXT = (".txt", ".log", ".text", ".tex", ".bib", ".rst", ".adoc", ".org", ".srt", ".vtt")

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "archive": (".zip", ".7z"),
    "calendar": (".ics", ".vcf"),
    "csv": (".csv", ".tsv", ".tab"),
    "doc": (".doc", ".dot"),
    "docx": (".docx", ".docm", ".dotx"),
    "email": (".eml", ".mht", ".mhtml"),
    "epub": (".epub",),
    "html": (".html", ".htm", ".xhtml"),
    "image": (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"),
    "json": (".json", ".jsonl", ".ndjson", ".ipynb"),
    "markdown": (".md", ".markdown", ".mkd"),
    "mbox": (".mbox",),
    "msg": (".msg",),
    "odt": (".odt", ".ods", ".odp"),
    "pdf": (".pdf",),
    "ppt": (".ppt", ".pps"),
    "pptx": (".pptx", ".pptm", ".ppsx"),
    "rtf": (".rtf",),
    "signed": (".p7m",),
    "text": (*_OTHER_TEXT, *(f".{ending}" for ending in _CODE.split())),
    "tnef": (".tnef",),
    "xls": (".xls",),
    "xlsb": (".xlsb",),
    "xlsx": (".xlsx", ".xlsm", ".xltx"),
    "xml": (".xml", ".svg", ".rss", ".atom", ".fodt", ".fods", ".fodp"),
}
_BY_ENDING = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}

# Kinds that are text inside: among them the ending decides, for no content is proof.
TEXTUAL = frozenset({"calendar", "csv", "email", "html", "json", "markdown", "mbox", "text", "xml"})
# Ends that say nothing of the content.
_VAGUE = frozenset({".txt", ".text", ".log", ""})

_TYPES = {"pdf": "pdf", "image": "visual", "csv": "table", "xls": "table"} | {
    "xlsb": "table",
    "xlsx": "table",
}

_MAGIC = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
)
_SIGNED_DATA = (
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"  # its object identifier, 1.2.840.113549.1.7.2
)
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Streams of OLE2 files, as their directory names them, and what their being there means.
_STREAMS = (
    ("EncryptedPackage", "encrypted"),
    ("__nameid_version1.0", "msg"),
    ("__properties_version1.0", "msg"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
)
_ZIPPED = frozenset({"docx", "epub", "odt", "pptx", "xlsb", "xlsx"})
# Packages of other programs: what to save them as.
_SAVE_AS = {
    ".pages": ".docx", ".numbers": ".xlsx", ".key": ".pptx", ".wps": ".docx", ".wpd": ".docx",
    ".et": ".xlsx", ".dps": ".pptx", ".pub": ".pdf", ".vsd": ".pdf", ".vsdx": ".pdf",
    ".one": ".pdf", ".ofd": ".pdf", ".xps": ".pdf", ".djvu": ".pdf", ".mobi": ".epub",
    ".azw3": ".epub", ".chm": ".pdf", ".heic": ".jpg", ".avif": ".png", ".rar": ".zip",
    ".tar": ".zip", ".gz": ".zip", ".tgz": ".zip", ".accdb": ".xlsx", ".mdb": ".xlsx",
}  # fmt: skip
_MAINS = {"docx": "document.xml", "pptx": "presentation.xml", "xlsx": "workbook.xml"}
_MIMETYPES = {
    b"application/epub+zip": "epub",
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "odt",
    b"application/vnd.oasis.opendocument.presentation": "odt",
}
_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html[\s>])", re.I)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*\S?")
_MAIL_HEADERS = (
    "from to cc bcc date subject received message-id mime-version return-path delivered-to reply-to"
    " content-type content-transfer-encoding sender in-reply-to references"
)
_MAILBOX = re.compile(r"\AFrom [^\n]*\n")
_OFTEN_TEXT = frozenset({"", "doc", "rtf", "xls", "xlsx"})  # kinds whose name texts carry too
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u3000\ufeff"
_SAMPLE_BYTES = 8192
_MAX_JSON_BYTES = 10_000_000  # larger files are read as what their ending says, unparsed


def type_of(kind: str) -> str:
    """Return how the API calls ``kind``: ``pdf``, ``visual``, ``table`` or ``doc``."""
    return _TYPES.get(kind, "doc")


def kind_of(name: str, data: bytes = b"") -> str:
    """Return the kind of a file, a key of ``ENDINGS``.

    Args:
        name: The file's name.
        data: Its bytes; without them the ending alone decides.

    Raises:
        UnsupportedFileError: No reader for this kind of file.
    """
    ending = PurePath(name.lower()).suffix
    by_ending = _BY_ENDING.get(ending, "")
    kind = _kind_of_bytes(data, by_ending) if data else by_ending
    if not kind and data:
        kind = _kind_of_text(data, by_ending, ending)
    if kind not in ENDINGS or (kind == "archive" and ending in _SAVE_AS):
        if ending in _SAVE_AS:
            raise UnsupportedFileError(name, [_SAVE_AS[ending]])
        known = (e for e in _BY_ENDING if e[1:] not in _CODE.split())
        raise UnsupportedFileError(name, [*known, "any text in any encoding"])
    return kind


def _kind_of_bytes(data: bytes, by_ending: str) -> str:
    """Return the kind that magic bytes show, "" for none (text, or unknown bytes)."""
    if data.startswith(_OLE2):
        return _kind_of_ole2(data, by_ending)
    if data[:1] == b"\x30" and _SIGNED_DATA in data[:64]:
        return "signed"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(data, by_ending)
    if b"%PDF-" in data[:1024]:
        return "pdf"
    is_webp = data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    is_bmp = data.startswith(b"BM") and len(data) > 26 and data[6:10] == b"\0\0\0\0"
    if is_webp or is_bmp:
        return "image"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")


def _kind_of_ole2(data: bytes, by_ending: str) -> str:
    """Return the kind by the stream that the file's directory names first."""
    streams = []
    for stream, kind in _STREAMS:
        # A directory entry is 128 bytes, its name UTF-16 and filled up to 64 bytes with zeros.
        at = data.find(stream.encode("utf-16-le") + b"\0\0")
        if at >= 0 and at % 128 == 0:
            streams.append((at, kind))
    kind = min(streams)[1] if streams else by_ending
    if kind == "encrypted":
        return by_ending if by_ending in _ZIPPED else "docx"  # whose reader says so
    return kind or "ole2"


def _kind_of_zip(data: bytes, by_ending: str) -> str:
    """Return the kind by what the archive holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                kind = _MIMETYPES.get(archive.read("mimetype").strip(), "")
                if kind:
                    return kind
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, EOFError):
        return by_ending if by_ending in _ZIPPED else "archive"
    lower = {name.lower().replace("\\", "/") for name in names}
    if "xl/workbook.bin" in lower:
        return "xlsb"
    is_office = "[content_types].xml" in lower
    for folder, kind in (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx")):
        if (is_office or by_ending == kind or f"{folder}{_MAINS[kind]}" in lower) and any(
            name.startswith(folder) for name in lower
        ):
            return kind
    if "META-INF/container.xml" in names:
        return "epub"
    return by_ending if by_ending in _ZIPPED else "archive"


def _kind_of_text(data: bytes, by_ending: str, ending: str) -> str:
    """Return the kind of a file without magic bytes, "" where it is no text."""
    text = _peek(data)
    if text is None:
        # Damaged files of a known kind: their reader says what is wrong with them.
        return by_ending if by_ending not in TEXTUAL else ""
    if by_ending in TEXTUAL and ending not in _VAGUE:
        if by_ending == "xml" and _is_html(text):
            return "html"
        return "html" if by_ending == "markdown" and _is_html(text) else by_ending
    if by_ending in ("xls", "xlsx", "xlsb") and _has_columns(text):
        return _kind_by_look(data, text) or "csv"
    return _kind_by_look(data, text) or (
        "text" if by_ending in TEXTUAL or by_ending in _OFTEN_TEXT else by_ending
    )


def _has_columns(text: str) -> bool:
    """Return whether most lines of ``text`` have as many tabs, or other signs between columns."""
    lines = [line for line in text.split("\n")[:20] if line.strip()]
    return any(sum(sign in line for line in lines) * 2 > len(lines) for sign in "\t;,")


def _kind_by_look(data: bytes, text: str) -> str:
    """Return the kind of a text that shows what it is, else ""."""
    if _is_html(text):
        return "html"
    if text.lstrip("\ufeff \n\r").startswith("<?xml"):
        return "xml"
    if _is_mail(text):
        return "mbox" if _MAILBOX.search(text) else "email"
    if text.startswith(("BEGIN:VCALENDAR", "BEGIN:VCARD")):
        return "calendar"
    return "json" if _is_json(data, text) else ""


def _peek(data: bytes) -> str | None:
    """Return the beginning of a text, None where the bytes are no text in any encoding."""
    sample = data[:_SAMPLE_BYTES]
    for mark, encoding in (
        (b"\xff\xfe\0\0", "utf-32-le"),
        (b"\0\0\xfe\xff", "utf-32-be"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if sample.startswith(mark):
            return sample[len(mark) :].decode(encoding, errors="ignore")
    zeros = [sample[offset::4].count(0) for offset in range(4)]
    encoding = "latin-1"
    if sum(zeros) > len(sample) / 50:
        # Without a mark, text in wide characters has its zeros at the same places of four.
        even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
        end = "le" if odd >= even else "be"
        encoding = f"utf-32-{end}" if min(even, odd) > len(sample) / 10 else f"utf-16-{end}"
    text = sample.removeprefix(b"\xef\xbb\xbf").decode(encoding, errors="replace")
    strange = sum(count for character, count in Counter(text).items() if _is_strange(character))
    return text if strange <= len(text) / 50 else None


def _is_strange(character: str) -> bool:
    """Return whether no text holds ``character``: control codes, what no standard has given out."""
    if character < " ":
        return character not in "\t\n\r\f\v\x1b"
    return character > "\xff" and not character.isprintable() and character not in _INVISIBLE


def _is_html(text: str) -> bool:
    """Return whether ``text`` begins as a page does, after any comments."""
    return bool(_HTML.match(_COMMENT.sub("", text) if "<!--" in text[:1000] else text))


def _is_mail(text: str) -> bool:
    """Return whether ``text`` begins with the header fields of a mail."""
    fields = set()
    for number, line in enumerate(text.lstrip().splitlines()[:60]):
        header = _HEADER.match(line)
        if number == 0 and line.startswith("From "):
            continue
        if header:
            fields.add(header.group(1).lower())
        elif not line[:1].isspace() or not line.strip():
            break
    known = fields.intersection(_MAIL_HEADERS.split())
    return len(known) >= 3 and bool(known & {"from", "received", "mime-version", "message-id"})


def _is_json(data: bytes, text: str) -> bool:
    """Return whether ``data`` is one JSON object or array."""
    if text.lstrip()[:1] not in ("{", "[") or len(data) > _MAX_JSON_BYTES:
        return False
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
