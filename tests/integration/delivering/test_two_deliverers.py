"""Two deliverers on one PostgreSQL database, as two workers have them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from factories import FakeClock
from listener import Held, answers
from processes import eventually
from saying import Fair, Open, all_delivered, outcomes, peer_of, rows, say

from fedi.core.node import Node, open_node
from outbox.deliverer import Deliverer
from outbox.retry import BREAKER

PEERS, TIMES = 12, 8


@pytest.fixture
async def nodes(node: Node, clock: FakeClock) -> AsyncIterator[tuple[Node, Node]]:
    """One node as two processes have it open."""
    if not node.db.is_shared:
        pytest.skip("on a SQLite file one process delivers")
    other = open_node(node.config, clock=clock)
    yield node, other
    await other.close()


async def test_two_deliver_each_thing_once(nodes: tuple[Node, Node], open_peer: Open) -> None:
    peers = [await open_peer() for _ in range(PEERS)]
    said = await say(nodes[0], *[peer.origin for peer in peers], times=TIMES)
    deliverers = [Deliverer(node, Fair()) for node in nodes]
    loops = [asyncio.create_task(deliverer.run()) for deliverer in deliverers]
    await eventually(lambda: all_delivered(nodes[0]), bool)
    for deliverer in deliverers:
        await deliverer.stop()
    await asyncio.gather(*loops)

    for peer in peers:
        assert sorted(uri for _, uri in peer.said) == sorted(said)
    assert {row.attempts for row in await rows(nodes[0])} == {1}


async def test_one_takes_what_the_other_has_not_in_hand(
    nodes: tuple[Node, Node], open_peer: Open
) -> None:
    held, quick = await open_peer(Held()), await open_peer()
    await say(nodes[0], held.origin)
    first = asyncio.create_task(Deliverer(nodes[0], Fair()).run_once())
    await held.answer.knocking.wait()
    await say(nodes[0], quick.origin)

    assert await Deliverer(nodes[1], Fair()).run_once() == 1
    assert (len(held.heard), len(quick.heard)) == (1, 1)

    held.answer.gate.set()
    assert await first == 1
    assert await outcomes(nodes[0]) == ["delivered"] * 2


async def test_both_count_the_failures_of_a_peer_and_leave_it_alone(
    nodes: tuple[Node, Node], clock: FakeClock, open_peer: Open
) -> None:
    peer = await open_peer(answers(503))
    deliverers = [Deliverer(node, Fair()) for node in nodes]
    for number in range(BREAKER):
        await say(nodes[0], peer.origin)
        await deliverers[number % 2].run_once()
    assert (await peer_of(nodes[0], peer.origin)).failures == BREAKER

    await say(nodes[0], peer.origin)
    assert [await deliverer.run_once() for deliverer in deliverers] == [0, 0]
    assert len(peer.heard) == BREAKER
