"""PDF pages: speed against the layout model on every page, word recall, table cells, boxes.

    python -m benchmarks.layout [speed | recall | tables | boxes]

``speed`` reads ``filings`` with two workers, pages shared out in units of twelve, and again with
PyMuPDF's layout analysis (``pymupdf4llm``) run on every page in one process; both times start
with the interpreter. Words are what pypdf finds, as a multiset. Results go to
``benchmarks/results/layout.md``, a section for each.
"""

import csv
import io
import json
import logging
import os
import re
import subprocess
import sys
import time
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data"))
RESULT = Path(__file__).parent / "results" / "layout.md"
N_WORKERS = 2
UNIT_PAGES = 12


def words(text: str) -> Counter[str]:
    """Return how often each word is in ``text``; case does not count."""
    plain = unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold()
    return Counter(re.findall(r"\w+", plain))


def words_by_pypdf(data: bytes) -> Counter[str]:
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = pypdf.PdfReader(io.BytesIO(data))
        return words("\n".join(page.extract_text() for page in reader.pages))


def recall(reference: Counter[str], text: str) -> float:
    """Return the share of words found; one that stands joined to another is found too."""
    found = words(text)
    joined = "".join(words(text).elements()) if reference - found else ""
    run = re.sub(r"\W+", "", unicodedata.normalize("NFKC", text).casefold()) if joined else ""
    lost = sum(count for word, count in (reference - found).items() if word not in run)
    return 1 - lost / max(sum(reference.values()), 1)


def filings() -> list[Path]:
    return sorted((DATA / "filings").glob("*.pdf"))


def work(index: int) -> None:
    """Read this worker's share of the filings; print blocks' texts and the model's pages."""
    from ragflow_local.readers import pdf
    from ragflow_local.readers.pdf import layout
    from ragflow_local.records import Block

    asked = 0
    ask = layout.regions_of

    def counted(*args: object) -> object:
        nonlocal asked
        asked += 1
        return ask(*args)  # type: ignore[arg-type]  # passed on as they are

    layout.regions_of = counted  # type: ignore[assignment]  # counts, and passes on
    number = 0
    for path in filings():
        data = path.read_bytes()
        for first in range(1, pdf.count_pages(data) + 1, UNIT_PAGES):
            number += 1
            if number % N_WORKERS == index:
                items = pdf.read_pages(data, first, first + UNIT_PAGES - 1)
                texts = [item.text for item in items if isinstance(item, Block)]
                print(json.dumps([path.name, "\n".join(texts), 0]))
    print(json.dumps(["", "", asked]))


def model_on_every_page() -> None:
    """Read the filings by ``pymupdf4llm`` in this process."""
    import pymupdf4llm

    from ragflow_local.readers.pdf.library import mupdf

    for path in filings():
        with mupdf.open(path) as document:
            text = pymupdf4llm.to_markdown(document, use_ocr=False, show_progress=False)
        print(json.dumps([path.name, text, 0]))


def timed(*commands: list[str]) -> tuple[float, dict[str, str], int]:
    """Return seconds, the text of each file and a count, of commands run at once."""
    start = time.perf_counter()
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.layout", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for command in commands
    ]
    outputs = [process.communicate()[0] for process in running]
    seconds = time.perf_counter() - start
    texts: dict[str, str] = {}
    asked = 0
    for line in "".join(outputs).splitlines():
        if line.startswith("["):
            name, text, count = json.loads(line)
            texts[name] = texts.get(name, "") + "\n" + text
            asked += count
    return seconds, texts, asked


def speed() -> Iterator[str]:
    from ragflow_local.readers import pdf

    n_pages = sum(pdf.count_pages(path.read_bytes()) for path in filings())
    ours, texts, asked = timed(*(["worker", str(index)] for index in range(N_WORKERS)))
    theirs, markdown, _ = timed(["model"])
    reference = {path.name: words_by_pypdf(path.read_bytes()) for path in filings()}
    yield f"{n_pages} pages of {len(reference)} filings; the model was asked for {asked} of them"
    yield f"({asked / n_pages:.1%})."
    yield ""
    yield "| | pages/s | word recall, worst file |"
    yield "|---|---|---|"
    for name, seconds, found in (
        (f"here, {N_WORKERS} workers", ours, texts),
        ("the model on every page, one process", theirs, markdown),
    ):
        worst = min(recall(reference[file], found.get(file, "")) for file in reference)
        yield f"| {name} | {n_pages / seconds:.1f} | {worst:.2%} |"
    yield ""
    yield f"Times as fast: {theirs / ours:.1f}."


def blocks_of(path: Path) -> list[tuple[str, tuple[tuple[str, ...], ...]]]:
    from ragflow_local.readers import pdf
    from ragflow_local.records import Block

    blocks = [item for item in pdf.read(path.read_bytes()) if isinstance(item, Block)]
    return [(block.text, block.rows) for block in blocks]


def without_ocr() -> None:
    """Leave out what is recognised: the other readers see a page's own words only."""
    from ragflow_local.readers.pdf import scan

    scan.parts_to_see = lambda page, lines: []


