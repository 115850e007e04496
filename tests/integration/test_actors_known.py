"""What is kept of peers' actors: their last document, their keys, their server."""

import pytest
from factories import make_person, make_remote_actor, remote_document, remote_key
from sqlalchemy import func, select

from actors.document import read_actor
from actors.followers import accept_follow, count_followers, request_follow
from actors.keys import public_keys, to_public_key
from actors.known import FetchedActor, forget_actor, store_actor
from actors.models import Actor, ActorKey, Dialect, Peer
from actors.peers import find_peer
from fedi.core.errors import Forbidden
from fedi.core.jsonld import Document, dumps
from fedi.core.node import Node
from fedi.core.unit import Unit

ORIGIN = "https://lisbon.example"


def fetched(document: Document) -> FetchedActor:
    return FetchedActor(read_actor(document), dumps(document))


async def test_an_actor_is_stored_with_its_keys_and_its_server(node: Node) -> None:
    document = remote_document("ana", ORIGIN, published="2020-01-02T03:04:05Z")
    async with node.db.unit() as unit:
        await store_actor(unit, fetched(document))
    async with node.db.reading() as unit:
        ana = await unit.find(Actor, uri=document["id"])
        assert ana is not None
        assert (ana.acct, ana.role, ana.verifies_proofs) == ("ana@lisbon.example", None, True)
        assert ana.created_at.year == 2020
        assert ana.document == dumps(document)
        assert ana.fetched_at == node.clock()
        rsa, ed25519 = await public_keys(unit, ana)
        assert to_public_key(rsa, ana.uri) == remote_key(ana).public
        assert to_public_key(ed25519, ana.uri) == remote_key(ana, "ed25519").public
        peer = await unit.find(Peer, uri=ORIGIN)
        assert peer is not None
        assert (peer.host, peer.dialect) == ("lisbon.example", Dialect.VERIFIER)


async def test_a_new_document_replaces_the_old_one_and_its_keys(node: Node) -> None:
    async with node.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", ORIGIN)
    renamed = remote_document("ana", ORIGIN, "Service", name="Ana & co", proofs=False)
    renamed["publicKey"]["id"] = f"{ana.uri}#second-key"
    async with node.db.unit() as unit:
        again = await store_actor(unit, fetched(renamed))
        assert again.id == ana.id
    async with node.db.reading() as unit:
        stored = await unit.find(Actor, uri=ana.uri)
        assert stored is not None
        assert (stored.name, stored.type, stored.verifies_proofs) == ("Ana & co", "Service", False)
        assert [key.uri for key in await public_keys(unit, stored)] == [f"{ana.uri}#second-key"]


async def test_a_key_keeps_its_name_when_it_is_replaced(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", ORIGIN)
    rotated = remote_document("ana", ORIGIN)
    bob = remote_document("bob", ORIGIN)
    rotated["publicKey"]["publicKeyPem"] = bob["publicKey"]["publicKeyPem"]

    await store_actor(unit, fetched(rotated))

    rsa, _ = await public_keys(unit, ana)
    assert to_public_key(rsa, ana.uri).key == read_actor(bob).keys[0].key


async def test_nobody_can_describe_our_own_actors(unit: Unit) -> None:
    with pytest.raises(Forbidden):
        await store_actor(unit, fetched(remote_document("mallory", "https://node.test")))


async def test_a_key_stays_with_the_actor_it_is_named_after(unit: Unit) -> None:
    mallory = remote_document("mallory", ORIGIN, proofs=False)
    mallory["publicKey"]["id"] = f"{ORIGIN}/users/ana#main-key"
    await store_actor(unit, fetched(mallory))

    ana = await make_remote_actor(unit, "ana", ORIGIN)
    row = await unit.find(ActorKey, uri=f"{ana.uri}#main-key")
    assert row is not None
    assert row.actor_id == ana.id
    assert to_public_key(row, ana.uri) == remote_key(ana).public

    await store_actor(unit, fetched(mallory))
    assert row.actor_id == ana.id
    assert to_public_key(row, ana.uri) == remote_key(ana).public


async def test_an_actor_that_is_gone_keeps_its_row_and_nothing_else(node: Node) -> None:
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        ana = await make_remote_actor(unit, "ana", ORIGIN)
        await accept_follow(unit, await request_follow(unit, f"{ana.uri}/f/1", ana, camille))
        await accept_follow(unit, await request_follow(unit, f"{camille.uri}/f/1", camille, ana))
    async with node.db.unit() as unit:
        gone = await unit.find(Actor, uri=ana.uri)
        assert gone is not None
        await forget_actor(unit, gone)
        assert await unit.find(ActorKey, uri=f"{ana.uri}#main-key") is None
    async with node.db.reading() as unit:
        gone = await unit.find(Actor, uri=ana.uri)
        assert gone is not None
        assert gone.gone_at == node.clock()
        assert await public_keys(unit, gone) == []
        assert await count_followers(unit, camille) == 0
        assert await count_followers(unit, gone) == 0


async def test_an_actor_that_comes_back_is_an_actor_again(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", ORIGIN)
    await forget_actor(unit, ana)

    await make_remote_actor(unit, "ana", ORIGIN)

    assert ana.gone_at is None
    assert len(await public_keys(unit, ana)) == 2


async def test_one_row_stands_for_a_server_however_many_actors_it_has(unit: Unit) -> None:
    for name in ("ana", "bob"):
        await make_remote_actor(unit, name, ORIGIN, dialect=Dialect.GOTOSOCIAL)
    await make_remote_actor(unit, "carla", f"{ORIGIN}:8443")

    await unit.flush()
    assert await unit.session.scalar(select(func.count(Peer.id))) == 2
    assert (await find_peer(unit, ORIGIN)).dialect is Dialect.GOTOSOCIAL
