"""The settings a user can change, with the defaults of the API reference, checked when made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

from ragflow_local.errors import InvalidValueError

DEFAULT_PROMPT = """\
You are an intelligent assistant. Please summarize the content of the knowledge base to answer \
the question. Please list the data in the knowledge base and answer in detail. When all knowledge \
base content is irrelevant to the question, your answer must include the sentence "The answer you \
are looking for is not found in the knowledge base!" Answers need to consider chat history.
      Here is the knowledge base:
      {knowledge}
      The above is the knowledge base."""

EMPTY_RESPONSE = "The answer you are looking for is not found in the knowledge base!"
OPENER = "Hi! I am your assistant，can I help you?"

PARSE_METHODS = (
    "naive",
    "manual",
    "qa",
    "table",
    "paper",
    "book",
    "laws",
    "presentation",
    "picture",
    "one",
    "knowledge_graph",
    "email",
)

_NAME_LENGTH = 255  # what file systems hold
# Not printable by themselves: a wide space, and what joins letters and emoji or keeps them apart.
_JOINING = "\u3000\u200c\u200d"


class Settings:
    """What all settings share: made from a dict with the API's second spellings, and back."""

    __slots__ = ()
    _SPELLINGS: ClassVar[Mapping[str, str]] = {}
    _SHOWN_IF_SET: ClassVar[Collection[str]] = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return settings with ``values`` in place of defaults.

        Raises:
            InvalidValueError: A key is unknown, or a value is outside what is allowed.
        """
        known = {item.name for item in fields(cls)}  # type: ignore[arg-type]  # mixed into dataclasses only
        given: dict[str, Any] = {}
        for key, value in values.items():
            name = cls._SPELLINGS.get(key, key)
            if name not in known:
                raise InvalidValueError(
                    "key", key, f"one of the settings {', '.join(sorted(known))}"
                )
            given[name] = value
        return cls(**given)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values; those that are not of the reference only if set."""
        plain: dict[str, Any] = asdict(self)  # type: ignore[call-overload]  # mixed into dataclasses only
        defaults = {item.name: item.default for item in fields(self)}  # type: ignore[arg-type]  # likewise
        for name in self._SHOWN_IF_SET:
            if plain[name] == defaults[name]:
                del plain[name]
        return plain


def check_whole(name: str, value: object, low: int, high: int) -> None:
    """Raise ``InvalidValueError`` unless ``value`` is a whole number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidValueError(name, value, f"a whole number from {low} to {high}")


def check_number(name: str, value: object, low: float, high: float) -> None:
    """Raise ``InvalidValueError`` unless ``value`` is a number in [low, high]; NaN is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidValueError(name, value, f"a number from {low:g} to {high:g}")


def check_text(name: str, value: object) -> None:
    """Raise ``InvalidValueError`` unless ``value`` is a str that UTF-8 can hold."""
    if not isinstance(value, str):
        raise InvalidValueError(name, value, "a text (str)")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(name, value, "a text without lone surrogates") from None


def check_model_name(name: str, value: object) -> None:
    """Raise ``InvalidValueError`` unless ``value`` names a chat model, and holds no password."""
    check_text(name, value)
    text = str(value)
    before_model = text.partition("#")[0]
    if text.lower().startswith(("http://", "https://")) and set("@?") & set(before_model):
        raise InvalidValueError(
            name,
            "http://…",
            "an address without a password, key or query: http://HOST:PORT/v1#MODEL",
        )


def check_name(name: object) -> str:
    """Return ``name`` where it may name a document, a chat or a session.

    Raises:
        InvalidValueError: It may not.
    """
    check_text("name", name)
    if (
        not isinstance(name, str)
        or not name.strip()
        or len(name) > _NAME_LENGTH
        or not all(char.isprintable() or char in _JOINING for char in name)
    ):
        raise InvalidValueError(
            "name", name, "a text of 1 to 255 characters without control characters"
        )
    return name


SECTION = "section"  # in place of a number of neighbours: all under the same headings


