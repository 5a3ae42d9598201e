"""More than one computer, or one project: places that parse, snapshots, projects searched as one.

A room for what goes beyond one process on one directory. It knows open projects, and nothing of the
API, which calls it. Each name is loaded when it is first used: no library of a cluster comes with
another's.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ragflow_local.ingest.places import Place, Pool
    from ragflow_local.ingest.remote import parse_batch
    from ragflow_local.scale.folder import FolderPlace
    from ragflow_local.scale.folder_work import work
    from ragflow_local.scale.ray import RayPlace
    from ragflow_local.scale.snapshots import Fetched, fetch

    Shards: Any  # of the room of the API, which stands above: it is known by its name alone

__all__ = [
    "Fetched",
    "FolderPlace",
    "Place",
    "Pool",
    "RayPlace",
    "Shards",
    "fetch",
    "parse_batch",
    "work",
]

_MODULES = {
    "FolderPlace": "ragflow_local.scale.folder",
    "Place": "ragflow_local.ingest.places",
    "Pool": "ragflow_local.ingest.places",
    "RayPlace": "ragflow_local.scale.ray",
    "Fetched": "ragflow_local.scale.snapshots",
    "Shards": "ragflow_local.api.shards",
    "fetch": "ragflow_local.scale.snapshots",
    "parse_batch": "ragflow_local.ingest.remote",
    "work": "ragflow_local.scale.folder_work",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'ragflow_local.scale' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
