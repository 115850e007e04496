"""Peers that listen, and the loop under test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from listener import Answerer, Listener, accepts
from saying import Fair, Open

from fedi.core.node import Node
from outbox.deliverer import Deliverer


@pytest.fixture
async def open_peer() -> AsyncIterator[Open]:
    """Open a peer that listens until the test ends."""
    async with AsyncExitStack() as stack:

        async def open_(answer: Answerer = accepts, port: int = 0) -> Listener:
            return await stack.enter_async_context(Listener(answer, port=port))

        yield open_


@pytest.fixture
def deliverer(node: Node) -> Deliverer:
    return Deliverer(node, Fair())
