"""Parser settings as the released API takes, fills and answers them."""

from typing import Any

import pytest

from ragflow_local.rest import ReleasedAPI, Request, config
from ragflow_local.rest.spellings import modern_config
from tests.rest.conftest import KEY, Asked

NO_CONFIG: tuple[Any, ...] = (None, {})
NO_INT = "Input should be a valid integer"
NO_BOOL = "Input should be a valid boolean"
EXTRA = "Extra inputs are not permitted"


def bounds(name: str, low: float, high: float | None) -> list[tuple[str, object, str]]:
    cases: list[tuple[str, object, str]] = [
        (name, low - 1, f"Input should be greater than or equal to {low:g}"),
        (name, "1", "Input should be a valid"),
        (name, True, "Input should be a valid"),
    ]
    if high is not None:
        cases.append((name, high + 1, f"Input should be less than or equal to {high:g}"))
    return cases


WRONG = [
    *bounds("auto_keywords", 0, 32),
    *bounds("auto_questions", 0, 10),
    *bounds("chunk_token_num", 1, 2048),
    *bounds("topn_tags", 1, 10),
    *bounds("task_page_size", 1, None),
    *bounds("filename_embd_weight", 0, 1),
    *bounds("raptor.clustering_threshold", 0, 1),
    *bounds("raptor.clustering_ratio", 0, 1),
    *bounds("raptor.max_cluster", 1, 1024),
    *bounds("raptor.random_seed", 0, None),
    *bounds("graphrag.batch_chunk_token_size", 512, 8196),
    *bounds("graphrag.retry_attempts", 1, 10),
    *bounds("graphrag.retry_backoff_seconds", 0, 600),
    *bounds("graphrag.retry_backoff_max_seconds", 0, 3600),
    *bounds("graphrag.build_subgraph_timeout_per_chunk_seconds", 1, 86400),
    *bounds("graphrag.build_subgraph_min_timeout_seconds", 1, 86400),
    *bounds("graphrag.merge_timeout_seconds", 0, 86400),
    ("auto_keywords", 3.14, NO_INT),
    ("auto_keywords", None, NO_INT),
    ("chunk_token_num", None, NO_INT),
    ("raptor.max_token", 2049, "Input should be less than or equal to 2048"),
    ("raptor.max_token", "1", NO_INT),
    ("raptor.prompt", "", "String should have at least 1 character"),
    ("raptor.prompt", " ", "String should have at least 1 character"),
    ("raptor.use_raptor", "string", NO_BOOL),
    ("raptor.scope", "x", "Input should be 'file' or 'dataset'"),
    ("raptor.auto_disable_for_structured_data", 1, NO_BOOL),
    ("raptor.unknown", 1, EXTRA),
    ("graphrag.use_graphrag", "string", NO_BOOL),
    ("graphrag.entity_types", "a,b", "Input should be a valid list"),
    ("graphrag.entity_types", [1], "Input should be a valid string"),
    ("graphrag.method", "unknown", "Input should be 'light', 'general' or 'ner'"),
    ("graphrag.community", 1, NO_BOOL),
    ("graphrag.resolution", "x", NO_BOOL),
    ("graphrag.unknown", 1, EXTRA),
    ("parent_child.use_parent_child", 1, NO_BOOL),
    ("parent_child.children_delimiter", "", "String should have at least 1 character"),
    ("delimiter", "", "String should have at least 1 character"),
    ("delimiter", 1, "Input should be a valid string"),
    ("layout_recognize", 1, "Input should be a valid string"),
    ("html4excel", 1, NO_BOOL),
    ("html4excel", "True", NO_BOOL),
    ("enable_children", 1, NO_BOOL),
    ("tag_kb_ids", "1,2", "Input should be a valid list"),
    ("tag_kb_ids", [1], "Input should be a valid string"),
    ("pages", [1], "Input should be a valid list"),
    ("pages", [["a", 1]], NO_INT),
    ("table_column_mode", "x", "Input should be 'auto' or 'manual'"),
    ("ext", 1, "Input should be a valid dictionary"),
    ("unknown", 1, EXTRA),
    ("delimiter", "a" * 65_536, "Parser config exceeds size limit (max 65,535 characters)"),
]


