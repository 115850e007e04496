"""Actors of peers, fetched over real sockets and stored."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from factories import FakeClock, make_node, make_person, make_remote_actor, remote_document
from hostile import HostilePeer, answer, document, hang_up
from sqlalchemy import func, select

from actors.followers import accept_follow, count_followers, request_follow
from actors.models import Actor, Policy
from actors.policies import set_policy
from actors.remote import fetch_actor, obtain_actor, obtain_by_handle
from fedi.core.errors import Blocked, FediError, Gone, Malformed, NotFound, Unreachable
from fedi.core.jsonld import Document
from fedi.core.node import Node
from fedi.core.vocab import ACTIVITY_JSON, JRD_JSON

DAY = timedelta(days=1)


@pytest.fixture
async def peer() -> AsyncIterator[HostilePeer]:
    async with HostilePeer() as peer:
        yield peer


def serve(peer: HostilePeer, name: str = "ana", **members: object) -> str:
    """Let a peer have an actor; returns its id."""
    return peer.on(f"/users/{name}", document(remote_document(name, peer.origin, **members)))


def serve_handle(peer: HostilePeer, name: str, href: str) -> str:
    handle = f"{name}@{peer.origin.partition('://')[2]}"
    links = [{"rel": "self", "type": ACTIVITY_JSON, "href": href}]
    jrd: Document = {"subject": f"acct:{handle}", "links": links}
    target = f"/.well-known/webfinger?resource={quote('acct:' + handle, safe='')}"
    peer.on(target, document(jrd, JRD_JSON))
    return handle


async def count_actors(node: Node) -> int:
    async with node.db.reading() as unit:
        query = select(func.count(Actor.id)).where(Actor.role.is_(None))
        return await unit.session.scalar(query) or 0


# --- fetching ----------------------------------------------------------------------------


async def test_an_actor_is_fetched_from_its_own_id(node: Node, peer: HostilePeer) -> None:
    uri = serve(peer, name="ana")

    fetched = await fetch_actor(node, uri)

    assert fetched.document.uri == uri
    assert fetched.body.startswith(b"{")


async def test_the_stub_at_the_key_of_gotosocial_leads_to_the_actor(
    node: Node, peer: HostilePeer
) -> None:
    uri = serve(peer)
    key = remote_document("ana", peer.origin)["publicKey"] | {"id": f"{uri}/main-key"}
    stub = {"id": uri, "type": "Person", "preferredUsername": "ana", "publicKey": key}
    peer.on("/users/ana/main-key", document({"@context": [], **stub}))

    assert (await fetch_actor(node, f"{uri}/main-key")).document.uri == uri
    assert peer.targets == ["/users/ana/main-key", "/users/ana"]


@pytest.mark.parametrize("member", ["owner", "controller"])
async def test_a_bare_key_leads_to_its_owner(node: Node, peer: HostilePeer, member: str) -> None:
    uri = serve(peer)
    peer.on("/keys/1", document({"id": peer.url("/keys/1"), "type": "Key", member: uri}))

    assert (await fetch_actor(node, peer.url("/keys/1"))).document.uri == uri


async def test_a_key_cannot_name_an_owner_elsewhere(node: Node, peer: HostilePeer) -> None:
    async with HostilePeer(name="localhost") as victim:
        uri = serve(victim)
        peer.on("/keys/1", document({"id": peer.url("/keys/1"), "type": "Key", "owner": uri}))

        with pytest.raises(Malformed) as refused:
            await fetch_actor(node, peer.url("/keys/1"))
        assert refused.value.code == "key-owner"
        assert victim.requests == []


async def test_a_server_cannot_describe_the_actor_of_another(node: Node, peer: HostilePeer) -> None:
    async with HostilePeer(name="localhost") as victim:
        truth = serve(victim)
        peer.on("/x", document(remote_document("ana", victim.origin)))

        with pytest.raises(Malformed):
            await obtain_actor(node, peer.url("/x"))
        assert await count_actors(node) == 0
        assert victim.requests == []
        assert (await obtain_actor(node, truth)).uri == truth


async def test_what_is_no_actor_is_refused(node: Node, peer: HostilePeer) -> None:
    with pytest.raises(Malformed) as refused:
        await fetch_actor(node, peer.serve("/notes/1"))
    assert refused.value.code == "actor-type"


# --- obtaining ---------------------------------------------------------------------------


async def test_a_known_actor_is_not_asked_for_within_a_day(
    node: Node, peer: HostilePeer, clock: FakeClock
) -> None:
    uri = serve(peer)
    first = await obtain_actor(node, uri)
    clock.advance(DAY - timedelta(seconds=1))
    assert (await obtain_actor(node, uri)).id == first.id
    assert len(peer.requests) == 1

    peer.on("/users/ana", document(remote_document("ana", peer.origin, name="Ana da Costa")))
    clock.advance(timedelta(seconds=1))
    again = await obtain_actor(node, uri)
    assert (again.id, again.name) == (first.id, "Ana da Costa")
    assert again.fetched_at == clock.now


async def test_an_old_row_is_used_when_its_server_is_silent(
    node: Node, peer: HostilePeer, clock: FakeClock
) -> None:
    uri = serve(peer)
    await obtain_actor(node, uri)
    peer.on("/users/ana", hang_up)
    clock.advance(2 * DAY)

    actor = await obtain_actor(node, uri)

    assert actor.fetched_at == clock.now - 2 * DAY


async def test_a_stranger_whose_server_is_silent_cannot_be_had(
    node: Node, peer: HostilePeer
) -> None:
    with pytest.raises(Unreachable):
        await obtain_actor(node, peer.on("/users/ana", answer(503)))
    with pytest.raises(NotFound):
        await obtain_actor(node, peer.url("/users/personne"))
    assert await count_actors(node) == 0


async def test_an_actor_that_was_removed_is_forgotten_and_never_asked_again(
    node: Node, peer: HostilePeer, clock: FakeClock
) -> None:
    uri = serve(peer)
    ana = await obtain_actor(node, uri)
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        await accept_follow(unit, await request_follow(unit, f"{uri}/f/1", ana, camille))
    peer.on("/users/ana", answer(410))
    clock.advance(2 * DAY)

    for _ in range(2):
        with pytest.raises(Gone):
            await obtain_actor(node, uri)
    assert len(peer.requests) == 2
    async with node.db.reading() as unit:
        assert await count_followers(unit, camille) == 0


async def test_an_alias_is_not_a_second_name_of_an_actor(node: Node, peer: HostilePeer) -> None:
    uri = serve(peer)
    alias = peer.on("/@ana", document(remote_document("ana", peer.origin)))

    with pytest.raises(Malformed) as refused:
        await obtain_actor(node, alias)
    assert refused.value.code == "actor-id"
    assert await count_actors(node) == 0
    assert (await obtain_actor(node, uri)).uri == uri


async def test_a_stranger_that_was_removed_leaves_no_trace(node: Node, peer: HostilePeer) -> None:
    with pytest.raises(Gone):
        await obtain_actor(node, peer.on("/users/ana", answer(410)))
    assert await count_actors(node) == 0


async def test_our_own_actors_are_never_asked_for_over_the_network(node: Node) -> None:
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")

    assert (await obtain_actor(node, camille.uri)).id == camille.id
    assert (await obtain_by_handle(node, camille.uri)).id == camille.id
    with pytest.raises(NotFound):
        await obtain_actor(node, "https://node.test/p/personne")


async def test_a_refused_server_is_not_asked(node: Node, peer: HostilePeer) -> None:
    uri = serve(peer)
    handle = serve_handle(peer, "ana", uri)
    async with node.db.unit() as unit:
        await set_policy(unit, peer.origin, Policy.BLOCKED)

    for ask in (obtain_actor(node, uri), obtain_by_handle(node, handle)):
        with pytest.raises(Blocked):
            await ask
    with pytest.raises(Blocked):
        await obtain_by_handle(node, uri)
    assert peer.requests == []


async def test_an_allow_list_keeps_strangers_out(
    tmp_path: Path, peer: HostilePeer, clock: FakeClock
) -> None:
    node = await make_node(tmp_path, clock=clock, federation={"mode": "allowlist"})
    with pytest.raises(Blocked):
        await obtain_actor(node, serve(peer))
    await node.close()
    assert peer.requests == []


# --- by name -----------------------------------------------------------------------------


async def test_people_name_actors_as_they_like(node: Node, peer: HostilePeer) -> None:
    uri = serve(peer)
    handle = serve_handle(peer, "ana", uri)

    for text in (handle, f"@{handle}", f" acct:{handle} ", uri):
        assert (await obtain_by_handle(node, text)).uri == uri
    assert await count_actors(node) == 1


async def test_the_address_of_a_page_leads_to_its_actor(node: Node, peer: HostilePeer) -> None:
    uri = serve(peer)
    page = peer.on("/@ana", document(remote_document("ana", peer.origin)))

    assert (await obtain_by_handle(node, page)).uri == uri


async def test_a_link_may_lead_to_an_actor_on_another_server(node: Node, peer: HostilePeer) -> None:
    async with HostilePeer(name="localhost") as server:
        uri = serve(server)
        link = peer.on("/@ana", document(remote_document("ana", server.origin)))

        assert (await obtain_by_handle(node, link)).uri == uri

        async with node.db.unit() as unit:
            await set_policy(unit, server.origin, Policy.BLOCKED)
        with pytest.raises(Blocked):
            await obtain_by_handle(node, link)


async def test_names_of_ours_are_found_here(node: Node) -> None:
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")

    assert (await obtain_by_handle(node, "@Camille@node.test")).id == camille.id
    with pytest.raises(NotFound):
        await obtain_by_handle(node, "@personne@node.test")


@pytest.mark.parametrize("text", ["", "ana", "@ana", "ana@", "ftp://x/ana", "http://["])
async def test_what_names_nobody_is_refused(node: Node, text: str) -> None:
    with pytest.raises(FediError):
        await obtain_by_handle(node, text)


async def test_a_name_may_lead_to_one_of_our_own_actors(node: Node, peer: HostilePeer) -> None:
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        await make_remote_actor(unit, "ana", peer.origin)
    handle = serve_handle(peer, "camille", camille.uri)

    assert (await obtain_by_handle(node, handle)).id == camille.id
