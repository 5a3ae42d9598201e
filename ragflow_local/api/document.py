"""Document: one file of a dataset, with its parse state and chunks."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from ragflow_local.api.checks import METHOD_SPELLINGS, meta_fields, parse_method
from ragflow_local.api.chunk import Chunk, checked_content
from ragflow_local.api.entity import ApiObject, Client, SettingsObject, pages_of
from ragflow_local.api.streams import Stop, Stream, iterated
from ragflow_local.errors import InvalidValueError, NotFoundError, ProjectClosedError, RagflowError
from ragflow_local.ingest.parse_state import parse_state
from ragflow_local.records import DocumentRow, Draft, ParseState, Progress
from ragflow_local.settings import ParserSettings, check_name, check_number, check_text, check_whole
from ragflow_local.show import notebook
from ragflow_local.show.pages import RenderOptions, data_uri
from ragflow_local.stores.catalog import chunks, documents, now_ms
from ragflow_local.stores.deleted import reading_files_of

# An attribute must not wait for a page that loops.
_THUMBNAIL = RenderOptions(72, seconds=20.0)
# How often a join looks: another process sees a parse's end in the catalog only.
_POLL_SECONDS = 0.25


class ParserConfig(SettingsObject):
    """How documents are read and chunked; see ``settings.ParserSettings`` for each value."""

    _KIND = ParserSettings


class Document(ApiObject):
    """A document of a dataset.

    Attributes:
        id: Its id.
        name: Its name, unique in the dataset; set it and call ``save``.
        dataset_id: Its dataset; also ``knowledgebase_id``.
        parse_method: How it is cut; set it and call ``save``. Also ``parser_method`` and
            ``chunk_method``.
        parser_config: Its own copy of the settings; change it and call ``save``.
        meta_fields: Free data about it, a dict of names to texts, numbers and lists of them.
        source_type: Where it came from; ``local``.
        type: ``pdf``, ``doc``, ``visual``, ``table`` …, by its own bytes first.
        created_by: The tenant that added it.
        size: Bytes.
        create_time: Milliseconds since 1970, UTC; likewise ``update_time``.
        run: ``UNSTART``, ``RUNNING``, ``CANCEL``, ``DONE`` or ``FAIL``: as it is now, like the
            following.
        progress: Percentage of its parse, 0 to 100; -1 after FAIL.
        progress_msg: What happens now; after FAIL the reason and the way out.
        chunk_count: Its chunks.
        token_count: Their tokens.
        process_begin_at: When its last parse was asked for (an aware datetime), or None.
        process_duration: Seconds from then to its end, or until now.
        thumbnail: A PNG of its first page as a ``data:`` URI, longest side 256; "" for none.
    """

    _row: DocumentRow
    id: str
    name: str
    dataset_id: str
    parse_method: str
    parser_config: ParserConfig
    meta_fields: dict[str, Any]
    source_type: str
    type: str
    created_by: str
    size: int
    create_time: int
    update_time: int

    _SHOWN: ClassVar = (
        "id",
        "name",
        "dataset_id",
        "knowledgebase_id",
        "parse_method",
        "parser_method",
        "parser_config",
        "meta_fields",
        "source_type",
        "type",
        "created_by",
        "size",
        "run",
        "progress",
        "progress_msg",
        "chunk_count",
        "token_count",
        "process_begin_at",
        "process_duration",
        "create_time",
        "update_time",
    )
    _CHANGEABLE: ClassVar = frozenset({"name", "parse_method", "parser_config", "meta_fields"})
    _SPELLINGS: ClassVar = {
        **METHOD_SPELLINGS,
        "knowledgebase_id": "dataset_id",
        "process_duation": "process_duration",
    }
    _BRIEF: ClassVar = ("id", "name", "run", "chunk_count")

    def __init__(self, rag: Client, row: DocumentRow) -> None:
        self._set(_rag=rag)
        self._load(row)

    def _load(self, row: DocumentRow) -> None:
        self._set(
            _row=row,
            id=row.id,
            name=row.name,
            dataset_id=row.dataset_id,
            parse_method=row.parse_method,
            parser_config=ParserConfig.wrap(row.parser_config),
            meta_fields=dict(row.meta_fields),
            source_type=row.source_type,
            type=row.type,
            created_by=row.created_by,
            size=row.size,
            create_time=row.create_time,
            update_time=row.update_time,
        )

    # ── as it is now ──

    def _reload(self) -> DocumentRow:
        try:
            with self._rag.project.catalog.read() as reading:
                row = documents.get(reading, self.id)
        except ProjectClosedError:
            return self._row  # as it was last seen
        if row is None:
            raise NotFoundError("document", self.id)
        self._set(_row=row)
        return row

    def _state(self) -> tuple[str, float, str]:
        """Return run, percentage and message."""
        live: Progress | None = None
        with suppress(ProjectClosedError):
            live = self._rag.project.jobs.progress_of(self.id)
        state = parse_state(self._reload() if live is None else None, live)
        message = state.progress_msg or "Not parsed yet; async_parse() starts it."
        return state.run, state.progress, message

    @property
    def run(self) -> str:
        """UNSTART, RUNNING, CANCEL, DONE or FAIL."""
        return self._state()[0]

    @property
    def progress(self) -> float:
        """Percentage of the parse, 0 to 100; -1 after FAIL."""
        return self._state()[1]

    @property
    def progress_msg(self) -> str:
        """What happens now; after FAIL the reason and the way out."""
        row = self._reload()
        return "" if row.run == "UNSTART" else self._state()[2]

    @property
    def chunk_count(self) -> int:
        """How many chunks it has."""
        return self._reload().chunk_count

    @property
    def token_count(self) -> int:
        """Tokens of its chunks, by the dataset's embedding model."""
        return self._reload().token_count

    @property
    def process_begin_at(self) -> datetime | None:
        """When its last parse was asked for."""
        begun = self._reload().process_begin_at
        return None if begun is None else datetime.fromtimestamp(begun / 1000, UTC)

    @property
    def process_duration(self) -> float:
        """Seconds its last parse took, or has taken so far."""
        row = self._reload()
        if row.run == "RUNNING" and row.process_begin_at is not None:
            return max(0.0, (now_ms() - row.process_begin_at) / 1000)
        return row.process_duration

    @property
    def thumbnail(self) -> str:
        """A PNG of its first page as a data URI, longest side 256 pixels; "" for none."""
        try:
            return data_uri(pages_of(self._rag).draw_thumbnail(self._row, _THUMBNAIL))
        except ProjectClosedError:
            raise
        except RagflowError:
            return ""  # a file that cannot be read has no picture; its parse says why

    def _repr_html_(self) -> str:
        def made() -> str:
            row = replace(
                self._reload(),
                name=self.name,
                parse_method=self.parse_method,
                meta_fields=self.meta_fields,
            )
            state = ParseState(self.run, self.progress, self.progress_msg)
            return notebook.document(row, state, lambda: pages_of(self._rag))

        return notebook.shown("Document", made)

    # ── changes ──

    def save(self) -> bool:
        """Store what was changed.

        Another ``parse_method`` or ``parser_config`` sets the document back to UNSTART and drops
        its chunks: they were cut in the former way.

        Raises:
            InvalidValueError: A value is not allowed.
            NotFoundError: The document has been deleted.
        """
        row = self._reload()
        values: dict[str, Any] = {}
        if self.name != row.name:
            with self._rag.project.catalog.read() as reading:
                values["name"] = documents.unique_name(
                    reading, row.dataset_id, check_name(self.name)
                )
        config = ParserConfig.of(self.parser_config)._settings
        recut = {"parse_method": parse_method(self.parse_method), "parser_config": config}
        is_recut = (self.parse_method, config) != (row.parse_method, row.parser_config)
        meta = meta_fields(self.meta_fields)
        if meta != row.meta_fields:
            values["meta_fields"] = meta
        indexer = self._rag.project.indexer
        if is_recut:
            self.cancel()
            indexer.clear_document(self.id, {**values, **recut, "update_time": now_ms()})
        elif "name" in values or (row.parser_config.meta_words and "meta_fields" in values):
            indexer.rename_document(self.id, {**values, "update_time": now_ms()})
        elif values:
            with self._rag.project.catalog.write() as connection:
                documents.update(connection, self.id, {**values, "update_time": now_ms()})
        self._load(self._reload())
        return True

    def update(self, update_message: dict[str, Any]) -> None:
        """Change attributes and store them; ``parser_config`` and ``meta_fields`` are merged.

        Raises:
            InvalidValueError: A key is unknown or unchangeable, or a value is not allowed.
        """
        for key, value in update_message.items():
            name = self._SPELLINGS.get(key, key)
            if name == "parser_config" and isinstance(value, dict):
                value = self.parser_config.merged(value)
            if name == "meta_fields" and isinstance(value, dict):
                value = {**self.meta_fields, **value}
            setattr(self, name, value)
        self.save()

    def download(self) -> bytes:
        """Return the bytes that were added, unchanged."""
        with reading_files_of(self._rag.project.catalog, "document", self.id):
            return self._rag.project.files.get(self._reload().sha256)

    def delete(self) -> bool:
        """Remove the document with its chunks; a parse of it is cancelled.

        Raises:
            NotFoundError: It has been deleted already.
        """
        self._rag.project.intake.remove_document(self.id)
        return True

    # ── parsing ──

    def async_parse(self) -> None:
        """Start parsing, in the background, and return at once; ``join`` waits for it.

        The new chunks replace all the document had, those added by hand too, in one step at the
        end: until then searches find the old ones. A document that is being parsed goes on.
        """
        self._rag.project.intake.start_parsing([self.id])

    def cancel(self) -> None:
        """End its parse with CANCEL; earlier chunks stay, and so does a finished document."""
        self._rag.project.intake.stop_parsing([self.id])

    def join(self, interval: float = 15, timeout: float = 3600) -> Stream[tuple[float, str]]:
        """Yield ``(percentage, message)`` until the parse ends.

        At once, then at every change but at most one each ``interval`` seconds, and at once at
        the end. A document that is not being parsed gives one pair. At ``timeout`` the last
        message says that the parse goes on.

        Args:
            interval: Seconds between two pairs, at least.
            timeout: Seconds after which to stop waiting.

        Raises:
            InvalidValueError: ``interval`` or ``timeout`` is negative.
        """
        check_number("interval", interval, 0, 1e9)
        check_number("timeout", timeout, 0, 1e9)
        return Stream(lambda stop: self._join(interval, timeout, stop))

    ajoin = iterated(join)

    def _join(self, interval: float, timeout: float, stop: Stop) -> Generator[tuple[float, str]]:
        end = time.monotonic() + timeout
        while not stop.is_set():
            run, progress, message = self._state()
            if run == "RUNNING" and time.monotonic() >= end:
                yield progress, f"{message}. It goes on; join() waits again."
                return
            yield progress, message
            if run != "RUNNING":
                return
            self._wait((progress, message), min(time.monotonic() + interval, end), end, stop)

    def _wait(self, seen: tuple[float, str], earliest: float, latest: float, stop: Stop) -> None:
        """Return at a change after ``earliest``, at the end of the parse, or at the latest."""
        jobs = self._rag.project.jobs
        while (now := time.monotonic()) < latest and not stop.is_set():
            run, progress, message = self._state()
            if run != "RUNNING" or (now >= earliest and (progress, message) != seen):
                return
            last = jobs.progress_of(self.id)
            until = min((earliest if now < earliest else latest) - now, _POLL_SECONDS)
            if last is None:
                stop.wait(until)
            else:
                jobs.wait_for_change(self.id, last, max(until, 0.01))

    # ── chunks ──

    def list_chunks(self, keywords: str = "", offset: int = 0, limit: int = 30) -> list[Chunk]:
        """Return its chunks in reading order, those added by hand last.

        Args:
            keywords: Only chunks that contain each of these words; case does not count.
            offset: How many to pass over.
            limit: Most to return; -1 for all.
        """
        check_text("keywords", keywords)
        check_whole("offset", offset, 0, 2**31)
        check_whole("limit", limit, -1, 2**31)
        with self._rag.project.catalog.read() as reading:
            if documents.get(reading, self.id) is None:
                raise NotFoundError("document", self.id)
            rows = chunks.list_of(reading, self.id, keywords=keywords, offset=offset, limit=limit)
        return [Chunk(self._rag, row) for row in rows]

    def add_chunk(self, content: str, keywords: list[str] | None = None) -> Chunk:
        """Add a chunk at the end, found at once; parsing the document anew replaces it.

        Args:
            content: Its text.
            keywords: Words it is also found by.

        Raises:
            InvalidValueError: The content is empty or no text.
        """
        [chunk] = self.add_chunks([content], [keywords or []])
        return chunk

    def add_chunks(
        self, contents: list[str], keywords: list[list[str]] | None = None
    ) -> list[Chunk]:
        """Add chunks at the end, all of them or none, in one step; see ``add_chunk``.

        Args:
            contents: Their texts.
            keywords: Words each is also found by, as many lists as there are texts.

        Raises:
            InvalidValueError: A content is empty or no text, or the lists differ in length.
        """
        words = [[]] * len(contents) if keywords is None else keywords
        if len(words) != len(contents):
            raise InvalidValueError("keywords", len(words), f"{len(contents)} lists, one a content")
        drafts = [
            Draft(checked_content(content), keywords=tuple(some))
            for content, some in zip(contents, words, strict=True)
        ]
        rows = self._rag.project.indexer.add_chunks(self._reload(), drafts) if drafts else []
        return [Chunk(self._rag, row) for row in rows]
