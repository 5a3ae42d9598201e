from typing import Any

import pytest

from ragflow_local.errors import DamagedProjectError
from ragflow_local.records import Hit, MessageRow, SessionRow
from ragflow_local.stores.catalog import Catalog, chats, sessions
from tests.stores.tables import chunk_row
from tests.stores.test_chats import PAGING, values


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    with catalog.write() as connection:
        chats.insert(connection, values("a"))
        sessions.insert(connection, SessionRow("s", "a", "first", 1, 1))
    return catalog


def message(id: str, role: Any, content: str, time: int) -> MessageRow:
    hits = (Hit(chunk_row(1, "a", "text"), 0.5, 0.25, 0.75),) if role == "assistant" else ()
    return MessageRow(id, "s", 0, role, content, hits, "extractive", create_time=time)


def test_messages_come_back_in_order_with_their_hits(filled: Catalog) -> None:
    with filled.write() as connection:
        sessions.add_message(connection, message("q", "user", "Where?", 2))
        sessions.add_message(connection, message("r", "assistant", "There. [ID:0]", 3))
        first, second = sessions.messages_of(connection, "s")
        row = sessions.get(connection, "s")
    assert (first.ordinal, second.ordinal) == (0, 1)
    assert (first.content, first.hits) == ("Where?", ())
    assert second.hits[0].chunk.content == "text"
    assert second.hits[0].term_similarity == 0.75
    assert row is not None
    assert row.update_time == 3


def test_a_question_moves_to_before_its_answer(filled: Catalog) -> None:
    with filled.write() as connection:
        for number, id in enumerate(("q1", "q2"), 2):
            sessions.add_message(connection, message(id, "user", id, number))
        sessions.move_to_end(connection, "q1")
        sessions.add_message(connection, message("r1", "assistant", "r1", 9))
        order = [row.id for row in sessions.messages_of(connection, "s")]
    assert order == ["q2", "q1", "r1"]


def test_moving_the_last_message_changes_nothing(filled: Catalog) -> None:
    with filled.write() as connection:
        sessions.add_message(connection, message("q", "user", "q", 2))
        before = connection.execute("SELECT number FROM messages").fetchone()[0]
        sessions.move_to_end(connection, "q")
        assert connection.execute("SELECT number FROM messages").fetchone()[0] == before


def test_a_session_is_renamed_listed_and_deleted_with_its_messages(filled: Catalog) -> None:
    with filled.write() as connection:
        sessions.add_message(connection, message("q", "user", "q", 2))
        sessions.rename(connection, "s", "second", 7)
        (row,) = sessions.list_of(connection, "a", id=None, name="second", paging=PAGING)
        assert (row.id, row.update_time) == ("s", 7)
        assert sessions.list_of(connection, "a", id="gone", name=None, paging=PAGING) == []
        sessions.delete(connection, "s")
        assert sessions.messages_of(connection, "s") == []


def test_a_message_that_was_changed_behind_the_engine_is_damage(filled: Catalog) -> None:
    with filled.write() as connection:
        sessions.add_message(connection, message("q", "user", "q", 2))
        connection.execute("UPDATE messages SET content = 'forged'")
    with pytest.raises(DamagedProjectError), filled.read() as reading:
        sessions.messages_of(reading, "s")
