"""Word recall: the share of a file's words, as another way of reading finds them, in our blocks.

    python -m benchmarks.recall [FOLDER]

Every file under ``$RAGFLOW_LOCAL_DATA/documents`` is read twice: by its reader, and by the
function of its kind here, which knows nothing of the reader: raw text of XML, tags cut out, the
decoded bytes. Words are compared as multisets; the worst files stand first in
``benchmarks/results/recall.md``.
"""

import email
import email.policy
import io
import json
import os
import re
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from ragflow_local.errors import ReadError
from ragflow_local.readers import kind_of, read
from ragflow_local.records import Block

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data"))
RESULT = Path(__file__).parent / "results" / "recall.md"
TARGET = 0.99  # of every file of the office, web, mail and text formats

# Files below the target, and what the difference is.
EXPLAINED = {
    "email-replace-mime-encodings-error-1.eml": "a second mail's first lines behind the end of"
    " the plain version; the HTML version, which is whole, is read",
    "email-replace-mime-encodings-error-4.eml": "the other way reads UTF-8 as Latin-1",
    "fake-html-cp1252.html": "the other way takes cp1252 for another code page",
    "equations.docx": "formulas are written on one line with their signs: fx is f(x) here",
    "blocks.md": "the number of a list item without text",
}

# A word, or one character of a script that has no spaces.
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯豈-﫿]|[^\W_぀-ヿ㐀-鿿가-힯豈-﫿]+")
_XML_TAG = re.compile(r"<[^>]*>")


def words(text: str) -> Counter[str]:
    """Return how often each word is in ``text``; case and punctuation do not count."""
    return Counter(word.casefold() for word in _WORD.findall(text))


def text_of_xml(xml: str, block_ends: str) -> str:
    """Return the text of ``xml`` with a space where an element that ``block_ends`` names ends."""
    spaced = re.sub(rf"</(?:\w+:)?(?:{block_ends})>|<(?:\w+:)?(?:br|tab|cr)\b[^>]*>", " ", xml)
    return unescape(_XML_TAG.sub("", spaced))


def unescape(text: str) -> str:
    """Return ``text`` with its entities decoded."""
    import html

    return html.unescape(text)


def parts_of(data: bytes, pattern: str) -> Iterator[str]:
    """Yield the XML parts of a zip whose names match ``pattern``."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in sorted(archive.namelist()):
            if re.fullmatch(pattern, name):
                yield archive.read(name).decode("utf-8", errors="replace")


def docx(data: bytes) -> str:
    """Return the text elements of a Word file's body, notes and comments."""
    found = []
    for xml in parts_of(data, r"word/(document|footnotes|endnotes|comments)\d*\.xml"):
        xml = re.sub(r"<!--.*?-->", "", xml, flags=re.S)
        # What was deleted is no text; of two versions of a drawing, the second is the older.
        xml = re.sub(r"<mc:Fallback>.*?</mc:Fallback>", "", xml, flags=re.S)
        xml = re.sub(r"<w:(instrText|delText)\b[^>]*>.*?</w:\1>", "", xml, flags=re.S)
        xml = re.sub(r"<w:moveFrom\b.*?</w:moveFrom>", "", xml, flags=re.S)
        xml = re.sub(r"<(wp:|pic:|a14:|wp14:)\w+[^>]*>[^<]*</\1\w+>", "", xml)
        found.append(text_of_xml(xml, "p|tc|oMath|num|den|e|sub|sup|fName"))
    return "\n".join(found)


