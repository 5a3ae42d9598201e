"""Maps paths of the released API to the functions that answer them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ragflow_local.rest.exchange import Answer
from ragflow_local.rest.refusals import NOT_FOUND, Refusal

if TYPE_CHECKING:
    from ragflow_local.rest.call import Call

ROOT = "/api/v1"

Answering = Callable[..., Answer]
Function = TypeVar("Function", bound=Answering)


@dataclass(frozen=True, slots=True)
class Route:
    """One verb on one path.

    Attributes:
        method: The verb.
        steps: Of the path below the root; one in braces takes any text, as that argument.
        answer: Called with the ``Call`` and those arguments.
        is_open: Whether no key is asked for.
    """

    method: str
    steps: tuple[str, ...]
    answer: Answering
    is_open: bool = False

    def taken(self, steps: tuple[str, ...]) -> dict[str, str] | None:
        """Return the arguments in a path, or None if the path does not match."""
        if len(steps) != len(self.steps):
            return None
        given = {}
        for own, step in zip(self.steps, steps, strict=True):
            if own.startswith("{"):
                given[own[1:-1]] = step
            elif own != step:
                return None
        return given


_routes: list[Route] = []


def route(*verbs: str, is_open: bool = False) -> Callable[[Function], Function]:
    """Register a function for paths: ``@route("GET /datasets", "PUT /datasets/{id}")``."""

    def add(function: Function) -> Function:
        for verb in verbs:
            method, _, path = verb.partition(" ")
            _routes.append(Route(method, tuple(path.split("/")[1:]), function, is_open))
        return function

    return add


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a path, and the arguments in the path.

    Raises:
        Refusal: There is none.
    """
    below = path.removeprefix(ROOT).rstrip("/")
    if path.startswith(ROOT):
        steps = tuple(below.split("/")[1:])
        matching = [(each, given) for each in _routes if (given := each.taken(steps)) is not None]
        # What is named by itself goes before what takes any text.
        matching.sort(key=lambda pair: len(pair[1]))
        for candidate, given in matching:
            if candidate.method == method:
                return candidate, given
        if matching:
            raise Refusal(405, f"{method} is not allowed on {path}", status=405)
    raise Refusal(NOT_FOUND, f"Not Found: {path}", status=404)


def answer(call: Call, matched: Route, given: dict[str, str]) -> Answer:
    """Return the answer of a route."""
    return matched.answer(call, **given)
