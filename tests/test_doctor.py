"""Doctor, backup, restore, vacuum, export, import: what they say, and that nothing is lost."""

import json
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.cli import main
from ragflow_local.doctor import examine, repair
from ragflow_local.errors import (
    DamagedFileError,
    DamagedProjectError,
    InvalidValueError,
    NameTakenError,
    UnusableDirectoryError,
)
from tests.conftest import Parse
from tests.invariants import check_invariants
from tests.test_torn_files import TEXTS, answers, build


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("doctor") / "project"
    build(directory).close()
    return directory


@pytest.fixture
def project(closed: Path, project_dir: Path) -> Path:
    shutil.copytree(closed, project_dir)
    return project_dir


def parts(directory: Path) -> set[str]:
    return {problem.part for problem in examine(directory).problems}


def contents(directory: Path) -> dict[Path, bytes]:
    """Return the bytes of all files but SQLite's own, which come and go with readers."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return {p: p.read_bytes() for p in files if not p.name.endswith(("-wal", "-shm"))}


def test_a_healthy_project_has_no_problems_closed_or_open(project: Path) -> None:
    before = contents(project)
    report = examine(project)
    assert report.is_healthy, report.problems
    assert report.counts == {"datasets": 1, "chunks": 3, "files": 3, "pictures": 0}
    assert contents(project) == before, "examining changes nothing"
    with RAGFlow("key", project_dir=project, workers=1):
        assert examine(project).is_healthy
        assert examine(project).is_open


def test_no_project_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="directory with a project"):
        examine(tmp_path)


def change(project: Path, sql: str) -> None:
    """Change the catalog behind the engine's back, as a bug would, and seal it again."""
    with sqlite3.connect(project / "catalog.sqlite3") as connection:
        connection.executescript(sql)
    connection.close()
    (project / "closed.json").unlink()


@pytest.mark.parametrize(
    ("part", "sql"),
    [
        ("counts", "UPDATE documents SET chunk_count = 7"),
        ("counts", "UPDATE datasets SET token_count = 7"),
        ("words", "UPDATE postings_datasets SET length = length + 1"),
        ("words", "DELETE FROM postings_segments"),
        ("words", "DELETE FROM postings_lists WHERE key = (SELECT min(key) FROM postings_lists)"),
        ("words", "UPDATE postings_lists SET data = x'00'"),
        ("catalog", "UPDATE chunks SET content = 'other words'"),
        ("catalog", "DELETE FROM messages; UPDATE checksums SET sum = sum + 1"),
    ],
)
def test_what_does_not_fit_the_rows_is_found_and_made_anew(
    project: Path, part: str, sql: str
) -> None:
    change(project, sql)
    assert part in parts(project)
    assert repair(project)
    assert examine(project).is_healthy
    with RAGFlow("key", project_dir=project, workers=1) as rag:
        check_invariants(rag)


def test_torn_vectors_and_orphans_are_found_and_mended(project: Path) -> None:
    (project / "files" / ("0" * 64)).write_bytes(b"nobody's")
    for path in project.glob("vectors/*/data/*"):
        path.write_bytes(path.read_bytes()[:-50])
    assert parts(project) == {"vectors", "orphans"}
    repair(project)
    assert examine(project).is_healthy


def test_lost_bytes_are_found_and_cannot_be_mended(project: Path) -> None:
    next(iter((project / "files").iterdir())).unlink()
    assert parts(project) == {"files"}
    assert not examine(project).problems[0].is_mendable


@pytest.mark.parametrize("folder", ["files", "images", "vectors"])
def test_a_folder_that_somebody_took_away_is_told_or_mended(project: Path, folder: str) -> None:
    shutil.rmtree(project / folder)
    assert parts(project) == ({"files"} if folder == "files" else set())
    with RAGFlow("key", project_dir=project, workers=1) as rag:
        assert rag.retrieval("kraken", rag.list_datasets())[0].document_name == "old.txt"
        if folder == "files":
            with pytest.raises(DamagedProjectError, match="missing"):
                rag.get_document(name="old.txt").download()


def test_a_catalog_that_was_changed_outside_is_told_and_taken_as_it_is_by_repair(
    project: Path,
) -> None:
    with sqlite3.connect(project / "catalog.sqlite3") as connection:
        connection.execute("UPDATE chunks SET content = 'The kraken wakes.' WHERE ordinal = 0")
    connection.close()
    with pytest.raises(DamagedProjectError, match="doctor"):
        RAGFlow("key", project_dir=project)
    assert parts(project) == {"catalog"}
    assert any("taken as it is" in sentence for sentence in repair(project))
    assert examine(project).is_healthy


def test_torn_pages_are_told(project: Path) -> None:
    path = project / "catalog.sqlite3"
    data = bytearray(path.read_bytes())
    for page in range(4096, len(data), 4096):
        data[page : page + 64] = bytes(64)
    path.write_bytes(data)
    (project / "closed.json").unlink()
    assert parts(project) == {"catalog"}
    with pytest.raises(DamagedProjectError):
        repair(project)
    assert parts(project) == {"catalog"}


def test_a_project_that_was_not_closed_is_examined_and_repaired(
    tmp_path: Path, project: Path
) -> None:
    with RAGFlow("key", project_dir=project, workers=1) as rag:
        rag.get_document(name="old.txt").add_chunk("Not yet in the file, only in its log.")
        shutil.copytree(project, tmp_path / "crashed")
    report = examine(tmp_path / "crashed")
    assert report.is_open
    assert report.counts["chunks"] == 4
    repair(tmp_path / "crashed")
    report = examine(tmp_path / "crashed")
    assert report.is_healthy
    assert not report.is_open


