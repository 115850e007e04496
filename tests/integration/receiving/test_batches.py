"""Many activities at once: what they cost, and what one bad one does to the others."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from factories import make_person, make_remote_actor
from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import event, func, select, update

from actors.followers import accept_follow, request_follow
from actors.models import Actor, Dialect
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.threads import open_thread
from inbox.batch import process
from inbox.models import InboxItem
from inbox.parse import read_item
from inbox.processor import BATCH, MAX_ATTEMPTS, Processor


@contextmanager
def statements(site: OpenSite) -> Iterator[list[str]]:
    """The statements that the writing engine sends meanwhile; one for many rows is one."""
    sent: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = site.node.db.writer.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def open_debates(site: OpenSite, number: int) -> list[str]:
    """Debates in the network's Group; the ids of their first posts."""
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        group = await unit.find(Actor, id=site.network.id)
        assert group is not None
        threads = [
            await open_thread(unit, camille, group, title=f"Débat {i}", text="Qui décide ?")
            for i in range(number)
        ]
        return [thread.root_uri for thread in threads]


def voices(lisbon: Neighbour, number: int) -> list[Voice]:
    return [lisbon.actor(f"member{index}") for index in range(number)]


async def introduce(site: OpenSite, *members: Voice) -> None:
    """Let the node meet these actors before anything is counted."""
    for member in members:
        await site.hear(member, member.say("Block", member.uri))


async def deliver_replies(site: OpenSite, lisbon: Neighbour, roots: list[str]) -> list[str]:
    members = voices(lisbon, 5)
    await introduce(site, *members)
    uris = []
    for index in range(BATCH):
        member = members[index % len(members)]
        reply = member.note(f"reply{index}", inReplyTo=roots[index % len(roots)])
        assert await site.deliver(member, member.create(reply)) == 202
        uris.append(reply["id"])
    return uris


async def follow_from_everywhere(site: OpenSite) -> None:
    """Let servers of every dialect follow our network, so that all is passed on to them."""
    async with site.node.db.unit() as unit:
        network = await unit.find(Actor, id=site.network.id)
        assert network is not None
        for dialect in Dialect:
            origin = f"https://{dialect}.example"
            follower = await make_remote_actor(unit, "zoe", origin, dialect=dialect)
            await accept_follow(unit, await request_follow(unit, f"{origin}/f", follower, network))


@pytest.mark.parametrize("followed", [False, True])
async def test_fifty_replies_cost_at_most_twenty_statements(
    site: OpenSite, lisbon: Neighbour, followed: bool
) -> None:
    """Claim, effect and end together, whether they are passed on to servers of all kinds or not."""
    roots = await open_debates(site, 10)
    uris = await deliver_replies(site, lisbon, roots)
    if followed:
        await follow_from_everywhere(site)

    with statements(site) as sent:
        assert await site.processor.run_once() == BATCH

    assert len(sent) <= 20, "\n".join(sent)
    assert set(uris) <= set(await site.posts())


async def test_counters_are_right_after_a_batch(site: OpenSite, lisbon: Neighbour) -> None:
    (root,) = await open_debates(site, 1)
    await deliver_replies(site, lisbon, [root])
    await site.settle()

    async with site.node.db.reading() as unit:
        (thread,) = await unit.session.scalars(select(Thread))
        first = await unit.find(Post, uri=root)
    assert first is not None
    assert (thread.post_count, first.reply_count) == (BATCH + 1, BATCH)


async def test_one_activity_that_fails_does_not_touch_the_others(
    site: OpenSite, lisbon: Neighbour
) -> None:
    """A row that the database refuses breaks the unit of the whole batch."""
    roots = await open_debates(site, 2)
    uris = await deliver_replies(site, lisbon, roots)

    async with refused(site, uris[17]):
        await site.processor.run_once()

    known = set(await site.posts())
    assert set(uris) - known == {uris[17]}
    waiting = [item for item in await site.items() if item.finished_at is None]
    assert [(item.attempts, item.last_error) for item in waiting] == [(1, "IntegrityError")]


@asynccontextmanager
async def refused(site: OpenSite, uri: str) -> AsyncIterator[None]:
    """Make storing one post fail inside the block, as a fault of ours would."""
    writer = site.node.db.writer
    make = (
        f"CREATE TRIGGER refuse BEFORE INSERT ON posts WHEN NEW.uri = '{uri}' "
        "BEGIN SELECT RAISE(ABORT, 'constraint'); END"
    )
    remove = "DROP TRIGGER refuse"
    if writer.dialect.name == "postgresql":
        make = f"ALTER TABLE posts ADD CONSTRAINT refuse CHECK (uri <> '{uri}')"
        remove = "ALTER TABLE posts DROP CONSTRAINT refuse"
    async with writer.begin() as connection:
        await connection.exec_driver_sql(make)
    yield
    async with writer.begin() as connection:
        await connection.exec_driver_sql(remove)


