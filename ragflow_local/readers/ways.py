"""How the pages of a file are to be read: with layout analysis, plainly, or not at all."""

from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HowToRead:
    """What a reader of pages may do.

    Attributes:
        layout: Whether pages are analysed for columns, headings and tables.
        plain: Pages that took too long: without layout analysis and text recognition.
        skipped: Pages that took too long even so: left out.
        begins: Called with each page before it is read.
    """

    layout: bool = True
    plain: Collection[int] = ()
    skipped: Collection[int] = ()
    begins: Callable[[int], None] = lambda page: None
