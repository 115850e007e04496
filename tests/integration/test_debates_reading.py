"""Debates found, listed and read; a page costs the same however long the debate is."""

from datetime import timedelta
from typing import Any

import pytest
from factories import FakeClock, make_group, make_person, make_remote_actor
from notes import MORNING, received
from sqlalchemy import event, insert

from actors.followers import accept_follow, request_follow
from actors.local import network_actor
from actors.models import Actor
from fedi.core.node import Node
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.likes import accept_reaction, like
from fedi.debates.models.post import Post, Visibility
from fedi.debates.models.thread import Thread
from fedi.debates.posts import write_reply
from fedi.debates.reading import latest_posts, posts_by, read_page, read_post
from fedi.debates.threads import (
    Voice,
    find_thread,
    list_threads,
    open_thread,
    participants,
    voices,
)
from fedi.debates.tree import below, segment

LISBON = "https://lisbon.example"


async def debate(unit: Unit, title: str = "Ateliers") -> tuple[Actor, Thread, Post]:
    camille = await unit.find(Actor, uri="https://node.test/p/camille")
    camille = camille or await make_person(unit, "camille")
    thread = await open_thread(
        unit, camille, await network_actor(unit), title=title, question="Qui ?", text="Texte"
    )
    root = await unit.find(Post, id=thread.root_id)
    assert root is not None
    return camille, thread, root


# --- finding -----------------------------------------------------------------------------


async def test_a_thread_is_found_by_every_address_of_it_and_of_its_posts(unit: Unit) -> None:
    camille, thread, root = await debate(unit)
    reply = await write_reply(unit, camille, root, text="Oui")
    await unit.flush()

    addresses = [
        thread.uri,
        f"{thread.uri}?page=2",
        f"{thread.uri}/history",
        f"{thread.uri}/feed.atom",
        root.uri,
        f"{root.uri}#create",
        root.url,
        reply.uri,
        f"{reply.uri}/replies?page=1",
        reply.url,
        f"https://node.test/d/{thread.key}",
        f"https://node.test/d/{thread.key}/un-autre-titre?after=0#p-{reply.key}",
        f"/d/{thread.key}/ateliers",
        f"https://node.test/posts/{reply.key}/edit",
        thread.key,
        reply.key,
        f"  {thread.uri}  ",
    ]
    for address in addresses:
        assert address is not None
        assert await find_thread(unit, address) is thread, address


async def test_a_foreign_thread_is_found_by_the_addresses_of_both_nodes(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(
        unit, ana, "root", name="Bois", context=f"{LISBON}/c/1", url=f"{LISBON}/@ana/1"
    )
    reply = await received(unit, ana, "reply", at=1, inReplyTo=root.uri, url=f"{LISBON}/@ana/2")
    await unit.flush()
    thread = await unit.find(Thread, id=root.thread_id)
    assert thread is not None

    addresses = [
        f"{LISBON}/c/1",
        f"{LISBON}/@ana/1",
        f"{LISBON}/@ana/2",
        root.uri,
        reply.uri,
        f"https://node.test/d/{thread.key}/bois#p-{reply.key}",
        f"https://node.test/posts/{reply.key}/like",
    ]
    for address in addresses:
        assert await find_thread(unit, address) is thread, address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://node.test/",
        "https://node.test/d/short",
        "https://node.test/d/00000000000000000000000001",
        "https://evil.example/d/00000000000000000000000001",
        "javascript:alert(1)",
        "0" * 5000,
        "é",
    ],
)
async def test_what_leads_to_no_thread_finds_none(unit: Unit, address: str) -> None:
    await debate(unit)
    await unit.flush()

    assert await find_thread(unit, address) is None


async def test_the_address_of_another_node_is_not_taken_for_ours(unit: Unit) -> None:
    _, thread, _ = await debate(unit)
    await unit.flush()

    assert await find_thread(unit, f"https://evil.example/d/{thread.key}") is None


# --- reading -----------------------------------------------------------------------------


async def test_a_page_tells_who_wrote_from_where_and_what_was_said(unit: Unit) -> None:
    camille, thread, root = await debate(unit)
    ana = await make_remote_actor(unit, "ana", LISBON, icon={"url": f"{LISBON}/ana.png"})
    answer = await received(unit, ana, "r1", at=70, inReplyTo=root.uri)
    await like(unit, camille, answer)
    await unit.flush()

    first, second = await read_page(unit, thread, viewer=camille)
    assert (first.uri, first.depth, first.title, first.author_is_local) == (
        root.uri,
        0,
        "Ateliers",
        True,
    )
    assert (second.author_name, second.author_handle, second.author_origin) == (
        "Ana",
        "ana",
        LISBON,
    )
    assert (second.author_icon, second.author_uri) == (ana.icon, ana.uri)
    assert (second.content, second.parent_id, second.depth) == ("<p>r1</p>", root.id, 1)
    assert (second.like_count, second.is_liked, first.is_liked) == (1, True, False)
    assert not (await read_page(unit, thread))[1].is_liked
    assert second.is_orphan is False


