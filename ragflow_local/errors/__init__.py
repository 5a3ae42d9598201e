"""Every error that the engine raises on purpose.

    RagflowError                      anything else that escapes is a bug
    ├── NotFoundError                 no such dataset, document, chunk, chat or session
    ├── RefusedError                  by the released names, in RAGFlow's words
    │   └── ChunkUpdateError          a chunk is not changed
    ├── InvalidValueError             (also ValueError) an argument or setting is not allowed
    │   └── NameTakenError            another dataset or chat has that name
    ├── ReadError                     a file cannot be read
    │   ├── UnsupportedFileError      no reader for its kind
    │   ├── DamagedFileError          broken, encrypted or empty
    │   └── RecognitionError          the library that recognises text fails
    ├── ParseError                    a parse ended without chunks
    │   ├── LimitError                exceeds a limit of time, memory or size
    │   │   └── PageTimeError         one page takes too long
    │   ├── WorkerDiedError           the file ended the process that read it
    │   ├── WorkerNotStartedError     there is no process that could read it
    │   ├── PlaceDiedError            it ended each process that parsed it elsewhere
    │   └── ParseCancelledError
    ├── PlaceError                    a place that parses for a project does not do it
    │   ├── PlaceLostError            it cannot be reached, or not any more
    │   └── PlaceRefusedError         it has another version or another model
    ├── ModelError
    │   ├── MissingModelError         weights or library are not there
    │   ├── DamagedModelError         they are there, but cannot be used
    │   ├── ChangedModelError         they are not those a dataset was embedded with
    │   ├── ModelTooLargeError        they need more memory than there is
    │   ├── ModelClosedError          it was closed while it answered
    │   ├── AnswerTimeoutError        the time ended before the first word
    │   ├── ModelServerError          a server that runs one does not answer as it should
    │   ├── CutOffAnswerError         an answer in JSON ended before its JSON did
    │   ├── NoAnswerLeftError         a test scripted fewer answers than were asked for
    │   └── ContextTooSmallError      the question alone does not fit
    └── StoreError
        ├── UnusableDirectoryError    no place for a project
        ├── ProjectLockedError        another process has it open
        ├── ProjectClosedError        close() was called
        ├── ForkedError               opened before the process was forked
        ├── ProjectReplacedError      its directory was deleted or replaced
        ├── ReadOnlyProjectError      opened with read_only=True
        ├── DamagedProjectError       a file of it is missing or torn
        ├── DiskError                 the disk is full, failing, or must not be written
        ├── ShardError                one of several projects searched as one cannot be asked
        ├── ProjectVersionError       written by a newer or an earlier version
        ├── FetchedProjectError       fetched, so for reading only
        └── SnapshotError             what is published cannot be written, or not read whole
            ├── DamagedSnapshotError  a part of it is missing or torn
            ├── SnapshotVersionError  published by a newer version
            └── OtherPublisherError   another publisher publishes there

A message says what happened, with which thing, and the way out. The class writes it from
its fields, so callers raise facts, and tests check fields.
"""

from ragflow_local.errors.base import (
    ChunkUpdateError,
    InvalidValueError,
    NameTakenError,
    NotFoundError,
    RagflowError,
    RefusedError,
)
from ragflow_local.errors.files import (
    DamagedFileError,
    LimitError,
    PageTimeError,
    ParseCancelledError,
    ParseError,
    PlaceDiedError,
    PlaceError,
    PlaceLostError,
    PlaceRefusedError,
    ReadError,
    RecognitionError,
    UnsupportedFileError,
    WorkerDiedError,
    WorkerNotStartedError,
)
from ragflow_local.errors.models import (
    AnswerTimeoutError,
    ChangedModelError,
    ContextTooSmallError,
    CutOffAnswerError,
    DamagedModelError,
    MissingModelError,
    ModelClosedError,
    ModelError,
    ModelServerError,
    ModelTooLargeError,
    NoAnswerLeftError,
)
from ragflow_local.errors.snapshots import (
    DamagedSnapshotError,
    FetchedProjectError,
    OtherPublisherError,
    SnapshotError,
    SnapshotVersionError,
)
from ragflow_local.errors.stores import (
    DamagedProjectError,
    DiskError,
    ForkedError,
    ProjectClosedError,
    ProjectLockedError,
    ProjectReplacedError,
    ProjectVersionError,
    ReadOnlyProjectError,
    ShardError,
    StoreError,
    UnusableDirectoryError,
)

__all__ = [
    "AnswerTimeoutError",
    "ChangedModelError",
    "ChunkUpdateError",
    "ContextTooSmallError",
    "CutOffAnswerError",
    "DamagedFileError",
    "DamagedModelError",
    "DamagedProjectError",
    "DamagedSnapshotError",
    "DiskError",
    "FetchedProjectError",
    "ForkedError",
    "InvalidValueError",
    "LimitError",
    "MissingModelError",
    "ModelClosedError",
    "ModelError",
    "ModelServerError",
    "ModelTooLargeError",
    "NameTakenError",
    "NoAnswerLeftError",
    "NotFoundError",
    "OtherPublisherError",
    "PageTimeError",
    "ParseCancelledError",
    "ParseError",
    "PlaceDiedError",
    "PlaceError",
    "PlaceLostError",
    "PlaceRefusedError",
    "ProjectClosedError",
    "ProjectLockedError",
    "ProjectReplacedError",
    "ProjectVersionError",
    "RagflowError",
    "ReadError",
    "ReadOnlyProjectError",
    "RecognitionError",
    "RefusedError",
    "ShardError",
    "SnapshotError",
    "SnapshotVersionError",
    "StoreError",
    "UnsupportedFileError",
    "UnusableDirectoryError",
    "WorkerDiedError",
    "WorkerNotStartedError",
]
