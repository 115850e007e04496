"""The origin falls silent, is lost, comes back; the debate goes on, in one piece everywhere."""

from datetime import timedelta
from pathlib import Path

import pytest
from factories import FakeClock, make_group, make_node, make_person
from lost import ORIGIN, Lost
from sqlalchemy import select

from actors.describing import describe_actor
from actors.document import read_actor
from actors.known import FetchedActor, store_actor
from actors.models import Actor
from actors.peers import Description, find_peer, heard_from, store_description
from fedi.core.errors import Conflict, Forbidden
from fedi.core.jsonld import Document, dumps, parse_document
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.debates.archive import Evidence
from fedi.debates.collections import context_collection
from fedi.debates.continuing import continuations, continue_thread
from fedi.debates.joining import thread_named
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import accept_remote_post, write_reply
from fedi.debates.received_note import read_object
from fedi.debates.silence import Presence, absence_of_origin
from fedi.debates.verification import Standing, verify_thread
from outbox.models import Activity

DAY = timedelta(days=1)


async def presence(node: Node, lost: Lost) -> Presence:
    async with node.db.reading() as unit:
        absence = await absence_of_origin(unit, await lost.thread(unit))
    return absence.presence if absence is not None else Presence.HERE


async def test_only_time_or_somebodys_word_makes_an_origin_silent_or_lost(
    node: Node, clock: FakeClock
) -> None:
    lost = Lost()
    async with node.db.unit() as unit:
        await lost.meet(unit, "communs", "Group")
        await lost.tell(unit, 0, 1)
    assert await presence(node, lost) is Presence.HERE
    clock.advance(6 * DAY)
    assert await presence(node, lost) is Presence.HERE
    clock.advance(DAY)
    assert await presence(node, lost) is Presence.SILENT
    async with node.db.unit() as unit:
        await store_description(unit, ORIGIN, Description())  # it answers 404, or who knows what
    assert await presence(node, lost) is Presence.SILENT, "a bad answer is no sign of life"
    async with node.db.unit() as unit:
        await heard_from(unit, [ORIGIN])
    assert await presence(node, lost) is Presence.HERE
    clock.advance(29 * DAY)
    assert await presence(node, lost) is Presence.SILENT
    async with node.db.unit() as unit:
        await store_description(unit, ORIGIN, Description("fedi", "0.1"))
    assert await presence(node, lost) is Presence.HERE
    clock.advance(30 * DAY)
    assert await presence(node, lost) is Presence.LOST
    async with node.db.unit() as unit:
        await heard_from(unit, [ORIGIN])
        group = await unit.find(Actor, uri=lost.group)
        assert group is not None
        group.closing_at = unit.now + 3 * DAY
    assert await presence(node, lost) is Presence.CLOSING
    clock.advance(3 * DAY)
    assert await presence(node, lost) is Presence.LOST
    async with node.db.unit() as unit:
        (await find_peer(unit, ORIGIN)).declared_lost_at = unit.now
        group = await unit.find(Actor, uri=lost.group)
        assert group is not None
        group.closing_at = None
    assert await presence(node, lost) is Presence.LOST, "people here said so"


async def tell_each_other(one: Node, other: Node) -> None:
    """Let a node hear every Create of another one that it does not know, and its actors."""
    async with one.db.reading() as unit:
        actors = await unit.session.scalars(select(Actor).where(Actor.role.is_not(None)))
        shown = [await describe_actor(unit, actor) for actor in actors]
        query = select(Activity.body).where(Activity.type == "Create").order_by(Activity.id)
        said = [parse_document(body) for body in await unit.session.scalars(query)]
    async with other.db.unit() as unit:
        for document in shown:
            await store_actor(unit, FetchedActor(read_actor(document), dumps(document)))
        for create in said:
            await hear(unit, create)


