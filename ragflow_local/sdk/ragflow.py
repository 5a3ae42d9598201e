"""The ``RAGFlow`` of the released client, on an engine in this process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

from ragflow_local.api.ragflow import RAGFlow as Engine
from ragflow_local.errors import InvalidValueError, RefusedError
from ragflow_local.rest import Answer, File, ReleasedAPI, Request
from ragflow_local.rest.routes import ROOT
from ragflow_local.rest.spellings import modern_dataset
from ragflow_local.sdk.agents import AgentCalls
from ragflow_local.sdk.base import named, one_of, plain
from ragflow_local.sdk.chat import Chat
from ragflow_local.sdk.chunk import Chunk
from ragflow_local.sdk.dataset import DataSet
from ragflow_local.sdk.memories import MemoryCalls
from ragflow_local.sdk.response import Response

# Names of models in scripts, where these cannot say them: "a@b=hashing, c@d=extractive".
_NAMES = "RAGFLOW_LOCAL_MODEL_NAMES"
_LOOK_SECONDS = 1.0


class RAGFlow(AgentCalls, MemoryCalls):
    """RAGFlow's client on an engine in this process: no server, no account, no network.

    Args:
        api_key: Names the tenant. This is order, not protection.
        base_url: A path or ``file:`` URL of the project; what a server was called, where
            ``project_dir`` or the environment variable ``RAGFLOW_LOCAL_PROJECT`` names it.
        version: Accepted.
        models: Names of models in the script, ``<model>@<provider>``, to names of models here;
            None for what ``RAGFLOW_LOCAL_MODEL_NAMES`` says.
        options: As for ``ragflow_local.RAGFlow``.

    Raises:
        InvalidValueError: ``base_url`` is a web address, and nothing else names a directory.
        ProjectLockedError: Another process has the project open for writing.
    """

    _engine_type: ClassVar[type[Engine]] = Engine
    _knows_all_models: ClassVar[bool] = False

    def __init__(
        self,
        api_key: str | None = "",
        base_url: str = "",
        version: str = "v1",
        *,
        models: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        self.user_key = api_key
        self.api_url = f"{base_url}/api/{version}"
        self.authorization_header = {"Authorization": f"Bearer {api_key}"}
        self.engine = self._engine_type(api_key or "", base_url, version, **options)
        names = _names_of_environment() if models is None else models
        self._api = ReleasedAPI(
            self.engine,
            models=names,
            checks_keys=False,
            knows_all_models=self._knows_all_models,
        )

    def close(self, wait: bool = False) -> None:
        """Close the engine; see ``ragflow_local.RAGFlow.close``."""
        self.engine.close(wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ── calls ──

    def answer(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, object] | None = None,
        files: tuple[File, ...] | None = None,
    ) -> Answer:
        """Return the answer to a call of a path below ``/api/v1``."""
        texts = {name: _texts(value) for name, value in (query or {}).items() if value is not None}
        key = self.user_key or ""
        return self._api.handle(Request(method, ROOT + path, texts, body, files, key))

    def data(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: tuple[File, ...] | None = None,
        **query: object,
    ) -> Any:
        """Return the data of a call.

        Raises:
            RefusedError: It is refused; the message says why.
        """
        envelope = self.answer(method, path, body, query, files).envelope
        if envelope["code"]:
            raise RefusedError(envelope["code"], str(envelope.get("message")))
        return envelope.get("data")

    def wait(self, document_id: str) -> None:
        """Wait until a document is not being parsed."""
        jobs = self.engine.project.jobs
        while (progress := jobs.progress_of(document_id)) is not None:
            jobs.wait_for_change(document_id, progress, _LOOK_SECONDS)

    def post(
        self, path: str, json: object = None, stream: bool = False, files: Any = None
    ) -> Response:
        """Send a POST to a path below ``/api/v1``."""
        given = None
        if files is not None:
            given = tuple(File(name, bytes(data)) for _, (name, data, *_) in files)
        return Response(self.answer("POST", path, json, files=given), self.api_url + path)

    def get(
        self, path: str, params: Mapping[str, object] | None = None, json: object = None
    ) -> Response:
        """Send a GET to a path below ``/api/v1``."""
        return Response(self.answer("GET", path, json, params), self.api_url + path)

    def delete(self, path: str, json: object = None) -> Response:
        """Send a DELETE to a path below ``/api/v1``."""
        return Response(self.answer("DELETE", path, json), self.api_url + path)

    def put(self, path: str, json: object = None) -> Response:
        """Send a PUT to a path below ``/api/v1``."""
        return Response(self.answer("PUT", path, json), self.api_url + path)

    def patch(self, path: str, json: object = None) -> Response:
        """Send a PATCH to a path below ``/api/v1``."""
        return Response(self.answer("PATCH", path, json), self.api_url + path)

    # ── datasets ──

    def create_dataset(
        self,
        name: str,
        avatar: str | None = None,
        description: str | None = None,
        embedding_model: str | None = None,
        permission: str = "me",
        chunk_method: str = "naive",
        parser_config: DataSet.ParserConfig | Mapping[str, Any] | None = None,
        auto_metadata_config: Mapping[str, Any] | None = None,
        *,
        language: str | None = None,
    ) -> DataSet:
        """Create a dataset; a taken name gets a number.

        Raises:
            RefusedError: It is refused; the message says why.
        """
        body: dict[str, Any] = {
            "name": name,
            "avatar": avatar,
            "description": description,
            "embedding_model": embedding_model,
            "permission": permission,
            "chunk_method": chunk_method,
        }
        given = {
            "parser_config": plain(parser_config),
            "auto_metadata_config": auto_metadata_config,
            "language": language,
        }
        body |= {key: value for key, value in given.items() if value is not None}
        return DataSet(self, self.data("POST", "/datasets", modern_dataset(body)))

    def delete_datasets(self, ids: Sequence[str] | None = None, delete_all: bool = False) -> None:
        """Delete datasets by their ids, or all; without either, none."""
        self.data("DELETE", "/datasets", named(ids, delete_all))

    def get_dataset(self, name: str) -> DataSet:
        """Return the dataset with a name.

        Raises:
            RefusedError: There is none.
        """
        datasets = self.list_datasets(name=name)
        if not datasets:
            raise RefusedError(102, f"Dataset {name} not found")
        return datasets[0]

    def list_datasets(
        self,
        page: int = 1,
        page_size: int = 30,
        orderby: str = "create_time",
        desc: bool = True,
        id: str | None = None,
        name: str | None = None,
        *,
        ids: Sequence[str] | None = None,
    ) -> list[DataSet]:
        """Return a page of the tenant's datasets.

        Raises:
            RefusedError: There is none of that id or name.
            ValueError: Both ``id`` and ``ids`` are given.
        """
        if id and ids:
            raise ValueError("Cannot use both 'id' and 'ids' parameters at the same time.")
        data = self.data(
            "GET",
            "/datasets",
            page=page,
            page_size=page_size,
            orderby=orderby,
            desc=desc,
            id=id,
            ids=ids,
            name=name,
        )
        return [DataSet(self, dataset) for dataset in data]

    # ── chats ──

    def create_chat(
        self,
        name: str,
        icon: str = "",
        dataset_ids: Sequence[str] | None = None,
        llm_id: str | Chat.LLM | None = None,
        llm_setting: Mapping[str, Any] | Chat.Prompt | None = None,
        prompt_config: Mapping[str, Any] | None = None,
        *,
        avatar: str | None = None,
        llm: Chat.LLM | Mapping[str, Any] | None = None,
        prompt: Chat.Prompt | Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Chat:
        """Create a chat, by today's arguments or those of clients up to 0.24.

        Those say ``avatar``, ``llm`` and ``prompt``, also by position.

        Raises:
            RefusedError: It is refused; the message says why.
        """
        if isinstance(llm_id, Chat.LLM):
            llm, llm_id = llm_id, None
        if isinstance(llm_setting, Chat.Prompt):
            prompt, llm_setting = llm_setting, None
        body = {"name": name, "icon": one_of(avatar, icon), "dataset_ids": list(dataset_ids or ())}
        given = {
            "llm_id": llm_id,
            "llm_setting": plain(llm_setting),
            "prompt_config": plain(prompt_config),
            "llm": plain(llm),
            "prompt": plain(prompt),
        }
        body |= {key: value for key, value in given.items() if value is not None}
        return Chat(self, self.data("POST", "/chats", {**body, **more}))

    def delete_chats(self, ids: Sequence[str] | None = None, delete_all: bool = False) -> None:
        """Delete chats by their ids, or all; without either, none."""
        self.data("DELETE", "/chats", named(ids, delete_all))

    def get_chat(self, chat_id: str) -> Chat:
        """Return a chat.

        Raises:
            RefusedError: There is none of that id.
        """
        return Chat(self, self.data("GET", f"/chats/{chat_id}"))

    def list_chats(
        self,
        page: int = 1,
        page_size: int = 30,
        orderby: str = "create_time",
        desc: bool = True,
        id: str | None = None,
        name: str | None = None,
        keywords: str | None = None,
        owner_ids: str | Sequence[str] | None = None,
    ) -> list[Chat]:
        """Return a page of the tenant's chats."""
        data = self.data(
            "GET",
            "/chats",
            page=page,
            page_size=page_size,
            orderby=orderby,
            desc=desc,
            id=id,
            name=name,
            keywords=keywords,
            owner_ids=owner_ids,
        )
        return [Chat(self, chat) for chat in data["chats"]]

    # ── search ──

    def retrieve(
        self,
        dataset_ids: Sequence[str],
        document_ids: Sequence[str] | None = None,
        question: str = "",
        page: int = 1,
        page_size: int = 30,
        similarity_threshold: float = 0.2,
        vector_similarity_weight: float = 0.3,
        top_k: int = 1024,
        rerank_id: str | None = None,
        keyword: bool = False,
        cross_languages: Sequence[str] | None = None,
        metadata_condition: Mapping[str, Any] | None = None,
        use_kg: bool = False,
        toc_enhance: bool = False,
        *,
        offset: int | None = None,
        limit: int | None = None,
    ) -> list[Chunk]:
        """Return a page of the chunks most similar to a question.

        Clients of 0.13 say ``offset``, by which they mean the page, and ``limit``.

        Raises:
            RefusedError: It is refused; the message says why.
        """
        body = {
            "dataset_ids": dataset_ids,
            "document_ids": document_ids or [],
            "question": question,
            "page": one_of(offset, page),
            "page_size": one_of(limit, page_size),
            "similarity_threshold": similarity_threshold,
            "vector_similarity_weight": vector_similarity_weight,
            "top_k": top_k,
            "rerank_id": rerank_id,
            "keyword": keyword,
            "cross_languages": cross_languages,
            "metadata_condition": metadata_condition,
            "use_kg": use_kg,
            "toc_enhance": toc_enhance,
        }
        return [Chunk(self, chunk) for chunk in self.data("POST", "/retrieval", body)["chunks"]]


def _texts(value: object) -> list[str]:
    """Return a query parameter as a list of texts."""
    return [str(entry) for entry in value] if isinstance(value, list | tuple) else [str(value)]


def _names_of_environment() -> dict[str, str]:
    """Return the names of models in the environment."""
    names = {}
    for pair in os.environ.get(_NAMES, "").split(","):
        name, sign, own = (part.strip() for part in pair.partition("="))
        if name and sign and own:
            names[name] = own
        elif pair.strip():
            raise InvalidValueError(_NAMES, pair.strip(), "<model>@<provider>=<model here>, …")
    return names
