"""A project that a Ray cluster parses for: three nodes, each with one processor, all of it killed.

Run by ``pytest -m ray``, where Ray is installed.
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pytest

from ragflow_local import DataSet, ParseProgress, RAGFlow
from ragflow_local.errors import InvalidValueError, PlaceLostError, PlaceRefusedError
from ragflow_local.scale import RayPlace
from ragflow_local.stores.catalog import chunks, embeddings
from tests.invariants import check_invariants
from tests.scale.cluster import POISON, READER, ROOT, Cluster, named

OPTIONS: dict[str, Any] = {"embedding_model": "hashing", "workers": 2, "durable": False}


def filled(rag: RAGFlow, count: int) -> DataSet:
    """Make a dataset of short documents."""
    home = rag.create_dataset("kb")
    texts = (
        f"Squid{n} eats whale{n % 97}. It swims {n} miles, and sleeps in the sea."
        for n in range(count)
    )
    home.add_documents([(f"{n}.txt", text.encode()) for n, text in enumerate(texts)])
    return home


def runs(home: DataSet) -> dict[str, str]:
    return {document.name: document.run for document in home.list_docs()}


def rows_of(rag: RAGFlow, home: DataSet) -> tuple[list[dict[str, Any]], Any]:
    """Return what chunks say, without numbers and times, and their vectors."""
    with rag.project.catalog.read() as reading:
        rows = [row for item in home.list_docs() for row in chunks.list_of(reading, item.id)]
        vectors = embeddings.of_chunks(reading, [row.number for row in rows], 256)
    return [{**asdict(row), "number": 0, "create_time": 0} for row in rows], vectors


def nothing_is_left(cluster: Cluster) -> None:
    """Assert that what parsed on the nodes ends with the program that it was for."""
    end = time.monotonic() + 60
    while (left := [*cluster.readers(), *named("ray_driver")]) and time.monotonic() < end:
        time.sleep(0.2)
    assert left == []


@pytest.mark.ray
def test_2000_documents_each_end_once_whatever_dies(tmp_path: Path, cluster: Cluster) -> None:
    here, away = tmp_path / "here", tmp_path / "away"
    with RAGFlow(project_dir=here, **OPTIONS) as rag:
        home = filled(rag, 2000)
        rag.add_document(home, POISON, b"The kraken wakes.")
    shutil.copytree(here, away)

    def kill_first(what: str) -> None:
        for process in cluster.processes(what)[:1]:
            process.kill()

    deaths: dict[int, Callable[[], None]] = {
        200: lambda: cluster.do("remove"),
        600: lambda: kill_first(READER),
        1000: lambda: kill_first("ray::parse_batch"),
    }
    ends: list[str] = []

    def kill(event: ParseProgress) -> None:
        if event.run != "RUNNING":
            ends.append(event.document.name)
        for ended in [count for count in deaths if event.ended >= count]:
            deaths.pop(ended)()

    with RAGFlow(project_dir=away, **OPTIONS) as rag:
        home = rag.get_dataset("kb")
        home.parse(on=cluster.client, on_progress=kill)
        assert not deaths
        assert len(ends) == len(set(ends)) == 2001
        assert {name for name, run in runs(home).items() if run != "DONE"} == {POISON}
        reason = rag.get_document(name=POISON).progress_msg
        assert f"{POISON!r} ended each process at ray://" in reason
        check_invariants(rag)
        rows, vectors = rows_of(rag, home)
    nothing_is_left(cluster)
    cluster.do("add")
    with RAGFlow(project_dir=here, **OPTIONS) as rag:
        home = rag.get_dataset("kb")
        home.parse([name for name in runs(home) if name != POISON])
        own_rows, own_vectors = rows_of(rag, home)
    assert rows == own_rows
    assert np.array_equal(vectors, own_vectors)


DRIVER = """
    import sys, time
    from ragflow_local import RAGFlow
    from tests.scale.test_ray import OPTIONS, filled

    with RAGFlow(project_dir=sys.argv[1], **{**OPTIONS, "durable": True}) as rag:
        home = filled(rag, 200)
        rag.async_parse_documents([document.id for document in home.list_docs()], on=sys.argv[2])
        while not any(document.run == "DONE" for document in home.list_docs()):
            time.sleep(0.01)
        print("parsing", flush=True)
        rag.project.jobs.wait_for_all()
