"""Knowledge graph: chunks as in ``naive``, then a chunk for each entity and relation.

For any file whose questions go from one thing to another. Each name, term or title gets a chunk of
kind ``entity`` with the sentences about it, each two that stand in sentences together one of kind
``relation``; their data name the text chunks they rest on. No model is used. Leaves out running
heads and feet; of a name said often, all but its first sentences.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from ragflow_local.chunkers.compose import compose
from ragflow_local.chunkers.entities import Entity, Graph, find_graph
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import visible
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft, Region
from ragflow_local.settings import ParserSettings
from ragflow_local.text.folding import name_key

_AT_LEAST = 8  # entities and relations of a short text
_FOR_EACH_TEXT = 2  # and more for each text chunk: what is found must not hide what was written
_MOST_PLACES = 8
_DEFINES = re.compile(r"\b(?:is|was|are|were|means|refers to|stands for|known as)\b|是|指|称为")

Mention = tuple[int, int]


def chunk(blocks: Sequence[Block], config: ParserSettings, tools: Tools) -> Iterator[Draft]:
    """Yield the text drafts, then entities, then relations, the most frequent first."""
    cutter = Cutter.of(config, tools)
    seen = visible(blocks)
    texts = list(compose(seen, cutter))
    yield from texts
    titles = [block.text for block in seen if block.kind == "heading"]
    limit = _AT_LEAST + _FOR_EACH_TEXT * len(texts)
    graph = find_graph([draft.content for draft in texts], titles, limit)
    for entity in graph.entities:
        about = any(_is_called(title, entity.name) for title in titles)
        yield _entity(entity, about, graph, texts, cutter)
    for first, second, mentions in graph.relations:
        yield _relation((first, second), mentions, graph, texts, cutter)


def _is_called(title: str, name: str) -> bool:
    """Return whether a heading is the name, such as ``Lilu (mythology)``."""
    key, title_key = name_key(name), name_key(title)
    return title_key == key or title_key.startswith(f"{key} (")


def _entity(
    entity: Entity, about: bool, graph: Graph, texts: Sequence[Draft], cutter: Cutter
) -> Draft:
    aliases = sorted(entity.aliases)
    lead = entity.name + (f" ({', '.join(aliases[:5])})" if aliases else "")
    sentences = [(graph.sentences[text][number], text) for text, number in entity.mentions]
    # What says what it is comes first; the order of the text otherwise.
    sentences.sort(key=lambda item: not _says_what(entity, item[0]))
    data: dict[str, object] = {
        "name": entity.name,
        "key": name_key(entity.name),
        "aliases": aliases,
    }
    data |= {"weight": entity.weight, "about": about}
    return Draft(
        content=_fitted(lead, (sentence for sentence, _ in sentences), cutter),
        places=_places(entity.mentions, texts),
        keywords=(entity.name, *aliases[:5]),
        kind="entity",
        data=_data(data, entity.mentions),
    )


def _says_what(entity: Entity, sentence: str) -> bool:
    begin = sentence[: len(entity.name) + 40]
    return entity.name in begin and bool(_DEFINES.search(begin[begin.find(entity.name) :]))


def _relation(
    pair: tuple[Entity, Entity],
    mentions: Sequence[Mention],
    graph: Graph,
    texts: Sequence[Draft],
    cutter: Cutter,
) -> Draft:
    names = [entity.name for entity in pair]
    sentences = (graph.sentences[text][number] for text, number in mentions)
    data: dict[str, object] = {
        "name": " — ".join(names),
        "key": " — ".join(sorted(map(name_key, names))),
    }
    data |= {"between": names, "aliases": [], "weight": len(mentions)}
    return Draft(
        content=_fitted(" — ".join(names), sentences, cutter),
        places=_places(mentions, texts),
        keywords=tuple(names),
        kind="relation",
        data=_data(data, mentions),
    )


def _data(values: dict[str, object], mentions: Sequence[Mention]) -> str:
    sources = sorted({text for text, _ in mentions})
    return json.dumps({**values, "sources": sources}, ensure_ascii=False)


def _places(mentions: Sequence[Mention], texts: Sequence[Draft]) -> tuple[Region, ...]:
    regions = (place for text, _ in mentions for place in texts[text].places)
    return tuple(dict.fromkeys(regions))[:_MOST_PLACES]


def _fitted(lead: str, sentences: Iterable[str], cutter: Cutter) -> str:
    """Return ``lead`` and as many sentences as the budget holds."""
    lines = [cutter.texts(lead)[0]]
    tokens = cutter.count(lines[0])
    for sentence in dict.fromkeys(" ".join(text.split()) for text in sentences):
        if sentence == lead:  # a heading
            continue
        size = cutter.count(sentence) + 1
        if tokens + size > cutter.budget:
            continue
        lines.append(sentence)
        tokens += size
    return "\n".join(lines)