def nested(path: str, value: object) -> dict[str, Any]:
    name, _, rest = path.partition(".")
    return {name: nested(rest, value) if rest else value}


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=lambda given: str(given)[:40])
def test_a_wrong_setting_is_refused(ask: Asked, path: str, value: object, message: str) -> None:
    body = {"name": "refused", "parser_config": nested(path, value)}
    answer = ask("POST", "/datasets", body)
    assert answer["code"] == 101
    assert message in answer["message"]
    if "size limit" not in message:
        assert answer["message"].startswith(f"Field: <parser_config.{path}")


RIGHT = [
    *((f"auto_keywords={n}", {"auto_keywords": n}) for n in (0, 32)),
    *((f"chunk_token_num={n}", {"chunk_token_num": n}) for n in (1, 2048)),
    ("a blank is a delimiter", {"delimiter": " "}),
    ("any layout", {"layout_recognize": "MinerU"}),
    ("a task of pages or none", {"task_page_size": None}),
    ("pages", {"pages": [[1, 3], [7, 9]]}),
    ("raptor", {"raptor": {"use_raptor": True, "max_token": 600}}),
    ("graphrag", {"graphrag": {"method": "general", "community": True, "entity_types": []}}),
]


@pytest.mark.parametrize(("name", "given"), RIGHT, ids=[name for name, _ in RIGHT])
def test_what_is_given_is_answered_the_rest_filled_in(ask: Asked, name: str, given: Any) -> None:
    made = ask.data("POST", "/datasets", {"name": name, "parser_config": given})["parser_config"]
    assert config.merged(made, given) == made
    assert made["raptor"]["use_raptor"] == given.get("raptor", {}).get("use_raptor", False)
    assert made["graphrag"]["use_graphrag"] is False
    assert made["topn_tags"] == 1
    assert made["llm_id"] == "glm-4-flash@CI@ZHIPU-AI"
    assert (made["table_context_size"], made["image_context_size"]) == (0, 0)


@pytest.mark.parametrize("given", [None, {}], ids=["null", "empty"])
def test_nothing_given_is_the_methods_own(ask: Asked, given: Any) -> None:
    made = ask.data("POST", "/datasets", {"name": "plain", "parser_config": given})["parser_config"]
    assert set(made) == {
        *("layout_recognize", "chunk_token_num", "delimiter", "auto_keywords", "auto_questions"),
        *("html4excel", "image_context_size", "table_context_size", "topn_tags", "llm_id"),
        *("raptor", "graphrag", "parent_child", "children_delimiter"),
    }
    assert (made["topn_tags"], made["children_delimiter"]) == (3, "")
    assert made["raptor"] == {
        "use_raptor": True,
        "prompt": config.RAPTOR_PROMPT,
        "max_token": 512,
        "clustering_threshold": 0.3,
        "clustering_ratio": 0.5,
        "max_cluster": 64,
        "random_seed": 0,
    }
    assert made["graphrag"]["use_graphrag"] is True
    assert not {"community", "resolution"} & set(made["graphrag"])


@pytest.mark.parametrize("method", ["qa", "manual", "paper", "book", "laws", "presentation"])
def test_other_methods_have_raptor_and_graph_off(ask: Asked, method: str) -> None:
    made = ask.data("POST", "/datasets", {"name": method, "chunk_method": method})["parser_config"]
    assert made["raptor"] == {"use_raptor": False}
    assert made["graphrag"] == {"use_graphrag": False}
    assert "chunk_token_num" not in made


