"""A client of the node and a peer for it, on real sockets."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from hostile import INTERNET, SITE, HostilePeer, Open

from fedi.core.fetch import Fetcher, Patience

BRIEF = Patience(connect=1, read=0.4, get=0.8, post=0.8, remark=0.2)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is entered here is left at the end of the test."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def open_fetcher(stack: AsyncExitStack) -> Open:
    """Make a client that is closed at the end of the test."""

    def make(**settings: object) -> Fetcher:
        settings = {"user_agent": "fedi/test", "allow_http": True, "patience": BRIEF} | settings
        fetcher = Fetcher(SITE, **settings)
        stack.push_async_callback(fetcher.close)
        return fetcher

    return make


@pytest.fixture
def fetcher(open_fetcher: Open) -> Fetcher:
    """A client that may ask this machine."""
    return open_fetcher(allow_private=True)


@pytest.fixture
async def peer(stack: AsyncExitStack) -> HostilePeer:
    """A peer on this machine."""
    return await stack.enter_async_context(HostilePeer())


@pytest.fixture
async def public(stack: AsyncExitStack) -> HostilePeer:
    """A peer of the Internet: its name is `peer.org`, and the DNS has to say where that is."""
    return await stack.enter_async_context(HostilePeer(host=INTERNET, name="peer.org"))


@pytest.fixture(autouse=True)
def _kept_there() -> None:
    """Nothing here keeps rows: once is enough."""
