"""``DataSet.sync``: a folder and the dataset that mirrors it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ragflow_local import DataSet, Document, InvalidValueError, RAGFlow
from ragflow_local.api.sync import Synced
from ragflow_local.ingest.folder import Patterns, scan
from ragflow_local.stores import crash

ENDINGS = (".md", ".txt", ".pdf")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of the same name at two depths."""
    write(tmp_path / "notes" / "boat.md", "The boat turns back at three metres.")
    write(tmp_path / "notes" / "deep" / "boat.md", "The anchor weighs forty kilograms.")
    write(tmp_path / "notes" / "crew.txt", "The crew are six.")
    return tmp_path / "notes"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def age(folder: Path) -> None:
    """Let every file be older than a tick of the clock, as if time had passed."""
    for path in folder.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))


def wait(done: Synced) -> None:
    for document in done.parsing:
        list(document.join(interval=0.01, timeout=60))


def synced(dataset: DataSet, folder: Path, **options: object) -> Synced:
    done = dataset.sync(folder, **options)  # type: ignore[arg-type]  # passed on as they are
    wait(done)
    return done


def names(dataset: DataSet) -> dict[str, str]:
    return {document.name: document.run for document in dataset.list_docs()}


def found(rag: RAGFlow, dataset: DataSet, question: str) -> list[str]:
    return [chunk.content for chunk in rag.retrieval(question, [dataset], limit=1)]


def begun(document: Document) -> object:
    return document.process_begin_at


# ── what happens to each file ──


def test_files_become_documents_named_by_their_path(dataset: DataSet, folder: Path) -> None:
    done = synced(dataset, folder)
    assert sorted(done.added) == ["boat.md", "crew.txt", "deep/boat.md"]
    assert names(dataset) == {"boat.md": "DONE", "crew.txt": "DONE", "deep/boat.md": "DONE"}


