"""How well questions are answered and refused, asked of a chat with all default settings.

    python -m benchmarks.answer CACHE [SET ...] [--model NAME] [--step N] [--foreign] [--plain]

Each set (``benchmarks/quoting_sets.py``) is parsed once into a project that is kept in CACHE; each
question is asked in a session of its own. What was said stands in CACHE/said afterwards, a line a
question. *Gold*: share of the answerable questions whose first three units (two, one) hold a gold
answer, letter for letter but for case, spaces and marks. *Units*, *letters*: of an answer that was
given. *Hold nothing*: share of the quoted units that hold nothing of the gold answer. *Refused*: of
the answerable. With ``--foreign``, questions are put to the texts of another set. Embeddings are
kept between runs, unless ``--plain``; only names that users have are called, so that an earlier
release can be measured by the same file.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quoting_sets import AnswerSet, Case, answer_set, holds, open_set
from ragflow_local import RAGFlow

SETS = (
    "squad2_part",
    "hotpot100",
    "xquad_de_part",
    "xquad_zh_part",
    "xquad_ru_part",
    "xquad_ar_part",
)
# Questions of the first, texts of the second: none of them was read to choose a constant.
FOREIGN = (
    ("hotpot100", "squad2_part"),
    ("squad2_part", "hotpot100"),
    ("hotpot100", "pubmedqa"),
    ("squad2_part", "pubmedqa"),
    ("mlqa_de_dev", "xquad_de_part"),
    ("xquad_de_part", "mlqa_de_dev"),
    ("dureader_demo", "xquad_zh_part"),
    ("xquad_zh_part", "dureader_demo"),
    ("xquad_ru_part", "tydiqa_goldp:ru"),
    ("arcd", "xquad_ar_part"),
)
FOREIGN_QUESTIONS = 100
_MARKS = re.compile(r"\s*(?:\[ID:\d+\]\s*)+")
_REFUSED = "The answer you are looking for is not found in the knowledge base!"


class Remembered:
    """An embedder that embeds no text twice, in this run or in the next."""

    def __init__(self, embedder: Any, path: Path) -> None:
        self._embedder, self._path = embedder, path
        self._kept: dict[tuple[str, str], Any] = {}
        if path.exists():
            self._kept = pickle.loads(path.read_bytes())
        self._count = len(self._kept)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed(self, texts: Sequence[str]) -> Any:
        """Return (len(texts), dim) float32."""
        new = [text for text in dict.fromkeys(texts) if ("text", text) not in self._kept]
        if new:
            vectors = self._embedder.embed(new)
            self._kept |= {("text", text): v for text, v in zip(new, vectors, strict=True)}
        return np.array([self._kept["text", text] for text in texts], np.float32)

    def embed_query(self, question: str) -> Any:
        """Return (dim,) float32."""
        if ("question", question) not in self._kept:
            self._kept["question", question] = self._embedder.embed_query(question)
        return self._kept["question", question]

    def save(self) -> None:
        """Write what is kept, if there is more than before."""
        if len(self._kept) > self._count:
            self._path.write_bytes(pickle.dumps(self._kept))


@dataclass
class Said:
    """What was answered to a question, and what would have been right."""

    question: str
    golds: tuple[str, ...]
    units: list[str]  # none: it was refused
    content: str
    seconds: float = field(default=0.0, compare=False)

    @property
    def is_refused(self) -> bool:
        """Whether nothing was quoted."""
        return not self.units

    def right_in(self, most: int) -> bool:
        """Return whether the first units hold a gold answer."""
        return holds("\n".join(self.units[:most]), self.golds)


def units_of(content: str) -> list[str]:
    """Return the texts between the marks of an answer; none of a refusal."""
    if content.startswith(_REFUSED):
        return []
    return [unit.strip() for unit in _MARKS.split(content) if unit.strip()]


def answers(rag: RAGFlow, questions: Sequence[Case]) -> Iterator[Said]:
    """Yield what a chat with all default settings says, each question in its own session."""
    name = f"answers {time.time_ns()}"
    chat = rag.create_chat(name, knowledgebases=rag.list_datasets(name="texts"))
    try:
        for case in questions:
            session = chat.create_session("question")
            began = time.perf_counter()
            content = session.ask(case.text).content
            seconds = time.perf_counter() - began
            yield Said(case.text, case.golds, units_of(content), content, seconds)
            chat.delete_sessions([session.id])
    finally:
        rag.delete_chats([chat.id])


def asked_of(
    texts: AnswerSet, cases: Sequence[Case], cache: Path, model: str, *, is_plain: bool
) -> list[Said]:
    """Return what is said to questions by a chat about the texts of a set."""
    folder = cache / (model.replace("/", "_") or "default")
    folder.mkdir(parents=True, exist_ok=True)
    with open_set(texts, folder, model) as rag:
        if is_plain:
            return list(answers(rag, cases))
        name = rag.list_datasets(name="texts")[0].embedding_model
        kept = Remembered(rag.project.models.embedder(name), folder / f"{_file(texts.name)}.vec")
        rag.project.models.embedder = lambda name: kept  # type: ignore[method-assign]  # as it is
        found = list(answers(rag, cases))
        del rag.project.models.embedder
        kept.save()
        return found


def _file(name: str) -> str:
    return name.replace(":", "_")


def line_of(found: Sequence[Said]) -> str:
    """Return the figures of a set."""
    own = [one for one in found if one.golds]
    other = [one for one in found if not one.golds]
    given = [one for one in own if one.units]
    units = [(unit, one.golds) for one in given for unit in one.units]
    gold = " | ".join(
        f"{sum(one.right_in(most) for one in own) / max(len(own), 1):.3f}" for most in (3, 2, 1)
    )
    empty = sum(not holds(unit, golds) for unit, golds in units) / max(len(units), 1)
    letters = sum(len(unit) for unit, _ in units) / max(len(given), 1)
    refused = sum(one.is_refused for one in own) / max(len(own), 1)
    rightly = f"{sum(one.is_refused for one in other) / len(other):.3f}" if other else ""
    milliseconds = 1000 * float(np.median([one.seconds for one in found]))
    return (
        f"{len(own)} | {gold} | {len(units) / max(len(given), 1):.2f} | {letters:.0f}"
        f" | {empty:.3f} | {refused:.3f} | {rightly} | {milliseconds:.0f}"
    )


def keep(found: Sequence[Said], path: Path) -> None:
    """Write what was said, a line a question."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(asdict(one), ensure_ascii=False) for one in found)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def report(given: argparse.Namespace) -> Iterator[str]:
    """Yield the table of the answers, or that of the refusals."""
    cache, said = given.cache, given.cache / "said" / (given.model or "default")
    if not given.foreign:
        yield (
            "| set | answerable | gold in 3 | in 2 | in 1 | units | letters | hold nothing"
            " | refused | unanswerable refused | ms |"
        )
        yield "|---|---|---|---|---|---|---|---|---|---|---|"
        for name in given.sets or SETS:
            kept = answer_set(name)
            cases = kept.cases[given.start :: given.step]
            found = asked_of(kept, cases, cache, given.model, is_plain=given.plain)
            keep(found, said / f"{_file(name)}.jsonl")
            yield f"| {name} | {line_of(found)} |"
        return
    yield "| questions of | texts of | questions | refused |"
    yield "|---|---|---|---|"
    for questions, texts in FOREIGN:
        cases = answer_set(questions).cases
        cases = [Case(case.text, ()) for case in cases[:: max(1, len(cases) // FOREIGN_QUESTIONS)]]
        kept = answer_set(texts)
        found = asked_of(kept, cases, cache, given.model, is_plain=given.plain)
        keep(found, said / f"{_file(questions)}-{_file(texts)}.jsonl")
        share = sum(one.is_refused for one in found) / len(found)
        yield f"| {questions} | {texts} | {len(found)} | {share:.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--model", default="", help="an embedding model; else the default one")
    parser.add_argument("--step", type=int, default=1, help="only each so-many-th question")
    parser.add_argument("--start", type=int, default=0, help="the first question, from 0")
    parser.add_argument("--foreign", action="store_true", help="questions of another set")
    parser.add_argument("--plain", action="store_true", help="keep no embeddings")
    for line in report(parser.parse_intermixed_args()):
        print(line, flush=True)


if __name__ == "__main__":
    main()
