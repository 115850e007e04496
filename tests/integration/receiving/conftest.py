"""A node with an open inbox, and the neighbours that write to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from factories import FakeClock
from inboxes import Neighbour, OpenSite, Voice, open_site


@pytest.fixture
async def site(tmp_path: Path, clock: FakeClock) -> AsyncIterator[OpenSite]:
    """Our node."""
    async with open_site(tmp_path, clock) as site:
        yield site


@pytest.fixture
async def lisbon() -> AsyncIterator[Neighbour]:
    """Where ana writes."""
    async with Neighbour() as lisbon:
        yield lisbon


@pytest.fixture
def ana(lisbon: Neighbour) -> Voice:
    """A person of lisbon."""
    return lisbon.actor("ana")


@pytest.fixture
async def porto() -> AsyncIterator[Neighbour]:
    """Where the Group is."""
    async with Neighbour() as porto:
        yield porto


@pytest.fixture
async def tilios(site: OpenSite, porto: Neighbour) -> Voice:
    """A Group of porto that our network follows."""
    group = porto.actor("tilios", "Group")
    await site.follow(group)
    return group
