"""How often the extractive answerer quotes the gold answer, and how often it rightly says nothing.

    python -m benchmarks.answer [SET ...] [--half odd] [--embed] [--limit N] [--filings DIRECTORY]

Texts are cut at sentence ends into chunks of 128 tokens, ranked by BM25, the first eight answered
from: search itself is measured elsewhere. The baseline is the first three sentences of the best
chunk. Weights are tuned on the questions of even number; those of odd number are held out. "In the
cited chunk": of the quotes, the share that the chunk contains (of a row: its cells in one line).
"Wrong dataset": the questions of one set put to the texts of another in the same language.
"""

from __future__ import annotations

import argparse
import collections
import csv
import dataclasses
import json
import math
import os
import re
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from ragflow_local.generators.extractive import Nearness, Quote, extract
from ragflow_local.records import ChunkRow, Hit
from ragflow_local.retrieve.similarity import nearness
from ragflow_local.text.sentences import sentence_spans, sentences
from ragflow_local.text.terms import STOP_WORDS, chunk_terms, iterate
from ragflow_local.text.tokens import count_tokens

DATA = Path(os.environ.get("RAGFLOW_LOCAL_DATA", "../shared/data")) / "retrieval"
SETS = ("cmrc2018_trial", "hotpot100", "lihua_half", "pubmedqa", "dureader_demo")
# Questions of the first, texts of the second.
WRONG = (
    ("cmrc2018_trial", "dureader_demo"),
    ("dureader_demo", "cmrc2018_trial"),
    ("hotpot100", "pubmedqa"),
    ("pubmedqa", "hotpot100"),
    ("lihua_half", "pubmedqa"),
    ("pubmedqa", "lihua_half"),
)
CHUNK_TOKENS, TOP_N = 128, 8
THRESHOLD = 0.2  # a chat's similarity_threshold


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question, its gold answers as texts, and the long answer of which words should be said."""

    text: str
    golds: tuple[str, ...]
    long: str = ""


class Index:
    """BM25 over chunks, k1 1.2, b 0.75, Lucene's idf."""

    def __init__(self, chunks: list[ChunkRow]) -> None:
        self.chunks = chunks
        self.postings: dict[str, list[tuple[int, int]]] = collections.defaultdict(list)
        self.lengths: list[int] = []
        for number, chunk in enumerate(chunks):
            terms = chunk_terms(chunk)
            self.lengths.append(sum(terms.values()))
            for term, count in terms.items():
                self.postings[term].append((number, count))
        self.mean = sum(self.lengths) / max(len(self.lengths), 1)

    def idf(self, term: str) -> float:
        """Return how rare a term is, never negative."""
        df = len(self.postings.get(term, ()))
        return math.log(1 + (len(self.chunks) - df + 0.5) / (df + 0.5))

    def search(self, question: str, limit: int = TOP_N) -> list[Hit]:
        """Return the best chunks, their similarity the share of the question's weight they hold."""
        terms = {term for term in iterate(question) if term not in STOP_WORDS}
        scores: dict[int, float] = collections.defaultdict(float)
        held: dict[int, float] = collections.defaultdict(float)
        total = 0.0
        for term in terms:
            idf = self.idf(term)
            total += idf
            for number, count in self.postings.get(term, ()):
                norm = 1.2 * (0.25 + 0.75 * self.lengths[number] / self.mean)
                scores[number] += idf * count * 2.2 / (count + norm)
                held[number] += idf
        best = sorted(scores, key=lambda number: (-scores[number], number))[:limit]
        hits = []
        for number in best:
            share = held[number] / total if total else 0.0
            hits.append(Hit(self.chunks[number], share, share, share))
        return [hit for hit in hits if hit.similarity >= THRESHOLD]


def chunks_of(name: str) -> list[ChunkRow]:
    """Return the texts of a set, cut at sentence ends into chunks of 128 tokens."""
    rows: list[ChunkRow] = []
    for line in (DATA / name / "corpus.jsonl").read_text().split("\n"):
        if not line:
            continue
        document = json.loads(line)
        for piece in pieces_of(document["text"]):
            rows.append(
                ChunkRow(
                    number=len(rows),
                    id=str(len(rows)),
                    document_id=document["_id"],
                    dataset_id=name,
                    document_name=f"{document['title'] or document['_id']}.txt",
                    ordinal=0,
                    content=piece,
                    token_count=0,
                    generation=1,
                )
            )
    return rows


