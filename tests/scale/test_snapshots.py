"""Publishing and fetching by the public names."""

from pathlib import Path

import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.errors import FetchedProjectError, InvalidValueError, ProjectClosedError
from ragflow_local.project import Project
from ragflow_local.scale import Fetched, fetch
from tests.conftest import Parse


def test_a_project_is_published_fetched_and_read(
    rag: RAGFlow, parsed: Parse, tmp_path: Path
) -> None:
    parsed("kraken.txt", b"The kraken sleeps.")
    published = rag.publish(tmp_path / "store")
    fetched = fetch((tmp_path / "store").as_uri(), tmp_path / "readers")
    assert isinstance(fetched, Fetched)
    assert fetched.number == published.number == 1
    assert examine(tmp_path / "readers").is_healthy
    with RAGFlow(project_dir=tmp_path / "readers", read_only=True) as reader:
        [dataset] = reader.list_datasets()
        assert reader.retrieval("kraken", [dataset])[0].content == "The kraken sleeps."
        parsed("whale.txt", b"The whale swims.")
        rag.publish(tmp_path / "store")
        assert not reader.refresh()
        assert fetch(tmp_path / "store", tmp_path / "readers", keep=1).number == 2
        assert reader.refresh()
        assert len(reader.get_dataset("sea_life").list_docs()) == 2
        for change in (lambda: reader.create_dataset("mine"), reader.vacuum):
            with pytest.raises(FetchedProjectError) as caught:
                change()
            assert caught.value.path == tmp_path / "readers"
    with pytest.raises(FetchedProjectError):
        RAGFlow(project_dir=tmp_path / "readers")


def test_a_call_under_way_goes_on_in_what_it_began_with_over_one_refresh(
    rag: RAGFlow, parsed: Parse, tmp_path: Path
) -> None:
    def publish(name: str) -> None:
        parsed(name, b"A whale called " + name.encode())
        rag.publish(tmp_path / "store")
        fetch(tmp_path / "store", tmp_path / "readers", keep=9)

    def documents(project: Project) -> int:
        with project.catalog.read() as reading:
            return int(reading.execute("SELECT count(*) FROM documents").fetchone()[0])

    publish("1.txt")
    with RAGFlow(project_dir=tmp_path / "readers", read_only=True) as reader:
        first = reader.project
        publish("2.txt")
        assert reader.refresh()
        assert documents(first) == 1
        second = reader.project
        publish("3.txt")
        assert reader.refresh()
        assert documents(second) == 2
        with pytest.raises(ProjectClosedError):
            documents(first)
        third = reader.project
        assert documents(third) == 3
    for project in (second, third):
        with pytest.raises(ProjectClosedError):
            documents(project)


def test_a_reader_of_a_project_that_was_not_fetched_stays(rag: RAGFlow) -> None:
    assert not rag.refresh()


@pytest.mark.parametrize("keep", [0, -1, "2"])
def test_one_snapshot_at_least_stays(tmp_path: Path, keep: int) -> None:
    with pytest.raises(InvalidValueError, match="keep"):
        fetch(tmp_path, tmp_path / "readers", keep=keep)
