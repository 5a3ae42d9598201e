"""Answers requests to the released API from an open engine."""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.errors import NotFoundError, RagflowError
from ragflow_local.rest import routes, wsgi
from ragflow_local.rest.call import Call
from ragflow_local.rest.exchange import Answer, Request
from ragflow_local.rest.names import ModelNames
from ragflow_local.rest.refusals import (
    DATA,
    FAILED,
    UNAUTHORISED,
    UNAUTHORISED_FOR,
    UNEXPECTED,
    Refusal,
)

_log = logging.getLogger("ragflow_local.rest")

_REFUSED = "<Unauthorized '401: Unauthorized'>"
# RAGFlow's own keys begin so.
_KEY = "ragflow-"
# What the engine says of things that are gone, in RAGFlow's words.
_GONE = {
    "dataset": (DATA, "You don't own the dataset {}. "),
    "document": (DATA, "you don't own the document {}"),
    "chunk": (DATA, "Can't find this chunk {}"),
    "chat": (UNAUTHORISED_FOR, "no authorization"),
    "session": (DATA, "Session not found!"),
}


class ReleasedAPI:
    """RAGFlow's REST API without a socket: ``handle(request)``, or itself as a WSGI application.

    Each key names a tenant, as the ``api_key`` of ``RAGFlow`` does. Which keys are right: the one
    that is given; else those that begin with ``ragflow-``; as long as nobody has asked for a key
    (``POST /api/v1/system/tokens``), every other one too.

    Args:
        engine: An open engine; it stays open when this is no longer used.
        models: Names of models in scripts, ``<model>@<provider>``, to names of models here.
        api_key: The only key that is right; None for those above.
        tenant_id: Whose every key is, whatever it says; None: each names its own tenant.
        knows_all_models: Whether every name of a model means the engine's default.
        checks_keys: Whether there are wrong keys; else any names a tenant, an empty one too.
    """

    def __init__(
        self,
        engine: RAGFlow,
        *,
        models: Mapping[str, str] | None = None,
        api_key: str | None = None,
        tenant_id: str | None = None,
        checks_keys: bool = True,
        knows_all_models: bool = False,
    ) -> None:
        # Imported here, since they import what a call is: each adds its paths to ``routes``.
        from ragflow_local.rest import areas

        areas.load()
        self.engine = engine
        self.names = ModelNames(engine, models or {}, knows_all=knows_all_models)
        self._api_key = api_key
        self._checks_keys = checks_keys
        self._tenant_id = tenant_id
        self._issued: set[str] = set()
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Answer:
        """Return the answer to a request; no request makes it raise.

        Raises:
            RagflowError: The engine cannot go on: it is closed, say, or its disk is full.
        """
        try:
            route, given = routes.find(request.method, request.path)
            if self._checks_keys and not route.is_open:
                self._check(request)
            tenant_id = self._tenant_id or tenant_of(request.key)
            call = Call(self.engine.project, tenant_id, request, self.names, self.issue)
            return routes.answer(call, route, given)
        except Refusal as refusal:
            return Answer(refusal.envelope, status=refusal.status)
        except NotFoundError as error:
            code, message = _GONE.get(error.kind, (DATA, "{} not found"))
            return Answer(Refusal(code, message.format(error.id)).envelope)
        except RagflowError as error:
            _log.warning("%s %s: %s", request.method, request.path, error)
            return Answer(Refusal(FAILED, str(error)).envelope)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            # A value of a kind that nobody thought of: told as RAGFlow's server tells it.
            _log.exception("%s %s", request.method, request.path)
            return Answer(Refusal(UNEXPECTED, repr(error)).envelope)

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Return the answer to a request given in HTTP's parts; see ``Request.of_http``."""
        try:
            return self.handle(Request.of_http(method, target, headers, body))
        except Refusal as refusal:
            return Answer(refusal.envelope, status=refusal.status)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., object]
    ) -> Iterator[bytes]:
        """Answer a request as a WSGI application."""
        return wsgi.answer(self.handle, environ, start_response)

    def issue(self) -> str:
        """Return a new key; from then on keys of another shape must have been issued."""
        key = f"{_KEY}{secrets.token_urlsafe(32)}"
        with self._lock:
            self._issued.add(key)
        return key

    def _check(self, request: Request) -> None:
        """Raise ``Refusal`` if the key of a request is wrong or missing."""
        key = request.key
        if self._api_key is not None:
            is_right = secrets.compare_digest(key.encode(), self._api_key.encode())
        else:
            is_right = bool(key) and key != "None"
            with self._lock:
                if self._issued and self._tenant_id is None:
                    is_right = key in self._issued or key.startswith(_KEY)
        if not is_right:
            raise Refusal(UNAUTHORISED, _REFUSED, status=401)


def tenant_of(key: str) -> str:
    """Return the tenant id of a key, the same as that of ``RAGFlow(api_key=…)``."""
    return hashlib.sha256(b"ragflow_local tenant\0" + key.encode("utf-8", "replace")).hexdigest()[
        :32
    ]
