"""Peers that do not answer for long: paused, probed, resumed, given up."""

from datetime import timedelta

from factories import FakeClock
from listener import Listener, accepts, answers
from saying import Open, all_delivered, camille_of, journal, outcomes, peer_of, row, rows, say
from sqlalchemy import select

from actors.models import JournalEntry
from actors.peers import heard_from
from fedi.core.node import Node
from fedi.core.urls import new_key
from fedi.core.vocab import PUBLIC
from outbox.builders import build_like
from outbox.deliverer import Deliverer
from outbox.queue import list_queue, retry_now

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def fall_silent(node: Node, deliverer: Deliverer, clock: FakeClock, peer: Listener) -> None:
    """Let a peer fail until it is paused."""
    while (await peer_of(node, peer.origin)).paused_until is None:
        assert await deliverer.run_once() > 0
        clock.advance(timedelta(seconds=1))


async def test_a_silent_peer_is_left_alone_and_then_probed_with_one_delivery(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(502))
    await say(node, peer.origin, times=8)
    await fall_silent(node, deliverer, clock, peer)
    assert len(peer.heard) == 5
    await say(node, peer.origin)
    assert await deliverer.run_once() == 0

    asked = []
    for _ in range(3 * 24 * 2):
        clock.advance(HOUR / 2)
        if attempts := await deliverer.run_once():
            asked.append(attempts)

    assert set(asked) == {1}
    assert len(asked) < 12  # in three days


async def test_what_is_said_to_a_paused_peer_does_not_stand_in_front_of_the_queue(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(502))
    await say(node, peer.origin, times=8)
    await fall_silent(node, deliverer, clock, peer)
    await say(node, peer.origin, times=3)
    clock.advance(timedelta(seconds=10))
    assert await deliverer.run_once() == 0

    until = (await peer_of(node, peer.origin)).paused_until
    assert [found.next_attempt_at for found in (await rows(node))[-3:]] == [until] * 3


async def test_all_that_waited_arrives_in_order_when_a_peer_is_back(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(502))
    said = await say(node, peer.origin, times=30)
    await fall_silent(node, deliverer, clock, peer)
    for _ in range(5):
        clock.advance(DAY)
        await deliverer.run_once()
    peer.heard.clear()

    peer.answer = accepts
    clock.advance(DAY)
    while await deliverer.run_once():
        pass

    assert sorted(uri for _, uri in peer.said) == sorted(said)
    assert await all_delivered(node)
    assert peer.most_at_once <= 2


async def test_a_peer_that_speaks_again_is_probed_at_once(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(502))
    await say(node, peer.origin, times=8)
    await fall_silent(node, deliverer, clock, peer)
    clock.advance(timedelta(seconds=20))
    assert await deliverer.run_once() == 0
    peer.answer = accepts

    async with node.db.unit() as unit:
        assert await heard_from(unit, [peer.origin]) == [peer.origin]
    clock.advance(timedelta(seconds=5))
    while await deliverer.run_once():
        pass

    assert await all_delivered(node)


async def test_what_waits_can_be_listed_and_sent_at_once(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(502))
    await say(node, peer.origin, times=6)
    await fall_silent(node, deliverer, clock, peer)
    async with node.db.unit() as unit:
        (waiting,) = await list_queue(unit)
        assert (waiting.origin, waiting.count, waiting.attempts) == (peer.origin, 6, 1)
        assert waiting.paused_until is not None
        assert waiting.last_error == "http-502"
        assert await retry_now(unit, peer.origin) == 6
    assert node.signals["outbox"].is_set()

    peer.answer = accepts
    while await deliverer.run_once():
        pass

    async with node.db.reading() as unit:
        assert await list_queue(unit) == []


# --- giving up ---------------------------------------------------------------------------


async def test_after_two_weeks_a_delivery_is_given_up(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(401))
    (uri,) = await say(node, peer.origin)

    for _ in range(16):
        await deliverer.run_once()
        clock.advance(DAY)

    found = await row(node)
    assert (found.outcome, found.next_attempt_at) == ("given-up", None)
    assert await journal(node) == [("given-up", uri)]


async def test_what_waits_for_a_lost_peer_is_given_up_together(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(502))
    await say(node, peer.origin, times=20)
    await fall_silent(node, deliverer, clock, peer)

    for _ in range(15):
        clock.advance(DAY)
        await deliverer.run_once()

    assert set(await outcomes(node)) == {"given-up"}
    assert len(peer.heard) < 25
    async with node.db.reading() as unit:
        entries = (await unit.session.scalars(select(JournalEntry))).all()
    assert {(entry.direction, entry.code) for entry in entries} == {("out", "given-up")}
    assert sum(entry.count for entry in entries) == 20


async def test_a_like_is_dropped_after_a_day(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(500))
    async with node.db.unit() as unit:
        camille = await camille_of(unit)
        like = build_like(unit.site, new_key(), camille.uri, f"{peer.origin}/o/1", to=[PUBLIC])
    await say(node, peer.origin, document=like)

    for _ in range(30):
        await deliverer.run_once()
        clock.advance(HOUR)

    assert await outcomes(node) == ["given-up"]
