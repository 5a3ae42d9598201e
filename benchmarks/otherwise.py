"""Reading another way: the text of a file by functions that know nothing of our readers.

Raw text of XML, tags cut out, the decoded bytes, pypdf, PDFium: ``recall`` compares with them.
"""

import email
import email.policy
import html as entities
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator

from benchmarks.layout import words as words_of_pdf

_ASIDE = (
    "nav, [role=navigation], [role=search], [role=dialog], footer, [hidden],"
    " [aria-hidden=true], [style*='display:none'], [style*='display: none'], rt, rp, dialog"
)
_XML_TAG = re.compile(r"<[^>]*>")
# Groups of RTF that hold no text.
_RTF_SILENT = re.compile(
    r"\{\\(?:\*|fonttbl|colortbl|stylesheet|info|pict|object|header|footer|listtable|mmathPr)"
)
_RTF_PART = re.compile(
    r"\\'([0-9a-f]{2})|\\u(-?\d+) ?\??|\\([a-z]+)(-?\d+)? ?|\\(.)|([^\\{}\r\n]+)"
)
_MAIL_TEXTS = ("__substg1.0_0037001F", "__substg1.0_1000001F")  # subject and plain body


def text_of_xml(xml: str, block_ends: str) -> str:
    """Return the text of ``xml`` with a space where an element that ``block_ends`` names ends."""
    spaced = re.sub(rf"</(?:\w+:)?(?:{block_ends})>|<(?:\w+:)?(?:br|tab|cr)\b[^>]*>", " ", xml)
    return entities.unescape(_XML_TAG.sub("", spaced))


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
        found.append(
            entities.unescape("".join(re.findall(r"<(?:a|m):t(?: [^>]*)?>([^<]*)<", runs)))
        )
    for xml in parts_of(data, r"ppt/charts/chart\d+\.xml"):
        # Each series says the same categories again.
        texts = dict.fromkeys(re.findall(r"<(?:a:t|c:v)>([^<]*)<", xml))
        found.append(entities.unescape(" ".join(texts)))
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
    if said and b"\0" not in data:
        return html(data.decode(said.group(1).decode(), "replace"))
    return html(decoded(data))


def html(data: str | bytes) -> str:
    """Return a page's text as another parser gives it."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(data, "html.parser")
    for silent in soup(["script", "style", "template", "noscript", "title"]):
        silent.decompose()
    # What nobody sees, menus and the page's foot are left out on purpose.
    for aside in soup.select(_ASIDE):
        if not aside.decomposed:
            aside.decompose()
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
    return entities.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)) + "\n" + "\n".join(blocks)


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


def msg(data: bytes) -> str:
    """Return subject and plain body of an Outlook mail, as its streams have them."""
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as file:
        streams = [name for name in _MAIL_TEXTS if file.exists(name)]
        return "\n".join(file.openstream(name).read().decode("utf-16-le") for name in streams)


def rtf(data: bytes) -> str:
    """Return what stands between the control words, groups without text left out."""
    text = data.decode("cp1252", "replace")
    while match := _RTF_SILENT.search(text):
        end, depth = match.start(), 0
        while end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0) * (text[end - 1] != "\\")
            end += 1
            if not depth:
                break
        text = text[: match.start()] + text[end:]
    found = []
    for code, unicode, word, _, sign, plain in _RTF_PART.findall(text):
        if code:
            found.append(bytes.fromhex(code).decode("cp1252", "replace"))
        elif unicode:
            found.append(chr(int(unicode) % 65536))
        else:
            found.append(plain or (sign if sign in "\\{}" else " " if sign else ""))
            found.append("\n" if word in ("par", "line", "cell", "row", "tab") else "")
    return "".join(found)


def by_pdfium(data: bytes) -> Counter[str]:
    """Return the words that PDFium finds on the pages."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return words_of_pdf("\n".join(page.get_textpage().get_text_bounded() for page in document))
    finally:
        document.close()


# How each kind is read the other way; a kind that is not here is not measured.
OTHERWISE: dict[str, Callable[[bytes], str]] = {
    "csv": decoded,
    "docx": docx,
    "email": mail,
    "epub": epub,
    "html": web_page,
    "json": notebook_or_json,
    "markdown": markdown,
    "msg": msg,
    "pptx": pptx,
    "rtf": rtf,
    "text": decoded,
    "xls": xls,
    "xlsx": xlsx,
}
