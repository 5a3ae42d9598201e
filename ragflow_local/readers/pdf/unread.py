"""What of a PDF's pages could not be read: page numbers gathered to one notice a kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ragflow_local.readers import ocr
from ragflow_local.records import Notice


@dataclass
class Unread:
    """Pages that were read in part or not at all, by why.

    Attributes:
        pictures: Pages without text that are pictures.
        parts: Pages with text and a picture beside it, which may hold text.
        mute: Pages whose fonts do not say which letters they are.
        damaged: Pages that MuPDF cannot read.
        slow: Pages that took too long, and were read without layout analysis and recognition.
        endless: Pages that took too long even so, and were left out.
        failed: Pages whose pictures could not be read, by why.
    """

    pictures: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    mute: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    slow: list[int] = field(default_factory=list)
    endless: list[int] = field(default_factory=list)
    failed: dict[str, list[int]] = field(default_factory=dict)

    def notices(self) -> Iterator[Notice]:
        """Yield what the user should know, and the way out of each."""
        if self.pictures:
            what, were = _pages(self.pictures, "is a picture", "are pictures")
            yield Notice(f"{what} {were} without text and skipped. To read them: {ocr.INSTALL}")
        if self.parts:
            what, _ = _pages(self.parts, "", "")
            where = what.replace("Page", "page", 1)
            yield Notice(
                f"Pictures on {where} were not looked at; text in them is missing."
                f" To read it: {ocr.INSTALL}"
            )
        if self.mute:
            what, were = _pages(self.mute, "has", "have")
            yield Notice(
                f"{what} {were} fonts that do not say their letters, so most of the text cannot be"
                f" read. To read it from the page's picture: {ocr.INSTALL}"
            )
        if self.slow:
            what, were = _pages(self.slow, "was", "were")
            yield Notice(
                f"{what} took too long and {were} read without layout analysis and recognition."
                " To give it more time, raise page_seconds in RAGFlow(limits=…)."
            )
        if self.endless:
            what, were = _pages(self.endless, "was", "were")
            yield Notice(
                f"{what} {were} left out, for reading took too long."
                " To give it more time, raise page_seconds in RAGFlow(limits=…)."
            )
        for why, numbers in self.failed.items():
            what, were = _pages(numbers, "has", "have")
            yield Notice(f"{what} {were} pictures whose text was not read. {why}")
        if self.damaged:
            what, were = _pages(self.damaged, "is", "are")
            yield Notice(
                f"{what} {were} damaged and skipped."
                " To read them, save the file anew in the program it is from."
            )


def _pages(numbers: Sequence[int], singular: str, more: str) -> tuple[str, str]:
    return ("Page", "Pages")[len(numbers) > 1] + f" {_runs(numbers)}", singular if len(
        numbers
    ) == 1 else more


def _runs(pages: Sequence[int]) -> str:
    """Return pages as text, runs of them as a range: ``2-4, 7``."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
