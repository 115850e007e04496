"""What a node has after years, written at once: followers on many servers, debates of many posts.

Rows are those of the node's own tables, a thousand in a statement; each post has the place that
the node itself would give it.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from letters import SHORT, write_text
from sqlalchemy import insert

from actors.local import network_actor
from actors.models import Actor, Follow, Peer
from fedi.core.node import Node, open_node
from fedi.core.settings import load_config
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.tree import below, depth_of, segment

#: Rows in one statement.
MANY = 1000
#: A debate consists of trees below its opening post, each of so many posts, three to answer each.
TREE, ANSWERS = 99, 3
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def opened(config: Path) -> AsyncIterator[Node]:
    """The node of a settings file, for what is not asked over HTTP."""
    node = open_node(load_config(config))
    try:
        yield node
    finally:
        await node.close()


async def gather_followers(config: Path, origins: Sequence[str], followers: int) -> None:
    """Let so many people of these servers follow the network."""
    async with opened(config) as node, node.db.unit() as unit:
        followed = (await network_actor(unit)).id
        people = [
            _actor(origins[number % len(origins)], f"f{number}", unit.now)
            for number in range(followers)
        ]
        await _write(unit, Peer, [_peer(origin, unit.now) for origin in origins])
        await _write(unit, Actor, people)
        await _write(unit, Follow, [_follow(one, followed, unit.now) for one in people])


async def grow_threads(config: Path, threads: int, posts: int) -> list[str]:
    """Let the network have so many more debates of so many posts; the paths of their pages."""
    async with opened(config) as node:
        pages = []
        for _ in range(threads):
            async with node.db.unit() as unit:
                pages.append(await _grow(unit, posts))
        return pages


async def _grow(unit: Unit, posts: int) -> str:
    network = await network_actor(unit)
    thread: dict[str, Any] = {
        "id": new_id(), "uri": unit.site.url + f"/c/{(key := new_key())}", "key": key,
        "origin": str(unit.site.origin), "root_uri": "", "group_id": network.id,
        "author_id": network.id, "title": "Un long débat", "question": "",
        "opened_at": BEGAN, "active_at": BEGAN + timedelta(minutes=posts),
        "last_author_id": network.id, "post_count": posts, "listed": True, "locked_at": None,
        "changed_at": unit.now,
    }  # fmt: skip
    rows = list(_posts(unit, network, thread, posts))
    thread |= {"root_id": rows[0]["id"], "root_uri": rows[0]["uri"]}
    await _write(unit, Thread, [thread])
    await _write(unit, Post, rows)
    return f"/d/{key}/un-long-debat"


def _posts(
    unit: Unit, author: Actor, thread: dict[str, Any], count: int
) -> Iterator[dict[str, Any]]:
    """The opening post, then tree after tree: a page of a long debate is like one of a short."""
    text = write_text(SHORT)
    written: list[tuple[int, str, str]] = []
    for number in range(count):
        key, at = new_key(), BEGAN + timedelta(minutes=number)
        uri = unit.site.object(key)
        above = written[_parent(number)] if number else (None, None, "")
        path = below(above[2], segment(at, uri))
        row = {
            "id": new_id(), "uri": uri, "key": key, "thread_id": thread["id"],
            "author_id": author.id, "parent_id": above[0], "parent_uri": above[1],
            "depth": depth_of(path), "path": path, "type": "Note" if number else "Article",
            "title": "" if number else thread["title"], "content": text, "language": "fr",
            "context_uri": thread["uri"], "published_at": at, "received_at": at,
        }  # fmt: skip
        written.append((row["id"], uri, path))
        yield row


def _parent(number: int) -> int:
    """Which post the one of this number answers; 0 is the opening one."""
    tree, place = divmod(number - 1, TREE)
    above = place // ANSWERS
    return tree * TREE + above if above else 0


def _peer(origin: str, now: datetime) -> dict[str, Any]:
    host = origin.partition("://")[2].partition(":")[0]
    return {"id": new_id(), "uri": origin, "host": host, "created_at": now, "described_at": now}


def _actor(origin: str, handle: str, now: datetime) -> dict[str, Any]:
    uri = f"{origin}/users/{handle}"
    return {
        "id": new_id(), "uri": uri, "type": "Person", "origin": origin, "handle": handle,
        "inbox": f"{uri}/inbox", "shared_inbox": f"{origin}/inbox",
        "created_at": now, "updated_at": now, "fetched_at": now,
    }  # fmt: skip


def _follow(follower: dict[str, Any], followed: int, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "uri": f"{follower['uri']}/follows/1", "follower_id": follower["id"],
        "followed_id": followed, "created_at": now, "accepted_at": now,
    }  # fmt: skip


async def _write(unit: Unit, model: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), MANY):
        await unit.session.execute(insert(model), rows[start : start + MANY])
