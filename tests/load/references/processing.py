"""Reference for processing: the batch unit with what a reply costs at least, and no rule.

claim 50 ─> parse, clean ─> one unit: 5 queries to meet what the batch names, the handler for
each, one flush, one commit.  A reply to a thread of a local group writes a post, its evidence,
an Announce and a delivery for each follower, and tells those it answers; counters of the thread
change.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nh3
import orjson
from letters import LONG, write_reply
from measuring import Round
from references.unit import Base, Unit, new_id, open_engine, unit
from rounds import answer, run, spent
from sqlalchemy import Index, LargeBinary, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column
from strangers import Stranger

BATCH = 50
THREADS, AUTHORS, FOLLOWERS = 10, 8, 5
HERE = "http://here.test"


class Actor(Base):
    __tablename__ = "actors"
    uri: Mapped[str] = mapped_column(unique=True)
    inbox: Mapped[str]


class Thread(Base):
    __tablename__ = "threads"
    uri: Mapped[str] = mapped_column(unique=True)
    group_id: Mapped[int]
    post_count: Mapped[int]
    active_at: Mapped[float]


class Post(Base):
    __tablename__ = "posts"
    __table_args__ = (Index(None, "thread_id", "path"), Index(None, "author_id", "id"))
    uri: Mapped[str] = mapped_column(unique=True)
    thread_id: Mapped[int]
    author_id: Mapped[int]
    parent_id: Mapped[int | None] = mapped_column(index=True)
    path: Mapped[str]
    depth: Mapped[int]
    content: Mapped[str]
    published: Mapped[str]
    reply_count: Mapped[int]


class Archived(Base):
    __tablename__ = "archive"
    thread_id: Mapped[int] = mapped_column(index=True)
    activity_uri: Mapped[str] = mapped_column(index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Activity(Base):
    __tablename__ = "activities"
    uri: Mapped[str] = mapped_column(unique=True)
    actor_id: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Delivery(Base):
    __tablename__ = "deliveries"
    __table_args__ = (Index(None, "next_attempt_at", "id"), Index(None, "origin", "id"))
    activity_id: Mapped[int]
    signer_id: Mapped[int]
    inbox: Mapped[str]
    origin: Mapped[str]
    attempts: Mapped[int]
    next_attempt_at: Mapped[float | None]
    locked_until: Mapped[float | None]


class Notification(Base):
    __tablename__ = "notifications"
    __table_args__ = (Index(None, "actor_id", "id"),)
    actor_id: Mapped[int]
    post_id: Mapped[int]
    kind: Mapped[str]
    created_at: Mapped[float]


class Item(Base):
    __tablename__ = "items"
    __table_args__ = (Index(None, "next_attempt_at", "id"),)
    uri: Mapped[str] = mapped_column(unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    attempts: Mapped[int]
    next_attempt_at: Mapped[float | None]
    locked_until: Mapped[float | None]


@dataclass
class Received:
    """An activity, read before the unit opens."""

    item: Item
    id: str
    actor: str
    note: dict[str, Any]


def read(item: Item) -> Received:
    """Parse strictly and clean the text."""
    activity = json.loads(item.body, object_pairs_hook=_once)
    note = activity["object"]
    note["content"] = nh3.clean(note["content"])
    return Received(item, activity["id"], activity["actor"], note)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


async def claim(engine: AsyncEngine) -> Sequence[Item]:
    """Lease up to fifty items that are due."""
    now = time.time()
    due = (
        select(Item.id)
        .where(Item.next_attempt_at <= now, Item.locked_until.is_(None))
        .order_by(Item.next_attempt_at, Item.id)
        .limit(BATCH)
    )
    statement = (
        update(Item)
        .where(Item.id.in_(due))
        .values(locked_until=now + 600, attempts=Item.attempts + 1)
        .returning(Item)
        .execution_options(synchronize_session=False)
    )
    async with unit(engine) as opened:
        return (await opened.session.scalars(statement)).all()


async def process(engine: AsyncEngine, batch: Sequence[Received], inboxes: list[str]) -> None:
    """Handle a batch in one unit."""
    async with unit(engine) as opened:
        await preload(opened, batch)
        for received in batch:
            await handle(opened, received, inboxes)
        ids = [received.item.id for received in batch]
        await opened.session.execute(
            update(Item)
            .where(Item.id.in_(ids))
            .values(next_attempt_at=None, locked_until=None)
            .execution_options(synchronize_session=False)
        )


async def preload(opened: Unit, batch: Sequence[Received]) -> None:
    """Meet in a few queries what the batch names."""
    parents = {received.note["inReplyTo"] for received in batch}
    await opened.load(Actor, uri={received.actor for received in batch})
    await opened.load(Post, uri={received.note["id"] for received in batch} | parents)
    answered = [opened.met[Post, "uri", uri] for uri in parents]
    await opened.load(Thread, id={post.thread_id for post in answered})
    threads = [opened.met[Thread, "id", post.thread_id] for post in answered]
    authors = {post.author_id for post in answered}
    await opened.load(Actor, id=authors | {thread.group_id for thread in threads})


async def handle(opened: Unit, received: Received, inboxes: list[str]) -> None:
    """Add a reply to its thread and let the group announce it."""
    note = received.note
    author = await opened.find(Actor, uri=received.actor)
    parent = await opened.find(Post, uri=note["inReplyTo"])
    if author is None or parent is None or await opened.find(Post, uri=note["id"]) is not None:
        return
    thread = await opened.find(Thread, id=parent.thread_id)
    group = thread and await opened.find(Actor, id=thread.group_id)
    assert thread is not None
    assert group is not None
    post_id = new_id()
    opened.add(
        Post(
            id=post_id,
            uri=note["id"],
            thread_id=thread.id,
            author_id=author.id,
            parent_id=parent.id,
            path=f"{parent.path}{post_id:015x}",
            depth=parent.depth + 1,
            content=note["content"],
            published=note["published"],
            reply_count=0,
        )
    )
    parent.reply_count += 1
    thread.post_count += 1
    thread.active_at = opened.now
    body = received.item.body
    opened.write(Archived, thread_id=thread.id, activity_uri=received.id, body=body)
    notify(opened, note["id"], post_id, {author.id: "debate", parent.author_id: "reply"})
    announce(opened, group, body, inboxes)


def notify(opened: Unit, uri: str, post_id: int, readers: dict[int, str]) -> None:
    """Tell two who read here of a new post; of one post in four only one of them: 1.75."""
    for reader, kind in list(readers.items())[int(uri[-1], 16) % 4 == 0 :]:
        opened.write(
            Notification, actor_id=reader, post_id=post_id, kind=kind, created_at=opened.now
        )


def announce(opened: Unit, group: Actor, body: bytes, inboxes: list[str]) -> None:
    """Write an Announce of the whole activity and queue it for the followers."""
    activity_id = new_id()
    uri = f"{HERE}/a/{activity_id}"
    document = {"id": uri, "type": "Announce", "actor": group.uri, "object": orjson.Fragment(body)}
    opened.write(Activity, id=activity_id, uri=uri, actor_id=group.id, body=orjson.dumps(document))
    for inbox in inboxes:
        opened.write(
            Delivery,
            activity_id=activity_id,
            signer_id=group.id,
            inbox=inbox,
            origin=inbox.removesuffix("/inbox"),
            attempts=0,
            next_attempt_at=opened.now,
            locked_until=None,
        )


async def main(database: str) -> None:
    """Process as many replies as asked, each time new ones."""
    engine = open_engine(database, write=True)
    authors = [Stranger(f"http://author{number}.test") for number in range(AUTHORS)]
    inboxes = [f"http://follower{number}.test/inbox" for number in range(FOLLOWERS)]
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with unit(engine) as opened:
        group = opened.add(Actor(id=new_id(), uri=f"{HERE}/g/reseau", inbox=""))
        for stranger in authors:
            opened.add(Actor(id=new_id(), uri=stranger.uri, inbox=f"{stranger.uri}/inbox"))
        roots = [_open_thread(opened, group, number) for number in range(THREADS)]

    async def turn(count: int) -> Round:
        async with unit(engine) as opened:
            for number in range(count):
                reply = write_reply(
                    authors[number % AUTHORS], roots[number % THREADS], f"{HERE}/c/1", LONG
                )
                _receive(opened, reply)
        started, done = spent(), 0
        while items := await claim(engine):
            batch = []
            for item in items:
                batch.append(read(item))
                await asyncio.sleep(0)
            await process(engine, batch, inboxes)
            done += len(batch)
        return Round(done, spent() - started)

    await answer(turn)


def _open_thread(opened: Unit, group: Actor, number: int) -> str:
    thread_id, uri = new_id(), f"{HERE}/o/{number}"
    opened.add(Thread(id=thread_id, uri=f"{uri}/c", group_id=group.id, post_count=1, active_at=0.0))
    opened.add(
        Post(
            id=new_id(),
            uri=uri,
            thread_id=thread_id,
            author_id=group.id,
            parent_id=None,
            path="0" * 15,
            depth=0,
            content="",
            published="",
            reply_count=0,
        )
    )
    return uri


def _receive(opened: Unit, reply: dict[str, Any]) -> None:
    opened.write(
        Item,
        uri=reply["id"],
        body=orjson.dumps(reply),
        attempts=0,
        next_attempt_at=opened.now,
        locked_until=None,
    )


if __name__ == "__main__":
    run(main(sys.argv[1]))
