"""Copies of debates, for others: whoever keeps a debate serves what was signed in it.

`/m/HOST/PATH` is the copy of the debate `https://HOST/PATH`.  It claims nothing: activities in it
keep their ids and their proofs, and who reads it believes the proofs.  What bears none is named,
so that its author's server can be asked.
"""

from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Any

from orjson import Fragment
from sqlalchemy import select

from actors.describing import describe_actor
from actors.local import network_actor
from actors.models import Actor
from actors.snapshots import snapshots_of
from fedi.core.jsonld import Document, dumps, embed
from fedi.core.unit import Unit
from fedi.core.urls import origin_of
from fedi.core.vocab import AS2, TERMS
from fedi.debates.addresses import mirror_uri
from fedi.debates.models.post import ArchivedActivity, Post
from fedi.debates.models.thread import Participation, Thread
from fedi.debates.permissions import readable

#: On one page: so many activities, and so many bytes of them, but at least one.
PAGE = 50
ROOM = 512 * 1024
CONTEXT: list[Any] = [AS2, TERMS]


def mirrored_uris(copy_uri: str) -> list[str]:
    """The contexts of which this may be the copy; over plain http there are only nodes on trial."""
    address = copy_uri.partition("/m/")[2].partition("?")[0]
    schemes = dict.fromkeys((origin_of(copy_uri).scheme, "https"))
    return [f"{scheme}://{address}" for scheme in schemes]


async def find_mirrored(unit: Unit, address: str) -> Thread | None:
    """The public debate of which `/m/ADDRESS` is the copy, if it is kept here."""
    for uri in mirrored_uris(f"{unit.site.url}/m/{address}"):
        thread = await unit.find(Thread, uri=uri)
        if thread is not None:
            query = select(Post.id).where(Post.thread_id == thread.id, readable()).limit(1)
            return thread if await unit.session.scalar(query) is not None else None
    return None


# --- the copy ------------------------------------------------------------------------------


async def mirror_collection(unit: Unit, thread: Thread) -> Document:
    """The copy of a debate as a whole: whose it is, where to begin, who wrote in it."""
    uri = mirror_uri(unit.site.url, thread.uri)
    return {
        "@context": CONTEXT,
        "id": uri,
        "type": "OrderedCollection",
        "name": thread.title,
        "attributedTo": (await network_actor(unit)).uri,
        "mirrorOf": thread.uri,
        "totalItems": thread.post_count,
        "first": f"{uri}?after=0",
    }


async def mirror_page(unit: Unit, thread: Thread, after: int) -> Document:
    """Activities in the order in which they came here; a page that is full never changes."""
    query = (
        select(ArchivedActivity)
        .where(ArchivedActivity.thread_id == thread.id, ArchivedActivity.id > after)
        .order_by(ArchivedActivity.id)
        .limit(PAGE + 1)
    )
    rows = list(await unit.session.scalars(query))
    fitting = _fitting(rows[:PAGE])
    following = fitting[-1].id if len(fitting) < len(rows) else None
    return await _page(unit, thread, f"after={after}", fitting, following)


async def mirror_items(unit: Unit, thread: Thread, uris: Collection[str], named: str) -> Document:
    """What is kept of these posts: how they came to be, how they read now, that they are gone."""
    query = (
        select(ArchivedActivity)
        .where(ArchivedActivity.object_uri.in_(uris), ArchivedActivity.thread_id == thread.id)
        .order_by(ArchivedActivity.id)
    )
    rows = [row for row in await unit.session.scalars(query) if row.body or row.type == "Create"]
    last = {row.object_uri: row.id for row in rows}
    needed = [row for row in rows if row.type == "Create" or last[row.object_uri] == row.id]
    return await _page(unit, thread, f"posts={named}", _fitting(needed[: 2 * PAGE]), None)


def _fitting(rows: Sequence[ArchivedActivity]) -> Sequence[ArchivedActivity]:
    sizes = accumulate(len(row.body) for row in rows)
    return [row for row, size in zip(rows, sizes, strict=True) if size <= ROOM or row is rows[0]]


