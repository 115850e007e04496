"""Debates are split, merged, moved and put back; what people wrote stays as it is."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from factories import make_person, make_remote_actor
from notes import note_uri, received
from sqlalchemy import select

from actors.models import Actor
from fedi.accounts.models import Account
from fedi.core.errors import Conflict, Forbidden, Invalid
from fedi.core.unit import Unit
from fedi.debates.collections import context_collection
from fedi.debates.groups import appoint, create_group
from fedi.debates.joining import thread_named
from fedi.debates.models.event import Placement, ThreadEvent
from fedi.debates.models.post import ArchivedActivity, Post
from fedi.debates.models.thread import Participation, Thread
from fedi.debates.posts import write_reply
from fedi.debates.readings import count_news, note_read, reader_of
from fedi.debates.reshaping.rearranging import merge_thread, move_thread, split_thread, undo
from fedi.debates.threads import find_thread, open_thread

#: What is answered by what.
REPLIES = {"bois": "four", "pain": "four", "levain": "pain", "farine": "levain", "prix": "bois"}


async def texts(unit: Unit, thread: Thread) -> list[tuple[int, str]]:
    """What a thread says, in reading order; the same as its counters tell."""
    await unit.flush()
    query = select(Post).where(Post.thread_id == thread.id).order_by(Post.path)
    posts = list(await unit.session.scalars(query))
    assert thread.post_count == len(posts)
    told = select(Participation).where(Participation.thread_id == thread.id)
    counts = {row.actor_id: row.post_count for row in await unit.session.scalars(told)}
    for author in counts:
        assert counts[author] == sum(post.author_id == author for post in posts)
    if posts:
        assert thread.active_at == max(post.published_at for post in posts)
    evidence = select(ArchivedActivity.object_uri).where(ArchivedActivity.thread_id == thread.id)
    assert set(await unit.session.scalars(evidence)) == {post.uri for post in posts}
    return [(post.depth, post.content[3:-4]) for post in posts]


async def last_act(unit: Unit, thread: Thread) -> str:
    await unit.flush()
    query = select(ThreadEvent.act_uri).where(ThreadEvent.thread_id == thread.id)
    uri = await unit.session.scalar(query.order_by(ThreadEvent.id.desc()).limit(1))
    assert uri is not None
    return uri


@dataclass
class Scene:
    """A debate about bread of three branches, all of which nadia has read; she looks after it."""

    nadia: Actor
    elise: Actor
    ana: Actor
    group: Actor
    other: Actor
    account: Account
    thread: Thread
    posts: dict[str, Post]

    def chosen(self, *names: str) -> list[Post]:
        return [self.posts[name] for name in names]


@pytest.fixture
async def scene(unit: Unit) -> Scene:
    nadia, elise = await make_person(unit, "nadia"), await make_person(unit, "elise")
    group, other = [await create_group(unit, name, name) for name in ("pain", "eau")]
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    await appoint(unit, group, nadia)
    account = unit.add(
        Account(id=1, actor_id=nadia.id, email="n@node.test", password_hash="", read_until=0)
    )
    account.created_at = unit.now
    thread = await open_thread(unit, elise, group, title="Quel four ?", text="four")
    root = await unit.find(Post, id=thread.root_id)
    assert root is not None
    posts = {"four": root}
    for name, parent in REPLIES.items():
        unit.now += timedelta(minutes=1)
        posts[name] = await write_reply(unit, elise, posts[parent], text=name)
    everything = [post.id for post in posts.values()]
    await note_read(unit, reader_of(account, nadia), thread.id, everything)
    return Scene(nadia, elise, ana, group, other, account, thread, posts)


async def test_messages_become_a_debate_of_their_own(unit: Unit, scene: Scene) -> None:
    thread, posts = scene.thread, scene.posts
    said = [post.document for post in posts.values()]
    chosen = scene.chosen("levain", "pain", "prix")
    with pytest.raises(Forbidden):
        await split_thread(unit, scene.elise, thread, chosen, title="Le pain")
    for refused in ([], scene.chosen("four")):
        with pytest.raises(Invalid):
            await split_thread(unit, scene.nadia, thread, refused, title="Le pain")
    part = await split_thread(unit, scene.nadia, thread, chosen, title="Le pain", reason="À part")

    assert await texts(unit, thread) == [(0, "four"), (1, "bois")]
    assert await texts(unit, part) == [(0, "pain"), (1, "levain"), (2, "farine"), (1, "prix")]
    assert (part.title, part.group_id, part.listed) == ("Le pain", scene.group.id, True)
    assert await count_news(unit, reader_of(scene.account, scene.nadia), [thread.id, part.id]) == {}
    late = await received(unit, scene.ana, "late", at=61, inReplyTo=posts["farine"].uri)
    lost = await received(
        unit, scene.ana, "lost", at=62, inReplyTo=posts["prix"].uri, context=thread.uri
    )
    assert {late.thread_id, lost.thread_id} == {part.id}
    assert len(await texts(unit, part)) == 6
    assert said == [post.document for post in posts.values()]
    await undo(unit, scene.nadia, await last_act(unit, part))
    assert (await find_thread(unit, part.key)) is thread
    assert await texts(unit, part) == []
    assert await texts(unit, thread) == [
        (0, "four"), (1, "bois"), (2, "prix"), (3, "lost"),
        (1, "pain"), (2, "levain"), (3, "farine"), (4, "late"),
    ]  # fmt: skip
    assert await unit.session.scalar(select(Placement.id)) is None


async def test_a_debate_goes_into_another_and_what_led_to_it_leads_there(
    unit: Unit, scene: Scene
) -> None:
    thread, nadia = scene.thread, scene.nadia
    whole = await texts(unit, thread)
    part = await split_thread(unit, nadia, thread, scene.chosen("levain", "prix"), title="Le pain")
    split = await last_act(unit, part)
    apart = await texts(unit, part)
    await merge_thread(unit, nadia, part, thread)

    assert (part.merged_into_id, part.listed) == (thread.id, False)
    for address in (part.uri, part.key, f"/d/{part.key}/le-pain", scene.posts["levain"].uri):
        assert (await find_thread(unit, address)) is thread
    assert (await thread_named(unit, part.uri)) is thread
    told = await context_collection(unit, thread, part.uri)
    assert (told["id"], told["movedTo"], told["totalItems"]) == (part.uri, thread.uri, 6)
    assert "movedTo" not in await context_collection(unit, thread, thread.uri)
    merged = await texts(unit, thread)
    assert [depth for depth, text in merged if text in ("levain", "prix")] == [1, 2]
    assert await count_news(unit, reader_of(scene.account, nadia), [thread.id, part.id]) == {}
    with pytest.raises(Conflict, match="since"):
        await undo(unit, nadia, split)
    with pytest.raises(Conflict, match="nothing left"):
        await split_thread(unit, nadia, part, scene.chosen("prix"), title="Encore")
    await undo(unit, nadia, await last_act(unit, part))
    assert (part.merged_into_id, part.listed, await texts(unit, part)) == (None, True, apart)
    await undo(unit, nadia, split)
    assert await texts(unit, thread) == whole


async def test_what_comes_late_finds_where_it_was_placed(unit: Unit, scene: Scene) -> None:
    thread, nadia, ana = scene.thread, scene.nadia, scene.ana
    orphan = await received(
        unit, ana, "orphan", at=61, inReplyTo=note_uri(ana, "above"), context=thread.uri
    )
    part = await split_thread(unit, nadia, thread, [orphan], title="À part")
    above = await received(unit, ana, "above", at=60, inReplyTo=scene.posts["bois"].uri)

    assert above.thread_id == thread.id
    assert (orphan.parent_id, orphan.thread_id) == (above.id, part.id)
    await undo(unit, nadia, await last_act(unit, part))
    assert (orphan.depth, orphan.path[: len(above.path)]) == (3, above.path)
    assert above.reply_count == 1


async def test_a_debate_moves_to_another_group_for_a_day_or_for_good(
    unit: Unit, scene: Scene
) -> None:
    thread, nadia = scene.thread, scene.nadia
    with pytest.raises(Forbidden):
        await move_thread(unit, nadia, thread, scene.other)
    await appoint(unit, scene.other, nadia)
    unit.memory.clear()
    for elapsed in (timedelta(hours=24), timedelta(hours=24, seconds=1)):
        await move_thread(unit, nadia, thread, scene.other)
        assert thread.group_id == scene.other.id
        act = await last_act(unit, thread)
        unit.now += elapsed
        if elapsed == timedelta(hours=24):
            await undo(unit, nadia, act)
            assert thread.group_id == scene.group.id
    with pytest.raises(Conflict, match="a day ago"):
        await undo(unit, nadia, act)