def check_neighbours(name: str, value: object) -> None:
    """Raise ``InvalidValueError`` unless ``value`` is 0 to 20, or ``section``."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 20
    if not is_count and value != SECTION:
        raise InvalidValueError(name, value, f"a whole number from 0 to 20, or {SECTION!r}")


def check_bool(name: str, value: object) -> bool:
    """Return ``value`` where it is True, False, 1 or 0; else raise ``InvalidValueError``."""
    if not isinstance(value, int) or value not in (0, 1):
        raise InvalidValueError(name, value, "True or False")
    return bool(value)


def _set_bool(settings: Settings, name: str) -> None:
    """Let a setting that may be given as 1 or 0 be True or False."""
    object.__setattr__(settings, name, check_bool(name, getattr(settings, name)))


@dataclass(frozen=True, slots=True)
class ParserSettings(Settings):
    r"""How a dataset's documents are read and chunked.

    Attributes:
        chunk_token_count: Most tokens a chunk holds, by the dataset's embedding model.
        layout_recognize: Whether PDF pages are analysed for columns, headings and tables.
        delimiter: Characters after which text may be cut; text between back-quotes is one
            longer delimiter, and each piece that it cuts is a chunk of its own.
        task_page_size: Pages one worker reads at a time.
        overlap: Share of a chunk, from 0 to 0.5, that says again the end of the one before.
        main_content: Whether of web pages only the main text is read, without what stands
            around it; else all but menus, page feet and what is hidden.
        meta_words: Whether chunks are found by the values of their document's ``meta_fields``
            too, as by its name.
        graph_model: The chat model that finds the entities and relations of ``knowledge_graph``:
            a GGUF, by its path or name; None finds them without a model.
    """

    _SPELLINGS: ClassVar[Mapping[str, str]] = {"chunk_token_num": "chunk_token_count"}

    chunk_token_count: int = 128
    layout_recognize: bool = True
    delimiter: str = "\n!?。；！？"
    task_page_size: int = 12
    overlap: float = 0.0
    main_content: bool = False
    meta_words: bool = False
    graph_model: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values; one that is not of the reference only if set."""
        # Not by asdict, which copies in depth: none of the values has depth.
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in ("overlap", "main_content", "meta_words", "graph_model"):
            if not values[name]:
                del values[name]
        return values

    def __post_init__(self) -> None:
        """Check every value."""
        if self.graph_model is not None:
            check_model_name("graph_model", self.graph_model)
        check_whole("chunk_token_count", self.chunk_token_count, 1, 1_000_000)
        _set_bool(self, "layout_recognize")
        check_text("delimiter", self.delimiter)
        check_whole("task_page_size", self.task_page_size, 1, 1_000_000)
        check_number("overlap", self.overlap, 0, 0.5)
        _set_bool(self, "main_content")
        _set_bool(self, "meta_words")


@dataclass(frozen=True, slots=True)
class LLMSettings(Settings):
    """How a chat model writes.

    Attributes:
        model_name: A GGUF file: a path, or a name found in ``models_dir``; the address of a
            server that runs a model, ``http://127.0.0.1:11434/v1#model``; ``extractive`` for
            the built-in answerer; None for the engine's default.
        temperature: 0 always takes the likeliest token.
        top_p: Share of the probability mass that tokens are sampled from.
        presence_penalty: Against any token said before.
        frequency_penalty: Against a token, by how often it was said before.
        max_token: Most tokens of an answer.
        seed: Of the sampling; None for another each time.
        context_tokens: Length of the model's window: prompt and answer together. None: its own,
            at most 8,192.
        time_limit_seconds: Longest time for an answer, which then ends where it is.
        threads: Processor threads to use. None: all to read, half of them to write.
    """

    _SPELLINGS: ClassVar[Mapping[str, str]] = {
        "frequency penalty": "frequency_penalty",
        "max_tokens": "max_token",
    }

    _SHOWN_IF_SET: ClassVar[Collection[str]] = ("context_tokens", "time_limit_seconds", "threads")

    model_name: str | None = None
    temperature: float = 0.1
    top_p: float = 0.3
    presence_penalty: float = 0.2
    frequency_penalty: float = 0.7
    max_token: int = 512
    seed: int | None = None
    context_tokens: int | None = None
    time_limit_seconds: float = 600.0
    threads: int | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        if self.model_name is not None:
            check_model_name("model_name", self.model_name)
        check_number("temperature", self.temperature, 0, 5)
        check_number("top_p", self.top_p, 0, 1)
        check_number("presence_penalty", self.presence_penalty, -2, 2)
        check_number("frequency_penalty", self.frequency_penalty, -2, 2)
        check_whole("max_token", self.max_token, 1, 1_000_000)
        if self.seed is not None:
            check_whole("seed", self.seed, 0, 2**32 - 1)
        if self.context_tokens is not None:
            check_whole("context_tokens", self.context_tokens, 256, 1 << 20)
        check_number("time_limit_seconds", self.time_limit_seconds, 0.1, 1e6)
        if self.threads is not None:
            check_whole("threads", self.threads, 1, 1024)


