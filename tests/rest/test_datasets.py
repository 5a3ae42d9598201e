"""Every rule of datasets, in the released API's words."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ragflow_local.rest.config import RAPTOR_PROMPT
from tests.rest.conftest import NO_IDS, Asked

METHODS = (
    "Input should be 'naive', 'book', 'email', 'laws', 'manual', 'one', 'paper', 'picture',"
    " 'presentation', 'qa', 'table', 'tag' or 'resume'"
)
PERMISSIONS = "Input should be 'me' or 'team'"
LONG_AVATAR = "data:image/png;base64," + "a" * 65_535
HEX = "f" * 32

FORMAT = "embedding model identifier must follow <model_name>@<provider> format"
WRONG_FIELDS: tuple[tuple[str, object, str], ...] = (
    ("name", "", "String should have at least 1 character"),
    ("name", "  ", "String should have at least 1 character"),
    ("name", "a" * 129, "String should have at most 128 characters"),
    ("name", 1, "Input should be a valid string"),
    ("name", None, "Input should be a valid string"),
    ("avatar", "a", "missing MIME prefix. Expected format: data:<mime>;base64,<data>"),
    ("avatar", "image/png,a", "invalid MIME prefix format. Must start with 'data:'"),
    ("avatar", "data:image/gif;base64,a", "Unsupported MIME type. Allowed: ['image/jpeg', "),
    ("avatar", LONG_AVATAR, "String should have at most 65535 characters"),
    ("description", "a" * 65_536, "String should have at most 65535 characters"),
    ("description", 1, "Input should be a valid string"),
    (
        "embedding_model",
        "",
        FORMAT,
    ),
    ("embedding_model", " ", FORMAT),
    ("embedding_model", "model", FORMAT),
    ("embedding_model", "@p", "both model_name and provider must be non-empty strings"),
    ("embedding_model", "m@", "both model_name and provider must be non-empty strings"),
    ("embedding_model", "m@ @p", "both model_name and provider must be non-empty strings"),
    ("embedding_model", "unknown@ZHIPU-AI", "not found"),
    ("embedding_model", "embedding-3@unknown", "not found"),
    ("embedding_model", HEX, "not found"),
    ("permission", "", PERMISSIONS),
    ("permission", "ME", PERMISSIONS),
    ("permission", None, PERMISSIONS),
    ("permission", [], PERMISSIONS),
    ("chunk_method", "", METHODS),
    ("chunk_method", None, METHODS),
    ("chunk_method", [], METHODS),
    ("chunk_method", "knowledge_graph", METHODS),
    *(
        (name, "x", "Extra inputs are not permitted")
        for name in (
            *("id", "tenant_id", "created_by", "create_date", "create_time", "update_date"),
            *("update_time", "document_count", "chunk_count", "token_num", "status", "unknown"),
        )
    ),
)


@pytest.fixture(scope="module")
def dataset(ask: Asked) -> Any:
    return ask.data("POST", "/datasets", {"name": "rules of datasets"})


@pytest.mark.parametrize(("field", "value", "message"), WRONG_FIELDS)
def test_a_wrong_field_is_refused(
    ask: Asked, dataset: Any, field: str, value: object, message: str
) -> None:
    changes = [("PUT", f"/datasets/{dataset['id']}", {field: value})]
    if (field, value) != ("name", None) or value is None:
        changes.append(("POST", "/datasets", {"name": "refused", field: value}))
    for method, path, body in changes:
        answer = ask(method, path, body)
        assert answer["code"] == (102 if message == "not found" else 101)
        assert message in answer["message"]
        if message != "not found":
            assert answer["message"].startswith(f"Field: <{field}> - Message: <")


def test_a_long_value_is_shown_in_part(ask: Asked) -> None:
    message = ask("POST", "/datasets", {"name": "a" * 129})["message"]
    assert message.endswith(f"- Value: <{'a' * 125}...>")


@pytest.mark.parametrize("name", [" about ", "a", "名字 ⚡", "a" * 128], ids=lambda name: name[:9])
def test_a_name_is_stripped_and_free(ask: Asked, name: str) -> None:
    assert ask.data("POST", "/datasets", {"name": name})["name"] == name.strip()


def test_a_taken_name_gets_a_number(ask: Asked) -> None:
    names = [ask.data("POST", "/datasets", {"name": name})["name"] for name in ("Taken", "taken")]
    assert [*names, ask.data("POST", "/datasets", {"name": "TAKEN"})["name"]] == [
        "Taken",
        "taken(1)",
        "TAKEN(2)",
    ]


def test_many_threads_make_datasets_of_one_name(ask: Asked) -> None:
    with ThreadPoolExecutor(5) as threads:
        made = threads.map(lambda _: ask.data("POST", "/datasets", {"name": "crowd"}), range(20))
        names = {dataset["name"] for dataset in made}
    assert names == {"crowd", *(f"crowd({number})" for number in range(1, 20))}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, {"avatar": None, "description": None, "permission": "me", "chunk_method": "naive"}),
        ({"avatar": None, "description": None}, {"avatar": None, "description": None}),
        ({"avatar": "", "description": ""}, {"avatar": "", "description": ""}),
        ({"avatar": "data:image/jpeg;base64,a"}, {"avatar": "data:image/jpeg;base64,a"}),
        ({"permission": "team"}, {"permission": "team"}),
        ({"embedding_model": None}, {"embedding_model": "BAAI/bge-small-en-v1.5@Local@Builtin"}),
        (
            {"embedding_model": " embedding-3@ZHIPU-AI "},
            {"embedding_model": "embedding-3@ZHIPU-AI"},
        ),
        (
            {"embedding_model": "embedding-3@CI@ZHIPU-AI"},
            {"embedding_model": "embedding-3@CI@ZHIPU-AI"},
        ),
        ({}, {"pagerank": 0, "document_count": 0, "chunk_count": 0, "token_num": 0}),
        *(
            ({"chunk_method": method}, {"chunk_method": method})
            for method in ("naive", "qa", "tag", "resume", "one", "email")
        ),
    ],
)
def test_a_field_is_answered_as_given(ask: Asked, given: Any, shown: Any) -> None:
    made = ask.data("POST", "/datasets", {"name": "answered", **given})
    assert {name: made[name] for name in shown} == shown
    [listed] = ask.data("GET", "/datasets", id=made["id"])
    assert listed == made
    ask.data("DELETE", "/datasets", {"ids": [made["id"]]})  # a team's is seen by other tests


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"name": " new name "}, {"name": "new name"}),
        ({"description": "x"}, {"description": "x"}),
        ({"description": None}, {"description": None}),
        ({"avatar": None}, {"avatar": None}),
        ({"pagerank": 100}, {"pagerank": 100}),
        ({"embedding_model": None, "language": "Deutsch"}, {"language": "Deutsch"}),
        ({"connectors": [], "pipeline_id": "x", "parse_type": 1, "ext": {}}, {}),
    ],
)
def test_an_update_changes_what_is_named(ask: Asked, given: Any, shown: Any) -> None:
    before = ask.data("POST", "/datasets", {"name": "updated", "description": "before"})
    after = ask.data("PUT", f"/datasets/{before['id']}", given)
    for name, value in after.items():
        if name not in ("update_time", "update_date"):
            assert value == shown.get(name, before[name])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "Input should be a valid integer"),
        ("1", "Input should be a valid integer"),
        (True, "Input should be a valid integer"),
        (3.14, "Input should be a valid integer"),
        (-1, "Input should be greater than or equal to 0"),
        (101, "Input should be less than or equal to 100"),
    ],
)
def test_pagerank_is_of_updates(ask: Asked, dataset: Any, value: object, message: str) -> None:
    answer = ask("PUT", f"/datasets/{dataset['id']}", {"pagerank": value})
    assert (answer["code"], message in answer["message"]) == (101, True)


def test_an_update_of_nothing_is_refused(ask: Asked, dataset: Any) -> None:
    answer = ask("PUT", f"/datasets/{dataset['id']}", {})
    assert (answer["code"], answer["message"]) == (102, "no properties were modified")


def test_another_ones_name_is_refused(ask: Asked, dataset: Any) -> None:
    ask.data("POST", "/datasets", {"name": "of another"})
    answer = ask("PUT", f"/datasets/{dataset['id']}", {"name": "OF another"})
    assert answer["code"] == 102
    assert answer["message"] == "Dataset name 'OF another' already exists"
    assert ask("PUT", f"/datasets/{dataset['id']}", {"name": dataset["name"].upper()})["code"] == 0


def test_the_model_of_chunks_stays(ask: Asked, dataset: Any) -> None:
    path = f"/datasets/{dataset['id']}"
    changed = ask.data("PUT", path, {"embedding_model": "embedding-3@ZHIPU-AI"})
    assert changed["embedding_model"] == "embedding-3@ZHIPU-AI"


# ── list ──


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"page": 0}, "Input should be greater than or equal to 1"),
        ({"page": "a"}, "Input should be a valid integer"),
        ({"page_size": 0}, "Input should be greater than or equal to 1"),
        ({"page_size": -1}, "Input should be greater than or equal to 1"),
        ({"orderby": "name"}, "Input should be 'create_time' or 'update_time'"),
        ({"orderby": "CREATE_TIME"}, "Input should be 'create_time' or 'update_time'"),
        ({"orderby": ""}, "Input should be 'create_time' or 'update_time'"),
        ({"id": "no uuid"}, "Invalid UUID format"),
        ({"id": ""}, "Invalid UUID format"),
        ({"unknown": "a"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_query_is_refused(ask: Asked, query: Any, message: str) -> None:
    answer = ask("GET", "/datasets", **query)
    assert (answer["code"], message in answer["message"]) == (101, True)


@pytest.mark.parametrize(
    "query",
    [{"id": uuid.uuid1().hex}, {"id": str(uuid.uuid4())}, {"name": "nobody's"}],
    ids=["uuid1", "uuid4", "name"],
)
def test_an_unknown_dataset_is_refused(ask: Asked, query: Any) -> None:
    answer = ask("GET", "/datasets", **query)
    assert answer["code"] == 102
    assert "lacks permission for dataset" in answer["message"]
    assert answer["message"].startswith("User '")


def test_a_list_has_pages_and_an_order(ask: Asked) -> None:
    key = "ragflow-lists"
    made = [ask.data("POST", "/datasets", {"name": f"l{n}"}, key=key) for n in range(5)]
    names = [dataset["name"] for dataset in made]

    def listed(**query: object) -> list[str]:
        return [dataset["name"] for dataset in ask.data("GET", "/datasets", key=key, **query)]

    assert listed() == names[::-1]
    assert listed(desc="False") == names
    assert listed(desc="anything") == names[::-1]
    assert listed(page=2, page_size=2) == ["l2", "l1"]
    assert listed(page=9, page_size=2) == []
    assert listed(page_size=1024) == names[::-1]
    assert listed(name="") == names[::-1]
    assert listed(id=made[1]["id"], name="l1") == ["l1"]
    assert listed(id=made[1]["id"], name="l2") == []
    assert listed(ids=[made[0]["id"], made[3]["id"]]) == ["l3", "l0"]
    ask.data("PUT", f"/datasets/{made[0]['id']}", {"description": "x"}, key=key)
    assert listed(orderby="update_time")[0] == "l0"
    assert ask("GET", "/datasets", key=key, page_size=2)["total"] == 5


# ── delete ──


def test_nothing_named_deletes_nothing(ask: Asked, dataset: Any) -> None:
    for body in (*NO_IDS, {"ids": None, "delete_all": False}):
        assert ask("DELETE", "/datasets", body)["code"] == 0
    assert ask.data("GET", "/datasets", id=dataset["id"])


def test_all_or_none_of_datasets_are_deleted(ask: Asked) -> None:
    key = "ragflow-deletes"
    ids = [ask.data("POST", "/datasets", {"name": "d"}, key=key)["id"] for _ in range(3)]

    def refused(given: list[str]) -> str:
        answer = ask("DELETE", "/datasets", {"ids": given}, key=key)
        assert answer["code"] in (101, 102)
        assert len(ask.data("GET", "/datasets", key=key)) == 3
        return str(answer["message"])

    assert "Invalid UUID format" in refused(["no uuid", *ids])
    assert f"Duplicate ids: '{ids[0]}'" in refused([ids[0], ids[0]])
    assert "lacks permission for dataset" in refused([*ids, uuid.uuid1().hex])
    assert ask("DELETE", "/datasets", {"ids": ids[:2]}, key=key)["code"] == 0
    assert "lacks permission" in ask("DELETE", "/datasets", {"ids": ids[:1]}, key=key)["message"]
    assert ask("DELETE", "/datasets", {"delete_all": True}, key=key)["code"] == 0
    assert ask.data("GET", "/datasets", key=key) == []


def test_a_thousand_datasets_are_deleted_in_one_call(ask: Asked) -> None:
    key = "ragflow-thousand"
    ids = [ask.data("POST", "/datasets", {"name": f"t{n}"}, key=key)["id"] for n in range(200)]
    assert ask("DELETE", "/datasets", {"ids": ids}, key=key)["code"] == 0


def test_metadata_settings_are_kept(ask: Asked, dataset: Any) -> None:
    path = f"/datasets/{dataset['id']}/metadata/config"
    assert ask.data("PUT", path, {"enabled": True}) == {"enabled": True}
    assert ask.data("GET", path) == {"enabled": True}
    assert ask.data("GET", f"/datasets/{dataset['id']}/auto_metadata") == {"enabled": True}


def test_the_raptor_prompt_is_the_released_one() -> None:
    assert RAPTOR_PROMPT.startswith("Summarize the paragraphs below without inventing facts or")
    assert RAPTOR_PROMPT.endswith("\n\nParagraphs:\n{cluster_content}")


def test_a_pagerank_is_kept_and_told_to_do_nothing(ask: Asked) -> None:
    id = ask.data("POST", "/datasets", {"name": "ranked"})["id"]
    answer = ask("PUT", f"/datasets/{id}", {"pagerank": 50})
    assert answer["data"]["pagerank"] == 50
    assert answer["message"] == "Kept, without effect in this engine: pagerank."
    assert ask("PUT", f"/datasets/{id}", {"pagerank": 0})["message"] == ""
    given = {"parser_config": {"auto_keywords": 3}}
    message = ask("PUT", f"/datasets/{id}", given)["message"]
    assert message == "Kept, without effect in this engine: auto_keywords."
