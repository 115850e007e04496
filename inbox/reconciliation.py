"""Comparing debates with how others keep them, night after night.

What is delivered may be lost: a node was down for too long, a server answered 202 and forgot.
The collection of the origin lists everything, so what is missing here is found there; copies
are compared by digests, so that two which hold the same say little.
"""

from collections.abc import Collection
from datetime import timedelta

import structlog
from sqlalchemy import select

from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.core.urls import same_origin
from fedi.debates.models.thread import Thread
from inbox.completion import COOLDOWN, MAX_POSTS, schedule_backfill, schedule_mirrors
from inbox.models import Backfill

log = structlog.get_logger()

#: Debates in which something was said in that time are compared.
ACTIVE = timedelta(days=30)
#: One that was read in that time is not read again.
LATELY = timedelta(hours=20)
#: Debates of one night; the others have their turn in the next.
AT_MOST = 200


async def reconcile(node: Node) -> int:
    """Have active debates read again, those of peers read longest ago first; how many."""
    async with node.db.unit() as unit:
        uris = await _of_peers(unit)
        await unit.load(Backfill, uri=uris)
        for uri in uris:
            await schedule_backfill(unit, uri, reason="nightly")
        kept = await _kept(unit)
        for uri in kept:
            await schedule_mirrors(unit, uri)
    log.info("reconciling", debates=len(uris), copies=len(kept))
    return len(uris)


async def _of_peers(unit: Unit) -> list[str]:
    """Debates of peers that their origins are asked for."""
    query = (
        select(Thread.uri, Thread.origin)
        .outerjoin(Backfill, Backfill.uri == Thread.uri)
        .where(
            Thread.origin != unit.site.url,
            Thread.uri != Thread.root_uri,  # such a one has no collection
            Thread.listed.in_((True, False)),  # the index of what is active begins with it
            Thread.active_at > unit.now - ACTIVE,
            Thread.post_count <= MAX_POSTS,
            Backfill.id.is_(None) | (Backfill.finished_at < unit.now - LATELY),
        )
        .order_by(Backfill.finished_at.asc().nulls_first(), Thread.active_at.desc())
        .limit(AT_MOST)
    )
    rows = (await unit.session.execute(query)).all()
    return [uri for uri, origin in rows if same_origin(uri, origin)]


async def _kept(unit: Unit) -> list[str]:
    """Debates, ours and others, of which copies are compared: the most active ones."""
    query = (
        select(Thread.uri)
        .where(Thread.listed.in_((True, False)), Thread.active_at > unit.now - ACTIVE)
        .order_by(Thread.active_at.desc())
        .limit(AT_MOST)
    )
    return list(await unit.session.scalars(query))


async def complete_opened(node: Node, thread_ids: Collection[int]) -> None:
    """Have debates that somebody is reading completed, none more often than every 15 minutes."""
    async with node.db.unit() as unit:
        await unit.load(Thread, id=thread_ids)
        for thread_id in thread_ids:
            thread = await unit.find(Thread, id=thread_id)
            if thread is None or thread.uri == thread.root_uri:
                continue
            if thread.origin != unit.site.url and thread.post_count <= MAX_POSTS:
                await _unless_lately(unit, thread.uri)
            await schedule_mirrors(unit, thread.uri, lately=COOLDOWN)


async def _unless_lately(unit: Unit, uri: str) -> None:
    row = await unit.find(Backfill, uri=uri)
    if row is None or row.finished_at is None or row.finished_at < unit.now - COOLDOWN:
        await schedule_backfill(unit, uri, reason="opened")
