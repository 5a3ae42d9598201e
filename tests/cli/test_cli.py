"""The command line: what a person types, what is shown where, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ragflow_local.api.ragflow import RAGFlow
from ragflow_local.cli import app
from tests.cli.conftest import HOUSE, Shell

GROUPS = {group.name: group.typer_instance for group in app.registered_groups}
COMMANDS = [
    *([command.name or ""] for command in app.registered_commands),
    *([name or ""] for name in GROUPS),
    *(
        [name or "", command.name or getattr(command.callback, "__name__", "")]
        for name, group in GROUPS.items()
        if group is not None
        for command in group.registered_commands
    ),
]


# ── usage ──


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_shows_an_example(words: list[str]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0
    _, _, example = shown.output.partition("Example:")
    assert f"ragflow-local {' '.join(words)}" in " ".join(example.split())


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["lst"], id="unknown command"),
        pytest.param(["search"], id="question missing"),
        pytest.param(["add", "nowhere.pdf"], id="no such file"),
        pytest.param(["search", "x", "--limit", "0"], id="limit too small"),
        pytest.param(["search", "x", "--threshold", "2"], id="threshold too large"),
        pytest.param(["list", "--colour"], id="unknown option"),
    ],
)
def test_wrong_usage_ends_with_2(shell: Shell, words: list[str]) -> None:
    ended = shell(*words)
    assert (ended.status, ended.out) == (2, "")
    assert "Error:" in ended.err


def test_help_does_not_load_the_engine_and_fits_a_narrow_terminal() -> None:
    code = (
        "import sys; sys.argv = ['ragflow-local', 'search', '--help']\n"
        "from ragflow_local.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'lancedb', 'pymupdf', 'rich.progress', 'onnxruntime'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env={"COLUMNS": "40", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--vector-weight" in shown.stdout


# ── errors ──


@pytest.mark.parametrize("words", [["list"], ["search", "x"], ["ask", "x"], ["parse"]])
def test_a_missing_project_is_told_and_not_made(shell: Shell, words: list[str]) -> None:
    ended = shell(*words)
    assert ended.status == 1
    assert ended.err.startswith("Error: There is no project in ragflow_project.")
    assert len(ended.err.splitlines()) == 1
    assert not Path("ragflow_project").exists()


def test_an_unknown_dataset_is_told_in_one_line(filled: Shell) -> None:
    ended = filled("list", "--dataset", "nothing")
    assert (ended.status, ended.out) == (1, "")
    assert "nothing" in ended.err
    assert "ragflow-local datasets shows what is there" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_errors_name_calls_that_there_are_commands_for() -> None:
    """What is replaced by a command is what errors say: a call of another name would stay."""
    from ragflow_local import errors
    from ragflow_local.cli.output import _COMMANDS
    from ragflow_local.errors import base

    said = " ".join(str(errors.NotFoundError(kind, "x")) for kind in base._LISTED_BY)
    calls = [call for call in _COMMANDS if call.endswith(")") and "." in call]
    assert all(call in said for call in calls)


def test_a_dataset_must_be_named_where_there_are_several(filled: Shell) -> None:
    assert filled("add", "house.md", "--dataset", "other", "--no-parse").status == 0
    ended = filled("search", "boiler")
    assert ended.status == 2
    assert "documents, other" in ended.err


def test_a_damaged_file_ends_with_its_reason_and_1(shell: Shell) -> None:
    Path("broken.pdf").write_bytes(b"%PDF-1.7\nnothing else")
    Path("house.md").write_text(HOUSE)
    ended = shell("add", "broken.pdf", "house.md", "--embedding-model", "hashing")
    assert ended.status == 1
    assert "✗ broken.pdf: " in ended.err
    assert "✓ house.md: " in ended.err


def test_an_unforeseen_error_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    code = (
        "import ragflow_local.cli as cli\n"
        "def fail(): raise ZeroDivisionError('by zero')\n"
        "cli.app.command('fail')(fail)\n"
        "cli.main(['fail'])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: ZeroDivisionError: by zero")
    assert len(ended.stderr.splitlines()) == 1


# ── add, parse, list ──


def test_a_file_that_cannot_be_taken_is_told_and_the_others_are_added(shell: Shell) -> None:
    Path("a.md").write_text("Some text.")
    Path("b.bin").write_bytes(bytes(range(256)) * 4)
    ended = shell("add", "b.bin", "a.md", "--no-parse", "--json")
    assert ended.status == 1
    assert "✗ b.bin: No reader for 'b.bin'." in ended.err
    assert [item["name"] for item in json.loads(ended.out)["documents"]] == ["a.md"]


def test_documents_may_be_named_by_a_pattern(filled: Shell) -> None:
    ended = filled("documents", "remove", "*.pdf", "--yes")
    assert (ended.status, "'*.pdf'" in ended.err) == (1, True)
    assert filled("documents", "remove", "ho*.md", "--yes").status == 0
    assert json.loads(filled("documents", "list", "--json").out) == []


def test_a_folder_is_added_with_all_below_but_hidden_and_unknown_files(shell: Shell) -> None:
    for name in ("notes/a.md", "notes/deep/b.txt", "notes/.hidden/c.md", "notes/d.unknown"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("Some text.")
    ended = shell("add", "notes", "--no-parse", "--json")
    documents = json.loads(ended.out)["documents"]
    assert [document["name"] for document in documents] == ["a.md", "deep/b.txt"]
    assert {document["run"] for document in documents} == {"UNSTART"}


def test_progress_goes_to_standard_error_and_nothing_else_to_standard_output(
    shell: Shell,
) -> None:
    Path("house.md").write_text(HOUSE)
    ended = shell("add", "house.md", "--embedding-model", "hashing")
    assert (ended.status, ended.out) == (0, "")
    assert "Added 1 document to documents." in ended.err
    assert "✓ house.md: " in ended.err


def test_a_method_given_is_the_documents_method(filled: Shell) -> None:
    Path("other.md").write_text(HOUSE)
    assert filled("add", "other.md", "--method", "one").status == 0
    (dataset,) = json.loads(filled("list", "--json").out)
    methods = {item["name"]: item["parser_method"] for item in dataset["documents"]}
    assert methods == {"house.md": "naive", "other.md": "one"}


def test_parse_takes_what_is_not_parsed_yet(filled: Shell) -> None:
    Path("other.md").write_text(HOUSE)
    filled("add", "other.md", "--no-parse")
    ended = filled("parse", "--json")
    assert [item["name"] for item in json.loads(ended.out)["documents"]] == ["other.md"]
    assert "Nothing to do" in filled("parse").err


def test_the_project_may_be_named_before_the_command_after_it_and_by_the_environment(
    filled: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = json.loads(filled("list", "--json").out)
    assert json.loads(filled("list", "--project", "ragflow_project", "--json").out) == here
    assert json.loads(filled("--project", "ragflow_project", "list", "--json").out) == here
    monkeypatch.setenv("RAGFLOW_LOCAL_PROJECT", str(tmp_path / "elsewhere"))
    assert filled("list").status == 1
    assert filled("list", "--project", "ragflow_project").status == 0


def test_a_list_that_is_piped_has_one_row_a_line_and_tabs(filled: Shell) -> None:
    lines = filled("list").out.splitlines()
    assert lines[0].split("\t")[0] == "dataset"
    assert lines[1].split("\t")[:2] == ["documents", "1"]
    assert lines[4].split("\t")[:2] == ["house.md", "parsed"]


# ── search, ask ──


def test_search_shows_the_passage_its_source_and_its_scores(filled: Shell) -> None:
    ended = filled("search", "where is the pump bled", "--limit", "1")
    assert ended.status == 0
    assert ended.out.startswith("1. house.md  ·  0.")
    assert "valve beside the tank" in ended.out


def test_search_gives_json(filled: Shell) -> None:
    found = json.loads(filled("search", "pump bled", "--json").out)
    assert found["question"] == "pump bled"
    assert found["hits"][0]["document_name"] == "house.md"
    assert 0 < found["hits"][0]["similarity"] <= 1


def test_nothing_found_is_said_on_standard_error(filled: Shell) -> None:
    ended = filled("search", "zebra", "--threshold", "0.99")
    assert (ended.status, ended.out) == (0, "")
    assert "Nothing found" in ended.err


def test_ask_answers_with_numbered_sources(filled: Shell) -> None:
    ended = filled("ask", "When is the boiler inspected?")
    assert ended.status == 0
    assert "every second March" in ended.out
    assert "[ID:" not in ended.out
    assert ended.out.rstrip().endswith("[1] house.md")


def test_ask_streams_json_one_document_a_line(filled: Shell) -> None:
    lines = [json.loads(line) for line in filled("ask", "boiler?", "--json").out.splitlines()]
    assert "".join(line["delta"] for line in lines[:-1]) == lines[-1]["content"]
    assert lines[-1]["reference"][0]["document_name"] == "house.md"


def test_asking_twice_keeps_both_answers_in_one_chat(filled: Shell) -> None:
    filled("ask", "When is the boiler inspected?")
    filled("ask", "Where is the pump bled?")
    with RAGFlow(project_dir="ragflow_project", read_only=True) as rag:
        (chat,) = rag.list_chats()
        names = {session.name for session in chat.list_sessions()}
    assert names == {"When is the boiler inspected?", "Where is the pump bled?"}
