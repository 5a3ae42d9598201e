"""RAGFlow's own client, unchanged, and plain requests: served by an engine in this process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from ragflow_local import InvalidValueError, RAGFlow
from ragflow_local.rest import ReleasedAPI
from ragflow_local.sdk import in_process

ragflow_sdk = pytest.importorskip("ragflow_sdk")

ADDRESS = "http://ragflow.example:9380"
KEY = "ragflow-client"
MODELS = {"embedding-3@ZHIPU-AI": "hashing", "glm-4-flash@ZHIPU-AI": "extractive"}
TEXT = b"The pump stands in the cellar. It was built in 1987."


@pytest.fixture(scope="module")
def served() -> Iterator[ReleasedAPI]:
    with (
        RAGFlow.temporary(embedding_model="hashing", workers=1) as engine,
        in_process(address=ADDRESS, models=MODELS, engine=engine) as api,
    ):
        yield api


@pytest.fixture
def client(served: ReleasedAPI) -> Any:
    return ragflow_sdk.RAGFlow(KEY, ADDRESS)


def test_a_question_is_answered_from_an_upload(client: Any) -> None:
    dataset = client.create_dataset(name="house")
    [document] = dataset.upload_documents([{"display_name": "pümp.md", "blob": TEXT}])
    assert document.name == "pümp.md"
    assert document.download() == TEXT
    [(id, run, chunks, tokens)] = dataset.parse_documents([document.id])
    assert (id, run, chunks) == (document.id, "DONE", 1)
    assert tokens > 0
    [chunk] = client.retrieve(dataset_ids=[dataset.id], question="Where is the pump?")
    assert chunk.content == TEXT.decode()
    session = client.create_chat("Miss R", dataset_ids=[dataset.id]).create_session()
    shown = ""
    for message in session.ask("Where does the pump stand?", stream=True):
        assert message.content.startswith(shown)
        shown = message.content
    assert shown == "The pump stands in the cellar. [ID:0]"
    assert message.reference[0]["document_name"] == "pümp.md"
    [whole] = session.ask("Where does the pump stand?")
    assert whole.content == shown


def test_nothing_selected_and_nothing_at_all_are_told(client: Any) -> None:
    dataset = client.create_dataset(name="empty uploads")
    with pytest.raises(Exception, match=r"^No file part!$"):
        dataset.upload_documents([])
    with pytest.raises(Exception, match=r"^No file selected!$"):
        dataset.upload_documents([{"display_name": "", "blob": TEXT}])


@pytest.mark.parametrize(
    "name", ['a"b.txt', "a\\b.txt", "a;b=c.txt", "%41 é 漢.txt", "x" * 251 + ".txt"]
)
def test_a_file_keeps_its_name_and_its_bytes(client: Any, name: str) -> None:
    dataset = client.create_dataset(name="names")
    blob = b"\r\n--\xe9\r\n--boundary\n\r"
    [document] = dataset.upload_documents([{"display_name": name, "blob": blob}])
    assert (document.name, document.download()) == (name, blob)


def test_a_file_that_nothing_reads_leaves_the_others_stored(client: Any) -> None:
    dataset = client.create_dataset(name="unread")
    files = [("a.txt", TEXT), ("odd.txt", b"\r\n--\0\xff\r\n--boundary\n\r"), ("b.txt", TEXT)]
    with pytest.raises(
        Exception, match=r"^odd\.txt: This type of file has not been supported yet!$"
    ):
        dataset.upload_documents([{"display_name": name, "blob": blob} for name, blob in files])
    assert sorted(one.name for one in dataset.list_documents()) == ["a.txt", "b.txt"]


def test_a_file_of_another_field_is_none(served: ReleasedAPI, client: Any) -> None:
    id = client.create_dataset(name="fields").id
    answer = requests.post(
        f"{ADDRESS}/api/v1/datasets/{id}/documents",
        headers={"Authorization": f"Bearer {KEY}"},
        files={"other": ("a.txt", b"x")},
        timeout=5,
    ).json()
    assert (answer["code"], answer["message"]) == (101, "No file part!")


def test_a_key_that_is_none_is_refused(served: ReleasedAPI) -> None:
    with pytest.raises(Exception, match=r"^<Unauthorized '401: Unauthorized'>$"):
        ragflow_sdk.RAGFlow(None, ADDRESS).list_datasets()


def test_requests_itself_is_served_at_that_address(served: ReleasedAPI) -> None:
    answer = requests.get(
        f"{ADDRESS}/api/v1/datasets", headers={"Authorization": f"Bearer {KEY}"}, timeout=5
    )
    assert answer.status_code == 200
    assert answer.json()["code"] == 0
    with requests.Session() as session:
        assert session.get(f"{ADDRESS}/api/v1/system/ping", timeout=5).text == "pong"


def test_a_stream_comes_line_by_line(client: Any) -> None:
    chat = client.create_chat("streams")
    answer = client.post(f"/chats/{chat.id}/completions", {"question": "Hello"}, stream=True)
    lines = [line for line in answer.iter_lines(decode_unicode=True) if line]
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert lines[-1] == 'data:{"code": 0, "message": "", "data": true}'


def test_every_other_address_is_reached_as_before(served: ReleasedAPI) -> None:
    for address in ("http://ragflow.example:9381", "https://ragflow.example:9380"):
        with pytest.raises(AssertionError, match="opened a network connection"):
            requests.get(address, timeout=1)


def test_nothing_is_patched_before_and_after(project_dir: Path) -> None:
    address = "http://elsewhere.example"
    before = requests.Session.get_adapter
    with in_process(project_dir, address=address, embedding_model="hashing"):
        assert requests.get(f"{address}:80/api/v1/system/ping", timeout=5).text == "pong"
        with (
            pytest.raises(InvalidValueError, match="served already"),
            in_process(project_dir, address=f"{address}/"),
        ):
            pass
    after: object = requests.Session.get_adapter
    assert after is before
    with pytest.raises(AssertionError, match="opened a network connection"):
        requests.get(address, timeout=1)


def test_an_address_is_an_address(project_dir: Path) -> None:
    with pytest.raises(InvalidValueError, match="address"), in_process(project_dir, address="here"):
        pass
