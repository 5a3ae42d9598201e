"""The dataset calls of ``RAGFlow``: create, list, find, delete."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from ragflow_local.api import checks
from ragflow_local.api.dataset import DataSet
from ragflow_local.api.document import ParserConfig
from ragflow_local.api.opening import Opening
from ragflow_local.errors import InvalidValueError, NameTakenError, NotFoundError
from ragflow_local.records import DatasetRow
from ragflow_local.settings import check_text
from ragflow_local.stores.catalog import IntegrityError, datasets, documents, now_ms


class DatasetCalls(Opening):
    """The part of ``RAGFlow`` that deals with datasets."""

    def create_dataset(
        self,
        name: str,
        avatar: str = "",
        description: str = "",
        language: str = "English",
        permission: str = "me",
        document_count: int = 0,
        chunk_count: int = 0,
        parse_method: str = "naive",
        parser_config: ParserConfig | dict[str, Any] | None = None,
    ) -> DataSet:
        """Make a dataset.

        Args:
            name: English letters, digits and ``_``, the first not a digit; unique among this
                tenant's without regard to case.
            avatar: An image as Base64.
            description: Free text.
            language: Free text.
            permission: ``me``, or ``team`` for all who open the project.
            document_count: 0.
            chunk_count: 0.
            parse_method: One of the twelve.
            parser_config: What its documents take a copy of; None for the defaults.

        Raises:
            InvalidValueError: An argument is not allowed.
            NameTakenError: This tenant has a dataset of that name.
        """
        for key, value in (
            ("avatar", avatar),
            ("description", description),
            ("language", language),
        ):
            check_text(key, value)
        for key, count in (("document_count", document_count), ("chunk_count", chunk_count)):
            if count != 0 or isinstance(count, bool):
                raise InvalidValueError(key, count, "0: a new dataset is empty")
        now = now_ms()
        values = {
            "id": uuid.uuid4().hex,
            "tenant_id": self.tenant_id,
            "name": checks.dataset_name(name),
            "avatar": avatar,
            "description": description,
            "language": language,
            "permission": checks.permission(permission),
            "parse_method": checks.parse_method(parse_method),
            "parser_config": ParserConfig.of(parser_config).to_dict(),
            "embedding_model": self.embedding_model,
            "create_time": now,
            "update_time": now,
        }
        self.project.models.check_embedder(self.embedding_model)
        try:
            with self.project.catalog.write() as connection:
                datasets.insert(connection, values)
                row = datasets.get(connection, str(values["id"]))
        except IntegrityError:
            raise NameTakenError("dataset", name) from None
        assert row is not None
        return DataSet(self, row)

    def delete_datasets(self, ids: list[str] | None = None) -> None:
        """Delete datasets, by id or name, with all that is in them: all of them, or none.

        Raises:
            InvalidValueError: ``ids`` is None or empty; nothing is deleted unless it was named.
            NotFoundError: An entry names no dataset; nothing is deleted.
        """
        dataset_ids = [self.find_dataset(entry).id for entry in checks.named(ids)]
        with self.project.catalog.read() as reading:
            rows = [row for id in dataset_ids for row in documents.list_of(reading, id)]
        self.project.jobs.cancel([row.id for row in rows])
        self.project.indexer.remove_datasets(list(dict.fromkeys(dataset_ids)))

    def list_datasets(
        self,
        page: int = 1,
        page_size: int = 1024,
        orderby: str = "create_time",
        desc: bool = True,
        id: str | None = None,
        name: str | None = None,
        *,
        order_by: str | None = None,
    ) -> list[DataSet]:
        """Return one page of the datasets this tenant sees; no match is an empty list.

        Args:
            page: From 1.
            page_size: Most on a page.
            orderby: An attribute to sort by; also ``order_by``.
            desc: Largest, or latest, first.
            id: Only the dataset of this id.
            name: Only the dataset of this name; case does not count.
            order_by: Second spelling of ``orderby``.

        Raises:
            InvalidValueError: ``page``, ``page_size`` or ``orderby`` is not allowed.
        """
        paging = checks.paging(page, page_size, order_by or orderby, desc)
        with self.project.catalog.read() as reading:
            rows = datasets.list_visible(reading, self.tenant_id, id=id, name=name, paging=paging)
        return [DataSet(self, row) for row in rows]

    def get_dataset(self, name: str) -> DataSet:
        """Return the dataset of that name.

        Raises:
            NotFoundError: There is none.
        """
        matching = self.list_datasets(name=name)
        if not matching:
            raise NotFoundError("dataset", name, by="name")
        # One's own before one of the team that has the same name.
        return min(matching, key=lambda dataset: dataset.tenant_id != self.tenant_id)

    def find_dataset(self, given: DataSet | str) -> DataSet:
        """Return the dataset given as an object, an id or a name.

        Raises:
            NotFoundError: There is none that this tenant sees.
        """
        if isinstance(given, DataSet):
            given = given.id
        if not isinstance(given, str):
            raise InvalidValueError("dataset", given, "a DataSet, an id or a name")
        matching = self.list_datasets(id=given)
        return matching[0] if matching else self.get_dataset(given)

    def _found(self, given: Sequence[DataSet | str]) -> list[DatasetRow]:
        """Return what ``find_dataset`` does of each, most of them with one statement."""
        ids = [str(entry.id if isinstance(entry, DataSet) else entry) for entry in given]
        with self.project.catalog.read() as reading:
            rows = datasets.visible(reading, self.tenant_id, ids)
        return [
            rows.get(id) or self.find_dataset(entry)._row
            for id, entry in zip(ids, given, strict=True)
        ]