async def hear(unit: Unit, create: Document) -> None:
    author = await unit.find(Actor, uri=create["actor"])
    assert author is not None
    proof = create["proof"]["verificationMethod"]
    evidence = Evidence(create["id"], "Create", dumps(create), "proof", author.uri, proof)
    await accept_remote_post(unit, read_object(create["object"]), author, evidence=evidence)


async def shown(node: Node, thread_uri: str) -> list[tuple[str, int]]:
    async with node.db.reading() as unit:
        thread = await unit.find(Thread, uri=thread_uri)
        assert thread is not None
        query = select(Post.uri, Post.depth).where(Post.thread_id == thread.id).order_by(Post.path)
        return [(uri, depth) for uri, depth in await unit.session.execute(query)]


async def go_on(node: Node, lost: Lost) -> Post:
    """Let a node take the debate up, and a member answer in it; the opening of the sequel."""
    async with node.db.unit() as unit:
        camille = await unit.find(Actor, uri=f"{node.site.url}/p/camille")
        group = await unit.find(Actor, uri=f"{node.site.url}/g/suites")
        thread = await lost.thread(unit)
        assert camille is not None
        assert group is not None
        sequel = await continue_thread(unit, camille, group, thread, text="On en était là.")
        with pytest.raises(Conflict):
            await continue_thread(unit, camille, group, thread, text="Encore.")
        reply = await write_reply(unit, camille, await lost.post(unit, 2), text="Toujours là.")
        assert (reply.audience_uri, reply.context_uri) == (group.uri, sequel.context_uri)
        document = parse_document(sequel.document or b"")
        assert document["continues"] == lost.context
        assert document["name"] == "Clés ? (suite)"
        (link,) = [tag for tag in document["tag"] if tag["type"] == "Link"]
        assert link["href"] == lost.context
        listed = await context_collection(unit, thread, sequel.context_uri)
        assert listed["id"] == sequel.context_uri
        assert listed["orderedItems"][:3] == [lost.uri(number) for number in range(3)]
        assert set(listed["orderedItems"][3:]) == {sequel.uri, reply.uri}
        return sequel


async def test_two_take_a_lost_debate_up_and_it_stays_one(tmp_path: Path, clock: FakeClock) -> None:
    lost = Lost()
    one, two, late = nodes = [
        await make_node(tmp_path, f"{name}.test", clock=clock) for name in ("velo", "nord", "cafes")
    ]
    for node in (one, two):
        async with node.db.unit() as unit:
            await lost.meet(unit, "communs", "Group")
            await lost.tell(unit, 0, 1, 2)
            camille = await make_person(unit, "camille")
            group = await make_group(unit, "suites", language="fr")
            with pytest.raises(Forbidden, match="not lost"):
                await continue_thread(unit, camille, group, await lost.thread(unit), text="Là.")
    clock.advance(31 * DAY)
    sequels = {node.site.url: await go_on(node, lost) for node in (one, two)}

    await tell_each_other(one, two)
    await tell_each_other(two, one)
    await tell_each_other(one, late)  # who has not heard of the past yet
    async with late.db.unit() as unit:
        await lost.meet(unit, "communs", "Group")
        await lost.tell(unit, 2, 1, 0)
    await tell_each_other(two, late)
    trees = [await shown(node, lost.context) for node in nodes]
    assert trees[0] == trees[1] == trees[2]
    assert len(trees[0]) == len(dict(trees[0])) == 7
    for node in nodes:
        async with node.db.reading() as unit:
            thread = await lost.thread(unit)
            names = {sequel.uri for sequel in await continuations(unit, thread)}
            assert names == {sequel.context_uri for sequel in sequels.values()}
            assert {await thread_named(unit, name) for name in names} == {thread}
            verdicts = await verify_thread(unit, thread)
            assert {verdict.standing for verdict in verdicts} == {Standing.PROOF}
            assert (await unit.session.scalars(select(Thread))).all() == [thread]
            group = await unit.find(Actor, id=thread.group_id)
            is_host = node.site.url in sequels
            assert group is not None
            assert group.uri == (f"{node.site.url}/g/suites" if is_host else lost.group)
        await node.close()
