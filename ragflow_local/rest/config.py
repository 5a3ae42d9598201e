"""Checks the released API's parser settings and translates them to this engine's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

MOST_LETTERS = 65_535

RAPTOR_PROMPT = (
    "Summarize the paragraphs below without inventing facts or changing numbers.\n"
    "Output exactly two parts in the same language as the source:\n"
    "1. First line: a concise title only.\n"
    "2. Following lines: a concise summary of the content.\n"
    "Do not output labels, Markdown headings, bullet points, or any other commentary.\n\n"
    "Paragraphs:\n{cluster_content}"
)
_ENTITY_TYPES = ["organization", "person", "geo", "event", "category"]
_LEAST_SUMMARY = 512  # tokens


def checked_text(value: str) -> str:
    """Return a text, or raise if UTF-8 cannot hold it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("string_unicode", "Input should be a valid string") from None
    return value


class Strict(BaseModel):
    """Fields that are checked strictly: no ``"1"`` for 1, no unknown key."""

    model_config = ConfigDict(strict=True, extra="forbid")


Text = Annotated[str, AfterValidator(checked_text)]
# A text of which blanks about it do not count, and which says something.
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]


def _whole(low: int, high: int) -> Any:
    return Field(ge=low, le=high)


class ParentChild(Strict):
    """Settings of small chunks for search whose parents are read."""

    use_parent_child: bool = False
    children_delimiter: Annotated[str, Field(min_length=1)] = "\n"


class Raptor(Strict):
    """Settings of summaries of clusters of chunks."""

    use_raptor: bool = False
    prompt: Said = RAPTOR_PROMPT
    max_token: Annotated[int, Field(le=2048)] = _LEAST_SUMMARY
    clustering_threshold: Share = 0.3
    clustering_ratio: Share = 0.5
    max_cluster: Annotated[int, _whole(1, 1024)] = 64
    random_seed: Annotated[int, Field(ge=0)] = 0
    scope: Literal["file", "dataset"] = "file"
    auto_disable_for_structured_data: bool = True

    @model_validator(mode="before")
    @classmethod
    def _drop_former(cls, values: object) -> object:
        former = ("threshold", "clustering_method", "tree_builder", "ext")
        if isinstance(values, dict):
            return {name: value for name, value in values.items() if name not in former}
        return values

    @model_validator(mode="after")
    def _raise_least(self) -> Raptor:
        if self.max_token < _LEAST_SUMMARY:
            # Not by assigning: what was not given stays so.
            self.__dict__["max_token"] = _LEAST_SUMMARY
        return self


class GraphRAG(Strict):
    """Settings of a knowledge graph of the entities in chunks."""

    use_graphrag: bool = False
    entity_types: list[Text] = Field(default_factory=lambda: list(_ENTITY_TYPES))
    method: Literal["light", "general", "ner"] = "light"
    community: bool = False
    resolution: bool = False
    batch_chunk_token_size: Annotated[int, _whole(512, 8196)] = 4096
    retry_attempts: Annotated[int, _whole(1, 10)] = 2
    retry_backoff_seconds: Annotated[float, _whole(0, 600)] = 2.0
    retry_backoff_max_seconds: Annotated[float, _whole(0, 3600)] = 60.0
    build_subgraph_timeout_per_chunk_seconds: Annotated[int, _whole(1, 86400)] = 300
    build_subgraph_min_timeout_seconds: Annotated[int, _whole(1, 86400)] = 600
    merge_timeout_seconds: Annotated[int, _whole(0, 86400)] = 180
    resolution_timeout_seconds: Annotated[int, _whole(0, 86400)] = 1800
    community_timeout_seconds: Annotated[int, _whole(0, 86400)] = 1800
    lock_acquire_timeout_seconds: Annotated[int, _whole(0, 86400)] = 600


def _layout_as_text(value: object) -> object:
    # Clients up to 0.16 say True or False.
    if isinstance(value, bool):
        return "DeepDOC" if value else "Plain Text"
    return value


class Config(Strict):
    """A given ``parser_config``; every key is optional."""

    auto_keywords: Annotated[int, _whole(0, 32)] = 0
    auto_questions: Annotated[int, _whole(0, 10)] = 0
    chunk_token_num: Annotated[int, _whole(1, 2048)] = 512
    delimiter: Annotated[str, Field(min_length=1)] = "\n"
    html4excel: bool = False
    layout_recognize: Annotated[Text, BeforeValidator(_layout_as_text)] = "DeepDOC"
    tag_kb_ids: list[Text] = Field(default_factory=list)
    topn_tags: Annotated[int, _whole(1, 10)] = 1
    filename_embd_weight: Share | None = 0.1
    task_page_size: Annotated[int, Field(ge=1)] | None = None
    pages: list[list[int]] | None = None
    enable_children: bool = False
    children_delimiter: Text = ""
    compilation_template_group_id: list[Text] = Field(default_factory=list)
    parent_child: ParentChild = Field(default_factory=ParentChild)
    raptor: Raptor = Field(default_factory=Raptor)
    graphrag: GraphRAG = Field(default_factory=GraphRAG)
    table_column_mode: Literal["auto", "manual"] | None = None
    table_column_roles: dict[str, Literal["indexing", "metadata", "both"]] | None = None
    table_column_names: list[Text] | None = None
    ext: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _check_size(self) -> Config:
        size = len(json.dumps(self.model_dump(exclude_unset=True), ensure_ascii=False))
        if size > MOST_LETTERS:
            raise PydanticCustomError(
                "string_too_long",
                "Parser config exceeds size limit (max 65,535 characters). Current size: {size}",
                {"size": f"{size:,}"},
            )
        return self

    def given(self) -> dict[str, Any]:
        """Return the given settings alone."""
        return _with_extensions(self.model_dump(exclude_unset=True))

    def filled(self) -> dict[str, Any]:
        """Return all settings, with defaults for those not given."""
        values = self.model_dump()
        for name in ("table_column_mode", "table_column_roles", "table_column_names"):
            if values[name] is None:
                del values[name]
        return _with_extensions(values)


