"""``publish`` and ``fetch``."""

import json
from pathlib import Path

from tests.cli.conftest import Shell


def test_a_project_is_published_and_fetched(filled: Shell, tmp_path: Path) -> None:
    done = filled("publish", "store")
    assert done.status == 0
    assert "Published snapshot 1 at " in done.err
    assert "written" in done.err
    assert "Nothing has changed since snapshot 1" in filled("publish", "store").err
    assert "Fetched snapshot 1 to readers" in filled("fetch", "store", "readers").err
    assert "readers has the newest snapshot, 1" in filled("fetch", "store", "readers").err
    found = filled("search", "boiler", "--project", "readers")
    assert "every second March" in found.out
    assert filled("doctor", "--project", "readers").status == 0


def test_both_give_json(filled: Shell) -> None:
    published = json.loads(filled("publish", "store", "--json").out)
    assert published["number"] == 1
    assert published["is_new"] is True
    fetched = json.loads(filled("fetch", "store", "readers", "--json").out)
    assert fetched["number"] == 1
    assert Path(fetched["directory"]).is_dir()


def test_what_was_fetched_is_not_added_to(filled: Shell, tmp_path: Path) -> None:
    filled("publish", "store")
    filled("fetch", "store", "readers")
    (tmp_path / "more.md").write_text("# More\nMore.\n")
    done = filled("add", "more.md", "--project", "readers")
    assert done.status == 1
    assert "it is for reading" in done.err
    assert filled("backup", "own", "--project", "readers").status == 0
    assert filled("add", "more.md", "--project", "own", "--dataset", "documents").status == 0


def test_where_nothing_is_published_is_told_in_one_line(shell: Shell) -> None:
    done = shell("fetch", "nowhere", "readers")
    assert done.status == 1
    assert "nothing has been published there" in done.err
    assert len(done.err.splitlines()) == 1
