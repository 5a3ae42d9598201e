"""How often a second question is answered: asked alone, in its conversation, and written out.

    python -m benchmarks.followups

Conversations of two questions, written by hand, asked of a chat with all default settings: in English
over the demo's documents, in German, French and Chinese over those of ``followup_talks.txt``. An
answer is right where it says what it must, and nothing of the other subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ragflow_local import Chat, DataSet, RAGFlow
from ragflow_local.cli.demo import DOCUMENTS


@dataclass(frozen=True)
class Talk:
    """A question, the next, the same written out, what it must say, what not ("-": anything)."""

    first: str
    next: str
    whole: str
    gold: str
    wrong: str = "-"


@dataclass(frozen=True)
class Language:
    """Documents by name, and conversations about them."""

    name: str
    documents: dict[str, bytes]
    talks: list[Talk]


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


OTHERS = Path(__file__).with_name("followup_talks.txt")


def languages() -> Iterator[Language]:
    english = {path.name: path.read_bytes() for path in sorted(DOCUMENTS.iterdir())}
    made = [Language("en", english, list(TALKS))]
    for line in OTHERS.read_text("utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "language":
            made.append(Language(rest, {}, []))
        elif kind == "document":
            name, _, text = rest.partition(" | ")
            made[-1].documents[name] = text.encode()
        elif kind == "talk":
            made[-1].talks.append(Talk(*rest.split(" | ")))
    yield from made


def filled(rag: RAGFlow, documents: dict[str, bytes] | None = None) -> DataSet:
    """Return a dataset of documents; without any, of the demo's."""
    dataset = rag.create_dataset(f"followups_{len(rag.list_datasets())}")
    for name, data in (documents or next(languages()).documents).items():
        rag.create_document(dataset, name, data)
    dataset.parse()
    return rag.get_dataset(dataset.name)


def is_right(chat: Chat, talk: Talk, *questions: str) -> bool:
    """Return whether the last of questions asked in one session is answered."""
    session = chat.create_session("talk")
    *_, last = [session.ask(question).content for question in questions]
    return talk.gold in last and talk.wrong not in last.replace("-", "")


def main() -> None:
    print("| language | second questions | asked alone | in the conversation | written out |")
    print("|---|---|---|---|---|")
    with RAGFlow.temporary() as rag:
        for language in languages():
            dataset = filled(rag, language.documents)
            chat = rag.create_chat(language.name, knowledgebases=[dataset])
            alone = sum(is_right(chat, talk, talk.next) for talk in language.talks)
            second = [
                talk for talk in language.talks if is_right(chat, talk, talk.first, talk.next)
            ]
            whole = sum(is_right(chat, talk, talk.whole) for talk in language.talks)
            count = len(language.talks)
            print(f"| {language.name} | {count} | {alone} | {len(second)} | {whole} |", flush=True)
            for talk in language.talks:
                if talk not in second:
                    print(f"<!-- {talk.first} {talk.next} -->")


if __name__ == "__main__":
    main()
