"""Shards in processes: as exact, and clear about a process that is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ragflow_local import RAGFlow
from ragflow_local.api.shard_places import places_of, wire_to
from ragflow_local.errors import (
    ForkedError,
    InvalidValueError,
    NotFoundError,
    ProjectClosedError,
    ShardError,
)
from ragflow_local.retrieve.search import SearchOptions
from ragflow_local.scale import Shards
from ragflow_local.scale.shard_questions import Wanted
from ragflow_local.scale.shard_wires import ProcessWire
from tests.scale.libraries import Libraries, Pair, fill, made, split


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Libraries:
    return Libraries.of(tmp_path_factory.mktemp("processes"), *split(made(4, 30), [3, 20, 0]))


@pytest.fixture(scope="module")
def pair(libraries: Libraries) -> Iterator[Pair]:
    rag = RAGFlow(project_dir=libraries.whole, embedding_model="hashing", read_only=True)
    with Pair(rag, Shards(libraries.parts)) as pair:
        yield pair


def children() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if "shard_process" in " ".join(child.cmdline())
    ]


def test_processes_find_what_one_project_finds(pair: Pair) -> None:
    for question in ("the pump of the boiler", "kontract", "a storm at the reef", ""):
        pair.check(question, limit=50, similarity_threshold=0.0)
    assert len(children()) == 3


def test_a_process_that_dies_is_told_and_started_anew(pair: Pair, libraries: Libraries) -> None:
    pair.check("the pump")
    victim = children()[1]
    victim.kill()
    with pytest.raises(ShardError, match="cannot be asked: its process ended") as caught:
        pair.shards.retrieval("the pump", ["kb"])
    assert caught.value.shard in map(str, libraries.parts)
    pair.check("the pump of the boiler", limit=50, similarity_threshold=0.0)
    assert len(children()) == 3


@pytest.mark.slow
def test_a_process_that_does_not_answer_is_told_and_ended(libraries: Libraries) -> None:
    with Shards(libraries.parts, timeout_seconds=0.5) as shards:
        mine = children()[-3:]
        os.kill(mine[0].pid, signal.SIGSTOP)
        with pytest.raises(ShardError, match=r"did not answer within 0\.5 seconds"):
            shards.retrieval("the pump", ["kb"])
        assert not mine[0].is_running()
        assert shards.retrieval("the pump", ["kb"])


@pytest.mark.slow
def test_no_process_is_left_when_they_are_closed(libraries: Libraries) -> None:
    before = len(children())
    with Shards(libraries.parts[:2]) as one, Shards(libraries.parts) as two:
        assert len(children()) == before + 5
        assert len(one.retrieval("the pump", limit=90)) < len(two.retrieval("the pump", limit=90))
    assert len(children()) == before
    two.close()
    with pytest.raises(ProjectClosedError):
        two.retrieval("the pump")


@pytest.mark.slow
def test_no_process_is_left_when_who_asked_is_killed(libraries: Libraries) -> None:
    script = (
        "import sys; from ragflow_local.scale import Shards; shards = Shards(sys.argv[1:]);"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, *map(str, libraries.parts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == b"open\n"
        started = psutil.Process(asking.pid).children()
        assert len(started) == 3
        asking.kill()
        asking.wait()
        _, alive = psutil.wait_procs(started, timeout=20)
        assert alive == []


def test_a_question_sees_each_shard_as_it_was_when_it_began(tmp_path: Path) -> None:
    fill(tmp_path / "a", {"a.txt": ["The pump.", "The old valve."]})
    with Shards([tmp_path / "a"]) as shards:
        assert len(shards.retrieval("valve")) == 1
        with RAGFlow(project_dir=tmp_path / "a", workers=1, durable=False) as rag:
            with shards.question(Wanted()) as parts:
                rag.get_document(name="a.txt").add_chunk("A new valve.")
                assert len(shards.search(parts, "valve", SearchOptions())) == 1
            assert len(shards.retrieval("valve")) == 2


def test_a_shard_may_be_the_project_of_an_open_engine(tmp_path: Path) -> None:
    fill(tmp_path / "a", {"a.txt": ["The pump."]})
    with (
        RAGFlow(project_dir=tmp_path / "a", workers=1) as rag,
        Shards([tmp_path / "a"]) as shards,
        Shards([tmp_path / "a"], processes=False) as here,
    ):
        rag.get_document(name="a.txt").add_chunk("The pump hums.")
        for some in (shards, here):
            assert len(some.retrieval("pump")) == 2


def test_chunks_open_their_project_when_they_need_it(pair: Pair, libraries: Libraries) -> None:
    hits = pair.shards.retrieval("the pump of the boiler", ["kb"], limit=50)
    assert {pair.shards.where(hit) for hit in hits} == set(map(str, libraries.parts))
    assert hits[0].page_image() == b""
    with pytest.raises(InvalidValueError, match="a chunk that these shards returned"):
        pair.shards.where(pair.rag.retrieval("pump", ["kb"])[0])


@pytest.mark.slow
def test_a_command_answers_for_a_directory(libraries: Libraries, pair: Pair) -> None:
    commands = [
        [sys.executable, "-m", "ragflow_local", "shard", str(directory)]
        for directory in libraries.parts[1:]
    ]
    with Shards([libraries.parts[0], *commands]) as shards:
        mixed = Pair(pair.rag, shards)
        for question in ("the pump of the boiler", "kontract"):
            mixed.check(question, limit=50, similarity_threshold=0.0)
        far = next(
            hit
            for hit in shards.retrieval("the pump", limit=50)
            if shards.where(hit) == " ".join(commands[0])
        )
        with pytest.raises(ShardError, match="not on this computer"):
            far.page_image(page=1)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (["false"], "ended before its first word"),
        (["no-such-program-at-all"], "No such file"),
        (["echo", "ragflow_local shard 0.0.1"], r"shard 0\.0\.1 runs there"),
    ],
)
def test_a_command_that_is_no_shard_is_told(command: list[str], problem: str) -> None:
    with pytest.raises(ShardError, match=problem):
        Shards([command])


@pytest.mark.parametrize("address", ["ray://head:10001/data/2024", "ray://[::1]:10001/data/2024//"])
def test_a_directory_on_a_cluster_is_named_by_its_address(address: str) -> None:
    (place,) = places_of([address])
    wire = wire_to(place, "", processes=True, timeout_seconds=1.0)
    assert wire.name == address.rstrip("/")
    with pytest.raises(InvalidValueError, match="each project once"):
        places_of([address, f"{address}/"])


def test_what_cannot_be_opened_is_told(tmp_path: Path, libraries: Libraries) -> None:
    before = len(children())
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidValueError, match="a directory with a project"):
        Shards([libraries.parts[0], tmp_path / "empty"])
    with pytest.raises(InvalidValueError, match="each project once"):
        Shards([libraries.parts[0], str(libraries.parts[0]) + "/"])
    wrong: list[Any] = [[], "a", [3], [[]], ["ray://head/data"], ["ray://head:10001"]]
    for given in wrong:
        with pytest.raises(InvalidValueError):
            Shards(given)
    assert len(children()) == before


def test_names_that_no_shard_has_are_told(pair: Pair) -> None:
    with pytest.raises(NotFoundError, match="no dataset with id or name 'other'"):
        pair.shards.retrieval("pump", ["kb", "other"])
    with pytest.raises(NotFoundError, match="no document with id 'x'"):
        pair.shards.retrieval("pump", ["kb"], ["x"])
    assert pair.shards.list_datasets().keys() == {"kb"}


def test_a_fork_does_not_use_the_processes(pair: Pair) -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            pair.shards.retrieval("pump")
        except ForkedError:
            os.write(writer, b"refused")
        os._exit(0)
    os.close(writer)
    assert os.read(reader, 99) == b"refused"
    os.waitpid(pid, 0)
    os.close(reader)
    pair.check("pump")


def test_interrupting_a_question_leaves_the_next_one_whole(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ProcessWire.receive
    asked = iter(range(3))

    def receive(self: ProcessWire) -> object:
        if next(asked, None) == 2:
            raise KeyboardInterrupt
        return real(self)

    monkeypatch.setattr(ProcessWire, "receive", receive)
    with pytest.raises(KeyboardInterrupt):
        pair.shards.retrieval("the pump")
    monkeypatch.undo()
    assert len(children()) == 2  # the third owed an answer that nobody waits for
    pair.check("the pump of the boiler", limit=50, similarity_threshold=0.0)