async def test_pages_follow_each_other_by_the_last_path(unit: Unit) -> None:
    _, thread, root = await debate(unit)
    ana = await make_remote_actor(unit, "ana", LISBON)
    for number in range(25):
        await received(unit, ana, f"r{number}", at=70 + number, inReplyTo=root.uri)
    await unit.flush()

    seen: list[str] = []
    after = None
    while page := await read_page(unit, thread, after=after, limit=10):
        seen += [row.uri for row in page]
        after = page[-1].path
    assert seen == [root.uri, *(f"{LISBON}/notes/r{number}" for number in range(25))]


async def test_a_branch_is_read_alone(unit: Unit) -> None:
    _, thread, root = await debate(unit)
    ana = await make_remote_actor(unit, "ana", LISBON)
    one = await received(unit, ana, "one", at=70, inReplyTo=root.uri)
    await received(unit, ana, "below", at=72, inReplyTo=one.uri)
    await received(unit, ana, "two", at=71, inReplyTo=root.uri)
    await unit.flush()

    rows = await read_page(unit, thread, branch=one.path)
    assert [row.uri.rpartition("/")[2] for row in rows] == ["one", "below"]


async def test_what_suspended_actors_wrote_is_not_shown(unit: Unit) -> None:
    _, thread, root = await debate(unit)
    ana = await make_remote_actor(unit, "ana", LISBON)
    answer = await received(unit, ana, "r1", at=70, inReplyTo=root.uri)
    ana.suspended_at = unit.now
    await unit.flush()

    row = (await read_page(unit, thread))[1]
    assert (row.content, row.author_is_suspended) == ("", True)
    assert await read_post(unit, answer) == row


async def test_one_post_is_read_by_whom_it_is_for(unit: Unit) -> None:
    camille, _, _ = await debate(unit)
    ana = await make_remote_actor(unit, "ana", LISBON)
    secret = await received(unit, ana, "secret", to=[camille.uri], cc=[])
    await unit.flush()

    assert await read_post(unit, secret) is None
    row = await read_post(unit, secret, viewer=camille)
    assert row is not None
    assert row.visibility is Visibility.DIRECT


async def test_the_newest_posts_and_those_of_an_author_are_listed(unit: Unit) -> None:
    camille, thread, root = await debate(unit)
    ana = await make_remote_actor(unit, "ana", LISBON)
    for number in range(3):
        await received(unit, ana, f"r{number}", at=90 - number, inReplyTo=root.uri)
    await received(unit, ana, "secret", at=99, to=[camille.uri], cc=[], inReplyTo=root.uri)
    await unit.flush()

    newest = await latest_posts(unit, thread, limit=2)
    assert [row.uri.rpartition("/")[2] for row in newest] == ["r0", "r1"]
    by_ana = await posts_by(unit, ana, limit=2)
    assert [row.uri.rpartition("/")[2] for row in by_ana] == ["r2", "r1"]
    rest = await posts_by(unit, ana, before=by_ana[-1].id)
    assert [row.uri.rpartition("/")[2] for row in rest] == ["r0"]


# --- listing -----------------------------------------------------------------------------


async def test_debates_are_listed_by_last_activity_with_those_who_take_part(
    node: Node, clock: FakeClock
) -> None:
    async with node.db.unit() as unit:
        _, first, root = await debate(unit, "Premier")
    clock.advance(timedelta(minutes=1))
    async with node.db.unit() as unit:
        await debate(unit, "Second")
    clock.advance(timedelta(minutes=1))
    async with node.db.unit() as unit:
        network = await network_actor(unit)
        lisbon = await make_remote_actor(unit, "rede", LISBON, "Group", name="Rede de Lisboa")
        follow = await request_follow(unit, "https://node.test/a/1", network, lisbon)
        await accept_follow(unit, follow)
        ana = await make_remote_actor(unit, "ana", LISBON)
        zoe = await make_remote_actor(unit, "zoe", "https://micro.example")
        for number in range(2):
            await received(unit, ana, f"r{number}", at=61 + number, inReplyTo=root.uri)
        await received(unit, zoe, "r", at=61, inReplyTo=root.uri)
    async with node.db.reading() as unit:
        rows = await list_threads(unit)
        assert [row.title for row in rows] == ["Premier", "Second"]
        assert rows[0].voices == (
            Voice(LISBON, 2),
            Voice("https://micro.example", 1),
            Voice("https://node.test", 1),
        )
        assert rows[0].last_author_name == "Ana"
        assert rows[0].active_at == MORNING + timedelta(minutes=62)
        assert (rows[0].group_handle, rows[0].author_name) == ("reseau", "Camille")
        assert (rows[0].post_count, rows[0].question) == (4, "Qui ?")
        assert rows[0].path == f"/d/{first.key}/premier"
        thread = await unit.find(Thread, id=first.id)
        assert thread is not None
        assert await voices(unit, thread) == rows[0].voices
        took_part = [(actor.handle, count) for actor, count in await participants(unit, thread)]
        assert took_part == [("ana", 2), ("camille", 1), ("zoe", 1)]


