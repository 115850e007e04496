"""What members have of their own: how far they have read, what they follow, mark and begin."""

from dataclasses import replace

import pytest
from factories import make_group, make_local, make_person, make_remote_actor
from notes import received
from sqlalchemy import func, select

from actors.local import network_actor
from actors.models import Actor, Role
from fedi.accounts.models import Account
from fedi.core.errors import Forbidden, Invalid, NotFound
from fedi.core.node import Node
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.core.vocab import PUBLIC
from fedi.debates.bookmarks import add_bookmark, list_bookmarks, remove_bookmark
from fedi.debates.drafts import DEBATE, discard_draft, keep_draft, list_drafts, read_draft
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Attention, Draft, Reading
from fedi.debates.models.thread import Thread
from fedi.debates.naming import find_names
from fedi.debates.posts import delete_post, write_reply
from fedi.debates.readings import (
    Reader,
    count_news,
    find_first_new,
    followers_of,
    has_news,
    is_followed,
    note_read,
    read_everything,
    read_standing,
    read_whole,
    reader_of,
    set_attention,
)
from fedi.debates.threads import open_thread

LISBON = "https://lisbon.example"


async def debate(unit: Unit) -> tuple[Actor, Thread, Post]:
    """Camille's debate."""
    camille = await make_person(unit, "camille")
    group = await network_actor(unit)
    thread = await open_thread(unit, camille, group, title="Ateliers", text="Qui ?")
    root = await unit.find(Post, id=thread.root_id)
    assert root is not None
    return camille, thread, root


async def newcomer(unit: Unit) -> Reader:
    """Elise, who has read nothing, and to whom everything is new."""
    elise = await make_person(unit, "elise")
    return Reader(elise.id, elise.uri, 0)


async def news(unit: Unit, reader: Reader, thread: Thread) -> int:
    """How many posts are new to a reader: the list and the page of the debate agree."""
    await unit.flush()
    listed = (await count_news(unit, reader, [thread.id])).get(thread.id, 0)
    standing = await read_standing(unit, reader, thread.id, [])
    assert standing.is_muted or standing.news == listed
    query = select(Thread.id).where(has_news(reader))
    assert (thread.id in set(await unit.session.scalars(query))) == (listed > 0)
    return listed


# --- reading -----------------------------------------------------------------------------


async def test_what_was_shown_is_read_and_what_comes_later_is_new(unit: Unit):
    camille, thread, root = await debate(unit)
    reader = await newcomer(unit)
    first = await write_reply(unit, camille, root, text="Moi")
    assert await news(unit, reader, thread) == 2

    await note_read(unit, reader, thread.id, [root.id, first.id])
    assert await news(unit, reader, thread) == 0
    assert await find_first_new(unit, reader, thread) is None

    second = await write_reply(unit, camille, first, text="Et moi")
    assert await news(unit, reader, thread) == 1
    standing = await read_standing(unit, reader, thread.id, [root.id, second.id])
    assert not standing.is_known(second.id, camille.id)
    assert standing.is_known(first.id, camille.id)
    assert await find_first_new(unit, reader, thread) is second


async def test_a_late_arrival_of_an_old_date_is_new(unit: Unit):
    camille, thread, root = await debate(unit)
    reader = await newcomer(unit)
    last = await write_reply(unit, camille, root, text="Moi")
    await unit.flush()
    await note_read(unit, reader, thread.id, [root.id, last.id])

    ana = await make_remote_actor(unit, "ana", LISBON)
    late = await received(unit, ana, "late", inReplyTo=root.uri, at=-600)

    assert late.published_at < root.published_at
    assert await news(unit, reader, thread) == 1
    assert await find_first_new(unit, reader, thread) is late


