from dataclasses import replace

import pytest

from ragflow_local.errors import DamagedProjectError
from ragflow_local.stores.catalog import Catalog, things
from ragflow_local.stores.catalog.things import Thing


def thing(id: str, **values: object) -> Thing:
    made = Thing(id, "t", "agent", 1, 1, name=id, body={"says": "Grüße", "list": [1, None]})
    return replace(made, **values)  # type: ignore[arg-type]  # fields of it


def test_a_thing_comes_back_as_it_was_with_a_number(catalog: Catalog) -> None:
    with catalog.write() as connection:
        added = things.insert(connection, thing("a", vector=b"\0\1"))
        assert things.get(connection, "agent", "a") == added
        assert things.get(connection, "memory", "a") is None
    assert replace(added, number=0) == thing("a", vector=b"\0\1")
    assert added.number > 0


def test_a_number_is_never_given_twice(catalog: Catalog) -> None:
    with catalog.write() as connection:
        first = things.insert(connection, thing("a"))
        things.delete(connection, "a")
        assert things.insert(connection, thing("b")).number > first.number


def test_deleting_takes_what_belongs_to_it(catalog: Catalog) -> None:
    with catalog.write() as connection:
        things.insert(connection, thing("a"))
        things.insert(connection, thing("s", kind="agent_session", parent="a"))
        things.delete(connection, "a")
        assert things.get(connection, "agent_session", "s") is None


def test_a_tenant_sees_its_own_newest_first_by_a_part_of_the_name(catalog: Catalog) -> None:
    with catalog.write() as connection:
        for id in ("red_fox", "hare", "fox%"):
            things.insert(connection, thing(id))
        things.insert(connection, thing("fox", tenant_id="other"))
        everything = things.of_tenant(connection, "agent", "t")
        foxes = things.of_tenant(connection, "agent", "t", keywords="fox")
        literal = things.of_tenant(connection, "agent", "t", keywords="x%")
    assert [found.id for found in everything] == ["fox%", "hare", "red_fox"]
    assert [found.id for found in foxes] == ["fox%", "red_fox"]
    assert [found.id for found in literal] == ["fox%"]


def test_children_are_found_by_parents_and_by_number(catalog: Catalog) -> None:
    with catalog.write() as connection:
        made = [
            things.insert(connection, thing(f"m{n}", kind="message", parent="m" * n))
            for n in (1, 2)
        ]
        assert [m.id for m in things.of_parents(connection, "message", ["m", "mm"])] == ["m2", "m1"]
        assert things.numbered(connection, "message", "m", made[0].number) == made[0]
        assert things.numbered(connection, "message", "m", made[1].number) is None


def test_a_name_is_taken_by_others_only(catalog: Catalog) -> None:
    with catalog.write() as connection:
        things.insert(connection, thing("a"))
        assert things.is_named(connection, "agent", "t", "a")
        assert not things.is_named(connection, "agent", "t", "a", besides="a")


def test_a_changed_row_is_damage(catalog: Catalog) -> None:
    with catalog.write() as connection:
        things.insert(connection, thing("a"))
        things.update(connection, thing("a", name="b", body={}, update_time=2))
        connection.execute("UPDATE released_things SET name = 'c'")
    with pytest.raises(DamagedProjectError), catalog.read() as reading:
        things.get(reading, "agent", "a")
