from typing import Any

import pytest

from ragflow_local.stores.catalog import Catalog, datasets
from tests.stores.tables import add_dataset

PAGING: dict[str, Any] = {"page": 1, "page_size": 10, "orderby": "name", "desc": False}


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    for id in ("b", "a", "team"):
        add_dataset(catalog, id)
    with catalog.write() as connection:
        datasets.update(connection, "team", {"permission": "team", "tenant_id": "other"})
        datasets.update(connection, "b", {"name": "Bälle"})
    return catalog


def test_a_tenant_sees_its_own_and_those_of_the_team(filled: Catalog) -> None:
    with filled.read() as reading:
        mine = datasets.list_visible(reading, "t", id=None, name=None, paging=PAGING)
        others = datasets.list_visible(reading, "stranger", id=None, name=None, paging=PAGING)
        assert set(datasets.visible(reading, "stranger", ["a", "team"])) == {"team"}
    assert {row.id for row in mine} == {"a", "b", "team"}
    assert [row.id for row in others] == ["team"]


def test_a_name_is_found_in_whatever_case(filled: Catalog) -> None:
    with filled.read() as reading:
        (row,) = datasets.list_visible(reading, "t", id=None, name="bÄLLE", paging=PAGING)
        assert datasets.is_named(reading, "t", "BÄLLE")
        assert not datasets.is_named(reading, "t", "BÄLLE", besides="b")
        assert not datasets.is_named(reading, "other", "Bälle")
    assert row.id == "b"


def test_a_taken_name_gets_a_number(filled: Catalog) -> None:
    with filled.read() as reading:
        assert datasets.unique_name(reading, "t", "a") != "a"
        assert datasets.unique_name(reading, "t", "new") == "new"


def test_ids_and_numbers_lead_to_one_another(filled: Catalog) -> None:
    with filled.read() as reading:
        number = datasets.number_of(reading, "a")
        assert number is not None
        assert datasets.id_of(reading, number) == "a"
        assert datasets.numbers_of(reading, ["a", "gone"]) == {"a": number}
        assert datasets.number_of(reading, "gone") is None
        assert datasets.id_of(reading, 999) is None


def test_what_was_changed_is_kept(filled: Catalog) -> None:
    with filled.write() as connection:
        datasets.update(connection, "a", {"description": "notes", "embedding_dim": 384})
        row = datasets.get(connection, "a")
        assert row is not None
        assert (row.description, row.embedding_dim, row.name) == ("notes", 384, "a")
        datasets.delete(connection, "a")
        assert datasets.get(connection, "a") is None