async def test_a_page_read_before_the_one_above_it_is_not_forgotten(unit: Unit):
    camille, thread, root = await debate(unit)
    reader = await newcomer(unit)
    posts = [root] + [await write_reply(unit, camille, root, text=str(i)) for i in range(4)]
    await unit.flush()

    await note_read(unit, reader, thread.id, [posts[0].id, posts[3].id, posts[4].id])
    assert await news(unit, reader, thread) == 2
    assert await find_first_new(unit, reader, thread) in posts[1:3]
    standing = await read_standing(unit, reader, thread.id, [])
    assert [standing.is_known(post.id, camille.id) for post in posts] == [
        True, False, False, True, True,
    ]  # fmt: skip

    await note_read(unit, reader, thread.id, [posts[1].id])
    await note_read(unit, reader, thread.id, [posts[2].id])
    assert await news(unit, reader, thread) == 0
    await unit.flush()
    row = (await unit.session.scalars(select(Reading))).one()
    assert (row.read_until, row.ahead) == (posts[4].id, [])


async def test_what_was_shown_and_is_not_written_down_is_not_new(unit: Unit):
    camille, thread, root = await debate(unit)
    reader = await newcomer(unit)
    reply = await write_reply(unit, camille, root, text="Moi")
    await unit.flush()

    shown = {thread.id: {root.id}}
    assert await count_news(unit, reader, [thread.id], shown=shown) == {thread.id: 1}
    assert await find_first_new(unit, reader, thread, shown=[root.id]) is reply
    standing = await read_standing(unit, reader, thread.id, [], shown=[root.id])
    assert standing.news == 1
    assert standing.is_known(root.id, camille.id)


async def test_only_what_others_say_to_the_reader_and_let_stand_is_new(unit: Unit):
    camille, thread, root = await debate(unit)
    reader = await newcomer(unit)
    await note_read(unit, reader, thread.id, [root.id])
    elise = await unit.find(Actor, id=reader.id)
    ana = await make_remote_actor(unit, "ana", LISBON)
    assert elise is not None
    await write_reply(unit, elise, root, text="Moi-même")
    gone = await write_reply(unit, camille, root, text="Un mot de trop")
    await delete_post(unit, camille, gone)
    await received(unit, ana, "secret", inReplyTo=root.uri, to=[camille.uri], cc=[])
    assert await news(unit, reader, thread) == 0
    await received(unit, ana, "aside", inReplyTo=root.uri, to=[elise.uri], cc=[])
    assert await news(unit, reader, thread) == 1


async def test_what_was_said_before_one_became_a_member_is_not_new(unit: Unit):
    camille, thread, root = await debate(unit)
    reader = replace(await newcomer(unit), since=new_id())
    assert await news(unit, reader, thread) == 0
    await write_reply(unit, camille, root, text="Bienvenue")
    assert await news(unit, reader, thread) == 1


async def test_all_can_be_called_read_in_one_debate_or_in_all(unit: Unit):
    camille, thread, root = await debate(unit)
    reader = await newcomer(unit)
    await read_whole(unit, reader, thread)
    assert await news(unit, reader, thread) == 0

    await write_reply(unit, camille, root, text="Encore")
    elise = await unit.find(Actor, id=reader.id)
    assert elise is not None
    account = Account(
        id=1, actor_id=elise.id, email="e@mail.example", password_hash="", read_until=0
    )
    assert await news(unit, reader_of(account, elise), thread) == 1
    read_everything(account, new_id())
    read_everything(account, 2)
    assert await news(unit, reader_of(account, elise), thread) == 0


async def test_many_readers_of_many_debates_keep_their_own_places(unit: Unit):
    camille, one, root = await debate(unit)
    group = await make_group(unit, "communs")
    two = await open_thread(unit, camille, group, title="Four", text="Qui cuit ?")
    elise = await newcomer(unit)
    bea = await make_person(unit, "bea")
    other = Reader(bea.id, bea.uri, 0)
    await write_reply(unit, camille, root, text="Moi")
    await unit.flush()
    await note_read(unit, other, two.id, [two.root_id])
    await unit.flush()

    assert await count_news(unit, elise, [one.id, two.id]) == {one.id: 2, two.id: 1}
    assert await count_news(unit, other, [one.id, two.id]) == {one.id: 2}
    assert await count_news(unit, other, []) == {}


