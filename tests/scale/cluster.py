"""A Ray cluster on this computer, in a process that obeys lines on its input.

Run as ``python -m tests.scale.cluster CLIENT_PORT NODES``. It prints its addresses, and then a
line for each command: ``remove``, ``add``.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import psutil

ROOT = Path(__file__).parents[2]
POISON = "poison.txt"  # ends the process that parses it
READER = "ragflow_local.ingest.worker"
_STORE_BYTES = 100 << 20
_PORTS = 20_000


class Cluster:
    """The cluster of a test.

    Attributes:
        address: For a program on one of its nodes.
        client: For any other.
    """

    def __init__(self, folder: str, nodes: int) -> None:
        port = _PORTS + os.getpid() % 10_000
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.scale.cluster", str(port), str(nodes)],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
                "RAY_TMPDIR": folder,
                "RAY_USAGE_STATS_ENABLED": "0",
                "RAY_worker_niceness": "0",  # else they wait for whatever runs beside
                # A node that is gone is noticed in seconds, not in a quarter of a minute or more.
                "RAY_health_check_period_ms": "500",
                "RAY_health_check_initial_delay_ms": "500",
                "RAGFLOW_LOCAL_CRASH_AT": f"parsing {POISON}",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        told = self._answer()
        self.address: str = told["address"]
        self.client: str = told["client"]

    def _answer(self) -> Any:
        out = cast(IO[bytes], self._process.stdout)
        for line in iter(out.readline, b""):  # Ray prints there too
            if line.startswith(b'{"address"'):
                return json.loads(line)
        raise AssertionError("the cluster has ended")

    def do(self, command: str) -> None:
        """Have a node removed, or added."""
        pipe = cast(IO[bytes], self._process.stdin)
        pipe.write(command.encode() + b"\n")
        pipe.flush()
        self._answer()

    def processes(self, what: str) -> list[psutil.Process]:
        """Return the processes on its nodes whose command line has a text."""
        return named(what, self._process.pid)

    def readers(self) -> list[psutil.Process]:
        """Return the processes that read files on its nodes."""
        return self.processes(READER)

    def close(self) -> None:
        """End the cluster."""
        all_of_it = psutil.Process(self._process.pid).children(recursive=True)
        self._process.communicate(timeout=60)
        _, left = psutil.wait_procs(all_of_it, timeout=10)
        for process in left:
            process.kill()


def named(what: str, root: int | None = None) -> list[psutil.Process]:
    """Return the processes below one, or below this one, whose command line has a text."""
    found = []
    for process in psutil.Process(root).children(recursive=True):
        try:
            if what in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:  # it has just ended
            continue
    return found


@contextmanager
def running(nodes: int = 3) -> Iterator[Cluster]:
    """Give a cluster of so many nodes."""
    # Short: sockets lie in it.
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(folder, nodes)
        try:
            yield cluster
        finally:
            cluster.close()


def main(port: int, count: int) -> None:
    """Start the cluster and obey."""
    from ray.cluster_utils import Cluster as RayCluster

    node = {"num_cpus": 1, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    cluster = RayCluster(
        initialize_head=True, head_node_args={**node, "ray_client_server_port": port}
    )
    nodes = [cluster.add_node(**node) for _ in range(count - 1)]
    client = f"ray://{cluster.address.rpartition(':')[0]}:{port}"
    told = json.dumps({"address": cluster.address, "client": client})
    print(told, flush=True)  # noqa: T201  # the answer
    for line in sys.stdin:
        if line.strip() == "remove":
            cluster.remove_node(nodes.pop(), allow_graceful=False)
        else:
            nodes.append(cluster.add_node(**node))
        print(told, flush=True)  # noqa: T201  # likewise
    cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
