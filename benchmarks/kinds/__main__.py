"""How many answers without a chat model are right, by kind of question.

    python -m benchmarks.kinds [KIND ...] [--half seen|held] [--model NAME] [--no-reader] [--show]

Kinds: facts of several subjects in one text (``subject``), statements that differ in a figure, a
time or a small word (``differs``), tables, follow-ups (each question of a talk after the first),
languages (17 of them), paraphrases, questions that share no word with their answer
(``reworded``), times, numbers and names that the texts do not have (``numbered``, ``named``), and
texts that hold questions themselves (``faq``), lists and procedures (``lists``), manuals, settings
and glossaries (``technical``), talks and mails (``spoken``), questions that one sentence does
not answer by itself (``gathered``), questions about documents as such (``overview``), and questions
of two steps (``steps``). An answer is right if it holds all that it must and nothing that it must
not; of a question that nothing answers, no sentence may be quoted.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ragflow_local import DataSet, RAGFlow

HERE = Path(__file__).parent
KINDS = sorted(path.stem for path in HERE.glob("*.jsonl"))
_MARKS = re.compile(r"\[ID:\d+\]")


def cases(kind: str) -> list[dict[str, Any]]:
    """Return the datasets of a kind."""
    lines = (HERE / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def holds(content: str, text: str) -> bool:
    """Return whether a text stands in an answer, as words of its own where it is ASCII."""
    if not text.isascii():
        return text in content
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])", content) is not None


def is_right(question: dict[str, Any], content: str) -> bool:
    """Return whether an answer is what the question wants."""
    if not question["want"] and _MARKS.search(content):
        return False
    said = _MARKS.sub("", content)
    if any(holds(said, text) for text in question["wrong"]):
        return False
    places = [said.find(text) for text in question.get("order", ())]
    return places == sorted(places) and all(
        any(holds(said, text) for text in one) for one in question["want"]
    )


def filled(rag: RAGFlow, case: dict[str, Any], name: str) -> DataSet:
    """Return a dataset with the documents of a case."""
    dataset = rag.create_dataset(name)
    if "method" in case:
        dataset.update({"parse_method": case["method"]})
    dataset.add_documents([(file, text.encode()) for file, text in case["documents"].items()])
    dataset.parse()
    return dataset


def answered(
    rag: RAGFlow, kind: str, half: str, *, has_reader: bool
) -> Iterator[tuple[dict[str, Any], str, bool]]:
    """Yield each question, its answer, and whether it opens a talk."""
    for number, case in enumerate(cases(kind)):
        if case["half"] != half:
            continue
        dataset = filled(rag, case, f"{kind}{number}")
        chat = rag.create_chat(
            f"{kind}{number}", knowledgebases=[dataset], prompt={"reader": has_reader}
        )
        session = chat.create_session()
        for place, question in enumerate(case["questions"]):
            if not case.get("talk"):
                session = chat.create_session()
            content = session.ask(question["question"]).content
            yield question, content, bool(case.get("talk")) and not place
        rag.delete_datasets([dataset.id])


def label_of(question: dict[str, Any]) -> str:
    """Return what a question is counted under: its kind, and its sort if it has one."""
    return " ".join(filter(None, (question.get("kind", "questions"), question.get("sort", ""))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=KINDS)
    parser.add_argument("--half", choices=("seen", "held"), default="held")
    parser.add_argument("--model", default="")
    parser.add_argument("--no-reader", action="store_true")
    parser.add_argument("--show", action="store_true", help="the wrong answers")
    given = parser.parse_args()
    for kind in given.kinds:
        right, every = Counter[str](), Counter[str]()
        model = {"embedding_model": given.model} if given.model else {}
        with RAGFlow.temporary(**model) as rag:
            told = answered(rag, kind, given.half, has_reader=not given.no_reader)
            for question, content, is_opening in told:
                label = "openings" if is_opening else label_of(question)
                every[label] += 1
                right[label] += is_right(question, content)
                if given.show and not is_right(question, content):
                    print(f"  {question['question']} | {content!r}", flush=True)
        figures = ", ".join(f"{label} {right[label]} of {every[label]}" for label in every)
        print(f"{kind} ({given.half}): {figures}", flush=True)


if __name__ == "__main__":
    main()
