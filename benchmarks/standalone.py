"""What follow-up rules cost questions that stand alone, asked second in a conversation.

    python -m benchmarks.standalone CACHE [SET ...] [--step N]

Each question of a set is asked after another of it, taken by chance (seeded). *Taken for a
follow-up*: its completed form differs. *Rank one*: the text it is about is the best hit, searched
as asked alone, and as a chat does with what came before.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from benchmarks.quoting_sets import TOP_N, AnswerSet, answer_set, open_set
from ragflow_local.answer.followup import completed
from ragflow_local.answer.found import joined
from ragflow_local.records import ChatMessage, Hit
from ragflow_local.retrieve.filters import DocumentFilter
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.stores.catalog import datasets

SETS = ("squad2_part", "xquad_de_part", "xquad_zh_part", "xquad_ru_part", "xquad_ar_part")


def line_of(kept: AnswerSet, cache: Path, step: int) -> str:
    """Return the figures of a set."""
    chance = random.Random(0)
    taken = alone = second = count = 0
    with open_set(kept, cache) as rag:
        with rag.project.catalog.read() as reading:
            row = datasets.get(reading, rag.list_datasets(name="texts")[0].id)
        assert row is not None
        wanted = SearchOptions(threshold=0.0, vector_weight=0.3, limit=TOP_N)

        def hits_of(question: str) -> list[Hit]:
            return rag.project.search(question, [row], DocumentFilter(), wanted)

        for case in [case for case in kept.cases if case.source and case.golds][::step]:
            before = chance.choice(kept.cases).text
            told = [ChatMessage("user", before), ChatMessage("assistant", "So it is.")]
            question = completed(case.text, told)
            asked = hits_of(case.text)
            hits = asked
            if question.whole != question.asked:
                taken += 1
                hits = joined(hits_of(question.whole), asked, question.share, TOP_N)
            count += 1
            alone += asked[:1] != [] and asked[0].chunk.document_name == case.source
            second += hits[:1] != [] and hits[0].chunk.document_name == case.source
    return f"{count} | {taken / count:.3f} | {alone / count:.3f} | {second / count:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--step", type=int, default=1)
    given = parser.parse_args()
    print("| set | questions | taken for a follow-up | rank one as asked | rank one as second |")
    print("|---|---|---|---|---|")
    for name in given.sets or SETS:
        line = line_of(answer_set(name), given.cache, given.step)
        print(f"| {name} | {line} |", flush=True)


if __name__ == "__main__":
    main()
