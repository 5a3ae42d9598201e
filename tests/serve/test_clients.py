"""Programs that people have: the package ``openai``, curl, RAGFlow's client, the command itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragflow_local import DataSet, RAGFlow, sdk
from tests.model_server import ModelServer
from tests.sdk.everyday import calls
from tests.serve.conftest import PATIENCE, Client, Serve, Words

ROOT = Path(__file__).parents[2]
QUESTION = "Where does the colossal squid live?"
ASKED: Any = [{"role": "user", "content": QUESTION}]


@pytest.fixture
def openai(client: Client) -> Iterator[Any]:
    package = pytest.importorskip("openai")
    with package.OpenAI(
        api_key="any", base_url=f"http://127.0.0.1:{client.port}/v1", max_retries=0
    ) as made:
        yield made


@pytest.mark.slow
def test_openais_package_lists_asks_streams_and_embeds(openai: Any) -> None:
    assert [model.id for model in openai.models.list()] == ["sea", "hashing"]
    whole = openai.chat.completions.create(model="sea", messages=ASKED)
    message = whole.choices[0].message
    assert "Antarctica. [ID:0]" in message.content
    assert message.reference[0]["document_name"] == "squid.txt"
    stream = openai.chat.completions.create(
        model="sea", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert text == message.content
    assert chunks[-1].usage.total_tokens == whole.usage.total_tokens
    vectors = openai.embeddings.create(model="hashing", input=["squid", "ice"]).data
    assert len(vectors) == 2
    assert abs(sum(number**2 for number in vectors[0].embedding) - 1) < 0.01


@pytest.mark.slow
def test_openais_package_understands_the_errors(openai: Any) -> None:
    package = sys.modules["openai"]
    with pytest.raises(package.NotFoundError, match="There is: sea"):
        openai.chat.completions.create(model="gpt-4", messages=ASKED)
    with pytest.raises(package.BadRequestError, match="temperature"):
        openai.chat.completions.create(model="sea", messages=ASKED, temperature=9)
    with pytest.raises(package.BadRequestError, match="none empty"):
        openai.embeddings.create(model="hashing", input="")


@pytest.mark.slow
def test_openais_package_stops_an_answer_by_closing_it(
    openai: Any, rag: RAGFlow, sea: DataSet, model: ModelServer
) -> None:
    model.pieces = Words(model)
    rag.create_chat("endless", knowledgebases=[sea], llm={"model_name": model.url})
    with openai.chat.completions.create(model="endless", messages=ASKED, stream=True) as stream:
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
    assert model.left.wait(PATIENCE)


@pytest.mark.slow
def test_ragflows_own_client_runs_through_the_service(client: Client, sea: DataSet) -> None:
    package = pytest.importorskip("ragflow_sdk")
    rag = package.RAGFlow("ragflow-any", f"http://127.0.0.1:{client.port}")
    made = rag.create_dataset("Ice & sea!")
    (document,) = made.upload_documents([{"display_name": "ice.txt", "blob": b"Ice floats."}])
    ((_, run, chunks, _),) = made.parse_documents([document.id])
    assert (run, chunks) == ("DONE", 1)
    assert document.download() == b"Ice floats."
    assert rag.retrieve([made.id], question="What floats?")[0].content == "Ice floats."
    chat = rag.create_chat("Miss R", dataset_ids=[sea.id])
    *_, last = chat.create_session("x").ask(QUESTION, stream=True)
    assert "Antarctica. [ID:0]" in last.content
    assert last.reference[0]["document_name"] == "squid.txt"


def test_the_everyday_calls_give_the_same_over_a_socket_as_in_process(
    serve: Serve, rag: RAGFlow
) -> None:
    package = pytest.importorskip("ragflow_sdk")
    with sdk.in_process(engine=rag, address="http://ragflow.example"):
        here = list(calls(package.RAGFlow("ragflow-here", "http://ragflow.example"), package))
    served = package.RAGFlow("ragflow-any", f"http://127.0.0.1:{serve().port}")
    assert list(calls(served, package)) == here


def curl(*words: str) -> str:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    command = [program, "--silent", "--show-error", "--max-time", str(PATIENCE), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_curl_asks_whole_and_streamed_uploads_and_is_refused(client: Client, sea: DataSet) -> None:
    url = f"http://127.0.0.1:{client.port}"
    body = json.dumps({"model": "sea", "messages": ASKED})
    whole = json.loads(curl(f"{url}/v1/chat/completions", "-d", body))
    assert "Antarctica" in whole["choices"][0]["message"]["content"]
    streamed = json.dumps({"model": "sea", "messages": ASKED, "stream": True})
    assert curl("-N", f"{url}/v1/chat/completions", "-d", streamed).endswith("data: [DONE]\n\n")
    Path("ice.txt").write_text("Ice floats.")
    key = ("-H", "Authorization: Bearer any")
    uploaded = curl(*key, "-F", "file=@ice.txt", f"{url}/api/v1/datasets/{sea.id}/documents")
    assert json.loads(uploaded)["data"][0]["name"] == "ice.txt"
    for path in ("/../../etc/passwd", "/page/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"):
        assert "root:" not in curl("--path-as-is", f"{url}{path}")
    assert '"code": 421' in curl("-H", "Host: evil.example", f"{url}/api/v1/datasets")


# ── the command ──


@pytest.fixture
def started(made_project: Path, loopback: None) -> Iterator[Any]:
    """Start the command in a process of its own, and end it whatever the test does."""
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str, **variables: str) -> tuple[subprocess.Popen[str], int]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        process = subprocess.Popen(
            [sys.executable, "-m", "ragflow_local", "serve", "--port", "0", *words],
            cwd=made_project,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        port = re.search(r":(\d+)/ \(Ctrl-C", line)
        assert port is not None, line + process.stderr.read()
        return process, int(port[1])

    yield start
    for process in processes:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture
def made_project(tmp_path: Path, model: ModelServer) -> Path:
    with RAGFlow(project_dir=tmp_path / "ragflow_project", embedding_model="hashing") as rag:
        sea = rag.create_dataset("sea")
        document = rag.add_document(sea, "squid.txt", b"The squid lives around Antarctica.\n")
        document.async_parse()
        list(document.join(interval=0.01, timeout=60))
        rag.create_chat("endless", knowledgebases=[sea], llm={"model_name": model.url})
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_ctrl_c_ends_the_command_soon_while_it_answers(
    started: Any, model: ModelServer, how: signal.Signals
) -> None:
    import http.client

    model.pieces = Words(model)
    process, port = started()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    body = json.dumps({"model": "endless", "messages": ASKED, "stream": True})
    connection.request("POST", "/v1/chat/completions", body)
    answer = connection.getresponse()
    while b"Antarctica" not in answer.readline():
        pass
    process.send_signal(how)
    status = process.wait(PATIENCE)
    connection.close()
    assert status == (130 if how == signal.SIGINT else 143)
    assert model.left.wait(PATIENCE)


@pytest.mark.slow
def test_several_processes_share_a_project_through_it(started: Any) -> None:
    _, port = started()
    code = (
        "import json, sys, urllib.request as u\n"
        f"r = u.Request('http://127.0.0.1:{port}/page/datasets', method='POST',"
        " data=json.dumps({'name': sys.argv[1]}).encode())\n"
        "print(u.urlopen(r).status)"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", code, f"made_{number}"], stdout=subprocess.PIPE, text=True
        )
        for number in range(4)
    ]
    assert [worker.communicate(timeout=PATIENCE)[0].strip() for worker in workers] == ["200"] * 4
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/page/datasets")
    names = [row["name"] for row in json.loads(connection.getresponse().read())["data"]]
    connection.close()
    assert sorted(names) == ["made_0", "made_1", "made_2", "made_3", "sea"]
