"""Presentation: a slide or page is a chunk, with its notes and its picture.

For slides, and for documents that were made of them. A page larger than the model's window is
cut. Leaves out running heads and feet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragflow_local.chunkers.compose import whole
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import visible
from ragflow_local.chunkers.pages import pages
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings


def chunk(blocks: Sequence[Block], config: ParserSettings, tools: Tools) -> Iterator[Draft]:
    """Yield a draft for each page; its title is its heading."""
    cutter = Cutter(config.delimiter, tools.max_tokens, tools)
    for page in pages(visible(blocks)):
        title = next((block.text for block in page if block.kind == "heading"), "")
        yield from whole(page, cutter, (" ".join(title.split()),) if title else ())
