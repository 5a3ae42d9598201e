"""``work``, and ``parse`` in a shared folder."""

import json
import signal
from pathlib import Path

from ragflow_local.ingest import remote
from ragflow_local.scale.folder_files import SharedFolder
from tests.cli.conftest import Shell
from tests.scale.shared_folder import place_at, working


def test_documents_are_parsed_in_a_folder(filled: Shell) -> None:
    folder = Path("shared")
    folder.mkdir()
    with working(folder) as worker:
        done = filled("parse", "house.md", "--folder", "shared", "--json")
    assert done.status == 0
    assert [row["run"] for row in json.loads(done.out)["documents"]] == ["DONE"]
    assert worker.documents == 1
    remote.end_workers()


def test_what_waits_is_worked_on(shell: Shell) -> None:
    before = signal.getsignal(signal.SIGTERM)
    folder = Path("shared")
    folder.mkdir()
    assert shell("work", "shared", "--once").err == "0 documents parsed.\n"
    with place_at(folder) as place:
        future = place.submit(b"\xc1")
        assert shell("work", "shared", "--once", "--workers", "2").status == 0
        assert "cannot read the batch" in remote.frame_of(future.result(60)).refused
        assert SharedFolder(folder).present("workers") == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_folder_that_is_not_there_is_wrong_usage(filled: Shell) -> None:
    assert filled("work", "nowhere").status == 2
    assert filled("parse", "--folder", "nowhere").status == 2
    Path("shared").mkdir()
    assert filled("parse", "--folder", "shared", "--ray", "a:1").status == 2
