"""Reasoning in ``<think>`` tags, separated from the answer of a model."""

from __future__ import annotations

_BEGIN, _END = "<think>", "</think>"


class ThinkTagSplitter:
    """Splits a streamed text at ``<think>`` and ``</think>``."""

    def __init__(self) -> None:
        self.thought = ""
        self._held = ""
        self._is_thinking = False
        self._has_begun = False

    def feed(self, piece: str, *, is_last: bool = False) -> str:
        """Return the part of the answer that can no longer change."""
        self._held += piece
        answer = ""
        while True:
            mark = _END if self._is_thinking else _BEGIN
            before, tag, after = self._held.partition(mark)
            if not tag:
                return answer + self._rest(mark, is_last=is_last)
            answer += self._take(before)
            self._held = after
            self._is_thinking = not self._is_thinking

    def _rest(self, mark: str, *, is_last: bool) -> str:
        """Release the text that cannot be the beginning of ``mark``."""
        keep = 0
        if not is_last:
            longest = min(len(mark) - 1, len(self._held))
            keep = next((n for n in range(longest, 0, -1) if self._held.endswith(mark[:n])), 0)
        sure = self._held[: len(self._held) - keep]
        self._held = self._held[len(sure) :]
        return self._take(sure)

    def _take(self, text: str) -> str:
        if self._is_thinking:
            self.thought += text
            return ""
        if not self._has_begun:  # models begin with a space or empty lines
            text = text.lstrip()
            self._has_begun = bool(text)
        return text