def pieces_of(text: str) -> Iterator[str]:
    piece, used = "", 0
    for start, end in sentence_spans(text):
        size = count_tokens(text[start:end])
        if piece and used + size > CHUNK_TOKENS:
            yield piece.strip()
            piece, used = "", 0
        piece += text[start:end]
        used += size
    if piece.strip():
        yield piece.strip()


def questions_of(name: str, half: int | None = None) -> list[Asked]:
    """Return the questions of a set; those whose answer is yes or no have no text to find.

    Args:
        name: The set.
        half: 0 for those of even number, 1 for those of odd; None for all.
    """
    asked: list[Asked] = []
    for line in (DATA / name / "queries.jsonl").read_text().split("\n"):
        if not line:
            continue
        row = json.loads(line)
        known = row.get("metadata", {})
        golds = known.get("answers") or ([known["answer"]] if known.get("answer") else [])
        golds = [gold for gold in golds if gold.strip().lower().rstrip(".") not in ("yes", "no")]
        asked.append(Asked(row["text"], tuple(golds), known.get("long_answer", "")))
    return asked if half is None else asked[half::2]


def plain(text: str) -> str:
    """Return letters and digits only, folded, so that marks and spaces do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", folded)


def recall(gold: str, said: str) -> float:
    """Return the share of the gold answer's words that were said."""
    wanted = {term for term in iterate(gold) if term not in STOP_WORDS}
    return len(wanted & set(iterate(said))) / max(len(wanted), 1)


def is_right(asked: Asked, said: str) -> float:
    """Return 1 or 0 where there is a text to find; else the share of the long answer's words."""
    if asked.long:
        return recall(asked.long, said)
    if len(asked.golds[0]) > 120 or (len(asked.golds) > 1 and min(map(len, asked.golds)) > 30):
        return max(recall(gold, said) for gold in asked.golds)
    return float(any(plain(gold) in plain(said) for gold in asked.golds))


def answer_of(question: str, hits: list[Hit], near: Nearness | None) -> str:
    return "\n".join(quote.text for quote in extract(question, hits, near))


def is_in_its_chunk(quote: Quote, hits: Sequence[Hit]) -> bool:
    """Say whether a quote stands in the chunk it cites; of a row, its cells in one line."""
    content = hits[quote.hit].chunk.content
    if plain(quote.text) in plain(content):
        return True
    if not quote.is_line:
        return False
    said = [cell.partition(": ")[2] or cell for cell in quote.text.split("; ")]
    return any(all(cell in line for cell in said) for line in content.splitlines())


def baseline_of(hits: list[Hit]) -> str:
    return "\n".join(sentences(hits[0].chunk.content)[:3]) if hits else ""


@dataclasses.dataclass
class Figures:
    """What came out of one set."""

    questions: int = 0
    right: float = 0.0
    baseline: float = 0.0
    reachable: float = 0.0
    refused: int = 0
    quotes: int = 0
    cited_right: int = 0
    letters: int = 0
    baseline_letters: int = 0
    seconds: float = 0.0


def measure(name: str, near: Nearness | None, limit: int, half: int | None) -> Figures:
    index, found = Index(chunks_of(name)), Figures()
    for asked in questions_of(name, half)[:limit]:
        if not asked.golds and not asked.long:
            continue
        hits = index.search(asked.text)
        began = time.perf_counter()
        quotes = extract(asked.text, hits, near)
        found.seconds += time.perf_counter() - began
        said = "\n".join(quote.text for quote in quotes)
        found.quotes += len(quotes)
        found.cited_right += sum(is_in_its_chunk(quote, hits) for quote in quotes)
        found.questions += 1
        found.right += is_right(asked, said)
        found.baseline += is_right(asked, baseline_of(hits))
        found.reachable += is_right(asked, "\n".join(hit.chunk.content for hit in hits))
        found.refused += not said
        found.letters += len(said)
        found.baseline_letters += len(baseline_of(hits))
    return found