def pptx(data: bytes) -> str:
    """Return the text elements of all slides, notes and charts."""
    found = []
    for xml in parts_of(data, r"ppt/(slides|notesSlides|diagrams)/(slide|notesSlide|data)\d+\.xml"):
        xml = re.sub(r"<mc:Fallback>.*?</mc:Fallback>", "", xml, flags=re.S)
        xml = re.sub(r'<a:fld\b[^>]*type="slidenum".*?</a:fld>', "", xml, flags=re.S)
        xml = re.sub(r"<(p14|a16|a14|p15|p:attrName|p:cTn)\b[^>]*>[^<]*<", "<", xml)
        runs = re.sub(r"</a:p>|<a:br\b|_x000B_", "<a:t> </a:t><", xml).replace("<<", "<")
        found.append(unescape("".join(re.findall(r"<(?:a|m):t(?: [^>]*)?>([^<]*)<", runs))))
    for xml in parts_of(data, r"ppt/charts/chart\d+\.xml"):
        # Each series says the same categories again.
        texts = dict.fromkeys(re.findall(r"<(?:a:t|c:v)>([^<]*)<", xml))
        found.append(unescape(" ".join(texts)))
    return "\n".join(found)


def xlsx(data: bytes) -> str:
    """Return the texts of all cells and the numbers that have no format of their own."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    found = []
    for sheet in book.worksheets:
        cells = [cell for row in sheet.iter_rows() for cell in row]
        found += [c.value for c in cells if isinstance(c.value, str)]
        plain = [c for c in cells if isinstance(c.value, int) and c.number_format == "General"]
        found += [str(c.value).upper() for c in plain]
    return "\n".join(found)


def xls(data: bytes) -> str:
    """Return the texts of all cells."""
    import xlrd

    book = xlrd.open_workbook(file_contents=data)
    return "\n".join(
        str(cell.value)
        for sheet in book
        for row in sheet.get_rows()
        for cell in row
        if cell.ctype == xlrd.XL_CELL_TEXT
    )


def decoded(data: bytes) -> str:
    """Return a text in whichever of the usual encodings reads it."""
    for mark, name in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(name)
    wide = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    for name in (wide,) if b"\0" in data[:100] else ("utf-8-sig", "cp932", "cp1252"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def web_page(data: bytes) -> str:
    """Return a page's text; its encoding as the page says."""
    said = re.search(rb"charset=[\"']?([\w-]+)", data[:3000])
    return html(
        data.decode(said.group(1).decode(), "replace") if said and b"\0" not in data else data
    )


