import json

import msgspec
import pytest

from ragflow_local.stores.catalog import Catalog, chats, odd
from ragflow_local.text.figures import figures_of


def raised(call: object) -> BaseException:
    try:
        call()  # type: ignore[operator]  # what each case is
    except odd.ODD as error:
        return error
    raise AssertionError("nothing was raised")


def test_texts_are_texts() -> None:
    odd.check_texts("a", "")
    for value in (None, 1, b"bytes"):
        with pytest.raises(TypeError):
            odd.check_texts("a", value)


def test_what_cannot_be_decoded_is_of_rows() -> None:
    assert odd.is_of_rows(raised(lambda: json.loads("{")))
    assert odd.is_of_rows(raised(lambda: msgspec.json.decode(b"{")))
    assert odd.is_of_rows(raised(lambda: b"\xff".decode()))


def test_what_the_room_of_the_catalog_raises_is_of_rows(catalog: Catalog) -> None:
    with catalog.read() as reading:
        row = reading.execute("SELECT 1 AS id").fetchone()
        assert odd.is_of_rows(raised(lambda: chats.row_of(row)))


def test_what_is_raised_elsewhere_is_not() -> None:
    assert not odd.is_of_rows(raised(lambda: [][1]))
    assert not odd.is_of_rows(raised(lambda: figures_of(None)))