def refusals(
    questions: str, texts: str, near: Nearness | None, limit: int, half: int | None
) -> tuple[int, int]:
    """Return how many questions of one set are refused on the texts of another, and of how many."""
    index = Index(chunks_of(texts))
    asked = questions_of(questions, half)[:limit]
    return sum(not answer_of(one.text, index.search(one.text), near) for one in asked), len(asked)


def model() -> Nearness:
    from ragflow_local.embedders import open_embedder

    cache = Path(os.environ.get("RAGFLOW_LOCAL_CACHE", "/tmp/ragflow_local_cache"))
    return partial(nearness, open_embedder("all-MiniLM-L6-v2", None, cache_dir=cache))


def report(
    names: Sequence[str], near: Nearness | None, limit: int, half: int | None
) -> Iterator[str]:
    yield (
        "| set | questions | gold quoted | baseline | in the 8 chunks | refused"
        " | quotes | in the cited chunk | letters | ms |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name in names:
        one = measure(name, near, limit, half)
        count = max(one.questions, 1)
        yield (
            f"| {name} | {one.questions} | {one.right / count:.3f} | {one.baseline / count:.3f}"
            f" | {one.reachable / count:.3f} | {one.refused / count:.3f}"
            f" | {one.quotes / count:.1f} | {one.cited_right / max(one.quotes, 1):.3f}"
            f" | {one.letters / count:.0f} / {one.baseline_letters / count:.0f}"
            f" | {1000 * one.seconds / count:.1f} |"
        )
    yield ""
    yield "| questions of | put to the texts of | questions | refused |"
    yield "|---|---|---|---|"
    for questions, texts in WRONG:
        if questions in names:
            refused, count = refusals(questions, texts, near, limit, half)
            yield f"| {questions} | {texts} | {count} | {refused / count:.3f} |"


# A number as filings write it: with thousands separators or decimals, not a year or a day.
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d+(?=\s*(?:%|million|billion))")


def filings(directory: Path) -> str:
    """Return a line on the filings' questions whose answer is a number, asked through a chat."""
    from ragflow_local import RAGFlow

    with RAGFlow(project_dir=directory) as rag:
        if not rag.list_datasets(name="filings"):
            dataset = rag.create_dataset("filings")
            for path in sorted((DATA.parent / "filings").glob("*.pdf")):
                rag.create_document(dataset, path.name, path.read_bytes())
            rag.async_parse_documents([document.id for document in dataset.list_docs()])
        dataset = rag.list_datasets(name="filings")[0]
        for document in dataset.list_docs():
            list(document.join(interval=60))
        chat = rag.create_chat(f"answers {time.time():.0f}", knowledgebases=[dataset])
        right = baseline = reachable = count = 0
        for question, numbers in _number_questions():
            message = chat.create_session("filings").ask(question)
            texts = [chunk.content for chunk in message.reference]
            count += 1
            right += any(number in message.content for number in numbers)
            first = "\n".join(sentences(texts[0])[:3]) if texts else ""
            baseline += any(number in first for number in numbers)
            reachable += any(number in text for number in numbers for text in texts)
    return f"filings: {count} questions, {right} quoted, {baseline} baseline, {reachable} in chunks"


def _number_questions() -> Iterator[tuple[str, set[str]]]:
    path = DATA.parent / "filings" / "questions.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            known = "AAPL" in row["Source Docs"] or "NVDA" in row["Source Docs"]
            numbers = set(_NUMBER.findall(row["Answer"].split("SOURCE")[0]))
            if known and numbers and "Single-Doc Single-Chunk" in row["Question Type"]:
                yield row["Question"], numbers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--embed", action="store_true")
    parser.add_argument("--limit", type=int, default=1_000_000)
    parser.add_argument("--half", choices=("even", "odd"), help="only questions of such a number")
    parser.add_argument("--filings", type=Path, help="a project directory to keep them in")
    given = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"{DATA} is not there: set RAGFLOW_LOCAL_DATA.")
    half = {None: None, "even": 0, "odd": 1}[given.half]
    for line in report(given.sets, model() if given.embed else None, given.limit, half):
        print(line, flush=True)
    if given.filings:
        print(filings(given.filings))


if __name__ == "__main__":
    main()
