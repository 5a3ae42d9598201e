"""Tests without a network: a pytest plugin that gives tests engines of their own.

    def test_the_pump_is_found(ragflow):
        manuals = ragflow.create_dataset("manuals")
        notes = ragflow.add_document(manuals, "pump.md", b"The pump stands in the cellar.")
        notes.async_parse()
        list(notes.join())
        ragflow.answers("In the cellar. [ID:0]")
        session = ragflow.create_chat("Miss R", knowledgebases=[manuals]).create_session()
        assert session.ask("Where is the pump?").content == "In the cellar. [ID:0]"

It comes with the package. The fixture ``ragflow`` is an engine on a new temporary project: texts
are embedded without weights, whatever model is named, and chat models say what ``answers`` gave
them, in that order. With ``--ragflow-local``, ``from ragflow import RAGFlow`` in the code under
test gives such engines too, and ``from ragflow_sdk import RAGFlow`` the released names on them
(``ragflow_local.sdk``): each ``base_url`` is a temporary project, each ``api_key`` a tenant of it,
and the next test finds all of them empty.
What a fixture of a wider scope makes lasts as long as the session.

This module is imported whenever pytest starts: the engine is imported when it is first used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from ragflow_local.testing.spans import Span, spans

if TYPE_CHECKING:
    from ragflow_local.testing.engine import ScriptedRAGFlow

__all__ = ["ScriptedRAGFlow"]

_PUBLIC = ("Chat", "Chunk", "DataSet", "Document", "Message", "Session")
_MODULES = ("base", "dataset", "document", "chunk", "chat", "session", "agent", "memory")
# Names of the draft's client, and of the released one, whose modules scripts import from too.
_NAMES = (
    "ragflow",
    "ragflow_sdk",
    "ragflow_sdk.ragflow",
    "ragflow_sdk.modules",
    *(f"ragflow_sdk.modules.{name}" for name in _MODULES),
)


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'ragflow_local.testing' has no attribute {name!r}")
    return getattr(import_module("ragflow_local.testing.engine"), name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("ragflow_local").addoption(
        "--ragflow-local",
        action="store_true",
        help="Let 'from ragflow import RAGFlow' (or ragflow_sdk) give an engine in this process,"
        " on temporary projects: no server, no network.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Replace RAGFlow's client by the engine, before any file of the project is read."""
    if early_config.known_args_namespace.ragflow_local:
        patch = pytest.MonkeyPatch()
        for name in _NAMES:
            patch.setitem(sys.modules, name, _Client(name))
        early_config.add_cleanup(patch.undo)


def pytest_unconfigure() -> None:
    """Close what lasted as long as the session."""
    spans.session.close()
    if engine := sys.modules.get("ragflow_local.testing.engine"):
        engine.WarmSlot.end_all()


# Wrappers of the older kind: an older pytest starts with this plugin too.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Give each test projects of its own."""
    before, spans.now = spans.now, Span()
    yield
    spans.now.close()
    spans.now = before


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
    """Let what a wider fixture opens last longer than the test that came first."""
    now, was_wide = spans.now, spans.is_wide
    if fixturedef.scope != "function":
        spans.now, spans.is_wide = spans.session, True
    yield
    spans.now, spans.is_wide = now, was_wide


@pytest.fixture
def ragflow() -> Iterator[ScriptedRAGFlow]:
    """An engine on a new temporary project, without weights; ``answers`` scripts its chats."""
    from ragflow_local.testing.engine import ScriptedRAGFlow

    with ScriptedRAGFlow() as engine:
        yield engine


class _Client(ModuleType):
    """A module named as one of RAGFlow's clients that gives the engine, imported on first use."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "RAGFlow's names, given by ragflow_local.testing.")
        self.__path__: list[str] = []
        self.__all__ = ["RAGFlow", *_PUBLIC]
        self.__version__ = "0.27.3"  # whose names the newest scripts use
        if name.startswith("ragflow_sdk"):
            self.__all__ += ["Agent", "Memory"]

    def __getattr__(self, name: str) -> object:
        is_released = self.__name__.startswith("ragflow_sdk")
        if name == "RAGFlow" and is_released:
            return import_module("ragflow_local.testing.released").ReleasedRAGFlow
        if name == "RAGFlow":
            return import_module("ragflow_local.testing.engine").ScriptedRAGFlow
        if name in (*self.__all__, "Base", "ChunkUpdateError") and is_released:
            return getattr(import_module("ragflow_local.sdk"), name)
        if name in _PUBLIC:
            return getattr(import_module("ragflow_local"), name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
