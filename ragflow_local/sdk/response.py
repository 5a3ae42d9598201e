"""Answers of ``rag.post(…)`` and the other calls, read as responses of ``requests`` are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ragflow_local.rest import Answer


class Response:
    """The answer to a call.

    Attributes:
        status_code: HTTP's.
        headers: By their names.
        url: The path that was asked.
    """

    def __init__(self, answer: Answer, url: str) -> None:
        self._answer = answer
        self._content: bytes | None = None
        self.status_code = answer.status
        self.headers = dict(answer.all_headers)
        self.url = url

    @property
    def ok(self) -> bool:
        """Whether HTTP's status is below 400."""
        return self.status_code < 400

    @property
    def content(self) -> bytes:
        """The bytes of the answer."""
        if self._content is None:
            self._content = b"".join(self._answer.parts())
        return self._content

    @property
    def text(self) -> str:
        """The answer as a text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the JSON of the answer."""
        return json.loads(self.content)

    def iter_lines(self, decode_unicode: bool = False, **how: object) -> Iterator[Any]:
        """Yield the lines of the answer, each as soon as it is ready."""
        parts = self._answer.parts() if self._content is None else iter([self._content])
        for part in parts:
            for line in part.splitlines():
                yield line.decode() if decode_unicode else line

    def iter_content(self, chunk_size: int = 1, **how: object) -> Iterator[bytes]:
        """Yield the parts of the answer, each as soon as it is ready."""
        yield from self._answer.parts() if self._content is None else [self._content]

    def raise_for_status(self) -> None:
        """Do nothing: an error is in ``code`` and ``message``."""

    def close(self) -> None:
        """Stop the answer."""
        self._answer.close()

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
