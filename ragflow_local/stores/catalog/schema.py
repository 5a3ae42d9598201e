"""The schema, as numbered migrations: a catalog of any earlier release can be opened.

A released migration is never changed; the next one is added below it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlite_utils import Database, Migrations

from ragflow_local.errors import DamagedProjectError, ProjectVersionError
from ragflow_local.stores.catalog import (
    checksums,
    meta_values,
    postings,
    postings_segments,
    postings_words,
    shape,
    vector_states,
)

catalog = Migrations("ragflow_local")

_TABLES = """
CREATE TABLE datasets (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  avatar TEXT NOT NULL,
  description TEXT NOT NULL,
  language TEXT NOT NULL,
  permission TEXT NOT NULL,
  parse_method TEXT NOT NULL,
  parser_config TEXT NOT NULL,
  embedding_model TEXT NOT NULL,
  embedding_dim INTEGER NOT NULL DEFAULT 0,
  embedding_prompts TEXT NOT NULL DEFAULT '["",""]',
  embedding_fingerprint TEXT NOT NULL DEFAULT '',
  document_count INTEGER NOT NULL DEFAULT 0,
  chunk_count INTEGER NOT NULL DEFAULT 0,
  token_count INTEGER NOT NULL DEFAULT 0,
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  UNIQUE (tenant_id, name_key)
);
CREATE INDEX datasets_by_time ON datasets (create_time);
CREATE TABLE documents (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  kind TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  source_type TEXT NOT NULL,
  created_by TEXT NOT NULL,
  parse_method TEXT NOT NULL,
  parser_config TEXT NOT NULL,
  meta_fields TEXT NOT NULL DEFAULT '{}',
  run TEXT NOT NULL DEFAULT 'UNSTART',
  progress REAL NOT NULL DEFAULT 0,
  progress_msg TEXT NOT NULL DEFAULT '',
  generation INTEGER NOT NULL DEFAULT 0,
  chunk_count INTEGER NOT NULL DEFAULT 0,
  token_count INTEGER NOT NULL DEFAULT 0,
  process_begin_at INTEGER,
  process_duration REAL NOT NULL DEFAULT 0,
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  UNIQUE (dataset_id, name)
);
CREATE INDEX documents_by_dataset ON documents (dataset_id, create_time, number);
CREATE INDEX documents_by_name ON documents (name);
CREATE INDEX documents_by_file ON documents (sha256);
CREATE INDEX documents_running ON documents (run) WHERE run = 'RUNNING';
CREATE TABLE embeddings (
  number INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  vector BLOB NOT NULL
);
CREATE TABLE chunk_numbers (next INTEGER NOT NULL);
INSERT INTO chunk_numbers VALUES (1);
CREATE TABLE chunks (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  content TEXT NOT NULL,
  token_count INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  places TEXT NOT NULL DEFAULT '[]',
  headings TEXT NOT NULL DEFAULT '[]',
  keywords TEXT NOT NULL DEFAULT '[]',
  questions TEXT NOT NULL DEFAULT '[]',
  match_text TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL DEFAULT 'text',
  data TEXT NOT NULL DEFAULT '',
  image INTEGER NOT NULL DEFAULT 0,
  available INTEGER NOT NULL DEFAULT 1,
  create_time INTEGER NOT NULL,
  embedding INTEGER REFERENCES embeddings (number)
);
CREATE INDEX chunks_by_document ON chunks (document_id, ordinal);
CREATE INDEX chunks_by_dataset ON chunks (dataset_id, number);
CREATE INDEX chunks_by_embedding ON chunks (embedding);
CREATE INDEX chunks_by_key ON chunks (dataset_id, json_extract(data, '$.key')) WHERE kind <> 'text';
CREATE TABLE chats (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  avatar TEXT NOT NULL,
  dataset_ids TEXT NOT NULL,
  llm TEXT NOT NULL,
  prompt TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  UNIQUE (tenant_id, name_key)
);
CREATE TABLE sessions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL
);
CREATE INDEX sessions_by_chat ON sessions (chat_id, create_time);
CREATE TABLE messages (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  content TEXT NOT NULL,
  hits TEXT NOT NULL DEFAULT '[]',
  model TEXT NOT NULL DEFAULT '',
  thinking TEXT NOT NULL DEFAULT '',
  unsupported TEXT NOT NULL DEFAULT '[]',
  create_time INTEGER NOT NULL
);
CREATE INDEX messages_by_session ON messages (session_id, number)
"""

# Counts of a dataset follow its documents by themselves, so that no writer can forget them.
_COUNTS = (
    """CREATE TRIGGER document_added AFTER INSERT ON documents BEGIN
      UPDATE datasets SET document_count = document_count + 1 WHERE id = NEW.dataset_id;
    END""",
    """CREATE TRIGGER document_removed AFTER DELETE ON documents BEGIN
      UPDATE datasets SET document_count = document_count - 1,
        chunk_count = chunk_count - OLD.chunk_count, token_count = token_count - OLD.token_count
      WHERE id = OLD.dataset_id;
    END""",
    """CREATE TRIGGER document_counted AFTER UPDATE OF chunk_count, token_count ON documents BEGIN
      UPDATE datasets SET chunk_count = chunk_count + NEW.chunk_count - OLD.chunk_count,
        token_count = token_count + NEW.token_count - OLD.token_count
      WHERE id = NEW.dataset_id;
    END""",
)


@catalog()
def m0001_first_release(db: Database) -> None:
    """Make the tables of the first release."""
    # Statement by statement: executescript would end the migration's transaction.
    for statement in _TABLES.split(";"):
        db.execute(statement)
    for trigger in _COUNTS:
        db.execute(trigger)
    postings.create(db.conn)


@catalog()
def m0002_embeddings_in_16_bits(db: Database) -> None:
    """Keep embeddings as float16, which were float32."""

    def halved(vector: bytes) -> bytes:
        return np.frombuffer(vector, "<f4").astype("<f2").tobytes()

    db.conn.create_function("halved", 1, halved, deterministic=True)
    db.execute("UPDATE embeddings SET vector = halved(vector)")


@catalog()
def m0003_files_of_folders(db: Database) -> None:
    """Note which file of which folder a document is a copy of, and how that file was then."""
    db.execute(
        """CREATE TABLE folder_files (
      dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
      folder TEXT NOT NULL,
      path TEXT NOT NULL,
      document_id TEXT NOT NULL UNIQUE REFERENCES documents (id) ON DELETE CASCADE,
      size INTEGER NOT NULL,
      mtime_ns INTEGER NOT NULL,
      ctime_ns INTEGER NOT NULL,
      PRIMARY KEY (dataset_id, folder, path)
    ) WITHOUT ROWID"""
    )


@catalog()
def m0004_floors_of_models(db: Database) -> None:
    """Note which cosine means nothing in the model of a dataset."""
    db.execute("ALTER TABLE datasets ADD COLUMN embedding_floor REAL")


@catalog()
def m0005_states_of_vectors(db: Database) -> None:
    """Note what changed among vectors, and which of them LanceDB has; give no number twice."""
    for statement in vector_states.TABLES:
        db.execute(statement)


@catalog()
def m0006_terms_that_nobody_has(db: Database) -> None:
    """Count removed chunks, whose terms may be dropped."""
    db.execute("ALTER TABLE postings_datasets ADD COLUMN unneeded INTEGER NOT NULL DEFAULT 0")


@catalog()
def m0007_keys_of_the_graph(db: Database) -> None:
    """Keep an entity's key in a column: SQLite trusts no index that parses JSON to be harmless."""
    db.execute("DROP INDEX IF EXISTS chunks_by_key")
    db.execute("ALTER TABLE chunks ADD COLUMN graph_key TEXT NOT NULL DEFAULT ''")
    db.execute(
        "UPDATE chunks SET graph_key = coalesce(json_extract(data, '$.key'), '')"
        " WHERE kind <> 'text'"
    )
    db.execute("CREATE INDEX chunks_by_key ON chunks (dataset_id, graph_key) WHERE kind <> 'text'")


