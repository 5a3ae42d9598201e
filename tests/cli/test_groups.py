"""``datasets``, ``documents`` and ``show``: looked into, changed, removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragflow_local.api.ragflow import RAGFlow
from tests import samples
from tests.cli.conftest import HOUSE, Shell


def test_a_dataset_is_made_shown_changed_and_deleted(shell: Shell) -> None:
    words = ("--set", "chunk_token_count=64", "--set", r"delimiter=\n", "--method", "laws")
    ended = shell("datasets", "create", "laws", *words, "--embedding-model", "hashing", "--json")
    assert ended.status == 0, ended.err
    made = json.loads(ended.out)
    assert (made["parse_method"], made["embedding_model"]) == ("laws", "hashing")
    assert made["parser_config"]["chunk_token_count"] == 64
    assert made["parser_config"]["delimiter"] == "\n"
    ended = shell("datasets", "update", "laws", "--name", "statutes", "--set", "task_page_size=5")
    assert ended.status == 0, ended.err
    shown = shell("datasets", "show", "statutes").out
    assert "parse_method\tlaws\n" in shown
    assert "parser_config.task_page_size\t5\n" in shown
    assert "parser_config.chunk_token_count\t64\n" in shown
    assert shell("datasets").out.splitlines()[1].split("\t")[0] == "statutes"
    assert shell("datasets", "delete", "statutes", "--yes").status == 0
    assert json.loads(shell("datasets", "list", "--json").out) == []


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        pytest.param(["datasets", "update", "documents"], 2, "say what to change", id="nothing"),
        pytest.param(
            ["datasets", "update", "documents", "--set", "x"], 2, "is not KEY=VALUE", id="no value"
        ),
        pytest.param(
            ["datasets", "update", "documents", "--set", "x=1"], 1, "'x' is not", id="no such key"
        ),
        pytest.param(
            ["datasets", "update", "documents", "--method", "laws"],
            1,
            "delete the documents first",
            id="method of what has chunks",
        ),
        pytest.param(["datasets", "create", "two words"], 1, "English letters", id="name"),
        pytest.param(["datasets", "create", "DOCUMENTS"], 1, "no other dataset", id="taken"),
        pytest.param(["datasets", "delete", "documents"], 2, "give --yes", id="nobody to ask"),
        pytest.param(["documents", "remove", "house.md"], 2, "give --yes", id="nobody to ask 2"),
        pytest.param(["documents", "show", "no.md"], 1, "no.md", id="no such document"),
        pytest.param(["documents", "list", "--state", "X"], 2, "UNSTART", id="no such state"),
        pytest.param(["show", "zzzz"], 1, "There is no chunk", id="no such chunk"),
        pytest.param(["sync", "nowhere"], 2, "does not exist", id="no such folder"),
    ],
)
def test_what_cannot_be_done_is_told(
    filled: Shell, words: list[str], status: int, said: str
) -> None:
    ended = filled(*words)
    assert (ended.status, ended.out) == (status, "")
    assert said in ended.err


def test_documents_are_listed_by_state_and_looked_into(filled: Shell) -> None:
    found = json.loads(filled("documents", "--project", "ragflow_project", "list", "--json").out)
    assert [(item["name"], item["run"]) for item in found] == [("house.md", "DONE")]
    assert filled("documents", "list", "--state", "fail").out == ""
    shown = filled("documents", "show", "house.md").out
    assert "run\tDONE\n" in shown
    assert "parse_method\tnaive\n" in shown
    chunks = filled("documents", "chunks", "house.md", "--keywords", "valve")
    assert "The pump is bled at the valve" in chunks.out
    assert "1 of 1 chunk." in chunks.err


def test_a_document_is_renamed_saved_and_removed(filled: Shell) -> None:
    assert filled("documents", "rename", "house.md", "home.md").status == 0
    assert filled("search", "boiler", "--limit", "1").out.startswith("1. home.md")
    assert filled("documents", "save", "home.md").status == 0
    assert Path("home.md").read_text() == HOUSE
    ended = filled("documents", "save", "home.md")
    assert (ended.status, "is there already" in ended.err) == (2, True)
    assert filled("documents", "remove", "home.md", "-y").status == 0
    assert filled("search", "boiler").out == ""


def test_another_method_makes_a_document_wait_to_be_parsed(filled: Shell) -> None:
    words = ("--method", "one", "--set", "chunk_token_count=64")
    assert filled("documents", "update", "house.md", *words).status == 0
    (item,) = json.loads(filled("documents", "list", "--json").out)
    assert (item["run"], item["parser_method"]) == ("UNSTART", "one")
    assert "✓ house.md: 1 chunk" in filled("parse").err


def test_a_chunk_is_shown_by_the_beginning_of_its_id_with_its_scores(filled: Shell) -> None:
    hit = json.loads(filled("search", "pump bled", "--json").out)["hits"][0]
    assert hit["id"][:8] in filled("search", "pump bled").out
    shown = filled("show", hit["id"][:8], "--question", "pump bled")
    assert shown.status == 0
    assert shown.out.startswith("house.md  ·  ")
    assert f"similarity {hit['similarity']:.2f} " in shown.out
    assert "The pump is bled at the valve" in shown.out
    assert json.loads(filled("show", hit["id"], "--json").out)["content"] == hit["content"]
    ended = filled("show", hit["id"], "--out", "page.png")
    assert (ended.status, "no pages that can be drawn" in ended.err) == (1, True)
    assert not Path("page.png").exists()


def test_a_page_is_written_as_a_picture_with_the_passage_marked(filled: Shell) -> None:
    name, data = samples.file_of("pdf")
    Path(name).write_bytes(data)
    assert filled("add", name).status == 0
    chunk = json.loads(filled("documents", "chunks", name, "--json").out)[0]
    (hit,) = json.loads(
        filled("search", chunk["content"], "--document", name, "--limit", "1", "--json").out
    )["hits"]
    assert hit["pages"] == [1]
    ended = filled("show", hit["id"], "--out", "page.png")
    assert ended.status == 0, ended.err
    assert Path("page.png").read_bytes().startswith(b"\x89PNG")
    assert "Wrote page.png." in ended.err


def test_a_chat_is_made_asked_shown_changed_and_deleted(filled: Shell) -> None:
    Path("told.txt").write_text("Answer in rhymes: {knowledge}")
    words = ("--model", "extractive", "--prompt", "told.txt", "--set", "prompt.top_n=2")
    ended = filled("chats", "create", "poet", *words, "--json")
    assert ended.status == 0, ended.err
    made = json.loads(ended.out)
    assert (made["datasets"], made["prompt.top_n"]) == (["documents"], 2)
    assert made["prompt.prompt"].startswith("Answer in rhymes")
    assert filled("chats", "update", "poet", "--set", "llm.temperature=0.5").status == 0
    assert "llm.temperature\t0.5\n" in filled("chats", "show", "poet").out
    with RAGFlow(project_dir="ragflow_project") as rag:
        session = rag.list_chats(name="poet")[0].create_session("First")
        session.ask("When is the boiler inspected?")
    assert filled("chats").out.splitlines()[1] == "poet\tdocuments\textractive\t1"
    assert "First\t" in filled("chats", "sessions", "poet").out
    shown = filled("chats", "show", "poet").out
    assert "? When is the boiler inspected?" in shown
    assert "every second March. [1]" in shown
    assert "  [1] house.md" in shown
    assert json.loads(filled("chats", "show", "poet", "First", "--json").out)["session"]
    ended = filled("chats", "show", "poet", "Second")
    assert (ended.status, "no session" in ended.err) == (1, True)
    ended = filled("chats", "update", "poet", "--set", "top_n=3")
    assert (ended.status, "prompt.KEY=VALUE" in ended.err) == (2, True)
    assert filled("chats", "delete", "poet", "--yes").status == 0
    assert json.loads(filled("chats", "list", "--json").out) == []


def test_a_chat_of_the_project_can_be_talked_to(
    filled: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    filled("chats", "create", "poet", "--model", "extractive")
    monkeypatch.setattr(sys, "stdin", io.StringIO("When is the boiler inspected?\n/open 1\n"))
    ended = filled("chat", "--chat", "poet")
    assert "every second March. [1]" in ended.out
    assert "house.md  ·  " in ended.out
    assert "? When is" in filled("chats", "show", "poet").out
    ended = filled("chat", "--chat", "poet", "--model", "extractive")
    assert (ended.status, "its own datasets" in ended.err) == (2, True)


def test_patterns_choose_the_files_of_a_folder(shell: Shell) -> None:
    for name in ("notes/a.md", "notes/b.txt", "notes/drafts/c.md"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("Some text.")
    words = ("--no-parse", "--json", "--include", "*.md", "--exclude", "drafts")
    found = json.loads(shell("add", "notes", *words).out)["documents"]
    assert [item["name"] for item in found] == ["a.md"]


def test_a_search_can_be_of_some_documents(filled: Shell) -> None:
    Path("other.md").write_text("The pump is in the cellar.")
    filled("add", "other.md")
    words = ("search", "pump", "--document", "other.md", "--threshold", "0", "--json")
    hits = json.loads(filled(*words).out)["hits"]
    assert {hit["document_name"] for hit in hits} == {"other.md"}


def test_a_folder_is_mirrored_and_json_says_what_was_done(shell: Shell) -> None:
    Path("notes/deep").mkdir(parents=True)
    Path("notes/a.md").write_text("The lamp is lit at dusk.")
    Path("notes/deep/a.md").write_text("The gate is shut at ten.")
    shell("datasets", "create", "notes", "--embedding-model", "hashing")
    dry = shell("sync", "notes", "--dry-run")
    assert (dry.status, dry.out) == (0, "")
    assert "+ deep/a.md" in dry.err
    done = json.loads(shell("sync", "notes", "--json").out)
    assert done["added"] == ["a.md", "deep/a.md"]
    assert {item["run"] for item in done["parsed"]} == {"DONE"}
    Path("notes/a.md").write_text("The lamp is lit at noon.")
    Path("notes/deep/a.md").unlink()
    ended = shell("sync", "notes")
    assert "~ a.md\n- deep/a.md\n1 changed, 1 removed." in ended.err
    assert "noon" in shell("search", "When is the lamp lit?").out
    quiet = shell("sync", "notes")
    assert (quiet.status, quiet.err) == (0, "Nothing has changed in 1 file.\n")
    Path("notes/a.md").unlink()
    ended = shell("sync", "notes")
    assert (ended.status, "1 document would be removed" in ended.err) == (1, True)
    assert shell("sync", "notes", "--allow-empty").status == 0


def test_what_a_folder_cannot_give_is_told_and_ends_with_1(shell: Shell) -> None:
    Path("notes").mkdir()
    Path("notes/broken.pdf").write_bytes(b"%PDF-1.7\nnothing else")
    shell("datasets", "create", "notes", "--embedding-model", "hashing")
    first = shell("sync", "notes")
    assert (first.status, "✗ broken.pdf: " in first.err) == (1, True)
    second = shell("sync", "notes")
    assert (second.status, second.err.splitlines()[0]) == (0, "Nothing has changed in 1 file.")
    assert "1 file failed before: --retry" in second.err
    assert shell("sync", "notes", "--retry").status == 1


def test_a_chunk_id_that_fits_several_is_told(rag: RAGFlow) -> None:
    from ragflow_local import InvalidValueError, NotFoundError

    document = rag.add_document(rag.create_dataset("a"), "a.md", b"x")
    first = document.add_chunk("one").id
    for number in range(40):  # of 16 letters two begin alike
        document.add_chunk(f"text {number}")
    assert rag.get_chunk(first).content == "one"
    with pytest.raises(InvalidValueError, match="several chunks"):
        rag.get_chunk(next(letter for letter in "0123456789abcdef" if _many(rag, letter)))
    for id in ("", "%", "zz"):
        with pytest.raises(NotFoundError):
            rag.get_chunk(id)


def _many(rag: RAGFlow, letter: str) -> bool:
    (document,) = rag.list_datasets()[0].list_docs()
    return sum(chunk.id.startswith(letter) for chunk in document.list_chunks(limit=-1)) > 1
