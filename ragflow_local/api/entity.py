"""The base class of API objects: checked attributes, dicts, and a readable ``repr``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

from ragflow_local.errors import (
    InvalidValueError,
    ProjectClosedError,
    RagflowError,
)
from ragflow_local.project import Project
from ragflow_local.settings import Settings
from ragflow_local.show.pages import PageSource


class Client(Protocol):
    """What an API object needs of the ``RAGFlow`` it came from."""

    @property
    def tenant_id(self) -> str:
        """Whose key it has."""
        ...

    @property
    def project(self) -> Project:
        """The open project; raises ``ProjectClosedError`` after ``close()``."""
        ...


class Detached:
    """The engine of an object that was pickled or copied: there is none."""

    tenant_id = ""

    @property
    def project(self) -> Project:
        """Raise ``ProjectClosedError``."""
        raise ProjectClosedError(None)


def pages_of(rag: Client) -> PageSource:
    """Return where pictures of pages come from; raises ``ProjectClosedError`` after ``close()``."""
    project = rag.project
    return PageSource(project.catalog, project.files, project.pictures)


# Methods of RAGFlow's released client that the draft has under other names, or not at all.
_RELEASED = frozenset(
    (
        *("add_message", "async_cancel_parse_documents", "async_parse_documents"),
        *("create_agent", "create_memory", "delete_agent", "delete_chunks", "delete_documents"),
        *("delete_memory", "get_agent", "get_chat", "get_recent_messages", "list_agents"),
        *("list_documents", "list_memory", "parse_documents", "retrieve", "search_message"),
        *("to_json", "update_agent", "upload_documents"),
    )
)


def released_door(name: str) -> str:
    """Return where a name of the released client is; empty for every other name."""
    if name not in _RELEASED:
        return ""
    return f". {name} is of RAGFlow's released client: from ragflow_local.sdk import RAGFlow has it"


class ApiObject:
    """An object with named attributes, some of which may be changed and then saved.

    Class attributes:
        _SHOWN: What ``to_dict`` gives, in this order.
        _CHANGEABLE: What may be assigned; anything else is an error that names it.
        _SPELLINGS: Second spellings of attributes.
        _BRIEF: What ``repr`` shows.
    """

    _SHOWN: ClassVar[tuple[str, ...]] = ()
    _CHANGEABLE: ClassVar[frozenset[str]] = frozenset()
    _SPELLINGS: ClassVar[Mapping[str, str]] = {}
    _BRIEF: ClassVar[tuple[str, ...]] = ("id", "name")

    _rag: Client

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # Only reached where there is no such attribute: a second spelling, or an error.
        first = type(self)._SPELLINGS.get(name)
        if first is not None:
            return getattr(self, first)
        raise AttributeError(
            f"{type(self).__name__} has no attribute {name!r}; it has {', '.join(self._SHOWN)}"
            f"{released_door(name)}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        name = type(self)._SPELLINGS.get(name, name)
        if name not in type(self)._CHANGEABLE:
            allowed = ", ".join(sorted(type(self)._CHANGEABLE)) or "nothing"
            kind = type(self).__name__
            raise InvalidValueError(name, value, f"a new value only to {allowed} of a {kind}")
        object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        """Return the data alone: a pickle or copy has no engine."""
        state = dict(self.__dict__)
        if "_rag" in state:
            state["_rag"] = Detached()
        return state

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes as plain values, fit for JSON."""
        return {name: plain(getattr(self, name)) for name in self._SHOWN}

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={self._brief(name)}" for name in self._BRIEF)
        return f"{type(self).__name__}({shown})"

    def _brief(self, name: str) -> str:
        try:
            return _short(getattr(self, name))
        except (RagflowError, OSError):  # deleted or closed: a debugger still shows the rest
            return "?"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…{text[0]}"


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: objects as dicts, tuples as lists, times as ISO 8601."""
    if isinstance(value, ApiObject | SettingsObject):
        return value.to_dict()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


class SettingsObject:
    """Settings a user may change in place: ``doc.parser_config.chunk_token_count = 256``.

    Takes a dict or keywords, in either spelling. Every value is checked when it is set.
    """

    _KIND: ClassVar[type]
    _settings: Settings

    def __init__(self, *given: Any, **values: Any) -> None:
        # Scripts written for the server call it with (client, dict): the dict is what counts.
        for item in given:
            if isinstance(item, Mapping):
                values = {**item, **values}
        object.__setattr__(self, "_settings", self._KIND.from_dict(values))  # type: ignore[attr-defined]  # every kind is a settings class

    @classmethod
    def of(cls, given: Any) -> Self:
        """Return settings from an object of this class, a dict, or None for the defaults.

        Raises:
            InvalidValueError: It is neither, or holds what is not allowed.
        """
        if given is None:
            return cls()
        if isinstance(given, cls):
            return cls(given.to_dict())
        if isinstance(given, Mapping):
            return cls(given)
        raise InvalidValueError(cls.__name__, given, "a dict or an object of that class")

    @classmethod
    def wrap(cls, settings: Settings) -> Self:
        """Return settings of a row as an object that a user may change."""
        made = cls.__new__(cls)
        object.__setattr__(made, "_settings", settings)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values under their first spelling."""
        values: dict[str, Any] = self._settings.to_dict()
        return values

    def merged(self, changes: Mapping[str, Any]) -> Self:
        """Return these settings with some of them changed."""
        spelled = {self._KIND._SPELLINGS.get(key, key): value for key, value in changes.items()}  # type: ignore[attr-defined]  # every kind is a settings class
        return type(self)({**self.to_dict(), **spelled})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        first = self._KIND._SPELLINGS.get(name, name)  # type: ignore[attr-defined]  # every kind is a settings class
        return getattr(self._settings, first)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, "_settings", self.merged({name: value})._settings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SettingsObject) and self._settings == other._settings

    def __hash__(self) -> int:
        return hash(self._settings)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.to_dict().items())
        return f"{type(self).__name__}({values})"
