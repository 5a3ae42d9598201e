"""RAGFlow as an embedded engine."""

__all__: list[str] = []
