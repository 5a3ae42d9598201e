"""Serves the released API over HTTP on this computer.

    connection ─guard─▶ request ─rest.handle─▶ answer        and a small page at ``/``

It knows HTTP, and nothing of datasets: what is asked is answered in ``rest``. Whoever is not on
this computer, or comes from a page of another site, is refused in ``guard`` before anything is
read. To add a path of the API, add it in ``rest``; to add one of the page, in ``page_calls``.
"""

from ragflow_local.serve.guard import Rules
from ragflow_local.serve.server import Service

__all__ = ["Rules", "Service"]
