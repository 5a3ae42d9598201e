"""Where a model server is, whether it may be asked, and the key it gets.

Addresses come out of projects, which may be a stranger's: only this computer is asked unless the
environment names another, and a key goes to none that neither the environment nor the keyring
names.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ragflow_local.errors import InvalidValueError, ModelServerError

if TYPE_CHECKING:
    from http.client import HTTPConnection

SERVERS = "RAGFLOW_LOCAL_LLM_SERVERS"
KEY = "RAGFLOW_LOCAL_LLM_KEY"
DEFAULT = "RAGFLOW_LOCAL_LLM"
KEYRING = "ragflow-local"

_ALLOWED = "an address such as http://127.0.0.1:11434/v1#MODEL"
_PATH = re.compile(r"[A-Za-z0-9._~/-]*\Z")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A server that speaks as OpenAI's does, and which of its models is meant.

    Attributes:
        scheme: ``http`` or ``https``.
        host: A name or an IP address, without brackets.
        port: Its port.
        path: What stands before ``/chat/completions``, mostly ``/v1``.
        model: The model, as the server calls it; empty for its only one.
    """

    scheme: str
    host: str
    port: int
    path: str
    model: str

    @property
    def name(self) -> str:
        """Who answers, for messages."""
        return self.model or self.origin

    @property
    def origin(self) -> str:
        """The address alone: ``http://127.0.0.1:11434``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_here(self) -> bool:
        """Whether it is on this computer."""
        return self.host == "localhost" or _is_loopback(self.host)


def is_address(model_name: str) -> bool:
    """Return whether the name of a chat model is a server's address."""
    return model_name.lower().startswith(("http://", "https://"))


def parse_address(model_name: str) -> ServerAddress:
    """Return the server that a model's name means.

    Raises:
        InvalidValueError: It is no address, or holds a password or a query.
    """
    try:
        parts = urlsplit(model_name)
        port = parts.port
    except ValueError:
        raise InvalidValueError("model_name", model_name, _ALLOWED) from None
    host = (parts.hostname or "").rstrip(".")
    if parts.username is not None or parts.query:
        raise InvalidValueError("model_name", "http://…", f"{_ALLOWED}, without a key in it")
    if not is_address(model_name) or not host or not _PATH.match(parts.path):
        raise InvalidValueError("model_name", model_name, _ALLOWED)
    default = 443 if parts.scheme == "https" else 80
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return ServerAddress(parts.scheme, host, port or default, path, parts.fragment)


def check_allowed(address: ServerAddress) -> None:
    """Raise ``ModelServerError`` unless a server is on this computer, or named as allowed."""
    if not address.is_here and address.origin not in _named():
        raise ModelServerError(
            address.name,
            f"{address.origin} is not on this computer, and the engine asks no other",
            f"To allow it, set {SERVERS}={address.origin} in the environment.",
        )


def key_of(address: ServerAddress) -> str:
    """Return the key a server gets; empty for none.

    Raises:
        ModelServerError: It would travel in the clear.
    """
    is_named = address.origin in {*_named(), *_of_default()}
    key = (os.environ.get(KEY, "") if is_named else "") or _keyring_key(address.origin)
    if key and not address.is_here and address.scheme != "https":
        raise ModelServerError(
            address.name,
            f"the key for {address.origin} would travel in the clear",
            "Give the address with https, or no key.",
        )
    if not key.isascii() or not key.isprintable():
        raise ModelServerError(
            address.name, "its key has letters no header can hold", f"Set {KEY} anew."
        )
    return key


def connect(address: ServerAddress, timeout_seconds: float) -> HTTPConnection:
    """Return an open connection; nothing was sent but to where it may go.

    Proxies of the environment are not used, and nothing that is sent is led elsewhere.

    Raises:
        ModelServerError: It is not allowed.
        OSError: Nobody listens there.
    """
    import ssl  # only for who asks a server
    from http.client import HTTPConnection, HTTPSConnection

    check_allowed(address)
    connection: HTTPConnection
    if address.scheme == "https":
        connection = HTTPSConnection(
            address.host,
            address.port,
            timeout=timeout_seconds,
            context=ssl.create_default_context(),
        )
    else:
        connection = HTTPConnection(address.host, address.port, timeout=timeout_seconds)
    connection.connect()
    peer = connection.sock.getpeername()[0]
    if address.is_here and not _is_loopback(peer):
        connection.close()
        raise ModelServerError(
            address.name,
            f"{address.host!r} leads to {peer}, which is not this computer",
            "Write 127.0.0.1 in its place.",
        )
    return connection


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _named() -> Iterator[str]:
    """Yield the origins (scheme, host, port) that the environment allows."""
    for part in re.split(r"[\s,]+", os.environ.get(SERVERS, "")):
        if is_address(part):
            yield parse_address(part).origin


def _of_default() -> Iterator[str]:
    """Yield the origin of the environment's own model."""
    if is_address(name := os.environ.get(DEFAULT, "")):
        yield parse_address(name).origin


def _keyring_key(origin: str) -> str:
    """Return the key that the system's keyring has for a server, where there is a keyring."""
    try:
        import keyring
    except ImportError:
        return ""
    try:
        return keyring.get_password(KEYRING, origin) or ""
    except keyring.errors.KeyringError:
        return ""
