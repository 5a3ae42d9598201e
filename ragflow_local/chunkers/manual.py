"""Manual: one section of the deepest heading level in each chunk, or several where it is long.

For handbooks and other texts with headings; where there are none, lines that begin with a number
such as 2.3 or 第二节, or else short lines set bold, are taken for headings. No chunk holds parts of
two sections; a heading without a text of its own goes with the next. Leaves out running heads and
feet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragflow_local.chunkers.compose import compose
from ragflow_local.chunkers.implicit_headings import with_headings
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import full_sections, visible
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings


def chunk(blocks: Sequence[Block], config: ParserSettings, tools: Tools) -> Iterator[Draft]:
    """Yield drafts of each section, packed up to the token budget, tables alone."""
    cutter = Cutter.of(config, tools)
    for section in full_sections(with_headings(visible(blocks))):
        yield from compose(section.blocks, cutter, section.path[:-1])