def test_former_keys_of_raptor_are_dropped_and_few_tokens_raised(ask: Asked) -> None:
    raptor = {"threshold": 7, "clustering_method": 1, "tree_builder": 1, "ext": 1, "max_token": 1}
    body = {"name": "former", "parser_config": {"raptor": raptor}}
    made = ask.data("POST", "/datasets", body)["parser_config"]["raptor"]
    assert made["max_token"] == 512
    assert not set(raptor) - {"max_token"} & set(made)


def test_keys_of_ext_are_put_into_the_settings(ask: Asked) -> None:
    body = {"name": "ext", "parser_config": {"ext": {"own": 1}}}
    made = ask.data("POST", "/datasets", body)["parser_config"]
    assert (made["own"], "ext" in made) == (1, False)


def test_the_delimiter_of_children_stands_where_they_are_used(ask: Asked) -> None:
    parents = {"use_parent_child": True, "children_delimiter": ";"}
    body = {"name": "children", "parser_config": {"parent_child": parents}}
    assert ask.data("POST", "/datasets", body)["parser_config"]["children_delimiter"] == ";"


def test_an_update_is_merged_and_another_method_brings_its_own(ask: Asked) -> None:
    made = ask.data("POST", "/datasets", {"name": "merged"})
    path = f"/datasets/{made['id']}"
    for nothing in NO_CONFIG:
        same = ask.data("PUT", path, {"parser_config": nothing, "description": "x"})
        assert same["parser_config"] == made["parser_config"]
    given = {"parser_config": {"raptor": {"use_raptor": False}}}
    merged = ask.data("PUT", path, given)["parser_config"]
    assert merged == config.merged(made["parser_config"], given["parser_config"])
    other = ask.data("PUT", path, {"chunk_method": "qa"})["parser_config"]
    assert other == {
        "table_context_size": 0,
        "image_context_size": 0,
        "raptor": {"use_raptor": False},
        "graphrag": {"use_graphrag": False},
    }


def test_settings_without_effect_are_told(ask: Asked) -> None:
    given = {"raptor": {"use_raptor": True}, "auto_keywords": 3, "tag_kb_ids": ["x"]}
    answer = ask("POST", "/datasets", {"name": "told", "parser_config": given})
    assert answer["message"] == (
        "Kept, without effect in this engine: auto_keywords, tag_kb_ids, raptor."
    )
    assert ask("POST", "/datasets", {"name": "not told"})["message"] == ""


def test_former_spellings_are_put_as_todays() -> None:
    former = {
        "chunk_token_count": 128,
        "layout_recognize": True,
        "raptor": {"user_raptor": False},
        "entity_types": ["person"],
        "llm_id": "of an answer",
    }
    assert modern_config(former) == {
        "chunk_token_num": 128,
        "layout_recognize": True,
        "raptor": {"use_raptor": False},
        "graphrag": {"entity_types": ["person"]},
    }
    assert config.Config.model_validate(modern_config(former)).layout_recognize == "DeepDOC"


@pytest.mark.parametrize(
    ("layout", "is_analysed"),
    [("DeepDOC", True), ("Plain Text", False), ("Naive", False), ("MinerU", True)],
)
def test_the_engine_reads_by_what_is_given(layout: str, is_analysed: bool) -> None:
    own = config.own_config({"layout_recognize": layout, "chunk_token_num": 64, "delimiter": ";"})
    assert own == {
        "chunk_token_count": 64,
        "layout_recognize": is_analysed,
        "delimiter": ";",
    }


def test_an_older_client_is_taken_by_its_own_names(api: ReleasedAPI) -> None:
    given = {"name": "older", "parser_config": {"chunk_token_count": 77}}

    def answer(client: str) -> Any:
        request = Request("POST", "/api/v1/datasets", body=given, key=KEY, client=client)
        return api.handle(request).envelope

    assert answer("0.24.0")["data"]["parser_config"]["chunk_token_num"] == 77
    assert answer("0.27.3")["code"] == answer("")["code"] == 101
