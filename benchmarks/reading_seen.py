"""What the reader makes of questions it was not trained on.

They are questions of the sets of ``benchmarks/quoting.py`` (``benchmarks/aside.py`` tells which):
put to their own texts, to the same without the text that answers, and to three texts alone; those
of a set to another's; those about both halves of a set to the texts of one (``halves.py``); the
seen half of ``benchmarks/kinds/reworded.jsonl``, which share no word with the sentence that
answers them; and that of ``benchmarks/kinds/faq.jsonl``, whose texts hold questions themselves.
What the reader made of each is kept by its layers.
"""

from __future__ import annotations

import pickle
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.aside import is_aside
from benchmarks.halves import HALVES, half_of
from benchmarks.quoting import FIT, FOREIGN, Near, answers_of
from benchmarks.quoting_sets import AnswerSet, Case, answer_set, hits_of, read_lines
from ragflow_local.answer.context import without_duplicates
from ragflow_local.answer.found import QUOTED_BELOW, readable
from ragflow_local.answer.reading import sections_of
from ragflow_local.answer.weighing import Weighed, weigh
from ragflow_local.embedders import Embedder, Reading, Section
from ragflow_local.embedders.carried import NAME as DEFAULT
from ragflow_local.embedders.reader import _PLACES, LOWER, QUESTIONS, Reader
from ragflow_local.records import Hit
from ragflow_local.settings import PromptSettings

FEW = 3
WRITTEN_SETS = ("written:en", "written:es")
REWORDED, FAQ, HALF = "reworded", "faq", "half "
LEAST_TOGETHER = 3  # datasets of a language that make a larger one
# Beside those of ``benchmarks/quoting.py``: of written questions, and of others to their texts.
FOREIGN_WRITTEN = (
    ("qed_dev", "written:en"),
    ("fairytaleqa", "written:en"),
    ("tydiqa_goldp:en", "written:en"),
    ("written:en", "qed_dev"),
    ("written:en", "fairytaleqa"),
)
REPORTED = ("mlqa_de_dev",)  # in ``benchmarks/answer.py``
MOST_OF_A_SET, MOST_WRITTEN, MOST_OF_A_PAIR = 40, 150, 60
THRESHOLD = QUOTED_BELOW * PromptSettings().similarity_threshold

Kind = Literal["own", "alike", "foreign"]


@dataclass(frozen=True)
class Seen:
    """A question, its candidates weighed and read.

    Attributes:
        name: Of its set.
        kind: Whether its texts answer it; ``alike``: a person wrote it so that they do not.
        weighed: The candidates.
        reading: What the reader makes of them.
        answers: (chosen,) which of them hold a gold answer.
    """

    name: str
    kind: Kind
    weighed: Weighed
    reading: Reading
    answers: np.ndarray[tuple[int], np.dtype[np.bool_]]


