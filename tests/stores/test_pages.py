"""Pages of lists: which rows, in which order, and how many there are in all."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ragflow_local.records import SessionRow
from ragflow_local.stores.catalog import (
    Catalog,
    chats,
    checksums,
    chunks,
    datasets,
    documents,
    pages,
    sessions,
)
from ragflow_local.stores.catalog.pages import DocumentsAsked, Page
from tests.stores.tables import add_chunks, add_dataset, add_document
from tests.stores.test_chats import values

NAMES = ("Pump.pdf", "pump_2.txt", "Roof 100%.md", "roof.TXT", "cellar")
_ALL, _FIRST = DocumentsAsked(), Page()


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    add_dataset(catalog, "d")
    for number, name in enumerate(NAMES, 1):
        add_document(catalog, name, "d")
        with catalog.write() as connection:
            times = {"create_time": number, "update_time": 10 - number}
            documents.update(connection, name, {**times, "meta_fields": {"year": 2000 + number}})
    return catalog


def names(catalog: Catalog, asked: DocumentsAsked = _ALL, wanted: Page = _FIRST) -> list[str]:
    with catalog.read() as reading:
        return [row.name for row in pages.of_documents(reading, "d", asked, wanted)[0]]


def test_the_newest_come_first_and_a_page_is_counted_from_1(filled: Catalog) -> None:
    assert names(filled) == list(reversed(NAMES))
    assert names(filled, wanted=Page(2, 2)) == ["Roof 100%.md", "pump_2.txt"]
    assert names(filled, wanted=Page(9, 2)) == []
    with filled.read() as reading:
        _, total = pages.of_documents(reading, "d", DocumentsAsked(), Page(2, 2))
    assert total == len(NAMES), "of all pages"


def test_a_list_is_in_the_order_of_the_column_asked_for(filled: Catalog) -> None:
    assert names(filled, wanted=Page(orderby="update_time")) == list(NAMES)
    assert names(filled, wanted=Page(desc=False)) == list(NAMES)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (DocumentsAsked(keywords="PUMP"), {"Pump.pdf", "pump_2.txt"}),
        (DocumentsAsked(keywords="0%"), {"Roof 100%.md"}),
        (DocumentsAsked(keywords="p_2"), {"pump_2.txt"}),
        (DocumentsAsked(name="cellar"), {"cellar"}),
        (DocumentsAsked(name="CELLAR"), set()),
        (DocumentsAsked(ids=["cellar", "none"]), {"cellar"}),
        (DocumentsAsked(ids=[]), set()),
        (DocumentsAsked(runs=["UNSTART"]), set(NAMES)),
        (DocumentsAsked(runs=["DONE"]), set()),
        (DocumentsAsked(endings=["txt", "md"]), {"pump_2.txt", "Roof 100%.md", "roof.TXT"}),
        (DocumentsAsked(since=2, until=3), {"pump_2.txt", "Roof 100%.md"}),
        (DocumentsAsked(keywords="roof", endings=["txt"]), {"roof.TXT"}),
    ],
)
def test_documents_are_those_that_meet_all_that_is_asked(
    filled: Catalog, asked: DocumentsAsked, expected: set[str]
) -> None:
    assert set(names(filled, asked)) == expected


def test_documents_of_another_dataset_are_not_listed(filled: Catalog) -> None:
    add_dataset(filled, "e")
    add_document(filled, "other", "e")
    assert "other" not in names(filled)


def test_a_tenant_sees_its_own_datasets_and_those_of_the_team(catalog: Catalog) -> None:
    for id in ("Own", "hidden", "shared"):
        add_dataset(catalog, id)
    with catalog.write() as connection:
        connection.execute("UPDATE datasets SET tenant_id = 'other' WHERE id != 'Own'")
        connection.execute("UPDATE datasets SET permission = 'team' WHERE id = 'shared'")
        checksums.accept(connection, "datasets")

    def seen(**asked: Any) -> set[str]:
        with catalog.read() as reading:
            return {row.id for row in pages.of_datasets(reading, "t", Page(), **asked)[0]}

    assert seen() == {"Own", "shared"}
    assert seen(name="OWN") == {"Own"}
    assert seen(ids=["shared", "hidden"]) == {"shared"}
    with catalog.read() as reading:
        assert datasets.get(reading, "hidden") is not None


@pytest.fixture
def texts(catalog: Catalog) -> Catalog:
    add_dataset(catalog, "d")
    add_document(catalog, "Manual", "d")
    add_chunks(catalog, "Manual", "The pump", "100% of it", "The roof")
    with catalog.write() as connection:
        connection.execute("UPDATE chunks SET keywords = ? WHERE number = 3", ['["Pump"]'])
        connection.execute(
            "UPDATE chunks SET id = ?, available = 0 WHERE number = 2", [pages.BY_HAND + "2"]
        )
        checksums.accept(connection, "chunks")
    return catalog


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ((), [1, 2, 3]),
        (("pump",), [1, 3]),
        (("pump", "the"), [1, 3]),
        (("pump", "roof"), [3]),
        (("0%",), [2]),
        (("manual",), [1, 3]),
        (("manual", "roof"), [3]),
    ],
)
def test_chunks_have_each_word_or_stand_in_a_document_of_that_name(
    texts: Catalog, words: Sequence[str], numbers: list[int]
) -> None:
    with texts.read() as reading:
        document = documents.get(reading, "Manual")
        assert document is not None
        rows, total = pages.of_chunks(reading, document, words, Page())
    assert [row.number for row in rows] == numbers
    assert total == len(numbers)


def test_chunks_come_in_reading_order_page_by_page_and_by_whether_they_are_found(
    texts: Catalog,
) -> None:
    with texts.write() as connection:
        connection.execute("UPDATE chunks SET ordinal = 0 WHERE number = 3")
        checksums.accept(connection, "chunks")
        document = documents.get(connection, "Manual")
        assert document is not None
        second, total = pages.of_chunks(connection, document, (), Page(2, 2))
        assert ([row.number for row in second], total) == ([2], 3)
        off, _ = pages.of_chunks(connection, document, (), Page(), available=False)
        on, _ = pages.of_chunks(connection, document, (), Page(), available=True)
    assert [row.number for row in off] == [2]
    assert [row.number for row in on] == [3, 1]
    with texts.read() as reading:
        assert chunks.available_numbers(reading, "d") == [1, 3]


def test_chats_and_their_sessions_are_listed_by_id_name_and_part_of_it(catalog: Catalog) -> None:
    with catalog.write() as connection:
        for id in ("a", "b"):
            chats.insert(connection, values(id))
        for id, user in (("s1", "ned"), ("s2", "nemo"), ("s3", "ned")):
            row = SessionRow(id, "a", f"of {user}", 1, 1, {"user_id": user})
            sessions.insert(connection, row)
    with catalog.read() as reading:
        tenant, name = reading.execute("SELECT tenant_id, name FROM chats WHERE id='b'").fetchone()
        everything, total = pages.of_chats(reading, tenant, Page())
        assert ({row.id for row in everything}, total) == ({"a", "b"}, 2)
        for asked in ({"id": "b"}, {"name": name}):
            rows, _ = pages.of_chats(reading, tenant, Page(), **asked)
            assert [row.id for row in rows] == ["b"]
        assert pages.of_chats(reading, "other", Page()) == ([], 0)
        assert pages.of_chats(reading, tenant, Page(), keywords="%") == ([], 0)

        def listed(**asked: str) -> set[str]:
            return {row.id for row in pages.of_sessions(reading, "a", Page(), **asked)[0]}

        assert listed() == {"s1", "s2", "s3"}
        assert listed(user_id="ned") == {"s1", "s3"}
        assert listed(id="s3", user_id="nemo") == set()
        assert listed(name="of nemo") == {"s2"}
        assert pages.of_sessions(reading, "b", Page()) == ([], 0)


def test_what_is_noted_about_documents_comes_with_their_ids(filled: Catalog) -> None:
    with filled.read() as reading:
        noted = dict(pages.free_data(reading, ["d", "none"]))
        assert noted["cellar"] == {"year": 2005}
        assert set(noted) == set(NAMES)
        assert json.dumps(noted)
        assert dict(pages.free_data(reading, [])) == {}
