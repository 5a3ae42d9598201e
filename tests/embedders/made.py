"""Models made in code, for what no model without weights does by itself."""

from collections.abc import Sequence

from ragflow_local.embedders.calibration import Calibration
from ragflow_local.embedders.hashing import HashingEmbedder
from ragflow_local.embedders.vectors import unit_rows
from ragflow_local.records import Matrix, Vector


class Crowded(HashingEmbedder):
    """A model whose vectors all lie near one direction, as those of many real ones do."""

    def __init__(self, apart: float, unread: Sequence[str] = ()) -> None:
        super().__init__()
        self.apart = apart
        self.calibration = Calibration(0.0, tuple(unread))
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Matrix:
        vectors = self.apart * super().embed(texts)
        vectors[:, 0] += 1
        return unit_rows(vectors)

    def embed_query(self, question: str) -> Vector:
        self.asked.append(question)
        return self.embed([question]).reshape(-1)
