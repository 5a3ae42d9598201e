"""A power cut at each step: nothing that was acknowledged is lost, nothing half-done is found."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.ingest import vector_table
from ragflow_local.stores import crash
from tests.invariants import check_invariants
from tests.power import Disk


@dataclass
class Cut:
    """A disk after the cut, and what the user had been told before it."""

    name: str
    directory: Path
    kept: dict[str, str]  # Document name to a text that one of its chunks has; "" before a parse.
    gone: set[str]  # Documents whose deletion was acknowledged.
    in_doubt: set[str]  # What was being changed.


@dataclass
class Life:
    """Calls of the API, each followed by a cut, with cuts at every step inside."""

    disk: Disk
    folder: Path
    kept: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    in_doubt: set[str] = field(default_factory=set)
    cuts: list[Cut] = field(default_factory=list)

    def cut(self, name: str) -> None:
        directory = self.folder / f"{len(self.cuts)} {name}"
        self.disk.cut(directory)
        state = (dict(self.kept), set(self.gone), set(self.in_doubt))
        self.cuts.append(Cut(name, directory, *state))

    def live(self, rag: RAGFlow) -> None:
        dataset = rag.create_dataset("kb")
        for name, text in (("old.txt", "The kraken sleeps."), ("new.txt", "The squid swims.")):
            self.in_doubt = {name}
            document = rag.add_document(dataset, name, text.encode())
            self.kept[name] = ""
            self.cut(f"{name} acknowledged")
            document.async_parse()
            *_, (percent, message) = document.join(interval=0.01)
            assert percent == 100, message
            rag.project.vector_table.wait()
            self.kept[name] = text
            self.cut(f"{name} parsed")
        self.in_doubt = {"old.txt"}
        document = rag.get_document(name="old.txt")
        chunk = document.list_chunks()[0]
        chunk.content = "The kraken wakes."
        chunk.save()
        rag.project.vector_table.wait()
        self.kept["old.txt"] = chunk.content
        self.cut("chunk changed")
        self.in_doubt = {"new.txt"}
        rag.get_document(name="new.txt").delete()
        self.gone, self.in_doubt = {"new.txt"}, set()
        del self.kept["new.txt"]
        self.cut("document deleted, acknowledged")


def test_a_power_cut_loses_nothing_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    life = Life(Disk(root, monkeypatch), tmp_path / "cuts")
    monkeypatch.setattr(crash, "point", life.cut)
    monkeypatch.setattr(vector_table, "_BATCH", 1)  # each vector is moved, and taken out again
    monkeypatch.setattr(vector_table, "_PAUSE_SECONDS", 0.0)
    with RAGFlow("key", project_dir=root, embedding_model="hashing", workers=1) as rag:
        life.live(rag)
    life.cut("closed")
    monkeypatch.undo()
    assert {cut.name for cut in life.cuts} >= set(crash.POINTS)
    for cut in life.cuts:
        check(cut)


def check(cut: Cut) -> None:
    with RAGFlow("key", project_dir=cut.directory, workers=1) as rag:
        dataset = rag.get_dataset("kb")
        documents = {document.name: document for document in dataset.list_docs()}
        assert documents.keys() >= cut.kept.keys() - cut.in_doubt, cut.name
        assert not documents.keys() & cut.gone, cut.name
        for name, text in cut.kept.items():
            if name not in documents:
                continue  # its deletion was on the disk, not yet acknowledged
            document = documents[name]
            *_, (percent, message) = document.join(interval=0.01)
            assert document.download(), cut.name
            if text:
                assert percent == 100, f"{cut.name}: {message}"
                contents = [chunk.content for chunk in document.list_chunks()]
                assert text in contents or name in cut.in_doubt, cut.name
                assert contents, cut.name
        check_invariants(rag)


def test_the_disk_forgets_what_nobody_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    disk = Disk(root, monkeypatch)
    (root / "written").write_bytes(b"1")
    (root / "waited for").write_bytes(b"1")
    for path in (root / "waited for", root):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    (root / "waited for").write_bytes(b"2")
    (root / "too late").write_bytes(b"1")
    disk.cut(tmp_path / "left")
    left = {path.name: path.read_bytes() for path in (tmp_path / "left").iterdir()}
    assert left == {"written": b"", "waited for": b"1"}
