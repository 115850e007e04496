"""Delivering to one peer on a real socket: well, failing, refusing, or particular."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import FakeClock
from listener import Held, answers, only, refuses_ed25519
from saying import Open, camille_of, create, journal, outcomes, peer_of, row, say
from sqlalchemy import delete
from waiting import free_port

from actors.keys import public_keys, to_public_key
from actors.models import Actor, ActorKey, Dialect, Policy
from actors.peers import find_peer
from actors.policies import set_policy
from fedi.core.fetch import Fetcher, Patience
from fedi.core.node import Node
from fedi.core.signatures.keys import PublicKey
from fedi.core.urls import new_key
from fedi.core.vocab import PUBLIC
from outbox.builders import build_delete, build_update
from outbox.deliverer import Deliverer

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def key_of(node: Node, kind: str = "rsa") -> PublicKey:
    async with node.db.unit() as unit:
        camille = await camille_of(unit)
        (key,) = [key for key in await public_keys(unit, camille) if key.kind == kind]
        return to_public_key(key, camille.uri)


async def meet(node: Node, origin: str, dialect: Dialect) -> None:
    """Know a server, and how it wants to hear of debates."""
    async with node.db.unit() as unit:
        (await find_peer(unit, origin)).dialect = dialect


# --- a peer that is well -----------------------------------------------------------------


async def test_a_delivery_is_signed_by_its_author_and_taken(
    node: Node, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer()
    peer.trust(await key_of(node))
    (uri,) = await say(node, peer.origin)

    assert await deliverer.run_once() == 1

    (heard,) = peer.heard
    assert heard.path == "/inbox"
    assert heard.said == ("Create", uri)
    assert heard.scheme == "cavage"
    assert heard.signer == "https://node.test/p/camille"
    assert heard.headers["content-type"] == "application/activity+json"
    assert heard.headers["user-agent"].startswith("fedi/")
    found = await row(node)
    assert (found.outcome, found.status, found.next_attempt_at) == ("delivered", 202, None)
    assert (await peer_of(node, peer.origin)).reached_at == node.clock()


async def test_nothing_is_sent_twice(node: Node, deliverer: Deliverer, open_peer: Open) -> None:
    peer = await open_peer()
    await say(node, peer.origin)
    await deliverer.run_once()

    assert await deliverer.run_once() == 0
    assert len(peer.heard) == 1


# --- peers in trouble --------------------------------------------------------------------


async def test_a_peer_that_failed_is_asked_again_with_the_same_bytes(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(500, 202))
    await say(node, peer.origin)

    await deliverer.run_once()
    found = await row(node)
    assert (found.status, found.outcome) == (500, None)
    assert found.next_attempt_at == clock() + MINUTE
    clock.advance(MINUTE)
    await deliverer.run_once()

    assert await outcomes(node) == ["delivered"]
    first, second = peer.heard
    assert first.body == second.body
    assert first.headers["date"] != second.headers["date"]
    peer_row = await peer_of(node, peer.origin)
    assert (peer_row.failures, peer_row.failing_since) == (0, None)


async def test_a_peer_that_asks_for_time_is_given_it(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(429, 202, Retry_After="600"))
    await say(node, peer.origin)
    await deliverer.run_once()
    await say(node, peer.origin)

    clock.advance(9 * MINUTE)
    assert await deliverer.run_once() == 0
    clock.advance(MINUTE)
    await deliverer.run_once()
    await deliverer.run_once()

    assert await outcomes(node) == ["delivered", "delivered"]


async def test_a_peer_cannot_make_us_wait_for_ever(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(503, Retry_After="99999999"))
    await say(node, peer.origin)

    await deliverer.run_once()

    assert (await row(node)).next_attempt_at == clock() + DAY


@pytest.mark.parametrize("status", [400, 403, 404, 422])
async def test_a_refusal_is_final_and_journaled(
    node: Node, deliverer: Deliverer, open_peer: Open, status: int
) -> None:
    peer = await open_peer(answers(status))
    (uri,) = await say(node, peer.origin)

    await deliverer.run_once()

    found = await row(node)
    assert (found.outcome, found.status, found.next_attempt_at) == ("refused", status, None)
    assert await journal(node) == [(f"http-{status}", uri)]


async def test_an_actor_whose_inbox_is_gone_is_asked_about(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(410))
    await say(node, peer.origin)
    clock.advance(2 * HOUR)

    await deliverer.run_once()

    assert await outcomes(node) == ["refused"]
    async with node.db.reading() as unit:
        ana = await unit.find(Actor, uri=f"{peer.origin}/users/ana")
    assert ana is not None
    assert ana.gone_at == clock()


async def test_nobody_at_home_is_no_reason_to_give_up(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    await say(node, origin)
    await deliverer.run_once()
    peer = await peer_of(node, origin)
    assert (peer.failures, peer.failing_since) == (1, clock())
    assert "connect" in ((await row(node)).last_error or "")

    listener = await open_peer(port=port)
    clock.advance(MINUTE)
    await deliverer.run_once()

    assert len(listener.heard) == 1
    assert await outcomes(node) == ["delivered"]


async def test_a_peer_that_takes_too_long_is_asked_later(node: Node, open_peer: Open) -> None:
    held = Held()
    peer = await open_peer(held)
    await say(node, peer.origin)
    quick = Fetcher(
        node.site,
        user_agent="fedi",
        allow_private=True,
        allow_http=True,
        patience=Patience(post=0.05),
    )

    await Deliverer(replace(node, fetcher=quick)).run_once()

    assert (await row(node)).last_error == "time-out: the peer took too long"
    held.gate.set()
    await quick.close()


async def test_an_address_that_may_not_be_asked_is_final(node: Node, clock: FakeClock) -> None:
    careful = Fetcher(node.site, user_agent="fedi", allow_http=True)
    await say(node, "http://127.0.0.1:9")

    await Deliverer(replace(node, fetcher=careful)).run_once()

    assert await outcomes(node) == ["refused"]
    await careful.close()


async def test_a_peer_blocked_after_all_is_not_written_to(
    node: Node, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer()
    (uri,) = await say(node, peer.origin)
    async with node.db.unit() as unit:
        await set_policy(unit, peer.origin, Policy.BLOCKED)

    await deliverer.run_once()

    assert peer.heard == []
    assert await journal(node) == [("peer-blocked", uri)]


async def test_nothing_goes_out_for_an_actor_without_a_key(
    node: Node, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer()
    await say(node, peer.origin)
    async with node.db.unit() as unit:
        await unit.session.execute(delete(ActorKey))

    assert await deliverer.run_once() == 0

    found = await row(node)
    assert (found.outcome, found.last_error) == ("refused", "no-key")


# --- signatures --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401])
async def test_a_peer_that_reads_only_rfc_9421_is_understood_and_remembered(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open, status: int
) -> None:
    peer = await open_peer(only("rfc9421", status))
    peer.trust(await key_of(node))
    await say(node, peer.origin)
    await deliverer.run_once()
    await say(node, peer.origin)
    await deliverer.run_once()

    assert await outcomes(node) == ["delivered", "delivered"]
    assert [heard.scheme for heard in peer.heard] == ["cavage", "rfc9421", "rfc9421"]
    assert {heard.signer for heard in peer.heard} == {"https://node.test/p/camille"}

    clock.advance(8 * DAY)
    await say(node, peer.origin)
    await deliverer.run_once()

    assert [heard.scheme for heard in peer.heard[3:]] == ["cavage", "rfc9421"]


async def test_a_peer_that_changes_its_mind_is_understood_again(
    node: Node, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(only("rfc9421"))
    await say(node, peer.origin)
    await deliverer.run_once()
    peer.answer = only("cavage", 400)

    for _ in range(2):
        await say(node, peer.origin)
        await deliverer.run_once()

    assert await outcomes(node) == ["delivered"] * 3
    assert [heard.scheme for heard in peer.heard[2:]] == ["rfc9421", "cavage", "cavage"]


async def test_a_peer_that_cannot_check_our_key_today_is_asked_again(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(401, 400, 202))  # as NodeBB does
    await say(node, peer.origin)
    await deliverer.run_once()
    assert (await row(node)).next_attempt_at == clock() + MINUTE
    assert (await peer_of(node, peer.origin)).failures == 0

    clock.advance(MINUTE)
    await deliverer.run_once()

    assert await outcomes(node) == ["delivered"]


async def test_a_node_like_ours_is_written_to_with_the_key_that_signs_quickly(
    node: Node, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer()
    peer.trust(await key_of(node, "ed25519"))
    await meet(node, peer.origin, Dialect.NODE)
    for _ in range(2):
        await say(node, peer.origin)
        await deliverer.run_once()

    assert await outcomes(node) == ["delivered", "delivered"]
    assert {heard.scheme for heard in peer.heard} == {"rfc9421"}
    assert [heard.signer for heard in peer.heard] == ["https://node.test/p/camille"] * 2
    assert (await peer_of(node, peer.origin)).scheme == "ed25519"


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_node_that_refuses_the_quick_key_is_written_to_with_the_other_at_once(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open, status: int
) -> None:
    peer = await open_peer(refuses_ed25519(status))
    peer.trust(await key_of(node))
    await meet(node, peer.origin, Dialect.NODE)
    for _ in range(2):
        await say(node, peer.origin)
        await deliverer.run_once()

    assert await outcomes(node) == ["delivered", "delivered"]
    assert [heard.scheme for heard in peer.heard] == ["rfc9421", "cavage", "cavage"]
    assert [bool(heard.signer) for heard in peer.heard] == [False, True, True]
    assert (await peer_of(node, peer.origin)).scheme == "cavage"


async def test_no_other_server_is_ever_written_to_with_the_quick_key(
    node: Node, deliverer: Deliverer, open_peer: Open
) -> None:
    peers = [await open_peer(answers(401)) for _ in Dialect]
    for peer, dialect in zip(peers, Dialect, strict=True):
        await meet(node, peer.origin, dialect)
        await say(node, peer.origin)
    await deliverer.run_once()

    quick = [
        dialect
        for peer, dialect in zip(peers, Dialect, strict=True)
        if any(heard.key_id.endswith("#ed25519-key") for heard in peer.heard)
    ]
    assert quick == [Dialect.NODE]


# --- order -------------------------------------------------------------------------------


async def test_an_edit_waits_for_what_it_edits(
    node: Node, clock: FakeClock, deliverer: Deliverer, open_peer: Open
) -> None:
    peer = await open_peer(answers(500, 202))
    async with node.db.unit() as unit:
        camille = await camille_of(unit)
        said = create(unit, camille)
        others = create(unit, camille)
        edit = build_update(unit.site, new_key(), camille.uri, said["object"])
        end = build_delete(unit.site, new_key(), camille.uri, said["object"]["id"], to=[PUBLIC])
    for document in (said, edit, end, others):
        await say(node, peer.origin, document=document)

    while await deliverer.run_once():
        pass
    assert [kind for kind, _ in peer.said] == ["Create", "Create"]
    assert peer.said[1][1] == others["id"]
    for _ in range(3):
        clock.advance(MINUTE)
        await deliverer.run_once()

    assert [kind for kind, _ in peer.said[2:]] == ["Create", "Update", "Delete"]
    assert set(await outcomes(node)) == {"delivered"}
