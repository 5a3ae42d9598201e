"""Every rule of retrieval, in the released API's words."""

from typing import Any

import pytest

from ragflow_local.stores.catalog import checksums
from tests.rest.conftest import NOBODY, Asked, contents, dataset_of_five_chunks


@pytest.fixture(scope="module")
def dataset(ask: Asked) -> Any:
    return dataset_of_five_chunks(ask, "retrieval")


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
        checksums.stamp(connection, "datasets", "id", made["id"])
    assert ask("POST", "/retrieval", {"dataset_ids": ids, "question": "x"})["code"] == 102


def test_what_has_no_effect_is_told(ask: Asked, dataset: Any) -> None:
    body = {"dataset_ids": [dataset["id"]], "question": "chunk", "keyword": True, "use_kg": True}
    message = ask("POST", "/retrieval", body)["message"]
    assert message == "Without effect in this engine: keyword, use_kg."


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which chunks are there?", "<em>chunk</em> test 0"),
        ("test 0", "chunk <em>test</em> <em>0</em>"),
    ],
)
def test_words_of_the_question_are_highlighted_where_that_is_asked_for(
    ask: Asked, dataset: Any, question: str, text: str
) -> None:
    body = {"dataset_ids": [dataset["id"]], "question": question, "similarity_threshold": 0}
    marked = ask.data("POST", "/retrieval", {**body, "highlight": True})["chunks"]
    assert text in [hit["highlight"] for hit in marked]
    assert all(
        hit["highlight"].replace("<em>", "").replace("</em>", "") == hit["content"]
        for hit in marked
    )
    for no in ({}, {"highlight": False}):
        assert all(
            "highlight" not in hit for hit in ask.data("POST", "/retrieval", body | no)["chunks"]
        )


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
