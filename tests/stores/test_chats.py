import sqlite3
from typing import Any

import pytest

from ragflow_local.errors import DamagedProjectError, RagflowError
from ragflow_local.records import SessionRow
from ragflow_local.settings import LLMSettings, PromptSettings
from ragflow_local.stores.catalog import Catalog, chats, sessions

PAGING: dict[str, Any] = {"page": 1, "page_size": 10, "orderby": "name", "desc": False}


def values(id: str, **others: Any) -> dict[str, Any]:
    return {
        "id": id,
        "tenant_id": "t",
        "name": id,
        "avatar": "",
        "dataset_ids": ["d"],
        "llm": LLMSettings(model_name="a.gguf"),
        "prompt": PromptSettings(top_n=3),
        "create_time": 1,
        "update_time": 1,
    } | others


def test_a_chat_comes_back_with_its_settings(catalog: Catalog) -> None:
    with catalog.write() as connection:
        chats.insert(connection, values("a"))
        row = chats.get(connection, "a")
        assert chats.get(connection, "gone") is None
    assert row is not None
    assert row.dataset_ids == ("d",)
    assert (row.llm.model_name, row.prompt.top_n) == ("a.gguf", 3)


def test_a_name_is_taken_in_whatever_case_by_its_tenant_alone(catalog: Catalog) -> None:
    with catalog.write() as connection:
        chats.insert(connection, values("Straße"))
        chats.insert(connection, values("b", name="STRASSE", tenant_id="other"))
    with pytest.raises((sqlite3.IntegrityError, RagflowError)), catalog.write() as connection:
        chats.insert(connection, values("c", name="STRASSE"))


def test_changes_are_kept_and_the_rest_stays(catalog: Catalog) -> None:
    with catalog.write() as connection:
        chats.insert(connection, values("a"))
        chats.update(connection, "a", {"prompt": PromptSettings(top_n=9), "update_time": 5})
        row = chats.get(connection, "a")
    assert row is not None
    assert (row.prompt.top_n, row.llm.model_name, row.update_time) == (9, "a.gguf", 5)


def test_a_page_holds_the_tenants_chats_in_the_asked_order(catalog: Catalog) -> None:
    with catalog.write() as connection:
        for id in ("b", "c", "a"):
            chats.insert(connection, values(id))
        chats.insert(connection, values("z", tenant_id="other"))
        first = chats.list_of(
            connection, "t", id=None, name=None, paging={**PAGING, "page_size": 2}
        )
        named = chats.list_of(connection, "t", id=None, name="c", paging=PAGING)
    assert [row.id for row in first] == ["a", "b"]
    assert [row.id for row in named] == ["c"]


def test_deleting_takes_its_sessions(catalog: Catalog) -> None:
    with catalog.write() as connection:
        chats.insert(connection, values("a"))
        sessions.insert(connection, SessionRow("s", "a", "first", 1, 1))
        chats.delete(connection, "a")
        assert sessions.get(connection, "s") is None


def test_settings_that_were_never_allowed_are_damage(catalog: Catalog) -> None:
    with catalog.write() as connection:
        chats.insert(connection, values("a"))
        connection.execute("""UPDATE chats SET llm = '{"temperature": "hot"}'""")
    with pytest.raises(DamagedProjectError), catalog.read() as reading:
        chats.get(reading, "a")
