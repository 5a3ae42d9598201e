"""Serves the installed ``ragflow_sdk`` and plain ``requests`` in this process, without a socket."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.errors import InvalidValueError
from ragflow_local.rest import Answer, ReleasedAPI

if TYPE_CHECKING:
    import requests

DEFAULT_ADDRESS = "http://127.0.0.1:9380"

_PORTS = {"http": 80, "https": 443}
_Place = tuple[str, str, int]


@contextmanager
def in_process(
    project_dir: str | os.PathLike[str] | None = None,
    *,
    address: str = DEFAULT_ADDRESS,
    models: Mapping[str, str] | None = None,
    api_key: str | None = None,
    engine: RAGFlow | None = None,
    **options: Any,
) -> Iterator[ReleasedAPI]:
    """Serve one address to ``ragflow_sdk`` and ``requests`` from a project, until the block ends.

    Every other address is reached as before. Nothing is patched before the block, nor after it.

    Args:
        project_dir: The project; as for ``RAGFlow``.
        address: What scripts call the server.
        models: Names of models in scripts, ``<model>@<provider>``, to names of models here:
            ``{"embedding-3@ZHIPU-AI": "all-MiniLM-L6-v2", "glm-4-flash@ZHIPU-AI":
            "extractive"}``. Others are not found, as on a server that does not have them.
        api_key: The only key that is right; None for every one, or once a script has asked for a
            key, those that were given out and those of RAGFlow's form, ``ragflow-…``.
        engine: An open engine in place of ``project_dir``; it stays open.
        options: As for ``RAGFlow``.

    Raises:
        InvalidValueError: The address is none, or is served already.
    """
    import requests

    place = _place_of(address)
    opened = RAGFlow(project_dir=project_dir, **options) if engine is None else engine
    try:
        api = ReleasedAPI(opened, models=models, api_key=api_key)
        _transports.add(requests, place, api)
        try:
            yield api
        finally:
            _transports.remove(requests, place)
    finally:
        if engine is None:
            opened.close()


def _place_of(address: str) -> _Place:
    """Return the scheme, host and port of an address."""
    parts = urlsplit(address)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError):
        raise InvalidValueError("address", address, "an address such as http://host:9380") from None
    return parts.scheme, (parts.hostname or "").lower(), port


class _Transports:
    """The served addresses, and the one place in ``requests`` that is replaced for them."""

    def __init__(self) -> None:
        self._served: dict[_Place, Any] = {}
        self._lock = threading.Lock()
        self._former: Any = None

    def add(self, library: Any, place: _Place, api: ReleasedAPI) -> None:
        """Start serving an address."""
        with self._lock:
            if place in self._served:
                scheme, host, port = place
                raise InvalidValueError(
                    "address", f"{scheme}://{host}:{port}", "an address that is not served already"
                )
            if not self._served:
                self._former = library.Session.get_adapter
                library.Session.get_adapter = self._get_adapter
            self._served[place] = _adapter_type(library)(api)

    def remove(self, library: Any, place: _Place) -> None:
        """Stop serving an address; after the last, ``requests`` is as it was before."""
        with self._lock:
            del self._served[place]
            if not self._served:
                library.Session.get_adapter = self._former

    @property
    def _get_adapter(self) -> Any:
        former = self._former

        def get_adapter(session: Any, url: str) -> Any:
            try:
                adapter = self._served.get(_place_of(url))
            except InvalidValueError:
                adapter = None  # file:, say, for which a session may have an adapter of its own
            return former(session, url) if adapter is None else adapter

        return get_adapter


_transports = _Transports()


def _adapter_type(library: Any) -> Any:
    """Return the adapter class for ``requests``; it is defined here because that is optional."""

    class Adapter(library.adapters.BaseAdapter):  # type: ignore[misc]  # known when it is installed
        """Sends requests to an engine."""

        def __init__(self, api: ReleasedAPI) -> None:
            super().__init__()
            self._api = api

        def send(self, request: requests.PreparedRequest, **how: Any) -> Any:
            """Return the answer as a response of ``requests``."""
            return _response(library, request, _answer(self._api, request), bool(how.get("stream")))

        def close(self) -> None:
            """Do nothing: there is no connection."""

    return Adapter


def _answer(api: ReleasedAPI, sent: requests.PreparedRequest) -> Answer:
    headers = {name: str(value) for name, value in sent.headers.items()}
    client = getattr(sys.modules.get("ragflow_sdk"), "__version__", "")
    if client:
        headers.setdefault("X-RAGFlow-Client", client)
    return api.answer(str(sent.method), sent.path_url, headers, _body(sent.body))


def _body(body: Any) -> bytes:
    """Return the whole body of a prepared request."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        body = body.read()
    return body if isinstance(body, bytes) else b"".join(body)


def _response(library: Any, sent: Any, answer: Answer, is_streamed: bool) -> Any:
    response = library.Response()
    response.status_code = answer.status
    response.headers.update(answer.all_headers)
    response.encoding = "utf-8" if answer.content is None else None
    response.url = sent.url
    response.request = sent
    response.raw = _Parts(answer)
    if not is_streamed:
        response.content  # noqa: B018 -- read now, as requests does
    return response


class _Parts(io.RawIOBase):
    """The parts of an answer, readable as urllib3's are, each as soon as it is ready."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._parts = answer.parts()

    def stream(self, amount: int | None = None, decode_content: bool | None = None) -> Any:
        """Yield the parts of the answer, as urllib3's ``stream`` does."""
        return self._parts

    def readable(self) -> bool:
        """Return True: an answer can be read."""
        return True

    def read(self, amount: int | None = -1) -> bytes:
        """Return the next part, or all that are left."""
        if amount is None or amount < 0:
            return b"".join(self._parts)
        return next(self._parts, b"")

    def close(self) -> None:
        """Stop the answer."""
        self._answer.close()
        super().close()

    def release_conn(self) -> None:
        """Do nothing: there is no connection."""
