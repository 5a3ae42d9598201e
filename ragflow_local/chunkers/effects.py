"""Reports settings that have no effect on a document, such as a delimiter it does not contain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragflow_local.chunkers.delimiter import Delimiter
from ragflow_local.chunkers.tools import Tools
from ragflow_local.records import Block, Notice
from ragflow_local.settings import ParserSettings

# Methods that cut by the settings; the others say in their docstring by what they cut.
_BY_SETTINGS = frozenset({"naive", "manual", "book", "paper", "email", "knowledge_graph"})


def notices_of(
    blocks: Sequence[Block], method: str, config: ParserSettings, tools: Tools
) -> Iterator[Notice]:
    """Yield a notice for each setting that does nothing here."""
    if not blocks or method not in _BY_SETTINGS:
        return
    if config.chunk_token_count > tools.max_tokens:
        yield Notice(
            f"chunk_token_count is {config.chunk_token_count}, but the embedding model reads at"
            f" most {tools.max_tokens} tokens of a chunk ({tools.max_tokens + 2} with the two that"
            " mark its ends): no chunk is larger. Choose a model with a larger window."
        )
    delimiter = Delimiter.parse(config.delimiter)
    unused = [
        cut
        for cut in delimiter.cuts
        if cut.strip() and not any(cut in block.text or cut in block.source for block in blocks)
    ]
    if unused:
        named = ", ".join(f"`{cut}`".replace("\n", "\\n").replace("\t", "\\t") for cut in unused)
        yield Notice(
            f"The delimiter {named} does not occur in this document, so nothing was cut at it."
        )
