"""The base of the released client's objects: attributes from answers, and calls."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from ragflow_local.rest import Answer, File
from ragflow_local.sdk.response import Response


class Caller(Protocol):
    """The part of ``RAGFlow`` that its objects call."""

    def data(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: tuple[File, ...] | None = None,
        **query: object,
    ) -> Any:
        """Return the data of a call; raises ``RefusedError``."""
        ...

    def answer(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, object] | None = None,
        files: tuple[File, ...] | None = None,
    ) -> Answer:
        """Return the answer to a call."""
        ...

    def wait(self, document_id: str) -> None:
        """Wait until a document is not being parsed."""
        ...

    def post(
        self, path: str, json: object = None, stream: bool = False, files: Any = None
    ) -> Response:
        """Send a POST."""
        ...

    def get(
        self, path: str, params: Mapping[str, object] | None = None, json: object = None
    ) -> Response:
        """Send a GET."""
        ...

    def delete(self, path: str, json: object = None) -> Response:
        """Send a DELETE."""
        ...

    def put(self, path: str, json: object = None) -> Response:
        """Send a PUT."""
        ...

    def patch(self, path: str, json: object = None) -> Response:
        """Send a PATCH."""
        ...


class Base:
    """An object with the attributes of an answer; nested dicts become such objects too.

    Class attributes:
        _DEFAULTS: Attributes that it has in any case.
        _KEEPS_ALL: Whether it keeps others of the answer as well.
    """

    _DEFAULTS: ClassVar[Mapping[str, Any]] = {}
    _KEEPS_ALL: ClassVar[bool] = True

    rag: Caller

    def __init__(self, rag: Caller, res_dict: Mapping[str, Any] | None = None) -> None:
        self.rag = rag
        given = res_dict or {}
        missing = {name: value for name, value in self._DEFAULTS.items() if name not in given}
        values = copy.deepcopy(missing) | dict(given)
        if not self._KEEPS_ALL:
            values = {name: value for name, value in values.items() if name in self._DEFAULTS}
        self._update_from_dict(rag, values)

    def _update_from_dict(self, rag: Caller, res_dict: Mapping[str, Any]) -> None:
        for name, value in res_dict.items():
            self.__dict__[name] = Base(rag, value) if isinstance(value, dict) else value

    def __getattr__(self, name: str) -> Any:
        # Only reached where there is no such attribute.
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __getitem__(self, name: str) -> Any:
        try:
            return vars(self)[name]
        except KeyError:
            raise KeyError(name) from None

    def get_value(self, name: str, default: Any = None) -> Any:
        """Return an attribute, or a default if there is none."""
        return vars(self).get(name, default)

    def to_json(self) -> dict[str, Any]:
        """Return the attributes as plain values, sorted by name."""
        return {
            name: value.to_json() if isinstance(value, Base) else value
            for name, value in sorted(vars(self).items())
            if name != "rag" and not name.startswith("_")
        }

    def __repr__(self) -> str:
        return str(self.to_json())

    # ── calls, as scripts make them themselves ──

    def post(
        self, path: str, json: object = None, stream: bool = False, files: Any = None
    ) -> Response:
        """Send a POST to a path below ``/api/v1``."""
        return self.rag.post(path, json, stream=stream, files=files)

    def get(self, path: str, params: Mapping[str, object] | None = None) -> Response:
        """Send a GET to a path below ``/api/v1``."""
        return self.rag.get(path, params)

    def rm(self, path: str, json: object = None) -> Response:
        """Send a DELETE to a path below ``/api/v1``."""
        return self.rag.delete(path, json)

    def put(self, path: str, json: object = None) -> Response:
        """Send a PUT to a path below ``/api/v1``."""
        return self.rag.put(path, json)

    def patch(self, path: str, json: object = None) -> Response:
        """Send a PATCH to a path below ``/api/v1``."""
        return self.rag.patch(path, json)


def plain(given: Any) -> Any:
    """Return settings as a dict, whether given as an object or a dict."""
    return given.to_json() if isinstance(given, Base) else given


def one_of(*given: Any) -> Any:
    """Return the first of several spellings of an argument that is not None."""
    return next((value for value in given if value is not None), None)


def named(ids: Sequence[str] | None, delete_all: bool) -> dict[str, object]:
    """Return the body of a call that deletes things by their ids, or all of them."""
    return {"ids": None if ids is None else list(ids), "delete_all": delete_all}
