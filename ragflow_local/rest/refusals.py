"""Refusals of calls: the released API's codes and messages.

These are answers, not errors of ours: they never leave ``handle``, and their words are RAGFlow's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

OK = 0
UNEXPECTED = 100
ARGUMENT = 101
DATA = 102
OPERATION = 103
UNAUTHORISED_FOR = 109
UNAUTHORISED = 401
NOT_FOUND = 404
FAILED = 500

# A value is shown up to this many letters, of a longer one the first and dots.
_SHOWN, _CUT = 128, 125


class Refusal(Exception):  # noqa: N818 -- an answer, which is caught by ``handle`` alone
    """A call is refused.

    Attributes:
        code: Of the envelope.
        message: Its message.
        data: Its data, where the call was done in part.
        status: HTTP's.
    """

    def __init__(self, code: int, message: str, data: object = None, status: int = 200) -> None:
        self.code = code
        self.message = message
        self.data = data
        self.status = status
        super().__init__(message)

    @property
    def envelope(self) -> dict[str, Any]:
        """Return the answer to the refused call."""
        return {"code": self.code, "message": self.message, "data": self.data}


def problem(field: str, message: str, value: object) -> str:
    """Return the line that says what is wrong with a value."""
    shown = str(value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_CUT]}..."
    return f"Field: <{field}> - Message: <{message}> - Value: <{shown}>"


def invalid(error: ValidationError, code: int = ARGUMENT, within: Sequence[str] = ()) -> Refusal:
    """Return the refusal of a failed check, with a line for each problem.

    Args:
        error: What it found.
        code: Of the envelope.
        within: Names that lead to what was checked.
    """
    lines = [
        problem(_place([*within, *fault["loc"]]), fault["msg"], fault["input"])
        for fault in error.errors(include_url=False, include_context=False)
    ]
    return Refusal(code, "\n".join(lines))


def _place(steps: Iterable[object]) -> str:
    return ".".join(str(step) for step in steps)
