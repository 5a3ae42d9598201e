"""Serves the API as a WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from ragflow_local.rest.exchange import Answer, Request
from ragflow_local.rest.refusals import Refusal


def answer(
    handle: Callable[[Request], Answer],
    environ: dict[str, Any],
    start_response: Callable[..., object],
) -> Iterator[bytes]:
    """Send status and headers of an answer, and return its parts.

    The iterator has ``close``, which stops an answer that nobody reads any more.
    """
    try:
        given = handle(request_of(environ))
    except Refusal as refusal:
        given = Answer(refusal.envelope, status=refusal.status)
    parts = given.parts()
    headers = given.all_headers
    if given.events is None:
        body = b"".join(parts)
        headers = [*headers, ("Content-Length", str(len(body)))]
        parts = iter([body])
    start_response(f"{given.status} {HTTPStatus(given.status).phrase}", headers)
    return parts


def request_of(environ: dict[str, Any]) -> Request:
    """Return the request of a WSGI environment.

    Raises:
        Refusal: Its body is not what its type says.
    """
    headers = {
        name[5:].replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["Content-Type"] = environ.get("CONTENT_TYPE", "")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length > 0 else b""
    # WSGI gives the bytes of the path as Latin-1, percent signs decoded.
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"))
    target = f"{path}?{environ.get('QUERY_STRING', '')}"
    return Request.of_http(environ["REQUEST_METHOD"], target, headers, body)