def _with_extensions(values: dict[str, Any]) -> dict[str, Any]:
    extensions = values.pop("ext", None)
    return {**values, **(extensions or {})}


_SEED = {"clustering_threshold": 0.3, "clustering_ratio": 0.5, "max_cluster": 64, "random_seed": 0}
_OFF = {"raptor": {"use_raptor": False}, "graphrag": {"use_graphrag": False}}


def _defaults_of(method: str) -> dict[str, Any]:
    """Return a new copy of the default settings of a chunk method."""
    if method == "naive":
        graph = GraphRAG(use_graphrag=True).model_dump(exclude={"community", "resolution"})
        return {
            "layout_recognize": "DeepDOC",
            "chunk_token_num": 512,
            "delimiter": "\n",
            "auto_keywords": 0,
            "auto_questions": 0,
            "html4excel": False,
            "topn_tags": 3,
            "raptor": {"use_raptor": True, "prompt": RAPTOR_PROMPT, "max_token": 512, **_SEED},
            "graphrag": graph,
            "parent_child": ParentChild().model_dump(),
        }
    if method == "knowledge_graph":
        kinds = ["organization", "person", "location", "event", "time"]
        own = {"chunk_token_num": 8192, "delimiter": "\n", "entity_types": kinds}
        return {**own, **{name: dict(value) for name, value in _OFF.items()}}
    if method in ("qa", "manual", "paper", "book", "laws", "presentation"):
        return {name: dict(value) for name, value in _OFF.items()}
    return {}


def of_method(method: str) -> dict[str, Any]:
    """Return the default settings of a chunk method."""
    return {"table_context_size": 0, "image_context_size": 0, **_defaults_of(method)}


def created(method: str, given: Config | None, llm_id: str) -> dict[str, Any]:
    """Return the settings of a new dataset.

    Args:
        method: How its documents are cut.
        given: What was given; None for nothing.
        llm_id: The tenant's chat model.
    """
    values = of_method(method)
    if given is not None and given.model_fields_set:
        values = merged(values, given.filled())
    parents = values.get("parent_child", {})
    is_used = parents.get("use_parent_child")
    values["children_delimiter"] = parents.get("children_delimiter", "") if is_used else ""
    values["llm_id"] = llm_id
    return values


def merged(former: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings updated by others, nested dicts merged."""
    values = dict(former)
    for name, value in given.items():
        before = values.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            value = merged(before, value)
        values[name] = value
    return values


# ── as this engine says it ──

_OWN_METHODS = {"tag": "table", "resume": "naive", "audio": "naive"}


def own_method(method: str) -> str:
    """Return this engine's chunk method for a method of RAGFlow's."""
    return _OWN_METHODS.get(method, method)


def own_config(values: Mapping[str, Any]) -> dict[str, object]:
    """Return this engine's parser settings for RAGFlow's; those it has no name for are left out."""
    own: dict[str, object] = {
        "chunk_token_count": values.get("chunk_token_num", 512),
        "layout_recognize": str(values.get("layout_recognize", "DeepDOC")).casefold()
        not in ("plain text", "naive", "false"),
        "delimiter": values.get("delimiter", "\n"),
    }
    if values.get("task_page_size"):
        own["task_page_size"] = values["task_page_size"]
    return own


def shown_config(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings in RAGFlow's names, also of what was made through the draft's API."""
    return {
        **of_method(""),
        "chunk_token_num": own.get("chunk_token_count", 128),
        "layout_recognize": "DeepDOC" if own.get("layout_recognize", True) else "Plain Text",
        "delimiter": own.get("delimiter", "\n"),
        **{name: dict(value) for name, value in _OFF.items()},
    }


def idle_settings(method: str, values: Mapping[str, Any]) -> list[str]:
    """Return the given settings without effect here, but not a method's own defaults."""
    own = _idle_of_method(method)
    return [name for name in without_effect(method, values) if name not in own]


@cache
def _idle_of_method(method: str) -> frozenset[str]:
    return frozenset(without_effect(method, of_method(method)))


def without_effect(method: str, values: Mapping[str, Any]) -> list[str]:
    """Return the names of the stored settings that have no effect here."""
    names = [
        name
        for name in ("auto_keywords", "auto_questions", "html4excel", "tag_kb_ids", "pages")
        if values.get(name)
    ]
    switches = (("raptor", "use_raptor"), ("graphrag", "use_graphrag"))
    names += [name for name, switch in switches if values.get(name, {}).get(switch)]
    if values.get("parent_child", {}).get("use_parent_child") or values.get("enable_children"):
        names.append("parent_child")
    if values.get("table_column_mode") == "manual":
        names.append("table_column_mode")
    if method in _OWN_METHODS:
        names.append(f"chunk_method {method!r} (read as {_OWN_METHODS[method]!r})")
    return names
