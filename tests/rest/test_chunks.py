"""Every rule of chunks, in the released API's words."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.rest.conftest import NOBODY, Asked, contents, dataset_of_five_chunks

NO_CHUNKS: tuple[Any, ...] = ({}, {"chunk_ids": None}, {"chunk_ids": []})
KEYWORDS = "`important_keywords` should be a list"
TYPE_ERROR = "TypeError('sequence item 0: expected str instance, int found')"


@pytest.fixture(scope="module")
def dataset(ask: Asked) -> Any:
    return dataset_of_five_chunks(ask, "chunks")


@pytest.fixture
def other(ask: Asked, dataset: Any) -> Any:
    """A document without chunks."""
    path = f"/datasets/{dataset['id']}/documents"
    [document] = ask.data("POST", path, files=[("other.txt", b"x")])
    yield {"id": document["id"], "path": f"{path}/{document['id']}/chunks"}
    ask("DELETE", path, {"ids": [document["id"]]})


# ── list ──


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 5),
        ({"keywords": "chunk"}, 4),
        ({"keywords": "CHUNK test"}, 4),
        ({"keywords": "ragflow"}, 1),
        ({"keywords": "unknown"}, 0),
        ({"keywords": ""}, 5),
        ({"page": 1, "page_size": 2}, 2),
        ({"page": 3, "page_size": 2}, 1),
        ({"page": "3", "page_size": "2"}, 1),
        ({"page": 9}, 0),
        ({"page": -1, "page_size": 0}, 5),
        ({"page": "a", "page_size": "b"}, 5),
        ({"id": ""}, 5),
    ],
)
def test_chunks_are_listed(ask: Asked, dataset: Any, query: Any, count: int) -> None:
    assert len(contents(ask, dataset["path"], **query)) == count


def test_one_chunk_is_listed_by_its_id(ask: Asked, dataset: Any) -> None:
    chunk = ask.data("GET", dataset["path"])["chunks"][2]
    assert ask.data("GET", dataset["path"], id=chunk["id"])["chunks"] == [chunk]
    assert ask.data("GET", f"{dataset['path']}/{chunk['id']}") == chunk
    answer = ask("GET", dataset["path"], id=NOBODY)
    assert (answer["code"], answer["message"]) == (
        102,
        f"Chunk not found: {dataset['id']}/{NOBODY}",
    )


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_chunks_of_no_document_are_refused(ask: Asked, dataset: Any, method: str) -> None:
    path = f"/datasets/{dataset['id']}/documents/{NOBODY}/chunks"
    answer = ask(method, path, {"content": "x"})
    assert (answer["code"], answer["message"]) == (102, f"you don't own the document {NOBODY}")


# ── add ──


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"content": ""}, 102, "`content` is required"),
        ({"content": " \n"}, 102, "`content` is required"),
        ({"content": None}, 102, "`content` is required"),
        ({}, 102, "`content` is required"),
        ({"content": "x", "important_keywords": "k"}, 102, KEYWORDS),
        ({"content": "x", "important_keywords": [1]}, 100, TYPE_ERROR),
        ({"content": "x", "questions": "k"}, 102, "`questions` should be a list"),
        ({"content": "x", "questions": [1]}, 100, TYPE_ERROR),
        ({"content": "x", "tag_kwd": "k"}, 102, "`tag_kwd` should be a list"),
        ({"content": "x", "tag_kwd": [1]}, 102, "`tag_kwd` must be a list of strings"),
        ({"content": "x", "image_base64": "!"}, 102, "`image_base64` is no picture"),
    ],
)
def test_a_wrong_chunk_is_refused(
    ask: Asked, other: Any, given: Any, code: int, message: str
) -> None:
    answer = ask("POST", other["path"], given)
    assert answer["code"] == code
    assert answer["message"].startswith(message)
    assert contents(ask, other["path"]) == []


def test_a_chunk_keeps_what_is_given(ask: Asked, other: Any) -> None:
    given = {
        "content": "given",
        "important_keywords": ["b", "a", "b", ""],
        "questions": ["", " q ", "q"],
        "tag_kwd": ["t", "t", ""],
    }
    chunk = ask.data("POST", other["path"], given)["chunk"]
    assert chunk["important_keywords"] == ["b", "a", "b", ""]
    assert (chunk["questions"], chunk["tag_kwd"]) == (["q", "q"], ["t", "t", ""])
    assert (chunk["document_id"], len(chunk["id"])) == (other["id"], 32)
    assert len(chunk["create_time"]) == len("2026-01-01 00:00:00")
    assert ask.data("GET", other["path"])["chunks"] == [chunk]


def test_the_same_content_is_the_same_chunk(ask: Asked, other: Any) -> None:
    first = ask.data("POST", other["path"], {"content": "same"})["chunk"]
    again = ask.data("POST", other["path"], {"content": "same", "important_keywords": ["k"]})
    assert again["chunk"]["id"] == first["id"]
    assert again["chunk"]["important_keywords"] == ["k"]
    answer = ask.data("GET", other["path"])
    assert (answer["total"], answer["doc"]["chunk_count"]) == (1, 1)


def test_a_chunk_has_its_picture(ask: Asked, other: Any) -> None:
    written = io.BytesIO()
    Image.new("RGB", (2, 2)).save(written, "PNG")
    picture = base64.b64encode(written.getvalue()).decode()
    given = {"content": "pictured", "image_base64": picture}
    chunk = ask.data("POST", other["path"], given)["chunk"]
    assert chunk["image_id"] == chunk["id"]
    assert ask.api.engine.project.files.get_image(chunk["id"]) == written.getvalue()


# ── update, delete ──


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"content": ""}, 102, "`content` is required"),
        ({"content": " "}, 102, "`content` is required"),
        ({"important_keywords": "k"}, 102, KEYWORDS),
        ({"important_keywords": [1]}, 100, TYPE_ERROR),
        ({"questions": "k"}, 102, "`questions` should be a list"),
        ({"questions": [1]}, 100, TYPE_ERROR),
        ({"tag_kwd": "k"}, 102, "`tag_kwd` should be a list"),
        ({"tag_kwd": [1]}, 102, "`tag_kwd` must be a list of strings"),
        ({"positions": "k"}, 102, "`positions` should be a list"),
        ({"available": "x"}, 102, "`available` should be a boolean"),
    ],
)
def test_a_wrong_update_of_a_chunk_is_refused(
    ask: Asked, other: Any, given: Any, code: int, message: str
) -> None:
    chunk = ask.data("POST", other["path"], {"content": "before"})["chunk"]
    answer = ask("PATCH", f"{other['path']}/{chunk['id']}", given)
    assert (answer["code"], answer["message"]) == (code, message)
    assert ask.data("GET", other["path"])["chunks"] == [chunk]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"content": None}, {}),
        ({"content": "after"}, {"content": "after"}),
        ({"important_keywords": ["a", "a"]}, {"important_keywords": ["a", "a"]}),
        ({"questions": [" a ", ""]}, {"questions": ["a"]}),
        ({"tag_kwd": ["a"]}, {"tag_kwd": ["a"]}),
        ({"available": 0}, {"available": False}),
        ({"available": True}, {}),
        ({"positions": [[1, 2, 3, 4, 5]]}, {"positions": [[1, 2, 3, 4, 5]]}),
        ({}, {}),
        ({"unknown": 1}, {}),
    ],
)
def test_a_chunk_is_changed(ask: Asked, other: Any, method: str, given: Any, shown: Any) -> None:
    chunk = ask.data("POST", other["path"], {"content": "before"})["chunk"]
    assert ask(method, f"{other['path']}/{chunk['id']}", given)["code"] == 0
    assert ask.data("GET", other["path"])["chunks"] == [{**chunk, **shown}]


def test_a_chunk_that_is_not_there_is_told(ask: Asked, other: Any, dataset: Any) -> None:
    answer = ask("PATCH", f"{other['path']}/{NOBODY}", {"content": "x"})
    assert (answer["code"], answer["message"]) == (102, f"Can't find this chunk {NOBODY}")


def test_chunks_are_deleted_those_that_are_there(ask: Asked, other: Any) -> None:
    def add(count: int) -> list[str]:
        return [
            ask.data("POST", other["path"], {"content": f"many {n}"})["chunk"]["id"]
            for n in range(count)
        ]

    ids = add(5)
    for nothing in NO_CHUNKS:
        assert ask("DELETE", other["path"], nothing)["code"] == 0
    assert len(contents(ask, other["path"])) == 5
    answer = ask("DELETE", other["path"], {"chunk_ids": ["x", *ids[:2]]})
    assert (answer["code"], answer["message"]) == (102, "rm_chunk deleted chunks 2, expect 3")
    assert ask("DELETE", other["path"], {"chunk_ids": [ids[2], ids[2]]})["code"] == 0
    assert len(contents(ask, other["path"])) == 2
    assert ask("DELETE", other["path"], {"delete_all": True})["code"] == 0
    answer = ask.data("GET", other["path"])
    assert (answer["total"], answer["doc"]["chunk_count"]) == (0, 0)
    assert ask("DELETE", other["path"], {"chunk_ids": add(100)})["code"] == 0
