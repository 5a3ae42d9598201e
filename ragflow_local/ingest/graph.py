"""Extracts the knowledge graph of a document with a chat model, and links it to its chunks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ragflow_local.generators import Generator
from ragflow_local.records import ChatMessage, ChunkRow, Draft
from ragflow_local.settings import LLMSettings
from ragflow_local.text.folding import name_key

_TASK = """\
List what the text below speaks of, a line each, nothing else.
For a person, place, organisation, work or term: E | name | what the text says it is
For two of them that belong together: R | name | name | what joins them
Write names as the text writes them.

Text:
"""
_SETTINGS = LLMSettings(
    temperature=0.0, max_token=400, seed=0, frequency_penalty=0.0, presence_penalty=0.0
)
_NOTHING_NAMED = "The graph model named nothing that the text says: its graph is found by rules."
_MOST_CHARACTERS = 300  # of what is said about a name
_MOST_SAID = 6


@dataclass(slots=True)
class _Found:
    """An entity or relation that a model found, its descriptions and sources."""

    names: tuple[str, ...]
    said: list[str] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)


def by_model(
    drafts: Sequence[Draft], generator: Generator, done: Callable[[int], None]
) -> tuple[list[Draft], tuple[str, ...]]:
    """Return the text drafts, the entities and relations a chat model finds in them, and notices.

    What the model names and the text does not say is left out. Where nothing is left, the drafts
    are returned as they came, with what rules have found.

    Args:
        drafts: Of a document; its text drafts stand first.
        generator: The chat model.
        done: Called before each text; what it raises ends all of it.
    """
    texts = [draft for draft in drafts if draft.kind == "text"]
    mentions: dict[tuple[str, ...], _Found] = {}
    for ordinal, draft in enumerate(texts):
        done(0)
        answer = generator.generate(
            [ChatMessage("user", _TASK + draft.content)], _SETTINGS, is_side=True
        )
        for names, description in _read("".join(answer), draft.content):
            mention = mentions.setdefault(tuple(sorted(map(name_key, names))), _Found(names))
            mention.said.append(description)
            mention.sources.append(ordinal)
    if not mentions:
        return list(drafts), (_NOTHING_NAMED,)
    order = sorted(mentions.items(), key=lambda item: (len(item[0]), -len(item[1].said)))
    return [*texts, *(_draft(key, mention, texts) for key, mention in order)], ()


def _read(answer: str, text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the names of each line that is as it should be, and what is said of them."""
    folded = name_key(text)
    for line in answer.rpartition("</think>")[2].splitlines():
        kind, *parts = (part.strip(' *`"') for part in line.strip(" -*•").split("|"))
        count = {"E": 1, "R": 2}.get(kind.upper(), 0)
        names = tuple(parts[:count])
        if not count or len(parts) < count or len(set(map(name_key, names))) < count:
            continue
        if all(name and name_key(name) in folded for name in names):
            yield names, " ".join(" ".join(parts[count:]).split())[:_MOST_CHARACTERS]


def _draft(key: tuple[str, ...], mention: _Found, texts: Sequence[Draft]) -> Draft:
    name = " — ".join(mention.names)
    descriptions = list(dict.fromkeys(text for text in mention.said if text))[:_MOST_SAID]
    sources = sorted(set(mention.sources))
    data: dict[str, object] = {
        "name": name,
        "key": " — ".join(key),
        "aliases": [],
        "weight": len(mention.said),
        "about": any(name_key(name) in map(name_key, texts[at].headings) for at in mention.sources),
        "sources": sources,
    }
    if len(key) > 1:
        data["between"] = list(mention.names)
    places = (place for at in sources for place in texts[at].places)
    return Draft(
        content="\n".join([name, *descriptions]),
        places=tuple(dict.fromkeys(places))[:8],
        keywords=mention.names,
        kind="relation" if len(key) > 1 else "entity",
        data=json.dumps(data, ensure_ascii=False),
    )


def cite(rows: Sequence[ChunkRow]) -> list[ChunkRow]:
    """Return rows with the ids of the chunks that an entity or relation rests on in its data.

    A chunk method knows no ids; it gives their places in the document.
    """
    return [row if row.kind == "text" or not row.data else _cited(row, rows) for row in rows]


def _cited(row: ChunkRow, rows: Sequence[ChunkRow]) -> ChunkRow:
    data = json.loads(row.data)
    data["sources"] = [rows[ordinal].id for ordinal in data.get("sources", ())]
    return replace(row, data=json.dumps(data, ensure_ascii=False))
