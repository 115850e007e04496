"""What most tests start from."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from factories import FakeClock, forget_names, make_node
from hypothesis import settings
from postgres import Server, private_postgres

from fedi.core.node import Node
from fedi.core.unit import Unit

# The same examples in every run, however slow the machine: a red test means that we broke it.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _names() -> None:
    forget_names()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until it is advanced."""
    return FakeClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server to make databases on."""
    with private_postgres() as server:
        yield server


@pytest.fixture
async def node(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Node]:
    """A node, node.test, with its instance and network actors and an empty database."""
    node = await make_node(tmp_path, clock=clock)
    yield node
    await node.close()


@pytest.fixture
async def unit(node: Node) -> AsyncIterator[Unit]:
    """A transaction on that node's database, committed when the test ends.

    SQLite has one writer: a test that opens units of its own takes `node` alone.
    """
    async with node.db.unit() as unit:
        yield unit