class Remembering:
    """Reads with the reader, nothing twice: what it made of a question is kept in a file."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        layers = next(place for place in _PLACES if (place / QUESTIONS).is_file())
        mark = 0
        for name in (LOWER, QUESTIONS):
            mark = zlib.crc32((layers / name).read_bytes(), mark)
        self._reader, self._path = reader, folder / f"{mark:08x}.read"
        self._kept: dict[tuple[str, str], Reading] = {}
        if self._path.exists():
            self._kept = pickle.loads(self._path.read_bytes())
        self._new = 0

    def __call__(
        self, question: str, sections: Sequence[Section], worth: Sequence[float]
    ) -> Reading:
        """Return what the reader makes of the candidates of a question."""
        key = question, repr((list(sections), [round(one, 3) for one in worth]))
        if key not in self._kept:
            self._kept[key] = self._reader.read(question, sections, worth)
            self._new += 1
            if self._new % 200 == 0:
                self.save()
        return self._kept[key]

    def save(self) -> None:
        """Write what is kept."""
        self._path.write_bytes(pickle.dumps(self._kept))


@dataclass(frozen=True)
class Place:
    """An embedding model, its folder, how many questions of a set, and what reads."""

    embedder: Embedder
    folder: Path
    most: int
    read: Remembering

    def seen(self, name: str) -> Iterator[Seen]:
        """Yield the questions of a set put to its texts, and to fewer of them."""
        kept = answer_set(name)
        cases = kept.cases[: max(self.most, MOST_WRITTEN) if name in WRITTEN_SETS else self.most]
        hits = hits_of(kept, self.folder, [one.text for one in cases], "", self.embedder.name)
        near = self._near(name)
        chance = random.Random(0)
        asked = [(case, own) for case, own in zip(cases, hits, strict=True) if is_aside(kept, case)]
        most = MOST_WRITTEN if name in WRITTEN_SETS else MOST_OF_A_SET
        for number, (case, own) in enumerate(asked[:most]):
            yield from self._weighed(name, case, own, near)
            if not case.golds:
                continue
            wrong = [hit for hit in own if hit.chunk.document_name != case.source]
            yield from self._weighed(name, Case(case.text, ()), wrong, near, "foreign")
            if number % 3 == 0:
                right = [hit for hit in own if hit.chunk.document_name == case.source]
                others = [
                    hit for hit in chance.choice(hits) if hit.chunk.document_name != case.source
                ]
                yield from self._weighed(name, case, [*right[:1], *others][:FEW], near)
                few = others[:FEW]
                yield from self._weighed(name, Case(case.text, ()), few, near, "foreign")
        near.save()

    def put(self, questions: str, texts: str) -> Iterator[Seen]:
        """Yield the questions of a set put to the texts of another."""
        cases = answer_set(questions).cases[: self.most]
        asked, label = [case.text for case in cases], questions.replace(":", "_")
        hits = hits_of(answer_set(texts), self.folder, asked, label, self.embedder.name)
        near = self._near(texts)
        for text, every in list(zip(asked, hits, strict=True))[:MOST_OF_A_PAIR]:
            yield from self._weighed(f"{questions}>{texts}", Case(text, ()), every, near, "foreign")
        near.save()

    def half(self, name: str) -> Iterator[Seen]:
        """Yield the questions about both halves of a set, put to the texts of one."""
        kept = half_of(name)
        hits = hits_of(kept, self.folder, [one.text for one in kept.cases], "", self.embedder.name)
        near = self._near(kept.name)
        for case, own in zip(kept.cases, hits, strict=True):
            kind: Kind = "own" if case.golds else "foreign"
            yield from self._weighed(kept.name, case, own, near, kind)
        near.save()

    def reworded(self) -> Iterator[Seen]:
        """Yield the questions that share no word with what answers them, and others put there.

        Each is put to its dataset, and to all datasets of its language in one.
        """
        rows = _seen_half(REWORDED)
        for row in rows:
            yield from self._few(f"{REWORDED}:{row['id']}", [row], row["questions"])
        for language, count in sorted(Counter(row["language"] for row in rows).items()):
            if count >= LEAST_TOGETHER:
                mine = [row for row in rows if row["language"] == language]
                asked = [one for row in mine for one in row["questions"]]
                yield from self._few(f"{REWORDED}:{language} together", mine, asked)

    def faq(self) -> Iterator[Seen]:
        """Yield the questions to texts that hold questions, and those of the next such text."""
        rows = sorted(_seen_half(FAQ), key=lambda row: str(row["id"]))
        for row, other in zip(rows, [*rows[1:], rows[0]], strict=True):
            foreign = [one | {"kind": "other"} for one in other["questions"]]
            yield from self._few(f"{FAQ}:{row['id']}", [row], row["questions"] + foreign)

    def _few(
        self, name: str, rows: Sequence[dict[str, Any]], asked: Sequence[dict[str, Any]]
    ) -> Iterator[Seen]:
        kinds: dict[str, Kind] = {"para": "own", "present": "own", "absent": "alike"}
        wanted = [
            [text for one in question["want"] for text in one if question["kind"] != "other"]
            for question in asked
        ]
        cases = [
            Case(one["question"], tuple(sorted(want, key=len)[-1:]))
            for one, want in zip(asked, wanted, strict=True)
        ]
        documents = {
            f"{row['id']} {file}": text for row in rows for file, text in row["documents"].items()
        }
        language = rows[0].get("language", rows[0]["id"][:2])
        kept = AnswerSet(name, language, documents, cases)
        texts = [case.text for case in cases]
        hits = hits_of(kept, self.folder, texts, "", self.embedder.name)
        near = self._near(name.split(":")[0])
        for one, case, own in zip(asked, cases, hits, strict=True):
            kind = kinds.get(one["kind"], "foreign")
            yield from self._weighed(kept.name, case, own, near, kind)
        near.save()

    def _near(self, texts: str) -> Near:
        return Near(self.embedder, self.folder / f"{texts.replace(':', '_')}.near")

    def _weighed(
        self, name: str, case: Case, every: Sequence[Hit], near: Near, kind: Kind | None = None
    ) -> Iterator[Seen]:
        """Yield the question, if search finds something, and a unit of its own answers it."""
        nearest = without_duplicates(list(every))
        right = readable(nearest, THRESHOLD)
        others = [hit for hit in nearest if hit not in right]
        weighed = weigh(case.text, right, near, others)
        if weighed is None:
            return
        answers = answers_of(case, weighed) & np.isfinite(weighed.scores)
        which = kind or ("own" if case.golds else "alike")
        if which != "own" or answers.any():
            worth = weighed.scores.tolist()
            reading = self.read(
                case.text, sections_of(weighed.chosen, weighed.hits, weighed.asked), worth
            )
            yield Seen(name, which, weighed, reading, answers)


def _seen_half(kind: str) -> list[dict[str, Any]]:
    path = Path(__file__).parent / "kinds" / f"{kind}.jsonl"
    return [row for row in read_lines(path) if row["half"] == "seen"]


def gathered(place: Place) -> list[Seen]:
    """Return all questions."""
    seen: list[Seen] = []
    for name in (*FIT, *WRITTEN_SETS):
        if name not in REPORTED:
            seen += place.seen(name)
    for questions, texts in (*FOREIGN, *FOREIGN_WRITTEN):
        if questions != texts:
            seen += place.put(questions, texts)
    for name in HALVES if place.embedder.name == DEFAULT else ():
        seen += place.half(name)
    seen += place.reworded()
    seen += place.faq()
    place.read.save()
    return seen
