"""The pages under docs/: every block runs, in its order, and prints what it should."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ragflow_local.settings import (
    PARSE_METHODS,
    Limits,
    LLMSettings,
    ParserSettings,
    PromptSettings,
)
from tests.pages import ROOT, blocks_of, run_page

PAGES = sorted(ROOT.glob("docs/*.md"))
# Those with something to run: a process for each other would take a second for nothing.
RUN = [
    page for page in PAGES if {language for language, _ in blocks_of(page)} & {"python", "console"}
]
EVERY = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

# Words of what the blocks of a page print, line after line.
PRINTED = {
    "datasets.md": ["[] [] [] 1", "notes_of_may 1 1"],
    "methods.md": ["Article 1 ", "Article 2 "],
    "offline.md": ["False"],
    "released_client.md": ["['house']"],
    "scale.md": ["boiler.md DONE 1"],
    "programs.md": ["1 of 1", "at the valve beside the tank", "1"],
    "several_people.md": [
        "['boiler.md', 'pump(1).md', 'pump.md', 'roof.md']",
        "The pump hums when its bearing is worn.",
        "4 4",
        "ben The pump hums when its bearing is worn.",
        "ada The pump is bled at the valve beside the tank.",
        "The boiler is inspected every second March. [ID:0]",
    ],
    "tuning.md": ["boiler.md DONE 1", "meaning", "every second March", "pump.md"],
    "web.md": ["cellar", "cellar", "ForkedError 1"],
}
# What a page takes for granted.
BEFORE = {
    "moving.md": """
from ragflow_local import RAGFlow
with RAGFlow("KEY", project_dir="my_project") as rag:
    note = rag.add_document(rag.create_dataset("notes"), "house.md", b"-")
    note.add_chunk("The boiler is inspected in March.")
"""
}
# ``sh`` is for what installs or does not end: those commands are looked up, not run.
LANGUAGES = {"python", "console", "json", "text", "sh"}


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_in_order_without_weights(page: Path, tmp_path: Path) -> None:
    printed = iter(run_page(page, tmp_path, before=BEFORE.get(page.name, "")).splitlines())
    for words in PRINTED.get(page.name, []):
        assert any(words in line for line in printed), words


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_every_block_of_a_page_is_of_a_kind_that_is_tested(page: Path) -> None:
    opened = re.findall(r"^```(.*)\n(?:.*\n)*?```$", page.read_text(encoding="utf-8"), flags=re.M)
    assert {language for language, _ in blocks_of(page)} <= LANGUAGES
    assert len(opened) == len(blocks_of(page)), "a block without a language"


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_every_command_on_a_page_exists(page: Path) -> None:
    from ragflow_local.cli import app

    known = {command.name for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    text = page.read_text(encoding="utf-8")
    said = set(
        re.findall(r"(?:^ *|`|bin/|\$ )ragflow-local (?:--project \S+ )?([a-z]+)", text, flags=re.M)
    )
    assert said <= known, said - known
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    assert set(re.findall(r"(?:^ *|`)make ([a-z]+)", text, flags=re.M)) <= targets


def test_every_command_stands_on_the_page_of_commands() -> None:
    from ragflow_local.cli import app

    text = (ROOT / "docs" / "command_line.md").read_text(encoding="utf-8")
    table = " ".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    known = {command.name for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    assert known <= set(re.findall(r"[a-z]+", table))


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [page.name for page in PAGES if f"(docs/{page.name})" not in readme]


def test_every_parse_method_is_explained() -> None:
    table = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/methods.md").read_text(), flags=re.M)
    assert tuple(table) == PARSE_METHODS


def test_what_an_assistant_is_told_is_a_command() -> None:
    from ragflow_local.cli import app

    (told,) = (
        json.loads(code)
        for language, code in blocks_of(ROOT / "docs/programs.md")
        if language == "json"
    )
    (server,) = told["mcpServers"].values()
    assert server["command"] == "ragflow-local"
    assert server["args"][0] in {command.name for command in app.registered_commands}


def test_every_decision_stands_in_the_index_of_its_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    index, *rooms = text[text.index("## Decisions") :].split("\n### ")
    lines = dict(re.findall(r"^\| \[([^]]+)\]\(#[^)]*\) \| (.*) \|$", index, flags=re.M))
    written = {
        room.partition("\n")[0]: [
            " ".join(title.split()).rstrip(".")
            for title in re.findall(r"^(?:~~)?\*\*(.*?)\*\*", room, flags=re.M | re.S)
        ]
        for room in rooms
    }
    assert {room: "; ".join(titles) for room, titles in written.items()} == lines


SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [Limits, LLMSettings, ParserSettings, PromptSettings])
def test_each_setting_stands_on_the_page_of_settings(kind: Any) -> None:
    missing = [field.name for field in fields(kind) if f"`{field.name}`" not in SETTINGS]
    assert not missing


def test_each_environment_variable_stands_on_the_page_of_settings() -> None:
    names = {
        name
        for folder in ("ragflow_local", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"(?<!_)RAGFLOW_LOCAL_[A-Z_]+", path.read_text(encoding="utf-8"))
    }
    assert "RAGFLOW_LOCAL_PROJECT" in names
    assert not [name for name in sorted(names) if f"`{name}`" not in SETTINGS]


def test_a_page_that_says_what_does_not_happen_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo one\ntwo\n```\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(AssertionError, match="is not"):
        run_page(page, folder)
