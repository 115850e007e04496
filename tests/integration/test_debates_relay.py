"""Our Groups pass debates on, to each server in the way it understands."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
from factories import FakeClock, make_group, make_person, make_remote_actor, remote_key
from notes import evidence, note, note_uri, received
from sqlalchemy import select
from sqlalchemy.orm import aliased

from actors.followers import accept_follow, request_follow
from actors.local import network_actor
from actors.models import Actor, Dialect
from fedi.core.jsonld import Document, dumps, parse_document
from fedi.core.signatures.proof import add_proof
from fedi.core.unit import Unit
from fedi.core.vocab import AS2, DATA_INTEGRITY, PUBLIC
from fedi.debates.featured import feature, featured_objects, unfeature
from fedi.debates.groups import relay
from fedi.debates.likes import like
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import (
    accept_remote_delete,
    accept_remote_post,
    delete_post,
    edit_post,
    write_reply,
)
from fedi.debates.received_note import read_object
from fedi.debates.redistribution import Channel, channel
from fedi.debates.threads import open_thread
from outbox.models import Activity, Delivery

#: One server of each kind.
SERVERS = {
    Dialect.NODE: "https://node2.example",
    Dialect.FORUM: "https://forum.example",
    Dialect.GOTOSOCIAL: "https://gts.example",
    Dialect.VERIFIER: "https://verifier.example",
    Dialect.MICROBLOG: "https://micro.example",
}


async def follow(unit: Unit, group: Actor, *dialects: Dialect, name: str = "fan") -> None:
    """Let an actor of such servers follow a Group."""
    for dialect in dialects or SERVERS:
        kind = "Group" if dialect is Dialect.NODE else "Person"
        fan = await make_remote_actor(unit, name, SERVERS[dialect], kind, dialect)
        await accept_follow(
            unit, await request_follow(unit, f"{fan.uri}/{group.handle}", fan, group)
        )


async def heard(unit: Unit) -> dict[str, list[tuple[str, str, str]]]:
    """What each server is to receive: the activity, what it carries, who signs the request."""
    await unit.flush()
    signer = aliased(Actor)
    query = (
        select(Delivery.origin, Activity.type, Activity.body, signer.handle)
        .join(Activity, Activity.id == Delivery.activity_id)
        .join(signer, signer.id == Delivery.signer_id)
        .order_by(Delivery.id)
    )
    found = defaultdict(list)
    for origin, type_, body, handle in await unit.session.execute(query):
        found[origin].append((type_, _carried(parse_document(body)), handle))
    return dict(found)


def _carried(activity: Document) -> str:
    content = activity["object"]
    return "id" if isinstance(content, str) else str(content["type"])


async def debate(unit: Unit) -> tuple[Actor, Actor, Thread, Post]:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    thread = await open_thread(unit, camille, climat, title="Ateliers", text="Texte")
    root = await unit.find(Post, id=thread.root_id)
    assert root is not None
    return camille, climat, thread, root


# --- the table ---------------------------------------------------------------------------

TABLE: Mapping[tuple[str, bool], Mapping[Dialect, Channel]] = {
    ("Create", True): {
        Dialect.NODE: Channel.WRAP,
        Dialect.FORUM: Channel.WRAP,
        Dialect.GOTOSOCIAL: Channel.BOOST,
        Dialect.VERIFIER: Channel.BOOST,
        Dialect.MICROBLOG: Channel.BOOST,
    },
    ("Create", False): {
        Dialect.NODE: Channel.WRAP,
        Dialect.FORUM: Channel.WRAP,
        Dialect.GOTOSOCIAL: Channel.FORWARD,
        Dialect.VERIFIER: Channel.FORWARD_PROVED,
    },
    ("Update", False): {
        Dialect.NODE: Channel.WRAP,
        Dialect.FORUM: Channel.WRAP,
        Dialect.VERIFIER: Channel.FORWARD_PROVED,
    },
    ("Delete", True): {
        Dialect.NODE: Channel.WRAP,
        Dialect.FORUM: Channel.WRAP,
        Dialect.VERIFIER: Channel.FORWARD_PROVED,
    },
    ("Like", False): {Dialect.NODE: Channel.WRAP, Dialect.FORUM: Channel.WRAP},
    ("Undo", False): {Dialect.NODE: Channel.WRAP, Dialect.FORUM: Channel.WRAP},
    ("Follow", False): {},
    ("Announce", False): {},
    ("Flag", False): {},
}


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(("type", "root"), TABLE)
def test_each_server_hears_in_its_own_way(dialect: Dialect, type: str, root: bool) -> None:
    assert channel(dialect, type, root=root) == TABLE[type, root].get(dialect)


# --- what members say --------------------------------------------------------------------


async def test_a_root_is_wrapped_for_forums_and_boosted_for_microblogs(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    await follow(unit, climat)
    await open_thread(unit, camille, climat, title="Ateliers", text="Texte")

    boost, wrap = [("Announce", "id", "climat")], [("Announce", "Create", "climat")]
    assert await heard(unit) == {
        SERVERS[Dialect.NODE]: wrap,
        SERVERS[Dialect.FORUM]: wrap,
        SERVERS[Dialect.GOTOSOCIAL]: boost,
        SERVERS[Dialect.VERIFIER]: boost,
        SERVERS[Dialect.MICROBLOG]: boost,
    }


async def test_a_reply_never_reaches_the_home_pages_of_microblogs(unit: Unit) -> None:
    camille, climat, _, root = await debate(unit)
    await follow(unit, climat)
    await write_reply(unit, camille, root, text="Une réponse")

    wrap, forward = [("Announce", "Create", "climat")], [("Create", "Note", "climat")]
    assert await heard(unit) == {
        SERVERS[Dialect.NODE]: wrap,
        SERVERS[Dialect.FORUM]: wrap,
        SERVERS[Dialect.GOTOSOCIAL]: forward,
        SERVERS[Dialect.VERIFIER]: forward,
    }


async def test_the_wrapped_activity_is_repeated_byte_for_byte_and_proved_twice(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    await follow(unit, climat, Dialect.NODE)
    await open_thread(unit, camille, climat, title="Ateliers", text="Texte")
    await unit.flush()

    said = select(Activity).where(Activity.actor_id.in_([camille.id, climat.id]))
    bodies = {activity.type: activity.body for activity in await unit.session.scalars(said)}
    assert bodies["Create"] in bodies["Announce"]
    announce = parse_document(bodies["Announce"])
    assert announce["to"] == [PUBLIC]
    assert announce["cc"] == [climat.followers]
    assert announce["audience"] == climat.uri
    assert announce["proof"]["verificationMethod"] == f"{climat.uri}#ed25519-key"
    assert announce["object"]["proof"]["verificationMethod"] == f"{camille.uri}#ed25519-key"


async def test_one_follow_of_the_network_brings_every_debate(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    await follow(unit, await network_actor(unit))
    await open_thread(unit, camille, climat, title="Ateliers", text="Texte")

    boost = [("Announce", "id", "reseau")]
    assert await heard(unit) == {
        SERVERS[Dialect.NODE]: [("Announce", "Create", "reseau")],
        SERVERS[Dialect.GOTOSOCIAL]: boost,
        SERVERS[Dialect.VERIFIER]: boost,
        SERVERS[Dialect.MICROBLOG]: boost,
    }


async def test_who_follows_both_hears_once(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    network = await network_actor(unit)
    await follow(unit, climat)
    await follow(unit, network)
    await follow(unit, network, Dialect.NODE, name="other")
    await open_thread(unit, camille, climat, title="Ateliers", text="Texte")

    by_server = await heard(unit)
    assert {len(activities) for activities in by_server.values()} == {1}
    assert {activity[2] for activities in by_server.values() for activity in activities} == {
        "climat"
    }


async def test_followers_of_different_groups_on_one_microblog_each_get_their_boost(
    unit: Unit,
) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    await follow(unit, climat, Dialect.MICROBLOG)
    await follow(unit, await network_actor(unit), Dialect.MICROBLOG, name="other")
    await open_thread(unit, camille, climat, title="Ateliers", text="Texte")

    assert await heard(unit) == {
        SERVERS[Dialect.MICROBLOG]: [("Announce", "id", "climat"), ("Announce", "id", "reseau")]
    }


async def test_a_debate_of_the_network_itself_is_announced_once(unit: Unit) -> None:
    camille, network = await make_person(unit, "camille"), await network_actor(unit)
    await follow(unit, network, Dialect.NODE, Dialect.FORUM)
    await open_thread(unit, camille, network, title="Ateliers", text="Texte")

    wrap = [("Announce", "Create", "reseau")]
    assert await heard(unit) == {SERVERS[Dialect.NODE]: wrap, SERVERS[Dialect.FORUM]: wrap}


async def test_gotosocial_gets_each_activity_exactly_once(unit: Unit) -> None:
    camille, climat, _, root = await debate(unit)
    await follow(unit, climat, Dialect.GOTOSOCIAL)
    await follow(unit, camille, Dialect.GOTOSOCIAL, name="friend")
    await write_reply(unit, camille, root, text="Une réponse")

    assert await heard(unit) == {SERVERS[Dialect.GOTOSOCIAL]: [("Create", "Note", "camille")]}


async def test_edits_and_ends_go_straight_to_those_who_only_hear_their_author(unit: Unit) -> None:
    camille, climat, _, root = await debate(unit)
    await follow(unit, climat)
    reply = await write_reply(unit, camille, root, text="Une réponse")
    await unit.flush()
    before = {row.id for row in await unit.session.scalars(select(Delivery))}
    await edit_post(unit, camille, reply, text="Une meilleure réponse")
    await delete_post(unit, camille, reply)
    await unit.flush()
    for row in await unit.session.scalars(select(Delivery).where(Delivery.id.in_(before))):
        await unit.session.delete(row)

    wrapped = [
        ("Update", "Note", "camille"),
        ("Announce", "Update", "climat"),
        ("Delete", "Tombstone", "camille"),
        ("Announce", "Delete", "climat"),
    ]
    direct = [("Update", "Note", "camille"), ("Delete", "Tombstone", "camille")]
    assert await heard(unit) == {
        SERVERS[Dialect.NODE]: wrapped,
        SERVERS[Dialect.FORUM]: wrapped,
        SERVERS[Dialect.GOTOSOCIAL]: direct,
        SERVERS[Dialect.VERIFIER]: direct,
    }


async def test_likes_are_for_forums_and_nodes(unit: Unit) -> None:
    camille, climat, _, root = await debate(unit)
    await follow(unit, climat)
    await like(unit, camille, root)

    wrap = [("Announce", "Like", "climat")]
    assert await heard(unit) == {SERVERS[Dialect.NODE]: wrap, SERVERS[Dialect.FORUM]: wrap}


# --- what peers say ----------------------------------------------------------------------


def create_of(author: Actor, name: str, *, proved: bool, **more: Any) -> Document:
    activity = {
        "@context": [AS2, DATA_INTEGRITY],
        "id": f"{note_uri(author, name)}#create",
        "type": "Create",
        "actor": author.uri,
        "to": [PUBLIC],
        "unknown": {"kept": True},
        "object": note(author, name, **more),
    }
    return (
        add_proof(activity, remote_key(author, "ed25519"), FakeClock().now) if proved else activity
    )


async def hand_on(unit: Unit, author: Actor, thread: Thread, activity: Document) -> bytes:
    """What the inbox does with a Create that its author signed; the bytes that came."""
    body = json.dumps(activity, indent=1).encode()
    document = read_object(activity["object"])
    post = await accept_remote_post(unit, document, author, evidence=evidence(document.uri, body))
    assert post is not None
    await relay(
        unit,
        thread,
        actor=author,
        uri=activity["id"],
        type="Create",
        object_uri=post.uri,
        document=activity,
        body=body,
        root=post.id == thread.root_id,
    )
    return body


@pytest.mark.parametrize("proved", [True, False])
async def test_the_reply_of_a_peer_is_passed_on_as_it_came(unit: Unit, proved: bool) -> None:
    _, climat, thread, root = await debate(unit)
    await follow(unit, climat)
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    activity = create_of(ana, "r1", proved=proved, inReplyTo=root.uri)
    body = await hand_on(unit, ana, thread, activity)

    wrap, forward = [("Announce", "Create", "climat")], [("Create", "Note", "climat")]
    expected = {
        SERVERS[Dialect.NODE]: wrap,
        SERVERS[Dialect.FORUM]: wrap,
        SERVERS[Dialect.GOTOSOCIAL]: forward,
    }
    if proved:
        expected[SERVERS[Dialect.VERIFIER]] = forward
    assert await heard(unit) == expected
    query = select(Activity).where(Activity.uri == activity["id"])
    forwarded = (await unit.session.scalars(query)).one()
    assert (forwarded.body, forwarded.public, forwarded.passed_on) == (body, False, True)
    announced = await unit.session.scalars(
        select(Activity.body).where(Activity.type == "Announce").order_by(Activity.id.desc())
    )
    assert body in (announced.first() or b"")


async def test_the_server_a_reply_comes_from_is_not_told_of_it(unit: Unit) -> None:
    _, climat, thread, root = await debate(unit)
    await follow(unit, climat, Dialect.NODE, Dialect.GOTOSOCIAL)
    for dialect in (Dialect.NODE, Dialect.GOTOSOCIAL):
        author = await make_remote_actor(unit, "author", SERVERS[dialect], dialect=dialect)
        name = f"r-{dialect}"
        activity = create_of(author, name, proved=False, inReplyTo=root.uri)
        await hand_on(unit, author, thread, activity)

    assert await heard(unit) == {
        SERVERS[Dialect.NODE]: [("Announce", "Create", "climat")],
        SERVERS[Dialect.GOTOSOCIAL]: [("Create", "Note", "climat")],
    }


async def test_a_root_of_a_peer_is_shown_to_followers_on_its_own_server(unit: Unit) -> None:
    climat = await make_group(unit, "climat")
    await follow(unit, climat, Dialect.MICROBLOG)
    zoe = await make_remote_actor(unit, "zoe", SERVERS[Dialect.MICROBLOG])
    activity = create_of(zoe, "root", proved=False, cc=[climat.uri])
    document = read_object(activity["object"])
    post = await accept_remote_post(unit, document, zoe, evidence=None)
    assert post is not None
    thread = await unit.find(Thread, id=post.thread_id)
    assert thread is not None
    await relay(
        unit,
        thread,
        actor=zoe,
        uri=activity["id"],
        type="Create",
        object_uri=post.uri,
        document=activity,
        body=dumps(activity),
        root=True,
    )

    assert await heard(unit) == {SERVERS[Dialect.MICROBLOG]: [("Announce", "id", "climat")]}


async def test_private_messages_and_foreign_debates_are_not_passed_on(unit: Unit) -> None:
    camille, climat, thread, root = await debate(unit)
    await follow(unit, climat)
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    private = create_of(ana, "r1", proved=True, inReplyTo=root.uri, to=[camille.uri], cc=[])
    await hand_on(unit, ana, thread, private)
    foreign = await received(unit, ana, "root", name="Ailleurs")
    other = await unit.find(Thread, id=foreign.thread_id)
    assert other is not None
    await hand_on(unit, ana, other, create_of(ana, "r2", proved=True, inReplyTo=foreign.uri))

    assert await heard(unit) == {}


# --- what is kept at hand ----------------------------------------------------------------


async def test_a_debate_is_kept_at_hand_and_put_back(unit: Unit) -> None:
    _, climat, _, root = await debate(unit)
    await follow(unit, climat, Dialect.FORUM)
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    theirs = await received(unit, ana, "root", audience=climat.uri)
    await feature(unit, climat, root)
    await feature(unit, climat, root)
    await feature(unit, climat, theirs)
    await unit.flush()

    shown, whole = await featured_objects(unit, climat)
    assert shown == theirs.uri
    assert root.document is not None
    assert dumps({"items": [whole]}) == b'{"items":[' + root.document + b"]}"
    assert await unfeature(unit, climat, theirs)
    assert not await unfeature(unit, climat, theirs)
    assert len(await featured_objects(unit, climat)) == 1
    assert await heard(unit) == {
        SERVERS[Dialect.FORUM]: [
            ("Add", "id", "climat"),
            ("Add", "id", "climat"),
            ("Remove", "id", "climat"),
        ]
    }


async def test_what_is_deleted_is_no_longer_served_by_the_group_that_announced_it(
    unit: Unit,
) -> None:
    camille, climat, thread, root = await debate(unit)
    await follow(unit, climat)
    ours = await write_reply(unit, camille, root, text="Une parole reprise")
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    activity = create_of(ana, "r1", proved=True, inReplyTo=root.uri)
    await hand_on(unit, ana, thread, activity)
    opening = [f"{root.uri}#create"] * 2  # by the Group and by the network
    assert await announced_publicly(unit) == [*opening, f"{ours.uri}#create", activity["id"]]

    await delete_post(unit, camille, ours)
    await accept_remote_delete(unit, note_uri(ana, "r1"), ana)
    assert await announced_publicly(unit) == opening
    await delete_post(unit, camille, root)
    assert await announced_publicly(unit) == []


async def test_an_opening_post_that_is_gone_leaves_the_home_pages_of_microblogs(
    unit: Unit,
) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    await follow(unit, climat, Dialect.FORUM, Dialect.GOTOSOCIAL, Dialect.MICROBLOG)
    thread = await open_thread(unit, camille, climat, title="Ateliers", text="Texte")
    root = await unit.find(Post, id=thread.root_id)
    assert root is not None
    await delete_post(unit, camille, root)

    by_server = await heard(unit)
    undo = ("Undo", "Announce", "climat")
    assert undo in by_server[SERVERS[Dialect.GOTOSOCIAL]]
    assert undo in by_server[SERVERS[Dialect.MICROBLOG]]
    assert undo not in by_server[SERVERS[Dialect.FORUM]]
    said = {
        kind: parse_document(body)
        for kind, body in await unit.session.execute(
            select(Activity.type, Activity.body).where(Activity.actor_id == climat.id)
        )
        if kind == "Undo" or isinstance(parse_document(body)["object"], str)
    }
    names = ("id", "type", "actor", "object")
    assert [said["Undo"]["object"][name] for name in names] == [
        said["Announce"][name] for name in names
    ]


async def announced_publicly(unit: Unit) -> list[str]:
    """The Creates that Groups of ours announced and that are still served."""
    await unit.flush()
    query = (
        select(Activity.body)
        .where(Activity.type == "Announce", Activity.public)
        .order_by(Activity.id)
    )
    objects = [json.loads(body)["object"] for body in await unit.session.scalars(query)]
    return [one["id"] for one in objects if isinstance(one, dict) and one["type"] == "Create"]
