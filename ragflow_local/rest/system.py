"""Answers calls about the server: its state, version, keys and models."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from ragflow_local.rest.call import Call
from ragflow_local.rest.exchange import Answer, done
from ragflow_local.rest.routes import route

_RUNS = {"status": "green", "elapsed": "0.0"}


@route("GET /system/ping", is_open=True)
def ping(call: Call) -> Answer:
    """Answer "pong"."""
    return Answer(content=b"pong", headers=(("Content-Type", "text/plain"),))


@route("GET /system/version")
def version(call: Call) -> Answer:
    """Return the version of the engine."""
    try:
        return done(f"ragflow-local {installed('ragflow-local')}")
    except PackageNotFoundError:  # a program that carries the package as files
        return done("ragflow-local")


@route("GET /system/status", "GET /system/healthz", is_open=True)
def status(call: Call) -> Answer:
    """Return the state of the engine's parts, which all run in this process."""
    return done(
        {
            "doc_engine": {"type": "lancedb", **_RUNS},
            "storage": {"storage": "files", **_RUNS},
            "database": {"database": "sqlite", **_RUNS},
            "redis": {"status": "not used"},
            "task_executor_heartbeats": {},
        }
    )


@route("POST /users", is_open=True)
def register(call: Call) -> Answer:
    """Answer a registration, which creates no account: there are none."""
    return done({"id": call.tenant_id, "email": call.request.fields().get("email")})


@route("POST /auth/login", "POST /users/login", is_open=True)
def login(call: Call) -> Answer:
    """Return a key in the header; there are no accounts to log in to."""
    fields = call.request.fields()
    return Answer(
        done({"id": call.tenant_id, "email": fields.get("email")}).envelope,
        headers=(("Authorization", call.issue()),),
    )


@route("POST /system/tokens")
def new_token(call: Call) -> Answer:
    """Return a new key."""
    return done({"token": call.issue(), "tenant_id": call.tenant_id})


@route("GET /system/tokens")
def tokens(call: Call) -> Answer:
    """Return the key of the request."""
    return done([{"token": call.request.key, "tenant_id": call.tenant_id}])


@route("GET /users/me/models")
def own_models(call: Call) -> Answer:
    """Return the default models."""
    return done(
        {
            "tenant_id": call.tenant_id,
            "llm_id": call.names.default_chat,
            "embd_id": call.names.default_embedding,
            "rerank_id": "",
            "asr_id": "",
            "img2txt_id": "",
            "tts_id": "",
        }
    )


@route("GET /models", "GET /models/default")
def models(call: Call) -> Answer:
    """Return the known models."""
    return done(call.names.known())


@route("PATCH /models/default", "PUT /models/default", "PATCH /users/me/models")
def set_default_models(call: Call) -> Answer:
    """Change the default models."""
    fields = call.request.fields()
    for default, key in (("chat", "llm_id"), ("embedding", "embd_id")):
        name = fields.get(key)
        if isinstance(name, str) and name:
            call.names.set_default(default, name)
    kind = fields.get("model_type")
    parts = [fields.get(name) for name in ("model_name", "model_instance", "model_provider")]
    named = [part for part in parts if isinstance(part, str) and part]
    if kind in ("chat", "embedding") and len(named) > 1:
        call.names.set_default(kind, "@".join(named))
    return done(True)


@route(
    "POST /models",
    "PUT /models",
    "POST /providers",
    "PUT /providers",
    "POST /providers/{provider}/instances",
    "PUT /providers/{provider}/instances",
    "PUT /providers/{provider}",
)
def add_models(call: Call, **names: str) -> Answer:
    """Answer that models were added, which has no effect: they are named at opening."""
    return done(True)
