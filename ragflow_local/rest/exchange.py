"""Requests and answers of the API, independent of any transport."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from ragflow_local.api.streams import Stop
from ragflow_local.rest.refusals import ARGUMENT, Refusal

# curl names the last where nobody names a type.
_JSON = ("", "application/json", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class File:
    """A file of an upload, with the name it was given."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the released API.

    Attributes:
        method: ``GET``, ``POST``, ``PUT``, ``PATCH`` or ``DELETE``.
        path: From the root, ``/api/v1/datasets``, without what follows a question mark.
        query: Each parameter with its values, as texts.
        body: What JSON said, or the fields of a form; None where there is none.
        files: Of a form, in their order; None where the body is none.
        key: What authorises it, without ``Bearer``; "" for none.
        client: The version of the client that asks, where its answers have other shapes; "" else.
        stop: Set when nobody waits for the answer any more; None where that cannot be known.
    """

    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: object = None
    files: tuple[File, ...] | None = None
    key: str = ""
    client: str = ""
    stop: Stop | None = None

    @classmethod
    def of_http(
        cls,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        stop: Stop | None = None,
    ) -> Request:
        """Return the request given by method, target, headers and body of HTTP.

        Args:
            method: In capitals.
            target: Path and query, percent-encoded.
            headers: By their names; case does not count.
            body: All of it.
            stop: Set when nobody waits for the answer any more.

        Raises:
            Refusal: The body is not what its type says.
        """
        known = {name.lower(): value for name, value in headers.items()}
        parts = urlsplit(target)
        authorization = known.get("authorization", "")
        kind = known.get("content-type", "")
        files: tuple[File, ...] | None = None
        content: object = None
        if kind.startswith("multipart/form-data"):
            content, files = _form(body, kind)
        elif body:
            _check_json(kind)
            content = _json(body)
        return cls(
            method=method,
            path=unquote(parts.path),
            query=parse_qs(parts.query, keep_blank_values=True),
            body=content,
            files=files,
            key=authorization.removeprefix("Bearer").strip(),
            client=known.get("x-ragflow-client", ""),
            stop=stop,
        )

    def value(self, name: str) -> str | None:
        """Return a parameter of the query, or None."""
        values = self.query.get(name)
        return values[-1] if values else None

    def is_older_than(self, version: tuple[int, ...]) -> bool:
        """Return whether the request names a client older than a version."""
        parts = tuple(int(part) for part in self.client.split(".") if part.isdecimal())
        return bool(parts) and parts < version

    def fields(self) -> dict[str, Any]:
        """Return the body as a dict, which is empty if there is no body.

        Raises:
            Refusal: It is something else.
        """
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            kind = type(self.body).__name__
            raise Refusal(ARGUMENT, f"Invalid request payload: expected object, got {kind}")
        return self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a call: an envelope, the bytes of a file, or a stream of events.

    Attributes:
        envelope: ``code``, ``message``, ``data`` and, of lists, ``total``.
        content: Bytes instead of it; None else.
        events: Envelopes one after the other instead of it, each at the time it is known. Closing
            the iterator stops the answer. None else.
        status: HTTP's.
        headers: HTTP's, besides length and kind of an envelope.
        ending: What stands behind the last event, as ``[DONE]``; "" for nothing.
    """

    envelope: Mapping[str, Any] = field(default_factory=dict)
    content: bytes | None = None
    events: Iterator[Mapping[str, Any]] | None = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    ending: str = ""

    @property
    def all_headers(self) -> list[tuple[str, str]]:
        """Return the headers, the content type included."""
        if self.events is not None:
            kind = "text/event-stream; charset=utf-8"
            return [("Content-Type", kind), ("Cache-Control", "no-cache"), *self.headers]
        if self.content is not None:
            return list(self.headers)
        return [("Content-Type", "application/json"), *self.headers]

    def parts(self) -> Iterator[bytes]:
        """Yield the bytes of the answer, each event as soon as it is ready."""
        if self.content is not None:
            yield self.content
        elif self.events is None:
            yield _written(self.envelope)
        else:
            try:
                for event in self.events:
                    line = json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")
                    yield b"data:" + line + b"\n\n"
                if self.ending:
                    yield f"data: {self.ending}\n\n".encode()
            finally:
                self.close()

    def close(self) -> None:
        """Stop the events of the answer."""
        close = getattr(self.events, "close", None)
        if close is not None:
            close()


def done(data: object = None, **more: object) -> Answer:
    """Return the answer of a call that succeeded."""
    envelope: dict[str, Any] = {"code": 0, "message": "", **more}
    if data is not None:
        envelope["data"] = data
    return Answer(envelope)


def _written(envelope: Mapping[str, Any]) -> bytes:
    """Return an envelope as JSON in UTF-8, lone surrogates as question marks."""
    try:
        return msgspec.json.encode(envelope)
    except UnicodeEncodeError:
        return json.dumps(envelope, ensure_ascii=False).encode("utf-8", "replace")


def _check_json(kind: str) -> None:
    """Raise ``Refusal`` if the type of a body says that it is no JSON."""
    bare = kind.partition(";")[0].strip().lower()
    if bare not in _JSON and not bare.endswith("+json"):
        raise Refusal(ARGUMENT, f"Unsupported content type: Expected application/json, got {bare}")


def _json(body: bytes) -> object:
    try:
        content = json.loads(body)
        if b"\\ud" in body.lower():  # half a letter, perhaps, which UTF-8 cannot hold
            json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        text = "Malformed JSON syntax: Missing commas/brackets or invalid encoding"
        raise Refusal(ARGUMENT, text) from None
    return content


def _form(body: bytes, kind: str) -> tuple[dict[str, str], tuple[File, ...]]:
    """Return the fields of a form and the files of its field ``file``."""
    boundary = parse_options_header(kind)[1].get(b"boundary", b"")
    if not body or not boundary:
        return {}, ()
    fields: dict[str, str] = {}
    files: list[File] = []

    def keep_field(field: Any) -> None:
        fields[field.field_name.decode()] = (field.value or b"").decode()

    def keep_file(file: Any) -> None:
        if file.field_name == b"file":
            file.file_object.seek(0)
            files.append(File(_unescaped(file.file_name.decode()), file.file_object.read()))
        file.close()

    try:
        # All of it is in memory already: nothing is written to the disk besides.
        config = {"MAX_MEMORY_FILE_SIZE": float("inf"), "MAX_HEADER_SIZE": len(body)}
        parser = FormParser(
            "multipart/form-data", keep_field, keep_file, boundary=boundary, config=config
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, UnicodeError, LookupError) as error:
        raise Refusal(ARGUMENT, f"Malformed form: {error}") from None
    return fields, tuple(files)


def _unescaped(name: str) -> str:
    """Return a file's name without the escapes of browsers and urllib3."""
    for escaped, letter in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        name = name.replace(escaped, letter)
    return name
