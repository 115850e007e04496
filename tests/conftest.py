"""What most tests start from."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from databases import Lender, keep_on
from factories import FakeClock, forget_names, make_node
from hypothesis import settings
from postgres import ENVIRONMENT, NoPostgres, Server, find_program, private_postgres

from fedi.core.node import Node
from fedi.core.unit import Unit

# The same examples in every run, however slow the machine: a red test means that we broke it.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


BOTH = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --database sqlite` is for who is in a hurry."""
    parser.addoption("--database", choices=BOTH, help="run on this one only")


def pytest_report_header(config: pytest.Config) -> str:
    return f"databases: {', '.join(_databases(config))}"


def _databases(config: pytest.Config) -> tuple[str, ...]:
    """Those asked for, or both if this machine can run a server."""
    if chosen := config.getoption("--database"):
        return (chosen,)
    try:
        _ = os.environ.get(ENVIRONMENT) or find_program("postgres")
    except NoPostgres:
        return BOTH[:1]
    return BOTH


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what opens a node on each database, but for what is marked to be of one of them."""
    if "database" in metafunc.fixturenames:
        marked = [name for name in BOTH if metafunc.definition.get_closest_marker(name)]
        names = [name for name in _databases(metafunc.config) if name in (marked or BOTH)]
        metafunc.parametrize("database", names, indirect=True)


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


@pytest.fixture(scope="session")
def lender(postgres: Server) -> Lender:
    """Who lends databases of that server."""
    return Lender(postgres)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let the nodes of a test keep their rows on this database; its name."""
    yield from keep_on(request)


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
