"""What publishing leaves in the database: bytes, proofs, deliveries."""

import json
from typing import Any

import pytest
from factories import (
    FakeClock,
    make_group,
    make_person,
    make_remote_actor,
    remote_key,
)
from sqlalchemy import event, select

from actors.followers import follower_targets, request_follow, targets_of
from actors.keys import public_keys, to_public_key
from actors.models import Actor, Dialect, Policy
from actors.policies import set_policy
from fedi.core.jsonld import Document, dumps, embed
from fedi.core.node import Node
from fedi.core.signatures.proof import add_proof, verify_proof
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.core.vocab import AS2, DATA_INTEGRITY, PUBLIC
from outbox.builders import build_announce, build_create, build_delete, build_like, build_update
from outbox.collection import count_outbox, outbox_page
from outbox.models import Activity, Delivery
from outbox.publish import announce, destinations, forward, publish, recipients_so_far

LISBON, PARIS, GTS = "https://lisbon.example", "https://paris.example", "https://gts.example"


def note(unit: Unit, author: Actor, text: str = "Oui.") -> dict[str, Any]:
    return {
        "@context": [AS2, DATA_INTEGRITY],
        "id": unit.site.object(new_key()),
        "type": "Note",
        "attributedTo": author.uri,
        "to": [PUBLIC],
        "cc": [],
        "content": text,
    }


def create(unit: Unit, author: Actor, **members: Any) -> dict[str, Any]:
    return build_create(unit.site, author.uri, note(unit, author) | members, unit.now)


async def queued(unit: Unit) -> list[Delivery]:
    await unit.flush()
    return list(await unit.session.scalars(select(Delivery).order_by(Delivery.id)))


async def inboxes_of(unit: Unit, activity: Activity | None) -> list[str]:
    assert activity is not None
    return [row.inbox for row in await queued(unit) if row.activity_id == activity.id]


async def ed25519(unit: Unit, actor: Actor) -> Any:
    keys = [to_public_key(row, actor.uri) for row in await public_keys(unit, actor)]
    return next(key for key in keys if key.id.endswith("#ed25519-key"))


# --- bytes and proofs --------------------------------------------------------------------


