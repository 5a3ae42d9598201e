"""Datasets as files: whole or nothing, bounded, and nobody else's vectors."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.errors import (
    DamagedFileError,
    DiskError,
    InvalidValueError,
    NameTakenError,
    RagflowError,
)
from ragflow_local.ingest import exchange
from ragflow_local.stores.catalog import checksums, documents
from tests.ingest.archives import (
    DIM,
    MEMBERS,
    ODD,
    TEXT,
    VECTORS,
    Members,
    changed,
    opened,
    packed,
    parsed,
)
from tests.invariants import check_invariants


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    folder = tmp_path_factory.mktemp("exchange")
    with opened(folder / "project") as rag:
        dataset = rag.create_dataset("gift")
        parsed(rag, dataset, "x.txt", TEXT)
        rag.export_dataset(dataset, folder / "gift.zip")
    with zipfile.ZipFile(folder / "gift.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RAGFlow]:
    """A project that archives come to, one after the other."""
    with opened(tmp_path_factory.mktemp("here") / "project") as rag:
        parsed(rag, rag.create_dataset("own"), "own.txt", b"The pump stands in the cellar.")
        yield rag


def refused(rag: RAGFlow, path: Path, error: type[RagflowError] = DamagedFileError) -> None:
    """Import what must be refused: nothing is left of it, and what was there is found."""
    before = sorted(p for p in rag.project.path.rglob("*") if p.parent.name in ("files", "images"))
    with pytest.raises(error) as told:
        rag.import_dataset(path, "coming")
    assert "catalog" not in str(told.value), "the archive is at fault"
    after = sorted(p for p in rag.project.path.rglob("*") if p.parent.name in ("files", "images"))
    assert after == before
    assert [dataset.name for dataset in rag.list_datasets()] == ["own"]
    assert rag.retrieval("pump", rag.list_datasets())[0].document_name == "own.txt"


@pytest.mark.parametrize(("part", "values"), ODD.values(), ids=ODD)
def test_an_odd_value_is_told_and_nothing_is_left(
    here: RAGFlow, members: Members, tmp_path: Path, part: str, values: dict[str, Any]
) -> None:
    refused(here, packed(tmp_path / "odd.zip", changed(members, part, values)))


@pytest.mark.parametrize("vectors", VECTORS.values(), ids=VECTORS)
def test_vectors_that_no_model_gives_are_refused(
    here: RAGFlow, members: Members, tmp_path: Path, vectors: np.ndarray[Any, Any]
) -> None:
    odd = {**members, "embeddings.bin": vectors.tobytes()}
    refused(here, packed(tmp_path / "odd.zip", odd))


@pytest.mark.parametrize("change", MEMBERS.values(), ids=MEMBERS)
def test_odd_parts_are_told_and_nothing_is_left(
    here: RAGFlow, members: Members, tmp_path: Path, change: Callable[[Members], Members]
) -> None:
    refused(here, packed(tmp_path / "odd.zip", change(members)))


def test_vectors_of_another_length_than_the_models_are_refused(
    here: RAGFlow, members: Members, tmp_path: Path
) -> None:
    short = changed(members, "dataset", {"embedding_dim": 3})
    short["embeddings.bin"] = np.ones(3, "<f4").tobytes()
    refused(here, packed(tmp_path / "short.zip", short))
    none = changed(members, "dataset", {"embedding_dim": 0})
    none["embeddings.bin"] = b""
    refused(here, packed(tmp_path / "none.zip", none))


def test_members_that_lead_out_of_the_archive_are_never_written(
    here: RAGFlow, members: Members, tmp_path: Path
) -> None:
    names = [
        "../out",
        "/abs",
        "files/../../out",
        "images/..",
        "C:\\out",
        "files/" + "0" * 64,
        "a\nb",
    ]
    more = {**members, **dict.fromkeys(names, b"x")}
    before = set(here.project.path.parent.rglob("*"))
    found = here.import_dataset(packed(tmp_path / "more.zip", more), "coming")
    new = set(here.project.path.parent.rglob("*")) - before
    assert [path.read_bytes() for path in new if path.parent.name == "files"] == [TEXT]
    here.delete_datasets([found.id])
    check_invariants(here)


@pytest.mark.parametrize("name", ["dataset.json", "documents.jsonl", "chunks.jsonl", "images"])
def test_what_expands_beyond_all_sense_is_not_expanded(
    here: RAGFlow, members: Members, tmp_path: Path, name: str
) -> None:
    bomb = io.BytesIO()
    bombed = dict(members)
    if name == "images":
        bombed = changed(members, "chunks", {"image": True})
        name = f"images/{json.loads(members['chunks.jsonl'])['id']}"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for member, data in bombed.items():
            if member != name:
                archive.writestr(member, data)
        with archive.open(name, "w", force_zip64=True) as file:
            for _ in range(70):
                file.write(b" " * (1 << 20))
    path = tmp_path / "bomb.zip"
    path.write_bytes(bomb.getvalue())
    assert path.stat().st_size < 1 << 20
    refused(here, path)


def test_a_size_that_is_not_true_is_told(here: RAGFlow, members: Members, tmp_path: Path) -> None:
    """A member says that it is small, and is not: no more is read than it says."""
    [name] = [name for name in members if name.startswith("files/")]
    path = tmp_path / "lying.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data * 1000 if member == name else data)
        archive.getinfo(name).file_size = len(TEXT)
    refused(here, path)


@pytest.mark.parametrize("part", ["files", "images", "dataset.json"])
def test_a_part_that_is_too_large_is_not_even_read(
    here: RAGFlow, members: Members, tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next((name for name in members if name.startswith(part)), "")
    large = changed(members, "chunks", {"image": part == "images"})
    large[name or f"images/{json.loads(members['chunks.jsonl'])['id']}"] = os.urandom(1 << 20)
    monkeypatch.setattr(exchange, "MOST_OF_HEAD", 1000)
    monkeypatch.setattr(exchange, "MOST_OF_PICTURE", 1000)
    expand, expanded = zipfile.ZipExtFile.read, [0]

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        data = expand(self, n)
        expanded[0] = max(expanded[0], len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    refused(here, packed(tmp_path / "large.zip", large))
    assert expanded[0] < 1 << 16


def test_two_members_of_one_name_are_refused(
    here: RAGFlow, members: Members, tmp_path: Path
) -> None:
    path = packed(tmp_path / "twice.zip", members)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("chunks.jsonl", b"")
    refused(here, path)


def test_what_is_no_archive_is_told(here: RAGFlow, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_bytes(b"PK\x03\x04 and no more")
    refused(here, tmp_path / "text.zip")
    for odd in (tmp_path / "none", tmp_path, "a\0b"):
        refused(here, odd, InvalidValueError)  # type: ignore[arg-type]
    os.mkfifo(tmp_path / "pipe")
    refused(here, tmp_path / "pipe", InvalidValueError)


def test_a_full_disk_leaves_nothing(
    here: RAGFlow, members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DiskError(tmp_path, 28, "No space left on device")

    path = packed(tmp_path / "gift.zip", members)
    with monkeypatch.context() as patched:
        patched.setattr(documents, "count", full)
        refused(here, path, DiskError)
    here.delete_datasets([here.import_dataset(path, "coming").id])
    check_invariants(here)


def test_vectors_that_come_in_are_nobody_elses(members: Members, tmp_path: Path) -> None:
    """The text is known, and Mallory sends it with the vector of something else."""
    kitten = np.random.default_rng(1).standard_normal(DIM).astype("<f4")
    poisoned = {**members, "embeddings.bin": (kitten / np.linalg.norm(kitten)).tobytes()}
    with opened(tmp_path / "project") as rag:
        rag.import_dataset(packed(tmp_path / "gift.zip", poisoned), "gift")
        honest = rag.create_dataset("honest")
        parsed(rag, honest, "contract.txt", TEXT)
        [hit] = rag.retrieval("termination clause", [honest], vector_similarity_weight=1.0)
        assert (hit.vector_similarity or 0) > 0.3
    assert examine(tmp_path / "project").is_healthy


def test_a_vector_of_another_length_is_computed_anew(tmp_path: Path) -> None:
    """As the cache of an earlier version may have it."""
    with opened(tmp_path / "project") as rag:
        dataset = rag.create_dataset("kb")
        document = parsed(rag, dataset, "a.txt", TEXT)
        with rag.project.catalog.write() as connection:
            fitting = checksums.of_bytes(b"\0\0")
            connection.execute("UPDATE embeddings SET vector = x'0000', checksum = ?", [fitting])
        document.async_parse()
        *_, (_, message) = document.join(interval=0.01, timeout=60)
        assert document.run == "DONE", message
        assert rag.retrieval("termination", [dataset], vector_similarity_weight=1.0)


def test_several_people_bring_together_what_they_parsed(tmp_path: Path) -> None:
    texts = {"a.txt": b"The kraken sleeps.", "b.txt": b"The squid swims.", "c.txt": b"A whale."}
    with opened(tmp_path / "shared") as rag:
        dataset = rag.create_dataset("kb")
        for name, text in texts.items():
            rag.add_document(dataset, name, text)
        rag.export_dataset(dataset, tmp_path / "kb.zip")
    for person, name in (("ann", "a.txt"), ("bob", "b.txt")):
        with opened(tmp_path / person) as rag:
            dataset = rag.import_dataset(tmp_path / "kb.zip")
            document = rag.get_document(name=name)
            document.async_parse()
            list(document.join(interval=0.01))
            parsed(rag, dataset, "note.txt", f"A note of {person}.".encode())
            rag.export_dataset(dataset, tmp_path / f"{person}.zip")
    with opened(tmp_path / "shared") as rag:
        for person in ("ann", "bob", "ann"):
            rag.import_dataset(tmp_path / f"{person}.zip", into="kb")
        dataset = rag.get_dataset("kb")
        runs = {document.name: document.run for document in dataset.list_docs()}
        assert runs == {
            "a.txt": "DONE",
            "b.txt": "DONE",
            "c.txt": "UNSTART",
            "note.txt": "DONE",
            "note(1).txt": "DONE",
        }
        for word, name in (("kraken", "a.txt"), ("squid", "b.txt"), ("bob", "note(1).txt")):
            assert rag.retrieval(word, [dataset])[0].document_name == name
        assert dataset.chunk_count == 4
        check_invariants(rag)


def test_vectors_of_another_model_do_not_come_into_a_dataset(
    members: Members, tmp_path: Path
) -> None:
    head = json.loads(members["dataset.json"])
    head["fingerprint"] = "another"
    other = {**members, "dataset.json": json.dumps(head).encode()}
    with opened(tmp_path / "project") as rag:
        parsed(rag, rag.create_dataset("kb"), "a.txt", b"The kraken sleeps.")
        with pytest.raises(InvalidValueError, match="embedding model"):
            rag.import_dataset(packed(tmp_path / "gift.zip", other), into="kb")
        with pytest.raises(InvalidValueError):
            rag.import_dataset(tmp_path / "gift.zip", "name", into="kb")
        assert len(rag.get_dataset("kb").list_docs()) == 1
        check_invariants(rag)


def test_a_model_that_was_a_path_there_is_a_name_here(members: Members, tmp_path: Path) -> None:
    for given in ("/tmp/evil/hashing", "..\\..\\hashing", "\\\\host\\share\\hashing"):
        odd = changed(members, "dataset", {"embedding_model": given})
        with opened(tmp_path / str(len(given))) as rag:
            dataset = rag.import_dataset(packed(tmp_path / "gift.zip", odd))
            assert dataset.embedding_model == "hashing"
            assert rag.retrieval("clause", [dataset])


def test_an_export_is_its_owners_and_follows_no_link(here: RAGFlow, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    (tmp_path / ".kb.zip.part").symlink_to(precious)
    (tmp_path / "kb.zip").symlink_to(precious)
    here.export_dataset("own", tmp_path / "kb.zip")
    assert precious.read_bytes() == b"precious"
    assert not (tmp_path / "kb.zip").is_symlink()
    assert (tmp_path / "kb.zip").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".kb.zip.part",
        "kb.zip",
        "precious",
    ]
    for nowhere in (tmp_path, tmp_path / "none" / "kb.zip"):
        with pytest.raises(InvalidValueError):
            here.export_dataset("own", nowhere)


def test_a_taken_name_is_told_as_that(here: RAGFlow, members: Members, tmp_path: Path) -> None:
    with pytest.raises(NameTakenError):
        here.import_dataset(packed(tmp_path / "gift.zip", members), "own")
