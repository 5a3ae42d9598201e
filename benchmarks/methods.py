"""Methods against what is known of the files: articles of laws, chapters of books, table rows.

    python -m benchmarks.methods

Laws: the numbers of the articles as they stand at the beginning of lines, against the chunks.
Books: chapters against the book's own contents list. Tables: the cells of ``tables/csv`` in the
chunks of ``naive`` of the PDF, a row whole where one chunk has all its cells.
"""

from __future__ import annotations

import csv
import itertools
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.layout import squeezed
from ragflow_local.chunkers import Tools, chunk
from ragflow_local.readers import kind_of, read
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings
from ragflow_local.text.tokens import count_tokens

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data"))
RESULT = Path(__file__).parent / "results" / "methods.md"
WINDOW = 512

_ARTICLE = re.compile(r"^[\s*#]*第([零〇一二三四五六七八九十百千]+)条(之[一二三四五六七八九十]+)?")
_HEADING = re.compile(r"^(#+)\s+(.*)")
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def drafts_of(path: Path, method: str) -> list[Draft]:
    """Return the chunks that a method makes of a file."""
    data = path.read_bytes()
    kind = kind_of(path.name, data)
    blocks = [block for block in read(path.name, data) if isinstance(block, Block)]
    made = chunk(blocks, method, ParserSettings(), Tools(count_tokens, WINDOW, kind, path.name))
    return [draft for draft in made if isinstance(draft, Draft)]


def number_of(text: str) -> int:
    """Return a Chinese number."""
    total, digit = 0, 0
    for sign in text:
        if sign in _UNITS:
            total += (digit or 1) * _UNITS[sign]
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit


