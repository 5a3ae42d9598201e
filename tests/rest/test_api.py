"""Keys, paths, and what a transport needs."""

import io
import json
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import pytest

from ragflow_local import RAGFlow
from ragflow_local.rest import ReleasedAPI, Request
from tests.rest.conftest import Asked

REFUSED = {"code": 401, "message": "<Unauthorized '401: Unauthorized'>", "data": None}


@pytest.mark.parametrize("key", ["", "None"], ids=["none", "the word None"])
def test_no_key_is_refused(ask: Asked, key: str) -> None:
    assert ask("GET", "/datasets", key=key) == REFUSED


def test_the_key_that_is_given_is_the_only_one(engine: RAGFlow) -> None:
    ask = Asked(ReleasedAPI(engine, api_key="right"))
    assert ask("GET", "/datasets", key="right")["code"] == 0
    assert ask("GET", "/datasets", key="ragflow-other") == REFUSED


def test_once_keys_are_given_out_others_are_refused(engine: RAGFlow) -> None:
    ask = Asked(ReleasedAPI(engine))
    assert ask("GET", "/datasets", key="any")["code"] == 0
    token = ask.data("POST", "/system/tokens")["token"]
    assert ask("GET", "/datasets", key=token)["code"] == 0
    assert ask("GET", "/datasets", key="any") == REFUSED


def test_a_key_names_the_tenant_that_the_draft_names(ask: Asked, engine: RAGFlow) -> None:
    made = ask.data("POST", "/datasets", {"name": "tenants"}, key="ragflow-one")
    with RAGFlow("ragflow-one", project_dir=engine.project_dir) as same:
        assert same.get_dataset("tenants").id == made["id"]
    assert ask("GET", "/datasets", id=made["id"])["code"] == 102


def test_an_unknown_path_and_a_wrong_verb_are_told(ask: Asked) -> None:
    assert ask("GET", "/nothing")["code"] == 404
    assert ask("PATCH", "/datasets")["code"] == 405


def test_a_value_of_a_kind_that_nobody_thought_of_is_told_as_an_error(ask: Asked) -> None:
    id = ask.data("POST", "/datasets", {"name": "odd values"})["id"]
    body = {"knowledge_id": id, "query": "x", "retrieval_setting": "none"}
    answer = ask("POST", "/dify/retrieval", body)
    assert answer["code"] == 100
    assert answer["message"].startswith("AttributeError(")


def test_forms_are_read_without_the_name_that_two_packages_share() -> None:
    # Packages multipart and python-multipart put each other under one name, one thread at a time.
    said = "import sys, ragflow_local.rest.exchange; print('multipart' in sys.modules)"
    command = [sys.executable, "-c", said]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def wsgi(api: ReleasedAPI, method: str, path: str, body: bytes = b"", **more: str) -> Any:
    heard: list[Any] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": "Bearer ragflow-wsgi",
        "wsgi.input": io.BytesIO(body),
        **more,
    }
    parts: Iterable[bytes] = api(environ, lambda status, headers: heard.append((status, headers)))
    return heard[0][0], dict(heard[0][1]), b"".join(parts)


def test_it_is_a_wsgi_application(api: ReleasedAPI) -> None:
    status, headers, body = wsgi(api, "POST", "/api/v1/datasets", b'{"name": "by wsgi"}')
    assert status == "200 OK"
    assert headers["Content-Type"] == "application/json"
    assert int(headers["Content-Length"]) == len(body)
    assert json.loads(body)["data"]["name"] == "by wsgi"


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b"\xff"], ids=["cut", "deep", "no UTF-8"])
def test_what_is_no_json_is_refused(api: ReleasedAPI, body: bytes) -> None:
    said = json.loads(wsgi(api, "POST", "/api/v1/datasets", body)[2])
    assert said["code"] == 101
    assert "Malformed JSON" in said["message"]


def test_a_body_that_is_no_object_is_refused(ask: Asked) -> None:
    said = ask("POST", "/datasets", ["name"])
    assert said == {
        "code": 101,
        "message": "Invalid request payload: expected object, got list",
        "data": None,
    }


def test_letters_that_utf8_cannot_hold_are_refused(api: ReleasedAPI) -> None:
    body = b'{"name": "\\ud800"}'
    assert json.loads(wsgi(api, "POST", "/api/v1/datasets", body)[2])["code"] == 101


def test_a_form_is_taken_apart() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a%22b.txt"\r\n\r\n'
        b'one\r\n--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n'
        b"\r\n--x--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    request = Request.of_http("POST", "/api/v1/datasets/1/documents?a=&b=1&b=2", kind, body)
    assert request.files is not None
    assert [(one.name, one.data) for one in request.files] == [('a"b.txt', b"one"), ("", b"")]
    assert request.query == {"a": [""], "b": ["1", "2"]}


@pytest.mark.parametrize("kind", ["text/xml", "TEXT/PLAIN; a=b"])
def test_a_body_of_another_type_is_refused(api: ReleasedAPI, kind: str) -> None:
    answer = http(api, kind)
    assert (answer["code"], answer["message"]) == (
        101,
        "Unsupported content type: Expected application/json, got "
        + kind.lower().partition(";")[0],
    )


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-8",
        "application/a+json",
    ],
)
def test_a_body_of_json_or_of_a_type_that_nobody_chose_is_read(api: ReleasedAPI, kind: str) -> None:
    assert http(api, kind)["code"] == 0


def http(api: ReleasedAPI, kind: str) -> Any:
    headers = {"Authorization": "Bearer ragflow-types", **({"content-type": kind} if kind else {})}
    body = json.dumps({"name": "of a type"}).encode()
    return api.answer("POST", "/api/v1/datasets", headers, body).envelope
