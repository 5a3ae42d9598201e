"""RAGFlow's released client, by its names and calls, on an engine in this process.

    from ragflow_local.sdk import RAGFlow  # for: from ragflow_sdk import RAGFlow

    rag = RAGFlow("ragflow-key", "http://127.0.0.1:9380", project_dir="my_project")
    dataset = rag.create_dataset(name="manuals")

Spellings of clients 0.13 to 0.27 are taken. Or the installed client stays as it is:

    with in_process("my_project", address="http://127.0.0.1:9380"):
        ...  # ``ragflow_sdk`` and ``requests`` find the engine at that address
"""

from ragflow_local.errors import ChunkUpdateError, RefusedError
from ragflow_local.sdk.agents import Agent
from ragflow_local.sdk.base import Base
from ragflow_local.sdk.chat import Chat
from ragflow_local.sdk.chunk import Chunk
from ragflow_local.sdk.dataset import DataSet
from ragflow_local.sdk.document import Document
from ragflow_local.sdk.in_process import in_process
from ragflow_local.sdk.memories import Memory
from ragflow_local.sdk.ragflow import RAGFlow
from ragflow_local.sdk.session import Message, Session

__all__ = [
    "Agent",
    "Base",
    "Chat",
    "Chunk",
    "ChunkUpdateError",
    "DataSet",
    "Document",
    "Memory",
    "Message",
    "RAGFlow",
    "RefusedError",
    "Session",
    "in_process",
]