# --- following ---------------------------------------------------------------------------


async def followed(unit: Unit, actor: Actor) -> list[str]:
    await unit.flush()
    query = select(Thread.title).where(is_followed(Reader(actor.id, actor.uri, 0)))
    return sorted(await unit.session.scalars(query))


async def test_one_follows_the_debates_one_writes_in_until_one_says_otherwise(unit: Unit):
    camille, thread, root = await debate(unit)
    elise = await make_person(unit, "elise")
    ana = await make_remote_actor(unit, "ana", LISBON)
    await received(unit, ana, "reply", inReplyTo=root.uri)
    assert await followed(unit, camille) == ["Ateliers"]
    assert await followed(unit, elise) == []

    await write_reply(unit, elise, root, text="Moi")
    assert await followers_of(unit, thread) == [camille, elise]
    await set_attention(unit, elise, thread, Attention.NONE)
    assert await followed(unit, elise) == []
    assert await followers_of(unit, thread) == [camille]
    await set_attention(unit, elise, thread, Attention.FOLLOW)
    assert await followers_of(unit, thread) == [camille, elise]
    standing = await read_standing(unit, Reader(elise.id, elise.uri, 0), thread.id, [])
    assert (standing.is_followed, standing.is_muted) == (True, False)


async def test_nothing_is_new_in_a_muted_debate(unit: Unit):
    _, thread, _ = await debate(unit)
    reader = await newcomer(unit)
    elise = await unit.find(Actor, id=reader.id)
    assert elise is not None
    await set_attention(unit, elise, thread, Attention.MUTE)
    assert await news(unit, reader, thread) == 0
    standing = await read_standing(unit, reader, thread.id, [])
    assert standing.is_muted
    await set_attention(unit, elise, thread, None)
    assert await news(unit, reader, thread) == 1


# --- bookmarks ---------------------------------------------------------------------------


async def test_bookmarks_are_listed_latest_first_and_page_by_page(unit: Unit):
    camille, thread, root = await debate(unit)
    elise = await make_person(unit, "elise")
    posts = [root] + [await write_reply(unit, camille, root, text=str(i)) for i in range(3)]
    await unit.flush()
    assert [await add_bookmark(unit, elise, post) for post in (*posts, root)] == [True] * 4 + [
        False
    ]
    await unit.flush()

    first = await list_bookmarks(unit, elise, limit=3)
    rest = await list_bookmarks(unit, elise, before=first[-1].id, limit=3)
    assert [one.post.id for one in first + rest] == [post.id for post in reversed(posts)]
    assert first[0].thread is thread
    assert await list_bookmarks(unit, camille) == []
    standing = await read_standing(
        unit, Reader(elise.id, elise.uri, 0), thread.id, [root.id, posts[1].id]
    )
    assert standing.bookmarks == {root.id, posts[1].id}

    assert await remove_bookmark(unit, elise, root)
    assert not await remove_bookmark(unit, elise, root)
    assert len(await list_bookmarks(unit, elise)) == 3


async def test_what_one_may_not_read_is_neither_marked_nor_found_again(unit: Unit):
    camille, _, root = await debate(unit)
    elise = await make_person(unit, "elise")
    ana = await make_remote_actor(unit, "ana", LISBON)
    secret = await received(unit, ana, "secret", inReplyTo=root.uri, to=[camille.uri], cc=[])
    assert await add_bookmark(unit, camille, secret)
    with pytest.raises(Forbidden):
        await add_bookmark(unit, elise, secret)


# --- drafts ------------------------------------------------------------------------------


