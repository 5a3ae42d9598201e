"""One: the whole document is one chunk, in reading order.

For any file that a model shall read as a whole. The chunk stays one even where it is larger than
the embedding model's window: its vector then knows the beginning only, its words are all found.
Leaves out running heads and feet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragflow_local.chunkers.merge import marked_in, places_of
from ragflow_local.chunkers.outline import Path, visible
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft, Notice
from ragflow_local.settings import ParserSettings


def chunk(
    blocks: Sequence[Block], config: ParserSettings, tools: Tools
) -> Iterator[Draft | Notice]:
    """Yield one draft of everything, or none for an empty document."""
    seen = visible(blocks)
    if not seen:
        return
    content = "\n".join(block.text for block in seen)
    title = next((block.text for block in seen if block.kind == "heading"), "")
    headings = (" ".join(title.split()),) if title and seen[0].kind == "heading" else ()
    path = Path()
    depths = {id(block): len(path.enter(block)) for block in seen if block.kind == "heading"}
    marked = marked_in(seen, lambda block: depths[id(block)])
    yield Draft(content, places_of(seen), headings, marked=marked)
    tokens = tools.count_tokens(content)
    if tokens > tools.max_tokens:
        yield Notice(
            f"The one chunk has {tokens} tokens, the embedding model reads {tools.max_tokens}: by"
            " meaning only its beginning is found. Choose another parse method to find the rest."
        )