async def test_lists_go_on_where_they_stopped_and_keep_to_a_group(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    for number in range(5):
        await open_thread(unit, camille, climat, title=f"T{number}", text="Texte")
    await debate(unit, "Ailleurs")
    await unit.flush()

    seen: list[str] = []
    before = None
    while rows := await list_threads(unit, group=climat, before=before, limit=2):
        seen += [row.title for row in rows]
        before = rows[-1].cursor
    assert seen == ["T4", "T3", "T2", "T1", "T0"]  # of one moment: the last made first
    assert len(await list_threads(unit)) == 6
    for nonsense in ("x", "1", "-1", "9" * 30 + "-1", "1-" + "9" * 30, "1-2-3"):
        assert len(await list_threads(unit, before=nonsense)) in (0, 6)


# --- what it costs -----------------------------------------------------------------------


@pytest.fixture
async def long_debate(node: Node) -> Thread:
    """A debate of ten thousand posts, three levels deep."""
    async with node.db.unit() as unit:
        camille, thread, root = await debate(unit)
        await unit.flush()
        await unit.session.execute(insert(Post.__table__), _many(10_000, thread, root, camille))
    return thread


def _many(number: int, thread: Thread, root: Post, author: Actor) -> list[dict[str, Any]]:
    paths = [root.path]
    rows = []
    for count in range(number):
        uri = f"https://node.test/o/x{count}"
        published_at = MORNING + timedelta(minutes=60, milliseconds=count)
        path = below(paths[(count // 20) * 7 % len(paths)][:45], segment(published_at, uri))
        paths.append(path)
        rows.append(
            {
                "id": new_id(),
                "uri": uri,
                "key": new_key(),
                "thread_id": thread.id,
                "author_id": author.id,
                "parent_id": root.id,
                "path": path,
                "type": "Note",
                "content": "<p>texte</p>",
                "published_at": published_at,
                "received_at": published_at,
                "visibility": Visibility.PUBLIC,
            }
        )
    return rows


@pytest.mark.sqlite
async def test_a_page_is_a_range_of_an_index(node: Node, long_debate: Thread) -> None:
    plans: list[str] = []
    async with node.db.reading() as unit:
        statements: list[tuple[str, Any]] = []

        @event.listens_for(node.db.reader.sync_engine, "before_cursor_execute")
        def note_statement(_c: Any, _k: Any, statement: str, parameters: Any, *_: Any) -> None:
            statements.append((statement, parameters))

        viewer = await unit.find(Actor, uri="https://node.test/p/camille")
        first = await read_page(unit, long_debate, viewer=viewer)
        await read_page(unit, long_debate, after=first[-1].path, viewer=viewer)
        await list_threads(unit)
        event.remove(node.db.reader.sync_engine, "before_cursor_execute", note_statement)
        for statement, parameters in statements:
            rows = await (await unit.session.connection()).exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
            plans.append("\n".join(row[3] for row in rows))

    page, further, listed = plans[1], plans[2], plans[3]
    assert "posts USING INDEX ix_posts_thread_id_path (thread_id=?)" in page
    assert "posts USING INDEX ix_posts_thread_id_path (thread_id=? AND path>?)" in further
    assert "threads USING INDEX ix_threads_listed_active_at (listed=?" in listed
    assert "TEMP B-TREE" not in page + further
    assert "SCAN" not in page + further + listed


async def test_a_page_deep_in_a_debate_holds_what_belongs_there(
    node: Node, long_debate: Thread
) -> None:
    async with node.db.reading() as unit:
        everything = [row.path for row in await read_page(unit, long_debate, limit=20_000)]
        assert len(everything) == 10_001
        assert everything == sorted(everything)
        page = await read_page(unit, long_debate, after=everything[8999], limit=100)
        assert [row.path for row in page] == everything[9000:9100]


async def test_likes_of_others_are_not_the_viewers(unit: Unit) -> None:
    camille, thread, root = await debate(unit)
    ana = await make_remote_actor(unit, "ana", LISBON)
    await accept_reaction(unit, ana, root, kind="like", uri=f"{ana.uri}/likes/1")
    await unit.flush()

    (row,) = await read_page(unit, thread, viewer=camille)
    assert (row.like_count, row.is_liked) == (1, False)