def test_a_second_run_does_nothing(
    dataset: DataSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced(dataset, folder)
    before = {document.id: begun(document) for document in dataset.list_docs()}
    done = dataset.sync(folder)
    assert (done.is_quiet, done.unchanged, done.parsing, done.skipped) == (True, 3, [], {})
    assert {document.id: begun(document) for document in dataset.list_docs()} == before


def test_files_with_the_size_and_times_that_were_noted_are_not_read(
    dataset: DataSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ragflow_local.ingest import folder as looking

    monkeypatch.setattr(looking, "_TICK_NS", 0)  # the files were written this moment
    synced(dataset, folder)

    def read(path: Path) -> str:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr("ragflow_local.ingest.sync.digest_of", read)
    assert dataset.sync(folder).unchanged == 3


def test_a_changed_file_alone_is_parsed_anew_and_keeps_its_document(
    rag: RAGFlow, dataset: DataSet, folder: Path
) -> None:
    synced(dataset, folder)
    before = {document.name: (document.id, begun(document)) for document in dataset.list_docs()}
    write(folder / "boat.md", "The boat turns back at five metres.")
    done = synced(dataset, folder)
    assert (done.changed, done.unchanged, len(done.parsing)) == (["boat.md"], 2, 1)
    after = {document.name: (document.id, begun(document)) for document in dataset.list_docs()}
    assert {name for name in after if after[name] != before[name]} == {"boat.md"}
    assert after["boat.md"][0] == before["boat.md"][0]
    assert found(rag, dataset, "When does the boat turn back?") == [
        "The boat turns back at five metres."
    ]
    assert rag.get_document(name="boat.md").download() == (folder / "boat.md").read_bytes()
    assert len(list(rag.project.files.file_names())) == 3


def test_the_same_size_and_time_do_not_hide_other_bytes(dataset: DataSet, folder: Path) -> None:
    age(folder)
    synced(dataset, folder)
    write(folder / "boat.md", "The boat turns back at seven metre.")
    age(folder)
    assert dataset.sync(folder).changed == ["boat.md"]


def test_a_touched_file_is_compared_and_not_parsed(dataset: DataSet, folder: Path) -> None:
    synced(dataset, folder)
    age(folder)
    done = dataset.sync(folder)
    assert (done.is_quiet, done.unchanged, done.parsing) == (True, 3, [])


def test_a_deleted_file_is_not_found_when_the_call_returns(
    rag: RAGFlow, dataset: DataSet, folder: Path
) -> None:
    synced(dataset, folder)
    (folder / "crew.txt").unlink()
    done = dataset.sync(folder)
    assert (done.removed, done.parsing) == (["crew.txt"], [])
    assert "The crew are six." not in found(rag, dataset, "How many are the crew?")
    assert "crew.txt" not in names(dataset)


def test_a_renamed_file_is_not_parsed_again(rag: RAGFlow, dataset: DataSet, folder: Path) -> None:
    synced(dataset, folder)
    old = rag.get_document(name="crew.txt").id
    (folder / "crew.txt").rename(folder / "deep" / "people.txt")
    done = synced(dataset, folder)
    assert done.renamed == {"deep/people.txt": "crew.txt"}
    assert (done.added, done.removed, done.parsing) == ([], [], [])
    assert rag.get_document(name="deep/people.txt").id == old
    assert dataset.sync(folder).is_quiet


def test_a_file_under_another_ending_is_read_anew(dataset: DataSet, folder: Path) -> None:
    synced(dataset, folder)
    (folder / "crew.txt").rename(folder / "crew.md")
    done = synced(dataset, folder)
    assert (done.added, done.removed, done.renamed) == (["crew.md"], ["crew.txt"], {})


def test_other_documents_stay(rag: RAGFlow, dataset: DataSet, folder: Path, tmp_path: Path) -> None:
    rag.create_document(dataset, "boat.md", b"By hand.")
    write(tmp_path / "other" / "a.md", "Another folder.")
    synced(dataset, tmp_path / "other")
    synced(dataset, folder)
    shutil.rmtree(folder / "deep")
    synced(dataset, folder)
    assert set(names(dataset)) == {"boat.md", "a.md", "boat(1).md", "crew.txt"}


def test_documents_added_by_hand_are_taken_for_the_same_files(
    rag: RAGFlow, dataset: DataSet, folder: Path
) -> None:
    document = rag.add_document(dataset, "crew.txt", (folder / "crew.txt").read_bytes())
    done = synced(dataset, folder)
    assert (sorted(done.added), done.unchanged) == (["boat.md", "deep/boat.md"], 1)
    assert rag.get_document(name="crew.txt").id == document.id
    assert document.run == "DONE"


def test_a_folder_that_was_moved_is_the_same(dataset: DataSet, folder: Path) -> None:
    synced(dataset, folder)
    done = synced(dataset, folder.rename(folder.with_name("moved")))
    assert (done.is_quiet, done.unchanged) == (True, 3)


# ── what is taken ──


def test_patterns_choose_and_a_file_that_is_no_longer_meant_goes(
    dataset: DataSet, folder: Path
) -> None:
    write(folder / "drafts" / "a.md", "Draft.")
    synced(dataset, folder)
    done = synced(dataset, folder, exclude=["drafts", "*.txt"])
    assert sorted(done.removed) == ["crew.txt", "drafts/a.md"]
    assert set(names(dataset)) == {"boat.md", "deep/boat.md"}


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        pytest.param((), (), {"a.md", "sub/b.PDF", "sub/c.txt"}, id="known endings"),
        pytest.param(("*.pdf",), (), {"sub/b.PDF"}, id="case does not count"),
        pytest.param(("sub",), (), {"sub/b.PDF", "sub/c.txt"}, id="a folder"),
        pytest.param(("sub/*.txt",), (), {"sub/c.txt"}, id="in a folder"),
        pytest.param(("**/*.md",), (), {"a.md"}, id="two stars"),
        pytest.param(("/c.txt",), (), set(), id="anchored"),
        pytest.param(("*.xyz",), (), {"d.xyz"}, id="an unknown ending that is asked for"),
        pytest.param((), ("./sub/",), {"a.md"}, id="without a folder"),
        pytest.param(("*",), ("*.xyz", "c.*"), {"a.md", "sub/b.PDF"}, id="all but"),
    ],
)
def test_a_pattern_fits_the_end_of_a_path(
    tmp_path: Path, include: tuple[str, ...], exclude: tuple[str, ...], taken: set[str]
) -> None:
    for path in ("a.md", "sub/b.PDF", "sub/c.txt", "d.xyz", ".hidden/e.md", ".f.md"):
        write(tmp_path / path, "x")
    assert set(scan(tmp_path, Patterns(include, exclude), ENDINGS).files) == taken


