"""The knowledge graph of a document on its way in: entities and relations cite their chunks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from ragflow_local.records import ChunkRow


def cite(rows: Sequence[ChunkRow]) -> list[ChunkRow]:
    """Return rows with the ids of the chunks that an entity or relation rests on in its data.

    A chunk method knows no ids; it gives their places in the document.
    """
    return [row if row.kind == "text" or not row.data else _cited(row, rows) for row in rows]


def _cited(row: ChunkRow, rows: Sequence[ChunkRow]) -> ChunkRow:
    data = json.loads(row.data)
    data["sources"] = [rows[ordinal].id for ordinal in data.get("sources", ())]
    return replace(row, data=json.dumps(data, ensure_ascii=False))
