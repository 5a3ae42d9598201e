"""The records that flow through the engine, in the order they come to be.

    bytes ──readers──▶ Block ──chunkers──▶ Draft ──ingest──▶ ChunkRow
    ChunkRow ──retrieve──▶ Hit ──answer──▶ Answer

Every record is frozen: a step never changes what it was given, it makes the next record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragflow_local.settings import LLMSettings, ParserSettings, PromptSettings

Vector: TypeAlias = NDArray[np.float32]  # (dim,) or (n,)
Matrix: TypeAlias = NDArray[np.float32]  # (n, dim), one row a text

BlockKind = Literal["heading", "paragraph", "list_item", "table", "figure", "field", "running"]
Run = Literal["UNSTART", "RUNNING", "CANCEL", "DONE", "FAIL"]
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Region:
    """A box on a page: page from 1, coordinates in points (1/72 inch) from the top left."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Block:
    """The smallest unit of a document that a reader extracts.

    Attributes:
        kind: What it is on the page. ``field`` is a named value (a mail header, "Subject: …");
            ``running`` is a page head or foot said before in the same document, which chunk
            methods leave out.
        text: Its text; of a table, the cells joined by tabs and newlines.
        level: Depth of a heading, 1 the topmost; 0 for everything else.
        place: Where it stands, or None where the format has no pages.
        rows: The cells of a table, row by row; empty for everything else.
        image: PNG or JPEG bytes of a figure that the format itself carries (a slide's picture),
            else empty: pictures of a page region are rendered when asked for.
        source: What the author wrote from the block before up to its end, where that is not its
            text: the marks of Markdown, a rule between paragraphs. Delimiters are looked for in
            it; else empty.
        is_bold: Whether all of a paragraph is set bold, as headings may be that nothing marks.
        is_code: Whether it is marked as code: a program, a command, what a screen shows.
    """

    kind: BlockKind
    text: str
    level: int = 0
    place: Region | None = None
    rows: tuple[tuple[str, ...], ...] = ()
    image: bytes = b""
    source: str = ""
    is_bold: bool = False
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning about a document that was read, for the user: one sentence with a way out."""

    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """Consecutive lines of a chunk that the document marks as a heading or as code.

    Attributes:
        first: Number of the first line, from 0; lines end with a line feed.
        count: How many lines.
        depth: Of a heading, how many headings stand above it, itself included; 0 for code.
    """

    first: int
    count: int
    depth: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A chunk before it is stored: no id, no vector.

    Attributes:
        content: The text a user sees and a model reads.
        places: Where its parts stand, in reading order.
        headings: The headings it stands under, the topmost first.
        keywords: Words that weigh in search besides the content.
        questions: Questions it answers; they weigh in search besides the content.
        match_text: What search compares with the question, where that is not the content
            (a Q&A pair is found by its question alone); empty: the content.
        kind: ``text``, or what the knowledge graph adds: ``entity`` and ``relation``.
        data: Typed columns of a table row, as JSON; empty for everything else.
        image: Picture bytes that belong to it (a slide's picture); empty for none.
        tags: Words about it by which it is not found.
        marked: Its lines that are headings or code, in their order.
    """

    content: str
    places: tuple[Region, ...] = ()
    headings: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    match_text: str = ""
    kind: Literal["text", "entity", "relation"] = "text"
    data: str = ""
    image: bytes = b""
    tags: tuple[str, ...] = ()
    marked: tuple[Marked, ...] = ()

    def below(self, text: str) -> Draft:
        """Return it with lines put above its own."""
        above = f"{text}\n" if text else ""
        down = above.count("\n")
        marked = tuple(replace(one, first=one.first + down) for one in self.marked)
        return replace(self, content=above + self.content, marked=marked)


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """A dataset as the catalog keeps it; counts are kept true by the catalog itself.

    Attributes:
        parser_config: What its new documents take.
        embedding_dim: Length of its vectors; 0 until the model was first loaded.
        embedding_prompts: What the model puts before a question and before a passage.
        embedding_floor: The model's ``Embedder.floor``; None until it was first loaded.
        released: What the released API says of it besides, as it was given.
        create_time: Milliseconds since 1970, UTC; likewise ``update_time``.
    """

    id: str
    tenant_id: str
    name: str
    avatar: str
    description: str
    language: str
    permission: str
    parse_method: str
    parser_config: ParserSettings
    embedding_model: str
    embedding_dim: int
    embedding_prompts: tuple[str, str]
    document_count: int
    chunk_count: int
    token_count: int
    create_time: int
    update_time: int
    embedding_floor: float | None = None
    released: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as the catalog keeps it.

    Attributes:
        sha256: Of its bytes, which lie in ``files/``.
        generation: The parse whose chunks are live; grows by one with each parse.
        progress: Percentage from 0 to 100; -1 after FAIL.
        process_begin_at: Milliseconds since 1970, UTC, or None before the first parse.
        process_duration: Seconds.
        released: What the released API says of it besides, as it was given.
        parsed_on: The place that parses it, or was the last to; empty: this computer.
    """

    id: str
    dataset_id: str
    name: str
    type: str
    kind: str
    size: int
    sha256: str
    source_type: str
    created_by: str
    parse_method: str
    parser_config: ParserSettings
    meta_fields: dict[str, object]
    run: Run
    progress: float
    progress_msg: str
    generation: int
    chunk_count: int
    token_count: int
    process_begin_at: int | None
    process_duration: float
    create_time: int
    update_time: int
    released: dict[str, object] = field(default_factory=dict)
    parsed_on: str = ""

    @property
    def called(self) -> str:
        """What its chunks are found by besides their own words."""
        return called(self.name, self.meta_fields if self.parser_config.meta_words else {})


# Between a document's name and the values of its free data; no name has it.
_NAME_ENDS = "\0"


def called(name: str, meta_fields: Mapping[str, object]) -> str:
    """Return a document's name with the values of its free data."""
    values = [
        str(one)
        for value in meta_fields.values()
        for one in (value if isinstance(value, list) else [value])
    ]
    return _NAME_ENDS.join([name, " ".join(values)]) if values else name


