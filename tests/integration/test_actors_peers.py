"""Other servers: asked what they run, heard, and judged."""

from datetime import timedelta

import pytest
from factories import FakeClock, make_remote_actor, remote_document
from hostile import HostilePeer, answer, document

from actors.models import Dialect, Peer, Policy
from actors.nodeinfo import describe, describe_due, ensure_described
from actors.peers import (
    Description,
    find_peer,
    heard_from,
    list_peers,
    peers_to_describe,
    store_description,
)
from fedi.core.errors import Unreachable
from fedi.core.fetch import Budget
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.core.vocab import AS2

LISBON = "https://lisbon.example"
SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"
JSON = "application/json"


def serve_nodeinfo(peer: HostilePeer, **links: object) -> None:
    """NodeInfo 2.0 and 2.1, as some servers have both; `links` replaces hrefs by version."""
    entries = []
    for version in ("2.0", "2.1"):
        href = links.get(f"v{version[-1]}", peer.url(f"/nodeinfo/{version}"))
        entries.append({"rel": f"{SCHEMA}{version}", "href": href})
        software = {"name": "NodeBB", "version": f"4.{version}"}
        peer.on(f"/nodeinfo/{version}", document({"software": software}, JSON))
    if "application" in links:
        entries.append({"rel": f"{AS2}#Application", "href": links["application"]})
    peer.on("/.well-known/nodeinfo", document({"links": entries}, JSON))


async def test_the_newest_nodeinfo_names_the_software(node: Node) -> None:
    async with HostilePeer() as peer:
        serve_nodeinfo(peer)

        assert await describe(node.fetcher, peer.origin) == Description("nodebb", "4.2.1")
        assert peer.targets == ["/.well-known/nodeinfo", "/nodeinfo/2.1"]


async def test_the_instance_actor_tells_what_the_software_implements(node: Node) -> None:
    async with HostilePeer() as peer:
        serve_nodeinfo(peer, application=peer.url("/actor"))
        actor = remote_document("x", peer.origin, "Application", id=peer.url("/actor"))
        actor["implements"] = [{"href": "https://w3id.org/fep/8b32", "name": "FEP-8b32"}]
        peer.on("/actor", document(actor))

        description = await describe(node.fetcher, peer.origin, Budget())

        assert description.implements == {"https://w3id.org/fep/8b32"}


async def test_an_instance_actor_that_cannot_be_had_costs_nothing_else(node: Node) -> None:
    async with HostilePeer() as peer:
        serve_nodeinfo(peer, application=peer.url("/actor"))

        assert (await describe(node.fetcher, peer.origin)).software == "nodebb"


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/nodeinfo",
        "http://127.0.0.1:1/nodeinfo",
        "data:application/json,{}",
        5,
        None,
    ],
)
async def test_nodeinfo_on_another_server_is_not_asked(node: Node, href: object) -> None:
    async with HostilePeer() as peer:
        serve_nodeinfo(peer, v0=href, v1=href)

        assert await describe(node.fetcher, peer.origin) == Description()
        assert peer.targets == ["/.well-known/nodeinfo"]


async def test_a_server_that_says_nothing_has_an_empty_description(node: Node) -> None:
    async with HostilePeer() as peer:
        assert await describe(node.fetcher, peer.origin) == Description()
        peer.on("/.well-known/nodeinfo", answer(200, b"<html>", "text/html"))
        assert await describe(node.fetcher, peer.origin) == Description()
        serve_nodeinfo(peer)
        peer.on("/nodeinfo/2.1", document({"software": "NodeBB"}, JSON))
        assert await describe(node.fetcher, peer.origin) == Description()
        peer.on("/nodeinfo/2.1", document({"software": {"name": 5, "version": ["1"]}}, JSON))
        assert await describe(node.fetcher, peer.origin) == Description()


async def test_a_server_in_trouble_is_asked_another_day(node: Node) -> None:
    async with HostilePeer() as peer:
        peer.on("/.well-known/nodeinfo", answer(503))

        with pytest.raises(Unreachable):
            await describe(node.fetcher, peer.origin)


async def test_a_description_decides_how_we_speak_to_a_server(unit: Unit) -> None:
    await make_remote_actor(unit, "ana", LISBON, proofs=False)
    assert (await find_peer(unit, LISBON)).dialect is Dialect.MICROBLOG

    peer = await store_description(unit, LISBON, Description("lemmy", "0.19.3"))

    assert (peer.dialect, peer.software, peer.described_at) == (Dialect.FORUM, "lemmy", unit.now)