@catalog()
def m0008_analyzer_and_languages_of_words(db: Database) -> None:
    """Note which analyzer made the terms of a dataset, and in which languages its chunks are."""
    postings_words.create(db.conn)


# Bytes of files follow the documents by themselves; two of the same bytes share one file.
_OTHER = "EXISTS (SELECT 1 FROM documents WHERE sha256 = {row}.sha256 AND number <> {row}.number)"
_MORE = "UPDATE file_bytes SET total = total + NEW.size WHERE NOT " + _OTHER.format(row="NEW")
_LESS = "UPDATE file_bytes SET total = total - OLD.size WHERE NOT " + _OTHER.format(row="OLD")
_FILE_BYTES = (
    "CREATE TABLE file_bytes (total INTEGER NOT NULL)",
    "INSERT INTO file_bytes SELECT coalesce(sum(size), 0)"
    " FROM (SELECT DISTINCT sha256, size FROM documents)",
    f"CREATE TRIGGER file_added AFTER INSERT ON documents BEGIN {_MORE}; END",
    f"CREATE TRIGGER file_removed AFTER DELETE ON documents BEGIN {_LESS}; END",
    "CREATE TRIGGER file_replaced AFTER UPDATE OF sha256 ON documents"
    f" WHEN OLD.sha256 <> NEW.sha256 BEGIN {_LESS}; {_MORE}; END",
)


