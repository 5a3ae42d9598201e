"""A file that is missing, because its row is, or although it is not."""

from typing import Literal

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.errors import DamagedProjectError, NotFoundError
from ragflow_local.stores.deleted import reading_files_of


@pytest.mark.parametrize("kind", ["document", "chunk"])
def test_a_file_whose_row_is_gone_was_deleted(
    rag: RAGFlow, kind: Literal["document", "chunk"]
) -> None:
    with pytest.raises(NotFoundError), reading_files_of(rag.project.catalog, kind, "gone"):
        raise DamagedProjectError(rag.project.path, "a file is missing")


def test_a_file_whose_row_is_there_is_damage(rag: RAGFlow, dataset: DataSet) -> None:
    document = rag.add_document(dataset, "a.txt", b"x")
    rag.project.files.path_of(document._row.sha256).unlink()
    with pytest.raises(DamagedProjectError):
        document.download()
    document.delete()
    with pytest.raises(NotFoundError):
        document.download()