async def test_one_actor_with_an_ed25519_key_is_enough(unit: Unit) -> None:
    await make_remote_actor(unit, "ana", LISBON)

    peer = await store_description(unit, LISBON, Description("some-app", "1"))
    assert peer.dialect is Dialect.VERIFIER
    peer = await store_description(unit, LISBON, Description("gotosocial", "1"))
    assert peer.dialect is Dialect.GOTOSOCIAL


async def test_servers_are_described_once_a_day(node: Node, clock: FakeClock) -> None:
    async with node.db.unit() as unit:
        for number in range(3):
            await find_peer(unit, f"https://p{number}.example")
        (await find_peer(unit, "https://blocked.example")).policy = Policy.BLOCKED
        await store_description(unit, "https://p1.example", Description())
    async with node.db.reading() as unit:
        assert await peers_to_describe(unit, 5) == ["https://p0.example", "https://p2.example"]
        assert await peers_to_describe(unit, 1) == ["https://p0.example"]
    clock.advance(timedelta(days=1, seconds=1))
    async with node.db.reading() as unit:
        assert len(await peers_to_describe(unit, 5)) == 3


async def test_servers_that_are_due_are_asked_and_the_silent_ones_later(
    node: Node, clock: FakeClock
) -> None:
    async with HostilePeer() as lively, HostilePeer(name="localhost") as silent:
        serve_nodeinfo(lively)
        silent.on("/.well-known/nodeinfo", answer(503))
        async with node.db.unit() as unit:
            for peer in (lively, silent):
                await find_peer(unit, peer.origin)

        assert await describe_due(node) == 2
        assert await describe_due(node) == 0
        clock.advance(timedelta(hours=1, seconds=1))
        serve_nodeinfo(silent)
        async with node.db.reading() as unit:
            assert await peers_to_describe(unit, 5) == [silent.origin]
            peers = {peer.uri: peer for peer in await list_peers(unit)}
        assert peers[lively.origin].dialect is Dialect.FORUM
        assert peers[silent.origin].dialect is Dialect.MICROBLOG


async def test_a_server_is_asked_before_the_first_word_and_only_then(node: Node) -> None:
    async with HostilePeer() as peer:
        serve_nodeinfo(peer)
        await ensure_described(node, peer.origin)
        assert peer.requests == []  # nobody of that server is known

        async with node.db.unit() as unit:
            await make_remote_actor(unit, "ana", peer.origin)
        for _ in range(2):
            await ensure_described(node, peer.origin, Budget())

        assert len(peer.requests) == 2
        async with node.db.unit() as unit:
            assert (await find_peer(unit, peer.origin)).dialect is Dialect.FORUM


async def test_a_server_that_speaks_again_is_not_waited_for(node: Node, clock: FakeClock) -> None:
    async with node.db.unit() as unit:
        peer = await find_peer(unit, LISBON)
        assert await heard_from(unit, [LISBON, "https://unknown.example"]) == []
        assert peer.heard_at == clock.now
    clock.advance(timedelta(days=2))
    async with node.db.unit() as unit:
        peer = await find_peer(unit, LISBON)
        peer.failing_since = clock.now - timedelta(days=1)
        peer.paused_until = clock.now + timedelta(days=1)
    async with node.db.unit() as unit:
        assert await heard_from(unit, [LISBON]) == [LISBON]
        assert (await find_peer(unit, LISBON)).paused_until is None


async def test_a_server_that_talks_and_does_not_listen_is_woken_once(
    node: Node, clock: FakeClock
) -> None:
    async with node.db.unit() as unit:
        peer = await find_peer(unit, LISBON)
        peer.failing_since = clock.now
    clock.advance(timedelta(hours=1))
    async with node.db.unit() as unit:
        assert await heard_from(unit, [LISBON]) == [LISBON]
        (await find_peer(unit, LISBON)).paused_until = clock.now + timedelta(hours=6)
    clock.advance(timedelta(hours=1))
    async with node.db.unit() as unit:
        assert await heard_from(unit, [LISBON]) == []
        assert (await find_peer(unit, LISBON)).paused_until is not None


async def test_hearing_a_server_is_written_once_a_minute(node: Node, clock: FakeClock) -> None:
    async with node.db.unit() as unit:
        await find_peer(unit, LISBON)
        await heard_from(unit, [LISBON])
    first = clock.now
    clock.advance(timedelta(seconds=59))
    async with node.db.unit() as unit:
        await heard_from(unit, [LISBON])
        assert (await find_peer(unit, LISBON)).heard_at == first


async def test_servers_are_listed_by_name(unit: Unit) -> None:
    for host in ("https://b.example", "https://a.example"):
        await find_peer(unit, host)
    await unit.flush()

    assert [peer.uri for peer in await list_peers(unit)] == [
        "https://a.example",
        "https://b.example",
    ]
    assert all(isinstance(peer, Peer) for peer in await list_peers(unit))