"""


@pytest.mark.ray
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_what_a_driver_leaves_waits_and_goes_on_at_the_cluster(
    project_dir: Path, cluster: Cluster, number: signal.Signals
) -> None:
    driver = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DRIVER), str(project_dir), cluster.address],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert driver.stdout is not None
    assert driver.stdout.readline() == b"parsing\n"
    own = psutil.Process(driver.pid).children(recursive=True)
    if number == signal.SIGINT:
        os.killpg(driver.pid, number)  # as a terminal sends it: to all of them
    else:
        driver.kill()
    driver.communicate(timeout=30)
    _, left = psutil.wait_procs(own, timeout=15)
    assert left == []
    nothing_is_left(cluster)
    with (
        pytest.warns(RuntimeWarning, match=f"documents at {cluster.address}"),
        RAGFlow(project_dir=project_dir, **OPTIONS) as rag,
    ):
        home = rag.get_dataset("kb")
        assert set(runs(home).values()) == {"UNSTART", "DONE"}
        home.parse(on=cluster.address)
        assert list(runs(home).values()) == ["DONE"] * 200
        check_invariants(rag)


@pytest.mark.ray
def test_cancelled_documents_end_so_and_the_others_go_on(
    project_dir: Path, cluster: Cluster
) -> None:
    with RAGFlow(project_dir=project_dir, **OPTIONS) as rag:
        home = filled(rag, 200)
        ids = [document.id for document in home.list_docs()]
        rag.async_parse_documents(ids, on=cluster.client)
        home.parse(timeout=0)
        rag.async_cancel_parse_documents(ids[:100])
        rag.project.jobs.wait_for_all()
        ends = list(runs(home).values())
        assert set(ends[:100]) <= {"CANCEL", "DONE"}
        assert "CANCEL" in ends
        assert set(ends[100:]) == {"DONE"}
        check_invariants(rag)
    nothing_is_left(cluster)


@pytest.mark.ray
def test_what_the_command_prints_is_json_alone(project_dir: Path, cluster: Cluster) -> None:
    with RAGFlow(project_dir=project_dir, **OPTIONS) as rag:
        home = filled(rag, 40)
        rag.add_document(home, POISON, b"The kraken wakes.")
    command = [sys.executable, "-m", "ragflow_local", "parse", "--ray", cluster.client, "--json"]
    run = subprocess.run(
        [*command, "--project", str(project_dir)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 1, run.stderr.decode()
    told = {item["name"]: item["run"] for item in json.loads(run.stdout)["documents"]}
    assert told.pop(POISON) == "FAIL"
    assert set(told.values()) == {"DONE"}
    assert b"raylet" not in run.stderr
    nothing_is_left(cluster)


@pytest.mark.ray
def test_another_model_is_refused_before_anything_begins(
    project_dir: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RAGFlow(project_dir=project_dir, **OPTIONS) as rag:
        home = filled(rag, 3)
        setup = rag.project.setup_of(home._row)
        other = msgspec.structs.replace(setup, fingerprint="hashing-256-0")
        monkeypatch.setattr(type(rag.project), "setup_of", lambda *_: other)
        with pytest.raises(PlaceRefusedError, match="its model 'hashing' is another"):
            home.parse(on=cluster.address)
        assert set(runs(home).values()) == {"UNSTART"}


@pytest.mark.ray
def test_each_node_is_asked_once(cluster: Cluster) -> None:
    place = RayPlace(cluster.address)
    asked = place.submit_to_each(b"no batch")
    assert len(asked) == 3
    for future in asked:
        with pytest.raises(Exception, match="ValidationError"):
            future.result(60)
    place.close()


@pytest.mark.ray
def test_where_no_cluster_answers_nothing_begins(project_dir: Path, cluster: Cluster) -> None:
    with RAGFlow(project_dir=project_dir, **OPTIONS) as rag:
        home = filled(rag, 1)
        with pytest.raises(PlaceLostError, match=r"ray://127\.0\.0\.1:9 does not answer"):
            home.parse(on="ray://127.0.0.1:9")
        assert runs(home) == {"0.txt": "UNSTART"}


@pytest.mark.ray
def test_a_process_for_ray_that_dies_leaves_documents_to_wait(
    project_dir: Path, cluster: Cluster
) -> None:
    with RAGFlow(project_dir=project_dir, **OPTIONS) as rag:
        home = filled(rag, 200)

        def kill(event: ParseProgress) -> None:
            for process in named("ray_driver") if event.ended else ():
                process.kill()

        with pytest.raises(PlaceLostError, match="the process that speaks to it has ended"):
            home.parse(on=cluster.address, on_progress=kill)
        assert set(runs(home).values()) == {"UNSTART", "DONE"}
        home.parse()
        assert set(runs(home).values()) == {"DONE"}
        check_invariants(rag)
    nothing_is_left(cluster)


OFFLINE = """
    from ragflow_local import RAGFlow
    from tests.scale.cluster import running
    from tests.scale.test_ray import OPTIONS, filled, runs

    with running(nodes=1) as cluster, RAGFlow.temporary(**{**OPTIONS, "durable": False}) as rag:
        home = filled(rag, 30)
        for address in (cluster.address, cluster.client):
            home.parse(home.list_docs(), on=address)
            print(address, sorted(set(runs(home).values())), flush=True)
"""


@pytest.mark.ray
def test_it_works_where_there_is_no_network() -> None:
    alone = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    tried = subprocess.run([*alone, "true"], capture_output=True, check=False)
    if tried.returncode or importlib.util.find_spec("ray") is None:
        pytest.skip("no Ray here, or no way to take the network away")
    run = subprocess.run(
        [*alone, sys.executable, "-c", textwrap.dedent(OFFLINE)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=400,
    )
    lines = run.stdout.decode().splitlines()
    assert len(lines) == 2, run.stderr.decode()
    assert lines[0].startswith("127.0.0.1:")
    assert [line.partition(" ")[2] for line in lines] == ["['DONE']"] * 2


@pytest.mark.parametrize(
    "address", ["", "auto", "local", "ray://", "ray://head", "head", "http://head:10001", "a b:1"]
)
def test_what_is_no_address_of_a_cluster_is_told_so_and_starts_none(address: str) -> None:
    with pytest.raises(InvalidValueError, match="the address of a Ray cluster"):
        RayPlace(address)