async def test_a_member_has_one_draft_at_each_place(unit: Unit):
    camille, thread, root = await debate(unit)
    elise = await make_person(unit, "elise")
    await unit.flush()
    assert await keep_draft(unit, elise, root.key, {"text": "Un dé"})
    assert await keep_draft(unit, elise, root.key, {"text": "Un début"})
    assert await keep_draft(unit, elise, DEBATE, {"title": "Un titre", "text": ""})
    await unit.flush()

    assert await unit.session.scalar(select(func.count(Draft.id))) == 2
    assert await read_draft(unit, elise, root.key) == {"text": "Un début"}
    assert await read_draft(unit, camille, root.key) == {}
    begun = {one.place: one for one in await list_drafts(unit, elise)}
    assert begun[DEBATE].thread is None
    assert begun[root.key].thread is thread
    assert begun[root.key].answers == "Camille"
    standing = await read_standing(
        unit, Reader(elise.id, elise.uri, 0), thread.id, [], place=root.key
    )
    assert standing.draft == {"text": "Un début"}

    await discard_draft(unit, elise, root.key)
    assert not await keep_draft(unit, elise, DEBATE, {"title": " ", "text": "", "group": "x"})
    assert await list_drafts(unit, elise) == []


async def test_a_draft_needs_a_place_and_has_an_end(unit: Unit):
    camille, _, root = await debate(unit)
    elise = await make_person(unit, "elise")
    ana = await make_remote_actor(unit, "ana", LISBON)
    secret = await received(unit, ana, "secret", inReplyTo=root.uri, to=[camille.uri], cc=[])
    await unit.flush()
    for place in ("nowhere", "0" * 26, secret.key):
        with pytest.raises(NotFound):
            await keep_draft(unit, elise, place, {"text": "x"})
    for fields in ({"text": "x" * 70_000}, {"text": "x", "other": "y" * 70_000}):
        with pytest.raises(Invalid):
            await keep_draft(unit, elise, root.key, fields)


# --- names -------------------------------------------------------------------------------


async def mentions(unit: Unit, start: str, thread: Thread | None = None) -> list[str]:
    return [named.mention for named in await find_names(unit, start, thread=thread)]


async def test_names_are_completed_those_of_the_debate_first(unit: Unit):
    camille, thread, root = await debate(unit)
    await make_local(unit, Role.PERSON, "elise", name="Élise Faure")
    await make_local(unit, Role.GROUP, "elagage", name="Élagage des haies")
    ana = await make_remote_actor(unit, "ana", LISBON, name="Ana Élvas")
    await make_remote_actor(unit, "Elvira", LISBON, name="Zoé")
    await received(unit, ana, "reply", inReplyTo=root.uri, to=[PUBLIC])
    await unit.flush()

    assert await mentions(unit, "el") == ["@elagage", "@elise"]
    assert await mentions(unit, "Él") == ["@elagage", "@elise"]
    assert await mentions(unit, "@elv", thread) == ["@ana@lisbon.example"]
    assert await mentions(unit, "El", thread) == [
        "@ana@lisbon.example", "@elagage", "@elise", "@Elvira@lisbon.example",
    ]  # fmt: skip
    assert await mentions(unit, "", thread) == ["@camille", "@ana@lisbon.example"]
    assert await mentions(unit, "e") == []
    assert await mentions(unit, "node") == [], "the server itself is nobody to speak to"
    assert camille.handle == "camille"


async def test_drafts_and_marks_go_with_nobody_elses(node: Node):
    """Two members, one debate: what one has of their own is not the other's."""
    async with node.db.unit() as unit:
        camille, thread, root = await debate(unit)
        elise = await make_person(unit, "elise")
        await unit.flush()
        await keep_draft(unit, elise, root.key, {"text": "à moi"})
        await add_bookmark(unit, elise, root)
        await set_attention(unit, elise, thread, Attention.MUTE)
    async with node.db.reading() as unit:
        theirs = await read_standing(
            unit, Reader(camille.id, camille.uri, 0), thread.id, [root.id], place=root.key
        )
        assert (theirs.draft, theirs.bookmarks, theirs.is_muted) == ({}, frozenset(), False)
