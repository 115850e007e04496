"""The loop at work: many peers, long queues, stops and crashes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web
from delivering import doomed
from factories import FakeClock
from listener import Heard, Held, answers
from processes import eventually
from saying import Open, all_delivered, heard_by, outcomes, row, rows, say
from sqlalchemy import event
from waiting import free_port

from fedi.core.node import Node
from outbox.claims import LEASE
from outbox.deliverer import Deliverer
from outbox.lanes import SLOTS
from outbox.queue import HEAD


@asynccontextmanager
async def running(node: Node) -> AsyncIterator[Deliverer]:
    """Let a deliverer run inside the block, and stop it in order."""
    deliverer = Deliverer(node)
    task = asyncio.create_task(deliverer.run())
    try:
        yield deliverer
    finally:
        await deliverer.stop()
        await task


# --- many peers --------------------------------------------------------------------------


async def test_peers_that_do_not_answer_delay_nobody_else(node: Node, open_peer: Open) -> None:
    held = Held()
    slow = [await open_peer(held) for _ in range(20)]
    failing = [(await open_peer(answers(500))).origin for _ in range(5)]
    absent = [f"http://127.0.0.1:{free_port()}" for _ in range(10)]
    well = [await open_peer() for _ in range(10)]
    await say(node, *[peer.origin for peer in slow], *failing, *absent, times=10)
    await say(node, *[peer.origin for peer in well], times=5)

    async with running(node):
        await eventually(heard_by(*well), lambda count: count == 50)

        assert {peer.most_at_once for peer in slow} == {1}
        assert await heard_by(*slow)() == 20
        held.gate.set()


async def test_a_long_queue_for_a_peer_that_does_not_answer_hides_nothing(
    node: Node, clock: FakeClock, open_peer: Open
) -> None:
    held = Held()
    slow, well = await open_peer(held), await open_peer()
    await say(node, slow.origin, times=HEAD + 10)
    clock.advance(timedelta(seconds=1))
    await say(node, well.origin)

    async with running(node):
        await eventually(heard_by(well), bool)

        assert await heard_by(slow)() == 1
        held.gate.set()


async def test_a_queue_for_one_peer_goes_two_by_two(node: Node, open_peer: Open) -> None:
    together = asyncio.Barrier(2)

    async def in_pairs(heard: Heard) -> web.Response:
        if 1 < len(peer.heard) < 60:
            await together.wait()
        return web.Response(status=202)

    peer = await open_peer(in_pairs)
    said = await say(node, peer.origin, times=60)

    async with running(node):
        await eventually(lambda: all_delivered(node), bool)

    assert sorted(uri for _, uri in peer.said) == sorted(said)
    assert peer.most_at_once == 2


async def test_it_sleeps_until_something_is_said(node: Node, open_peer: Open) -> None:
    peer = await open_peer()
    await say(node)
    units: list[str] = []
    event.listen(node.db.writer.sync_engine, "begin", lambda _: units.append("begin"))

    async with running(node):
        for times in range(1, 4):
            await say(node, peer.origin)
            await eventually(heard_by(peer), lambda count, times=times: count == times)
            await eventually(lambda: all_delivered(node), bool)

    assert len(units) <= 3 + 3 * 3 + 2  # to say it; to claim, to close, to look; to start, to stop


async def test_fifty_results_are_written_in_few_statements(
    node: Node, deliverer: Deliverer, open_peer: Open
) -> None:
    peers = [await open_peer() for _ in range(10)]
    await say(node, *[peer.origin for peer in peers], times=1)
    await deliverer.run_once()
    await say(node, *[peer.origin for peer in peers], times=5)
    statements: list[str] = []
    event.listen(
        node.db.writer.sync_engine,
        "before_cursor_execute",
        lambda *args: statements.append(args[2]),
    )

    assert await deliverer.run_once() == 50

    assert len(statements) < 20, "\n".join(statements)


# --- stopping and crashing ---------------------------------------------------------------


async def test_stopping_finishes_what_is_in_flight_and_gives_back_the_rest(
    node: Node, open_peer: Open
) -> None:
    held = Held()
    peer = await open_peer()
    await say(node, peer.origin)
    deliverer = Deliverer(node)
    await deliverer.run_once()
    peer.answer = held
    await say(node, peer.origin, times=10)
    task = asyncio.create_task(deliverer.run())
    await held.knocking.wait()

    stopping = asyncio.create_task(deliverer.stop())
    await asyncio.sleep(0)  # it begins to wait for what is in flight
    held.gate.set()
    await stopping
    await task

    found = await rows(node)
    assert len([one for one in found if one.outcome == "delivered"]) == len(peer.heard)
    left = {
        (one.attempts, one.locked_until, one.next_attempt_at) for one in found if not one.outcome
    }
    assert left == {(0, None, node.clock())}


async def test_what_does_not_end_in_time_is_given_back_too(
    node: Node, open_peer: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbox.deliverer.GRACE", 0.05)
    held = Held()
    peer = await open_peer(held)
    await say(node, peer.origin)

    async with running(node):
        await held.knocking.wait()

    found = await row(node)
    assert (found.attempts, found.locked_until, found.outcome) == (0, None, None)
    held.gate.set()


async def test_a_stopped_deliverer_can_be_followed_by_another(node: Node, open_peer: Open) -> None:
    peer = await open_peer()
    said = await say(node, peer.origin, times=40)

    async with running(node):
        await eventually(heard_by(peer), lambda count: count >= 5)
    async with running(node):
        await eventually(lambda: all_delivered(node), bool)

    assert sorted(uri for _, uri in peer.said) == sorted(said)  # and none of them twice


async def test_killing_the_process_loses_nothing_and_repeats_only_what_was_in_flight(
    node: Node, clock: FakeClock, open_peer: Open
) -> None:
    peers = [await open_peer() for _ in range(4)]
    said = await say(node, *[peer.origin for peer in peers], times=40)

    async def delivered() -> int:
        return (await outcomes(node)).count("delivered")

    kills = 0
    while (before := await delivered()) < 160:
        async with doomed(node):
            await eventually(delivered, lambda count, before=before: count > before)
        kills += 1
        clock.advance(LEASE)

    for peer in peers:
        assert {uri for _, uri in peer.said} == set(said)
        assert len({heard.body for heard in peer.heard}) == len(said)  # repeated byte for byte
    assert kills > 1
    assert await heard_by(*peers)() <= 160 + kills * SLOTS
