"""Decides which requests are answered, by host, origin, key, path and size."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_UNSEEN = re.compile(r"[\x00-\x20\x7f]|%(?:0|1|20|7f)", re.IGNORECASE)
_FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Rules:
    """The requests that a service allows.

    Attributes:
        names: Hosts by which it may be asked for, beside those of this computer; a page of another
            site that has its own name lead here (DNS rebinding) is none of them.
        origins: Pages and programs that may ask though they come from elsewhere, as
            ``app://assistant``.
        key: What each call has to say; "" for none.
        most_body_bytes: Of a call; of one with files ``most_upload_bytes``.
        most_upload_bytes: Of all files of a call together.
        most_held_bytes: Of all bodies that are being read at once.
        body_seconds: Longest time to send a body; also to take a piece of an answer.
        head_seconds: Longest time to send the head of a request.
        most_answers: Answers that are being written at once; the next waits outside.
        most_connections: Connections at once.
    """

    names: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    key: str = field(default="", repr=False)
    most_body_bytes: int = 16 << 20
    most_upload_bytes: int = 256 << 20
    most_held_bytes: int = 512 << 20
    body_seconds: float = 60.0
    head_seconds: float = 10.0
    most_answers: int = 256
    most_connections: int = 1000

    def most_bytes(self, content_type: str) -> int:
        """Return the largest allowed body of a call, in bytes."""
        is_form = content_type.lower().startswith(_FORM)
        return self.most_upload_bytes if is_form else self.most_body_bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """The reason a request is refused: HTTP's status and a sentence."""

    status: int
    message: str


def refused(rules: Rules, path: str, method: str, headers: Mapping[str, str]) -> Refused | None:
    """Return the reason to refuse a request by its head alone, or None.

    Args:
        rules: What is allowed.
        path: As it was sent, percent-encoded.
        method: HTTP's verb.
        headers: By lower-case names.
    """
    host = _host_of(headers.get("host", ""))
    if host not in _LOCAL_NAMES and host not in rules.names:
        return Refused(421, f"This is not the host {host!r}. Ask for 127.0.0.1 or localhost.")
    if not path.startswith("/") or path.startswith("//") or "\\" in path or _UNSEEN.search(path):
        return Refused(
            400, "A path begins with one / and has no backslash, space or control character."
        )
    if any(step in (".", "..") for step in _steps(path)):
        return Refused(400, "A path may not have . or .. as a step.")
    return _by_origin(rules, path, method, headers)


def _by_origin(rules: Rules, path: str, method: str, headers: Mapping[str, str]) -> Refused | None:
    origin = headers.get("origin")
    if origin is not None:
        if origin in rules.origins or _is_own(origin, headers.get("host", "")):
            return None
        return Refused(403, f"Pages of {origin!r} may not ask here. --origin {origin} allows it.")
    site = headers.get("sec-fetch-site", "none")
    # Who clicks on a link to the page comes from another site, and may.
    is_visit = path == "/" and method == "GET" and headers.get("sec-fetch-mode") == "navigate"
    if site in ("cross-site", "same-site") and not is_visit:
        return Refused(403, "Pages of other sites may not ask here.")
    return None


def is_right_key(rules: Rules, headers: Mapping[str, str]) -> bool:
    """Return whether a request has the key, if one is required."""
    if not rules.key:
        return True
    given = headers.get("authorization", "").removeprefix("Bearer").strip()
    return secrets.compare_digest(given.encode(), rules.key.encode())


def is_loopback(host: str) -> bool:
    """Return whether only this computer can reach an address to listen at."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _host_of(header: str) -> str:
    """Return the host of a ``Host`` header without its port, or "" if it cannot be read."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return ""
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        return ""
    return (parts.hostname or "").rstrip(".")


def _is_own(origin: str, host: str) -> bool:
    scheme, separator, rest = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and rest.lower() == host.lower()


def _steps(path: str) -> list[str]:
    decoded = re.sub("%2e", ".", path, flags=re.IGNORECASE)
    return re.split("/|%2f|%5c", decoded, flags=re.IGNORECASE)
