"""Nodes that a module shares keep their rows on one database, and then on the other."""

from collections.abc import Iterator

import pytest
from databases import keep_on


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the nodes of a module keep their rows."""
    yield from keep_on(request)