def test_a_project_inside_the_folder_is_not_read(
    rag: RAGFlow, dataset: DataSet, project_dir: Path
) -> None:
    write(project_dir.parent / "a.md", "Beside the project.")
    synced(dataset, project_dir.parent)
    assert set(names(dataset)) == {"a.md"}


def test_links_to_files_are_taken_and_links_to_folders_are_not(tmp_path: Path) -> None:
    write(tmp_path / "real" / "a.md", "x")
    (tmp_path / "real" / "again").symlink_to(tmp_path / "real", target_is_directory=True)
    (tmp_path / "real" / "b.md").symlink_to(tmp_path / "real" / "a.md")
    (tmp_path / "real" / "broken.md").symlink_to(tmp_path / "nowhere")
    assert set(scan(tmp_path / "real", Patterns(), ENDINGS).files) == {"a.md", "b.md"}


def test_a_link_that_leads_out_of_the_folder_is_told_and_taken_where_it_is_said_so(
    dataset: DataSet, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    write(folder / "ok.md", "fine")
    write(tmp_path / "secret.md", "secret")
    write(tmp_path / "folder_beside" / "near.md", "secret")
    (folder / "sub").mkdir()
    for name, target in {
        "out.md": tmp_path / "secret.md",
        "relative.md": Path("../secret.md"),
        "sub/up.md": Path("../../secret.md"),
        "beside.md": tmp_path / "folder_beside" / "near.md",
        "proc.md": Path("/proc/self/environ"),
        "twice.md": Path("out.md"),
        "circle.md": Path("circle.md"),
    }.items():
        (folder / name).symlink_to(target)
    (tmp_path / "link").symlink_to(folder)
    done = dataset.sync(tmp_path / "link", parse=False)
    assert set(names(dataset)) == {"ok.md"}
    outside = {"out.md", "relative.md", "sub/up.md", "beside.md", "proc.md", "twice.md"}
    assert set(done.skipped) == outside
    assert all("follow_links=True" in reason for reason in done.skipped.values())
    done = dataset.sync(folder, parse=False, follow_links=True)
    assert {"out.md", "sub/up.md", "beside.md"} <= set(names(dataset))


# ── what cannot be taken ──


def test_an_empty_folder_removes_nothing_unless_it_is_said_so(
    dataset: DataSet, folder: Path
) -> None:
    synced(dataset, folder)
    shutil.rmtree(folder)
    with pytest.raises(InvalidValueError, match="that is there"):
        dataset.sync(folder)
    folder.mkdir()
    with pytest.raises(InvalidValueError, match="3 documents would be removed"):
        dataset.sync(folder)
    assert len(names(dataset)) == 3
    assert len(dataset.sync(folder, allow_empty=True).removed) == 3
    assert names(dataset) == {}


@pytest.mark.parametrize("folder", [None, 7, "a\0b", "\udcff", "nowhere"])
def test_what_is_no_folder_is_told(dataset: DataSet, folder: object) -> None:
    with pytest.raises(InvalidValueError, match=r"^folder="):
        dataset.sync(folder)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("patterns", [7, [7], {"a": 1}, ["\udcff"]])
def test_what_is_no_pattern_is_told(dataset: DataSet, tmp_path: Path, patterns: object) -> None:
    with pytest.raises(InvalidValueError, match=r"^exclude="):
        dataset.sync(tmp_path, exclude=patterns)  # type: ignore[arg-type]  # that is the point


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told_and_not_removed(dataset: DataSet, folder: Path) -> None:
    synced(dataset, folder)
    (folder / "deep").chmod(0)
    try:
        done = dataset.sync(folder)
    finally:
        (folder / "deep").chmod(0o755)
    assert (done.removed, set(done.skipped)) == ([], {"deep"})


def test_a_folder_that_could_not_be_seen_hides_what_is_below(folder: Path) -> None:
    seen = scan(folder, Patterns(), ENDINGS)
    seen.unread["deep"] = "Permission denied"
    assert seen.hides("deep/boat.md")
    assert not seen.hides("deeper/boat.md")


def test_a_name_that_is_too_long_is_told_and_the_rest_goes_on(
    dataset: DataSet, folder: Path
) -> None:
    long = "x" * 120 + "/" + "y" * 120 + "/" + "z" * 120 + ".md"
    write(folder / long, "Too deep.")
    done = synced(dataset, folder)
    assert "1 to 255 characters" in done.skipped[long]
    assert len(done.added) == len(names(dataset)) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_told_as_it_can_be_printed(
    dataset: DataSet, folder: Path
) -> None:
    for name in (b"\xff.md", b"two\nlines.md"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("x")
    done = synced(dataset, folder)
    assert set(done.skipped) == {r"\udcff.md", r"two\nlines.md"}
    assert len(done.added) == 3


def test_a_file_that_failed_is_parsed_again_only_when_asked(dataset: DataSet, folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing else")
    synced(dataset, folder)
    done = dataset.sync(folder)
    assert (done.is_quiet, done.failed, done.parsing) == (True, ["broken.pdf"], [])
    done = synced(dataset, folder, retry=True)
    assert [document.name for document in done.parsing] == ["broken.pdf"]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(dataset: DataSet, folder: Path) -> None:
    assert len(dataset.sync(folder, dry_run=True).added) == 3
    assert names(dataset) == {}


def test_without_parsing_the_documents_wait_for_the_next_run(
    dataset: DataSet, folder: Path
) -> None:
    assert dataset.sync(folder, parse=False).parsing == []
    assert set(names(dataset).values()) == {"UNSTART"}
    done = synced(dataset, folder)
    assert (done.is_quiet, len(done.parsing)) == (True, 3)
    assert set(names(dataset).values()) == {"DONE"}


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, marks=() if point == "document added" else pytest.mark.slow)
        for point in crash.POINTS
    ],
)
def test_a_run_that_a_crash_ended_is_finished_by_the_next(
    project_dir: Path, folder: Path, point: str
) -> None:
    """The first run adds; the second has a changed and a deleted file, and dies at the point."""
    code = (
        "import sys; from ragflow_local import RAGFlow\n"
        "with RAGFlow(project_dir=sys.argv[1], embedding_model='hashing', workers=1) as rag:\n"
        "    kept = rag.list_datasets() or [rag.create_dataset('sea')]\n"
        "    for document in kept[0].sync(sys.argv[2]).parsing:\n"
        "        list(document.join(interval=0.01))\n"
    )
    root = str(Path(__file__).parents[2])

    def run(**more: str) -> int:
        environment = {**os.environ, "PYTHONPATH": root, **more}
        words = [sys.executable, "-c", code, str(project_dir), str(folder)]
        return subprocess.run(words, env=environment, check=False, timeout=60).returncode

    assert run() == 0
    write(folder / "boat.md", "The boat turns back at five metres.")
    write(folder / "new.md", "The lamp is lit at dusk.")
    (folder / "crew.txt").unlink()
    assert run(RAGFLOW_LOCAL_CRASH_AT=point) == 86
    assert run() == 0
    with RAGFlow(project_dir=project_dir, workers=1) as rag:
        dataset = rag.get_dataset("sea")
        done = dataset.sync(folder)
        assert (done.is_quiet, done.unchanged, done.parsing) == (True, 3, [])
        assert names(dataset) == {"boat.md": "DONE", "deep/boat.md": "DONE", "new.md": "DONE"}
        assert found(rag, dataset, "When does the boat turn back?") == [
            "The boat turns back at five metres."
        ]
        assert len(list(rag.project.files.file_names())) == 3
