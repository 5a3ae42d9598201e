"""``chat``: a conversation at a terminal, or through a pipe."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.api.session import Session
from ragflow_local.cli import main
from tests.cli.terminal import Terminal, command_line, environment

HOUSE = "# Boiler\nThe boiler is inspected every second March. Its burner is cleaned in autumn.\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one parsed document."""
    directory = tmp_path_factory.mktemp("house") / "project"
    with RAGFlow(project_dir=directory, embedding_model="hashing", workers=1) as rag:
        document = rag.add_document(rag.create_dataset("documents"), "house.md", HOUSE.encode())
        document.async_parse()
        list(document.join(interval=0))
        assert document.run == "DONE"
    return directory


def command(project: Path, *words: str) -> list[str]:
    return command_line("chat", "--project", str(project), *words)


def test_questions_from_a_pipe_are_answered_one_after_the_other(house: Path) -> None:
    ended = subprocess.run(
        command(house),
        input="When is the boiler inspected?\n\n/sources\nAnd its burner?\n/no\n/quit\nnever\n",
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    asked, _, rest = ended.stdout.partition("1. house.md  ·  0.")
    assert asked.startswith("? When is the boiler inspected?\n")
    assert "every second March" in asked
    assert "[1] house.md" in asked
    assert "The boiler is inspected every second March." in rest
    assert "cleaned in autumn" in rest
    assert "never" not in ended.stdout
    assert "There is no command /no. " in ended.stderr


@pytest.fixture
def terminal(house: Path) -> Iterator[Terminal]:
    pytest.importorskip("pty", reason="needs a pseudo-terminal")
    opened = Terminal(command(house))
    yield opened
    opened.kill()


def test_a_conversation_at_a_terminal(terminal: Terminal, house: Path) -> None:
    terminal.wait_for("/quit ends.")
    terminal.wait_for("? ")
    terminal.type("When is the boiler inspected?\n")
    terminal.wait_for("[1] house.md")
    assert "every second March" in terminal.out
    terminal.wait_for("Answered by extractive.")
    terminal.wait_for("\n? ")
    terminal.type("/sources\n")
    terminal.wait_for("1. house.md")
    terminal.wait_for("\n? ")
    terminal.type("/open 2\n")
    terminal.wait_for("/open takes a number from 1 to 1")
    terminal.wait_for("\n? ")
    terminal.type("/open 1\n")
    terminal.wait_for("house.md  ·  ")
    terminal.wait_for("every second March")
    terminal.wait_for("\n? ")
    terminal.type("half a question")
    terminal.wait_for("half a question")
    terminal.interrupt(until="\n? ")  # what was typed is taken back
    terminal.type("/history\n")
    terminal.wait_for("? When is the boiler inspected?")
    terminal.wait_for("\n? ")
    terminal.type("/help\n")
    terminal.wait_for("/open N")
    terminal.wait_for("\n? ")
    assert terminal.leave() == 0
    with RAGFlow(project_dir=house, read_only=True) as rag:
        names = [session.name for session in rag.list_chats()[0].list_sessions()]
    assert "When is the boiler inspected?" in names


def test_a_question_that_fails_does_not_end_the_conversation(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io

    def fail(*_: object, **__: object) -> Iterator[object]:
        yield from ()
        raise KeyboardInterrupt

    hook = sys.excepthook
    monkeypatch.setattr(sys, "stdin", io.StringIO("/sources\nWhy?\n"))
    monkeypatch.setattr(Session, "ask", fail)
    with pytest.raises(SystemExit) as end:
        main(["chat", "--project", str(house)])
    sys.excepthook = hook
    shown = capsys.readouterr()
    assert end.value.code in (0, None)
    assert shown.out == "? Why?\n …\n"
    assert "No answer yet" in shown.err


def test_a_conversation_can_be_continued(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io

    hook = sys.excepthook
    for words, lines in (([], "When is the boiler inspected?\n"), (["--continue"], "And why?\n")):
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        with pytest.raises(SystemExit):
            main(["chat", "--project", str(house), *words])
    sys.excepthook = hook
    capsys.readouterr()
    with RAGFlow(project_dir=house, read_only=True) as rag:
        latest = rag.list_chats()[0].list_sessions(page_size=1, orderby="update_time")[0]
        asked = [message.content for message in latest.messages if message.role == "user"]
    assert asked[-2:] == ["When is the boiler inspected?", "And why?"]
