"""Word recall: the share of a file's words, as another way of reading finds them, in our chunks.

    python -m benchmarks.recall [FOLDER …]

Every file under ``$RAGFLOW_LOCAL_DATA/documents`` and ``filings`` is read twice: by its reader and
the chunk method ``naive``, and by the function of its kind here, which knows nothing of the
reader (``otherwise``): raw text of XML, the decoded bytes, pypdf, PDFium. Words are multisets;
the worst files stand first in ``benchmarks/results/recall.md``.
"""

import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.layout import recall as share_of_words
from benchmarks.layout import without_ocr, words_by_pypdf
from benchmarks.layout import words as words_of_pdf
from benchmarks.otherwise import OTHERWISE, by_pdfium
from ragflow_local.chunkers import Tools, chunk
from ragflow_local.errors import ReadError
from ragflow_local.readers import kind_of, read
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data"))
RESULT = Path(__file__).parent / "results" / "recall.md"
TARGETS = {"pdf": 0.995}  # by pypdf or by PDFium
TARGET = 0.99  # of the office, web, mail and text formats

# Files below the target, and what the difference is.
EXPLAINED = {
    "email-replace-mime-encodings-error-3.eml": "the HTML version is read, which says more; its"
    " addresses are other ones than those of the plain version",
    **dict.fromkeys(
        ("test_serp.html", "test_wikipedia.html", "wiki_duck.html"),
        "parts that a style sheet of the page hides, which the other way does not look at",
    ),
    "email-replace-mime-encodings-error-1.eml": "a second mail's first lines behind the end of"
    " the plain version; the HTML version, which is whole, is read",
    "email-replace-mime-encodings-error-4.eml": "the other way reads UTF-8 as Latin-1",
    "equations.docx": "formulas are written on one line with their signs: fx is f(x) here",
    **dict.fromkeys(
        ("skipped_1page.pdf", "skipped_2pages.pdf"),
        "pypdf reads Korean through a wrong character map",
    ),
    "right_to_left_01.pdf": "PDFium writes ligatures of Arabic letters in another order",
    "right_to_left_02.pdf": "pypdf writes lengthened Arabic letters as others, PDFium ligatures"
    " in another order",
    "right_to_left_03.pdf": "PDFium writes ligatures of Persian letters in another order",
    "redp5110_sampled.pdf": "pypdf gives the numbers of glyphs (g72) for a font's letters",
    "embedded-images.pdf": "a line beyond the page's edge; syllables joined here",
    "embedded-images-tables.pdf": "pypdf says /C0 where a minus stands",
    "korean-text-with-tables.pdf": "labels of a chart beyond the page's edge",
    "negative-coords.pdf": "a line beyond the page's edge",
    "argentina_diputados_voting_record.pdf": "pypdf joins the cells of a row",
    "normal_4pages.pdf": "pypdf parts words otherwise",
    "table_mislabeled_as_picture.pdf": "pypdf parts words otherwise",
    **dict.fromkeys(
        (
            "ch08-03-hash-maps.md",
            "ch10-00-generics.md",
            "ch18-03-oo-design-patterns.md",
            "ch20-01-unsafe-rust.md",
            "docx_lists.docx.md",
            "redp5110_sampled.md",
        ),
        "items of a list that are all numbered 1, or 2, are counted, as they are shown",
    ),
    **dict.fromkeys(
        ("ch05-03-method-syntax.md", "ch09-02-recoverable-errors-with-result.md"),
        "marks of how code is shown: rust, ignore",
    ),
    "ch17-05-traits-for-async.md": "marks of how code is shown: rust, ignore",
    "ch09-01-unrecoverable-errors-with-panic.md": "marks of how code in a quotation is shown: toml",
    "appendix-02-operators.md": "`struct`s is one word here",
    "ch03-02-data-types.md": "raised numbers are set apart: 2<sup>n</sup>",
    "ch05-01-defining-structs.md": "marks of how code is shown: ignore, does_not_compile",
}

# A word, or one character of a script that has no spaces.
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯豈-﫿]|[^\W_぀-ヿ㐀-鿿가-힯豈-﫿]+")


def words(text: str) -> Counter[str]:
    """Return how often each word is in ``text``; case and punctuation do not count."""
    plain = unicodedata.normalize("NFKC", text)
    return Counter(word.casefold() for word in _WORD.findall(plain))


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
    drafts = chunk(blocks, "naive", ParserSettings(), Tools(count_tokens, 512, kind, name))
    running = "\n".join(block.text for block in blocks if block.kind == "running")
    return "\n".join(d.content for d in drafts if isinstance(d, Draft)), running


def measure(path: Path, name: str) -> Row:
    """Return what was found of a file."""
    data = path.read_bytes()
    kind = ""
    try:
        kind = kind_of(path.name, data)
        if kind == "image":
            return Row(name, kind, (), 0, "image: read by OCR, measured elsewhere")
        found, running = chunks_of(path.name, kind, data)
    except ReadError as error:
        return Row(name, kind, (), 0, str(error).partition(". ")[0])
    if kind == "pdf":
        return measure_pdf(name, data, found, running)
    if kind not in OTHERWISE:
        return Row(name, kind, (), 0, f"{kind}: there is no other way of reading it here")
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
    plain = by_pdfium(data)
    if not plain:
        return Row(name, "pdf", (), 0, "scanned: no text of its own, read by OCR")
    text = f"{found}\n{running}"
    share = share_of_words(plain, text)
    shares = (share_of_words(by_pypdf, text) if by_pypdf else share, share)
    left_out = share_of_words(plain, text) - share_of_words(plain, found)
    if by_pypdf:
        lost = by_pypdf - words_of_pdf(text) if min(shares) < TARGETS["pdf"] else Counter()
        missing = " ".join(word for word, _ in lost.most_common(8))
    return Row(name, "pdf", shares, left_out, missing)


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| file | recall | by PDFium | running lines left out | words missed | why |"
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
        "PDFs are compared with pypdf and with PDFium; a file at the target by one of them counts,"
        " and where both differ, the reason stands beside. Running heads and feet are said once"
        " and then left out, as the method promises: their share stands in the fourth column, and"
        " the recall counts them as found.",
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