def html(data: str | bytes) -> str:
    """Return a page's text as another parser gives it."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(data, "html.parser")
    for silent in soup(["script", "style", "template", "noscript", "title"]):
        silent.decompose()
    inline = {"b", "i", "em", "strong", "a", "span", "code", "sub", "sup", "u", "s", "font", "wbr"}
    for tag in soup.find_all(True):
        if tag.name not in inline:
            tag.append(" ")
            tag.insert(0, " ")
    return soup.get_text()


def markdown(data: bytes) -> str:
    """Return the source without what is no text: link targets, HTML, marks."""
    text = decoded(data)
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.S)
    code = re.findall(r"^\s*```.*?^\s*```", text, flags=re.S | re.M)
    text = re.sub(r"^\s*```.*?^\s*```", " ", text, flags=re.S | re.M)
    text = re.sub(r"^\s{0,3}\[[^\]]+\]:\s+\S+.*$", " ", text, flags=re.M)
    text = re.sub(r"\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)", "] ", text)
    text = re.sub(r"</?[a-zA-Z][^>]*>", " ", text)
    text = re.sub(r"\]\[[^\]]*\]", "] ", text).replace("*", "")
    text = re.sub(r"\b_|_\b", "", text)
    blocks = (re.sub(r"^\s*```.*$", "", block, flags=re.M) for block in code)
    return unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)) + "\n" + "\n".join(blocks)


def epub(data: bytes) -> str:
    """Return the text of all pages."""
    return "\n".join(html(page) for page in parts_of(data, r".*\.x?html?"))


def mail(data: bytes) -> str:
    """Return subject and body as the standard library reads them."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:100]:
        data = decoded(data).encode()
    message = email.message_from_bytes(data.lstrip(), policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    text = ""
    if body is not None:
        try:
            content = body.get_content()
        except (LookupError, ValueError):
            content = ""
        is_html = body.get_content_type() == "text/html"
        text = html(content) if is_html else content
    return f"{message.get('subject', '')}\n{text}"


def json_text(data: bytes) -> str:
    """Return every value of every record."""

    def values(item: object) -> Iterator[str]:
        if isinstance(item, dict):
            for inner in item.values():
                yield from values(inner)
        elif isinstance(item, list):
            for inner in item:
                yield from values(inner)
        elif item is not None and not str(item).startswith("data:"):
            yield str(item).lower() if isinstance(item, bool) else str(item)

    text = decoded(data)
    try:
        return "\n".join(values(json.loads(text, parse_float=str, parse_int=str)))
    except ValueError:
        return "\n".join(
            t for line in text.split("\n") if line.strip() for t in values(json.loads(line))
        )


def notebook_or_json(data: bytes) -> str:
    """Return a notebook's sources, or a JSON file's values."""
    value = json.loads(decoded(data)) if data.lstrip()[:1] == b"{" else None
    if isinstance(value, dict) and "nbformat" in value:
        return "\n".join("".join(cell["source"]) for cell in value["cells"])
    return json_text(data)


# How each kind is read the other way; a kind that is not here is not measured.
OTHERWISE: dict[str, Callable[[bytes], str]] = {
    "csv": decoded,
    "docx": docx,
    "email": mail,
    "epub": epub,
    "html": web_page,
    "json": notebook_or_json,
    "markdown": markdown,
    "pptx": pptx,
    "text": decoded,
    "xls": xls,
    "xlsx": xlsx,
}


def measure(path: Path) -> tuple[float, str]:
    """Return a file's recall (1 for one without words; -1: not measured) and what is missing."""
    data = path.read_bytes()
    try:
        kind = kind_of(path.name, data)
        if kind not in OTHERWISE:
            return -1, f"{kind}: not measured here"
        found = [block for block in read(path.name, data) if isinstance(block, Block)]
    except ReadError as error:
        return -1, str(error).partition(". ")[0]
    wanted = words(OTHERWISE[kind](data))
    lost = wanted - words("\n".join(block.text for block in found))
    total = wanted.total()
    missing = " ".join(word for word, _ in lost.most_common(12))
    return 1 - lost.total() / total if total else 1.0, missing


def main(folder: Path) -> int:
    """Measure every file under ``folder``, write the table, print the worst."""
    if not folder.exists():
        print(f"No data: {folder} is not there. Set RAGFLOW_LOCAL_DATA to the folder that has it.")
        return 0
    rows = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            begin = time.perf_counter()
            recall, missing = measure(path)
            seconds = time.perf_counter() - begin
            rows.append((recall, path.relative_to(folder).as_posix(), missing, seconds))
    measured = sorted(row for row in rows if row[0] >= 0)
    ended = sorted((row for row in rows if row[0] < 0), key=lambda row: row[2])
    lines = [
        "# Word recall of the readers",
        "",
        f"`python -m benchmarks.recall`: {len(measured)} files measured,"
        f" {sum(row[0] >= TARGET for row in measured)} of them at {TARGET:.0%} or more.",
        "",
        "| file | recall | words missed | why |",
        "|---|---|---|---|",
        *(
            f"| {name} | {recall:.4f} | {missing.replace('|', ' ')} |"
            f" {EXPLAINED.get(name.rpartition('/')[2], '')} |"
            for recall, name, missing, _ in measured
        ),
        "",
        "## Not measured",
        "",
        *(f"- {name}: {missing}" for _, name, missing, _ in ended),
    ]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join(lines) + "\n")
    for recall, name, missing, seconds in measured[:40]:
        print(f"{recall:.4f} {seconds:6.2f} s  {name}  {missing}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / "documents"))
