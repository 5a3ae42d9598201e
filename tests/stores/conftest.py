"""A catalog without an engine around it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragflow_local.stores.catalog import Catalog, schema


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite3")
    schema.migrate(opened.writer(), tmp_path)
    yield opened
    opened.close()