@dataclass(frozen=True, slots=True)
class PromptSettings(Settings):
    """What a chat tells its model, and what it searches for it.

    Attributes:
        prompt: The system message; ``{knowledge}`` is replaced by the chunks found.
        similarity_threshold: Chunks less similar than this are not used.
        keywords_similarity_weight: Weight of the words; 1 minus it is that of the meaning.
        top_n: Most chunks the model is given.
        empty_response: The answer where nothing was found.
        opener: The first message of a session.
        show_quote: Whether answers carry citations.
        neighbours: How many chunks before and after each that was found the model reads with it,
            or ``section`` for all under the same headings.
        refine_multiturn: Whether the chat model rewrites a follow-up to a question that stands
            alone before the search; that costs one short answer more. Else, and where there is
            no model, rules do.
        grounding: What becomes of a sentence a chat model writes that no chunk says: ``strict``
            puts the best quote in its place, ``marked`` keeps it and lists it in
            ``Message.unsupported``. None: ``strict`` for models of less than about a billion
            parameters, else ``marked``.
        show_nearest: Whether the nearest passages are shown, as such, where nothing is found.
        reader: Whether, without a chat model, a small model reads the candidates for an answer
            and refuses where none answers; it needs the multilingual weights.
    """

    _SHOWN_IF_SET: ClassVar[Collection[str]] = ("grounding",)

    prompt: str = DEFAULT_PROMPT
    similarity_threshold: float = 0.2
    keywords_similarity_weight: float = 0.7
    top_n: int = 8
    empty_response: str = EMPTY_RESPONSE
    opener: str = OPENER
    show_quote: bool = True
    refine_multiturn: bool = False
    neighbours: int | str = 0
    grounding: str | None = None
    show_nearest: bool = False
    reader: bool = True

    def __post_init__(self) -> None:
        """Check every value."""
        check_text("prompt", self.prompt)
        if "{knowledge}" not in self.prompt:
            raise InvalidValueError("prompt", self.prompt, "a text that contains {knowledge}")
        check_number("similarity_threshold", self.similarity_threshold, 0, 1)
        check_number("keywords_similarity_weight", self.keywords_similarity_weight, 0, 1)
        check_whole("top_n", self.top_n, 1, 1024)
        check_text("empty_response", self.empty_response)
        check_text("opener", self.opener)
        _set_bool(self, "show_quote")
        _set_bool(self, "refine_multiturn")
        check_neighbours("neighbours", self.neighbours)
        if self.grounding not in (None, "strict", "marked"):
            raise InvalidValueError("grounding", self.grounding, "strict, marked or None")
        _set_bool(self, "show_nearest")
        _set_bool(self, "reader")


@dataclass(frozen=True, slots=True)
class Limits(Settings):
    """How much a document, and all of them together, may ask of the machine.

    Attributes:
        document_bytes: Largest file that is added.
        document_pages: Most pages of a file.
        document_rows: Most rows of the tables of a file, or of ``task_page_size`` pages of it.
        document_columns: Most columns of a table; a sheet of Excel has no more.
        project_bytes: Most that all files of the project take together.
        page_seconds: Longest processor time for one page; it is then read without layout analysis
            and text recognition, and left out if it takes as long again.
        task_seconds: Longest time for one task of a worker: ``task_page_size`` pages, or a file
            without pages.
        worker_bytes: Most memory of one worker process.
        tasks_per_worker: A worker is replaced after this many tasks, since libraries leak.
    """

    document_bytes: int = 1 << 30
    document_pages: int = 50_000
    document_rows: int = 2_000_000
    document_columns: int = 16_384
    project_bytes: int = 1 << 40
    page_seconds: float = 30.0
    task_seconds: float = 600.0
    worker_bytes: int = 3 << 30
    tasks_per_worker: int = 2000

    def __post_init__(self) -> None:
        """Check every value."""
        check_whole("document_bytes", self.document_bytes, 1, 1 << 50)
        check_whole("document_pages", self.document_pages, 1, 1 << 31)
        check_whole("document_rows", self.document_rows, 1, 1 << 31)
        check_whole("document_columns", self.document_columns, 1, 1 << 31)
        check_number("page_seconds", self.page_seconds, 0.1, 1e6)
        check_whole("project_bytes", self.project_bytes, 1, 1 << 60)
        check_number("task_seconds", self.task_seconds, 0.1, 1e6)
        check_whole("worker_bytes", self.worker_bytes, 1 << 26, 1 << 50)
        check_whole("tasks_per_worker", self.tasks_per_worker, 1, 1 << 31)
