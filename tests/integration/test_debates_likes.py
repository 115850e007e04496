"""Likes, dislikes and shares count once, and can be taken back."""

import pytest
from factories import make_group, make_person, make_remote_actor
from notes import received
from sqlalchemy import event, select

from actors.models import Actor
from fedi.core.errors import Forbidden
from fedi.core.jsonld import Document, parse_document
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.debates.likes import (
    accept_reaction,
    accept_share,
    accept_undo_reaction,
    like,
    load_reactions,
    share,
    unlike,
    unshare,
)
from fedi.debates.models.post import Post, Reaction
from fedi.debates.models.thread import Thread
from fedi.debates.threads import open_thread
from outbox.models import Activity, Delivery

LISBON = "https://lisbon.example"


async def root_of(unit: Unit, thread: Thread) -> Post:
    root = await unit.find(Post, id=thread.root_id)
    assert root is not None
    return root


async def said(unit: Unit) -> list[Document]:
    await unit.flush()
    bodies = await unit.session.scalars(select(Activity.body).order_by(Activity.id))
    return [parse_document(body) for body in bodies]


async def test_a_like_is_told_to_the_author_the_group_and_the_origin(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    ana = await make_remote_actor(unit, "ana", LISBON)
    bea = await make_remote_actor(unit, "bea", "https://berlin.example")
    bois = await make_remote_actor(unit, "bois", "https://lyon.example", "Group")
    root = await received(unit, bea, "root", name="Bois", audience=bois.uri)
    answer = await received(unit, ana, "r1", at=1, inReplyTo=root.uri, audience=bois.uri)
    reaction = await like(unit, camille, answer)
    assert await like(unit, camille, answer) is reaction

    (activity,) = await said(unit)
    assert (activity["id"], activity["object"]) == (reaction.uri, answer.uri)
    assert activity["audience"] == bois.uri
    assert activity["to"] == [ana.uri, bois.uri, bea.uri]
    inboxes = await unit.session.scalars(select(Delivery.inbox).order_by(Delivery.inbox))
    assert list(inboxes) == [
        "https://berlin.example/inbox",
        "https://lisbon.example/inbox",
        "https://lyon.example/inbox",
    ]
    assert answer.like_count == 1


async def test_a_like_that_is_taken_back_embeds_what_it_was(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root")
    reaction = await like(unit, camille, root)
    assert await unlike(unit, camille, root)
    assert not await unlike(unit, camille, root)

    liked, undone = await said(unit)
    assert undone["type"] == "Undo"
    assert undone["object"]["id"] == liked["id"] == reaction.uri
    assert undone["object"]["type"] == "Like"
    assert (root.like_count, (await unit.session.scalars(select(Reaction))).all()) == (0, [])
    again = await like(unit, camille, root)
    assert again.uri != reaction.uri
    assert root.like_count == 1


async def test_a_share_goes_to_followers_and_is_taken_back(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root")
    await share(unit, camille, root)
    await unshare(unit, camille, root)

    shared, undone = await said(unit)
    assert (shared["type"], shared["object"]) == ("Announce", root.uri)
    assert undone["object"]["id"] == shared["id"]
    assert root.share_count == 0


async def test_what_is_private_or_gone_is_not_liked(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    ana = await make_remote_actor(unit, "ana", LISBON)
    secret = await received(unit, ana, "secret", to=[camille.uri], cc=[])
    gone = await received(unit, ana, "gone")
    gone.deleted_at = unit.now

    for post in (secret, gone):
        with pytest.raises(Forbidden):
            await like(unit, camille, post)
        assert await accept_reaction(unit, ana, post, kind="like", uri=f"{ana.uri}/1") is None


async def test_a_peer_counts_once_of_each_kind(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", LISBON)
    thread = await open_thread(unit, camille, climat, title="T", text="Texte")
    root = await root_of(unit, thread)
    reaction = await accept_reaction(unit, ana, root, kind="like", uri=f"{ana.uri}/1", emoji="🪵")
    assert reaction is not None
    assert reaction.emoji == "🪵"
    assert await accept_reaction(unit, ana, root, kind="like", uri=f"{ana.uri}/2") is None
    assert await accept_share(unit, ana, root, uri=f"{ana.uri}/3") is not None
    assert await accept_share(unit, ana, root, uri=f"{ana.uri}/4") is None
    await unit.flush()

    assert (root.like_count, root.share_count) == (1, 1)
    assert thread.changed_at == unit.now


async def test_one_id_is_one_reaction(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    eve = await make_remote_actor(unit, "eve", "https://evil.example")
    root = await received(unit, ana, "root")
    assert await accept_reaction(unit, ana, root, kind="like", uri=f"{ana.uri}/1") is not None
    assert await accept_reaction(unit, eve, root, kind="like", uri=f"{ana.uri}/1") is None


async def test_the_last_word_between_like_and_dislike_counts(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root")
    await accept_reaction(unit, ana, root, kind="like", uri=f"{ana.uri}/1")
    await accept_reaction(unit, ana, root, kind="dislike", uri=f"{ana.uri}/2")
    await unit.flush()

    assert root.like_count == 0
    (row,) = await unit.session.scalars(select(Reaction))
    assert row.kind == "dislike"


async def test_what_was_not_liked_cannot_be_unliked(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root")

    assert not await accept_undo_reaction(unit, ana, root, "like")
    assert root.like_count == 0


async def test_fifty_likes_cost_a_handful_of_statements(node: Node) -> None:
    async with node.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", LISBON)
        root = await received(unit, ana, "root")
        fans = [await make_remote_actor(unit, f"fan{number}", LISBON) for number in range(50)]
    statements: list[str] = []

    @event.listens_for(node.db.writer.sync_engine, "before_cursor_execute")
    def count(_c: object, _k: object, statement: str, *_: object) -> None:
        statements.append(statement)

    async with node.db.unit() as unit:
        await unit.load(Actor, uri=[fan.uri for fan in fans])
        await unit.load(Post, uri=[root.uri])
        await unit.load(Reaction, uri=[f"{fan.uri}/1" for fan in fans])
        await unit.load(Thread, id=[root.thread_id], lock=True)
        await load_reactions(unit, actors=[fan.id for fan in fans], posts=[root.id])
        for fan in fans:
            actor = await unit.find(Actor, uri=fan.uri)
            post = await unit.find(Post, uri=root.uri)
            assert actor is not None
            assert post is not None
            await accept_reaction(unit, actor, post, kind="like", uri=f"{fan.uri}/1")

    assert len(statements) <= 10, statements
    async with node.db.reading() as unit:
        post = await unit.find(Post, uri=root.uri)
        assert post is not None
        assert post.like_count == 50
