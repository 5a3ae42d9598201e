"""The calls of ``RAGFlow`` that take care of a project: backup, vacuum, export, import."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ragflow_local.api import checks
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.documents import DocumentCalls
from ragflow_local.errors import InvalidValueError, ModelError, NameTakenError, ReadOnlyProjectError
from ragflow_local.ingest.exchange import Asked, export_dataset, import_dataset
from ragflow_local.records import DatasetRow, DocumentRow
from ragflow_local.settings import check_name
from ragflow_local.stores.catalog import IntegrityError


class CareCalls(DocumentCalls):
    """The part of ``RAGFlow`` that takes care of its project."""

    def backup(self, path: str | os.PathLike[str]) -> int:
        """Write a whole copy of the project, as it is at one moment; others go on meanwhile.

        The copy is a project: open it, or move it. Its vector tables are made at the first search.

        Args:
            path: A directory that is not there yet, or empty.

        Returns:
            The bytes of the copy.

        Raises:
            UnusableDirectoryError: There is something at ``path`` already.
            DamagedProjectError: A file of the project is missing or torn.
        """
        return self.project.backup(_file(path))

    def vacuum(self) -> int:
        """Give back the room of what was deleted; return how many bytes that was.

        Raises:
            ReadOnlyProjectError: The engine was opened with ``read_only=True``.
        """
        if self.project.options.read_only:
            raise ReadOnlyProjectError(self.project_dir)
        return self.project.vacuum()

    def export_dataset(self, ds: DataSet | str, path: str | os.PathLike[str]) -> None:
        """Write a dataset to one file, with bytes, chunks and embeddings.

        Args:
            ds: The dataset, or its id or name.
            path: The file to write; one that is there is replaced.

        Raises:
            NotFoundError: There is no such dataset.
            DamagedProjectError: The bytes of a document are missing or torn.
        """
        export_dataset(self.project.stores, self.find_dataset(ds).id, _file(path))

    def _check_dim(self, row: DatasetRow) -> None:
        """Raise ``InvalidValueError`` where the model of that name has another length."""
        with contextlib.suppress(ModelError):
            dim = self.project.embedder(row.embedding_model).dim
            if row.embedding_dim not in (0, dim):
                raise InvalidValueError("embedding_dim", row.embedding_dim, f"{dim}, as its model")

    def import_dataset(
        self,
        path: str | os.PathLike[str],
        name: str | None = None,
        *,
        into: DataSet | str | None = None,
    ) -> DataSet:
        """Add the dataset of a file that ``export_dataset`` wrote; no text is embedded again.

        All of it is added, or nothing. With ``into`` its documents come into a dataset that is
        there: several people can parse on several computers, and bring together what they have. A
        document that is there already, by name and bytes, gets its chunks if it has none.

        Args:
            path: The file.
            name: What to call the dataset; None for the name it had.
            into: A dataset, or its id or name, that takes the documents.

        Raises:
            NameTakenError: This tenant has a dataset of that name.
            DamagedFileError: The file is torn, no exported dataset, or has a value that no export
                has.
            InvalidValueError: There is no file, a document is beyond ``limits``, or the vectors
                are of another model than those of ``into``.
            LimitError: Together with what there is, it is more than ``limits`` allows.
            NotFoundError: There is no dataset ``into``.
        """
        if self.project.options.read_only:
            raise ReadOnlyProjectError(self.project_dir)
        if name is not None:
            checks.dataset_name(name)
        if name is not None and into is not None:
            raise InvalidValueError("name", name, "None where the documents come into a dataset")
        home = None if into is None else self.find_dataset(into).id
        limit = self.project.options.limits.document_bytes
        taken: list[str] = []
        coming = 0

        def check(row: DatasetRow | DocumentRow) -> None:
            checks.parse_method(row.parse_method)
            if isinstance(row, DatasetRow):
                checks.permission(row.permission)
                self._check_dim(row)
                taken.append(checks.dataset_name(row.name if name is None else name))
                if home is None and self.list_datasets(name=taken[0]):
                    raise NameTakenError("dataset", taken[0])
                return
            check_name(row.name)
            checks.meta_fields(row.meta_fields)
            if row.size > limit:
                allowed = f"a file whose documents have at most {limit} bytes (limits=…)"
                raise InvalidValueError("size", row.size, allowed)
            nonlocal coming
            coming += row.size
            with self.project.catalog.read() as reading:
                self.project.intake.check_total(reading, row.name, coming)

        asked = Asked(self.tenant_id, check, name, home)
        try:
            id = import_dataset(self.project.stores, _file(path), asked)
        except IntegrityError:
            raise NameTakenError("dataset", taken[0]) from None
        return self.find_dataset(id)


def _file(path: object) -> Path:
    if not isinstance(path, str | os.PathLike) or "\0" in os.fsdecode(path):
        raise InvalidValueError("path", path, "the path of a file")
    return Path(os.fsdecode(path)).expanduser()
