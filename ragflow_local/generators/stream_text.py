"""Decodes the bytes of tokens to text: whole characters, and nothing after a stop word."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class StreamText:
    """Collects the bytes of a streamed text, and releases what is certain."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = tuple(stops)
        self._held = ""
        self.is_stopped = False

    def feed(self, data: bytes, *, is_last: bool = False) -> str:
        """Return the text that is certain now; empty while a character or word is only begun."""
        text = self._held + self._decoder.decode(data, is_last)
        self._held = ""
        for stop in self._stops:
            at = text.find(stop)
            if at >= 0:
                self.is_stopped = True
                text = text[:at]
        if is_last or self.is_stopped:
            return text
        keep = max((_begun(text, stop) for stop in self._stops), default=0)
        if keep:
            text, self._held = text[:-keep], text[-keep:]
        return text


def _begun(text: str, stop: str) -> int:
    """Return how many letters at the end of ``text`` begin ``stop``."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
