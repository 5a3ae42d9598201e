"""``mcp``, as an assistant uses it: the SDK's own client, over real standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from ragflow_local import DataSet, RAGFlow
from ragflow_local.cli import main
from tests.readers.pdf_samples import save, text_page

pytest.importorskip("mcp", reason='needs pip install "ragflow-local[mcp]"')
from mcp import Client, StdioServerParameters

QUESTION = "Where does the kraken sleep?"
Calls = Callable[[Client], Awaitable[None]]


@pytest.fixture
def sea(rag: RAGFlow, dataset: DataSet, project_dir: Path) -> Path:
    """A project with two notes, which nobody has open."""
    for name, text in (("kraken", "The kraken sleeps in a cave."), ("crab", "The crab walks.")):
        rag.add_document(dataset, f"{name}.txt", b"-").add_chunk(text)
    rag.close()
    return project_dir


@pytest.fixture
def atlas(sea: Path) -> Path:
    """And with a book of two pages."""
    atlas = pymupdf.open()  # type: ignore[no-untyped-call]  # PyMuPDF has no types
    text_page(atlas, "The whale swims in the north.")
    text_page(atlas, "The giant squid hunts in the deep sea.")
    with RAGFlow(project_dir=sea, embedding_model="hashing", workers=1) as rag:
        document = rag.add_document("sea_life", "atlas.pdf", save(atlas))
        document.update({"parse_method": "presentation"})  # a page a chunk
        document.async_parse()
        list(document.join(interval=0.01))
    return sea


def command(project: Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "ragflow_local", "mcp", "--project", str(project), "--model", "extractive"],
        env=dict(os.environ),
    )


def talk(project: Path, calls: Calls) -> None:
    async def run() -> None:
        async with Client(command(project)) as client:
            await calls(client)

    asyncio.run(asyncio.wait_for(run(), 120))


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return the structured result of a tool, which says the same as text."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content  # type: ignore[union-attr]  # text is what it is
    return dict(result.structured_content or {})


async def error(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0].text)  # type: ignore[union-attr]  # text is what it is


def test_an_assistant_searches_reads_on_and_asks(atlas: Path) -> None:
    async def calls(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"search", "ask", "read_page", "list_datasets", "list_documents"}
        assert all(tool.description and tool.output_schema for tool in tools.values())

        (sea_life,) = (await call(client, "list_datasets"))["datasets"]
        assert (sea_life["name"], sea_life["documents"]) == ("sea_life", 3)
        listed = await call(client, "list_documents", keywords="atl")
        assert [one["name"] for one in listed["documents"]] == ["atlas.pdf"]

        squid = "Where does the giant squid hunt?"
        found = (await call(client, "search", question=squid, limit=1))["passages"]
        assert [(one["document"], one["pages"]) for one in found] == [("atlas.pdf", [2])]
        assert 0 < found[0]["similarity"] <= 1
        page = await call(client, "read_page", document="atlas.pdf", page=2)
        assert "deep sea" in page["text"]
        assert "whale" not in page["text"]
        assert (page["pages"], page["has_pages"]) == (2, True)
        note = await call(client, "read_page", document="crab.txt")
        assert (note["text"], note["has_pages"]) == ("The crab walks.", False)

        answer = await call(client, "ask", question=squid, dataset="sea_life")
        assert answer["answer"].startswith("The giant squid hunts in the deep sea. [ID:0]")
        assert answer["sources"][0]["document"] == "atlas.pdf"
        assert answer["model"] == "extractive"

    talk(atlas, calls)


def test_others_may_write_until_a_question_is_asked_and_errors_are_told_in_plain_words(
    sea: Path,
) -> None:
    async def calls(client: Client) -> None:
        said = await error(client, "search", question=QUESTION, dataset="land_life")
        assert "There is no dataset with name 'land_life'" in said
        assert "; list_datasets shows what is there" in said
        assert "no document 'map.pdf'" in await error(client, "read_page", document="map.pdf")
        said = await error(client, "read_page", document="crab.txt", page=3)
        assert "'crab.txt' has 1 page; there is no page 3." in said
        assert "limit" in await error(client, "search", question=QUESTION, limit=0)
        with RAGFlow(project_dir=sea) as rag:  # another program writes: reading goes on
            assert "is open in process" in await error(client, "ask", question=QUESTION)
            rag.add_document("sea_life", "eel.txt", b"-").add_chunk("The eel is as long as a bus.")
            rag.add_document("sea_life", "seal.txt", b"The seal barks.")
            said = await error(client, "read_page", document="seal.txt")
            assert "'seal.txt' is not parsed (UNSTART): ragflow-local parse parses it." in said
            found = await call(client, "search", question="How long is the eel?", limit=1)
            assert found["passages"][0]["document"] == "eel.txt"
        assert (await call(client, "ask", question=QUESTION))["sources"]

    talk(sea, calls)


def test_standard_output_holds_the_protocol_alone(sea: Path) -> None:
    asked = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    search = {"name": "search", "arguments": {"question": QUESTION}}
    lines = [
        asked,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": search},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "nothing"}},
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "ragflow_local", "mcp", "--project", str(sea)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        for line in lines:
            server.stdin.write(json.dumps(line) + "\n")
        server.stdin.flush()
        said = [json.loads(server.stdout.readline()) for _ in range(3)]
        assert {answer["id"] for answer in said} == {1, 2, 3}
        rest, errors = server.communicate(timeout=60)  # it ends with its input
    finally:
        server.kill()
    assert (rest, server.returncode) == ("", 0)
    assert "Traceback" not in errors


def test_ctrl_c_ends_it_at_a_terminal(sea: Path) -> None:
    pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
    own, other = pty.openpty()
    server = subprocess.Popen(
        [sys.executable, "-m", "ragflow_local", "mcp", "--project", str(sea)],
        stdin=other,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(other)
    try:
        assert server.stderr is not None
        assert "Ctrl-C ends it." in server.stderr.readline()
        server.send_signal(signal.SIGINT)
        said, errors = server.communicate(timeout=60)
    finally:
        server.kill()
        os.close(own)
    assert (said, errors, server.returncode) == ("", "", 130)


def test_without_the_library_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    module = sys.modules["ragflow_local.cli.mcp"]  # the package's attribute is the command
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        main(["mcp", "--project", str(tmp_path)])
    assert ended.value.code == 1
    assert 'pip install "ragflow-local[mcp]"' in capsys.readouterr().err


def test_where_there_is_no_project_it_says_so_and_ends(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ragflow_local", "mcp", "--project", str(tmp_path / "none")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "There is no project" in ended.stderr
