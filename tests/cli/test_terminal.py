"""Commands in a real terminal: narrow, without colours, interrupted, and what they show live."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, command_line

pytest.importorskip("pty", reason="needs a pseudo-terminal")

Open = Callable[..., Terminal]


@pytest.fixture
def terminal(tmp_path: Path, made: Path) -> Iterator[Open]:
    """Run a command in a directory with a parsed document, in a terminal of its own."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    opened: list[Terminal] = []

    def start(*words: str, columns: int = 80, **more: str) -> Terminal:
        made = Terminal(command_line(*words), columns=columns, cwd=tmp_path, **more)
        opened.append(made)
        return made

    yield start
    for one in opened:
        one.kill()


COLOURED = {"TERM": "xterm-256color"}


def widest(terminal: Terminal) -> int:
    return max(len(line) for line in terminal.shown.splitlines())


def test_words_of_the_question_stand_out(terminal: Open) -> None:
    shown = terminal("search", "where is the pump bled", **COLOURED)
    assert shown.close() == 0
    assert "\x1b[1;33mbled\x1b[0m" in shown.out
    assert "is bled at the valve beside the tank" in " ".join(shown.shown.split())


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({**COLOURED, "NO_COLOR": "1"}, id="NO_COLOR"),
        pytest.param({"TERM": "dumb"}, id="a terminal that has none"),
    ],
)
def test_no_colours_where_they_are_not_wanted(terminal: Open, more: dict[str, str]) -> None:
    shown = terminal("search", "where is the pump bled", **more)
    assert shown.close() == 0
    assert "bled" in shown.out
    assert "\x1b[" not in shown.out


def test_a_narrow_window_is_not_overrun(terminal: Open) -> None:
    for words in (["search", "pump"], ["list"], ["datasets", "show", "documents"]):
        shown = terminal(*words, columns=40, **COLOURED)
        assert shown.close() == 0
        assert widest(shown) <= 40, shown.shown


def test_progress_is_shown_live_and_what_became_of_each_document(
    terminal: Open, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.md").write_text(f"Document {number}.\n" * 50)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing else")
    names = [f"{number}.md" for number in range(3)]
    shown = terminal("add", *names, "broken.pdf", columns=100, **COLOURED)
    assert shown.close() == 1
    assert "of 4 documents" in shown.shown
    assert "✓ 2.md: " in shown.shown
    assert "✗ broken.pdf: " in shown.shown
    assert "3 documents parsed, 1 not, in " in shown.shown


def test_ctrl_c_says_how_to_go_on_and_the_rest_is_parsed_then(
    terminal: Open, tmp_path: Path
) -> None:
    text = "".join(
        f"Line {number} of a long text, unlike all others.\n\n" for number in range(6000)
    )
    (tmp_path / "long.txt").write_text(text)
    shown = terminal("add", "long.txt", **COLOURED)
    shown.wait_for("of 1 document")
    shown.type("\x03")
    assert shown.close() == 130
    assert "Stopped: 1 document not parsed yet." in shown.shown
    assert "Traceback" not in shown.shown
    again = terminal("documents", "list")
    assert again.close() == 0
    assert "being parsed" in again.shown


def test_deleting_asks_first(terminal: Open) -> None:
    asked = terminal("documents", "remove", "house.md")
    asked.wait_for("Remove house.md? [y/N]")
    asked.type("n\n")
    assert asked.close() == 1
    asked = terminal("documents", "remove", "house.md")
    asked.wait_for("[y/N]")
    asked.type("y\n")
    assert asked.close() == 0
    assert "Removed 1 document." in asked.out


@pytest.mark.slow  # it waits for a folder to come to rest, three times
def test_watching_mirrors_changes_until_ctrl_c(terminal: Open, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("The lamp is lit at dusk.")
    shown = terminal("watch", "notes", "--interval", "0.2")
    shown.wait_for("+ a.md")
    shown.wait_for("✓ a.md")
    (notes / "b.md").write_text("The gate is shut at ten.")
    shown.wait_for("✓ b.md")
    (notes / "a.md").unlink()
    shown.wait_for("- a.md")
    shown.wait_for("1 removed; 1 file as before.")
    # The project is free in between.
    found = terminal("search", "When is the gate shut?")
    assert found.close() == 0
    assert "The gate is shut at ten." in found.out
    shown.type("\x03")
    assert shown.close() == 130
    assert "Traceback" not in shown.out
