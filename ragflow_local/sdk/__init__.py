"""RAGFlow's released client by name and call, with an engine in this process behind it.

from ragflow_local.sdk import in_process

with in_process("my_project", address="http://127.0.0.1:9380"):
    ...  # ``ragflow_sdk`` and ``requests`` find the engine at that address
"""

from ragflow_local.sdk.in_process import in_process

__all__ = ["in_process"]
