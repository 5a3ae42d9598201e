"""Word recall: the share of a file's words, as another way of reading finds them, in our chunks.

    python -m benchmarks.recall [FOLDER …]

Every file under ``$RAGFLOW_LOCAL_DATA/documents`` and ``filings`` is read twice: by its reader and
the chunk method ``naive``, and by the function of its kind here, which knows nothing of the
reader: raw text of XML, tags cut out, the decoded bytes, pypdf. Words are compared as multisets;
the worst files stand first in ``benchmarks/results/recall.md``.
"""

import email
import email.policy
import io
import json
import os
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.layout import recall as share_of_words
from benchmarks.layout import without_ocr, words_by_pypdf
from benchmarks.layout import words as words_of_pdf
from ragflow_local.chunkers import Tools, chunk
from ragflow_local.errors import ReadError
from ragflow_local.readers import kind_of, read
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserConfig
from ragflow_local.text.tokens import count_tokens

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data"))
RESULT = Path(__file__).parent / "results" / "recall.md"
TARGETS = {"pdf": 0.995}  # by pypdf or by MuPDF's plain words
TARGET = 0.99  # of the office, web, mail and text formats

# Files below the target, and what the difference is.
EXPLAINED = {
    "email-replace-mime-encodings-error-1.eml": "a second mail's first lines behind the end of"
    " the plain version; the HTML version, which is whole, is read",
    "email-replace-mime-encodings-error-4.eml": "the other way reads UTF-8 as Latin-1",
    "fake-html-cp1252.html": "the other way takes cp1252 for another code page",
    "equations.docx": "formulas are written on one line with their signs: fx is f(x) here",
    "blocks.md": "the number of a list item without text",
    **dict.fromkeys(
        ("skipped_1page.pdf", "skipped_2pages.pdf"),
        "pypdf reads Korean through a wrong character map",
    ),
    "right_to_left_01.pdf": "pypdf writes ligatures of Arabic letters in another order",
    "right_to_left_02.pdf": "pypdf writes lengthened Arabic letters as others",
    "right_to_left_03.pdf": "pypdf writes ligatures of Persian letters in another order",
    "redp5110_sampled.pdf": "pypdf gives the numbers of glyphs (g72) for a font's letters",
    "twotables.pdf": "a printer's line outside of what the page shows; words joined over lines",
    "embedded-images.pdf": "a line beyond the page's edge; syllables joined here",
    "embedded-images-tables.pdf": "pypdf says /C0 where a minus stands",
    "korean-text-with-tables.pdf": "labels of a chart beyond the page's edge",
    "negative-coords.pdf": "a foot that the page's edge cuts",
    "argentina_diputados_voting_record.pdf": "pypdf joins the cells of a row",
    "normal_4pages.pdf": "pypdf parts words otherwise",
    "table_mislabeled_as_picture.pdf": "pypdf parts words otherwise",
    "ch03-02-data-types.md": "raised numbers are set apart: 2<sup>n</sup>",
    "ch05-01-defining-structs.md": "marks of how code is shown: ignore, does_not_compile",
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


@dataclass(frozen=True)
class Row:
    """What was found of one file.

    Attributes:
        name: Its path in the data.
        kind: What it is.
        shares: Recall by each other way of reading; empty where it was not measured.
        left_out: Share of the words that are running heads and feet said before.
        missing: The words missed, or why it was not measured.
    """

    name: str
    kind: str
    shares: tuple[float, ...]
    left_out: float
    missing: str

    @property
    def is_good(self) -> bool:
        """Tell whether it is at the target by one way at least."""
        return max(self.shares, default=0) >= TARGETS.get(self.kind, TARGET)


def chunks_of(name: str, kind: str, data: bytes) -> tuple[str, str]:
    """Return the contents of the chunks that ``naive`` makes, and the running lines left out."""
    blocks = [block for block in read(name, data) if isinstance(block, Block)]
    drafts = chunk(blocks, "naive", ParserConfig(), Tools(count_tokens, 512, kind, name))
    running = "\n".join(block.text for block in blocks if block.kind == "running")
    return "\n".join(d.content for d in drafts if isinstance(d, Draft)), running


def words_by_mupdf(data: bytes) -> Counter[str]:
    """Return the words that MuPDF finds on the pages without any layout."""
    from ragflow_local.readers.pdf_lines import mupdf

    with mupdf.open(stream=data, filetype="pdf") as document:
        return words_of_pdf("\n".join(page.get_text() for page in document))


def measure(path: Path, name: str) -> Row:
    """Return what was found of a file."""
    data = path.read_bytes()
    kind = ""
    try:
        kind = kind_of(path.name, data)
        if kind not in OTHERWISE and kind != "pdf":
            return Row(name, kind, (), 0, f"{kind}: read by OCR, measured elsewhere")
        found, running = chunks_of(path.name, kind, data)
    except ReadError as error:
        return Row(name, kind, (), 0, str(error).partition(". ")[0])
    if kind == "pdf":
        return measure_pdf(name, data, found, running)
    wanted = words(OTHERWISE[kind](data))
    lost = wanted - words(found)
    total = wanted.total()
    missing = " ".join(word for word, _ in lost.most_common(12))
    return Row(name, kind, (1 - lost.total() / total if total else 1.0,), 0, missing)


def measure_pdf(name: str, data: bytes, found: str, running: str) -> Row:
    """Return what was found of a PDF, by two other ways; running lines count as found."""
    try:
        by_pypdf = words_by_pypdf(data)
    except Exception as error:  # noqa: BLE001  # the other reader's own, of many kinds
        by_pypdf = Counter()
        missing = f"pypdf: {type(error).__name__}"
    by_mupdf = words_by_mupdf(data)
    if not by_mupdf:
        return Row(name, "pdf", (), 0, "scanned: no text of its own, read by OCR")
    text = f"{found}\n{running}"
    share = share_of_words(by_mupdf, text)
    shares = (share_of_words(by_pypdf, text) if by_pypdf else share, share)
    left_out = share_of_words(by_mupdf, text) - share_of_words(by_mupdf, found)
    if by_pypdf:
        lost = by_pypdf - words_of_pdf(text) if min(shares) < TARGETS["pdf"] else Counter()
        missing = " ".join(word for word, _ in lost.most_common(8))
    return Row(name, "pdf", shares, left_out, missing)


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| file | recall | by MuPDF | running lines left out | words missed | why |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        other = f"{row.shares[1]:.4f}" if len(row.shares) > 1 else ""
        left_out = f"{row.left_out:.2%}" if row.left_out > 0 else ""
        why = EXPLAINED.get(row.name.rpartition("/")[2], "")
        missing = row.missing.replace("|", " ")
        yield f"| {row.name} | {row.shares[0]:.4f} | {other} | {left_out} | {missing} | {why} |"


def main(folders: list[Path]) -> int:
    """Measure every file under ``folders``, write the table, print the worst."""
    without_ocr()  # what is recognised is measured elsewhere, and takes long
    rows = []
    for folder in folders:
        if not folder.exists():
            print(f"No data: {folder} is not there. Set RAGFLOW_LOCAL_DATA to where it is.")
            return 0
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(folder.parent).as_posix().removeprefix("documents/")
                rows.append(measure(path, name))
    measured = sorted((row for row in rows if row.shares), key=lambda row: (row.shares, row.name))
    ended = sorted((row for row in rows if not row.shares), key=lambda row: row.missing)
    is_pdf = [row for row in measured if row.kind == "pdf"]
    others = [row for row in measured if row.kind != "pdf"]
    lines = [
        "# Word recall of the chunks of naive",
        "",
        f"`python -m benchmarks.recall`, {len(measured)} files: reader, `naive` at 128 tokens,"
        " contents of all chunks.",
        "",
        f"- PDF with text: {sum(row.is_good for row in is_pdf)} of {len(is_pdf)} files at"
        f" {TARGETS['pdf']:.1%} or more.",
        f"- Office, web, mail, text: {sum(row.is_good for row in others)} of {len(others)} files"
        f" at {TARGET:.0%} or more.",
        "",
        "PDFs are compared with pypdf, and with the plain words of MuPDF, a file at the target by"
        " one of them counts; where both differ, the reason stands beside. Running heads and feet"
        " are said once and then left out, as the method promises: their share stands in the"
        " fourth column, and the recall counts them as found.",
        "",
        *table(measured),
        "",
        "## Not measured",
        "",
        *(f"- {row.name}: {row.missing}" for row in ended),
    ]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join(lines) + "\n")
    print(*lines[:50], sep="\n")
    return 0


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    sys.exit(main(given or [DATA / "documents", DATA / "filings"]))
