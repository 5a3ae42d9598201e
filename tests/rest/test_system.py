"""What scripts and checks ask besides."""

from ragflow_local.rest import ReleasedAPI, Request
from tests.rest.conftest import MODELS, Asked


def test_a_script_registers_logs_in_and_gets_a_key(api: ReleasedAPI) -> None:
    own = ReleasedAPI(api.engine, models=MODELS)
    ask = Asked(own, "")
    assert ask("POST", "/users", {"email": "a@b"})["code"] == 0
    answer = own.handle(Request("POST", "/api/v1/auth/login", body={"email": "a@b"}))
    key = dict(answer.headers)["Authorization"]
    token = ask.data("POST", "/system/tokens", key=key)["token"]
    assert token.startswith("ragflow-")
    assert ask("GET", "/datasets", key=token)["code"] == 0
    assert ask("GET", "/datasets", key="another")["code"] == 401


def test_the_engine_says_what_it_is(ask: Asked, api: ReleasedAPI) -> None:
    assert ask.data("GET", "/system/status")["doc_engine"]["type"] == "lancedb"
    assert ask.data("GET", "/system/version").startswith("ragflow-local")
    assert api.handle(Request("GET", "/api/v1/system/ping")).content == b"pong"


def test_models_are_named(api: ReleasedAPI) -> None:
    ask = Asked(ReleasedAPI(api.engine, models=MODELS))
    own = ask.data("GET", "/users/me/models")
    assert own["llm_id"] == "glm-4-flash@CI@ZHIPU-AI"
    assert own["embd_id"] == "BAAI/bge-small-en-v1.5@Local@Builtin"
    assert {model["model_provider"] for model in ask.data("GET", "/models")} >= {"ZHIPU-AI"}
    chosen = {"embd_id": "embedding-3@ZHIPU-AI", "llm_id": "glm-4-flash@ZHIPU-AI"}
    assert ask("PATCH", "/models/default", chosen)["code"] == 0
    made = ask.data("POST", "/datasets", {"name": "by default"})
    assert made["embedding_model"] == "embedding-3@ZHIPU-AI"
    assert made["parser_config"]["llm_id"] == "glm-4-flash@ZHIPU-AI"
    parts = {"model_type": "chat", "model_name": "m", "model_instance": "i", "model_provider": "p"}
    ask.data("PATCH", "/models/default", parts)
    assert ask.data("GET", "/users/me/models")["llm_id"] == "m@i@p"


def test_a_model_of_this_engine_is_known_by_its_own_name(ask: Asked) -> None:
    given = {"name": "own", "embedding_model": "hashing@Local"}
    made = ask.data("POST", "/datasets", given)
    assert made["embedding_model"] == "hashing@Local"
