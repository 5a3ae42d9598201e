"""A model server of a test's own."""

from collections.abc import Iterator

import pytest

from tests.model_server import ModelServer, running


@pytest.fixture
def server(loopback: None) -> Iterator[ModelServer]:
    with running() as made:
        yield made
