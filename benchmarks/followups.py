"""How often a follow-up question is answered, searched as it was asked and made to stand alone.

    python -m benchmarks.followups [--model FILE.gguf]

Conversations of two turns over the demo's documents, written by hand, answered by quoting. *As
asked*: no rewriting. *Rules*: ``answer/followup.py``, the default. *Model*: ``refine_multiturn``
with the chat model given. *Whole*: the same question written out by hand, what the others can reach.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ragflow_local import DataSet, RAGFlow
from ragflow_local.answer.ask import Turn, answer
from ragflow_local.answer.followup import rewriting, rewritten, standalone
from ragflow_local.api.retrieval import retrieve
from ragflow_local.cli.demo import DOCUMENTS
from ragflow_local.generators import Generator, open_generator
from ragflow_local.records import ChatMessage, Hit
from ragflow_local.retrieve.filters import DocumentFilter
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.settings import LLMSettings, PromptSettings

Rewrite = Callable[[str, Sequence[ChatMessage]], str]


@dataclass(frozen=True)
class Talk:
    """A question, what is asked next, the same written out, and what the answer must hold."""

    first: str
    next: str
    whole: str
    gold: str


# ruff: noqa: E501 - a conversation a line
TALKS = tuple(
    Talk(*line.split(" | "))
    for line in """\
How much diesel does the generator burn on a winter day? | And on a summer day? | How much diesel does the generator burn on a summer day? | 9 litres
How many puffins nest on the terrace? | When did they return? | When did the puffins return? | 2004
Who is the station leader? | And the engineer? | Who is the engineer? | Tomas Okafor
What is the mean temperature in January? | What about March? | What is the mean temperature in March? | 4.9
What was the breeding success of the puffin? | And of the kittiwake? | What was the breeding success of the kittiwake? | 0.19
How large is the fuel tank? | How often is it filled? | How often is the fuel tank filled? | twice a year
What is the working channel? | Which one is kept open day and night? | Which channel is kept open day and night? | Channel 16
When was the tower lit for the first time? | How often is it painted? | How often is the tower painted? | every six years
What does the derrick lift? | How much can it take? | How much can the derrick take? | 750 kilograms
How fast does the microwave link work? | When does it fade? | When does the microwave link fade? | heavy rain
What does the desalination unit make? | Why is it not used in winter? | Why is the desalination unit not used in winter? | frost
How long does the rescue helicopter need? | And the lifeboat? | How long does the lifeboat need? | 55 minutes
Who is the medical officer? | Where was he trained? | Where was the cook, the medical officer, trained? | hospital in Port Aldery
What is the capacity of the battery? | How long does it keep the station going? | How long does the battery keep the station going? | thirty hours
How many beds does the bunkhouse have? | What does one cost? | What does a bed in the bunkhouse cost? | 34 crowns
When does the supply boat sail? | How many passengers does she carry? | How many passengers does the supply boat carry? | twelve passengers
When is bread baked? | Why only then? | Why is bread baked only then? | four kilowatts
How is the lens of the light supported? | How much does it weigh? | How much does the lens of the light weigh? | 2.9 tonnes
Who discovered the storm petrel colony? | How often is it counted? | How often is the storm petrel colony counted? | every third summer
How is drinking water treated? | How often is the lamp replaced? | How often is the ultraviolet lamp replaced? | every March
Where are the data copied? | At what time? | At what time are the measurements copied to the mainland? | two o'clock
What did the season cost? | And who gave the largest gift? | Who gave the largest gift in the season? | Harbour Fund
When was the fog horn turned off? | Is its compressor still used? | Is the compressor of the fog horn still used? | monument
Who decides in everything that concerns safety? | And in the leader's absence? | Who decides about safety in the leader's absence? | engineer
What was the strongest gust? | And the coldest morning? | What was the coldest morning? | 11.6
How high is the light above the water? | How far can it be seen? | How far can the light be seen? | 21 nautical miles
How many people winter on the rock? | How many guests may stay in summer? | How many guests may stay on the rock in summer? | eleven
How many pairs of guillemots bred? | And razorbills? | How many pairs of razorbills bred? | 1,215
""".splitlines()
)


def filled(rag: RAGFlow) -> DataSet:
    dataset = rag.create_dataset("followups")
    for path in sorted(DOCUMENTS.iterdir()):
        rag.create_document(dataset, path.name, path.read_bytes())
    documents = dataset.list_docs()
    rag.async_parse_documents([document.id for document in documents])
    for document in documents:
        list(document.join(interval=1))
    return dataset


def measure(rag: RAGFlow, dataset: DataSet, rewrite: Rewrite, *, is_whole: bool) -> str:
    """Return figures: found among the chunks, quoted, seconds for the rewriting."""
    wanted = SearchOptions(threshold=0.2, vector_weight=0.3, limit=8)
    embedder = rag.project.embedder_of(dataset._row)
    found = quoted = 0
    seconds = 0.0

    def hits_of(question: str) -> list[Hit]:
        return retrieve(rag.project, question, [dataset._row], DocumentFilter(), wanted)

    def said(question: str) -> str:
        settings = PromptSettings(), LLMSettings()
        *_, last = answer(Turn(question, [], *settings, hits_of, embedder=embedder))
        return last.content

    for talk in TALKS:
        history = [ChatMessage("user", talk.first), ChatMessage("assistant", said(talk.first))]
        began = time.monotonic()
        question = talk.whole if is_whole else rewrite(talk.next, history)
        seconds += time.monotonic() - began
        found += any(talk.gold in hit.chunk.content for hit in hits_of(question)[:3])
        quoted += talk.gold in said(question)
    return f"{found} | {quoted} | {1000 * seconds / len(TALKS):.1f}"


def by_model(model: Generator) -> Rewrite:
    def rewrite(question: str, history: Sequence[ChatMessage]) -> str:
        settings = LLMSettings(temperature=0, max_token=96)
        said = "".join(model.generate(rewriting(question, history), settings))
        return rewritten(said.rpartition("</think>")[2], question, history)

    return rewrite


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    ways: list[tuple[str, Rewrite]] = [("as asked", lambda question, _: question)]
    ways.append(("rules", standalone))
    if given.model:
        ways.append((f"model {given.model.name}", by_model(open_generator(given.model))))
    print(f"| {len(TALKS)} follow-ups | answer in the best 3 chunks | quoted | ms |")
    print("|---|---|---|---|")
    with RAGFlow.temporary() as rag:
        dataset = rag.get_dataset(filled(rag).name)
        for name, rewrite in ways:
            print(f"| {name} | {measure(rag, dataset, rewrite, is_whole=False)} |", flush=True)
        print(f"| whole | {measure(rag, dataset, standalone, is_whole=True)} |")


if __name__ == "__main__":
    main()