async def test_what_is_said_is_frozen_with_its_authors_proof(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    document = create(unit, camille)

    activity = await publish(unit, camille, document, to=[])

    said = json.loads(activity.body)
    verify_proof(said, await ed25519(unit, camille), unit.now)
    assert {**said, "proof": None} == {**document, "proof": None}
    assert said["proof"]["created"] == "2026-11-25T09:00:00Z"
    assert activity.object_uri == document["object"]["id"]


async def test_what_is_said_to_one_actor_has_no_proof_and_is_not_served(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    document = build_like(unit.site, new_key(), camille.uri, f"{LISBON}/o/1")

    activity = await publish(unit, camille, document, to=[], public=False)

    assert activity.body == dumps(document)
    assert not activity.public


async def announced(unit: Unit, group: Actor, document: Document, received: bytes) -> Activity:
    """What a Group sends of an activity that it received."""
    await announce(unit, group, document, json.loads(received), to=[])
    await unit.flush()
    activity = await unit.find(Activity, uri=document["id"])
    assert activity is not None
    return activity


async def test_an_announced_activity_is_sent_byte_for_byte_inside_a_proof_that_holds(
    unit: Unit,
) -> None:
    group = await make_group(unit, "gouvernance")
    ana = await make_remote_actor(unit, "ana", LISBON)
    inner = create(unit, ana) | {"id": f"{LISBON}/o/1#create", "odd": 1.50, "é": [None, "\u2028"]}
    signed = add_proof(inner, remote_key(ana, "ed25519"), unit.now)
    received = json.dumps(signed, indent=1, ensure_ascii=True).encode()
    document = build_announce(
        unit.site, new_key(), group.uri, embed(received), published=unit.now, audience=group.uri
    )

    activity = await announced(unit, group, document, received)

    assert received in activity.body
    outer = json.loads(activity.body)
    verify_proof(outer, await ed25519(unit, group), unit.now)
    verify_proof(outer["object"], await ed25519(unit, ana), unit.now)
    assert activity.object_uri == inner["id"]


async def test_a_number_without_a_canonical_form_only_costs_the_proof(unit: Unit) -> None:
    group = await make_group(unit, "gouvernance")
    received = b'{"type":"Create","id":"https://lisbon.example/1","n":9007199254740992}'
    document = build_announce(unit.site, new_key(), group.uri, embed(received), published=unit.now)

    activity = await announced(unit, group, document, received)

    assert received in activity.body
    assert b'"proof"' not in activity.body


# --- where it goes -----------------------------------------------------------------------


async def test_each_server_gets_one_delivery_of_its_authors(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    people = [
        await make_remote_actor(unit, name, origin)
        for name, origin in [("ana", LISBON), ("ben", LISBON), ("chloe", PARIS)]
    ]
    targets = await targets_of(unit, people, "participant")

    activity = await publish(unit, camille, create(unit, camille), to=targets)

    rows = await queued(unit)
    assert [(row.origin, row.inbox) for row in rows] == [
        (LISBON, f"{LISBON}/inbox"),
        (PARIS, f"{PARIS}/inbox"),
    ]
    assert {row.signer_id for row in rows} == {camille.id}
    assert {row.subject for row in rows} == {activity.object_uri}
    assert {row.next_attempt_at for row in rows} == {unit.now}
    assert unit.wakes == {"outbox"}


async def test_nobody_of_this_node_and_no_blocked_server_is_written_to(unit: Unit) -> None:
    camille, nour = await make_person(unit, "camille"), await make_person(unit, "nour")
    people = [
        await make_remote_actor(unit, "ana", LISBON),
        await make_remote_actor(unit, "spam", "https://sub.spam.example"),
    ]
    await set_policy(unit, "spam.example", Policy.BLOCKED)
    targets = await targets_of(unit, [nour, *people], "addressed")

    activity = await publish(unit, camille, create(unit, camille), to=targets)

    assert await inboxes_of(unit, activity) == [f"{LISBON}/inbox"]


async def test_nothing_is_queued_when_the_unit_fails(node: Node) -> None:
    async def fail() -> None:
        async with node.db.unit() as unit:
            camille = await make_person(unit, "camille")
            ana = await make_remote_actor(unit, "ana", LISBON)
            to = await targets_of(unit, [ana], "addressed")
            await publish(unit, camille, create(unit, camille), to=to)
            raise RuntimeError("the change itself failed")

    with pytest.raises(RuntimeError):
        await fail()

    async with node.db.reading() as unit:
        assert await unit.session.scalar(select(Activity.id)) is None
        assert await queued(unit) == []
    assert not node.signals["outbox"].is_set()


async def test_a_thousand_deliveries_are_one_statement(node: Node) -> None:
    async with node.db.unit() as unit:
        group = await make_group(unit, "gouvernance")
        for number in range(1000):
            ana = await make_remote_actor(unit, "ana", f"https://n{number}.example")
            (await request_follow(unit, f"{ana.uri}/f", ana, group)).accepted_at = unit.now

    statements: list[str] = []
    event.listen(
        node.db.writer.sync_engine,
        "before_cursor_execute",
        lambda *args: statements.append(args[2]),
    )
    async with node.db.unit() as unit:
        group_row = await unit.find(Actor, uri=group.uri)
        assert group_row is not None
        announce = build_announce(
            unit.site, new_key(), group.uri, f"{LISBON}/o/1", published=unit.now
        )
        await publish(unit, group_row, announce, to=await follower_targets(unit, group_row))

    assert len([text for text in statements if text.startswith("INSERT INTO deliveries")]) == 1
    assert len(statements) < 15
    async with node.db.reading() as unit:
        assert len(await queued(unit)) == 1000


# --- passing on --------------------------------------------------------------------------


async def pass_on(unit: Unit, actor: Actor, signer: Actor, people: list[Actor], **more: Any) -> Any:
    values = {
        "uri": f"{actor.uri}/1#create",
        "type": "Create",
        "object_uri": f"{actor.uri}/1",
        "body": b'{"type": "Create"}',
    }
    to = await targets_of(unit, people, more.pop("reason", "follower"))
    places = await destinations(unit, to)
    return await forward(unit, actor=actor, signer=signer, to=places, **(values | more))


async def test_what_is_passed_on_keeps_its_bytes_and_is_signed_here(unit: Unit) -> None:
    group = await make_group(unit, "gouvernance")
    ana = await make_remote_actor(unit, "ana", LISBON)
    chloe = await make_remote_actor(unit, "chloe", PARIS)

    activity = await pass_on(unit, ana, group, [ana, chloe])

    assert activity.body == b'{"type": "Create"}'
    assert activity.passed_on
    assert not activity.public
    assert activity.actor_id == ana.id
    assert [(row.inbox, row.signer_id) for row in await queued(unit)] == [
        (f"{PARIS}/inbox", group.id)
    ]


async def test_what_is_passed_on_twice_reaches_each_inbox_once(node: Node) -> None:
    async with node.db.unit() as unit:
        group = await make_group(unit, "gouvernance")
        ana = await make_remote_actor(unit, "ana", LISBON)
        chloe = await make_remote_actor(unit, "chloe", PARIS)
        await pass_on(unit, ana, group, [chloe])
        assert await pass_on(unit, ana, group, [chloe]) is None

    async with node.db.unit() as unit:
        dan = await make_remote_actor(unit, "dan", "https://rome.example")
        activity = await pass_on(unit, ana, group, [chloe, dan])
        assert await inboxes_of(unit, activity) == [f"{PARIS}/inbox", "https://rome.example/inbox"]


async def test_nothing_is_kept_when_there_is_nobody_to_pass_it_on_to(unit: Unit) -> None:
    group = await make_group(unit, "gouvernance")
    ana = await make_remote_actor(unit, "ana", LISBON)

    assert await pass_on(unit, ana, group, [ana]) is None
    assert await unit.find(Activity, uri=f"{ana.uri}/1#create") is None


async def test_a_gotosocial_server_gets_one_copy_whoever_signs_it(unit: Unit) -> None:
    camille, group = await make_person(unit, "camille"), await make_group(unit, "gouvernance")
    alice = await make_remote_actor(unit, "alice", GTS, dialect=Dialect.GOTOSOCIAL)
    bob = await make_remote_actor(unit, "bob", GTS, dialect=Dialect.GOTOSOCIAL)
    elsewhere = await make_remote_actor(unit, "eve", PARIS, dialect=Dialect.GOTOSOCIAL)
    document = create(unit, camille)
    said = await publish(unit, camille, document, to=await targets_of(unit, [alice], "addressed"))

    await pass_on(
        unit,
        camille,
        group,
        [bob, elsewhere],
        uri=said.uri,
        object_uri=said.object_uri,
        body=said.body,
    )

    assert [(row.inbox, row.signer_id) for row in await queued(unit)] == [
        (alice.inbox, camille.id),
        (elsewhere.inbox, group.id),
    ]


async def test_an_edit_that_reuses_its_id_goes_out_again(node: Node, clock: FakeClock) -> None:
    """GoToSocial names every edit of a note alike."""
    edit = {"type": "Update", "uri": f"{GTS}/1#Update", "object_uri": f"{GTS}/1"}
    async with node.db.unit() as unit:
        group = await make_group(unit, "gouvernance")
        alice = await make_remote_actor(unit, "alice", GTS, dialect=Dialect.GOTOSOCIAL)
        chloe = await make_remote_actor(unit, "chloe", PARIS)
        await pass_on(unit, alice, group, [chloe], body=b'{"n": 1}', **edit)
        (row,) = await queued(unit)
        row.next_attempt_at, row.finished_at, row.outcome = None, unit.now, "delivered"

    async with node.db.unit() as unit:
        await pass_on(unit, alice, group, [chloe], body=b'{"n": 2}', **edit)
        (row,) = await queued(unit)
        await unit.session.refresh(row)
        assert (row.next_attempt_at, row.outcome) == (unit.now, None)
        assert await unit.session.scalar(select(Activity.body)) == b'{"n": 2}'


# --- who heard of it ---------------------------------------------------------------------


async def test_an_edit_can_go_to_everyone_who_was_told(unit: Unit) -> None:
    camille, group = await make_person(unit, "camille"), await make_group(unit, "gouvernance")
    people = [
        await make_remote_actor(unit, "ana", LISBON),
        await make_remote_actor(unit, "chloe", PARIS),
        await make_remote_actor(unit, "alice", GTS, dialect=Dialect.GOTOSOCIAL),
        await make_remote_actor(unit, "no", "https://refusing.example"),
    ]
    direct, boost, by_group, refusing = [
        await targets_of(unit, [person], "addressed") for person in people
    ]
    said = await publish(unit, camille, create(unit, camille), to=[*direct, *refusing])
    assert said.object_uri is not None
    announce = build_announce(unit.site, new_key(), group.uri, said.object_uri, published=unit.now)
    await publish(unit, group, announce, to=boost)
    await forward(
        unit,
        uri=said.uri,
        type="Create",
        object_uri=said.object_uri,
        actor=camille,
        body=said.body,
        signer=group,
        to=await destinations(unit, by_group),
    )
    await publish(unit, camille, create(unit, camille), to=boost)
    for row in await queued(unit):
        if row.origin == "https://refusing.example":
            row.outcome = "refused"

    targets = await recipients_so_far(unit, said.object_uri)
    edit = await publish(
        unit,
        camille,
        build_update(unit.site, new_key(), camille.uri, note(unit, camille)),
        to=targets,
    )

    assert await inboxes_of(unit, edit) == [
        f"{LISBON}/inbox",
        f"{PARIS}/inbox",
        f"{GTS}/users/alice/inbox",
    ]


# --- the outbox --------------------------------------------------------------------------


async def test_an_outbox_lists_what_was_said_in_public_newest_first(unit: Unit) -> None:
    camille, group = await make_person(unit, "camille"), await make_group(unit, "gouvernance")
    ana = await make_remote_actor(unit, "ana", LISBON)
    said = [await publish(unit, camille, create(unit, camille), to=[]) for _ in range(3)]
    like = build_like(unit.site, new_key(), camille.uri, f"{LISBON}/o/1")
    await publish(unit, camille, like, to=[], public=False)
    await pass_on(unit, camille, group, [ana])
    delete = build_delete(unit.site, new_key(), group.uri, f"{LISBON}/o/1")
    await publish(unit, group, delete, to=[])
    await unit.flush()

    first = await outbox_page(unit, camille, None, 2)
    second = await outbox_page(unit, camille, first[-1].id, 2)

    assert [row.uri for row in [*first, *second]] == [row.uri for row in reversed(said)]
    assert await count_outbox(unit, camille) == 3
