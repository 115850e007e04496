"""Who signed a request: found out over real sockets, against honest and hostile servers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from factories import (
    FakeClock,
    key_pair,
    make_node,
    make_person,
    make_remote_actor,
    remote_document,
    remote_key,
    signed_request,
)
from hostile import HostilePeer, answer, document, hang_up, redirect, silence
from sqlalchemy import event, func, select

from actors.authenticate import ACTOR_GONE, Authenticator
from actors.journal import Journal, read_journal
from actors.keyring import FETCHES_PER_MINUTE
from actors.keys import drop_keys
from actors.models import Actor, ActorKey, Peer, Policy
from actors.policies import Policies, set_policy
from fedi.core.errors import Blocked, Unauthenticated, Unreachable
from fedi.core.node import Node
from fedi.core.signatures.errors import BadSignature, UnreadableSignature, Unsigned
from fedi.core.signatures.keys import SigningKey

MINUTE = timedelta(minutes=1)
PUBLISHED_PEM = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"


def door(node: Node) -> Authenticator:
    """What a freshly started process has."""
    mode = node.config.federation.mode
    return Authenticator(node, Policies(node.db, mode), Journal(node.db))


@pytest.fixture
def authenticator(node: Node) -> Authenticator:
    return door(node)


@pytest.fixture
async def peer() -> AsyncIterator[HostilePeer]:
    async with HostilePeer() as peer:
        yield peer


def key_of(peer: HostilePeer, name: str = "ana", kind: str = "rsa") -> SigningKey:
    """The private key of an actor of a peer, under the name it publishes."""
    uri = peer.url(f"/users/{name}")
    pair = key_pair(uri)
    if kind == "ed25519":
        return SigningKey(f"{uri}#ed25519-key", uri, pair.ed25519)
    return SigningKey(f"{uri}#main-key", uri, pair.rsa)


def serve(peer: HostilePeer, name: str = "ana", **members: object) -> SigningKey:
    """Let a peer have an actor; returns the key it signs with."""
    peer.on(f"/users/{name}", document(remote_document(name, peer.origin, **members)))
    return key_of(peer, name)


async def rows(node: Node) -> list[int]:
    """How many actors of peers, keys of theirs, and servers are stored."""
    async with node.db.reading() as unit:
        actors = select(func.count(Actor.id)).where(Actor.role.is_(None))
        keys = select(func.count(ActorKey.id)).where(ActorKey.private_sealed.is_(None))
        counts = [actors, keys, select(func.count(Peer.id))]
        return [await unit.session.scalar(count) or 0 for count in counts]


async def refusal(authenticator: Authenticator, node: Node, key: SigningKey) -> str:
    with pytest.raises(Unauthenticated) as refused:
        await authenticator.authenticate(signed_request(node, key))
    return refused.value.code


# --- honest peers ------------------------------------------------------------------------


async def test_a_stranger_is_asked_for_its_key_once_and_stored(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = serve(peer)

    first = await authenticator.authenticate(signed_request(node, key, b'{"a":1}'))
    again = await authenticator.authenticate(signed_request(node, key, b'{"a":2}'))

    assert first == again
    assert (first.uri, first.origin, first.key_id) == (key.owner, peer.origin, key.id)
    assert peer.targets == ["/users/ana"]
    assert await rows(node) == [1, 2, 1]
    async with node.db.reading() as unit:
        ana = await unit.find(Actor, uri=key.owner)
        assert ana is not None
        assert ana.id == first.actor_id


async def test_a_stored_key_is_enough_after_a_restart(node: Node, peer: HostilePeer) -> None:
    async with node.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", peer.origin)

    for kind, scheme in (("rsa", "cavage"), ("rsa", "rfc9421"), ("ed25519", "rfc9421")):
        request = signed_request(node, remote_key(ana, kind), scheme=scheme)
        assert (await door(node).authenticate(request)).actor_id == ana.id
    assert peer.requests == []


async def test_a_key_in_memory_costs_no_query(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    request = signed_request(node, serve(peer))
    await authenticator.authenticate(request)
    statements: list[str] = []
    for engine in (node.db.reader, node.db.writer):
        event.listen(
            engine.sync_engine,
            "before_cursor_execute",
            lambda _c, _k, statement, *_: statements.append(statement),
        )
    await authenticator.authenticate(request)

    assert statements == []


async def test_the_key_of_gotosocial_is_followed_to_the_actor_that_lists_it(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    owner = peer.url("/users/alice")
    published = remote_document("alice", peer.origin, proofs=False)
    published["publicKey"]["id"] = f"{owner}/main-key"
    peer.on("/users/alice", document(published))
    stub = {name: published[name] for name in ("@context", "id", "type", "publicKey")}
    peer.on("/users/alice/main-key", document(stub))
    key = replace(key_of(peer, "alice"), id=f"{owner}/main-key")

    signer = await authenticator.authenticate(signed_request(node, key))

    assert (signer.uri, signer.key_id) == (owner, f"{owner}/main-key")
    assert peer.targets == ["/users/alice/main-key", "/users/alice"]


async def test_a_key_whose_id_is_the_actor_itself_is_taken(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    owner = peer.url("/users/ana")
    published = remote_document("ana", peer.origin, proofs=False)
    published["publicKey"]["id"] = owner
    peer.on("/users/ana", document(published))

    signer = await authenticator.authenticate(signed_request(node, replace(key_of(peer), id=owner)))
    assert signer.uri == owner


async def test_a_crowd_of_first_requests_makes_one_question_and_one_row(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = serve(peer)
    requests = [signed_request(node, key, f'{{"n":{number}}}'.encode()) for number in range(20)]

    signers = await asyncio.gather(*map(authenticator.authenticate, requests))

    assert len(set(signers)) == 1
    assert peer.targets == ["/users/ana"]
    assert await rows(node) == [1, 2, 1]


async def test_a_caller_that_goes_away_stops_nobody(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = serve(peer)
    impatient = asyncio.create_task(authenticator.authenticate(signed_request(node, key)))
    patient = asyncio.create_task(authenticator.authenticate(signed_request(node, key)))
    while not peer.requests:
        await asyncio.sleep(0)
    impatient.cancel()

    assert (await patient).uri == key.owner
    assert peer.targets == ["/users/ana"]


async def test_a_reader_is_recognised_and_leaves_no_trace(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = serve(peer)
    reading = signed_request(node, key, b"", method="GET", target="/o/1")

    for _ in range(2):
        signer = await authenticator.authenticate(reading)
        assert (signer.uri, signer.actor_id) == (key.owner, None)
    assert await rows(node) == [0, 0, 0]
    assert len(peer.requests) == 1

    writer = await authenticator.authenticate(signed_request(node, key))
    assert writer.actor_id is not None
    assert await rows(node) == [1, 2, 1]
    assert (await authenticator.authenticate(reading)).actor_id == writer.actor_id


async def test_a_reader_whom_somebody_stored_meanwhile_is_known(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = serve(peer)
    await authenticator.authenticate(signed_request(node, key, b"", method="GET"))
    async with node.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", peer.origin)

    assert (await authenticator.authenticate(signed_request(node, key))).actor_id == ana.id


async def test_a_reader_of_a_while_ago_is_asked_for_again_before_it_is_stored(
    node: Node, authenticator: Authenticator, peer: HostilePeer, clock: FakeClock
) -> None:
    key = serve(peer)
    await authenticator.authenticate(signed_request(node, key, b"", method="GET"))
    clock.advance(2 * MINUTE)

    signer = await authenticator.authenticate(signed_request(node, key))

    assert signer.actor_id is not None
    assert len(peer.requests) == 2
    assert await rows(node) == [1, 2, 1]


# --- cheap refusals ----------------------------------------------------------------------


async def test_an_unsigned_request_is_noted_without_a_name(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    signed = signed_request(node, serve(peer))
    unsigned = [entry for entry in signed.headers if entry[0] != "Signature"]

    with pytest.raises(Unsigned):
        await authenticator.authenticate(replace(signed, headers=unsigned))
    with pytest.raises(UnreadableSignature):
        await authenticator.authenticate(replace(signed, headers=[("Signature", "garbage")]))
    assert peer.requests == []


@pytest.mark.parametrize(
    ("key_id", "code"),
    [
        ("acct:ana@lisbon.example", "key-id"),
        ("did:key:z6Mk", "key-id"),
        ("data:application/json,{}", "key-id"),
        ("file:///etc/passwd", "key-id"),
        ("/users/ana#main-key", "key-id"),
        ("https://LISBON.example/users/ana#main-key", "key-id"),
        ("https://user@lisbon.example/users/ana#main-key", "key-id"),
        ("https://lisbon.example/" + "a" * 2048, "key-id"),
        ("https://node.test/p/camille#main-key", "key-own-origin"),
        ("http://lisbon.example/users/ana#main-key", "key-plain-http"),
        ("https://169.254.169.254/latest#key", "key-ip-literal"),
        ("https://[::1]/users/ana#key", "key-ip-literal"),
        ("https://localhost/users/ana#key", "key-reserved-name"),
    ],
)
async def test_a_key_is_judged_by_its_name_first(tmp_path: Path, key_id: str, code: str) -> None:
    strict = {"allow_http": False, "allow_private_addresses": False}
    node = await make_node(tmp_path, federation=strict)
    async with node.db.unit() as unit:
        await make_person(unit, "camille")
    key = SigningKey(key_id, key_id, key_pair("anybody").rsa)

    assert await refusal(door(node), node, key) == code
    await node.close()


async def test_a_blocked_server_is_not_even_asked_for_its_key(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = serve(peer)
    async with node.db.unit() as unit:
        await set_policy(unit, peer.origin, Policy.BLOCKED)

    with pytest.raises(Blocked):
        await authenticator.authenticate(signed_request(node, key))
    assert peer.requests == []


async def test_a_block_is_felt_by_those_whose_key_we_hold(
    node: Node, authenticator: Authenticator, peer: HostilePeer, clock: FakeClock
) -> None:
    key = serve(peer)
    await authenticator.authenticate(signed_request(node, key))
    async with node.db.unit() as unit:
        await set_policy(unit, peer.origin, Policy.BLOCKED)
    clock.advance(timedelta(seconds=10))

    with pytest.raises(Blocked):
        await authenticator.authenticate(signed_request(node, key))


async def test_an_allow_list_refuses_strangers_before_any_question(
    tmp_path: Path, peer: HostilePeer
) -> None:
    node = await make_node(tmp_path, federation={"mode": "allowlist"})
    with pytest.raises(Blocked):
        await door(node).authenticate(signed_request(node, serve(peer)))
    await node.close()
    assert peer.requests == []


# --- keys that prove nothing -------------------------------------------------------------


async def test_nothing_is_stored_about_a_stranger_whose_signature_does_not_hold(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = replace(serve(peer), key=key_pair("forger").rsa)

    for _ in range(100):
        assert await refusal(authenticator, node, key) == "mismatch"
    assert await rows(node) == [0, 0, 0]
    assert len(peer.requests) == 2  # at first, and once because it might have changed


async def test_one_actor_cannot_sign_for_another_of_the_same_server(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    alice, bob = serve(peer, "alice"), serve(peer, "bob")

    assert await refusal(authenticator, node, replace(alice, key=bob.key)) == "mismatch"
    signer = await authenticator.authenticate(signed_request(node, replace(bob, owner=alice.owner)))
    assert signer.uri == bob.owner


async def test_a_public_key_is_not_a_password(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    request = signed_request(node, serve(peer))
    forged = [(name, value.replace("rsa-sha256", "hmac-sha256")) for name, value in request.headers]

    with pytest.raises(BadSignature) as refused:
        await authenticator.authenticate(replace(request, headers=forged))
    assert refused.value.code == "algorithm"


async def test_a_key_has_to_be_listed_by_the_actor_it_names(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    victim = serve(peer, "victim")
    forged = remote_document("mallory", peer.origin)["publicKey"]
    forged |= {"id": peer.url("/upload/key"), "owner": victim.owner, "type": "Key"}
    peer.on("/upload/key", document(forged))
    key = SigningKey(forged["id"], victim.owner, key_pair(peer.url("/users/mallory")).rsa)

    assert await refusal(authenticator, node, key) == "key-not-listed"
    assert await rows(node) == [0, 0, 0]


async def test_a_key_cannot_belong_to_an_actor_of_another_server(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    async with HostilePeer(name="localhost") as victim:
        owner = serve(victim, "victim").owner
        forged = remote_document("mallory", peer.origin)["publicKey"]
        forged |= {"id": peer.url("/key"), "owner": owner, "type": "Key"}
        peer.on("/key", document(forged))
        key = SigningKey(forged["id"], owner, key_pair("mallory").rsa)

        assert await refusal(authenticator, node, key) == "key-key-owner"
        assert victim.requests == []


async def test_a_key_document_with_a_foreign_id_is_remembered_under_no_other_name(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    async with HostilePeer(name="localhost") as victim:
        honest = serve(victim, "alice")
        peer.on("/key", document(remote_document("alice", victim.origin)))
        key = SigningKey(peer.url("/key"), honest.owner, key_pair("mallory").rsa)

        assert await refusal(authenticator, node, key) == "key-id-mismatch"
        assert victim.requests == []
        assert (await authenticator.authenticate(signed_request(node, honest))).uri == honest.owner


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (answer(404), "key-not-found"),
        (answer(403), "key-http-403"),
        (answer(200, b"<html>", "text/html"), "key-media-type"),
        (answer(200, b"{", "application/activity+json"), "key-json"),
        (document({"id": "x"}), "key-url"),
        (redirect("https://evil.example/users/ana"), "key-redirect-origin"),
    ],
)
async def test_a_key_that_cannot_be_had_is_not_asked_for_again_at_once(
    node: Node,
    authenticator: Authenticator,
    peer: HostilePeer,
    clock: FakeClock,
    script: object,
    code: str,
) -> None:
    peer.scripts["/users/ana"] = script  # type: ignore[assignment]
    key = key_of(peer)

    assert await refusal(authenticator, node, key) == code
    clock.advance(5 * MINUTE - timedelta(seconds=1))
    assert await refusal(authenticator, node, key) == code
    assert len(peer.requests) == 1

    serve(peer)
    clock.advance(timedelta(seconds=1))
    assert (await authenticator.authenticate(signed_request(node, key))).uri == key.owner


@pytest.mark.parametrize(
    "members",
    [
        {"publicKey": None},
        {"publicKey": {"id": "KEY", "owner": "OWNER", "publicKeyPem": PUBLISHED_PEM}},
        {"publicKey": "KEY"},
        {"assertionMethod": ["KEY"], "publicKey": []},
    ],
)
async def test_an_actor_without_a_usable_key_proves_nothing(
    node: Node, authenticator: Authenticator, peer: HostilePeer, members: dict[str, object]
) -> None:
    serve(peer, **members)

    assert await refusal(authenticator, node, key_of(peer)) == "key-not-listed"


# --- our trouble, or theirs --------------------------------------------------------------


@pytest.mark.parametrize("script", [answer(503), answer(429), hang_up])
async def test_a_server_that_cannot_show_its_key_is_asked_to_try_again(
    node: Node, authenticator: Authenticator, peer: HostilePeer, clock: FakeClock, script: object
) -> None:
    peer.scripts["/users/ana"] = script  # type: ignore[assignment]
    request = signed_request(node, key_of(peer))

    for _ in range(3):
        with pytest.raises(Unreachable) as refused:
            await authenticator.authenticate(request)
        assert refused.value.code.startswith("key-")
    asked = len(peer.requests)

    serve(peer)
    clock.advance(MINUTE)
    assert (await authenticator.authenticate(request)).uri == key_of(peer).owner
    assert len(peer.requests) == asked + 1


async def test_a_node_that_stops_waits_for_no_key(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    peer.on("/users/ana", silence)
    waiting = asyncio.create_task(authenticator.authenticate(signed_request(node, key_of(peer))))
    while not peer.requests:
        await asyncio.sleep(0)

    await node.fetcher.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_key_that_leads_us_around_is_given_up(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    stub = {"@context": "x", "id": peer.url("/a0"), "type": "Person"}
    for letter in "ka":
        for hop in range(3):
            peer.on(f"/{letter}{hop}", redirect(peer.url(f"/{letter}{hop + 1}")))
    peer.on("/k3", document(stub))
    key = SigningKey(peer.url("/k0"), "x", key_pair("x").rsa)

    with pytest.raises(Unreachable) as refused:
        await authenticator.authenticate(signed_request(node, key))
    assert refused.value.code == "key-budget-gets"
    assert len(peer.requests) == 6


async def test_nobody_can_make_us_flood_a_server(
    node: Node, authenticator: Authenticator, peer: HostilePeer, clock: FakeClock
) -> None:
    pair = key_pair("flood")
    for number in range(FETCHES_PER_MINUTE):
        key = SigningKey(peer.url(f"/u/{number}#key"), "x", pair.rsa)
        assert await refusal(authenticator, node, key) == "key-not-found"

    honest = serve(peer)
    with pytest.raises(Unreachable) as refused:
        await authenticator.authenticate(signed_request(node, honest))
    assert refused.value.code == "too-many-keys"
    assert len(peer.requests) == FETCHES_PER_MINUTE
    clock.advance(MINUTE)
    assert (await authenticator.authenticate(signed_request(node, honest))).uri == honest.owner


# --- keys that change --------------------------------------------------------------------


async def test_a_replaced_key_is_taken_after_one_question(
    node: Node, authenticator: Authenticator, peer: HostilePeer, clock: FakeClock
) -> None:
    old = serve(peer)
    first = await authenticator.authenticate(signed_request(node, old))
    new = key_pair("another")
    pem = remote_document("bob", peer.origin)["publicKey"]["publicKeyPem"]
    new_key = replace(old, key=key_pair(peer.url("/users/bob")).rsa)
    assert new.rsa != new_key.key
    serve(peer, publicKey={"id": old.id, "owner": old.owner, "publicKeyPem": pem})

    again = await authenticator.authenticate(signed_request(node, new_key))

    assert again == first
    assert len(peer.requests) == 2
    assert await refusal(authenticator, node, old) == "mismatch"
    assert len(peer.requests) == 2
    assert await refusal(door(node), node, old) == "mismatch"  # nor is it in the database


async def test_a_key_may_become_one_of_another_kind(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    old = serve(peer)
    await authenticator.authenticate(signed_request(node, old))
    published = remote_document("ana", peer.origin)
    multikey = published["assertionMethod"][0] | {"id": old.id}
    serve(peer, publicKey=None, assertionMethod=[multikey])
    new = replace(key_of(peer, kind="ed25519"), id=old.id)

    signer = await authenticator.authenticate(signed_request(node, new, scheme="rfc9421"))

    assert signer.uri == old.owner


async def test_forgeries_make_us_ask_once_in_five_minutes(
    node: Node, authenticator: Authenticator, peer: HostilePeer, clock: FakeClock
) -> None:
    honest = serve(peer)
    await authenticator.authenticate(signed_request(node, honest))
    forged = replace(honest, key=key_pair("forger").rsa)

    for _ in range(100):
        assert await refusal(authenticator, node, forged) == "mismatch"
    assert len(peer.requests) == 2
    clock.advance(5 * MINUTE)
    assert await refusal(authenticator, node, forged) == "mismatch"
    assert len(peer.requests) == 3
    assert (await authenticator.authenticate(signed_request(node, honest))).uri == honest.owner


async def test_a_stale_request_is_no_reason_to_ask(
    node: Node, authenticator: Authenticator, peer: HostilePeer, clock: FakeClock
) -> None:
    key = serve(peer)
    old = signed_request(node, key)
    await authenticator.authenticate(old)
    clock.advance(timedelta(hours=2))

    with pytest.raises(BadSignature) as refused:
        await authenticator.authenticate(old)
    assert refused.value.code == "stale"
    assert len(peer.requests) == 1


async def test_a_key_that_is_withdrawn_is_dropped(
    node: Node, authenticator: Authenticator, peer: HostilePeer, clock: FakeClock
) -> None:
    key = serve(peer)
    await authenticator.authenticate(signed_request(node, key))
    serve(peer, publicKey=None)
    forged = replace(key, key=key_pair("forger").rsa)

    assert await refusal(authenticator, node, forged) == "key-not-listed"
    assert await refusal(authenticator, node, key) == "key-not-listed"
    assert not await authenticator.knows(key.id)
    async with node.db.reading() as unit:
        assert await unit.find(ActorKey, uri=key.id) is None


# --- actors that are gone, or not welcome ------------------------------------------------


async def test_a_key_that_is_gone_takes_its_actor_with_it(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = serve(peer)
    await authenticator.authenticate(signed_request(node, key))
    peer.on("/users/ana", answer(410))
    forged = replace(key, key=key_pair("forger").rsa)

    assert await refusal(authenticator, node, forged) == ACTOR_GONE
    async with node.db.reading() as unit:
        ana = await unit.find(Actor, uri=key.owner)
        assert ana is not None
        assert ana.gone_at == node.clock()
    assert not await authenticator.knows(key.id)
    assert await refusal(authenticator, node, key) == ACTOR_GONE
    assert await refusal(door(node), node, key) == ACTOR_GONE
    assert len(peer.requests) == 2


async def test_a_stored_actor_is_forgotten_when_its_new_key_is_gone(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    async with node.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", peer.origin)
    peer.on("/users/ana", answer(410))
    key = replace(remote_key(ana), id=f"{ana.uri}#new-key")

    assert await refusal(authenticator, node, key) == ACTOR_GONE
    assert await rows(node) == [1, 0, 1]


async def test_a_stranger_that_is_gone_leaves_no_trace(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    peer.on("/users/ana", answer(410))

    assert await refusal(authenticator, node, key_of(peer)) == ACTOR_GONE
    assert await rows(node) == [0, 0, 0]


async def test_a_suspended_actor_may_only_take_its_leave(
    node: Node, authenticator: Authenticator, peer: HostilePeer, clock: FakeClock
) -> None:
    key = serve(peer)
    first = await authenticator.authenticate(signed_request(node, key))
    assert not first.suspended
    first.check_standing("Create")
    async with node.db.unit() as unit:
        mallory = await unit.find(Actor, uri=key.owner)
        assert mallory is not None
        mallory.suspended_at = unit.now
    clock.advance(timedelta(seconds=10))

    signer = await authenticator.authenticate(signed_request(node, key))

    assert signer.suspended
    for parting in ("Delete", "Undo", "Reject"):
        signer.check_standing(parting)
    with pytest.raises(Blocked) as refused:
        signer.check_standing("Create")
    assert refused.value.code == "actor-suspended"


# --- what doors ask besides --------------------------------------------------------------


async def test_whether_a_key_is_known_is_told_without_asking_anybody(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = serve(peer)
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        ana = await make_remote_actor(unit, "ana", "https://lisbon.example")

    assert not await authenticator.knows(key.id)
    assert not await authenticator.knows("nonsense")
    assert not await authenticator.knows(f"{camille.uri}#main-key")
    assert await authenticator.knows(f"{ana.uri}#main-key")
    assert peer.requests == []
    await authenticator.authenticate(signed_request(node, key))
    assert await authenticator.knows(key.id)


async def test_a_key_that_was_dropped_is_held_by_nobody(
    node: Node, authenticator: Authenticator, peer: HostilePeer
) -> None:
    key = serve(peer)
    request = signed_request(node, key)
    await authenticator.authenticate(request)
    await authenticator.authenticate(request)
    assert len(peer.requests) == 1

    async with node.db.unit() as unit:
        row = await unit.find(ActorKey, uri=key.id)
        assert row is not None
        await drop_keys(unit, [row])

    assert (await authenticator.authenticate(request)).uri == key.owner
    assert len(peer.requests) == 2


async def test_refusals_are_in_the_journal_with_their_cause(node: Node, peer: HostilePeer) -> None:
    journal = Journal(node.db)
    authenticator = Authenticator(node, Policies(node.db, "open"), journal)
    key = replace(serve(peer), key=key_pair("forger").rsa)
    for _ in range(3):
        await refusal(authenticator, node, key)
    with pytest.raises(Unsigned):
        await authenticator.authenticate(replace(signed_request(node, key), headers=[]))

    await journal.flush()

    async with node.db.reading() as unit:
        lines = {line.code: line for line in await read_journal(unit)}
    assert (lines["mismatch"].origin, lines["mismatch"].count) == (peer.origin, 3)
    assert lines["mismatch"].subject == key.id
    assert (lines["unsigned"].origin, lines["unsigned"].subject) == ("", "")
