"""What is marked on a page is the passage: words under the marks, and the words of the chunk.

    python -m benchmarks.marks FILE.pdf …

Of each chunk the words of the page whose middle lies in a mark, read again by MuPDF's own words,
are compared with the chunk's. *Missed*: words of the chunk that no mark covers; *beside*: words
under its marks that it does not have. As a position is a whole paragraph, that is told beside.
A word that a hyphen parts counts as both; a scan has no words on its page, and its chunks have.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, write
from ragflow_local import RAGFlow
from ragflow_local.readers.pdf.library import mupdf
from ragflow_local.readers.pdf.lines import FLAGS
from ragflow_local.records import Region
from ragflow_local.rendering.highlights import narrowed


def letters_of(text: str) -> Counter[str]:
    """Return words, case and signs left out; of scripts without spaces the characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return Counter(
        re.findall(r"[\u3040-\u9fff\uac00-\ud7a3]|[^\W_\u3040-\u9fff\uac00-\ud7a3]+", folded)
    )


def under(page: Any, marks: Iterable[Region]) -> Counter[str]:
    """Return the words of a page whose middle lies in one of the marks."""
    boxes = list(marks)
    found: Counter[str] = Counter()
    for x0, y0, x1, y1, word, *_ in page.get_text("words", flags=FLAGS):
        box = mupdf.Rect(x0, y0, x1, y1) * page.rotation_matrix
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        if any(b.x0 - 1 <= x <= b.x1 + 1 and b.top - 1 <= y <= b.bottom + 1 for b in boxes):
            found += letters_of(word)
    return found


def compare(path: Path, rag: RAGFlow) -> dict[str, Any]:
    """Return shares over all chunks of a file: missed and beside, by marks and by positions."""
    data = path.read_bytes()
    dataset = rag.create_dataset(f"d{len(rag.list_datasets())}")
    rag.create_document(dataset, path.name, data)
    (document,) = dataset.parse()
    totals: Counter[str] = Counter()
    with mupdf.open(stream=data, filetype="pdf") as opened:
        for chunk in document.list_chunks(limit=-1):
            said, by_mark, by_place = letters_of(chunk.content), Counter[str](), Counter[str]()
            for number in chunk.pages:
                places = [one for one in chunk._row.places if one.page == number]
                page = opened[number - 1]
                by_mark += under(page, narrowed(data, places, chunk.content))
                by_place += under(page, places)
            totals["chunks"] += 1
            totals["words"] += said.total()
            totals["missed"] += (said - by_mark).total()
            totals["beside"] += (by_mark - said).total()
            totals["marked"] += by_mark.total()
            totals["beside_place"] += (by_place - said).total()
            totals["placed"] += by_place.total()
            totals["missed_place"] += (said - by_place).total()
    return dict(totals)


def share(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f}%"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    figures: dict[str, dict[str, int]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        RAGFlow(project_dir=folder, embedding_model="hashing") as rag,
    ):
        for path in given.files:
            found = compare(path, rag)
            if found.get("words"):
                figures[path.name] = found
                print(path.name, found, flush=True)
    everything: Counter[str] = Counter()
    for one in figures.values():
        everything.update(one)
    rows = [*figures.items(), ("**together**", dict(everything))]
    lines = [
        "# Marks on pages",
        "",
        f"{machine()}. `python -m benchmarks.marks FILE.pdf …`, `naive` at 128 tokens.",
        "",
        *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(),
        "",
        "| file | chunks | missed | beside | missed by positions | beside, by positions |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {one.get('chunks', 0)} | {share(one.get('missed', 0), one['words'])}"
            f" | {share(one.get('beside', 0), one.get('marked', 0))}"
            f" | {share(one.get('missed_place', 0), one['words'])}"
            f" | {share(one.get('beside_place', 0), one.get('placed', 0))} |"
            for name, one in rows
        ),
    ]
    write("marks", "\n".join(lines), figures)


if __name__ == "__main__":
    main()
