"""Picture: the text recognised in a picture is one chunk, with the picture attached.

For photographs and scans; of a file with several pictures each is a chunk. A text larger than the
model's window is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ragflow_local.chunkers.compose import whole
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import visible
from ragflow_local.chunkers.pages import pages
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings


def chunk(blocks: Sequence[Block], config: ParserSettings, tools: Tools) -> Iterator[Draft]:
    """Yield a draft for each picture, its lines in reading order."""
    cutter = Cutter(config.delimiter, tools.max_tokens, tools)
    carried = [block for block in blocks if block.image and not block.text.strip()]
    for page in pages(visible(blocks)):
        here = page[0].place.page if page[0].place else 0
        image = next((b.image for b in carried if not b.place or b.place.page == here), b"")
        for draft in whole(page, cutter):
            yield draft if draft.image else replace(draft, image=image)