async def _page(
    unit: Unit,
    thread: Thread,
    query: str,
    rows: Sequence[ArchivedActivity],
    following: int | None,
) -> Document:
    uri = mirror_uri(unit.site.url, thread.uri)
    hidden = await _withheld(unit, {row.object_uri for row in rows})
    items = [_item(row) for row in rows if row.object_uri not in hidden]
    whole = [item for item in items if not isinstance(item, str)]
    named = dict.fromkeys(item for item in items if isinstance(item, str))
    return {
        "@context": CONTEXT,
        "id": f"{uri}?{query}",
        "type": "OrderedCollectionPage",
        "partOf": uri,
        "attributedTo": (await network_actor(unit)).uri,
        "mirrorOf": thread.uri,
        **({"next": f"{uri}?after={following}"} if following is not None else {}),
        "orderedItems": [*whole, *named],
    }


async def _withheld(unit: Unit, uris: Collection[str]) -> set[str]:
    """Posts that moderators of this node removed: they are handed on by nobody here."""
    query = select(Post.uri).where(Post.uri.in_(uris), Post.removed_by_id.is_not(None))
    return set(await unit.session.scalars(query))


def _item(row: ArchivedActivity) -> str | Fragment:
    """The bytes if they carry a proof, which their reader verifies; or else the id of the post.

    So a post that is gone is named: how it came to be is told by nobody any more.
    """
    return embed(row.body) if row.body and row.key_uri is not None else row.object_uri


# --- who wrote in it -----------------------------------------------------------------------


async def mirror_authors(unit: Unit, thread: Thread, after: int) -> Document:
    """The documents of those who wrote in a debate, as their servers showed them, former ones too.

    With the keys in them the proofs are verified when those servers are gone.
    """
    query = (
        select(Actor)
        .join(Participation, Participation.actor_id == Actor.id)
        .where(Participation.thread_id == thread.id, Participation.post_count > 0, Actor.id > after)
        .order_by(Actor.id)
        .limit(PAGE + 1)
    )
    actors = list(await unit.session.scalars(query))
    shown, following = actors[:PAGE], actors[PAGE - 1].id if len(actors) > PAGE else None
    if not after and thread.group_id is not None:
        group = await unit.find(Actor, id=thread.group_id)
        shown += [group] if group is not None else []
    former = await snapshots_of(unit, [actor.uri for actor in shown])
    bodies = [snapshot.body for snapshot in reversed(former)]
    for actor in shown:
        if actor.is_local:
            bodies.append(dumps(await describe_actor(unit, actor)))
        elif actor.document is not None:
            bodies.append(actor.document)
    uri = mirror_uri(unit.site.url, thread.uri)
    return {
        "@context": CONTEXT,
        "id": f"{uri}?authors={after}",
        "type": "OrderedCollectionPage",
        "partOf": uri,
        "attributedTo": (await network_actor(unit)).uri,
        "mirrorOf": thread.uri,
        **({"next": f"{uri}?authors={following}"} if following is not None else {}),
        "orderedItems": [embed(body) for body in bodies],
    }


# --- all of them ---------------------------------------------------------------------------


async def kept_debates(unit: Unit, before: int) -> Document:
    """The debates of which this node serves copies, those it met last first."""
    query = (
        select(Thread.id, Thread.uri)
        .where(Thread.listed.in_((True, False)), Thread.post_count > 0)
        .where(Thread.id < before if before else Thread.id > 0)
        .order_by(Thread.id.desc())
        .limit(PAGE + 1)
    )
    rows = (await unit.session.execute(query)).all()
    uri = f"{unit.site.url}/m"
    following = rows[PAGE - 1].id if len(rows) > PAGE else None
    return {
        "@context": CONTEXT,
        "id": f"{uri}?before={before}" if before else uri,
        "type": "OrderedCollectionPage" if before else "OrderedCollection",
        "attributedTo": (await network_actor(unit)).uri,
        **({"next": f"{uri}?before={following}"} if following is not None else {}),
        "orderedItems": [mirror_uri(unit.site.url, row.uri) for row in rows[:PAGE]],
    }


def is_mirror(uri: str) -> bool:
    """Whether an address is that of a copy of a debate."""
    return uri.removeprefix(str(origin_of(uri))).startswith("/m/")