async def test_an_activity_that_goes_on_failing_is_parked(
    site: OpenSite, lisbon: Neighbour
) -> None:
    (root,) = await open_debates(site, 1)
    (member,) = voices(lisbon, 1)
    reply = member.note("bad", inReplyTo=root)
    async with refused(site, reply["id"]):
        await site.hear(member, member.create(reply))
        for _ in range(MAX_ATTEMPTS):
            await site.wait(hours=2)

    (item,) = await site.items()
    assert (item.outcome, item.attempts) == ("parked", MAX_ATTEMPTS)
    assert await site.processor.run_once() == 0
    assert "parked" in await site.journal_codes()


async def test_an_effect_is_stored_exactly_when_it_is_noted(
    site: OpenSite, lisbon: Neighbour
) -> None:
    """A crash between the two would lose or repeat: the unit that fails leaves neither."""
    (root,) = await open_debates(site, 1)
    (member,) = voices(lisbon, 1)
    reply = member.note("hello", inReplyTo=root)
    assert await site.deliver(member, member.create(reply)) == 202
    (item,) = await site.items()

    async def fail(*_: Any) -> None:
        raise RuntimeError("the power fails")

    received = read_item(item, site.node.site)
    ((_, outcome),) = await process(site.node, [received], fail)

    assert outcome.name == "failed"
    assert await site.post_of(reply["id"]) is None
    assert (await site.items())[0].finished_at is None


async def test_what_a_dead_process_had_claimed_is_read_after_its_lease(
    site: OpenSite, lisbon: Neighbour
) -> None:
    (root,) = await open_debates(site, 1)
    (member,) = voices(lisbon, 1)
    reply = member.note("hello", inReplyTo=root)
    assert await site.deliver(member, member.create(reply)) == 202
    async with site.node.db.unit() as unit:
        until = unit.now + timedelta(minutes=10)
        await unit.session.execute(update(InboxItem).values(locked_until=until, attempts=1))

    assert await site.processor.run_once() == 0
    await site.wait(minutes=11)
    assert await site.post_of(reply["id"]) is not None


async def test_the_loop_reads_what_arrives_and_stops_when_told(
    site: OpenSite, lisbon: Neighbour
) -> None:
    (root,) = await open_debates(site, 1)
    (member,) = voices(lisbon, 1)
    processor = Processor(site.node, site.resolver, site.journal)
    running = asyncio.create_task(processor.run())
    reply = member.note("hello", inReplyTo=root)
    assert await site.deliver(member, member.create(reply)) == 202

    async with asyncio.timeout(5):
        while await site.post_of(reply["id"]) is None:
            await asyncio.sleep(0.01)
        await processor.stop()
        await running


async def test_a_slow_peer_does_not_hold_the_others_up(site: OpenSite, lisbon: Neighbour) -> None:
    """What needs the network leaves the batch; stopping gives it back unspent."""
    (root,) = await open_debates(site, 1)
    slow, quick = lisbon.actor("slow"), lisbon.actor("quick")
    parent = slow.note("parent", inReplyTo=root)
    release = asyncio.Event()
    script = lisbon.scripts["/notes/parent"]

    async def wait(writer: asyncio.StreamWriter) -> None:
        await release.wait()
        await script(writer)

    lisbon.on("/notes/parent", wait)
    child = slow.note("child", inReplyTo=parent["id"], to=[site.network.uri, *parent["to"]])
    reply = quick.note("reply", inReplyTo=root)
    processor = Processor(site.node, site.resolver, site.journal)
    running = asyncio.create_task(processor.run())
    assert await site.deliver(slow, slow.create(child)) == 202
    assert await site.deliver(quick, quick.create(reply)) == 202

    async with asyncio.timeout(5):
        while await site.post_of(reply["id"]) is None:
            await asyncio.sleep(0.01)
        await processor.stop()
        await running
    assert await site.post_of(child["id"]) is None
    (given_back,) = [item for item in await site.items() if item.finished_at is None]
    assert (given_back.attempts, given_back.locked_until) == (0, None)

    release.set()
    await site.settle()
    assert await site.post_of(child["id"]) is not None


async def test_what_waits_is_counted_once(site: OpenSite, lisbon: Neighbour) -> None:
    async with site.node.db.reading() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(InboxItem)) == 0
    assert await site.processor.run_once() == 0
