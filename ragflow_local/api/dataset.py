"""DataSet: named documents that share an embedding model; the API also says knowledge base."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from ragflow_local.api import checks, parsing
from ragflow_local.api.document import Document, ParserConfig
from ragflow_local.api.entity import ApiObject, Client, SettingsObject
from ragflow_local.api.parsing import On, OnProgress
from ragflow_local.api.sync import Synced, checked_patterns, sync
from ragflow_local.errors import InvalidValueError, NameTakenError, NotFoundError
from ragflow_local.ingest.parse_state import parse_state
from ragflow_local.ingest.sync import SyncOptions
from ragflow_local.records import DatasetRow
from ragflow_local.settings import Settings, check_number, check_text, check_whole
from ragflow_local.show import notebook
from ragflow_local.stores.catalog import IntegrityError, datasets, documents, now_ms


class DataSet(ApiObject):
    """A dataset.

    Attributes:
        id: Its id.
        name: Its name, unique among its tenant's without regard to case.
        avatar: An image as Base64.
        tenant_id: Whose it is, derived from the ``api_key`` it was made with.
        description: Free text.
        language: Free text; words of any language are found.
        embedding_model: The model its chunks are embedded by.
        permission: ``me``: only its tenant sees it; ``team``: all who open the project.
        parse_method: What its new documents are cut by; also ``parser_method``.
        parser_config: What its new documents take a copy of.
        create_time: Milliseconds since 1970, UTC; likewise ``update_time``.
        document_count: Its documents, as it is now; likewise ``chunk_count``, ``token_count``.
    """

    ParserConfig = ParserConfig

    id: str
    name: str
    avatar: str
    tenant_id: str
    description: str
    language: str
    embedding_model: str
    permission: str
    parse_method: str
    create_time: int
    update_time: int

    _SHOWN: ClassVar = (
        "id",
        "name",
        "avatar",
        "tenant_id",
        "description",
        "language",
        "embedding_model",
        "permission",
        "document_count",
        "chunk_count",
        "token_count",
        "parse_method",
        "parser_method",
        "parser_config",
        "create_time",
        "update_time",
    )
    _SPELLINGS: ClassVar = checks.METHOD_SPELLINGS
    _BRIEF: ClassVar = ("id", "name", "document_count", "chunk_count")

    @classmethod
    def create(
        cls,
        rag: Client,
        name: str,
        texts: Mapping[str, str],
        permission: str,
        parse_method: str,
        parser_config: SettingsObject | dict[str, Any] | None,
        embedding_model: str,
    ) -> Self:
        """Make a dataset; see ``RAGFlow.create_dataset``.

        Args:
            rag: The engine.
            name: Its name.
            texts: Its avatar, description and language.
            permission: ``me`` or ``team``.
            parse_method: One of the twelve.
            parser_config: What its documents take a copy of.
            embedding_model: What its chunks are embedded by.
        """
        for key, value in texts.items():
            check_text(key, value)
        now = now_ms()
        values = {
            "id": uuid.uuid4().hex,
            "tenant_id": rag.tenant_id,
            "name": checks.dataset_name(name),
            **texts,
            "permission": checks.permission(permission),
            "parse_method": checks.parse_method(parse_method),
            "parser_config": ParserConfig.of(parser_config)._settings,
            "embedding_model": embedding_model,
            "create_time": now,
            "update_time": now,
        }
        rag.project.models.check_embedder(embedding_model)
        try:
            with rag.project.catalog.write() as connection:
                datasets.insert(connection, values)
                row = datasets.get(connection, str(values["id"]))
        except IntegrityError:
            raise NameTakenError("dataset", name) from None
        assert row is not None
        return cls(rag, row)

    def __init__(self, rag: Client, row: DatasetRow) -> None:
        self._set(_rag=rag)
        self._load(row)

    def _load(self, row: DatasetRow) -> None:
        self._set(
            _row=row,
            id=row.id,
            name=row.name,
            avatar=row.avatar,
            tenant_id=row.tenant_id,
            description=row.description,
            language=row.language,
            embedding_model=row.embedding_model,
            permission=row.permission,
            parse_method=row.parse_method,
            parser_config=ParserConfig.wrap(row.parser_config),
            create_time=row.create_time,
            update_time=row.update_time,
        )

    def _reload(self) -> DatasetRow:
        with self._rag.project.catalog.read() as reading:
            row = datasets.get(reading, self.id)
        if row is None:
            raise NotFoundError("dataset", self.id)
        return row

    @property
    def document_count(self) -> int:
        """How many documents it has."""
        return self._reload().document_count

    @property
    def chunk_count(self) -> int:
        """How many chunks its documents have."""
        return self._reload().chunk_count

    @property
    def token_count(self) -> int:
        """Tokens of its chunks, by its embedding model."""
        return self._reload().token_count

    def _repr_html_(self) -> str:
        return notebook.shown("DataSet", self._made)

    def _made(self) -> str:
        row, project = self._reload(), self._rag.project
        with project.catalog.read() as reading:
            offset, limit = max(0, row.document_count - notebook.MOST_ROWS), notebook.MOST_ROWS
            latest = documents.list_of(reading, self.id, offset=offset, limit=limit)
        live = {document.id: project.jobs.progress_of(document.id) for document in latest}
        return notebook.dataset(
            row, [(document, parse_state(document, live[document.id])) for document in latest]
        )

    def update(self, update_message: dict[str, Any]) -> None:
        """Change attributes.

        These are ``name``, ``avatar``, ``description``, ``language``, ``permission``,
        ``embedding_model``, ``parse_method`` and ``parser_config``, which is merged.
        ``embedding_model`` and ``parse_method`` change only while there are no chunks. Documents
        that are there already keep their own method and settings.

        Raises:
            InvalidValueError: A key is unknown or cannot be changed, or a value is not allowed.
            NameTakenError: Another dataset has that name.
            MissingModelError: There is no such embedding model; the dataset keeps what it had.
        """
        row = self._reload()
        fixed = {
            name: getattr(row, name)
            for name in ("id", "tenant_id", "document_count", "chunk_count", "token_count")
        }
        changeable = (*_CHECKS, "name", "embedding_model", "parser_config")
        values = checks.changes(update_message, changeable, self._SPELLINGS, fixed)
        for name in ("embedding_model", "parse_method"):
            if name in values and row.chunk_count and values[name] != getattr(row, name):
                raise InvalidValueError(
                    name,
                    values[name],
                    f"another {name} only while chunk_count is 0, not"
                    f" {row.chunk_count}: delete the documents first",
                )
        for name, check in _CHECKS.items():
            if name in values:
                check(values[name])
        if "name" in values:
            checks.dataset_name(values["name"])
        if "parser_config" in values:
            values["parser_config"] = self._merged_config(row, values["parser_config"])
        if "embedding_model" in values:
            self._check_model(row, values)
        try:
            with self._rag.project.catalog.write() as connection:
                datasets.update(connection, self.id, {**values, "update_time": now_ms()})
        except IntegrityError:
            raise NameTakenError("dataset", values["name"]) from None
        self._load(self._reload())

    def _merged_config(self, row: DatasetRow, given: Any) -> Settings:
        if isinstance(given, dict):
            return ParserConfig.wrap(row.parser_config).merged(given)._settings
        return ParserConfig.of(given)._settings

    def _check_model(self, row: DatasetRow, values: dict[str, Any]) -> None:
        name = values["embedding_model"]
        check_text("embedding_model", name)
        if name != row.embedding_model:
            self._rag.project.models.check_embedder(name)
            values |= {"embedding_dim": 0, "embedding_fingerprint": "", "embedding_floor": None}

    def add_documents(self, files: Iterable[tuple[str, bytes]]) -> list[Document]:
        """Add documents, all or none; their bytes are on the disk when this returns.

        Several times as fast as ``rag.create_document`` for each: the disk is waited for once.

        Args:
            files: The name of each, 1 to 255 characters without control characters, and its bytes.
                A name that is taken becomes ``name(1).ext``.

        Returns:
            The documents, in the order of ``files``.

        Raises:
            InvalidValueError: A name is not allowed, or the content of a file is not bytes.
            LimitError: There are more bytes than ``limits`` allows.
            NotFoundError: The dataset has been deleted.
        """
        several = checks.named_files(files)
        rows = self._rag.project.intake.add_all(self.id, several, self._rag.tenant_id)
        return [Document(self._rag, row) for row in rows]

    def list_docs(
        self, keywords: str | None = None, offset: int = 0, limit: int = -1
    ) -> list[Document]:
        """Return its documents, the oldest first.

        Args:
            keywords: Only documents whose name contains this; case does not count.
            offset: How many to pass over.
            limit: Most to return; -1 for all.
        """
        if keywords is not None:
            check_text("keywords", keywords)
        check_whole("offset", offset, 0, 2**31)
        check_whole("limit", limit, -1, 2**31)
        self._reload()
        with self._rag.project.catalog.read() as reading:
            rows = documents.list_of(
                reading, self.id, keywords=keywords, offset=offset, limit=limit
            )
        return [Document(self._rag, row) for row in rows]

    def sync(
        self,
        folder: str | os.PathLike[str],
        *,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        parse: bool = True,
        retry: bool = False,
        allow_empty: bool = False,
        dry_run: bool = False,
        follow_links: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Synced:
        """Make the dataset mirror a folder, all below it included; parse what is new or changed.

        A document is named by its file's path below the folder. A file is compared by size and
        times first, by content where these differ. One with other bytes keeps its document, whose
        former chunks are found until the new ones are there; what is gone is no longer found when
        this returns. Documents added otherwise, or of another folder, stay as they are. Left out
        are hidden files, those of unknown kind unless ``include`` takes them, and projects.

        Args:
            folder: The folder.
            include: Patterns of files to take: ``"*.pdf"``, ``["notes", "2024/*.md"]``; None for
                all of a known kind. A pattern fits the end of a path, case does not count.
            exclude: Patterns of files and folders to leave out.
            parse: Whether to start parsing, in the background.
            retry: Whether to parse again what failed before and has not changed.
            allow_empty: Whether a folder without files may remove all its documents; an error
                else, for a disk that is not there looks just so.
            dry_run: Whether only to say what would be done.
            follow_links: Whether a link to a file that leads out of the folder is taken as that
                file; else it is told in ``skipped``: a folder may be somebody else's.
            progress: Called with the path of each file that is removed, changed or added.

        Returns:
            What was done; ``parsing`` has the documents to wait for.

        Raises:
            InvalidValueError: There is no such folder, or it has no file any more.
            NotFoundError: The dataset has been deleted.
        """
        self._reload()
        options = SyncOptions(
            checked_patterns(include, exclude),
            parse=parse,
            retry=retry,
            allow_empty=allow_empty,
            dry_run=dry_run,
            follow_links=follow_links,
            progress=progress or (lambda path: None),
        )
        return sync(self._rag, self.id, folder, options)

    def parse(
        self,
        documents: Sequence[Document | str] | None = None,
        *,
        progress: bool = False,
        on_progress: OnProgress | None = None,
        timeout: float | None = None,
        on: On = None,
    ) -> list[Document]:
        """Parse documents, and return them when each has come to its end.

        One that cannot be parsed ends with ``run == "FAIL"`` and the reason in
        ``progress_msg``; the others go on. Ctrl-C, an error of ``on_progress`` and the timeout end
        the waiting, not the parsing: ``rag.async_cancel_parse_documents`` ends that.

        Args:
            documents: Which: objects, ids or names. None: all whose last parse did not end with
                DONE; those that are being parsed are waited for.
            progress: Whether to show a bar: on a terminal's standard error, in a notebook as a
                widget. Failures are told above it.
            on_progress: Called with a ``ParseProgress`` at each change, here, in this thread.
            timeout: Seconds after which to stop waiting; None for never.
            on: Where to read, cut and embed them: ``ray://HOST:10001``, ``HOST:6379``; a shared
                folder (a path, or ``folder:/path``) where others run ``ragflow-local work``; or
                a place of ``ragflow_local.scale``; None: on this computer.

        Raises:
            InvalidValueError: ``timeout`` is negative.
            NotFoundError: A document is not in this dataset; none is parsed.
            PlaceError: ``on`` cannot do it, or not any more; what is not parsed waits.
        """
        if timeout is not None:
            check_number("timeout", timeout, 0, 1e9)
        self._reload()
        if documents is None:
            wanted = parsing.unfinished(self._rag, self.id)
        else:
            wanted = parsing.own(self._rag, self.id, documents)
        parsing.parse(
            self._rag, wanted, progress=progress, on_progress=on_progress, timeout=timeout, on=on
        )
        return wanted


def _check(name: str) -> Any:
    return lambda value: check_text(name, value)


_CHECKS = {
    "avatar": _check("avatar"),
    "description": _check("description"),
    "language": _check("language"),
    "permission": checks.permission,
    "parse_method": checks.parse_method,
}
