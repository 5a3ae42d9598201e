"""How often the page and box of a cited chunk lead to the quoted sentence, in PDF files.

    python -m benchmarks.citations [FILE.pdf ...] [--most N]

Without files: the handbook in the box. Each document is parsed; every so-many-th chunk's middle
sentence is asked as a question, and of each quote the text within the cited boxes is read from the
page again: it must hold the quote (of a row: its cells).
"""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ragflow_local import RAGFlow
from ragflow_local.text.sentences import sentences

pymupdf: Any = import_module("pymupdf")  # its functions carry no types

HANDBOOK = Path("ragflow_local/cli/demo_documents/station-handbook.pdf")
_QUOTE = re.compile(r"(.+?)\s*((?:\[ID:\d+\]\s*)+)", re.DOTALL)
_SLACK = 2.0  # points around a box: letters stand out of the line's box a little


def plain(text: str) -> str:
    """Return letters and digits only, folded; hyphens at line ends go with the rest."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def quotes_of(content: str) -> Iterator[tuple[str, list[int]]]:
    for quote, marks in _QUOTE.findall(content):
        yield quote.strip(), [int(number) for number in re.findall(r"\d+", marks)]


def text_in_boxes(document: Any, position: Sequence[Sequence[float]]) -> str:
    """Return what stands within the boxes: page from 1, left, right, top, bottom."""
    texts = []
    for page, left, right, top, bottom in position:
        box = pymupdf.Rect(left - _SLACK, top - _SLACK, right + _SLACK, bottom + _SLACK)
        texts.append(document[int(page) - 1].get_text(clip=box))
    return plain(" ".join(texts))


def holds(text: str, quote: str) -> bool:
    """Say whether a text has a quote, or of a row each cell."""
    if plain(quote) in text:
        return True
    cells = [cell.partition(": ")[2] or cell for cell in quote.split("; ")]
    return len(cells) > 1 and all(plain(cell) in text for cell in cells)


def measure(rag: RAGFlow, path: Path, most: int) -> tuple[int, int, int]:
    """Return how many quotes there were, stood in their chunk, and in the boxes of it."""
    dataset = rag.create_dataset(f"d{len(rag.list_datasets())}")
    document = rag.add_document(dataset, path.name, path.read_bytes())
    document.async_parse()
    list(document.join(interval=1))
    chunks = document.list_chunks(limit=100_000)
    chat = rag.create_chat(f"c {path.name}"[:60], knowledgebases=[dataset])
    found = in_chunk = in_box = 0
    with pymupdf.open(path) as pages:
        for chunk in chunks[:: max(1, len(chunks) // most)]:
            said = [one for one in sentences(chunk.content) if "\t" not in one and len(one) > 30]
            if not said:
                continue
            message = chat.create_session("q").ask(said[len(said) // 2][:300])
            for quote, numbers in quotes_of(message.content):
                cited = [message.reference[number] for number in numbers]
                found += 1
                in_chunk += any(holds(plain(one.content), quote) for one in cited)
                in_box += any(holds(text_in_boxes(pages, one.position), quote) for one in cited)
    return found, in_chunk, in_box


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[HANDBOOK])
    parser.add_argument("--most", type=int, default=60, help="questions a document")
    given = parser.parse_args()
    print("| document | quotes | in the cited chunk | in its boxes on its page |")
    print("|---|---|---|---|")
    with RAGFlow.temporary() as rag:
        for path in given.files:
            found, in_chunk, in_box = measure(rag, path, given.most)
            count = max(found, 1)
            row = f"{found} | {in_chunk / count:.3f} | {in_box / count:.3f}"
            print(f"| {path.name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