def recalls() -> Iterator[str]:
    without_ocr()
    from ragflow_local.errors import ReadError

    rows = []
    for path in sorted(DATA.rglob("*.pdf")):
        try:
            reference = words_by_pypdf(path.read_bytes())
            if not reference:
                continue
            text = "\n".join(text for text, _ in blocks_of(path))
        except (ReadError, ValueError, KeyError, OSError) as error:
            rows.append((2.0, path.name, type(error).__name__))
            continue
        except Exception as error:  # noqa: BLE001  # the other reader's own, of many kinds
            rows.append((2.0, path.name, type(error).__name__))
            continue
        if reference:
            share = recall(reference, text)
            lost = " ".join(list(reference - words(text))[:6]) if share < 0.995 else ""
            rows.append((share, path.name, f"{share:.2%} of {sum(reference.values())} {lost}"))
    yield "| file | words found |"
    yield "|---|---|"
    for _, name, shown in sorted(rows):
        yield f"| {name} | {shown} |"


def markdown_rows(path: Path) -> list[list[str]]:
    """Return the table rows of ``pymupdf4llm``'s Markdown."""
    import pymupdf4llm

    from ragflow_local.readers.pdf.library import mupdf

    with mupdf.open(path) as document:
        text = pymupdf4llm.to_markdown(document, use_ocr=False, show_progress=False)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [
        [squeezed(re.sub(r"<br>|\*\*|~~|`", "", cell)) for cell in line.strip("|").split("|")]
        for line in lines
    ]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def score(expected: list[list[str]], rows: list[list[str]]) -> tuple[int, int, int, int]:
    """Return cells found, cells, rows whole, rows; a row is whole where it has all its cells."""
    cells = {cell for row in rows for cell in row}
    texts = ["".join(row) for row in rows]
    found = sum(cell in cells for row in expected for cell in row)
    whole = sum(any(all(cell in text for cell in row) for text in texts) for row in expected)
    return found, sum(map(len, expected)), whole, len(expected)


def tables() -> Iterator[str]:
    yield "| file | cells | rows whole | cells, model on every page | rows whole |"
    yield "|---|---|---|---|---|"
    totals = [0] * 8
    for truth in sorted((DATA / "documents" / "tables" / "csv").glob("*.csv")):
        path = truth.parent.parent / f"{truth.stem}.pdf"
        if not path.exists():
            continue
        with truth.open(encoding="utf-8", newline="") as lines:
            expected = [[squeezed(c) for c in row if squeezed(c)] for row in csv.reader(lines)]
        expected = [row for row in expected if row]
        ours = [[squeezed(cell) for cell in row] for _, rows in blocks_of(path) for row in rows]
        scores = [*score(expected, ours), *score(expected, markdown_rows(path))]
        totals = [total + one for total, one in zip(totals, scores, strict=True)]
        yield f"| {path.name} | {shares(scores)} |"
    yield f"| **all** | {shares(totals)} |"


def shares(counts: list[int]) -> str:
    pairs = zip(counts[::2], counts[1::2], strict=True)
    return " | ".join(f"{found}/{all_} ({found / max(all_, 1):.1%})" for found, all_ in pairs)


def boxes() -> Iterator[str]:
    """Compare the words inside each block's box with the block's words, both ways."""
    from ragflow_local.errors import ReadError
    from ragflow_local.readers import pdf
    from ragflow_local.readers.pdf.library import mupdf
    from ragflow_local.records import Block

    without_ocr()
    both = inside = own = 0
    for path in sorted(DATA.rglob("*.pdf")):
        data = path.read_bytes()
        try:
            blocks = [b for b in pdf.read_pages(data, 1, 60) if isinstance(b, Block)]
        except ReadError:
            continue
        document = mupdf.open(stream=data, filetype="pdf")
        document.authenticate("")
        for page in document:
            matrix = page.rotation_matrix
            found = [(mupdf.Rect(w[:4]) * matrix, w[4]) for w in page.get_text("words")]
            for block in blocks if found else ():
                place = block.place
                if place is None or place.page != page.number + 1:
                    continue
                here = words(
                    " ".join(
                        text
                        for box, text in found
                        if place.x0 <= (box.x0 + box.x1) / 2 <= place.x1
                        and place.top <= (box.y0 + box.y1) / 2 <= place.bottom
                    )
                )
                theirs = words(block.text)
                both += sum((here & theirs).values())
                inside += sum(here.values())
                own += sum(theirs.values())
    yield f"Of the words inside a block's box, {both / inside:.2%} are the block's;"
    yield f"of a block's words, {both / own:.2%} are inside its box ({own} words)."


SECTIONS = {"speed": speed, "recall": recalls, "tables": tables, "boxes": boxes}


def write(section: str, lines: list[str]) -> None:
    """Put one section into the results, the others as they were."""
    text = RESULT.read_text(encoding="utf-8") if RESULT.exists() else ""
    parts = dict(re.findall(r"^## (\w+)\n\n(.*?)(?=^## |\Z)", text, flags=re.S | re.M))
    parts[section] = "\n".join(lines) + "\n\n"
    body = "".join(f"## {name}\n\n{parts[name]}" for name in SECTIONS if name in parts)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(f"# PDF pages\n\n{body}".rstrip() + "\n", encoding="utf-8")


def main() -> None:
    """Run the sections named on the command line, or all."""
    names = sys.argv[1:] or list(SECTIONS)
    if names[0] == "worker":
        work(int(names[1]))
    elif names[0] == "model":
        model_on_every_page()
    else:
        for name in names:
            lines = list(SECTIONS[name]())
            print(f"## {name}", *lines, sep="\n")
            write(name, lines)


if __name__ == "__main__":
    main()
