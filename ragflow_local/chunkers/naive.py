"""General: text split after delimiters and packed up to the token budget; a table stands alone.

For any file. Leaves out running heads and feet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragflow_local.chunkers.compose import compose
from ragflow_local.chunkers.merge import Cutter
from ragflow_local.chunkers.outline import visible
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Draft
from ragflow_local.settings import ParserSettings


def chunk(blocks: Sequence[Block], config: ParserSettings, tools: Tools) -> Iterator[Draft]:
    """Yield drafts of at most ``config.chunk_token_count`` tokens; headings go with what follows.

    A row of a table is never cut, unless it is larger than the model's window.
    """
    yield from compose(visible(blocks), Cutter.of(config, tools))
