"""The tools that a chunk method is given: a token counter and limits."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tools:
    """Functions handed to every chunk method.

    Attributes:
        count_tokens: Tokens of a text, by the dataset's embedding model.
        max_tokens: The window of that model: no chunk is longer.
        kind: The kind of file, a key of ``readers.ENDINGS``: a method says which it is for.
        name: The file's name, for messages only.
    """

    count_tokens: Callable[[str], int]
    max_tokens: int = 1 << 20
    kind: str = ""
    name: str = ""
