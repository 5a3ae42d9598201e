"""Checks the fields of a dataset in bodies and queries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from ragflow_local.rest.config import MOST_LETTERS, Config, Strict, checked_text
from ragflow_local.rest.ids import Id

_HEX_ID_LENGTH = 32

Method = Literal[
    "naive", "book", "email", "laws", "manual", "one", "paper",
    "picture", "presentation", "qa", "table", "tag", "resume",
]  # fmt: skip
Permission = Literal["me", "team"]


def _avatar(value: str | None) -> str | None:
    if not value:
        return value
    prefix, comma, _ = value.partition(",")
    if not comma:
        raise PydanticCustomError(
            "format_invalid",
            "missing MIME prefix. Expected format: data:<mime>;base64,<data>",
        )
    if not prefix.startswith("data:"):
        raise PydanticCustomError(
            "format_invalid", "invalid MIME prefix format. Must start with 'data:'"
        )
    if prefix.removeprefix("data:").partition(";")[0] not in ("image/jpeg", "image/png"):
        raise PydanticCustomError(
            "format_invalid", "Unsupported MIME type. Allowed: ['image/jpeg', 'image/png']"
        )
    return value


def _embedding_model(value: str | None) -> str | None:
    if value is None:
        return None
    if len(value) == _HEX_ID_LENGTH and all(letter in "0123456789abcdef" for letter in value):
        return value
    if "@" not in value:
        raise PydanticCustomError(
            "format_invalid",
            "embedding model identifier must follow <model_name>@<provider> format",
        )
    model, _, provider = value.partition("@")
    if not model.strip() or not all(part.strip() for part in provider.split("@")):
        raise PydanticCustomError(
            "format_invalid", "both model_name and provider must be non-empty strings"
        )
    return value


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=128),
    AfterValidator(checked_text),
]
Avatar = Annotated[Annotated[str, Field(max_length=MOST_LETTERS)] | None, AfterValidator(_avatar)]
Description = Annotated[str, Field(max_length=MOST_LETTERS), AfterValidator(checked_text)] | None
EmbeddingModel = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)] | None,
    AfterValidator(_embedding_model),
]


class Created(Strict):
    """The fields of a new dataset."""

    name: Name
    avatar: Avatar = None
    description: Description = None
    embedding_model: EmbeddingModel = None
    permission: Permission = "me"
    chunk_method: Method = "naive"
    parser_config: Config | None = None
    auto_metadata_config: dict[str, Any] | None = None
    # Of the web interface: kept or passed over.
    language: str | None = None
    parse_type: int | None = None
    pipeline_id: str | None = None
    ext: dict[str, Any] | None = None


class Updated(Strict):
    """The changed fields of a dataset."""

    name: Name = ""
    avatar: Avatar = None
    description: Description = None
    embedding_model: EmbeddingModel = None
    permission: Permission = "me"
    chunk_method: Method = "naive"
    pagerank: Annotated[int, Field(ge=0, le=100)] = 0
    parser_config: Config | None = None
    auto_metadata_config: dict[str, Any] | None = None
    language: str | None = None
    connectors: list[Any] | None = None
    parse_type: int | None = None
    pipeline_id: str | None = None
    ext: dict[str, Any] | None = None


class Listed(BaseModel):
    """The query that chooses datasets; all values are texts."""

    model_config = ConfigDict(extra="forbid")

    id: Id | None = None
    ids: list[Id] | None = None
    name: str | None = None
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 30
    orderby: Literal["create_time", "update_time"] = "create_time"
    desc: str = "true"
    include_parsing_status: str = ""
    ext: str = ""
