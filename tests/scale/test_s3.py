"""An S3-compatible server: publish, fetch, and what is told where it keeps nothing.

``python -m moto.server`` where moto (5.2.5, with its server) is installed; any other server by
``RAGFLOW_TEST_S3``, an address of an empty prefix: ``s3://key:secret@bucket/prefix?endpoint_override=
127.0.0.1:9000&scheme=http&region=us-east-1``.
"""

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.fs
import pytest

from ragflow_local import RAGFlow
from ragflow_local.doctor import examine
from ragflow_local.errors import SnapshotError
from ragflow_local.scale import fetch
from tests.conftest import Parse

pytestmark = pytest.mark.slow

PATIENCE = 60


@pytest.fixture
def address(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    if given := os.environ.get("RAGFLOW_TEST_S3"):
        yield given
        return
    if importlib.util.find_spec("moto") is None:
        pytest.skip("there is no S3-compatible server: pip install 'moto[server]>=5.2.5'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            answers(port)
            options = f"endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
            server_, root = pyarrow.fs.FileSystem.from_uri(
                f"s3://key:secret@bucket?{options}&allow_bucket_creation=true"
            )
            server_.create_dir(root)
            yield f"s3://key:secret@bucket/a/prefix?{options}"
        finally:
            server.terminate()


def answers(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.1)
        else:
            return


def test_a_bucket_is_published_to_and_fetched_from(
    rag: RAGFlow, parsed: Parse, address: str, tmp_path: Path
) -> None:
    parsed("kraken.txt", b"The kraken sleeps.")
    large = os.urandom(6 << 20).hex().encode()  # several parts of an upload
    rag.add_document(rag.get_dataset("sea_life"), "large.txt", large)
    first = rag.publish(address)
    assert "secret" not in first.uri
    readers = tmp_path / "readers"
    number = fetch(address, readers).number
    assert number == first.number
    parsed("whale.txt", b"The whale swims.")
    second = rag.publish(address, keep=2)
    assert second.written_bytes < 0.1 * first.written_bytes
    assert not rag.publish(address).is_new
    fetched = fetch(address, readers)
    assert fetched.read_bytes < 0.1 * first.written_bytes
    assert examine(readers).is_healthy
    with RAGFlow(project_dir=readers, read_only=True) as reader:
        assert reader.get_document(name="large.txt").download() == large
        hits = reader.retrieval("whale kraken", reader.list_datasets(), similarity_threshold=0.0)
        assert sorted(hit.content for hit in hits) == ["The kraken sleeps.", "The whale swims."]


def test_a_bucket_that_is_not_there_is_told(rag: RAGFlow, address: str) -> None:
    nowhere = address.replace("@bucket", "@no-such-bucket")
    with pytest.raises(SnapshotError, match="no-such-bucket") as told:
        rag.publish(nowhere)
    assert "secret" not in str(told.value)