def articles_in(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the numbers of the articles of a Markdown text, and the headings they stand under."""
    path: dict[int, str] = {}
    for line in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL).split("\n"):
        if heading := _HEADING.match(line):
            level = len(heading[1])
            path = {key: said for key, said in path.items() if key < level}
            path[level] = " ".join(heading[2].split())
        if article := _ARTICLE.match(line):
            said = tuple(path[key] for key in sorted(path))
            yield article[1] + (article[2] or ""), said[:-1] if heading else said


def laws() -> Iterator[str]:
    """Yield how many articles are a chunk, under their chapters, and where a number is missing."""
    files = articles = chunks = under = 0
    faults: list[str] = []
    for path in sorted((DATA / "documents" / "laws_zh").rglob("*.md")):
        expected = list(articles_in(path.read_text(encoding="utf-8")))
        if not expected:
            continue
        files += 1
        articles += len(expected)
        drafts = drafts_of(path, "laws")
        found = []
        for draft in drafts:
            begins = [m for line in draft.content.split("\n") if (m := _ARTICLE.match(line))]
            found += [(m[1] + (m[2] or ""), draft.headings) for m in begins]
            if len(begins) > 1:
                faults.append(f"{path.name}: {len(begins)} articles share a chunk: {begins}")
        chunks += len(found)
        if [name for name, _ in found] != [name for name, _ in expected]:
            lost = {name for name, _ in expected} - {name for name, _ in found}
            faults.append(f"{path.name}: not a chunk: {', '.join(sorted(lost)) or 'their order'}")
        for (name, said), (_, headings) in zip(expected, found, strict=False):
            is_under = [plain(h) for h in said] == [plain(h) for h in headings[: len(said)]]
            under += is_under
            if not is_under:
                faults.append(f"{path.name}: {name} is under {headings}, not {said}")
        numbers = [number_of(name) for name, _ in found if "之" not in name]
        gaps = [n for n, after in itertools.pairwise(numbers) if after not in (n, n + 1)]
        faults += [f"{path.name}: after article {number}" for number in gaps]
    yield f"{files} statutes, {articles} articles: {chunks} chunks that begin with one, {under} of"
    yield f"them under the chapter that the source has above them. Faults: {len(faults)}."
    yield ""
    yield from (f"- {fault}" for fault in faults)
    yield ""
    yield "A law of amendments (修正案) names the articles it changes, in its order, not all."


def plain(title: str) -> str:
    """Return a title without marks, as it is compared."""
    return re.sub(r"[\W_]+", " ", title).strip().casefold()


def chapters_of(drafts: list[Draft]) -> list[str]:
    """Return the topmost headings in their order."""
    return list(dict.fromkeys(plain(draft.headings[0]) for draft in drafts if draft.headings))


def book() -> Iterator[str]:
    """Yield how the chapters of two books agree with their contents lists."""
    books = DATA / "documents" / "books"
    with zipfile.ZipFile(books / "moby-dick.epub") as epub:
        page = epub.read("OPS/toc.xhtml").decode()
    listed = [
        plain(re.sub(r"<[^>]*>", "", link)) for link in re.findall(r"<a [^>]*>(.*?)</a>", page)
    ]
    listed = [title for title in listed if title]
    found = chapters_of(drafts_of(books / "moby-dick.epub", "book"))
    yield f"Moby Dick: {len(listed)} entries in its contents list, {len(found)} chapters."
    yield f"In the list only: {sorted(set(listed) - set(found)) or 'none'}."
    yield f"Chapters only: {sorted(set(found) - set(listed)) or 'none'}."
    both = [title for title in found if title in listed]
    yield f"In the same order: {both == [title for title in listed if title in found]}."
    yield ""
    source = books / "rust-book" / "src"
    summary = re.findall(r"\[(.+?)\]\((\S+?\.md)\)", (source / "SUMMARY.md").read_text())
    wrong = []
    for title, name in summary:
        chapters = chapters_of(drafts_of(source / name, "book"))
        heading = re.search(r"^#+ (.*)", (source / name).read_text(encoding="utf-8"), re.MULTILINE)
        said = plain(heading[1]) if heading else ""
        if chapters[:1] != [said]:
            wrong.append(f"{title}: {chapters}")
    yield f"The Rust book: {len(summary)} files in its contents list;"
    yield f"{len(summary) - len(wrong)} have the chapter they are headed with."
    yield f"Others: {wrong or 'none'}."


def rows() -> Iterator[str]:
    """Yield the cells and rows of tables in the chunks of naive."""
    yield "| file | cells | rows whole in one chunk |"
    yield "|---|---|---|"
    totals = [0, 0, 0, 0]
    for truth in sorted((DATA / "documents" / "tables" / "csv").glob("*.csv")):
        path = truth.parent.parent / f"{truth.stem}.pdf"
        if not path.exists():
            continue
        with truth.open(encoding="utf-8", newline="") as lines:
            expected = [[squeezed(c) for c in row if squeezed(c)] for row in csv.reader(lines)]
        expected = [row for row in expected if row]
        contents = [draft.content for draft in drafts_of(path, "naive")]
        cells = {squeezed(c) for text in contents for c in re.split(r"[\t\n]", text)}
        whole = [squeezed(text) for text in contents]
        found = sum(cell in cells for row in expected for cell in row)
        n_whole = sum(any(all(c in text for c in row) for text in whole) for row in expected)
        counts = [found, sum(map(len, expected)), n_whole, len(expected)]
        totals = [total + one for total, one in zip(totals, counts, strict=True)]
        yield f"| {path.name} | {shown(counts)} |"
    yield f"| **all** | {shown(totals)} |"


def shown(counts: list[int]) -> str:
    """Return shares as cells of a table."""
    found, cells, whole, n_rows = counts
    return f"{found}/{cells} ({found / cells:.1%}) | {whole}/{n_rows} ({whole / n_rows:.1%})"


def main() -> int:
    """Measure, write the page, print it."""
    if not DATA.exists():
        print(f"No data: {DATA} is not there. Set RAGFLOW_LOCAL_DATA to the folder that has it.")
        return 0
    parts = (("Laws", laws), ("Books", book), ("Tables in the chunks of naive", rows))
    lines = ["# Methods against what is known of the files", "", "`python -m benchmarks.methods`"]
    for title, part in parts:
        lines += ["", f"## {title}", "", *part()]
    page = "\n".join(lines)
    RESULT.write_text(page + "\n", encoding="utf-8")
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