@catalog()
def m0009_values_of_free_data(db: Database) -> None:
    """Keep free data a row a value, and what files take together, to ask instead of reading all."""
    for statement in (*meta_values.TABLES, *_FILE_BYTES):
        db.execute(statement)
    meta_values.note_anew(db.conn)


@catalog()
def m0010_checksums(db: Database) -> None:
    """Give each row a checksum, and each list of postings."""
    checksums.create(db.conn)
    postings_segments.seal(db.conn)


# What the released API says of things besides, and the things that only it knows.
_RELEASED = (
    *(
        f"ALTER TABLE {table} ADD COLUMN released TEXT NOT NULL DEFAULT '{{}}'"
        for table in ("datasets", "documents", "chats", "sessions")
    ),
    "ALTER TABLE chunks ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    """CREATE TABLE released_things (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      tenant_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      parent TEXT NOT NULL DEFAULT '',
      name TEXT NOT NULL DEFAULT '',
      body TEXT NOT NULL DEFAULT '{}',
      vector BLOB NOT NULL DEFAULT x'',
      create_time INTEGER NOT NULL,
      update_time INTEGER NOT NULL,
      checksum INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX released_things_by_parent ON released_things (kind, parent, number)",
    "CREATE INDEX released_things_by_tenant ON released_things (kind, tenant_id, number)",
)


@catalog()
def m0011_released_names(db: Database) -> None:
    """Keep what the released API says besides: settings as given, tags of chunks, memories."""
    for statement in _RELEASED:
        db.execute(statement)
    checksums.add_table(db.conn, "released_things")
    checksums.accept(db.conn)


@catalog()
def m0012_ends_of_answers(db: Database) -> None:
    """Keep why a written answer ended where it does."""
    db.execute("ALTER TABLE messages ADD COLUMN finish_reason TEXT NOT NULL DEFAULT ''")
    checksums.accept(db.conn, "messages")


@catalog()
def m0013_places_that_parse(db: Database) -> None:
    """Keep where a document is parsed: what a cluster had begun is not gone on with here."""
    db.execute("ALTER TABLE documents ADD COLUMN parsed_on TEXT NOT NULL DEFAULT ''")
    checksums.accept(db.conn, "documents")


@catalog()
def m0014_births_of_segments(db: Database) -> None:
    """Give each segment of postings a number that no other had: its lists are held under it."""
    postings_segments.give_birth(db.conn)


@catalog()
def m0015_marked_lines(db: Database) -> None:
    """Keep which lines of a chunk are headings or code; of what is parsed already nobody knows."""
    db.execute("ALTER TABLE chunks ADD COLUMN marked TEXT NOT NULL DEFAULT '[]'")
    checksums.accept(db.conn, "chunks")


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    check_root: Callable[[str | None], None] = lambda root: None,
) -> None:
    """Bring the tables up to this version.

    Args:
        connection: Of the catalog.
        path: The project.
        check_root: Given the root of all rows before a migration changes what their checksums
            are of; raises where they are not those that the catalog was closed with.

    Raises:
        DamagedProjectError: It has other tables than this package makes.
        ProjectVersionError: A newer version wrote the catalog.
    """
    applied = shape.compare(connection, catalog, path)
    check_root(checksums.root(connection))
    if len(applied) < len(catalog._migrations):
        # It has been compared, and the first release had an index of the kind that is not trusted.
        connection.execute("PRAGMA trusted_schema=ON")
        catalog.apply(Database(connection, execute_plugins=False))
        connection.execute("PRAGMA trusted_schema=OFF")


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Check the tables of a catalog that must not be changed.

    Raises:
        DamagedProjectError: There are none, or others than this package makes.
        ProjectVersionError: A newer or an earlier version wrote them.
    """
    applied, known = shape.compare(connection, catalog, path), len(catalog._migrations)
    if not applied:
        raise DamagedProjectError(path / "catalog.sqlite3", "it has no tables, its log may be lost")
    if len(applied) < known:
        raise ProjectVersionError(path, len(applied), known)