def parts_called(text: str) -> tuple[str, str]:
    """Return the name without its ending, and the values of free data, of what ``called`` gave."""
    name, _, values = text.partition(_NAME_ENDS)
    return name[: name.rindex(".")] if "." in name[1:] else name, values


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A chunk as the catalog keeps it.

    Attributes:
        number: Its number in the BM25 postings and in the vector table; never used again.
        ordinal: Its place in the document, from 0.
        token_count: Tokens of the content, by the dataset's embedding model.
        generation: The parse it came from.
        image: Whether a picture of its own is kept in ``images/``.
        called: What it is found by besides its own words, ``DocumentRow.called``; empty: the
            document's name.
        tags: Words about it by which it is not found.
        marked: Its lines that the document marks as headings or code.
    """

    number: int
    id: str
    document_id: str
    dataset_id: str
    document_name: str
    ordinal: int
    content: str
    token_count: int
    generation: int
    places: tuple[Region, ...] = ()
    headings: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    match_text: str = ""
    kind: str = "text"
    data: str = ""
    image: bool = False
    available: bool = True
    create_time: int = 0
    tags: tuple[str, ...] = ()
    called: str = ""
    marked: tuple[Marked, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk found for a question, with the three similarities, each in [0, 1].

    Attributes:
        remarks: Sentences on how it was found, where that is not the usual way.
    """

    chunk: ChunkRow
    similarity: float
    vector_similarity: float
    term_similarity: float
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRow:
    """A chat assistant: the datasets it knows and how it answers."""

    id: str
    tenant_id: str
    name: str
    avatar: str
    dataset_ids: tuple[str, ...]
    llm: LLMSettings
    prompt: PromptSettings
    create_time: int
    update_time: int
    released: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One conversation with a chat."""

    id: str
    chat_id: str
    name: str
    create_time: int
    update_time: int
    released: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message of a session; ``hits`` are the chunks an answer cites, as they were then."""

    id: str
    session_id: str
    ordinal: int
    role: Role
    content: str
    hits: tuple[Hit, ...] = ()
    model: str = ""
    thinking: str = ""
    unsupported: tuple[str, ...] = ()
    create_time: int = 0
    finish_reason: str = ""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the conversation that a generator is given."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer so far: its content only ever grows; the last one has the hits it cites.

    Attributes:
        content: Text with ``[ID:i]`` marks, i an index of ``hits``.
        hits: The chunks the answer was given; empty until the last.
        model: Who answered: a GGUF's file name, ``extractive``, or ``extractive+reader``; empty
            where none ran.
        thinking: What a thinking model wrote before its answer.
        usage: Counts and seconds: ``prompt_tokens``, ``answer_tokens``, ``first_seconds``, ….
        is_last: Whether the answer is whole.
        unsupported: Sentences of the whole answer that no chunk supports.
        finish_reason: Why a model's text ended: ``stop`` where the model ended it, ``length``
            where ``max_token`` or the context did, ``time`` where the time limit did; else empty.
    """

    content: str
    hits: tuple[Hit, ...] = ()
    model: str = ""
    thinking: str = ""
    usage: dict[str, float] = field(default_factory=dict)
    is_last: bool = False
    unsupported: tuple[str, ...] = ()
    finish_reason: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a parse: a fraction in [0, 1], and a message.

    Attributes:
        pages: Pages of the document; 0 before they are counted, and where its format has none.
        pages_read: How many of them have been read.
    """

    fraction: float
    message: str
    pages: int = 0
    pages_read: int = 0


@dataclass(frozen=True, slots=True)
class ParseState:
    """How far one document is; attributes as those of ``Document`` where they have its names.

    Attributes:
        run: ``UNSTART``, ``RUNNING``, ``CANCEL``, ``DONE`` or ``FAIL``; ``DELETED`` for no row.
        progress: Percentage of its parse, 0 to 100; -1 after FAIL.
        progress_msg: What happens now; after FAIL the reason and the way out.
        pages: Its pages; 0 before they are counted, and where its format has none.
        pages_read: How many of them have been read.
    """

    run: str
    progress: float
    progress_msg: str
    pages: int = 0
    pages_read: int = 0
