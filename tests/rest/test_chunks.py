"""Every rule of chunks and of retrieval, in the released API's words."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.rest.conftest import Asked
from tests.rest.test_documents import wait

NOBODY = "f" * 32
NO_CHUNKS: tuple[Any, ...] = ({}, {"chunk_ids": None}, {"chunk_ids": []})
KEYWORDS = "`important_keywords` should be a list"
TYPE_ERROR = "TypeError('sequence item 0: expected str instance, int found')"


@pytest.fixture(scope="module")
def dataset(ask: Asked) -> Any:
    """A dataset with one parsed file that does not say the word, and four chunks that do."""
    made = ask.data("POST", "/datasets", {"name": "chunks"})
    path = f"/datasets/{made['id']}/documents"
    files = [("ragflow_test.txt", b"Whales are large animals that live in the sea.")]
    [document] = ask.data("POST", path, files=files)
    ask.data("POST", f"/datasets/{made['id']}/chunks", {"document_ids": [document["id"]]})
    wait(ask, made)
    for number in range(4):
        content = {"content": f"chunk test {number}"}
        ask.data("POST", f"{path}/{document['id']}/chunks", content)
    return {**made, "document": document["id"], "path": f"{path}/{document['id']}/chunks"}


@pytest.fixture
def other(ask: Asked, dataset: Any) -> Any:
    """A document without chunks."""
    path = f"/datasets/{dataset['id']}/documents"
    [document] = ask.data("POST", path, files=[("other.txt", b"x")])
    yield {"id": document["id"], "path": f"{path}/{document['id']}/chunks"}
    ask("DELETE", path, {"ids": [document["id"]]})


def contents(ask: Asked, path: str, **query: object) -> list[str]:
    return [chunk["content"] for chunk in ask.data("GET", path, **query)["chunks"]]


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


# ── retrieval ──


def retrieved(ask: Asked, dataset: Any, **fields: object) -> list[str]:
    body = {"dataset_ids": [dataset["id"]], "question": "chunk", **fields}
    return [chunk["content"] for chunk in ask.data("POST", "/retrieval", body)["chunks"]]


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({}, 4),
        ({"top_k": 1}, 4),
        ({"top_k": "1024"}, 4),
        ({"page": 1, "page_size": 3}, 3),
        ({"page": "2", "page_size": "3"}, 1),
        ({"page": None, "page_size": None}, 4),
        ({"page": 0, "page_size": 0}, 4),
        ({"page": 9}, 0),
        ({"question": ""}, 0),
        ({"question": "  "}, 0),
        ({"similarity_threshold": 1.0}, 0),
        ({"vector_similarity_weight": 10, "similarity_threshold": 0}, 5),
        ({"vector_similarity_weight": 0}, 4),
        ({"keyword": True, "use_kg": True, "cross_languages": ["English"]}, 4),
        ({"document_ids": []}, 4),
        ({"document_ids": None}, 4),
    ],
)
def test_a_question_finds(ask: Asked, dataset: Any, fields: Any, count: int) -> None:
    assert len(retrieved(ask, dataset, **fields)) == count


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"dataset_ids": []}, 102, "`dataset_ids` is required."),
        ({"dataset_ids": None}, 102, "`dataset_ids` is required."),
        ({"dataset_ids": "x"}, 102, "`dataset_ids` should be a list"),
        ({"dataset_ids": [NOBODY]}, 102, f"You don't own the dataset {NOBODY}."),
        ({"document_ids": [NOBODY]}, 102, f"The datasets don't own the document {NOBODY}"),
        ({"top_k": 0}, 102, "`top_k` must be greater than 0"),
        ({"top_k": -1}, 102, "`top_k` must be greater than 0"),
        ({"top_k": "a"}, 100, "ValueError"),
        ({"rerank_id": "unknown"}, 102, "`rerank_id` unknown doesn't exist"),
    ],
)
def test_a_wrong_retrieval_is_refused(
    ask: Asked, dataset: Any, fields: Any, code: int, message: str
) -> None:
    answer = ask("POST", "/retrieval", {"dataset_ids": [dataset["id"]], "question": "x", **fields})
    assert answer["code"] == code
    assert answer["message"].startswith(message)


def test_datasets_of_two_models_are_not_searched_together(ask: Asked, dataset: Any) -> None:
    made = ask.data("POST", "/datasets", {"name": "model", "embedding_model": "e@p"})
    ids = [dataset["id"], made["id"]]
    assert ask("POST", "/retrieval", {"dataset_ids": ids, "question": "x"})["code"] == 0
    with ask.api.engine.project.catalog.write() as connection:
        connection.execute(
            "UPDATE datasets SET embedding_model = 'other' WHERE id = ?", [made["id"]]
        )
        from ragflow_local.stores.catalog import checksums

        checksums.stamp(connection, "datasets", "id", made["id"])
    assert ask("POST", "/retrieval", {"dataset_ids": ids, "question": "x"})["code"] == 102


def test_what_has_no_effect_is_told(ask: Asked, dataset: Any) -> None:
    body = {"dataset_ids": [dataset["id"]], "question": "chunk", "keyword": True, "use_kg": True}
    message = ask("POST", "/retrieval", body)["message"]
    assert message == "Without effect in this engine: keyword, use_kg."


def test_a_hit_has_its_similarities_and_names_of_all_times(ask: Asked, dataset: Any) -> None:
    body = {"dataset_ids": [dataset["id"]], "question": "chunk"}
    hits = ask.data("POST", "/retrieval", body)["chunks"]
    assert [hit["similarity"] for hit in hits] == sorted(
        (hit["similarity"] for hit in hits), reverse=True
    )
    first = hits[0]
    assert first["document_keyword"] == "ragflow_test.txt"
    for former, name in (
        ("chunk_id", "id"),
        ("content_with_weight", "content"),
        ("kb_id", "dataset_id"),
    ):
        assert first[former] == first[name]


def test_former_clients_ask_by_other_names(ask: Asked, dataset: Any) -> None:
    body = {"datasets": [dataset["id"]], "documents": [], "question": "chunk"}
    answer = ask.data("POST", "/retrieval", {**body, "offset": 2, "limit": 3})
    assert len(answer["chunks"]) == 1


def test_a_document_that_is_switched_off_is_not_found(ask: Asked, dataset: Any) -> None:
    path = f"/datasets/{dataset['id']}/documents/{dataset['document']}"
    ask.data("PATCH", path, {"enabled": 0})
    assert retrieved(ask, dataset) == []
    assert contents(ask, dataset["path"], available=False)
    ask.data("PATCH", path, {"enabled": 1})
    assert len(retrieved(ask, dataset)) == 4


CONDITIONS = [
    ("year", "is", 2024, True),
    ("year", "=", "2024", True),
    ("year", "not is", 2024, False),
    ("year", "≠", 2023, True),
    ("year", ">", 2023, True),
    ("year", ">", "2024", False),
    ("year", ">=", 2024, True),
    ("year", "≥", 2025, False),
    ("year", "<", 2025, True),
    ("year", "<=", 2023, False),
    ("year", "≤", 2024, True),
    ("date", ">", "2024-01-31", True),
    ("date", "<", "2024-01-31", False),
    ("author", "is", "ANN", True),
    ("author", "contains", "nn", True),
    ("author", "not contains", "nn", False),
    ("author", "in", ["Bob", "Eve"], True),
    ("author", "in", "Bob, Eve", True),
    ("author", "not in", ["Eve"], True),
    ("author", "not in", ["Ann"], False),
    ("author", "start with", "an", True),
    ("author", "end with", "x", False),
    ("nothing", "empty", "", True),
    ("nothing", "not empty", "", False),
    ("year", "empty", "", False),
    ("year", "not empty", "", True),
    ("nothing", "is", "x", False),
    ("nothing", "not is", "x", True),
    ("nothing", ">", 0, False),
]


@pytest.mark.parametrize(("name", "word", "value", "is_met"), CONDITIONS)
def test_conditions_choose_documents(
    ask: Asked, dataset: Any, name: str, word: str, value: object, is_met: bool
) -> None:
    path = f"/datasets/{dataset['id']}/documents/{dataset['document']}"
    fields = {"year": 2024, "author": ["Ann", "Bob"], "date": "2024-02-01"}
    ask.data("PATCH", path, {"meta_fields": fields})
    condition = {"name": name, "comparison_operator": word, "value": value}
    found = retrieved(ask, dataset, metadata_condition={"conditions": [condition]})
    assert len(found) == (4 if is_met else 0)


@pytest.mark.parametrize(("logic", "is_met"), [("and", False), ("or", True), (None, False)])
def test_conditions_are_joined(ask: Asked, dataset: Any, logic: Any, is_met: bool) -> None:
    path = f"/datasets/{dataset['id']}/documents/{dataset['document']}"
    ask.data("PATCH", path, {"meta_fields": {"year": 2024}})
    conditions = [
        {"name": "year", "comparison_operator": "is", "value": year} for year in (2024, 2023)
    ]
    asked = {"logic": logic, "conditions": conditions}
    assert bool(retrieved(ask, dataset, metadata_condition=asked)) == is_met
    assert retrieved(ask, dataset, metadata_condition={"conditions": []})


@pytest.mark.parametrize(
    "condition",
    [
        [1],
        {"conditions": {}},
        {"conditions": [1]},
        {"logic": "xor", "conditions": [{"name": "a"}]},
        {"conditions": [{"name": "a", "comparison_operator": "like"}]},
    ],
    ids=str,
)
def test_what_is_no_condition_is_refused(ask: Asked, dataset: Any, condition: object) -> None:
    body = {"dataset_ids": [dataset["id"]], "question": "x", "metadata_condition": condition}
    code = ask("POST", "/retrieval", body)["code"]
    assert code == (0 if condition == {"conditions": {}} else 101)


def test_dify_is_answered_in_its_form(ask: Asked, dataset: Any) -> None:
    body = {"knowledge_id": dataset["id"], "query": "chunk", "retrieval_setting": {"top_k": 2}}
    records = ask("POST", "/dify/retrieval", body)["records"]
    assert len(records) == 2
    assert set(records[0]) == {"content", "score", "title", "metadata"}
