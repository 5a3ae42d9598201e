"""Answers the calls of RAGFlow's released REST API, without a socket.

    request ─handle─▶ answer          ``{"code": 0, "message": "", "data": …}``, bytes, or events

It knows RAGFlow's paths, fields, rules and messages, and nothing of a transport: the module
``ragflow_local.sdk`` and a server stand above it. A new path is a function with ``@route`` in the
file of its area, and that file's name in ``areas``.
"""

from ragflow_local.rest.api import ReleasedAPI
from ragflow_local.rest.exchange import Answer, File, Request

__all__ = ["Answer", "File", "ReleasedAPI", "Request"]
