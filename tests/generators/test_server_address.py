"""Where questions and keys may go: this computer, and servers that the environment names."""

from __future__ import annotations

import types
from typing import Any

import pytest

from ragflow_local.errors import InvalidValueError, ModelError, ModelServerError
from ragflow_local.generators.server_address import parse_address
from ragflow_local.settings import LLMSettings, ParserSettings
from tests.model_server import ModelServer, opened, said

pytestmark = pytest.mark.usefixtures("loopback")


@pytest.mark.parametrize(
    "name",
    [
        "http://198.51.100.1/v1#x",
        "https://llm.example.org/v1#x",
        "http://0.0.0.0:80/v1#x",
        "http://127.0.0.1.example.org/v1#x",
        "http://localhost.example.org/v1#x",
        "http://[::2]/v1#x",
        "http://2130706433.example/v1#x",
    ],
)
def test_only_this_computer_is_asked(name: str) -> None:
    """The fixture fails at the first look-up or connection elsewhere."""
    with pytest.raises(ModelServerError, match="is not on this computer"):
        opened(name)


def test_another_address_is_asked_where_the_environment_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAGFLOW_LOCAL_LLM_SERVERS", "https://llm.example.org http://box:8080/v1")
    with pytest.raises(AssertionError, match="looks up box"):
        opened("http://box:8080/v1#x")
    with pytest.raises(ModelServerError, match="is not on this computer"):
        opened("http://box:8081/v1#x")
    with pytest.raises(ModelServerError, match="is not on this computer"):
        opened("http://llm.example.org/v1#x")


def test_a_name_of_this_computer_that_leads_elsewhere_is_refused(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragflow_local.generators.server_address._is_loopback", lambda host: False)
    with pytest.raises(
        ModelServerError, match=r"leads to 127\.0\.0\.1, which is not this computer"
    ):
        opened(server.url.replace("127.0.0.1", "localhost"))
    assert not server.heads, "nothing was sent"


def test_proxies_of_the_environment_are_passed_by(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://198.51.100.1:3128")
    assert said(opened(server.url)) == ["Yes."]


@pytest.mark.parametrize(
    "name",
    [
        "http://me:secret@127.0.0.1/v1#x",
        "http://sk-secret@127.0.0.1/v1#x",
        "http://127.0.0.1/v1?api_key=secret#x",
    ],
)
def test_a_key_in_an_address_is_refused_before_it_is_kept(name: str) -> None:
    for keep in (
        lambda: LLMSettings(model_name=name),
        lambda: ParserSettings(graph_model=name),
        lambda: parse_address(name),
    ):
        with pytest.raises(InvalidValueError) as caught:
            keep()
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["http://", "http://:80/v1", "http://a:99999/v1", "http://a b/ c"])
def test_a_broken_address_is_told(name: str) -> None:
    with pytest.raises(InvalidValueError, match="Give an address such as"):
        parse_address(name)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("http://127.0.0.1:11434#m", "/v1"),
        ("http://127.0.0.1:11434/#m", "/v1"),
        ("http://localhost:1/v1/#m", "/v1"),
        ("http://[::1]:8080/api/v1/chat/completions#m", "/api/v1"),
    ],
)
def test_an_address_may_be_written_short_or_long(name: str, path: str) -> None:
    address = parse_address(name)
    assert (address.path, address.model, address.is_here) == (path, "m", True)


def keys(server: ModelServer) -> set[str | None]:
    return {head.get("authorization") for head in server.heads}


def test_a_key_goes_to_the_server_that_the_environment_names(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGFLOW_LOCAL_LLM_KEY", "sk-1")
    said(opened(server.url))
    assert keys(server) == {None}, "a project may name any port of this computer"
    server.heads.clear()
    monkeypatch.setenv("RAGFLOW_LOCAL_LLM_SERVERS", server.url.partition("/v1")[0])
    said(opened(server.url))
    assert keys(server) == {"Bearer sk-1"}
    server.heads.clear()
    monkeypatch.delenv("RAGFLOW_LOCAL_LLM_SERVERS")
    monkeypatch.setenv("RAGFLOW_LOCAL_LLM", server.url)
    said(opened(server.url))
    assert keys(server) == {"Bearer sk-1"}


def test_a_key_may_come_from_the_keyring(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring: Any = types.ModuleType("keyring")
    ring.errors = types.SimpleNamespace(KeyringError=OSError)
    kept = {("ragflow-local", server.url.partition("/v1")[0]): "sk-2"}
    ring.get_password = lambda service, name: kept.get((service, name))
    monkeypatch.setitem(__import__("sys").modules, "keyring", ring)
    said(opened(server.url))
    assert keys(server) == {"Bearer sk-2"}

    def locked(service: str, name: str) -> str:
        raise OSError("locked")

    server.heads.clear()
    ring.get_password = locked
    said(opened(server.url))
    assert keys(server) == {None}


@pytest.mark.parametrize(
    ("server_name", "key", "words"),
    [("http://box:80", "sk-1", "in the clear"), ("https://box", "sk-1\n", "no header can hold")],
)
def test_a_key_never_travels_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, server_name: str, key: str, words: str
) -> None:
    monkeypatch.setenv("RAGFLOW_LOCAL_LLM_KEY", key)
    monkeypatch.setenv("RAGFLOW_LOCAL_LLM_SERVERS", server_name)
    with pytest.raises(ModelError, match=words):
        opened(f"{server_name}/v1#x")