def test_a_backup_taken_in_use_is_a_whole_project(tmp_path: Path, project: Path) -> None:
    with RAGFlow("key", project_dir=project, workers=1) as rag:
        said = answers(rag)
        rag.backup(tmp_path / "backup")
        rag.get_document(name="old.txt").delete()
    assert examine(tmp_path / "backup").counts["files"] == len(TEXTS)
    with RAGFlow("key", project_dir=tmp_path / "backup", workers=1) as copy:
        assert answers(copy) == said
        check_invariants(copy)
    assert (tmp_path / "backup" / "catalog.sqlite3").stat().st_mode & 0o077 == 0


def test_a_backup_goes_nowhere_where_something_is(tmp_path: Path, project: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").write_bytes(b"1")
    with RAGFlow("key", project_dir=project, read_only=True) as rag:
        for target in (tmp_path / "there", project / "inside"):
            with pytest.raises(UnusableDirectoryError):
                rag.backup(target)
    assert (tmp_path / "there" / "mine").exists()


def test_vacuum_gives_back_room_and_changes_no_answer(rag: RAGFlow, parsed: Parse) -> None:
    parsed("kept.txt", b"The kraken sleeps.")
    parsed("large.txt", " ".join(f"squid{n} eats." for n in range(3000)).encode()).delete()
    hits = [hit.to_dict() for hit in rag.retrieval("kraken", rag.list_datasets())]
    assert rag.vacuum() > 100_000
    assert [hit.to_dict() for hit in rag.retrieval("kraken", rag.list_datasets())] == hits
    check_invariants(rag)


def test_a_dataset_moves_as_one_file_without_a_model(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RAGFlow("key", project_dir=project, workers=1) as rag:
        rag.get_document(name="old.txt").add_chunk("By hand.", ["keyword"])
        off = rag.get_document(name="new.txt").list_chunks()[0]
        off.available = False
        off.save()
        said = answers(rag)
        rag.export_dataset("kb", tmp_path / "kb.zip")
        with pytest.raises(NameTakenError):
            rag.import_dataset(tmp_path / "kb.zip")
        rag.import_dataset(tmp_path / "kb.zip", "twice")
        check_invariants(rag)
    with RAGFlow("other", project_dir=tmp_path / "elsewhere", workers=1) as rag:
        with monkeypatch.context() as patched:
            patched.setattr("ragflow_local.embedders.hashing.HashingEmbedder.embed", None)
            dataset = rag.import_dataset(tmp_path / "kb.zip")
        assert dataset.tenant_id == rag.tenant_id
        assert answers(rag) == said
        check_invariants(rag)


@pytest.mark.parametrize("damage", ["empty", "half", "other", "no vectors", "other bytes"])
def test_a_torn_export_is_told_and_adds_nothing(
    tmp_path: Path, rag: RAGFlow, dataset: DataSet, parsed: Parse, damage: str
) -> None:
    parsed("a.txt", b"The kraken sleeps.")
    file = tmp_path / "kb.zip"
    rag.export_dataset(dataset, file)
    data = file.read_bytes()
    if damage in ("no vectors", "other bytes"):
        with zipfile.ZipFile(file) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                is_torn = name == "embeddings.bin" or (damage == "other bytes" and "files/" in name)
                archive.writestr(name, content[:-1] if is_torn else content)
    else:
        file.write_bytes({"empty": b"", "half": data[: len(data) // 2], "other": b"x"}[damage])
    with pytest.raises(DamagedFileError):
        rag.import_dataset(file, "again")
    assert [item.name for item in rag.list_datasets()] == [dataset.name]


def test_the_commands_do_the_same(
    tmp_path: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def ran(*arguments: str, status: int = 0) -> str:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert (end.value.code or 0) == status, capsys.readouterr().err
        return capsys.readouterr().out

    at = ("--project", str(project))
    assert json.loads(ran("doctor", "--json", *at))["is_healthy"]
    ran("backup", str(tmp_path / "backup"), *at)
    ran("restore", str(tmp_path / "backup"), str(tmp_path / "restored"))
    assert examine(tmp_path / "restored").is_healthy
    ran("vacuum", *at)
    (project / "files" / ("0" * 64)).write_bytes(b"nobody's")
    assert "orphans" in ran("doctor", *at, status=1)
    assert "Repaired" in ran("doctor", "--repair", *at)
    next(iter((tmp_path / "backup" / "files").iterdir())).write_bytes(b"flipped")
    ran("restore", str(tmp_path / "backup"), str(tmp_path / "never"), status=1)
    assert not (tmp_path / "never").exists()


@pytest.mark.slow
def test_a_large_project_is_healthy(tmp_path: Path) -> None:
    text = "\n".join(
        f"squid{n % 9973} eats whale{n % 7919} near reef{n} today." for n in range(25_000)
    )
    with RAGFlow(project_dir=tmp_path / "p", embedding_model="hashing", workers=1) as rag:
        dataset = rag.create_dataset("kb", parser_config={"chunk_token_count": 12})
        for number in range(4):
            document = rag.add_document(dataset, f"{number}.txt", f"{number} {text}".encode())
            document.async_parse()
            *_, (percent, message) = document.join(interval=1)
            assert percent == 100, message
        count = dataset.chunk_count
    # How long it takes is measured in benchmarks/doctor.py.
    report = examine(tmp_path / "p")
    assert report.is_healthy, report.problems
    assert report.counts["chunks"] == count > 70_000
