"""RAGFlow's Python API as an embedded engine: no server, no account, one project directory.

    from ragflow_local import RAGFlow

    with RAGFlow(project_dir="my_project") as rag:
        dataset = rag.create_dataset("manuals")
        rag.create_document(dataset, "pump.pdf", open("pump.pdf", "rb").read())
        document = rag.get_document(name="pump.pdf")
        document.async_parse()
        for percent, message in document.join(interval=1):
            print(f"{percent:5.1f} % {message}")
        for chunk in rag.retrieval("How is the pump bled?", datasets=[dataset]):
            print(f"{chunk.similarity:.2f} {chunk.content}")

What ``__all__`` lists is public; every other module may change between releases.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragflow_local.api.chat import Chat
    from ragflow_local.api.chunk import Chunk
    from ragflow_local.api.dataset import DataSet
    from ragflow_local.api.document import Document
    from ragflow_local.api.message import Message
    from ragflow_local.api.parsing import ParseProgress
    from ragflow_local.api.ragflow import RAGFlow
    from ragflow_local.api.session import Session
    from ragflow_local.errors import (
        InvalidValueError,
        MissingModelError,
        ModelError,
        NameTakenError,
        NotFoundError,
        ParseError,
        ProjectLockedError,
        RagflowError,
        ReadError,
        StoreError,
    )
    from ragflow_local.processes.starting import worker_main
    from ragflow_local.settings import Limits

__all__ = [
    "Chat",
    "Chunk",
    "DataSet",
    "Document",
    "InvalidValueError",
    "Limits",
    "Message",
    "MissingModelError",
    "ModelError",
    "NameTakenError",
    "NotFoundError",
    "ParseError",
    "ParseProgress",
    "ProjectLockedError",
    "RAGFlow",
    "RagflowError",
    "ReadError",
    "Session",
    "StoreError",
    "worker_main",
]
__version__ = "0.1.0"

# All loggers are below this one; a program that wants to hear them gives it a handler. Without
# any, Python writes warnings to the terminal, and llama.cpp warns of much.
logging.getLogger("ragflow_local").addHandler(logging.NullHandler())

_ROOMS = {
    "Chat": "api.chat",
    "Chunk": "api.chunk",
    "DataSet": "api.dataset",
    "Document": "api.document",
    "Limits": "settings",
    "Message": "api.message",
    "ParseProgress": "api.parsing",
    "RAGFlow": "api.ragflow",
    "Session": "api.session",
    "worker_main": "processes.starting",
}


def __getattr__(name: str) -> object:
    # Names are loaded when they are first used: a worker process needs none of them.
    if name not in __all__:
        raise AttributeError(f"module 'ragflow_local' has no attribute {name!r}")
    return getattr(import_module(f"ragflow_local.{_ROOMS.get(name, 'errors')}"), name)
